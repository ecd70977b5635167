//! More than there is room for, pages, and bytes that make no sense.

use std::net::Ipv4Addr;

use mcpcap_analyzer::harness::{self, build, lists};
use serde_json::{Value, json};

use super::build::{START, SYN, connection, every};
use super::{file, run};
use crate::limits;
use crate::tool::Conversations;

fn address(n: u32) -> String {
    Ipv4Addr::from(0x0a00_0000 + n).to_string()
}

#[test]
fn of_more_flows_than_there_is_room_for_totals_stay_exact() {
    let many = limits::FLOWS as u32 + 5_000;
    let frames = (0..many).map(|n| build::udp((&address(n * 3), 1_000), ("192.168.0.1", 9_999), b"x"));
    // One that goes on all the time stays one flow.
    let frames: Vec<Vec<u8>> = frames
        .enumerate()
        .flat_map(|(n, frame)| {
            let steady =
                (n % 1_000 == 0).then(|| build::udp(("192.168.0.7", 5_000), ("192.168.0.8", 6_000), &[0; 900]));
            [frame].into_iter().chain(steady)
        })
        .collect();
    let total = frames.len() as u64;
    let capture = build::pcap(&every(10, frames));
    let report = run(&capture, &json!({}));
    assert_eq!(report["totals"]["packets"], total);
    assert_eq!(report["totals"]["flows"], u64::from(many) + 1);
    assert_eq!(
        (&report["flows"][0]["client"], &report["flows"][0]["packets"]),
        (&json!("192.168.0.7:5000"), &json!(many.div_ceil(1_000)))
    );
    let evicted = &report["limits"]["evicted"];
    assert_eq!(evicted["flows"], u64::from(many) + 1 - limits::FLOWS as u64);
    assert!(
        evicted["rankings"].as_u64().unwrap() > 0
            && report["limits"]["bytes_missing_at_most"].as_u64().unwrap() < 1_000
    );
    assert_eq!(report["totals"]["hosts_estimated"], true);
    assert_eq!(report["endpoints"][0]["address"], "192.168.0.1");
    // All of them can be paged through in the order of appearance, also those that made room.
    let page = |offset: u64| {
        run(&capture, &json!({ "order": "time", "page": { "offset": offset, "limit": 2 } }))["flows"].clone()
    };
    for offset in [0, 1, 20_000, u64::from(many)] {
        let ids: Vec<u64> = page(offset).as_array().unwrap().iter().map(|flow| flow["id"].as_u64().unwrap()).collect();
        assert!(ids.iter().copied().eq(offset..offset + ids.len() as u64) && !ids.is_empty(), "{offset}: {ids:?}");
    }
}

