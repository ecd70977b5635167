//! What tunnels carry.

use mcpcap_analyzer::harness::lists::joined_within;
use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::build::{echo, every, packet};
use super::{report, rules};
use crate::tool::IcmpPackets;

fn tunnel(a: &str, b: &str, header: &[u8], count: u16, inner: &dyn Fn(u16) -> Vec<u8>) -> Value {
    let payload = |n: u16| [header, packet(&inner(n))].concat();
    report(&every(
        1000,
        (0..count).flat_map(|n| {
            let payload = payload(n);
            [echo(a, b, false, (1, n), &payload), echo(b, a, true, (1, n), &payload)]
        }),
    ))
}

#[test]
fn packets_within_echoes_are_told_with_their_ends() {
    let outer = [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")];
    let inner = [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")];
    for (a, b) in outer {
        for (c, d) in inner {
            // At the start, behind a tunnel's own header, and behind one of Ethernet.
            for header in [&b""[..], b"HTUN", &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]] {
                let found = tunnel(a, b, header, 3, &|_| build::tcp((c, 4000), (d, 22), 0x18, (1, 1), b"secret"));
                assert_eq!(rules(&found), ["icmp_tunnel"], "{a} {c}");
                let carried = &found["statistics"]["tunnels"];
                assert_eq!(found["statistics"]["tunnels_total"], 1);
                assert_eq!((&carried[0]["requester"], &carried[0]["target"]), (&a.into(), &b.into()));
                let flow = json!({ "source": c, "destination": d, "protocol": "TCP", "packets": 6, "frames": [1, 2, 3, 4, 5, 6] });
                assert_eq!((&carried[0]["flows"], &carried[0]["flows_total"]), (&json!([flow]), &json!(1)));
            }
        }
    }
}

#[test]
fn a_frame_with_several_signs_of_a_tunnel_is_one_frame() {
    let inner = |n: u16| packet(&build::udp(("10.0.0.1", 4000), ("10.0.0.2", 53), &[n as u8; 200])).to_vec();
    for (a, b) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
        for reply_stands_first in [false, true] {
            let pairs =
                (0..8).flat_map(|n| [echo(a, b, false, (1, n), &inner(n)), echo(b, a, true, (1, n), &inner(n + 100))]);
            let mut frames = every(1000, pairs);
            if reply_stands_first {
                frames.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
            }
            let found = report(&frames);
            assert_eq!(rules(&found), ["icmp_tunnel"]);
            let tunnel = &found["findings"][0];
            assert_eq!(tunnel["measures"][0]["value"], 8.0, "{tunnel}");
            let cited = tunnel["frames"].as_array().unwrap().len();
            assert_eq!((cited, &tunnel["frames_total"]), (16, &json!(16)), "{a} {reply_stands_first}");
        }
    }
}

#[test]
fn flows_within_a_tunnel_go_on() {
    let host = |n: u16| format!("10.{}.{}.1", n >> 8, n & 255);
    let carried = |n: u16| packet(&build::udp((&host(n), 1), ("10.9.9.9", 53), b"q")).to_vec();
    let pings = (0..3_000).map(|n| echo("192.0.2.1", "192.0.2.2", false, (1, n), &carried(n)));
    // The first one is there most often.
    let again = (3_000..3_003).map(|n| echo("192.0.2.1", "192.0.2.2", false, (1, n), &carried(0)));
    let capture = build::pcap(&every(1000, pings.chain(again)));
    let name = "statistics.tunnels[0].flows";
    let (mut flows, pages) = joined_within::<IcmpPackets>(&capture, &json!({}), name);
    let number = |flow: &Value| {
        let source: std::net::Ipv4Addr = flow["source"].as_str().unwrap().parse().unwrap();
        let [_, high, low, _] = source.octets();
        u16::from_be_bytes([high, low])
    };
    flows.sort_by_key(number);
    assert!(flows.iter().map(number).eq(0..3_000) && pages > 2, "{pages}");
    assert!(flows[1..].iter().all(|flow| flow["packets"] == 1 && flow["frames"] == json!([number(flow) + 1])));
    assert_eq!((&flows[0]["packets"], &flows[0]["frames"]), (&json!(4), &json!([1, 3_001, 3_002, 3_003])));
    let tunnel = &harness::run::<IcmpPackets>(&capture, &json!({})).unwrap()["statistics"]["tunnels"][0];
    let shown = tunnel["flows"].as_array().unwrap();
    assert_eq!((&shown[0], shown.len() as u64 + tunnel["other_packets"].as_u64().unwrap()), (&flows[0], 3_000));
    assert!(tunnel["flows_total"].as_u64().unwrap().abs_diff(3_000) < 300);
}

#[test]
fn what_only_begins_like_a_packet_is_none() {
    // The patterns of Linux' and Windows' ping, and a packet whose header checksum is wrong.
    let patterns: [Vec<u8>; 3] = [(0x10..0xff).collect(), b"abcdefghijklmnopqrstuvwabcdefghi".repeat(8), {
        let mut broken = packet(&build::udp(("10.0.0.1", 1), ("10.0.0.2", 2), b"x")).to_vec();
        broken[10] ^= 1;
        broken
    }];
    for pattern in patterns {
        let pings = (0..5).flat_map(|n| {
            [
                echo("192.0.2.1", "192.0.2.2", false, (1, n), &pattern),
                echo("192.0.2.2", "192.0.2.1", true, (1, n), &pattern),
            ]
        });
        let found = report(&every(1000, pings));
        assert!(!rules(&found).contains(&"icmp_tunnel"), "{pattern:?}");
        assert_eq!(found["statistics"]["tunnels"], json!([]));
    }
}
