//! Recordings of real programs (`examples/captures`), compared with what these programs said of themselves (`examples/captures/said`).

mod beacon;
mod http;
mod questions;
mod quic;
mod scans;
mod tls;

use serde_json::Value;

use crate::support::{ask, example};

/// What a program said.
fn said(name: &str) -> String {
    std::fs::read_to_string(example("said").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The whole report of a tool about a recording.
async fn report(tool: &str, capture: &str, arguments: Value) -> Value {
    ask(tool, &example(capture), arguments).await.unwrap_or_else(|error| panic!("{tool} {capture}: {error}"))
}

/// A list within a report.
fn list<'a>(report: &'a Value, place: &str) -> &'a [Value] {
    report.pointer(place).and_then(Value::as_array).unwrap_or_else(|| panic!("no {place} in {report}"))
}

/// The rules of a report's findings, each once, with what the first of it is about.
fn rules(report: &Value) -> Vec<&str> {
    let mut rules: Vec<&str> =
        list(report, "/findings").iter().map(|finding| finding["rule"].as_str().unwrap_or_default()).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}
