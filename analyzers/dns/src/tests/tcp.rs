//! Messages in TCP streams.

use mcpcap_analyzer::harness::build::tcp;
use serde_json::{Value, json};

use super::build::{A, AXFR, CLIENT, SERVER, name, prefixed, query, response};
use super::{report, rules};

const SYN: u16 = 0x02;
const DATA: u16 = 0x18;
const FIN: u16 = 0x11;

/// Segments from the client to port 53, behind its SYN; each with the offset at which it stands.
fn from_client(segments: &[(u32, &[u8])]) -> Vec<Vec<u8>> {
    let mut frames = vec![tcp((CLIENT, 4000), (SERVER, 53), SYN, (99, 0), &[])];
    frames.extend(segments.iter().map(|(at, bytes)| tcp((CLIENT, 4000), (SERVER, 53), DATA, (100 + at, 1), bytes)));
    frames
}

fn ids(report: &Value) -> Vec<(u64, u64)> {
    let packets = report["packets"].as_array().unwrap().iter();
    packets.map(|packet| (packet["frame"].as_u64().unwrap(), packet["dns_id"].as_u64().unwrap())).collect()
}

#[test]
fn several_messages_in_one_segment() {
    let stream = [1, 2, 3].map(|id| prefixed(&query(id, "a.example", A))).concat();
    assert_eq!(ids(&report(&from_client(&[(0, &stream)]))), [(2, 1), (2, 2), (2, 3)]);
}

#[test]
fn a_message_over_segments_has_the_frame_of_the_last() {
    let stream = [1, 2].map(|id| prefixed(&query(id, "a.example", A))).concat();
    let segments: Vec<(u32, &[u8])> = (0..).zip(stream.chunks(1)).collect();
    let each = prefixed(&query(1, "a.example", A)).len() as u64;
    assert_eq!(ids(&report(&from_client(&segments))), [(1 + each, 1), (1 + 2 * each, 2)]);
    let (first, second) = stream.split_at(30);
    assert_eq!(ids(&report(&from_client(&[(30, second), (0, first)]))), [(3, 1), (3, 2)], "out of order");
}

#[test]
fn a_hole_inside_a_message_costs_that_message_only() {
    let one = prefixed(&query(1, "a.example", A));
    let two = prefixed(&query(2, "a.example", A));
    let end = one.len() as u32;
    let report = report(&from_client(&[(0, &one[..10]), (20, &one[20..]), (end, &two)]));
    assert_eq!(ids(&report), [(4, 2)]);
    assert_eq!(report["limits"]["incomplete_over_tcp"], 1);
}

#[test]
fn behind_a_hole_the_next_segment_that_is_a_message_is_believed() {
    let [one, two, three] = [1, 2, 3].map(|id| prefixed(&query(id, "a.example", A)));
    let lost = 100;
    let at = one.len() as u32 + lost;
    let junk = [0x5a; 40];
    let report = report(&from_client(&[(0, &one), (at, &junk), (at + 40, &two), (at + 40 + two.len() as u32, &three)]));
    assert_eq!(ids(&report), [(2, 1), (4, 2), (5, 3)]);
    assert_eq!(report["limits"]["skipped_tcp_octets"], 40);
}

#[test]
fn what_is_no_message_is_malformed_once() {
    let report = report(&from_client(&[(0, b"\x00\x03abc"), (5, b"more junk, and more of it")]));
    assert_eq!(report.get("dns_packets_found"), None);
    assert_eq!(
        report["statistics"]["services"][0]["malformed"],
        json!([{ "reason": "bad_tcp_length", "count": 1, "frames": [2] }])
    );
    assert!(report["message"].as_str().unwrap().contains("payload"));
}

#[test]
fn a_message_that_never_ends_is_incomplete() {
    let one = prefixed(&query(1, "a.example", A));
    let mut frames = from_client(&[(0, &one[..20])]);
    frames.push(tcp((CLIENT, 4000), (SERVER, 53), FIN, (120, 1), &[]));
    let report = report(&frames);
    assert_eq!((&report["dns_packets_found"], &report["limits"]["incomplete_over_tcp"]), (&json!(1), &json!(1)));
    let malformed = &report["statistics"]["services"][0]["malformed"];
    assert_eq!(*malformed, json!([{ "reason": "tcp_hole", "count": 1, "frames": [2] }]));
}

#[test]
fn a_response_with_a_hole_is_an_answer() {
    for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
        let asked = prefixed(&query(1, "a.example", A));
        let answered = prefixed(&response(1, "a.example", A, 0, &[[203, 0, 113, 1]; 100]));
        let next = 100 + asked.len() as u32;
        let back = |at: usize, bytes: &[u8]| tcp((server, 53), (client, 4000), DATA, (500 + at as u32, next), bytes);
        let second = prefixed(&query(2, "b.example", A));
        let more = prefixed(&response(2, "b.example", A, 0, &[]));
        let mut frames = vec![
            tcp((client, 4000), (server, 53), SYN, (99, 0), &[]),
            tcp((server, 53), (client, 4000), 0x12, (499, 100), &[]),
            tcp((client, 4000), (server, 53), DATA, (100, 500), &asked),
            back(0, &answered[..500]),
            back(1000, &answered[1000..]),
            tcp((client, 4000), (server, 53), DATA, (next, 500 + answered.len() as u32), &second),
        ];
        frames.push(tcp(
            (server, 53),
            (client, 4000),
            DATA,
            (500 + answered.len() as u32, next + second.len() as u32),
            &more,
        ));
        let report = report(&frames);
        let transactions = &report["statistics"]["transactions"];
        assert_eq!((&transactions["asked"], &transactions["answered"]), (&json!(2), &json!(2)));
        let malformed = &report["statistics"]["services"][0]["malformed"];
        assert_eq!(*malformed, json!([{ "reason": "tcp_hole", "count": 1, "frames": [4] }]));
        assert_eq!(report["limits"]["incomplete_over_tcp"], 1);
    }
}

/// RFC 5936 §2.2: later messages of a transfer need not repeat the question.
#[test]
fn a_zone_transfer_over_several_messages_is_one_answer() {
    let soa = [b"\xc0\x0c\x00\x06\x00\x01\x00\x00\x00\x3c\x00\x16".as_slice(), &[0, 0], &[0; 20]].concat();
    let mut first = response(7, "example.com", AXFR, 0, &[]);
    first[7] = 1;
    first.extend_from_slice(&soa);
    let mut second = vec![0, 7, 0x80, 0, 0, 0, 0, 2, 0, 0, 0, 0];
    for _ in 0..2 {
        second.extend_from_slice(&name("www.example.com"));
        second.extend_from_slice(b"\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    }
    let mut frames = from_client(&[(0, &prefixed(&query(7, "example.com", AXFR)))]);
    let stream = [prefixed(&first), prefixed(&second)].concat();
    frames.push(tcp((SERVER, 53), (CLIENT, 4000), 0x12, (500, 100), &[]));
    frames.push(tcp((SERVER, 53), (CLIENT, 4000), DATA, (501, 100), &stream));
    let report = report(&frames);
    assert_eq!(report["statistics"]["transactions"]["duplicate_responses"], 0);
    assert_eq!(rules(&report), ["dns_zone_transfer"]);
    let finding = &report["findings"][0];
    assert_eq!((&finding["measures"][2]["value"], &finding["frames"]), (&json!(3.0), &json!([2, 4])));
    assert_eq!(finding["subject"], "192.0.2.53 to 192.0.2.10");
}
