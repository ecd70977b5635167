//! The recording of real programs, in `examples/captures`; its README says what there is to find in it.

use serde_json::{Value, json};

use super::{file, named, rules, run};

fn recording(arguments: &Value) -> Value {
    run(&file("examples/captures/sip.pcap"), arguments)
}

#[test]
fn calls_are_what_the_telephones_did() {
    let report = recording(&json!({}));
    let calls: Vec<_> =
        report["calls"].as_array().unwrap().iter().map(|call| (&call["frame"], &call["outcome"])).collect();
    assert_eq!(
        calls,
        [
            (&json!(9), &json!("answered")),
            (&json!(115), &json!("busy")),
            (&json!(118), &json!("cancelled")),
            (&json!(124), &json!("unanswered")),
            (&json!(131), &json!("answered")),
        ]
    );
    assert_eq!(report["calls"][3]["retransmissions"], 3);
    let media: Vec<_> = report["calls"][0]["media"]
        .as_array()
        .unwrap()
        .iter()
        .map(|media| (&media["address"], &media["port"]))
        .collect();
    assert_eq!(media, [(&json!("192.0.2.61"), &json!(6000)), (&json!("192.0.2.62"), &json!(7000))]);
    assert_eq!(
        report["statistics"]["transports"],
        json!([{ "transport": "UDP", "count": 51 }, { "transport": "TCP", "count": 6 }])
    );
    assert_eq!(named(&report["statistics"]["calls"]["outcomes"])[0], ("answered", 2));
}

#[test]
fn the_scanner_is_found_and_nothing_else() {
    let report = recording(&json!({}));
    let mut found = rules(&report);
    found.dedup();
    assert_eq!(found, ["sip_user_enumeration", "sip_scanner_user_agent", "sip_digest_in_clear"]);
    assert_eq!(report["findings"][0]["frames"], json!([146, 148, 150, 152, 154, 156, 158, 160, 162, 164, 166, 168]));
}

#[test]
fn registrations_differ_by_client() {
    let report = recording(&json!({}));
    let list = report["registrations"].as_array().unwrap();
    let states: Vec<_> = list.iter().map(|entry| (&entry["client"], &entry["state"])).collect();
    assert_eq!(states, [(&json!("192.0.2.61"), &json!("registered")), (&json!("192.0.2.66"), &json!("rejected"))]);
}
