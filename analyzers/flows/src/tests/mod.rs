//! Runs of the whole tool over captures.

mod agreement;
mod build;
mod capacity;
mod evicted;
mod findings;
mod flows;
mod rows;
mod schema;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::Conversations;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Conversations>(capture, arguments).unwrap();
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
