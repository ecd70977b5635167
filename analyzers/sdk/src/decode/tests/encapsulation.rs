//! Packets within others: one DNS query in every encapsulation, against what tshark 4.0.17 says, and what people reported.

use super::*;
use crate::decode::Unread;

/// The query of `tests/captures/encapsulation`: www.example.com, type A, id 0x2c73.
const QUERY: &[u8] = b"\x2c\x73\x01\0\0\x01\0\0\0\0\0\0\x03www\x07example\x03com\0\0\x01\0\x01";

fn captures(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures").join(folder)
}

/// What the decoder says of each frame of a capture.
fn each(path: &Path, mut seen: impl FnMut(&Frame<'_>, &Packet<'_>)) -> Statistics {
    let mut decoder = Decoder::new();
    let bytes = std::fs::read(path).expect("the capture");
    frames(&bytes, |frame| {
        seen(frame, &decoder.decode(frame));
        Ok(Flow::More)
    })
    .expect("a capture");
    decoder.statistics()
}

/// The rows of the oracle: frame, name, and tshark's protocols, by file.
fn oracle() -> BTreeMap<String, Vec<(String, String)>> {
    let text = std::fs::read_to_string(captures("encapsulation/oracle.tsv")).expect("the oracle");
    let mut files: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in text.lines() {
        let [file, number, name, protocols] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let rows = files.entry(file.into()).or_default();
        rows.push((name.into(), protocols.into()));
        assert_eq!(number, rows.len().to_string());
    }
    files
}

#[test]
fn the_query_is_reached_in_every_encapsulation() {
    let (mut reached, mut expected) = (0, 0);
    for (file, rows) in oracle() {
        expected += rows.iter().filter(|(name, _)| name.starts_with("reach ")).count();
        each(&captures(&format!("encapsulation/{file}.pcap")), |frame, packet| {
            let name = &rows[frame.number as usize - 1].0;
            if !name.starts_with("reach ") {
                return;
            }
            let is_v6 = packet.ip.is_some_and(|ip| ip.source.is_ipv6());
            assert_eq!((packet.stop, packet.unread, packet.ports()), (None, None, Some((40_000, 53))), "{file} {name}");
            assert_eq!((packet.payload, packet.payload_length), (QUERY, QUERY.len()), "{file} {name}");
            assert_eq!(is_v6, name.starts_with("reach ipv6"), "{file} {name}");
            reached += 1;
        });
    }
    assert_eq!(reached, expected);
    assert!(expected > 390);
}

#[test]
fn layers_are_those_that_tshark_sees() {
    // tshark 4.0 sees headers that have no name of their own here, and the other way round.
    let left_out = ["ethertype", "wlan_radio", "pcap_pktdata", "osi", "dns"];
    let mut compared = 0;
    for (file, rows) in oracle() {
        each(&captures(&format!("encapsulation/{file}.pcap")), |frame, packet| {
            let (name, protocols) = &rows[frame.number as usize - 1];
            // Of some it sees no more than the outer datagram, or gives the tunnel no name.
            if !name.starts_with("reach ")
                || !protocols.ends_with(":dns")
                || ["vxlan-gpe", "802.1ah", "wccp", "without link layer", "juniper services"]
                    .iter()
                    .any(|odd| name.contains(odd))
            {
                return;
            }
            let theirs: Vec<&str> = protocols.split(':').filter(|name| !left_out.contains(name)).collect();
            let ours: Vec<&str> =
                packet.layers.iter().map(|layer| layer.name()).filter(|name| !left_out.contains(name)).collect();
            assert_eq!(ours, theirs, "{file} {name}");
            compared += 1;
        });
    }
    assert!(compared >= 212, "{compared}");
}

#[test]
fn what_is_not_looked_into_is_counted_by_name() {
    for (file, rows) in oracle() {
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        let statistics = each(&captures(&format!("encapsulation/{file}.pcap")), |frame, packet| {
            let name = &rows[frame.number as usize - 1].0;
            let Some(unread) = name.strip_prefix("unread ") else {
                assert_eq!(packet.unread, None, "{file} {name}");
                return;
            };
            let unread = unread.split(" over ").next().unwrap_or_default();
            *expected.entry(unread).or_default() += 1;
            assert_eq!(packet.unread.map(Unread::name).as_deref(), Some(unread), "{file} {name}");
            // Over UDP, the datagram is one like any other.
            if matches!(packet.transport, Transport::Udp(_)) {
                assert_eq!(packet.stop, None, "{file} {name}");
            }
        });
        let found: BTreeMap<&str, u64> =
            statistics.not_looked_into.iter().map(|entry| (entry.protocol.as_str(), entry.count)).collect();
        assert_eq!(found, expected, "{file}");
        assert_eq!(statistics.frames_not_looked_into(), expected.values().sum::<u64>());
    }
}

#[test]
fn ordinary_traffic_on_the_ports_of_tunnels_stays_what_it_is() {
    let rows = &oracle()["ethernet"];
    let mut ordinary = 0;
    each(&captures("encapsulation/ethernet.pcap"), |frame, packet| {
        let name = &rows[frame.number as usize - 1].0;
        if name.starts_with("ordinary ") {
            let last = packet.layers.last().copied();
            assert_eq!((packet.layers.len(), last, packet.unread), (3, Some(Layer::Udp), None), "{name}");
            ordinary += 1;
        }
    });
    assert!(ordinary > 200, "{ordinary}");
}

