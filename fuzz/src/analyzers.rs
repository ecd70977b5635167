//! Analyzers over a capture in memory, and what must hold of any report.

use mcpcap_analyzer::{Problem, ToolEntry, harness};
use serde_json::Value;

/// Bytes of pcap's file header that no reader looks at (time zone and accuracy): they choose tool and arguments.
const TOOL: usize = 8;
const ARGUMENTS: usize = 9;

/// One of the tools.
pub fn tool<'a, T>(tools: &'a [T], data: &[u8], place: usize) -> &'a T {
    let chosen = usize::from(data.get(place).copied().unwrap_or_default());
    tools.get(chosen % tools.len().max(1)).expect("there is one")
}

/// Runs one of the tools twice, and holds the report against what is promised of all of them.
/// `key_log`: what decrypts TLS in the captures that it begins with.
pub fn analyze(tools: &[ToolEntry], arguments: &[&str], key_log: &[u8], data: &[u8]) {
    let entry = tool(tools, data, TOOL);
    let arguments = tool(arguments, data, ARGUMENTS);
    let Ok((report, frames)) = run(entry, arguments, key_log, data) else { return };
    if frames < 2_000 && data.last().is_some_and(|last| last % 8 == 0) {
        let again = run(entry, arguments, key_log, data).map(|(report, _)| report);
        assert_eq!(again, Ok(report.clone()), "the same capture, another report");
    }
    let report: Value = serde_json::from_str(&report).expect("JSON");
    for finding in report.get("findings").and_then(Value::as_array).into_iter().flatten() {
        for frame in finding.get("frames").and_then(Value::as_array).into_iter().flatten() {
            let frame = frame.as_u64().expect("a number");
            assert!((1..=frames).contains(&frame), "frame {frame} of {frames}");
        }
    }
}

fn run(entry: &ToolEntry, arguments: &str, key_log: &[u8], data: &[u8]) -> Result<(String, u64), Problem> {
    harness::run_tool(entry, data, &serde_json::from_str(arguments).expect("JSON"), key_log)
}
