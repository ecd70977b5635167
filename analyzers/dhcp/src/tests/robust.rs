//! Captures with random changes: no panic.

use mcpcap_analyzer::harness::{self, Random, build};
use serde_json::json;

use super::build::every;
use super::{file, report};
use crate::tool::DhcpPackets;

#[test]
fn changed_octets_never_panic() {
    for name in ["tests/captures/crafted/dhcp_edge.pcap", "examples/captures/dhcp.pcap"] {
        for capture in harness::changed(&file(name), 0x6468_6370, 200, 20) {
            let _ = harness::run::<DhcpPackets>(&capture, &json!({ "page": { "limit": 1000 } }));
        }
    }
}

#[test]
fn options_of_any_code_and_length_never_panic() {
    let mut random = Random::new(53);
    let mut frames = Vec::new();
    for code in 0..=255_u8 {
        let value: Vec<u8> = (0..random.below(60)).map(|_| random.below(256) as u8).collect();
        let mut octets = vec![0; 236];
        octets[0] = 2;
        octets.extend_from_slice(&[99, 130, 83, 99, 53, 1, random.below(20) as u8, code, value.len() as u8]);
        octets.extend_from_slice(&value);
        frames.push(build::udp(("192.0.2.1", 67), ("192.0.2.2", 68), &octets));
        // The same in DHCPv6, within an association and outside.
        let option = [&[0, code, 0, value.len() as u8][..], &value].concat();
        let nested = [&[0, 3, 0, (12 + option.len()) as u8][..], &[0; 12], &option].concat();
        let message = [&[7, 0, 0, 1][..], &option, &nested].concat();
        frames.push(build::udp(("fe80::1", 547), ("fe80::2", 546), &message));
    }
    let report = report(&every(1, frames));
    assert_eq!(report["dhcp_packets_found"], 512);
}

#[test]
fn many_values_stay_within_the_budget() {
    // 200 messages with 1,000 octets each in an option whose values are numbers of one octet.
    let mut octets = vec![0; 236];
    octets[0] = 1;
    octets.extend_from_slice(&[99, 130, 83, 99, 53, 1, 1]);
    for _ in 0..4 {
        octets.extend_from_slice(&[43, 250]);
        octets.extend_from_slice(&[0xff; 250]);
    }
    let frames = every(1, std::iter::repeat_n(build::udp(("0.0.0.0", 68), ("255.255.255.255", 67), &octets), 200));
    let report = super::run(&build::pcap(&frames), &json!({ "page": { "limit": 1000 }, "count_copies": true }));
    assert!(report["packets"].to_string().len() < 4 << 20);
    assert_eq!(report["packets"].as_array().unwrap().len(), 200);
}
