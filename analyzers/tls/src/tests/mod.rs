//! Runs of the whole tool over captures.

mod agreement;

use mcpcap_analyzer::harness;
use serde_json::Value;

use crate::tool::Tls;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Tls>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// A capture of the project's own.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
