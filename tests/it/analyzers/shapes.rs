//! What an analyzer returns makes the host no more work than it may: reports and schemas of every shape.

use serde_json::{Value, json};

use super::{Place, speaker};
use crate::support::{crafted, guest, measured};

/// What the whole process may take for a report of 16 MiB, in KiB: the component's memory, the report, and what the host makes of it.
const PEAK: u64 = 280 << 10;

#[test]
fn a_report_of_any_shape_is_answered_or_refused_within_bounds() {
    let place = Place::new();
    place.put("hostile.wasm", &guest("analyzer"));
    let file = place.path().join("hostile.wasm");
    let (cache, capture) = (place.cache.path().to_str().unwrap(), crafted("dns_two.pcap"));
    let shapes = "objects lists findings nested deep strings keys numbers long most_packets most_statistics";
    for shape in shapes.split(' ') {
        let tool = format!("shape_{shape}");
        let run = |chars: &str| {
            let chars = format!("max_chars={chars}");
            let arguments = ["analyzer", "run", file.to_str().unwrap(), capture.to_str().unwrap(), "--tool", &tool];
            measured(&[&arguments[..], &["--cache-dir", cache, "--arg", &chars]].concat())
        };
        // The first one compiles.
        for chars in ["24000", "1000000"] {
            let run = run(chars);
            let refused = run.stderr.contains("more than 130000 values") || run.stderr.contains("does not fit");
            assert!(refused || serde_json::from_slice::<Value>(&run.stdout).is_ok(), "{shape}: {}", run.stderr);
            assert!((1..PEAK).contains(&run.peak), "{shape}, {chars}: {} KiB", run.peak);
        }
    }
}

#[test]
fn a_schema_that_makes_checking_costly_is_refused() {
    let mut description = super::description("costly");
    let many = vec![json!({}); 600];
    description["tools"][0]["report"]["properties"]["packets"] = json!({ "type": "array", "items": { "allOf": many } });
    let place = Place::new();
    place.put("costly.wasm", &speaker(&description));
    let list = place.list(&[]);
    assert!(list.contains("held against more than 500 schemas"), "{list}");
}
