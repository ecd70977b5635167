//! Projects that `analyzer new` writes. `make examples` builds one of each language.

use std::path::Path;

use super::{Place, text};

fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn each_language_has_a_whole_project() {
    for (language, expected) in [
        ("rust", ["Cargo.toml", "src/lib.rs", "src/tests.rs", "vendor/sdk/src/lib.rs", "vendor/sdk/wit/mcpcap.wit"]),
        ("c", ["streams.c", "summary.c", "describe.json", "bindings/analyzer.h", "wit/mcpcap.wit"]),
        ("python", ["app.py", "streams.py", "test_summary.py", "requirements.txt", "wit/mcpcap.wit"]),
        ("javascript", ["app.js", "streams.js", "summary.test.js", "package.json", "wit/mcpcap.wit"]),
    ] {
        let place = Place::new();
        let folder = place.path().join("project");
        let path = folder.to_str().unwrap();
        let output = place.run(&["analyzer", "new", "my-proto", "--language", language, "--path", path]);
        assert!(output.status.success(), "{}", text(&output));
        for name in expected.into_iter().chain(["Makefile", "README.md", ".gitignore"]) {
            assert!(folder.join(name).is_file(), "{language} has no {name}");
        }
        let mut all = Vec::new();
        files(&folder, &mut all);
        for file in all {
            let content = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
            let is_template = ["{{name}}", "{{snake}}", "{{version}}"].iter().any(|mark| content.contains(mark));
            assert!(!is_template && file.extension().is_none_or(|end| end != "in"), "{}", file.display());
        }
        let again = place.run(&["analyzer", "new", "my-proto", "--language", language, "--path", path]);
        assert!(text(&again).contains("is there already"));
    }
}

#[test]
fn names_that_could_not_be_loaded_are_refused() {
    let place = Place::new();
    for (name, because) in [("dns", "reserved"), ("My_Proto", "a-z"), ("../x", "a-z")] {
        let output = place.run(&["analyzer", "new", name]);
        assert!(!output.status.success() && text(&output).contains(because), "{}", text(&output));
    }
}
