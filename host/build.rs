//! What is embedded as it is belongs to the program: when it changes, the program is built again.

use std::path::Path;

fn main() {
    for folder in ["../analyzers/sdk", "../analyzers/reader", "../wit", "../examples/captures"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    watch(Path::new("templates"));
}

/// Templates share files with the examples by links, whose targets are what changes.
fn watch(folder: &Path) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            watch(&path);
        } else if let Ok(target) = path.canonicalize() {
            println!("cargo::rerun-if-changed={}", target.display());
        }
    }
}
