//! Conversations, from frames on.

use std::collections::BTreeMap;

use super::*;
use crate::Flow;
use crate::decode::{Decoder, TcpFlags};
use crate::harness::{self, build};

const CLIENT: (&str, u16) = ("192.0.2.1", 40_000);
const ACK: u16 = TcpFlags::ACK | TcpFlags::PSH;

type Counts = BTreeMap<(&'static str, &'static str), (u64, u64)>;

/// Protocol, how it was recognised, packets and first frame, of frames that are all at one place.
fn counts(frames: Vec<Vec<u8>>) -> Counts {
    counts_in(Conversations::new(), frames).0
}

fn counts_in(mut conversations: Conversations, frames: Vec<Vec<u8>>) -> (Counts, u64) {
    let mut decoder = Decoder::new();
    let mut found = Counts::new();
    let mut settle = |settled: Settled| {
        let key = settled.protocol.map_or(("data", ""), |(protocol, by)| (protocol.name(), by.name()));
        let entry = found.entry(key).or_insert((0, u64::MAX));
        *entry = (entry.0 + settled.packets, entry.1.min(settled.first_frame));
    };
    let capture = build::pcap(&frames.into_iter().map(|frame| (0, frame)).collect::<Vec<_>>());
    harness::frames(&capture, |frame| {
        let packet = decoder.decode(frame);
        conversations.push(&packet, 0, u64::from(frame.original), &mut settle);
        Ok(Flow::More)
    })
    .unwrap();
    conversations.finish(&mut settle);
    let evicted = conversations.evicted();
    (found, evicted)
}

/// Segments of one connection: who sends (the client?), and what.
fn segments(server: (&'static str, u16), client: (&'static str, u16), data: &[(bool, &[u8])]) -> Vec<Vec<u8>> {
    let mut numbers = (1_u32, 1_u32);
    let mut frames = Vec::new();
    for (from_client, payload) in data {
        let length = u32::try_from(payload.len()).unwrap();
        if *from_client {
            frames.push(build::tcp(client, server, ACK, numbers, payload));
            numbers.0 += length;
        } else {
            frames.push(build::tcp(server, client, ACK, (numbers.1, numbers.0), payload));
            numbers.1 += length;
        }
    }
    frames
}

fn only(protocol: &'static str, by: &'static str, packets: u64) -> Counts {
    Counts::from([((protocol, by), (packets, 1))])
}

#[test]
fn a_connection_is_what_either_direction_tells_also_before_that() {
    // The middle of an answer first, then the next request.
    for (server, client) in [(("192.0.2.9", 9_999), CLIENT), (("2001:db8::9", 9_999), ("2001:db8::1", 40_000))] {
        let frames = segments(
            server,
            client,
            &[(false, b"body"), (true, b""), (true, b"GET / HTTP/1.1\r\n\r\n"), (false, b"\x00\x01")],
        );
        assert_eq!(counts(frames), only("http", "signature", 3), "a segment without payload is TCP and no more");
    }
}

/// Tor's sources make the names of a link's certificate so; other certificates stay TLS.
#[test]
fn tor_is_known_by_the_certificate_of_its_links() {
    let hello = b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03and so on";
    let certificate = |issuer: &str, subject: &str| {
        let names = format!("0\x1e\x06\x03U\x04\x03\x0c\x15{issuer}0\x1e\x06\x03U\x04\x03\x0c\x15{subject}0Y");
        [b"\x16\x03\x03\x01\x00\x0b\x00\x00\xfc\x00\x00\xf9", names.as_bytes()].concat()
    };
    for (issuer, subject, expected) in [
        ("www.qbhxskyipzxp5z.com", "www.6k7ojdrnhlzu.net", "tor"),
        ("www.example.com", "www.example.net", "tls"),
        ("www.qbhxskyipzxp5z.com", "www.qbhxskyipzxp5z.com", "tls"),
    ] {
        let answer = certificate(issuer, subject);
        let frames =
            segments(("192.0.2.9", 9001), CLIENT, &[(true, hello), (false, &answer), (true, b"\x17\x03\x03\x00\x01x")]);
        assert_eq!(counts(frames), only(expected, "signature", 3), "{issuer}");
    }
}

