//! What tunnels carry.

use mcpcap_analyzer::harness::build;
use serde_json::{Value, json};

use super::build::{echo, every, packet};
use super::{report, rules};

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
                assert_eq!(carried[0]["flows"], json!([flow]));
            }
        }
    }
}

#[test]
fn more_flows_than_are_kept_are_counted() {
    let hosts = |n: u16| build::udp((&format!("10.0.0.{}", n + 1), 1), ("10.9.9.9", 53), b"q");
    let found = tunnel("192.0.2.1", "192.0.2.2", b"", 20, &hosts);
    let tunnel = &found["statistics"]["tunnels"][0];
    assert_eq!(tunnel["flows"].as_array().unwrap().len(), 16);
    assert_eq!((&tunnel["packets"], &tunnel["other_packets"]), (&40.into(), &8.into()));
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
        assert!(found["statistics"].get("tunnels").is_none());
    }
}
