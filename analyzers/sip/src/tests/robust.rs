//! Captures with random changes, and messages cut at every place: no panic.

use mcpcap_analyzer::harness::{self, build};
use serde_json::json;

use super::build::{ALICE, BOB, request};
use super::file;
use crate::message::facts::Facts;
use crate::message::{Message, sdp};
use crate::tool::SipPackets;

#[test]
fn changed_octets_never_panic() {
    for name in
        ["tests/captures/crafted/sip_edge.pcap", "tests/captures/crafted/sip_call.pcap", "examples/captures/sip.pcap"]
    {
        for capture in harness::changed(&file(name), 0x0073_6970, 150, 20) {
            let _ = harness::run::<SipPackets>(&capture, &json!({ "page": { "limit": 1000 }, "headers": true }));
        }
    }
}

fn read(octets: &[u8]) {
    for (cut, framed) in [(false, false), (true, false), (false, true)] {
        if let Ok(message) = Message::parse(octets, cut, framed) {
            let facts = Facts::of(&message);
            let _ = facts.from.uri.account();
            let _ = sdp::of_body(b"application/sdp", message.body, &sdp::Keep::default());
            let _ = sdp::of_body(b"multipart/x;boundary=v", message.body, &sdp::Keep::default());
        }
    }
}

#[test]
fn messages_cut_anywhere_or_changed_never_panic() {
    let octets = request("INVITE", "sip:bob:pw@[2001:db8::1]:5060;x?y", "c", 1)
        .with("Authorization: Digest username=\"a\\\"\", response=\"f\"\r\nContact: \"x\" <sip:a@b>;q=1, *\r\n")
        .sdp(ALICE, 4000)
        .octets();
    (0..=octets.len()).for_each(|end| read(&octets[..end]));
    let mut random = harness::Random::new(11);
    for _ in 0..20_000 {
        let mut copy = octets.clone();
        for _ in 0..1 + random.below(6) {
            let at = random.below(copy.len());
            copy[at] = b"\r\n:;,<>\"= \\[]@\0\xff"[random.below(16)];
        }
        read(&copy);
    }
}

#[test]
fn streams_of_random_pieces_never_panic() {
    let message = request("OPTIONS", "sip:bob@example.net", "c", 1).sdp(ALICE, 1).octets();
    let upgrade = b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: sip\r\n\r\n".to_vec();
    let mut random = harness::Random::new(5);
    for _ in 0..200 {
        let mut frames = Vec::new();
        let (mut at, mut time) = (1_u32, 0);
        for _ in 0..20 {
            let source = if random.below(3) == 0 { &upgrade } else { &message };
            let (from, to) = (random.below(source.len()), random.below(source.len()));
            let piece = &source[from.min(to)..from.max(to)];
            frames.push((time, build::tcp((ALICE, 4000), (BOB, 5060), 0x18, (at, 1), piece)));
            at += piece.len() as u32 + if random.below(5) == 0 { 7 } else { 0 };
            time += 1000;
        }
        harness::run::<SipPackets>(&build::pcap(&frames), &json!({})).unwrap();
    }
}
