//! What is told of DTLS.

use mcpcap_analyzer::harness::build::{pcap, udp};
use serde_json::{Value, json};

use super::build::{START, list, numbers, server_hello};

const CLIENT: (&str, u16) = ("192.0.2.1", 50_000);
const SERVER: (&str, u16) = ("198.51.100.1", 4_444);

/// A record of DTLS 1.2.
pub fn record(kind: u8, epoch: u16, content: &[u8]) -> Vec<u8> {
    [vec![kind, 0xfe, 0xfd], epoch.to_be_bytes().to_vec(), vec![0; 6], list(2, content)].concat()
}

/// A fragment of a handshake message.
fn fragment(kind: u8, number: u16, body: &[u8], from: usize, to: usize) -> Vec<u8> {
    let length = &(body.len() as u32).to_be_bytes()[1..];
    let offset = &(from as u32).to_be_bytes()[1..];
    [&[kind][..], length, &number.to_be_bytes(), offset, &list(3, &body[from..to])].concat()
}

fn body() -> Vec<u8> {
    body_with(None)
}

/// The same with one extension more.
fn body_with(further: Option<(u16, Vec<u8>)>) -> Vec<u8> {
    let names = list(2, &[vec![0], list(2, b"example.com")].concat());
    let extensions: Vec<u8> = [(0_u16, names), (10, numbers(2, &[29]))]
        .into_iter()
        .chain(further)
        .flat_map(|(code, bytes)| [code.to_be_bytes().to_vec(), list(2, &bytes)].concat())
        .collect();
    [vec![0xfe, 0xfd], vec![7; 32], vec![0, 0, 0, 2, 0xc0, 0x2b, 1, 0], list(2, &extensions)].concat()
}

/// A whole ClientHello.
pub fn hello(number: u16) -> Vec<u8> {
    let body = body();
    fragment(1, number, &body, 0, body.len())
}

fn report(datagrams: &[(bool, Vec<u8>)]) -> Value {
    let frames: Vec<_> = datagrams
        .iter()
        .zip((START..).step_by(1_000))
        .map(|((from_client, payload), time)| {
            let (from, to) = if *from_client { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
            (time, udp(from, to, payload))
        })
        .collect();
    super::run(&pcap(&frames), &json!({}))
}

#[test]
fn a_handshake_in_datagrams_is_told() {
    let body = body();
    let answer = server_hello(0xfefd, 0xc02b, &[]);
    let verify = [vec![0xfe, 0xff], list(1, &[5; 20])].concat();
    let finished = || [record(20, 0, &[1]), record(22, 1, &[0xee; 40])].concat();
    let report = report(&[
        (true, record(22, 0, &hello(0))),
        (false, record(22, 0, &fragment(3, 0, &verify, 0, verify.len()))),
        // The second one in two fragments, the later one first, and again.
        (true, record(22, 0, &fragment(1, 1, &body, 40, body.len()))),
        (true, record(22, 0, &fragment(1, 1, &body, 0, 50))),
        (true, record(22, 0, &fragment(1, 1, &body, 0, 50))),
        (false, record(22, 0, &[fragment(2, 1, &answer, 0, answer.len()), fragment(14, 2, &[], 0, 0)].concat())),
        (true, finished()),
        (false, finished()),
        (true, record(23, 1, &[1; 60])),
    ]);
    let connection = &report["connections"][0];
    for (field, expected) in [
        ("transport", json!("udp")),
        ("client_ip", json!("192.0.2.1")),
        ("server_port", json!(4_444)),
        ("outcome", json!("established")),
        ("server_name", json!("example.com")),
        ("version", json!("DTLS 1.2")),
        ("cipher_suite", json!("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")),
        ("retry_frame", json!(2)),
        ("client_hello_frame", json!(4)),
        ("server_hello_frame", json!(6)),
        ("handshake_ms", json!(7.0)),
        ("client_bytes", json!(60)),
    ] {
        assert_eq!(connection[field], expected, "{field}: {connection}");
    }
    assert!(connection["ja4"].as_str().unwrap().starts_with("dd2d0102"), "{connection}");
    assert_eq!((report["totals"]["connections"].as_u64(), super::faults(&report)), (Some(1), vec![]));
}

#[test]
fn what_only_looks_like_the_short_form_is_none() {
    // SNMP, and DNS with an id that begins so.
    for payload in [&b"\x30\x29\x02\x01\x00\x04\x06public"[..], b"\x2a\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00"]
    {
        let capture = pcap(&[(START, udp(CLIENT, SERVER, payload))]);
        mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing::<crate::tool::Tls>(&capture, &json!({}));
    }
    let middle = report(&[(true, record(23, 1, &[1; 60])), (false, record(23, 1, &[1; 70]))]);
    assert_eq!(middle["connections"][0]["outcome"], "handshake_not_seen");
}

#[test]
fn fragments_that_contradict_are_counted() {
    let body = body();
    let mut other = fragment(1, 0, &body, 0, 20);
    other[3] ^= 1;
    let report = report(&[(true, record(22, 0, &fragment(1, 0, &body, 20, 40))), (true, record(22, 0, &other))]);
    assert_eq!(super::faults(&report), [("bad_fragment", 1)]);
}

#[test]
fn another_connection_between_the_same_ends_is_another_one() {
    let answer = server_hello(0xfefd, 0xc02b, &[]);
    let finished = || [record(20, 0, &[1]), record(22, 1, &[0xee; 40])].concat();
    let whole = || {
        [
            (true, record(22, 0, &hello(0))),
            (false, record(22, 0, &fragment(2, 0, &answer, 0, answer.len()))),
            (true, finished()),
            (false, finished()),
        ]
    };
    let report = report(&[whole(), whole()].concat());
    assert_eq!((&report["totals"]["connections"], &report["totals"]["established"]), (&json!(2), &json!(2)));
    assert_eq!(report["connections"][0]["end"], "reused");
}

#[test]
fn records_with_connection_ids_are_counted_as_others() {
    let with_id = |id: &[u8], content: &[u8]| [&[25, 0xfe, 0xfd, 0, 1][..], &[0; 6], id, &list(2, content)].concat();
    // The client wants none, and the server one of three bytes.
    let body = body_with(Some((54, list(1, &[]))));
    let answer = server_hello(0xfefd, 0xc02b, &[(54, list(1, &[9, 8, 7]))]);
    let report = report(&[
        (true, record(22, 0, &fragment(1, 0, &body, 0, body.len()))),
        (false, record(22, 0, &fragment(2, 0, &answer, 0, answer.len()))),
        (true, [record(20, 0, &[1]), with_id(&[9, 8, 7], &[0xee; 40])].concat()),
        (false, [record(20, 0, &[1]), record(22, 1, &[0xee; 40])].concat()),
        (true, [with_id(&[9, 8, 7], &[1; 60]), with_id(&[9, 8, 7], &[2; 10])].concat()),
        (false, record(23, 1, &[3; 30])),
    ]);
    let connection = &report["connections"][0];
    assert_eq!(
        (&connection["outcome"], &connection["client_bytes"], &connection["server_bytes"]),
        (&json!("established"), &json!(70), &json!(30)),
        "{connection}"
    );
    assert_eq!(super::faults(&report), vec![]);
}
