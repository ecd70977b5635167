//! Runs of the whole tool over captures.

mod build;
mod crafted;
mod echoes;
mod findings;
mod listing;
mod lists;
mod pairing;
mod paths;
mod quoted_paths;
mod recordings;
mod robust;
mod routers;
mod rows;
mod schema;
mod tunnels;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::IcmpPackets;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<IcmpPackets>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// The report on frames with their times in microseconds.
fn report(frames: &[(u64, Vec<u8>)]) -> Value {
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
