//! Packets that are in the file more than once.

use super::*;

#[test]
fn copies_are_a_finding_and_still_counted_as_packets() {
    for (name, packets, copies) in [("tcp_any_interface", 33, 22), ("ping_any_interface", 27, 18)] {
        let report = report(&format!("tests/captures/reported/{name}.pcap"));
        assert_eq!(rules(&report), ["capture_packets_copied"], "{name}");
        assert_eq!((&report["packet_count"], &report["copies"]["frames"]), (&json!(packets), &json!(copies)), "{name}");
        assert_eq!(report["findings"][0]["frames"].as_array().unwrap()[..2], [json!(1), json!(2)]);
    }
    assert!(report("examples/captures/dns.pcap").get("copies").is_none());
}

#[test]
fn a_packet_that_goes_round_is_a_finding() {
    let packet = build::udp(("192.0.2.1", 1000), ("198.51.100.1", 9), b"round");
    let passing = |ttl: u8| {
        let mut packet = packet.clone();
        (packet[19], packet[22]) = (7, ttl);
        packet
    };
    let times = (0..).map(|n| 1_700_000_000_000_000 + n * 800);
    let round: Vec<_> = times.zip((1..=64).rev().map(passing)).collect();
    let found = |frames: &[(u64, Vec<u8>)]| harness::run::<Capinfos>(&build::pcap(frames), &json!({})).unwrap();
    let report = found(&round);
    assert_eq!(rules(&report), ["capture_packets_copied", "capture_packet_loop"]);
    assert_eq!(report["findings"][1]["measures"][0], json!({ "name": "times_more", "value": 63.0 }));
    // Two routers are none.
    assert_eq!(rules(&found(&round[..3])), ["capture_packets_copied"]);
}
