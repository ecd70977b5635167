//! Runs of the whole tool over captures.

mod build;
mod calls;
mod crafted;
mod findings;
mod limits;
mod listing;
mod order;
mod pages;
mod recordings;
mod registrations;
mod robust;
mod rows;
mod schema;
mod streams;

use mcpcap_analyzer::harness;
use mcpcap_analyzer::harness::lists::at;
use serde_json::{Value, json};

use crate::tool::SipPackets;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<SipPackets>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// The report on frames, each with its milliseconds.
fn timed(frames: &[(u64, Vec<u8>)]) -> Value {
    let start = 1_700_000_000_000_000;
    let frames: Vec<(u64, Vec<u8>)> = frames.iter().map(|(ms, frame)| (start + ms * 1000, frame.clone())).collect();
    run(&harness::build::pcap(&frames), &json!({}))
}

/// The report on frames, one hundredth of a second after the other.
fn report(frames: &[Vec<u8>]) -> Value {
    timed(&(0..).step_by(10).zip(frames.iter().cloned()).collect::<Vec<_>>())
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Counts by name.
fn named(list: &Value) -> Vec<(&str, u64)> {
    let entry = |entry| -> (&str, u64) {
        let entry: &Value = entry;
        (entry["name"].as_str().unwrap(), entry["count"].as_u64().unwrap())
    };
    list.as_array().unwrap().iter().map(entry).collect()
}

/// The rules of the findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// Faults with their counts.
fn faults(report: &Value) -> Vec<(&str, u64)> {
    at(report, "statistics.malformed")
        .iter()
        .map(|entry| (entry["reason"].as_str().unwrap(), entry["count"].as_u64().unwrap()))
        .collect()
}