#[test]
fn without_a_form_the_port_is_taken_and_said_so() {
    assert_eq!(
        counts(segments(("192.0.2.9", 443), CLIENT, &[(true, b"\x01\x02\x03\x04 nothing known")])),
        only("tls", "port", 1)
    );
    assert_eq!(
        counts(segments(("192.0.2.9", 9_999), CLIENT, &[(true, b"nothing known")])),
        Counts::from([(("data", ""), (1, 1))])
    );
    // Every message of DNS has its form: what has not is not DNS.
    assert_eq!(
        counts(vec![build::udp(CLIENT, ("192.0.2.9", 53), b"not a query at all")]),
        Counts::from([(("data", ""), (1, 1))])
    );
    // QUIC's short headers have none.
    assert_eq!(counts(vec![build::udp(CLIENT, ("192.0.2.9", 443), &[0x4a; 40])]), only("quic", "port", 1));
    assert_eq!(counts(vec![build::udp(CLIENT, ("192.0.2.9", 5060), b"\r\n\r\n")]), only("sip", "port", 1));
    // A tunnel that nothing looks into.
    assert_eq!(counts(vec![build::udp(CLIENT, ("192.0.2.9", 4342), &[0; 40])]), only("lisp", "port", 1));
}

#[test]
fn first_bytes_in_small_segments_are_put_together() {
    let frames = segments(
        ("192.0.2.9", 9_999),
        CLIENT,
        &[(true, b"G"), (true, b"ET /inde"), (true, b"x.html HTTP/1.1\r\n\r\n")],
    );
    assert_eq!(counts(frames), only("http", "signature", 3));
    let mut frames = segments(("192.0.2.9", 9_999), CLIENT, &[(true, b"SS"), (true, b"H-2.0-x\r\n")]);
    // The first one again tells nothing new.
    frames.insert(1, frames[0].clone());
    assert_eq!(counts(frames), only("ssh", "signature", 3));
}

#[test]
fn weak_beginnings_count_where_both_directions_agree() {
    let port = ("192.0.2.9", 9_999);
    assert_eq!(counts(segments(port, CLIENT, &[(true, &[5, 1, 0]), (false, &[5, 0])])), only("socks", "signature", 2));
    assert_eq!(counts(segments(port, CLIENT, &[(true, &[5, 1, 0])])), Counts::from([(("data", ""), (1, 1))]));
    let ftp: &[(bool, &[u8])] = &[(false, b"220 ready\r\n"), (true, b"USER joe\r\n")];
    assert_eq!(counts(segments(port, CLIENT, ftp)), only("ftp", "signature", 2));
    let pop: &[(bool, &[u8])] = &[(false, b"+OK ready\r\n"), (true, b"USER joe\r\n")];
    assert_eq!(counts(segments(port, CLIENT, pop)), only("pop3", "signature", 2));
    let telnet: &[(bool, &[u8])] = &[(false, &[0xff, 0xfd, 0x18]), (true, &[0xff, 0xfb, 0x18])];
    assert_eq!(counts(segments(port, CLIENT, telnet)), only("telnet", "signature", 2));
}

