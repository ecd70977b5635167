//! The quick part of the torture: see docs/hardening.md.

use std::process::Command;

use crate::support::{guest, root};

#[test]
fn small_attacks_of_each_kind_miss_no_goal() {
    // Built here, where other tests wait for the same.
    guest("analyzer");
    let mut python = Command::new("python3");
    python.arg(root().join("tests/tools/torture")).args([env!("CARGO_BIN_EXE_mcpcap"), "--quick"]);
    let output = match python.output() {
        Ok(output) => output,
        // `make torture` needs it; these tests do with the Rust tools alone.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => panic!("{error}"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("cases, 0 missed a goal"), "{said}");
}
