//! `get_stream` on TCP connections and UDP conversations.

use mcpcap_analyzer::Flow;
use mcpcap_analyzer::decode::TcpFlags;
use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::{characters, file, report};
use crate::stream::GetStream;

/// A connection of a capture, and bytes and CRC-32 of what its client and server sent.
type Followed = (&'static str, u64, [(usize, u32); 2]);

/// As `tshark -z follow,tcp,raw` has them.
const FOLLOWED: &[Followed] = &[
    ("examples/captures/tcp.pcap", 0, [(82, 0x93de_a60e), (60_242, 0x0cf3_696d)]),
    ("examples/captures/tcp.pcap", 2, [(107, 0x59b0_1921), (10_268, 0x5037_f719)]),
    ("examples/captures/dns.pcap", 0, [(71, 0x0f3f_9ea8), (1278, 0xd13c_dec1)]),
    ("examples/captures/dns.pcap", 1, [(75, 0x7268_5eed), (1505, 0x629d_026c)]),
    ("examples/captures/dns.pcap", 2, [(55, 0xb7db_f05b), (5747, 0xe5c2_3a9b)]),
    ("examples/captures/sip.pcap", 0, [(1211, 0x409c_6028), (1071, 0x6916_609d)]),
    ("tests/captures/crafted/tcp_http.pcap", 0, [(18, 0x30f5_e84f), (24, 0x190a_50cc)]),
    ("tests/captures/crafted/tcp_two_clients.pcap", 1, [(3, 0x11ca_8a66), (0, 0)]),
];

const ACK: u16 = TcpFlags::ACK;
const SYN: u16 = TcpFlags::SYN;
const FIN: u16 = TcpFlags::FIN;
const CLIENT: (&str, u16) = ("192.0.2.1", 4000);
const SERVER: (&str, u16) = ("192.0.2.2", 4711);

pub fn stream(capture: &[u8], arguments: &Value) -> Value {
    report::<GetStream>(capture, arguments)
}

/// A capture of frames, a millisecond apart.
pub fn capture(frames: Vec<Vec<u8>>) -> Vec<u8> {
    let frames: Vec<(u64, Vec<u8>)> = frames.into_iter().zip(0_u64..).map(|(frame, n)| (n * 1000, frame)).collect();
    build::pcap(&frames)
}

fn c(flags: u16, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    build::tcp(CLIENT, SERVER, flags, numbers, payload)
}

fn s(flags: u16, numbers: (u32, u32), payload: &[u8]) -> Vec<u8> {
    build::tcp(SERVER, CLIENT, flags, numbers, payload)
}

/// A connection of some requests and responses, whose numbers begin at 100 and 500, with its end.
fn connection(messages: &[(bool, &[u8])]) -> Vec<Vec<u8>> {
    let mut frames = vec![c(SYN, (100, 0), b""), s(SYN | ACK, (500, 101), b""), c(ACK, (101, 501), b"")];
    let (mut own, mut other) = (101, 501);
    for (is_client, bytes) in messages {
        if *is_client {
            frames.push(c(ACK, (own, other), bytes));
            own += bytes.len() as u32;
        } else {
            frames.push(s(ACK, (other, own), bytes));
            other += bytes.len() as u32;
        }
    }
    frames.extend([
        c(FIN | ACK, (own, other), b""),
        s(FIN | ACK, (other, own + 1), b""),
        c(ACK, (own + 1, other + 1), b""),
    ]);
    frames
}

/// Who sent each piece, its text or how large the hole is, and its frames.
pub fn told(report: &Value) -> Vec<(String, String, Value)> {
    let piece = |piece: &Value| {
        let text = piece["text"].as_str().map_or_else(|| format!("hole {}", piece["missing"]), str::to_owned);
        (piece["from"].as_str().unwrap().to_owned(), text, piece["frames"].clone())
    };
    report["pieces"].as_array().unwrap().iter().map(piece).collect()
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0_u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn both_directions_are_those_that_tshark_follows() {
    for (name, id, expected) in FOLLOWED {
        let mut found = [Vec::new(), Vec::new()];
        let mut offset = 0;
        loop {
            let page = json!({ "connection": id, "as": "hex", "page": { "offset": offset, "limit": 50 } });
            let report = stream(&file(name), &page);
            let pieces = report["pieces"].as_array().unwrap();
            for piece in pieces {
                let side = usize::from(piece["from"] == "server");
                assert_eq!(piece["offset"], found[side].len(), "{name} {id}");
                found[side].extend(unhex(piece["hex"].as_str().unwrap()));
            }
            offset += pieces.len();
            if offset as u64 == report["pages"][0]["total"].as_u64().unwrap() {
                let sent = |side: &str| report[side]["bytes"].as_u64().unwrap() as usize;
                assert_eq!([sent("client_sent"), sent("server_sent")], expected.map(|(length, _)| length));
                break;
            }
        }
        assert_eq!(found.map(|bytes| (bytes.len(), crc32(&bytes))), *expected, "{name} {id}");
    }
}

#[test]
fn the_same_connection_is_found_by_number_frame_and_ends() {
    let frames = connection(&[(true, b"GET / HTTP/1.1\r\n\r\n"), (false, b"HTTP/1.1 200 OK\r\n\r\nhi")]);
    let other = build::udp(("192.0.2.9", 1), ("192.0.2.8", 2), b"x");
    let whole = capture([vec![other], frames].concat());
    let expected = [
        ("client".to_owned(), "GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a".to_owned(), json!([5])),
        ("server".to_owned(), "HTTP/1.1 200 OK\\x0d\\x0a\\x0d\\x0ahi".to_owned(), json!([6])),
    ];
    let first = stream(&whole, &json!({ "connection": 0 }));
    assert_eq!(told(&first), expected);
    assert_eq!(first["what"], "http: GET / HTTP/1.1 / HTTP/1.1 200 OK");
    assert_eq!((&first["recognised_by"], &first["client"]), (&json!("signature"), &json!("192.0.2.1:4000")));
    assert_eq!((&first["first_frame"], first.get("roles_guessed")), (&json!(2), None));
    for arguments in [
        json!({ "frame": 3 }),
        json!({ "frame": 9 }),
        json!({ "client": "192.0.2.1:4000", "server": "192.0.2.2:4711" }),
        json!({ "server": "192.0.2.2" }),
        json!({}),
    ] {
        let report = stream(&whole, &arguments);
        assert_eq!((told(&report), &report["what"]), (expected.to_vec(), &first["what"]), "{arguments}");
    }
    let udp = stream(&whole, &json!({ "frame": 1 }));
    assert_eq!((&udp["protocol"], told(&udp).len()), (&json!("udp"), 1));
}

#[test]
fn a_response_that_stands_before_its_request_in_the_file_comes_behind_it() {
    let mut frames = connection(&[(true, b"ask"), (false, b"answer")]);
    frames.swap(3, 4);
    let order: Vec<_> = told(&stream(&capture(frames), &json!({ "connection": 0 }))).into_iter().map(|p| p.1).collect();
    assert_eq!(order, ["ask", "answer"]);
}

#[test]
fn holes_are_marked_with_their_sizes_and_segments_sent_again_come_once() {
    let mut frames = connection(&[(true, b"one"), (true, b"two"), (true, b"three"), (false, b"ok")]);
    frames.insert(4, frames[3].clone());
    // Of "two" nothing is in the capture, and the server acknowledges it.
    frames.remove(5);
    let report = stream(&capture(frames), &json!({ "connection": 0 }));
    let texts: Vec<_> = told(&report).into_iter().map(|piece| piece.1).collect();
    assert_eq!(texts, ["one", "hole 3", "three", "ok"]);
    assert_eq!(report["client_sent"], json!({ "bytes": 8, "missing_bytes": 3, "frames": 2 }));
    assert_eq!(report["pieces"][2]["offset"], 6);
}

#[test]
fn what_it_is_tells_server_names_banners_and_ports_that_only_suggest() {
    let hello = crate::says::tls::tests::client_hello("www.example.com");
    let ssh = stream(&capture(connection(&[(false, b"SSH-2.0-a\r\n"), (true, b"SSH-2.0-b\r\n")])), &json!({}));
    assert_eq!(ssh["what"], "ssh: SSH-2.0-b / SSH-2.0-a");
    let tls = stream(&capture(connection(&[(true, &hello)])), &json!({}));
    assert_eq!(tls["what"], "tls: TLS 1.3, server name www.example.com, ALPN h2");
    let unknown = stream(&capture(connection(&[(true, &[7; 40])])), &json!({}));
    assert_eq!(unknown["what"], "not recognised: neither the bytes nor the port tell what it is");
    assert_eq!(unknown.get("recognised_by"), None);
    let segment = build::tcp(CLIENT, ("192.0.2.2", 443), ACK, (1, 1), &[7; 40]);
    let port = stream(&capture(vec![segment]), &json!({}));
    assert_eq!(port["what"], "perhaps tls: only port 443 suggests it, the bytes do not show it");
    assert_eq!((&port["recognised_by"], &port["roles_guessed"]), (&json!("port"), &json!(true)));
    let silent = stream(&capture(connection(&[])), &json!({ "connection": 0 }));
    assert_eq!((&silent["what"], silent["pieces"].as_array().unwrap().len()), (&json!("no payload"), 0));
}

#[test]
fn datagrams_are_a_piece_each() {
    let query = b"\x1a\x2b\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01";
    let ends = (("192.0.2.1", 5000), ("192.0.2.53", 53));
    let frames = vec![build::udp(ends.0, ends.1, query), build::udp(ends.0, ends.1, query)];
    let report = stream(&capture(frames), &json!({ "client": "192.0.2.1:5000" }));
    assert_eq!(report["what"], "dns: query 0x1a2b A example.com");
    assert_eq!(told(&report).iter().map(|piece| piece.2.clone()).collect::<Vec<_>>(), [json!([1]), json!([2])]);
    let long = build::udp(ends.0, ends.1, &[b'x'; 1400]);
    let report = stream(&capture(vec![long]), &json!({ "frame": 1 }));
    assert_eq!(told(&report).iter().map(|piece| piece.1.len()).collect::<Vec<_>>(), [960, 440]);
}

#[test]
fn further_connections_between_the_same_ends_are_named() {
    let mut frames = connection(&[(true, b"first")]);
    // Other initial numbers make other connections.
    frames.extend([c(SYN, (9000, 0), b""), c(SYN, (90_000, 0), b"")]);
    let report = stream(&capture(frames), &json!({ "client": "192.0.2.1:4000", "server": "192.0.2.2:4711" }));
    assert_eq!((&report["connection"], told(&report)[0].1.as_str()), (&json!(0), "first"));
    assert_eq!((&report["other_connections"], &report["other_connections_total"]), (&json!([1, 2]), &json!(2)));
}

#[test]
fn other_connections_go_on() {
    // Of the connections one in the middle carries something.
    let talk = |n: u32| {
        let at = n * 100_000 + 1;
        let data = (n == 1_200).then(|| c(ACK, (at + 1, 1), b"all"));
        std::iter::once(c(SYN, (at, 0), b"")).chain(data)
    };
    let capture = capture((0..2_500).flat_map(talk).collect());
    let run = |page: Value| {
        stream(&capture, &json!({ "client": "192.0.2.1:4000", "server": "192.0.2.2:4711", "page": page }))
    };
    let usual = run(json!({}));
    assert_eq!((&usual["connection"], &usual["other_connections_total"]), (&json!(1_200), &json!(2_499)));
    assert_eq!(usual["other_connections"].as_array().unwrap().len(), 20);
    for limit in [7, 1000] {
        let from = if limit == 7 { 1_150 } else { 0 };
        let until = if limit == 7 { 1_250 } else { 2_499 };
        let page = |offset: u64| run(json!({ "offset": offset, "limit": limit, "list": "other_connections" }));
        let mut joined: Vec<u64> = Vec::new();
        while from + (joined.len() as u64) < until {
            let page = page(from + joined.len() as u64)["other_connections"].clone();
            joined.extend(page.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()));
        }
        let expected = (0..2_500).filter(|number| *number != 1_200).skip(from as usize).take(joined.len());
        assert!(expected.eq(joined.iter().copied()) && joined.len() >= (until - from) as usize, "{limit}");
    }
}

#[test]
fn a_conversation_of_which_a_part_had_to_make_room_says_so() {
    let segment = |n: u16, sequence: u32, text: &[u8]| {
        let client = format!("192.0.2.{}", n / 1000);
        build::tcp((&client, 1024 + n % 1000), ("198.51.100.1", 4711), ACK, (sequence, 1), text)
    };
    let between = |last: u16| {
        let frames = (1..last).map(|n| segment(n, 1, b"other")).collect::<Vec<_>>();
        capture([vec![segment(0, 1, b"first ")], frames, vec![segment(0, 7, b"last")]].concat())
    };
    let kept = stream(&between(2000), &json!({ "frame": 2001 }));
    assert_eq!((told(&kept)[0].1.as_str(), kept.get("note")), ("first last", None));
    let many = between(2100);
    let part = stream(&many, &json!({ "frame": 2101 }));
    assert!(told(&part).last().unwrap().1.ends_with("last") && told(&part)[0].1 != "first last", "{part}");
    assert!(part["note"].as_str().unwrap().ends_with("; ask again by connection 0"), "{part}");
    assert_eq!(told(&stream(&many, &json!({ "connection": 0 })))[0].1, "first last");
}

#[test]
fn reading_ends_with_the_connection() {
    let frames = connection(&[(true, b"ask")]);
    let last = frames.len() as u64;
    let whole = capture([frames, vec![build::udp(CLIENT, SERVER, b"x"); 5]].concat());
    let (read, end) = harness::read_to::<GetStream>(&whole, &json!({ "connection": 0 })).unwrap();
    assert!(read <= last && end.unwrap()["reason"] == "enough", "{read}");
    let (all, _, _) = harness::frames(&whole, |_| Ok(Flow::More)).unwrap();
    assert_eq!(all, last + 5);
}

#[test]
fn what_is_not_there_is_said() {
    let whole = capture(connection(&[(true, b"ask")]));
    for (arguments, message) in [
        (json!({ "connection": 7 }), "There is no connection 7 among the 1 TCP connection, counted from 0"),
        (json!({ "frame": 99 }), "Frame 99 is not there, or belongs to no conversation of the kind that is asked for"),
        (json!({ "client": "203.0.113.1" }), "No such conversations found in this capture"),
        (json!({ "protocol": "udp" }), "No such conversations found in this capture"),
    ] {
        let report = stream(&whole, &arguments);
        assert_eq!((&report["message"], &report["pieces"]), (&json!(message), &json!([])), "{arguments}");
    }
    for (arguments, name) in [
        (json!({ "connection": 0, "frame": 1 }), "connection"),
        (json!({ "frame": 0 }), "frame"),
        (json!({ "client": "example.com" }), "client"),
        (json!({ "connection": 0, "protocol": "udp" }), "protocol"),
        (json!({ "as": "base64" }), "as"),
    ] {
        let error = harness::run::<GetStream>(&whole, &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn what_a_model_reads_of_the_tool_is_short() {
    assert!(characters::<GetStream>() <= 900, "{}", characters::<GetStream>());
}

#[test]
fn changed_captures_do_no_harm() {
    for name in [
        "examples/captures/tcp.pcap",
        "examples/captures/dns.pcap",
        "examples/captures/icmp.pcap",
        "tests/captures/crafted/sip_edge.pcap",
    ] {
        for arguments in [
            json!({ "connection": 0 }),
            json!({ "frame": 60, "as": "hex" }),
            json!({ "protocol": "dns" }),
            json!({ "protocol": "icmp" }),
        ] {
            for copy in harness::changed(&file(name), 7, 10, 40) {
                // A damaged file header or record ends the reading; anything but a panic is right.
                let _ = harness::run::<GetStream>(&copy, &arguments);
            }
        }
    }
}

#[test]
fn frames_of_a_piece_go_on() {
    // Byte by byte.
    let mut frames = connection(&[])[..3].to_vec();
    let first = frames.len() as u64 + 1;
    frames.extend((0..500).map(|n| c(ACK, (101 + n, 501), b"x")));
    let capture = capture(frames);
    let arguments = json!({ "connection": 0 });
    let whole = stream(&capture, &arguments);
    assert_eq!(whole["pieces"].as_array().unwrap().len(), 1, "{whole}");
    assert_eq!(
        (whole["pieces"][0]["frames"].as_array().unwrap().len(), &whole["pieces"][0]["frames_total"]),
        (16, &json!(500))
    );
    let (frames, _) = harness::lists::joined_within::<GetStream>(&capture, &arguments, "pieces[0].frames");
    assert!(frames.iter().map(|frame| frame.as_u64().unwrap()).eq(first..first + 500));
}