#[test]
fn a_connection_that_goes_over_to_another_protocol_is_both() {
    const HELLO: &[u8] = &[0x16, 3, 1, 0, 4, 1, 0, 0, 0];
    let mail: &[(bool, &[u8])] = &[
        (false, b"220 a ESMTP\r\n"),
        (true, b"STARTTLS\r\n"),
        (false, b"220 go\r\n"),
        (true, HELLO),
        (false, &[1, 2]),
    ];
    let expected = Counts::from([(("smtp", "signature"), (3, 1)), (("tls", "signature"), (2, 4))]);
    assert_eq!(counts(segments(("192.0.2.9", 25), CLIENT, mail)), expected);
    let upgrade: &[(bool, &[u8])] = &[
        (true, b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
        (false, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\n"),
        (true, &[0x81, 0x85, 1, 2, 3, 4]),
        (false, &[0x81, 0x05]),
    ];
    let expected = Counts::from([(("http", "signature"), (2, 1)), (("websocket", "signature"), (2, 3))]);
    assert_eq!(counts(segments(("192.0.2.9", 80), CLIENT, upgrade)), expected);
    let smb: &[(bool, &[u8])] =
        &[(true, b"\0\0\0\x20\xffSMBr"), (false, b"\0\0\0\x20\xfeSMB@"), (true, b"\0\0\0\x20\xfeSMB@")];
    let expected = Counts::from([(("smb", "signature"), (1, 1)), (("smb2", "signature"), (2, 2))]);
    assert_eq!(counts(segments(("192.0.2.9", 445), CLIENT, smb)), expected);
}

fn rtp(sequence: u16, source: u8) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    [&[0x80, 0, high, low, 0, 0, 0, 1, 0, 0, 0, source][..], &[0xd5; 160]].concat()
}

#[test]
fn rtp_takes_several_packets_that_follow_each_other() {
    let to = ("192.0.2.9", 30_000);
    let frames =
        |packets: &[(u16, u8)]| packets.iter().map(|(n, source)| build::udp(CLIENT, to, &rtp(*n, *source))).collect();
    assert_eq!(counts(frames(&[(65_534, 1), (65_535, 1), (0, 1), (7, 1)])), only("rtp", "signature", 4));
    // Each captured three times.
    assert_eq!(
        counts(frames(&[(1, 1), (1, 1), (1, 1), (2, 1), (2, 1), (2, 1), (3, 1), (3, 1), (3, 1)])),
        only("rtp", "signature", 9)
    );
    let none = |packets| Counts::from([(("data", ""), (packets, 1))]);
    assert_eq!(counts(frames(&[(1, 1), (1, 1), (1, 1), (1, 1)])), none(4));
    assert_eq!(counts(frames(&[(1, 1), (2, 1)])), none(2));
    assert_eq!(counts(frames(&[(1, 1), (3, 1), (5, 1), (7, 1)])), none(4));
    assert_eq!(counts(frames(&[(1, 1), (2, 2), (3, 3), (4, 4)])), none(4));
}

#[test]
fn media_that_share_a_port_are_told_apart() {
    let to = ("192.0.2.9", 30_000);
    let stun = b"\0\x01\0\0\x21\x12\xa4\x42abcdefghijkl";
    let dtls = b"\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x04\x01\0\0\0";
    let mut frames = vec![build::udp(CLIENT, to, stun), build::udp(to, CLIENT, dtls)];
    frames.extend((1..4).map(|n| build::udp(CLIENT, to, &rtp(n, 1))));
    frames.push(build::udp(CLIENT, to, &[0x80, 200, 0, 6, 0, 0, 0, 1, 0, 0]));
    let expected = Counts::from([
        (("stun", "signature"), (1, 1)),
        (("dtls", "signature"), (1, 2)),
        (("rtp", "signature"), (3, 3)),
        (("rtcp", "signature"), (1, 6)),
    ]);
    assert_eq!(counts(frames), expected);
}

#[test]
fn announced_conversations_are_known() {
    let server = ("192.0.2.9", 21);
    let mut frames = segments(
        server,
        CLIENT,
        &[(false, b"220 FTP\r\n"), (false, b"227 Entering Passive Mode (192,0,2,9,4,1).\r\n")],
    );
    frames.extend(segments(("192.0.2.9", 1_025), ("192.0.2.1", 40_001), &[(false, b"bytes of a file")]));
    // TFTP answers from another port.
    frames.push(build::udp(CLIENT, ("192.0.2.9", 69), b"\0\x01a.bin\0octet\0"));
    frames.push(build::udp(("192.0.2.9", 50_000), CLIENT, b"\0\x03\0\x01bytes"));
    // Answers to a search by multicast: DNS by its form; LLMNR by its form and port.
    let query = b"\x12\x34\0\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
    let answer =
        b"\x12\x34\x80\0\0\x01\0\x01\0\0\0\0\x01a\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x1e\0\x04\xc0\0\x02\x09";
    frames.push(build::udp(("192.0.2.1", 50_001), ("224.0.0.251", 5353), query));
    frames.push(build::udp(("192.0.2.9", 5353), ("192.0.2.1", 50_001), answer));
    frames.push(build::udp(("192.0.2.1", 50_002), ("224.0.0.252", 5355), query));
    frames.push(build::udp(("192.0.2.9", 5355), ("192.0.2.1", 50_002), answer));
    let expected = Counts::from([
        (("mdns", "signature"), (1, 6)),
        (("mdns", "announced"), (1, 7)),
        (("llmnr", "signature"), (2, 8)),
        (("ftp", "signature"), (2, 1)),
        (("ftp-data", "announced"), (1, 3)),
        (("tftp", "signature"), (1, 4)),
        (("tftp", "announced"), (1, 5)),
    ]);
    assert_eq!(counts(frames), expected);
}

#[test]
fn ike_and_esp_share_port_4500() {
    let to = ("192.0.2.9", 4_500);
    let ike = b"\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\0\0\0\0\0\x21\x20\x22\x08\0\0\0\0\0\0\0\x1c";
    let esp = build::udp(CLIENT, to, &[9; 60]);
    // Also when the capture begins in the middle; a single byte of ones keeps the port open, and belongs to IKE.
    let frames = vec![esp.clone(), build::udp(CLIENT, to, ike), esp, build::udp(CLIENT, to, &[0xff])];
    assert_eq!(counts(frames), Counts::from([(("ike", "signature"), (2, 2)), (("esp", "port"), (2, 1))]));
}

#[test]
fn a_new_connection_of_the_same_ends_is_looked_at_anew() {
    let server = ("192.0.2.9", 9_999);
    let mut frames = segments(server, CLIENT, &[(true, b"GET / HTTP/1.1\r\n\r\n")]);
    frames.push(build::tcp(CLIENT, server, TcpFlags::SYN, (900, 0), b""));
    frames.extend(segments(server, CLIENT, &[(true, b"SSH-2.0-x\r\n")]));
    assert_eq!(counts(frames), Counts::from([(("http", "signature"), (1, 1)), (("ssh", "signature"), (1, 3))]));
    // The server's answer again is none.
    let mut frames = segments(server, CLIENT, &[(true, b"GET / HTTP/1.1\r\n\r\n")]);
    frames.push(build::tcp(server, CLIENT, TcpFlags::SYN | TcpFlags::ACK, (900, 1), b""));
    frames.extend(segments(server, CLIENT, &[(false, b"\x00\x01")]));
    assert_eq!(counts(frames), only("http", "signature", 2));
}

#[test]
fn the_table_is_bounded_and_what_made_room_still_counts() {
    let frames = (0..100).map(|n| build::udp(("192.0.2.1", 40_000 + n), ("192.0.2.9", 9_999), b"x")).collect();
    let (found, evicted) = counts_in(Conversations::with_capacity(10), frames);
    assert_eq!((found[&("data", "")].0, evicted), (100, 90));
}

#[test]
fn a_conversation_at_many_places_loses_no_packet() {
    let mut conversations = Conversations::new();
    let mut decoder = Decoder::new();
    let mut packets = 0;
    let frame = build::udp(CLIENT, ("192.0.2.9", 9_999), b"x");
    harness::frames(&build::pcap(&vec![(0, frame); 30]), |frame| {
        let place = u32::try_from(frame.number).unwrap();
        conversations.push(&decoder.decode(frame), place, 1, &mut |settled| packets += settled.packets);
        Ok(Flow::More)
    })
    .unwrap();
    conversations.finish(&mut |settled| packets += settled.packets);
    assert_eq!(packets, 30);
}
