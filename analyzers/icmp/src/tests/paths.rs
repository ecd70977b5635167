//! Traceroutes.

use mcpcap_analyzer::harness::build;
use mcpcap_analyzer::harness::lists::joined_within;
use serde_json::json;

use super::build::{echo, every, hops, icmp, packet};
use super::{report, rules};
use crate::tool::IcmpPackets;

const SOURCE: &str = "192.0.2.1";
const TARGET: &str = "203.0.113.9";

fn probe(port: u16, limit: u8) -> Vec<u8> {
    hops(build::udp((SOURCE, 40_000), (TARGET, port), b"probe"), limit)
}

fn exceeded(router: &str, probe: &[u8]) -> Vec<u8> {
    icmp(router, SOURCE, 11, 0, &[&[0; 4], &packet(probe)[..28]].concat())
}

#[test]
fn silent_hops_stand_between_those_that_answer() {
    let probes: Vec<_> = (1..=4).map(|limit| probe(33_433 + u16::from(limit), limit)).collect();
    let frames = every(
        1000,
        [
            probes[0].clone(),
            exceeded("198.51.100.1", &probes[0]),
            probes[1].clone(),
            probes[2].clone(),
            exceeded("198.51.100.3", &probes[2]),
            probes[3].clone(),
            icmp(TARGET, SOURCE, 3, 3, &[&[0; 4], &packet(&probes[3])[..28]].concat()),
        ],
    );
    let report = report(&frames);
    let path = &report["statistics"]["paths"][0];
    let hops: Vec<_> = path["hops"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hop| (hop["hop"].as_u64().unwrap(), hop["answered"].as_u64().unwrap()))
        .collect();
    assert_eq!(hops, [(1, 1), (2, 0), (3, 1), (4, 1)]);
    assert_eq!((&path["reached"], &path["hops"][1]["probes"]), (&true.into(), &1.into()));
    assert_eq!(path["hops"][0]["rtt_ms"], json!([1.0]));
}

#[test]
fn tcp_probes_end_with_the_answer_of_the_destination() {
    let syn = |port: u16, limit: u8| hops(build::tcp((SOURCE, port), (TARGET, 443), 0x02, (1, 0), b""), limit);
    let (first, second) = (syn(50_001, 1), syn(50_002, 2));
    let frames = every(
        1000,
        [
            first.clone(),
            exceeded("198.51.100.1", &first),
            second,
            build::tcp((TARGET, 443), (SOURCE, 50_002), 0x12, (1, 2), b""),
        ],
    );
    let path = &report(&frames)["statistics"]["paths"][0];
    assert_eq!((&path["protocol"], &path["hops"][1]["end"]), (&"TCP".into(), &"TCP answer".into()));
}

#[test]
fn an_ordinary_ping_is_no_path() {
    let frames =
        every(1000, [hops(echo(SOURCE, TARGET, false, (1, 1), b"x"), 30), echo(TARGET, SOURCE, true, (1, 1), b"x")]);
    assert_eq!(report(&frames)["statistics"]["paths"], json!([]));
}

#[test]
fn a_router_at_two_places_is_a_loop() {
    let routers = ["198.51.100.1", "198.51.100.2", "198.51.100.1", "198.51.100.2"];
    let frames: Vec<_> = routers
        .iter()
        .zip(1..)
        .flat_map(|(router, limit)| {
            let probe = probe(33_433 + u16::from(limit), limit);
            [probe.clone(), exceeded(router, &probe)]
        })
        .collect();
    let report = report(&every(1000, frames));
    assert_eq!(rules(&report), ["icmp_path_repeats"]);
    assert_eq!(report["findings"][0]["frames"], json!([2, 4, 6, 8]));
}