#[test]
fn reported_tunnels_hold_a_query_and_a_ping() {
    for (name, tunnels) in [("gtpu", 1), ("vntag", 0), ("tzsp", 1), ("capwap_8023", 1), ("vxlan_flags_ff", 1)] {
        let (mut ports, mut pings, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        let statistics = each(&captures(&format!("reported/{name}.pcap")), |_, packet| {
            assert_eq!((packet.stop, packet.tunnels.len()), (None, tunnels), "{name}");
            ports.extend(packet.ports());
            if let Transport::Icmp(icmp) = &packet.transport {
                pings.push(icmp.kind);
            } else {
                ids.push(packet.payload[..2].to_vec());
            }
        });
        assert_eq!((ports, pings), (vec![(40_000, 53), (53, 40_000)], vec![8, 0]), "{name}");
        assert_eq!(ids, [[0, 5], [0, 5]], "{name}");
        assert_eq!((statistics.decoded, statistics.frames_not_seen()), (4, 0), "{name}");
    }
}

#[test]
fn a_cut_frame_is_never_called_malformed() {
    for (file, rows) in oracle() {
        each(&captures(&format!("encapsulation/{file}.pcap")), |frame, _| {
            let name = &rows[frame.number as usize - 1].0;
            for kept in 0..frame.data.len() {
                let cut = Frame { data: &frame.data[..kept], ..*frame };
                let mut decoder = Decoder::new();
                let packet = decoder.decode(&cut);
                assert_ne!(packet.stop, Some(Stop::Malformed), "{file} {name} {kept}");
                assert!(packet.payload.len() <= kept, "{file} {name} {kept}");
            }
        });
    }
}

#[test]
fn names_are_bounded_and_the_rest_is_counted_together() {
    let mut decoder = Decoder::new();
    for kind in 0..100_u16 {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&(0x7000 + kind).to_be_bytes());
        decode_ethernet(&mut decoder, &frame);
    }
    let names = decoder.statistics().not_looked_into;
    assert_eq!((names.len(), names[0].protocol.as_str()), (33, "ethertype 0x7000"));
    assert_eq!((names[32].protocol.as_str(), names[32].count, names[32].frames.len()), ("other", 68, 10));
    let words = decoder.statistics().not_looked_into_in_words().unwrap();
    assert!(words.starts_with("ethertype 0x7000 in 1 frame, ethertype 0x7001 in 1 frame, "), "{words}");
    assert!(words.ends_with(", others in 95"), "{words}");
    assert_eq!((decoder.statistics().frames_not_looked_into(), decoder.statistics().frames_not_seen()), (100, 100));
}

#[test]
fn protocols_that_carry_no_packets_are_not_counted_as_not_looked_into() {
    let mut decoder = Decoder::new();
    for kind in [0x0806, 0x88cc, 0x8809, 0x888e, 0x9000, 0x8863] {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&u16::to_be_bytes(kind));
        assert_eq!(decode_ethernet(&mut decoder, &frame).stop, Some(Stop::OtherNetworkLayer));
    }
    for protocol in [2, 89, 103, 112] {
        let mut frame = build::udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"whatever");
        frame[23] = protocol;
        assert_eq!(decode_ethernet(&mut decoder, &frame).stop, Some(Stop::OtherTransport));
    }
    assert_eq!((decoder.statistics().frames_not_seen(), decoder.statistics().not_looked_into_in_words()), (0, None));
}

#[test]
fn frames_within_frames_without_end_end() {
    // What is checked before a tunnel is believed is bounded, too.
    let ethernet = |kind: [u8; 2]| [&[2; 12][..], &kind].concat();
    let nsh = [&[0x0f, 0xc2, 2, 3, 0, 0, 1, 0xff][..], &ethernet([0x89, 0x4f])].concat();
    let bridged = ethernet([0x65, 0x58]);
    let service = [&ethernet([0x88, 0xe7])[..], &[0; 4]].concat();
    for (port, header, unit) in [
        (4790, [0x0c, 0, 0, 4, 0, 0, 5, 0], &nsh),
        (6081, [0, 0, 0x65, 0x58, 0, 0, 5, 0], &bridged),
        (4789, [8, 0, 0, 1, 0, 0, 5, 0], &service),
        (6635, [0, 1, 0, 64, 0, 1, 0, 64], &vec![0, 1, 0, 64]),
    ] {
        let content = [&header[..], &unit.repeat(60_000 / unit.len())].concat();
        let frame = build::udp(("192.0.2.1", 50_000), ("192.0.2.2", port), &content);
        let packet = decode_ethernet(&mut Decoder::new(), &frame);
        assert!(matches!(packet.stop, None | Some(Stop::TooDeep)), "{port} {:?}", packet.stop);
        assert!(packet.layers.len() < 50);
    }
}

#[test]
fn a_tunnel_that_the_snap_length_cut_is_not_a_datagram_without_content() {
    let inner = build::udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"hi");
    let content = [&[8, 0, 0, 0, 0, 0, 5, 0][..], &inner].concat();
    let frame = build::udp(("203.0.113.1", 50_000), ("203.0.113.2", 4789), &content);
    let link = ethernet();
    for kept in 50..92 {
        let packet = decode(&mut Decoder::new(), &frame[..kept], frame.len(), &link);
        assert_eq!((packet.stop, packet.transport), (Some(Stop::Cut), Transport::None), "{kept}");
    }
}
