//! Builds the built-in components for WebAssembly and compiles them to native code, so that the program compiles nothing at
//! its start.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest, Sha256};
use wasmtime::Engine;

#[path = "src/config.rs"]
mod config;

/// The target of every component of this project.
const WASM: &str = "wasm32-wasip2";

/// Name of the component, and the package that holds it. Analyzers are offered in this order.
const COMPONENTS: [(&str, &str); 10] = [
    ("reader", "mcpcap-reader"),
    ("codec", "mcpcap-codec"),
    ("decoder", "mcpcap-decoder"),
    ("dns", "mcpcap-dns"),
    ("dhcp", "mcpcap-dhcp"),
    ("icmp", "mcpcap-icmp"),
    ("capinfos", "mcpcap-capinfos"),
    ("tcp", "mcpcap-tcp"),
    ("sip", "mcpcap-sip"),
    ("frames", "mcpcap-frames"),
];

fn main() {
    let out = PathBuf::from(variable("OUT_DIR"));
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../..");
    for watched in ["analyzers", "wit", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let built = build(&root, &target_directory(&out));
    let engine = engine();
    let mut list = String::from("pub(crate) const COMPONENTS: &[crate::Builtin] = &[\n");
    for (name, package) in COMPONENTS {
        let file = built.join(format!("{}.wasm", package.replace('-', "_")));
        let wasm = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let native = engine.precompile_component(&wasm).unwrap_or_else(|error| panic!("compiling {name}: {error:?}"));
        let compiled = out.join(format!("{name}.cwasm"));
        fs::write(&compiled, native).unwrap_or_else(|error| panic!("{}: {error}", compiled.display()));
        let digest: String = Sha256::digest(&wasm).iter().map(|octet| format!("{octet:02x}")).collect();
        list.push_str(&format!(
            "    crate::Builtin {{ name: {name:?}, sha256: {digest:?}, native: include_bytes!({compiled:?}) }},\n"
        ));
    }
    list.push_str("];\n");
    fs::write(out.join("components.rs"), list).expect("OUT_DIR is writable");
}

/// Runs cargo for the components, in a target folder of their own: the outer cargo holds the lock of the usual one.
fn build(root: &Path, target: &Path) -> PathBuf {
    let mut cargo = Command::new(variable("CARGO"));
    cargo
        .current_dir(root)
        .args(["build", "--locked", "--profile", "guest", "--target", WASM, "--target-dir"])
        .arg(target);
    for (_, package) in COMPONENTS {
        cargo.args(["-p", package]);
    }
    // What the outer cargo was told about its own compiler is not for this one: flags, clippy as a wrapper, the profile.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name == "RUSTFLAGS"
            || name == "CARGO_ENCODED_RUSTFLAGS"
            || name == "CARGO_BUILD_TARGET"
            || name == "CARGO_TARGET_DIR"
            || (name.starts_with("RUSTC") && name.ends_with("WRAPPER"))
            || name == "CLIPPY_ARGS"
        {
            cargo.env_remove(name.as_ref());
        }
    }
    let status = cargo.status().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
    assert!(
        status.success(),
        "the components could not be built; if the target is missing, install it: rustup target add {WASM}"
    );
    target.join(WASM).join("guest")
}

/// Code for any processor of this architecture, not only for the one that builds.
fn engine() -> Engine {
    let mut config = config::config();
    config.target(&variable("TARGET")).unwrap_or_else(|error| panic!("{error:?}"));
    Engine::new(&config).unwrap_or_else(|error| panic!("{error:?}"))
}

/// `target/guests`, found from `target/<profile>/build/<package>/out`, so that all profiles share it.
fn target_directory(out: &Path) -> PathBuf {
    out.ancestors().nth(4).map_or_else(|| out.join("guests"), |target| target.join("guests"))
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}
