//! Runs of the whole tool over captures.

mod agreement;
pub mod build;
mod capacity;
mod certificates;
mod connections;
mod datagrams;
mod decryption;
mod findings;
mod robust;
mod rows;
mod schema;

use mcpcap_analyzer::harness;
use serde_json::Value;

use crate::tool::Tls;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Tls>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// Faults with their counts.
fn faults(report: &Value) -> Vec<(&str, u64)> {
    let all = report["statistics"]["malformed"].as_array().into_iter().flatten();
    all.map(|entry| (entry["reason"].as_str().unwrap(), entry["count"].as_u64().unwrap())).collect()
}
