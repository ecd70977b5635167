//! `get_stream` on what ICMP echoes and DNS names carry.

use mcpcap_analyzer::harness::build;
use serde_json::json;

use super::streams::{capture, stream, told};

const CLIENT: &str = "192.0.2.1";
const SERVER: &str = "192.0.2.2";

/// An echo request of the client, or a reply of the server.
fn echo(is_request: bool, sequence: u16, data: &[u8]) -> Vec<u8> {
    let ends = if is_request { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
    // UDP's header takes 8 bytes, as that of an echo does: its protocol number and header are exchanged.
    let mut frame = build::udp((ends.0, 0), (ends.1, 0), data);
    frame[23] = 1;
    let [high, low] = sequence.to_be_bytes();
    frame[34..42].copy_from_slice(&[if is_request { 8 } else { 0 }, 0, 0, 0, 0, 7, high, low]);
    frame
}

fn name(labels: &[&[u8]]) -> Vec<u8> {
    let label = |label: &&[u8]| [&[label.len() as u8][..], label].concat();
    let mut name: Vec<u8> = labels.iter().flat_map(label).collect();
    name.push(0);
    name
}

/// A query for a name, or a response with one record of it.
fn dns(id: u16, labels: &[&[u8]], kind: u16, answer: Option<&[u8]>) -> Vec<u8> {
    let flags = if answer.is_some() { 0x8180_u16 } else { 0x0100 };
    let words = [id, flags, 1, answer.is_some().into(), 0, 0];
    let mut message: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    message.extend([name(labels), kind.to_be_bytes().to_vec(), vec![0, 1]].concat());
    if let Some(data) = answer {
        message.extend([0xc0, 12]);
        message
            .extend([&kind.to_be_bytes()[..], &[0, 1, 0, 0, 0, 0], &(data.len() as u16).to_be_bytes(), data].concat());
    }
    let (client, server) = ((CLIENT, 5000), (SERVER, 53));
    if answer.is_some() { build::udp(server, client, &message) } else { build::udp(client, server, &message) }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    mcpcap_analyzer::text::hexadecimal(bytes, "", bytes.len()).into_bytes()
}

#[test]
fn echoes_with_packets_in_them_are_a_tunnel_and_replies_that_repeat_are_none() {
    let packet = build::udp(("10.9.0.1", 1), ("10.9.0.2", 2), b"inner")[14..].to_vec();
    let data = [b"hanc\x04", &packet[..]].concat();
    let frames =
        vec![echo(true, 1, &data), echo(false, 1, &data), echo(true, 2, &data), echo(false, 2, b"other data of it")];
    let report = stream(&capture(frames), &json!({ "frame": 2 }));
    let expected =
        "a tunnel in ICMP echoes of hans: IP packets in 2 of 3 echo messages; the first is UDP 10.9.0.1 > 10.9.0.2";
    assert_eq!((&report["what"], &report["protocol"]), (&json!(expected), &json!("icmp")));
    let frames: Vec<_> = told(&report).into_iter().map(|piece| (piece.0, piece.2)).collect();
    let of = |from: &str, frame: u64| (from.to_owned(), json!([frame]));
    assert_eq!(frames, [of("client", 1), of("client", 3), of("server", 4)]);
    assert_eq!((&report["client"], report.get("roles_guessed")), (&json!(CLIENT), None));
}

#[test]
fn echoes_whose_data_joined_is_a_known_protocol_are_a_tunnel() {
    let frames = vec![
        echo(true, 1, b"GET /secret HTTP/1.1\r\nHost: "),
        echo(true, 2, b"example.com\r\n\r\n"),
        echo(false, 2, b"HTTP/1.1 200 OK\r\n\r\n"),
    ];
    let report = stream(&capture(frames), &json!({ "client": CLIENT, "server": SERVER }));
    let expected = "a tunnel in ICMP echoes; it carries http: GET /secret HTTP/1.1 / http: HTTP/1.1 200 OK";
    assert_eq!(report["what"], expected);
}

#[test]
fn what_packets_in_echoes_carry_is_looked_at() {
    let inner =
        |n: u32, text: &[u8]| build::tcp(("10.9.0.1", 4000), ("10.9.0.2", 8080), 0x10, (n, 1), text)[14..].to_vec();
    let frames = vec![echo(true, 1, &inner(1, b"")), echo(true, 2, &inner(1, b"GET /secret HTTP/1.1\r\n\r\n"))];
    let report = stream(&capture(frames), &json!({ "frame": 1 }));
    let expected = "a tunnel in ICMP echoes: IP packets in 2 of 2 echo messages; the first is TCP 10.9.0.1 > 10.9.0.2; they carry http \
        GET /secret HTTP/1.1, 10.9.0.1:4000 > 10.9.0.2:8080";
    assert_eq!(report["what"], expected);
}

#[test]
fn ordinary_pings_are_no_tunnel() {
    let windows = b"abcdefghijklmnopqrstuvwabcdefghi";
    let frames = (1..5).flat_map(|n| [echo(true, n, windows), echo(false, n, windows)]).collect();
    let report = stream(&capture(frames), &json!({ "protocol": "icmp" }));
    assert!(report["what"].as_str().unwrap().starts_with("ordinary pings"), "{report}");
    assert_eq!((report.get("recognised_by"), told(&report).len()), (None, 4));
}

#[test]
fn iodine_is_told_by_its_version_and_login() {
    // What iodine 0.7 sends first: v, and in its base32 0x00000502 with a seed; VACK answers it.
    let domain: [&[u8]; 3] = [b"t", b"example", b"com"];
    let labels = |first: &'static [u8]| [&[first][..], &domain].concat();
    let frames = vec![
        dns(1, &labels(b"vaaaakaqc"), 10, None),
        dns(1, &labels(b"vaaaakaqc"), 10, Some(b"VACK\x12\x34\x56\x78\x00")),
        dns(2, &labels(b"laabcdefgh"), 10, None),
        dns(2, &labels(b"laabcdefgh"), 10, Some(b"10.0.0.1-10.0.0.2-1130-27")),
    ];
    let report = stream(&capture(frames), &json!({ "protocol": "dns", "frame": 3 }));
    let expected = "a DNS tunnel of iodine, version 0x00000502, under t.example.com (NULL), accepted by the server, addresses and MTU \
        10.0.0.1-10.0.0.2-1130-27; the IP packets that it carries are compressed and not taken apart";
    assert_eq!((&report["what"], &report["recognised_by"]), (&json!(expected), &json!("signature")));
    assert_eq!(told(&report)[3].1, "10.0.0.1-10.0.0.2-1130-27");
}

#[test]
fn dnscat2_is_told_by_its_packets_and_read_where_it_is_not_encrypted() {
    // The protocol's document: identifier, type (0: SYN, 1: MSG), session, and of MSG two numbers and the data.
    let packet = |kind: u8, rest: &[u8]| hex(&[&[0xab, 0xcd, kind, 0x12, 0x34][..], rest].concat());
    let message = |data: &[u8]| packet(1, &[&[0, 1, 0, 2][..], data].concat());
    let text = |text: Vec<u8>| [&[text.len() as u8][..], &text].concat();
    let frames = |kind: u8| {
        let part = |data: &[u8]| if kind == 1 { message(data) } else { packet(kind, data) };
        let sent = [packet(0, &[0, 1, 0, 0]), part(b"SSH-2.0-OpenSSH"), part(b"_9.2\r\n"), part(b"more")];
        let one = |(n, query): (u16, Vec<u8>)| {
            let labels: [&[u8]; 3] = [&query, b"evil", b"example"];
            [dns(n, &labels, 16, None), dns(n, &labels, 16, Some(&text(part(b"SSH-2.0-server\r\n"))))]
        };
        capture((1_u16..).zip(sent).flat_map(one).collect())
    };
    let report = stream(&frames(1), &json!({ "protocol": "dns" }));
    let expected = "a DNS tunnel of dnscat2 under evil.example (TXT), session 0x1234; its data is readable; it carries ssh: \
        SSH-2.0-OpenSSH_9.2 / ssh: SSH-2.0-server";
    assert_eq!(report["what"], expected);
    assert_eq!(told(&report)[2].1, "\\xab\\xcd\\x01\\x124\\x00\\x01\\x00\\x02SSH-2.0-OpenSSH");
    let report = stream(&frames(3), &json!({ "protocol": "dns", "server": SERVER }));
    assert_eq!(report["what"], "a DNS tunnel of dnscat2 under evil.example (TXT), session 0x1234; it is encrypted");
}

#[test]
fn names_in_a_known_encoding_are_decoded_and_looked_at() {
    let text = b"GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: none\r\n\r\n";
    let frames =
        (1_u16..).zip(text.chunks(15)).map(|(n, part)| dns(n, &[&hex(part), b"x", b"example", b"net"], 1, None));
    let report = stream(&capture(frames.collect()), &json!({ "protocol": "dns" }));
    let expected = "perhaps a DNS tunnel under x.example.net (A): 5 queries, 27 letters on average, which decode as hex; they carry http: \
        GET /index.html HTTP/1.1";
    assert_eq!(report["what"], expected);
    assert_eq!(told(&report)[0].1, "GET /index.html");
}

#[test]
fn ordinary_names_are_no_tunnel() {
    let hosts: [&[u8]; 5] = [b"www", b"mail", b"ns1", b"ns2", b"intranet"];
    let frames = (1_u16..).zip(hosts).map(|(n, host)| dns(n, &[host, b"example", b"org"], 1, None)).collect();
    let report = stream(&capture(frames), &json!({ "protocol": "dns" }));
    let expected =
        "not recognised as a tunnel: 5 queries about example.org (A), whose first labels have 4 letters on average";
    assert_eq!((&report["what"], report.get("recognised_by")), (&json!(expected), None));
}
