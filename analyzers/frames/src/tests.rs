//! The tools on captures, against what tshark 4.0.17 says of them.

mod frames;
mod streams;
mod tunnels;

use mcpcap_analyzer::{Tool, harness};
use serde_json::Value;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn report<T: Tool>(capture: &[u8], arguments: &Value) -> Value {
    harness::run::<T>(capture, arguments).unwrap()
}

/// Characters of what the tools' list has of a tool itself: description and own arguments.
fn characters<T: Tool>() -> usize {
    let described = (mcpcap_analyzer::ToolEntry::of::<T>().describe)();
    described["description"].to_string().len() + described["arguments"]["properties"].to_string().len()
}
