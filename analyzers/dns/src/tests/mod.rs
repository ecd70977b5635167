//! Runs of the whole tool over captures.

mod build;
mod capacity;
mod crafted;
mod cut;
mod findings;
mod listing;
mod lists;
mod ports;
mod recordings;
mod reported;
mod rows;
mod schema;
mod tcp;
mod transactions;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::DnsPackets;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<DnsPackets>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// The report on frames, one hundredth of a second after the other.
fn report(frames: &[Vec<u8>]) -> Value {
    let frames: Vec<(u64, Vec<u8>)> =
        (0..).step_by(10_000).map(|n| 1_700_000_000_000_000 + n).zip(frames.iter().cloned()).collect();
    run(&harness::build::pcap(&frames), &json!({}))
}

/// Counts by name, from a list of codes.
fn named(list: &Value) -> Vec<(String, u64)> {
    let entry = |entry: &Value| (entry["name"].as_str().unwrap().to_owned(), entry["count"].as_u64().unwrap());
    list.as_array().unwrap().iter().map(entry).collect()
}

/// The rules of the findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}
