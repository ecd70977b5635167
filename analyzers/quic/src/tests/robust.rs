//! Captures with random changes, and packets of random frames: no panic, and what is wrong is counted.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::stream::Side;
use serde_json::json;

use crate::build::{
    Initial, OF_CLIENT, OF_SERVER, ORIGINAL, Wire, answer, crypto, encrypted, hello, hello_with, long, negotiation,
    retry, short, varint,
};
use crate::packet::Kind;
use crate::tool::Quic;

fn read(capture: &[u8]) {
    let _ = harness::run::<Quic>(capture, &json!({ "page": { "limit": 1000 }, "offers": true }));
}

fn whole() -> Vec<u8> {
    Wire::default()
        .handshake("www.example.com", "h3")
        .tell(retry(OF_SERVER, b"token", &[7; 16]))
        .tell(negotiation(&[0x6b33_43cf]))
        .ask(encrypted(Kind::ZeroRtt, ORIGINAL, OF_CLIENT, 300))
        .ask(short(&[3; 8], 50))
        .capture()
}

#[test]
fn changed_bytes_never_panic() {
    for changed in harness::changed(&whole(), 0x7175_6963, 1_000, 12) {
        read(&changed);
    }
}

/// Also of captures of others, when their folder is named.
#[test]
fn changed_captures_never_panic() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    for (_, capture) in harness::files(&folder.into_string().unwrap(), &["quic"]) {
        for changed in harness::changed(&capture, 0x7175_6963, 40, 40) {
            read(&changed);
        }
    }
}

/// Packets that can be decrypted reach what changed ones do not: their frames are random.
#[test]
fn random_frames_never_panic() {
    let (hello, answer) = (hello("example.com", "h3"), answer());
    let mut random = harness::Random::new(11);
    for _ in 0..500 {
        let wire = (0..6).fold(Wire::default(), |wire, number| {
            let mut frames = Vec::new();
            for _ in 0..1 + random.below(6) {
                let from_server = number % 2 == 1;
                let message = if from_server { &answer } else { &hello };
                let (one, other) = (random.below(message.len()), random.below(message.len()));
                let (from, to) = (one.min(other), one.max(other));
                match random.below(6) {
                    0 => frames.extend(
                        (0..random.below(30)).map(|_| [0, 2, 6, 0x1c, 0xff, random.below(256) as u8][random.below(6)]),
                    ),
                    1 => frames.extend(crypto(random.below(200_000), &message[from..to])),
                    2 => frames.extend(crypto(from, &vec![random.below(256) as u8; to - from])),
                    3 => frames.extend(crypto(0, message)),
                    _ => frames.extend(crypto(from, &message[from..to])),
                }
            }
            if number % 2 == 0 {
                wire.ask(Initial { number, ..Initial::default() }.packet(&frames))
            } else {
                wire.tell(Initial { number, ..Initial::of_server() }.packet(&frames))
            }
        });
        read(&wire.capture());
    }
}

/// The same as the fuzz target `quic_frames`.
#[test]
fn frames_of_any_bytes_never_panic() {
    let mut random = harness::Random::new(17);
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..random.below(900))
            .map(|_| [0, 1, 2, 6, 0x1c, 0x40, 16, 57, random.below(256) as u8][random.below(9)])
            .collect();
        read(&crate::build::of_frames(&bytes));
    }
}

#[test]
fn random_headers_never_panic() {
    let mut random = harness::Random::new(13);
    for _ in 0..1_000 {
        let wire = (0..8).fold(Wire::default(), |wire, _| {
            let kind = [Kind::Initial, Kind::ZeroRtt, Kind::Handshake, Kind::Retry][random.below(4)];
            let version = [1, 0x6b33_43cf, 0xff00_001d, 0, 0x5130_3436, 0x0a0a_0a0a][random.below(6)];
            let id = |random: &mut harness::Random| vec![random.below(4) as u8; random.below(22)];
            let mut packet = long(version, kind, random.below(16) as u8, &id(&mut random), &id(&mut random));
            packet.extend(varint(random.below(60)));
            packet.extend((0..random.below(80)).map(|_| random.below(3) as u8));
            if random.below(2) == 0 { wire.ask(packet) } else { wire.tell(packet) }
        });
        read(&wire.capture());
    }
}

