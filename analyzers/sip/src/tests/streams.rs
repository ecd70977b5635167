//! Messages in TCP streams and WebSockets.

use mcpcap_analyzer::harness::build::tcp;
use serde_json::{Value, json};

use super::build::{ALICE, BOB, request};
use super::{faults, report};

const SYN: u16 = 0x02;
const DATA: u16 = 0x18;

fn message(n: u32) -> Vec<u8> {
    request("OPTIONS", "sip:bob@example.net", &format!("call-{n}"), n).sdp(ALICE, 4000).octets()
}

/// Segments from Alice to a port of Bob, behind her SYN; each with the offset at which it stands.
fn to_port(port: u16, segments: &[(u32, &[u8])]) -> Vec<Vec<u8>> {
    let mut frames = vec![tcp((ALICE, 4000), (BOB, port), SYN, (99, 0), &[])];
    frames.extend(segments.iter().map(|(at, bytes)| tcp((ALICE, 4000), (BOB, port), DATA, (100 + at, 1), bytes)));
    frames
}

fn calls(report: &Value) -> Vec<(u64, &str)> {
    let packets = report["packets"].as_array().unwrap().iter();
    packets.map(|packet| (packet["frame"].as_u64().unwrap(), packet["call_id"].as_str().unwrap())).collect()
}

#[test]
fn several_messages_in_one_segment_with_keep_alives_between() {
    let stream = [message(1), b"\r\n\r\n".to_vec(), message(2), message(3)].concat();
    for port in [5060, 7777] {
        let report = report(&to_port(port, &[(0, &stream)]));
        assert_eq!(calls(&report), [(2, "call-1"), (2, "call-2"), (2, "call-3")], "{port}");
        assert_eq!(report["statistics"]["keep_alives"], 1);
        assert_eq!(report["packets"][0]["known_sip_port"], port == 5060);
    }
}

#[test]
fn a_message_over_segments_has_the_frame_of_the_last() {
    let one = message(1);
    let stream = [one.clone(), message(2)].concat();
    let segments: Vec<(u32, &[u8])> = (0..).zip(stream.chunks(1)).collect();
    for port in [5060, 7777] {
        let report = report(&to_port(port, &segments));
        assert_eq!(calls(&report), [(1 + one.len() as u64, "call-1"), (1 + stream.len() as u64, "call-2")]);
    }
    let (first, second) = stream.split_at(30);
    let report = report(&to_port(5060, &[(30, second), (0, first)]));
    // In the order of the stream, since pages hold messages as they become complete.
    assert_eq!(calls(&report), [(3, "call-1"), (2, "call-2")], "out of order");
}

#[test]
fn a_hole_in_a_body_costs_that_message_only() {
    let (one, two) = (message(1), message(2));
    let end = one.len() as u32;
    let report =
        report(&to_port(5060, &[(0, &one[..one.len() - 40]), (end - 20, &one[one.len() - 20..]), (end, &two)]));
    assert_eq!(calls(&report), [(4, "call-2")]);
}

#[test]
fn behind_a_hole_the_next_segment_that_begins_a_message_is_believed() {
    let (one, two) = (message(1), message(2));
    let at = one.len() as u32 + 500;
    let report = report(&to_port(5060, &[(0, &one), (at, b"rest of something\r\n"), (at + 19, &two)]));
    assert_eq!(calls(&report), [(2, "call-1"), (4, "call-2")]);
    assert_eq!(report["limits"]["skipped_tcp_octets"], 19);
}

#[test]
fn a_connection_without_syn_is_read_too() {
    let frames: Vec<Vec<u8>> = to_port(5060, &[(0, &message(1))]).split_off(1);
    assert_eq!(calls(&report(&frames)), [(1, "call-1")]);
}

#[test]
fn a_body_that_is_too_long_is_passed_over() {
    let mut long = request("MESSAGE", "sip:bob@example.net", "long", 1).octets();
    long.truncate(long.len() - "Content-Length: 0\r\n\r\n".len());
    long.extend_from_slice(b"Content-Length: 300000\r\n\r\n");
    long.resize(long.len() + 300_000, b'x');
    long.extend_from_slice(&message(2));
    let segments: Vec<(u32, &[u8])> = (0..).step_by(60_000).zip(long.chunks(60_000)).collect();
    let report = report(&to_port(5060, &segments));
    assert_eq!(calls(&report), [(2, "long"), (7, "call-2")]);
}

#[test]
fn other_protocols_are_left_alone() {
    let http =
        report(&to_port(8080, &[(0, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (27, b"INVITE sip:a SIP/2.0\r\n\r\n")]));
    assert_eq!(http, json!({ "message": "No SIP messages found in this capture" }));
    let tls = report(&to_port(5061, &[(0, b"\x16\x03\x01\x00\x05hello")]));
    assert_eq!(tls["statistics"]["encrypted_connections"], 1);
    assert!(tls["message"].as_str().unwrap().contains("encrypted"));
    let junk = report(&to_port(5060, &[(0, b"\x00\x01\x02 nonsense")]));
    assert_eq!(faults(&junk), [("no_start_line", 1)]);
}

/// A text frame of a WebSocket, masked as clients must.
fn masked(payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&(payload.len() as u16).to_be_bytes());
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(octet, key)| octet ^ key));
    frame
}

#[test]
fn websockets_carry_messages() {
    let asked: &[u8] = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    let taken: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
    let options = request("OPTIONS", "sip:bob@example.net", "ws", 1);
    let first = masked(&options.octets());
    let answer = options.answer("200 OK", "b").octets();
    let mut reply = vec![0x81, 126];
    reply.extend_from_slice(&(answer.len() as u16).to_be_bytes());
    reply.extend_from_slice(&answer);
    let at = 100 + asked.len() as u32;
    let back = |sequence, flags, bytes: &[u8]| tcp((BOB, 80), (ALICE, 4000), flags, (sequence, at), bytes);
    let frames = [
        tcp((ALICE, 4000), (BOB, 80), SYN, (99, 0), &[]),
        back(499, 0x12, &[]),
        tcp((ALICE, 4000), (BOB, 80), DATA, (100, 500), asked),
        back(500, DATA, taken),
        tcp((ALICE, 4000), (BOB, 80), DATA, (at, 500), &first[..50]),
        tcp((ALICE, 4000), (BOB, 80), DATA, (at + 50, 500), &first[50..]),
        back(500 + taken.len() as u32, DATA, &reply),
    ];
    let report = report(&frames);
    assert_eq!(calls(&report), [(6, "ws"), (7, "ws")]);
    assert_eq!((&report["packets"][0]["transport"], &report["packets"][1]["request_frame"]), (&json!("WS"), &json!(6)));
    assert_eq!(report["statistics"]["websockets"], 1);
}
