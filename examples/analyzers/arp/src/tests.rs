//! The tool on frames that are made here, and on a recording.

use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use crate::table::ArpTable;

const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

fn arp(operation: u8, mac: [u8; 6], sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    [&[0xff; 6][..], &mac, &[8, 6, 0, 1, 8, 0, 6, 4, 0, operation], &mac, &sender, &[0; 6], &target].concat()
}

fn report(frames: impl IntoIterator<Item = Vec<u8>>, arguments: &Value) -> Value {
    let frames: Vec<_> = frames.into_iter().map(|frame| (0, frame)).collect();
    harness::run::<ArpTable>(&build::pcap(&frames), arguments).unwrap()
}

#[test]
fn messages_are_told_apart() {
    let mut tagged = arp(2, A, [192, 0, 2, 1], [192, 0, 2, 1]);
    tagged.splice(12..12, [0x81, 0, 0, 5]);
    let mut cut = arp(1, A, [192, 0, 2, 1], [192, 0, 2, 2]);
    cut.pop();
    let frames = [
        arp(1, A, [192, 0, 2, 1], [192, 0, 2, 2]),
        arp(2, B, [192, 0, 2, 2], [192, 0, 2, 1]),
        arp(1, A, [0, 0, 0, 0], [192, 0, 2, 9]),
        arp(1, A, [192, 0, 2, 1], [192, 0, 2, 1]),
        tagged,
        arp(8, A, [192, 0, 2, 1], [192, 0, 2, 1]),
        cut,
        build::udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"no ARP"),
    ];
    let report = report(frames, &json!({}));
    let counts = [
        "arp_packets_found",
        "requests",
        "replies",
        "probes",
        "announcements",
        "gratuitous_replies",
        "other_operations",
        "malformed",
    ];
    assert_eq!(counts.map(|count| report[count].as_u64().unwrap()), [7, 3, 2, 1, 1, 1, 1, 1]);
    assert_eq!(report["malformed_frames"], json!([7]));
    let first =
        json!({ "ip": "192.0.2.1", "mac": "02:00:00:00:00:01", "packets": 3, "first_frame": 1, "last_frame": 5 });
    assert_eq!((report["bindings"].as_array().unwrap().len(), &report["bindings"][0]), (2, &first));
    assert_eq!((&report["unanswered"], &report["findings"]), (&json!([]), &json!([])));
}

#[test]
fn two_claims_of_one_address_are_a_finding() {
    let claim = |mac| arp(2, mac, [192, 0, 2, 1], [192, 0, 2, 5]);
    let report = report([claim(B), claim(B), claim(A)], &json!({}));
    let found = &report["findings"][0];
    assert_eq!((&found["rule"], &found["subject"]), (&json!("arp_duplicate_binding"), &json!("192.0.2.1")));
    assert_eq!((&found["frames"], &found["frames_total"]), (&json!([1, 3]), &json!(2)));
}

#[test]
fn many_announcements_are_a_finding() {
    let announcement = arp(1, A, [192, 0, 2, 1], [192, 0, 2, 1]);
    assert_eq!(report(vec![announcement.clone(); 19], &json!({}))["findings"], json!([]));
    let report = report(vec![announcement; 25], &json!({}));
    assert_eq!(report["findings"][0]["rule"], "arp_gratuitous_flood");
    assert_eq!(report["findings"][0]["frames_total"], 25);
}

#[test]
fn tables_are_bounded() {
    let frames = (0..5000_u16).map(|n| {
        let [high, low] = n.to_be_bytes();
        arp(1, A, [10, 0, high, low], [10, 1, high, low])
    });
    let report = report(frames, &json!({}));
    assert_eq!(report["bindings"].as_array().unwrap().len(), 4096);
    assert_eq!(report["limits"], json!({ "bindings_left_out": 904, "targets_left_out": 904 }));
    assert_eq!((report["unanswered"].as_array().unwrap().len(), &report["unanswered_total"]), (100, &json!(4096)));
}

#[test]
fn reading_ends_when_enough_was_found() {
    let frames = vec![arp(1, A, [192, 0, 2, 1], [192, 0, 2, 2]); 9];
    assert_eq!(report(frames, &json!({ "max_packets": 4 }))["arp_packets_found"], 4);
}

/// What tshark 4.0.17 counts with `-Y arp`: 7 messages, 4 requests, 3 replies.
#[test]
fn a_recording_has_what_tshark_sees() {
    let capture = std::fs::read("../../captures/icmp.pcap").unwrap();
    let report = harness::run::<ArpTable>(&capture, &json!({})).unwrap();
    let counts = ["arp_packets_found", "requests", "replies"].map(|count| report[count].as_u64().unwrap());
    assert_eq!(counts, [7, 4, 3]);
}

#[test]
fn damaged_captures_do_no_harm() {
    let frames: Vec<_> = (0..20).map(|n| (n, arp(1, A, [192, 0, 2, 1], [192, 0, 2, 2]))).collect();
    for copy in harness::changed(&build::pcap(&frames), 1, 500, 20) {
        // An error is right for what is no capture any more; a panic never.
        let _ = harness::run::<ArpTable>(&copy, &json!({}));
    }
}