#[test]
fn what_is_wrong_is_counted_with_its_reason_and_frame() {
    let hello = || crypto(0, &hello("example.com", "h3"));
    let first = || Initial::default().packet(&hello());
    let second = Initial { number: 1, ..Initial::default() };
    let server = Initial::of_server();
    let of_server =
        |from: Side, token: &'static [u8]| Initial { from, token, ..server.clone() }.packet(&crypto(0, &answer()));
    let twice = hello_with("example.com", "h3", OF_CLIENT, &[(23, vec![]), (23, vec![])]);
    let lying = hello_with("example.com", "h3", OF_CLIENT, &[(0xfe0d, vec![0])]);
    let mut trailing = crate::build::hello("example.com", "h3");
    trailing[3] += 3;
    trailing.extend([0; 3]);
    let without = mcpcap_tls_hello::build::message(1, &mcpcap_tls_hello::build::hello_for("example.com"));
    let other = crate::build::hello_with("example.com", "h3", &[9; 4], &[]);
    let parameters = |bytes: Vec<u8>| {
        let extensions = [(43_u16, vec![2, 3, 4]), (57, bytes)];
        mcpcap_tls_hello::build::message(1, &mcpcap_tls_hello::build::client_hello(0x0303, &[0x1301], &extensions))
    };
    let whole = crate::build::hello("example.com", "h3");
    let contradicting = [crypto(0, &whole[..60]), crypto(50, &[0; 10]), crypto(60, &whole[60..])].concat();
    let mut suite = answer();
    suite[4 + 2 + 32 + 1 + 1] = 0x09;
    let alone = |message: &[u8]| Wire::default().ask(Initial::default().packet(&crypto(0, message)));
    for (wire, reason, frame) in [
        (Wire::default().ask(first()).ask([first(), vec![0xc0, 0, 0, 0, 1, 8]].concat()), "packet_length", 2),
        (
            Wire::default().ask([first(), encrypted(Kind::Handshake, &[1; 8], OF_CLIENT, 30)].concat()),
            "mixed_datagram",
            1,
        ),
        (Wire::default().ask(Initial { size: 900, ..Initial::default() }.packet(&hello())), "small_initial", 1),
        (Wire::default().ask(first()).tell(of_server(Side::Server, b"token")), "server_token", 2),
        (Wire::default().ask(first()).tell(of_server(Side::Client, b"")), "not_decrypted", 2),
        (
            Wire::default().ask(Initial::default().packet(&[hello(), vec![1; 700], vec![6, 0, 0x7f, 0xff]].concat())),
            "frame_length",
            1,
        ),
        (Wire::default().ask(Initial::default().packet(&[hello(), vec![8]].concat())), "frame_kind", 1),
        (Wire::default().ask(Initial::default().packet(&contradicting)), "crypto_contradicts", 1),
        (Wire::default().ask(first()).ask(second.packet(&crypto(200_000, &[0]))), "crypto_beyond", 2),
        (alone(&twice), "duplicate_extension", 1),
        (alone(&lying), "hello_length", 1),
        (alone(&trailing), "trailing_bytes", 1),
        (alone(&without), "no_parameters", 1),
        (alone(&parameters(vec![1, 9, 0])), "bad_parameters", 1),
        (alone(&other), "other_source", 1),
        (Wire::default().ask(first()).tell(server.packet(&crypto(0, &suite))), "suite_not_offered", 2),
        (Wire::default().ask(first()).tell(retry(OF_SERVER, b"", &[0; 16])), "retry_tag", 2),
        (Wire::default().ask(first()).tell(negotiation(&[1])), "negotiation_lists_version", 2),
    ] {
        let report = wire.report();
        let malformed = &report["statistics"]["malformed"];
        assert_eq!(super::faults(&report), [(reason, 1)], "{report}");
        assert_eq!(malformed[0]["frames"], json!([frame]), "{malformed}");
        assert_eq!(report["connections"][0]["malformed"], json!([reason]));
    }
}

#[test]
fn pieces_beyond_the_room_are_counted() {
    // One byte of every two, so that none joins another one.
    let wire = (0..12).fold(Wire::default(), |wire, number| {
        let frames: Vec<u8> = (0..100).flat_map(|place| crypto(1 + 2 * (100 * number + place), &[0])).collect();
        wire.ask(Initial { number: number as u64, ..Initial::default() }.packet(&frames))
    });
    assert_eq!(super::faults(&wire.report()), [("crypto_pieces", 1)]);
}

#[test]
fn initials_that_the_snap_length_cut_are_counted() {
    let mut capture = Wire::default().ask(Initial::default().packet(&crypto(0, &hello("example.com", "h3")))).capture();
    // The record's captured length: 300 bytes of the frame.
    capture[24 + 8..24 + 12].copy_from_slice(&300_u32.to_le_bytes());
    capture.truncate(24 + 16 + 300);
    let report = super::run(&capture, &json!({}));
    assert_eq!((&report["limits"]["cut_initials"], super::faults(&report)), (&json!(1), vec![]));
    assert_eq!(report["connections"][0]["outcome"], "handshake_not_seen");
}
