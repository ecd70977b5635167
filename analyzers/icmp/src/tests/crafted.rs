//! Captures made to show what goes wrong, with what tshark 4.0.17 and their makers say of them.

use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use serde_json::{Value, json};

use super::{file, run};
use crate::tool::IcmpPackets;

fn crafted(name: &str) -> Value {
    run(&file(&format!("tests/captures/crafted/{name}")), &json!({}))
}

#[test]
fn the_mixed_capture_agrees_with_tshark() {
    let report = crafted("icmp_mixed.pcap");
    assert_eq!(report["icmp_packets_found"], 29);
    let statistics = &report["statistics"];
    let types: Vec<(u64, u64, u64)> = statistics["icmp_type_counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (entry["type"].as_u64().unwrap(), entry["code"].as_u64().unwrap(), entry["count"].as_u64().unwrap())
        })
        .collect();
    let expected = [
        (0, 0, 5),
        (3, 0, 1),
        (3, 1, 1),
        (3, 2, 1),
        (3, 3, 1),
        (3, 4, 1),
        (3, 13, 1),
        (4, 0, 1),
        (5, 1, 1),
        (8, 0, 9),
        (9, 0, 1),
        (11, 0, 1),
        (11, 1, 1),
        (12, 0, 1),
        (13, 0, 1),
        (14, 0, 1),
        (42, 0, 1),
    ];
    assert_eq!(types, expected);
    let echo = &statistics["echo"];
    let counts = ["requests", "replies", "answered", "unanswered"].map(|field| echo[field].as_u64().unwrap());
    assert_eq!(counts, [9, 5, 4, 5]);
    assert_eq!(statistics["redirects"][0]["gateway"], "203.0.113.2");
    // The unreachable target, not the one that was told.
    let unreachable = statistics["unreachable_destinations"].as_array().unwrap();
    assert!(
        unreachable
            .iter()
            .all(|entry| entry["destination"] != entry["reported_by"] || entry["code"] == 3 || entry["code"] == 2),
        "{unreachable:?}"
    );
}

#[test]
fn icmpv6_alone_is_found() {
    let report = crafted("icmpv6_only.pcap");
    assert_eq!(report["icmp_packets_found"], 3);
    assert_eq!(report["statistics"]["echo"]["answered"], 1);
    assert_eq!(report["statistics"]["neighbour_discovery"]["solicitations"], 1);
}

#[test]
fn payload_that_was_not_captured_counts_by_the_headers() {
    let report = crafted("icmp_snaplen.pcap");
    let packet = &report["packets"][0];
    assert!(packet["payload_size"].as_u64() > Some(8), "{packet}");
}

#[test]
fn captures_without_icmp_say_so() {
    let report = crafted("tcp_http.pcap");
    says_only_that_there_is_nothing::<IcmpPackets>(&file("tests/captures/crafted/tcp_http.pcap"), &json!({}));
    assert_eq!(report["message"], "No ICMP or ICMPv6 messages found in this capture");
}

#[test]
fn an_error_names_the_packet_that_it_is_about() {
    let report = crafted("dns_edge.pcap");
    let quoted = &report["packets"][0]["quoted"];
    assert_eq!((&quoted["protocol"], &quoted["destination_port"]), (&"UDP".into(), &53.into()));
}
