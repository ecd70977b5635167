//! Arguments and pages.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use super::{file, run};
use crate::tool::IcmpPackets;

fn recording(arguments: Value) -> Value {
    run(&file("examples/captures/icmp.pcap"), &arguments)
}

#[test]
fn pages_joined_are_all_messages() {
    let all = recording(json!({ "page": { "limit": 1000 } }));
    let mut frames = Vec::new();
    for offset in (0..105).step_by(40) {
        let page = recording(json!({ "page": { "limit": 40, "offset": offset } }));
        assert_eq!(page["pages"][0]["total"], 105);
        frames.extend(page["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].clone()));
    }
    let expected: Vec<Value> =
        all["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].clone()).collect();
    assert_eq!(frames, expected);
}

#[test]
fn filters_choose_what_is_listed_and_leave_the_statistics() {
    let report = recording(json!({ "icmp_type": 3, "ip_version": 4 }));
    assert_eq!(report["icmp_packets_found"], 105);
    // 3/1 twice, 3/3 six times, 3/4, 3/13 once.
    assert_eq!(report["pages"][0]["total"], 10);
}

#[test]
fn max_packets_ends_reading() {
    let report = recording(json!({ "max_packets": 10 }));
    assert_eq!(report["icmp_packets_found"], 10);
    assert!(report["note"].as_str().unwrap().contains("first 10"));
    assert!(recording(json!({ "max_packets": 1000 }))["note"].is_null());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "ip_version": 5 }), "ip_version"),
        (json!({ "icmp_type": 256 }), "icmp_type"),
        (json!({ "type": 3 }), "type"),
    ] {
        let error =
            harness::run::<IcmpPackets>(&file("examples/captures/icmp.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
