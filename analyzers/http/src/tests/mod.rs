//! Runs of the whole tool over captures.

mod agreement;
pub mod build;
mod capacity;
mod decrypted;
mod findings;
mod odd;
mod pairing;
mod robust;
mod rows;
mod schema;
mod simple;
mod tunnels;

use mcpcap_analyzer::harness;
use serde_json::Value;

use crate::tool::Http;

/// The report on a capture.
pub fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Http>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// A capture of the project's own.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The sources of all rules.
pub fn sources() -> String {
    let folder = format!("{}/src/findings", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}
