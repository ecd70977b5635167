//! Runs of the whole tool over captures.

pub mod build;
mod crafted;
mod exchanges;
mod findings;
mod listing;
mod lists;
mod one_exchange;
mod order;
mod recordings;
mod robust;
mod rows;
mod schema;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::DhcpPackets;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<DhcpPackets>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// The report on frames with their times in microseconds.
pub fn report(frames: &[(u64, Vec<u8>)]) -> Value {
    run(&harness::build::pcap(frames), &json!({}))
}

/// A capture of the project's own.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The rules of the findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}
