//! Runs of the whole tool over captures.

mod agreement;
pub mod build;
mod findings;
mod odd;
mod pairing;

use mcpcap_analyzer::harness;
use serde_json::Value;

use crate::tool::Http;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Http>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// A capture of the project's own.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
