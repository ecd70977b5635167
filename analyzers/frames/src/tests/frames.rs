//! `get_frames`.

use std::collections::BTreeMap;

use mcpcap_analyzer::harness::{self, build};
use mcpcap_tcp::tools::connections::TcpConnections;
use serde_json::{Value, json};

use super::{characters, file, report};
use crate::frame::GetFrames;

/// The first header of each kind of some frames.
const FIELDS: &[(&str, u64, &str, &str, &str)] = &include!("../facts.in");
/// Segments: `tcp.flags`, `tcp.seq`, `tcp.ack`, `tcp.window_size`, `tcp.len`.
const SEGMENTS: &[(&str, u64, &str)] = &include!("../segments.in");

fn frames(name: &str, arguments: &Value) -> Value {
    report::<GetFrames>(&file(name), arguments)
}

/// The line of one frame: ends, protocol and what it says.
fn line(name: &str, frame: u64) -> String {
    let report = frames(name, &json!({ "frames": [frame] }));
    let packet = &report["packets"][0];
    let text = |field: &str| packet[field].as_str().unwrap_or("-").to_owned();
    format!("{} > {} {} {}", text("source"), text("destination"), text("protocol"), text("info"))
}

#[test]
fn fields_are_those_that_tshark_shows() {
    for (name, frame, layer, field, value) in FIELDS {
        let report = frames(name, &json!({ "frames": [frame], "detail": true }));
        let layers = report["packets"][0]["layers"].as_array().unwrap();
        let layer =
            layers.iter().find(|found| found["layer"] == *layer).unwrap_or_else(|| panic!("{name} {frame} {layer}"));
        let found = layer["fields"].as_array().unwrap().iter().find(|found| found["name"] == *field);
        assert_eq!(found.map(|found| &found["value"]), Some(&json!(value)), "{name} {frame} {field}");
    }
}

#[test]
fn numbers_of_segments_are_relative_as_in_tshark() {
    for (name, frame, said) in SEGMENTS {
        let report = frames(name, &json!({ "frames": [frame] }));
        let info = report["packets"][0]["info"].as_str().unwrap();
        assert!(info == *said || info.starts_with(&format!("{said} ")), "{name} {frame}: {info}, not {said}");
    }
}

