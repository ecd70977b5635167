//! Packets that are in the file more than once, and lists that an argument makes longer.

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
fn an_argument_gives_the_rest_of_lists_without_pages() {
    let frames: Vec<_> = (0..150_u16)
        .map(|n| {
            let mut frame = build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"x");
            // Protocols without a name, each a row of its own.
            frame[23] = 100 + (n % 150) as u8;
            (1_700_000_000_000_000 + u64::from(n) * 10_000, frame)
        })
        .collect();
    let capture = build::pcap(&frames);
    let length = |list: &Value| list.as_array().unwrap().len();
    let report = |arguments| harness::run::<Capinfos>(&capture, &arguments).unwrap();
    let (all, few) = (report(json!({})), report(json!({ "list_entries": 5 })));
    for (list, total) in
        [("/protocols", "/protocols_total"), ("/protocol_hierarchy/rows", "/protocol_hierarchy/rows_total")]
    {
        let entries = |report: &Value| length(report.pointer(list).unwrap());
        assert_eq!((entries(&all) as u64, entries(&few)), (all.pointer(total).unwrap().as_u64().unwrap(), 5));
        assert_eq!(all.pointer(total), few.pointer(total));
    }
    assert!(harness::run::<Capinfos>(&capture, &json!({ "list_entries": 0 })).is_err());
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
