//! Runs of the whole tool over captures.

mod agreement;
mod capacity;
mod connections;
mod findings;
mod lists;
mod robust;
mod rows;
mod schema;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::build::Wire;
use crate::tool::Quic;

/// The report on a capture.
fn run(capture: &[u8], arguments: &Value) -> Value {
    let report = harness::run::<Quic>(capture, arguments).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

impl Wire {
    /// The report on it.
    fn report(self) -> Value {
        run(&self.capture(), &json!({}))
    }

    /// The only connection of the report.
    fn connection(self) -> Value {
        let report = self.report();
        assert_eq!(report["connections"].as_array().map(Vec::len), Some(1), "{report}");
        report["connections"][0].clone()
    }
}

/// Faults with their counts.
fn faults(report: &Value) -> Vec<(&str, u64)> {
    let all = report["statistics"]["malformed"].as_array().into_iter().flatten();
    all.map(|entry| (entry["reason"].as_str().unwrap(), entry["count"].as_u64().unwrap())).collect()
}

/// Rules of findings.
fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect()
}