#[test]
fn label_stacks_are_read() {
    let probe = probe(33_434, 1);
    // The quoted packet padded to 128 octets; version 2, checksum; object of 8 octets, class 1, type 1; label 16, bottom, TTL 1.
    let labelled = |labels: u8| {
        let mut body = vec![0, 32, 0, 0];
        body.extend_from_slice(&packet(&probe)[..28]);
        body.resize(4 + 128, 0);
        body.extend_from_slice(&[0x20, 0, 0, 0, 0, 4 + 4 * labels, 1, 1]);
        (0..labels).for_each(|_| body.extend_from_slice(&[0, 1, 0x01, 1]));
        let report = report(&every(1000, [probe.clone(), icmp("198.51.100.1", SOURCE, 11, 0, &body)]));
        (report["packets"][0].clone(), report["statistics"]["paths"][0]["hops"][0].clone())
    };
    let (packet, hop) = labelled(1);
    assert_eq!((&packet["mpls_labels"], &hop["mpls_labels"]), (&json!([16]), &json!([16])));
    assert_eq!((packet.get("mpls_labels_total"), hop.get("mpls_labels_total")), (None, None));
    let (packet, hop) = labelled(11);
    assert_eq!((&packet["mpls_labels"], &packet["mpls_labels_total"]), (&json!(vec![16; 8]), &json!(11)));
    assert_eq!((&hop["mpls_labels"], hop.get("mpls_labels_total")), (&json!(vec![16; 11]), None));
}

#[test]
fn labels_and_answers_of_a_hop_go_on() {
    // Labels with numbers of their own, in two objects.
    let object = |labels: std::ops::Range<u32>| {
        let length = (4 + 4 * labels.len()) as u16;
        [&length.to_be_bytes()[..], &[1, 1], &labels.flat_map(|label| (label << 12).to_be_bytes()).collect::<Vec<_>>()]
            .concat()
    };
    let frames = (0..1_100_u16).flat_map(|n| {
        let probe = probe(33_434 + n, 1);
        let mut body = vec![0, 32, 0, 0];
        body.extend_from_slice(&packet(&probe)[..28]);
        body.resize(4 + 128, 0);
        body.extend_from_slice(&[0x20, 0, 0, 0]);
        if n == 0 {
            body.extend([object(0..1_200), object(1_200..2_500)].concat());
        }
        [probe, icmp("198.51.100.1", SOURCE, 11, 0, &body)]
    });
    let capture = build::pcap(&every(1000, frames));
    let joined = |name: &str| -> Vec<u64> {
        let (values, pages) = joined_within::<IcmpPackets>(&capture, &json!({}), name);
        assert!(pages > 1, "{name}");
        values.iter().map(|value| value.as_u64().unwrap()).collect()
    };
    assert!(joined("packets[0].mpls_labels").into_iter().eq(0..2_500));
    assert!(joined("statistics.paths[0].hops[0].mpls_labels").into_iter().eq(0..2_500));
    assert!(joined("statistics.paths[0].hops[0].frames").into_iter().eq((2..=2_200).step_by(2)));
}

#[test]
fn answers_that_stand_before_their_probes_in_the_file_belong_to_them() {
    let probes: Vec<_> = (1..=3).map(|limit| probe(33_433 + u16::from(limit), limit)).collect();
    let mut frames = every(
        1000,
        [
            probes[0].clone(),
            exceeded("198.51.100.1", &probes[0]),
            probes[1].clone(),
            exceeded("198.51.100.2", &probes[1]),
            probes[2].clone(),
            icmp(TARGET, SOURCE, 3, 3, &[&[0; 4], &packet(&probes[2])[..28]].concat()),
        ],
    );
    let in_order = report(&frames);
    frames.reverse();
    let reversed = report(&frames);
    for report in [&in_order, &reversed] {
        assert_eq!(report["statistics"]["paths_total"], 1);
        let path = &report["statistics"]["paths"][0];
        assert!(path.get("derived").is_none(), "{path}");
        assert_eq!(path["reached"], true);
        let hops: Vec<_> = path["hops"].as_array().unwrap().iter().map(|hop| (&hop["hop"], &hop["rtt_ms"])).collect();
        let millisecond = json!([1.0]);
        assert_eq!(hops, [(&1.into(), &millisecond), (&2.into(), &millisecond), (&3.into(), &millisecond)]);
    }
}
