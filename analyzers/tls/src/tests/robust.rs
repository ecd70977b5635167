//! Captures with random changes, and streams of random pieces: no panic.

use mcpcap_analyzer::harness;
use serde_json::json;

use super::build::{Certificate, Talk, Tested as _, in_records, message, record};
use crate::certificate;
use crate::tool::Tls;
use mcpcap_tls_hello::{ClientHello, Offer, ServerHello};

fn read(capture: &[u8]) {
    let _ = harness::run::<Tls>(capture, &json!({ "page": { "limit": 1000 }, "offers": true }));
}

#[test]
fn changed_bytes_never_panic() {
    let chain = [Certificate::default().der(), Certificate { subject: "Example CA", ..Certificate::default() }.der()];
    let capture = Talk::open().handshake("www.example.com", &chain).close().capture();
    for changed in harness::changed(&capture, 0x0074_6c73, 3_000, 12) {
        read(&changed);
    }
}

/// Also of captures of others, when their folder is named.
#[test]
fn changed_captures_never_panic() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    for topic in ["tls", "dtls"] {
        let files = std::fs::read_dir(std::path::Path::new(&folder).join(topic)).unwrap();
        for file in files {
            let capture = std::fs::read(file.unwrap().path()).unwrap();
            for changed in harness::changed(&capture, 0x0074_6c73, 20, 40) {
                read(&changed);
            }
        }
    }
}

#[test]
fn certificates_with_changes_or_cut_anywhere_never_panic() {
    let der = Certificate::default().der();
    for end in 0..der.len() {
        let _ = certificate::Certificate::read(&der[..end]);
    }
    let mut random = harness::Random::new(7);
    for _ in 0..20_000 {
        let mut copy = der.clone();
        for _ in 0..1 + random.below(5) {
            let at = random.below(copy.len());
            copy[at] = [0, 1, 0x7f, 0x80, 0x82, 0x84, 0xff, random.below(256) as u8][random.below(8)];
        }
        let _ = certificate::Certificate::read(&copy);
    }
}

#[test]
fn random_hellos_never_panic() {
    let mut random = harness::Random::new(9);
    for _ in 0..20_000 {
        let bytes: Vec<u8> =
            (0..random.below(200)).map(|_| [0, 1, 2, 3, 43, 51, random.below(256) as u8][random.below(7)]).collect();
        for datagram in [false, true] {
            if let Some(hello) = ClientHello::parse(&bytes, datagram) {
                let _ = Offer::new(&hello, mcpcap_tls_hello::fingerprint::Carrier::Tcp, true);
            }
        }
        let _ = ServerHello::parse(&bytes);
    }
}

#[test]
fn streams_of_random_pieces_never_panic() {
    let flight =
        [record(22, &message(1, &super::build::hello_for("example.com"))), in_records(&message(11, &[1; 300]), 50)]
            .concat();
    let mut random = harness::Random::new(5);
    for _ in 0..500 {
        let talk = (0..20).fold(Talk::open(), |talk, _| {
            let (one, other) = (random.below(flight.len()), random.below(flight.len()));
            let piece = &flight[one.min(other)..one.max(other)];
            match random.below(5) {
                0 => talk.lose_asked(7).ask(piece),
                1 => talk.lose(9).tell(piece),
                2 => talk.tell(piece),
                _ => talk.ask(piece),
            }
        });
        read(&talk.capture());
    }
}

#[test]
fn a_message_without_end_is_let_go() {
    // Its length says 16 MiB.
    let record = record(22, &[&[11, 0xff, 0xff, 0xff][..], &[0; 16_000]].concat());
    let more = super::build::record(22, &[0; 16_000]);
    let hello = super::build::record(22, &message(1, &super::build::hello_for("example.com")));
    let talk = (0..600).fold(Talk::open().ask(hello).tell(record), |talk, _| talk.tell(&more));
    let report = talk.report();
    assert_eq!(report["connections"][0]["server_name"], "example.com");
}

#[test]
fn what_is_wrong_is_counted_with_its_reason_and_frame() {
    use super::build::{client_hello, hello_for, list, server_hello};
    let hello = || message(1, &hello_for("example.com"));
    let trailing = |mut body: Vec<u8>| {
        body.extend([0; 3]);
        message(1, &body)
    };
    let lying = client_hello(0x0303, &[0xc02f], &[(10, vec![0xff, 0xff])]);
    let twice = client_hello(0x0303, &[0xc02f], &[(23, vec![]), (23, vec![])]);
    let whole = hello();
    let (half, rest) = whole.split_at(30);
    let answer = message(2, &server_hello(0x0303, 0xc02f, &[]));
    let chain = [message(2, &server_hello(0x0303, 0xc02f, &[])), message(11, &list(3, &[0, 0, 9, 1]))].concat();
    for (asked, told, expected) in [
        ([record(22, &hello()), b"no record".to_vec()].concat(), vec![], ("no_record", 4)),
        ([record(22, &hello()), record(22, &[])].concat(), vec![], ("empty_record", 4)),
        ([record(22, half), record(20, &[1]), record(22, rest)].concat(), vec![], ("interleaved", 4)),
        (record(22, &message(1, &lying)), vec![], ("hello_length", 4)),
        (record(22, &message(1, &twice)), vec![], ("duplicate_extension", 4)),
        (record(22, &trailing(hello_for("example.com"))), vec![], ("trailing_bytes", 4)),
        (record(22, &hello()), [record(22, &answer), record(21, &[9, 40])].concat(), ("bad_alert", 5)),
        (record(22, &hello()), record(22, &chain), ("certificate_length", 5)),
        (record(22, &hello()), record(22, &[&[11, 4, 0, 0][..], &[0; 5000]].concat()), ("long_message", 5)),
    ] {
        let report = Talk::open().ask(&asked).tell(&told).report();
        let malformed = &report["statistics"]["malformed"];
        assert_eq!(super::faults(&report), [(expected.0, 1)], "{report}");
        assert_eq!(malformed[0]["frames"], json!([expected.1]), "{malformed}");
    }
}
