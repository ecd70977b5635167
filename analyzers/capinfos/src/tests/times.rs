//! Times that no single recording has.

use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::{check, pcapng, rules};
use crate::analysis::Capinfos;

fn at(seconds: &[u64]) -> Value {
    let frame = build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"hello");
    let frames: Vec<_> = seconds.iter().map(|second| (second * 1_000_000, frame.clone())).collect();
    harness::run::<Capinfos>(&build::pcap(&frames), &json!({})).unwrap()
}

/// 2001-09-09T01:46:40Z and 2023-11-14T22:13:20Z.
const THEN: u64 = 1_000_000_000;
const NOW: u64 = 1_700_000_000;

#[test]
fn twenty_two_years_in_one_file_are_told_with_the_frames_on_both_sides() {
    let report = at(&[THEN, THEN + 5, NOW, NOW + 10]);
    assert_eq!(rules(&report), ["capture_time_gap"]);
    check(
        &report,
        json!({
            "findings.0.frames": [2, 3],
            "findings.0.frames_total": 2,
            "time_gaps.total": 1,
            "time_gaps.total_is_exact": true,
            "time_gaps.recorded_seconds": 15.0,
            "time_gaps.largest.0.seconds": 699_999_995.0,
            "time_gaps.largest.0.before.frame": 2,
            "time_gaps.largest.0.before.time": "2001-09-09T01:46:45.000000Z",
            "time_gaps.largest.0.packets_before": 2,
            "time_gaps.largest.0.after.frame": 3,
            "time_gaps.largest.0.packets_after": 2,
            "time_gaps.largest.1": null,
        }),
    );
}

#[test]
fn a_packet_alone_between_two_gaps_is_one_frame() {
    let report = at(&[THEN, THEN + 1_000_000, NOW]);
    check(&report, json!({ "time_gaps.total": 2, "findings.0.frames": [1, 2, 3], "findings.0.frames_total": 3 }));
    // The longest first.
    check(&report, json!({ "time_gaps.largest.0.before.frame": 2, "time_gaps.largest.1.before.frame": 1 }));
}

#[test]
fn files_joined_in_the_wrong_order_have_the_same_gap() {
    let report = at(&[NOW, NOW + 10, THEN, THEN + 5]);
    assert_eq!(rules(&report), ["capture_time_gap", "capture_time_goes_back"]);
    check(
        &report,
        json!({
            "findings.0.frames": [1, 4],
            "out_of_order.largest_step_back_seconds": 700_000_010.0,
            "out_of_order.largest_step_back_frames": [2, 3],
        }),
    );
}

#[test]
fn a_capture_of_hours_has_no_gap() {
    let report = at(&[NOW, NOW + 3_600, NOW + 80_000]);
    assert_eq!((rules(&report), &report["time_gaps"]), (vec![], &Value::Null));
}

#[test]
fn times_of_a_clock_that_was_never_set_are_told() {
    let report = at(&[0, 10]);
    assert_eq!(rules(&report), ["capture_time_implausible"]);
    assert_eq!(rules(&at(&[0, 10, NOW])), ["capture_time_gap", "capture_time_implausible"]);
    // The header of classic pcap counts to 2106.
    assert_eq!(rules(&at(&[4_200_000_000])), ["capture_time_implausible"]);
}

/// A pcapng file of two Ethernet interfaces: frames by interface and second.
fn two_interfaces(frames: &[(usize, u64)]) -> Vec<u8> {
    let mut lldp = vec![0; 60];
    lldp[12..14].copy_from_slice(&[0x88, 0xcc]);
    let packet = |(interface, second): &(usize, u64)| pcapng::Packet {
        interface: *interface,
        microseconds: second * 1_000_000,
        octets: lldp.clone(),
        original: 60,
        comment: None,
    };
    pcapng::file(&[1, 1], &frames.iter().map(packet).collect::<Vec<_>>())
}

#[test]
fn interfaces_with_different_clocks_are_told() {
    let report = |frames: &[_]| harness::run::<Capinfos>(&two_interfaces(frames), &json!({})).unwrap();
    let found = report(&[(0, NOW), (1, NOW - 3_600), (0, NOW + 1), (1, NOW - 3_599)]);
    assert_eq!(rules(&found), ["capture_clocks_differ", "capture_time_goes_back"]);
    check(&found, json!({ "findings.0.frames": [1, 4], "findings.0.measures.1.value": 3_599.0 }));
    assert_eq!(rules(&report(&[(0, NOW), (1, NOW), (0, NOW + 1), (1, NOW + 1)])), Vec::<&str>::new());
}