#[test]
fn who_made_room_is_on_a_further_page() {
    const MANY: u32 = 5_500;
    // Each with a host, a pair, a port and a network of its own.
    let from = |n: u32| address(n * 256 + 1);
    let port = |n: u32| 1_000 + n as u16;
    let frames = (0..MANY).map(|n| build::udp((&from(n), 60_000), ("192.168.0.1", port(n)), b"x"));
    let capture = build::pcap(&every(10, frames.collect::<Vec<_>>()));
    for (list, key, more) in
        [("endpoints", "address", 1), ("top.pairs", "a", 0), ("top.ports", "port", 0), ("top.networks", "network", 1)]
    {
        let (joined, total) = lists::joined::<Conversations>(&capture, &json!({}), list);
        let expected = u64::from(MANY) + more;
        assert!(total.abs_diff(expected) < 140, "{list}: {total}");
        let mut keys: Vec<String> = joined.iter().map(|entry| entry[key].to_string()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((joined.len() as u64, keys.len() as u64), (expected, expected), "{list}");
        // None but the server, and its network, has more.
        let often = joined.iter().filter(|entry| entry["flows"] != 1).count() as u64;
        assert_eq!(often, more, "{list}");
    }
}

#[test]
fn vlans_that_made_room_are_on_a_further_page() {
    let tagged = |(nth, outer, inner): (u16, u16, u16)| {
        // The same one again would be a copy.
        let plain = build::udp(("192.0.2.1", 1_000), ("192.0.2.2", 2_000), &nth.to_be_bytes());
        let tags = [&[0x88, 0xa8][..], &outer.to_be_bytes(), &[0x81, 0], &inner.to_be_bytes()].concat();
        [&plain[..12], &tags, &plain[12..]].concat()
    };
    let frames = (0..10_000_u16).map(|n| tagged((n, n % 100, n % 5_000 / 100)));
    let capture = build::pcap(&every(10, frames.collect::<Vec<_>>()));
    let (joined, total) = lists::joined::<Conversations>(&capture, &json!({}), "top.vlans");
    assert!(total.abs_diff(5_000) < 120, "{total}");
    let mut keys: Vec<_> = joined.iter().map(|entry| (entry["vlan"].as_u64(), entry["inner"].as_u64())).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!((joined.len(), keys.len()), (5_000, 5_000));
    assert!(joined[4_096..].iter().all(|entry| entry["packets"] == 2));
}

/// 60 hosts that scan, beacon, are talked to on ports of their own, in VLANs, in networks of their own, over an hour.
fn crowded() -> Vec<u8> {
    let mut frames: Vec<(u64, Vec<u8>)> = Vec::new();
    for n in 0..60_u32 {
        let (client, server) = (address(n << 8 | 1), address((n << 8 | 2) + 0x10_0000));
        let scanned = address((n << 8 | 3) + 0x20_0000);
        for port in 1..=8 {
            frames
                .push((START + u64::from(n) * 1000, build::tcp((&client, 40_000), (&scanned, port), SYN, (n, 0), b"")));
        }
        for contact in 0..12_u64 {
            let ends = ((client.as_str(), 50_000 + contact as u16), (server.as_str(), 20_000 + n as u16));
            for (step, frame) in (0..).zip(connection(ends.0, ends.1, b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n")) {
                let time = START + contact * 300_000_000 + u64::from(n) * 60_000 + step * 10_000_000;
                let tags = [0x81, 0, 0, n as u8];
                frames.push((time, [&frame[..12], &tags, &frame[12..]].concat()));
            }
        }
    }
    // Applications beyond a page: a word of each on a port of its own.
    let words: [&[u8]; 26] = [
        b"RFB 003.008\n",
        b"@RSYNCD: 31\n",
        b"\x13BitTorrent protocol",
        b"INFO {\"server_id\"",
        b"( success ( 2 2",
        b"CONNECTED\nversion:1.2\n",
        b"AMQP\x00\x00\x09\x01",
        b"ZBXD\x01abc",
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n",
        b"DESCRIBE rtsp://a RTSP/1.0\r\n",
        b"220 smtp ready\r\n",
        b"220 ftp ready\r\n",
        b"* OK imap4 ready\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"<stream:stream to='a'>",
        b"003egit-upload-pack a",
        b"NICK a\r\nUSER a\r\n",
        b"l\x00\x0b\x00\x00\x00\x00\x00",
        b"\x10\x10\x00\x04MQTT\x04\x02",
        b"\x00\x00\x00\x10\xffSMB\x72",
        b"\x00\x00\x00\x10\xfeSMB\x40",
        b"HELO a\r\n",
        b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
    ];
    for (n, word) in (0..).zip(words) {
        let frame = build::tcp(("10.200.0.1", 40_000 + n), ("10.200.0.2", 30_000 + n), 0x10, (1, 1), word);
        frames.push((START + 7_000_000 + u64::from(n), frame));
    }
    // Protocols by number, in tags within tags.
    for tags in 0..5_usize {
        let numbered = (0..24_u16).map(|n| {
            let kind = (0x0700 + n).to_be_bytes();
            [&[2; 12][..], &[0x81, 0, 0, 200].repeat(tags), &kind, &[0; 46]].concat()
        });
        frames.extend(numbered.map(|frame| (START + 8_000_000, frame)));
    }
    frames.sort_by_key(|(time, _)| *time);
    build::pcap(&frames)
}

#[test]
fn pages_of_each_cut_list_joined_are_all_of_it_once() {
    lists::pages_are_whole::<Conversations>(&crowded(), &json!({ "interval": 10 }));
}

#[test]
fn changed_octets_never_panic() {
    for name in ["tests/captures/crafted/tcp_mixed.pcap", "examples/captures/dns.pcap", "examples/captures/icmp.pcap"] {
        for capture in harness::changed(&file(name), 0x0066_6c6f, 60, 20) {
            let _ = harness::run::<Conversations>(&capture, &json!({ "by": "host" }));
        }
    }
}

#[test]
fn the_same_capture_gives_the_same_report() {
    let capture = file("examples/captures/dns.pcap");
    let once: Value = run(&capture, &json!({}));
    assert_eq!(once.to_string(), run(&capture, &json!({})).to_string());
}
