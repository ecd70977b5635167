//! Captures with random changes: no panic.

use mcpcap_analyzer::harness;
use serde_json::json;

use super::build::{every, icmp};
use super::{file, report};
use crate::tool::IcmpPackets;

#[test]
fn changed_octets_never_panic() {
    for name in ["tests/captures/crafted/icmp_mixed.pcap", "examples/captures/icmp.pcap"] {
        for capture in harness::changed(&file(name), 0x6963_6d70, 200, 20) {
            let _ = harness::run::<IcmpPackets>(&capture, &json!({ "page": { "limit": 1000 } }));
        }
    }
}

#[test]
fn messages_of_any_type_and_length_never_panic() {
    let mut random = harness::Random::new(7);
    let mut frames = Vec::new();
    for kind in 0..=255 {
        for (source, destination) in [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")] {
            let mut body: Vec<u8> = (0..4 + random.below(200)).map(|_| random.below(256) as u8).collect();
            // Half of them with options of a plausible length.
            if random.below(2) == 0 && body.len() > 30 {
                body[12..14].copy_from_slice(&[random.below(40) as u8, 1 + random.below(3) as u8]);
            }
            frames.push(icmp(source, destination, kind, random.below(20) as u8, &body));
        }
    }
    let report = report(&every(10, frames));
    assert_eq!(report["icmp_packets_found"], 512);
}