#[test]
fn tcp_options_have_their_names() {
    // tshark of frame 2: mss_val 1460, wscale.shift 10, tsval 3641851634, tsecr 3907508312; of frame 10: tsval 3907508407,
    // tsecr 3641851665, sack_le and sack_re, which it has relative to the server's number: 7241 and 8689.
    let report = frames("examples/captures/tcp.pcap", &json!({ "frames": [2, 10], "detail": true }));
    let options = |packet: usize| {
        let layers = report["packets"][packet]["layers"].as_array().unwrap();
        let tcp = layers.iter().find(|layer| layer["layer"] == "tcp").unwrap();
        let field = tcp["fields"].as_array().unwrap().iter().find(|field| field["name"] == "options").unwrap();
        field["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        options(0),
        "MSS 1460, SACK permitted, timestamps 3641851634 echo 3907508312, NOP, window scale 10 (x1024)"
    );
    assert_eq!(
        options(1),
        "NOP, NOP, timestamps 3907508407 echo 3641851665, NOP, NOP, SACK block 1734720249-1734721697"
    );
}

#[test]
fn a_frame_says_what_tshark_reads_in_it() {
    for (name, frame, expected) in [
        ("dns", 1, "192.0.2.21:58154 > 192.0.2.53:53 dns query 0x3923 A web.corp.example"),
        (
            "dns",
            8,
            "192.0.2.53:53 > 192.0.2.21:54226 dns response 0xea04 A www.corp.example: CNAME web.corp.example, 192.0.2.80",
        ),
        (
            "icmp",
            1,
            "02:00:00:00:00:21 > ff:ff:ff:ff:ff:ff arp who has 192.0.2.1? tell 192.0.2.21 at 02:00:00:00:00:21",
        ),
        ("icmp", 3, "192.0.2.21 > 203.0.113.9 icmp Echo Request id 56364 seq 1 len 56"),
        ("icmp", 13, "2001:db8::21 > ff02::1:ff00:1 icmpv6 Neighbor Solicitation of 2001:db8::1"),
        (
            "tcp",
            4,
            "192.0.2.21:47970 > 192.0.2.53:80 http [PSH, ACK] Seq=1 Ack=1 Win=64512 Len=82 GET /file.bin HTTP/1.1",
        ),
        ("sip", 2, "192.0.2.60:5060 > 192.0.2.61:5060 sip SIP/2.0 401 Unauthorized"),
        (
            "dhcp",
            3,
            "0.0.0.0:68 > 255.255.255.255:67 dhcp Request xid 0x424b8114 client 02:00:00:00:00:21 (vm) requests 192.0.2.100 server \
             192.0.2.53",
        ),
    ] {
        assert_eq!(line(&format!("examples/captures/{name}.pcap"), frame), expected);
    }
    let hello = crate::says::tls::tests::client_hello("www.example.com");
    let segment = build::tcp(("192.0.2.1", 4000), ("192.0.2.2", 8443), 0x10, (1, 1), &hello);
    let packet = &report::<GetFrames>(&build::pcap(&[(0, segment)]), &json!({}))["packets"][0];
    let info = packet["info"].as_str().unwrap();
    assert_eq!(packet["protocol"], "tls");
    assert!(info.ends_with(" ClientHello TLS 1.3 SNI www.example.com ALPN h2"), "{info}");
}

#[test]
fn an_error_says_whose_packet_it_is_about() {
    // tshark: Destination unreachable (Host unreachable), of an echo request from 192.0.2.21.
    let line = line("examples/captures/icmp.pcap", 46);
    let expected = "192.0.2.1 > 192.0.2.21 icmp Destination Unreachable: Host Unreachable, for ICMP 192.0.2.21 > ";
    assert!(line.starts_with(expected), "{line}");
}

#[test]
fn without_a_choice_the_first_page_is_shown_and_no_more_is_read() {
    let capture = file("examples/captures/tcp.pcap");
    let (read, end) = harness::read_to::<GetFrames>(&capture, &json!({ "page": { "limit": 20 } })).unwrap();
    assert_eq!((read, end.unwrap()["reason"].as_str().unwrap().to_owned()), (21, "enough".to_owned()));
    let (mut joined, mut offset, mut more) = (Vec::new(), 0, true);
    while more {
        let page = report::<GetFrames>(&capture, &json!({ "page": { "offset": offset, "limit": 100 } }));
        joined.extend(page["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()));
        more = page["at_least"] == true;
        let total = page["pages"][0]["total"].as_u64().unwrap();
        offset = joined.len() as u64;
        assert_eq!((total > offset, &page["frames_found"]), (more, &json!(total)));
    }
    let (frames, _, _) = harness::frames(&capture, |_| Ok(mcpcap_analyzer::Flow::More)).unwrap();
    assert_eq!(joined, (1..=frames).collect::<Vec<_>>());
}

#[test]
fn connections_have_the_numbers_that_analyze_tcp_connections_gives() {
    let mut compared = 0;
    for name in [
        "examples/captures/tcp.pcap",
        "examples/captures/dns.pcap",
        "examples/captures/sip.pcap",
        "tests/captures/crafted/tcp_mixed.pcap",
        "tests/captures/crafted/tcp_two_clients.pcap",
        "tests/captures/crafted/tcp_selfconnect.pcap",
        "tests/captures/crafted/tcp_midstream.pcap",
        "tests/captures/reported/synack_syn_ack.pcap",
        "tests/captures/reported/begins_with_synack_open.pcap",
    ] {
        let page = json!({ "page": { "limit": 1000 } });
        let mut found: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for packet in frames(name, &page)["packets"].as_array().unwrap() {
            if let (Some(id), None) = (packet["connection"].as_u64(), packet["copy_of"].as_u64()) {
                found.entry(id).or_insert((packet["frame"].as_u64().unwrap(), 0)).1 += 1;
            }
        }
        let told = report::<TcpConnections>(&file(name), &json!({ "detailed": true, "page": { "limit": 1000 } }));
        let packets = |connection: &Value, side: &str| connection["details"][side]["packets"].as_u64().unwrap();
        let told: BTreeMap<u64, (u64, u64)> = told["connections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|connection| {
                let first = connection["first_frame"].as_u64().unwrap();
                (
                    connection["id"].as_u64().unwrap(),
                    (first, packets(connection, "client") + packets(connection, "server")),
                )
            })
            .collect();
        assert_eq!(found, told, "{name}");
        compared += told.len();
    }
    assert!(compared > 15, "{compared}");
}

#[test]
fn a_connection_is_chosen_by_its_number() {
    // tshark: tcp.stream == 1 has frames 90 to 113.
    let report = frames("examples/captures/tcp.pcap", &json!({ "connection": 1 }));
    let packets = report["packets"].as_array().unwrap();
    assert!(packets.iter().all(|packet| packet["connection"] == 1));
    assert_eq!((packets.len(), &packets[0]["frame"], report.get("at_least")), (22, &json!(90), None));
    let none = frames("examples/captures/tcp.pcap", &json!({ "connection": 99 }));
    let message = none["message"].as_str().unwrap();
    assert!(message.starts_with("There is no connection 99 among the "), "{message}");
    let none = frames("examples/captures/icmp.pcap", &json!({ "connection": 0 }));
    assert_eq!(none["message"], "No frames found in this capture");
}

#[test]
fn frames_come_in_order_and_missing_ones_are_named() {
    let report =
        frames("examples/captures/dns.pcap", &json!({ "frames": [7, 3, 3, 9999], "hex": true, "max_bytes": 20 }));
    let numbers: Vec<&Value> = report["packets"].as_array().unwrap().iter().map(|packet| &packet["frame"]).collect();
    assert_eq!(numbers, [3, 7]);
    assert_eq!((&report["frames_found"], &report["not_found"]), (&json!(2), &json!([9999])));
    let packet = &report["packets"][0];
    assert_eq!(packet["hex"].as_array().unwrap().len(), 2);
    assert_eq!(packet["hex_left_out"].as_u64().unwrap() + 20, packet["original_length"].as_u64().unwrap());
    assert!(packet.get("layers").is_none() && packet.get("payload").is_none());
}

#[test]
fn payloads_are_shown_as_text_or_hex_and_say_where_they_are_cut() {
    let segment = build::udp(("192.0.2.1", 4000), ("192.0.2.2", 9999), b"GET /\r\n\x00\xff\\");
    let long = build::udp(("192.0.2.1", 4000), ("192.0.2.2", 9999), &[b'a'; 1300]);
    let capture = build::pcap(&[(0, segment), (1, long)]);
    let shown = report::<GetFrames>(&capture, &json!({ "payload": true, "hex": "payload" }));
    let [short, long] = shown["packets"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!(short["payload"], "GET /\\x0d\\x0a\\x00\\xff\\x5c");
    assert_eq!(short["hex"], json!(["0000  47 45 54 20 2f 0d 0a 00 ff 5c                    GET./....\\"]));
    assert_eq!((&long["payload_left_out"], &long["hex_left_out"]), (&json!(1044), &json!(1044)));
    let more = report::<GetFrames>(&capture, &json!({ "payload": true, "max_bytes": 4096 }));
    assert_eq!(more["packets"][1]["payload_left_out"], 1300 - 960);
}

#[test]
fn reading_ends_with_the_last_frame() {
    let capture = file("examples/captures/dns.pcap");
    let (frames, end) = harness::read_to::<GetFrames>(&capture, &json!({ "frames": [2] })).unwrap();
    assert_eq!((frames, end.unwrap()["reason"].as_str().unwrap().to_owned()), (2, "enough".to_owned()));
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    let many: Vec<u64> = (1..200).collect();
    for (arguments, name) in [
        (json!({ "frames": [] }), "frames"),
        (json!({ "frames": [0] }), "frames"),
        (json!({ "frames": many }), "frames"),
        (json!({ "frames": [1], "max_bytes": 5000 }), "max_bytes"),
        (json!({ "hex": "frame" }), "hex: must be true, false or \"payload\""),
    ] {
        let error = harness::run::<GetFrames>(&file("examples/captures/dns.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn what_a_model_reads_of_the_tool_is_short() {
    assert!(characters::<GetFrames>() <= 900, "{}", characters::<GetFrames>());
}

#[test]
fn changed_captures_do_no_harm() {
    for name in ["examples/captures/dns.pcap", "examples/captures/icmp.pcap", "tests/captures/crafted/sip_edge.pcap"] {
        for arguments in [
            json!({ "page": { "limit": 1000 } }),
            json!({ "page": { "limit": 1000 }, "payload": true, "detail": true, "hex": true }),
        ] {
            for copy in harness::changed(&file(name), 7, 20, 40) {
                // A damaged file header or record ends the reading; anything but a panic is right.
                let _ = harness::run::<GetFrames>(&copy, &arguments);
            }
        }
    }
}
