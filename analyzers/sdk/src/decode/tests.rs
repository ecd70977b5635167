//! Decoding against what tshark says of the crafted captures, and against frames made for one question each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;
use crate::columns::Headers;
use crate::harness::{build, frames};
use crate::{Flow, Link};

mod batches;
mod copies;
mod encapsulation;
mod headers;
mod lengths;
mod links;
mod reassembly;
mod tunnels;

fn crafted() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/crafted")
}

/// Protocols that both name alike.
const COMPARED: [&str; 21] = [
    "eth", "vlan", "llc", "sll", "ppp", "pppoes", "chdlc", "radiotap", "wlan", "mpls", "gre", "vxlan", "geneve",
    "erspan", "arp", "ip", "ipv6", "udp", "tcp", "icmp", "icmpv6",
];

/// Captures that tshark reads otherwise: a compressed one, which comes here only when inflated, and one of which tshark guesses
/// another format.
const ELSEWHERE: [&str; 2] = ["f_gzip_inside.pcap", "f_huge_caplen.pcap"];

#[test]
fn every_crafted_capture_has_the_protocols_that_tshark_sees() {
    let oracle: Value =
        serde_json::from_slice(&std::fs::read(crafted().join("oracle.json")).expect("the oracle")).expect("JSON");
    let mut compared = 0;
    for (name, facts) in oracle["files"].as_object().expect("an object") {
        let is_capture = name.ends_with(".pcap") || name.ends_with(".pcapng");
        if !is_capture || ELSEWHERE.contains(&name.as_str()) {
            continue;
        }
        let bytes = std::fs::read(crafted().join(name)).expect("the capture");
        let mut decoder = Decoder::new();
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        // What is no capture has no frames, here and there.
        let _ = frames(&bytes, |frame| {
            let packet = decoder.decode(frame);
            let names: BTreeSet<&str> = packet.layers.iter().map(|layer| layer.name()).collect();
            names.into_iter().for_each(|name| *found.entry(name).or_default() += 1);
            Ok(Flow::More)
        });
        for protocol in COMPARED {
            let expected = facts["protocol_frames"][protocol].as_u64().unwrap_or(0);
            assert_eq!(found.get(protocol).copied().unwrap_or(0), expected, "{protocol} in {name}");
        }
        compared += 1;
    }
    assert!(compared > 60, "{compared}");
}

/// A packet that stays, whatever the decoder does next.
fn kept(packet: &Packet<'_>) -> Packet<'static> {
    let transport = match packet.transport {
        Transport::Tcp(tcp) => Transport::Tcp(Tcp { options: tcp.options.to_vec().leak(), ..tcp }),
        Transport::Udp(udp) => Transport::Udp(udp),
        Transport::Icmp(icmp) => Transport::Icmp(icmp),
        Transport::Icmpv6(icmp) => Transport::Icmpv6(icmp),
        Transport::None => Transport::None,
    };
    Packet {
        layers: packet.layers.to_vec().leak(),
        tunnels: packet.tunnels.to_vec().leak(),
        transport,
        payload: packet.payload.to_vec().leak(),
        fragments: packet.fragments.to_vec().leak(),
        headers: Headers::default(),
        community: None,
        ..*packet
    }
}

fn decode(decoder: &mut Decoder, data: &[u8], original: usize, link: &Link) -> Packet<'static> {
    let original = u32::try_from(original).unwrap();
    let frame = Frame { number: 1, timestamp: Some(0), original, data, link, link_index: 0, flags: 0, offset: 0 };
    kept(&decoder.decode(&frame))
}

fn feed(decoder: &mut Decoder, number: u64, seconds: u64, data: &[u8], link: &Link) -> Packet<'static> {
    let frame = Frame {
        number,
        timestamp: Some(seconds * 1_000_000_000),
        original: u32::try_from(data.len()).unwrap(),
        data,
        link,
        link_index: 0,
        flags: 0,
        offset: 0,
    };
    kept(&decoder.decode(&frame))
}

