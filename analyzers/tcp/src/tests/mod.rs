//! Runs of the tools over captures.

mod build;
mod counting;
mod crafted;
mod findings;
mod flags;
mod handshakes;
mod pages;
mod recordings;
mod reported;
mod robust;
mod rows;
mod schema;
mod states;
mod tools;
mod zeek;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tools::connections::TcpConnections;

/// The connections of a capture.
fn connections(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<TcpConnections>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

/// The connections of frames, with all details.
fn detailed(frames: Vec<(u64, Vec<u8>)>) -> Value {
    connections(&harness::build::pcap(&frames), &json!({ "detailed": true, "page": { "limit": 1000 } }))
}

/// Counts of flags by name, of a list of them.
fn counts(list: &Value) -> Vec<(String, u64)> {
    let entry = |entry: &Value| (entry["name"].as_str().unwrap().to_owned(), entry["count"].as_u64().unwrap());
    list.as_array().unwrap().iter().map(entry).collect()
}

/// The rules of the findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// A capture of the project's own.
fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
