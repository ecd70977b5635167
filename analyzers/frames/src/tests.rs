//! The tool on captures, against what tshark 4.0.17 says of their first header of each kind.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::GetFrames;

const FACTS: &[(&str, u64, &str, &str, &str)] = &include!("facts.in");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn report(name: &str, arguments: &Value) -> Value {
    harness::run::<GetFrames>(&file(name), arguments).unwrap()
}

#[test]
fn fields_are_those_that_tshark_shows() {
    for (name, frame, layer, field, value) in FACTS {
        let report = report(name, &json!({ "frames": [frame] }));
        let layers = report["packets"][0]["layers"].as_array().unwrap();
        let layer =
            layers.iter().find(|found| found["layer"] == *layer).unwrap_or_else(|| panic!("{name} {frame} {layer}"));
        let found = layer["fields"].as_array().unwrap().iter().find(|found| found["name"] == *field);
        assert_eq!(found.map(|found| &found["value"]), Some(&json!(value)), "{name} {frame} {field}");
    }
}

#[test]
fn frames_come_in_order_and_missing_ones_are_named() {
    let report = report("examples/captures/dns.pcap", &json!({ "frames": [7, 3, 3, 9999], "hex_octets": 20 }));
    let frames: Vec<&Value> = report["packets"].as_array().unwrap().iter().map(|packet| &packet["frame"]).collect();
    assert_eq!(frames, [3, 7]);
    assert_eq!((&report["frames_found"], &report["not_found"]), (&json!(2), &json!([9999])));
    let packet = &report["packets"][0];
    assert_eq!(packet["hex"].as_array().unwrap().len(), 2);
    assert_eq!(packet["hex_left_out"].as_u64().unwrap() + 20, packet["captured_length"].as_u64().unwrap());
}

#[test]
fn reading_ends_with_the_last_frame() {
    let mut run = (mcpcap_analyzer::ToolEntry::of::<GetFrames>().open)(r#"{"frames":[2]}"#).unwrap();
    let (frames, _, end) = harness::frames(&file("examples/captures/dns.pcap"), |frame| run.frame(frame)).unwrap();
    assert_eq!((frames, end.unwrap()["reason"].as_str().unwrap().to_owned()), (2, "enough".to_owned()));
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    let many: Vec<u64> = (1..200).collect();
    for (arguments, name) in [
        (json!({}), "frames"),
        (json!({ "frames": [] }), "frames"),
        (json!({ "frames": [0] }), "frames"),
        (json!({ "frames": many }), "frames"),
        (json!({ "frames": [1], "hex_octets": 5000 }), "hex_octets"),
    ] {
        let error = harness::run::<GetFrames>(&file("examples/captures/dns.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn changed_captures_do_no_harm() {
    for name in ["examples/captures/dns.pcap", "examples/captures/icmp.pcap", "tests/captures/crafted/sip_edge.pcap"] {
        let wanted: Vec<u64> = (1..=100).collect();
        for copy in harness::changed(&file(name), 7, 20, 40) {
            // A damaged file header or record ends the reading; anything but a panic is right.
            let _ = harness::run::<GetFrames>(&copy, &json!({ "frames": wanted, "page": { "limit": 1000 } }));
        }
    }
}