/// Decodes a whole Ethernet frame.
pub(super) fn decode_ethernet(decoder: &mut Decoder, data: &[u8]) -> Packet<'static> {
    static ETHERNET: Link =
        Link { link_type: 1, fcs_length: None, snap_length: 0, section: 0, interface_id: 0, name: None };
    decode(decoder, data, data.len(), &ETHERNET)
}

fn ethernet() -> Link {
    Link { link_type: 1, ..Link::default() }
}

#[test]
fn padding_is_not_payload() {
    let mut frame = build::udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"hi");
    frame.resize(60, 0xaa);
    let link = ethernet();
    let packet = decode(&mut Decoder::new(), &frame, 60, &link);
    assert_eq!((packet.payload, packet.payload_length, packet.is_cut()), (&b"hi"[..], 2, false));
}

#[test]
fn a_frame_check_sequence_is_not_payload() {
    let mut frame = vec![0xff; 12];
    frame.extend_from_slice(&[0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    frame.extend_from_slice(&[0, 1, 0, 2, 0, 0, 0, 0, b'h', b'i', 9, 9, 9, 9]);
    let link = Link { fcs_length: Some(4), ..ethernet() };
    let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!(packet.payload, b"hi");
}

#[test]
fn what_the_snap_length_cut_is_cut_and_not_malformed() {
    let frame = build::tcp(("192.0.2.1", 1), ("192.0.2.2", 2), TcpFlags::ACK, (1, 1), &[7; 100]);
    let link = ethernet();
    for kept in 14..54 {
        let packet = decode(&mut Decoder::new(), &frame[..kept], frame.len(), &link);
        assert_eq!(packet.stop, Some(Stop::Cut), "{kept}");
    }
    let packet = decode(&mut Decoder::new(), &frame[..60], frame.len(), &link);
    assert_eq!((packet.stop, packet.payload.len(), packet.payload_length), (None, 6, 100));
    let packet = decode(&mut Decoder::new(), &frame[..40], 40, &link);
    assert_eq!(packet.stop, Some(Stop::Cut), "IP says that there was more");
}

#[test]
fn endless_tags_end() {
    let mut frame = vec![0; 12];
    for _ in 0..16_000 {
        frame.extend_from_slice(&[0x81, 0x00, 0x00, 0x01]);
    }
    let link = ethernet();
    let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!(packet.stop, Some(Stop::TooDeep));
    assert!(packet.layers.len() < 50);
}

#[test]
fn what_ends_early_is_counted_by_reason_with_its_frames() {
    let link = Link { link_type: 147, ..Link::default() };
    let mut decoder = Decoder::new();
    for number in 1..=20 {
        feed(&mut decoder, number, 0, b"whatever", &link);
    }
    let statistics = decoder.statistics();
    let [stop] = statistics.stopped.as_slice() else { panic!("{statistics:?}") };
    assert_eq!((stop.reason, stop.undecoded, stop.count), (Stop::UnknownLinkType, true, 20));
    assert_eq!(stop.frames, (1..=10).collect::<Vec<u64>>());
    assert_eq!((statistics.frames, statistics.decoded), (20, 0));
}

#[test]
fn no_frame_makes_it_panic() {
    // A linear congruential generator: the same mutations in each run.
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let folders = [crafted(), crafted().with_file_name("encapsulation")];
    let mut captures: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    captures.sort();
    for capture in captures {
        let mut decoder = Decoder::new();
        let _ = frames(&std::fs::read(capture).unwrap(), |frame| {
            for _ in 0..30 {
                let mut data = frame.data.to_vec();
                if !data.is_empty() {
                    let at = random() % data.len().min(80);
                    data[at] = random() as u8;
                    data.truncate(random() % (data.len() + 1));
                }
                decoder.decode(&Frame { data: &data, ..*frame });
            }
            Ok(Flow::More)
        });
    }
}
