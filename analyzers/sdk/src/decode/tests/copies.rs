//! Packets that were captured more than once.

use super::*;
use crate::stats::{Lists, Window, Within};

const MS: u64 = 1_000_000;
const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const A6: &str = "2001:db8::1";
const B6: &str = "2001:db8::2";

/// Gives frames at their times, in nanoseconds, to a decoder; the frames that they are copies of.
struct Tap {
    decoder: Decoder,
    number: u64,
}

impl Tap {
    fn new() -> Self {
        Self { decoder: Decoder::new(), number: 0 }
    }

    fn over(&mut self, time: u64, data: &[u8], link: &Link, link_index: u32) -> Option<u64> {
        self.take(time, (data, data.len()), link, link_index).copy_of
    }

    /// Of the frame's data, so much was captured.
    fn take(&mut self, time: u64, (data, captured): (&[u8], usize), link: &Link, index: u32) -> Packet<'static> {
        self.number += 1;
        let frame = crate::Frame {
            number: self.number,
            timestamp: Some(1_700_000_000_000_000_000 + time),
            original: data.len() as u32,
            data: &data[..captured.min(data.len())],
            link,
            link_index: index,
            flags: 0,
            offset: 0,
        };
        kept(&self.decoder.decode(&frame))
    }

    fn cut(&mut self, time: u64, data: &[u8], captured: usize) -> Option<u64> {
        self.take(time, (data, captured), &ethernet(), 0).copy_of
    }

    fn at(&mut self, time: u64, data: &[u8]) -> Option<u64> {
        self.over(time, data, &ethernet(), 0)
    }
}

/// With an IPv4 identification.
fn identified(mut frame: Vec<u8>, id: u16) -> Vec<u8> {
    frame[18..20].copy_from_slice(&id.to_be_bytes());
    frame
}

fn with_ttl(mut frame: Vec<u8>, ttl: u8) -> Vec<u8> {
    let at = if frame[12..14] == [0x86, 0xdd] { 21 } else { 22 };
    frame[at] = ttl;
    // A router writes another checksum and other addresses of the link layer.
    frame[0..12].fill(7);
    if at == 22 {
        frame[24..26].fill(0x55);
    }
    frame
}

fn with_vlan(frame: &[u8], id: u16) -> Vec<u8> {
    [&frame[..12], &[0x81, 0], &id.to_be_bytes(), &frame[12..]].concat()
}

fn data(v6: bool) -> Vec<u8> {
    let (a, b) = if v6 { (A6, B6) } else { (A, B) };
    build::tcp((a, 1000), (b, 80), TcpFlags::ACK, (5, 9), b"GET / HTTP/1.1\r\n\r\n")
}

fn udp(v6: bool) -> Vec<u8> {
    let (a, b) = if v6 { (A6, B6) } else { (A, B) };
    build::udp((a, 1000), (b, 53), b"a query")
}

fn identified_if(frame: Vec<u8>, is: bool) -> Vec<u8> {
    if is { identified(frame, 7) } else { frame }
}

fn bare(v6: bool) -> Vec<u8> {
    let (a, b) = if v6 { (A6, B6) } else { (A, B) };
    build::tcp((a, 1000), (b, 80), TcpFlags::ACK, (5, 9), b"")
}

#[test]
fn an_equal_packet_within_milliseconds_is_a_copy_wherever_it_was_captured() {
    for first in [data(false), data(true), udp(false), udp(true), identified(data(false), 7), identified(udp(false), 7)]
    {
        for (name, second, differs) in [
            ("routed", with_ttl(first.clone(), 63), "hop_limit"),
            ("tagged", with_vlan(&first, 100), "link_header"),
            ("tagged twice", with_vlan(&with_vlan(&first, 100), 20), "link_header"),
            ("mirrored", first.clone(), "nothing"),
        ] {
            let mut tap = Tap::new();
            assert_eq!((tap.at(0, &first), tap.at(MS / 2, &second)), (None, Some(1)), "{name}");
            let report = serde_json::to_value(tap.decoder.copies(&mut Lists::default()).unwrap()).unwrap();
            assert_eq!(report["differ_in"][differs], 1, "{name}: {report}");
            assert_eq!(report["first"], serde_json::json!([{ "frame": 2, "copy_of": 1 }]), "{name}");
        }
    }
}

#[test]
fn what_a_host_sends_again_is_no_copy() {
    let first = identified(data(false), 7);
    for (name, second, after) in [
        ("with another identification", identified(data(false), 8), MS / 10),
        ("later", first.clone(), 6 * MS),
        ("without identification, later", data(false), 2 * MS),
    ] {
        let mut tap = Tap::new();
        let first = if name.starts_with("without") { data(false) } else { first.clone() };
        assert_eq!((tap.at(0, &first), tap.at(after, &second)), (None, None), "{name}");
        assert_eq!(tap.decoder.copies(&mut Lists::default()), None, "{name}");
    }
    // Other content, and the same content cut elsewhere.
    let mut other = first.clone();
    *other.last_mut().unwrap() ^= 1;
    let mut tap = Tap::new();
    assert_eq!((tap.at(0, &first), tap.at(1, &other)), (None, None));
}

#[test]
fn bare_acknowledgments_without_identification_are_copies_where_everything_is() {
    for v6 in [false, true] {
        // Three equal ones at once, as a receiver sends them that misses a segment.
        let mut tap = Tap::new();
        let found: Vec<_> = (0..3).map(|n| tap.at(n * 10_000, &bare(v6))).collect();
        assert_eq!(found, [None, None, None]);
        // The same at a mirror port.
        let mut tap = Tap::new();
        let syn = |flags| build::tcp((A6, 1000), (B6, 80), flags, (4, 0), b"");
        let found = [tap.at(0, &syn(TcpFlags::SYN)), tap.at(1000, &syn(TcpFlags::SYN))];
        assert_eq!(found, [None, Some(1)]);
        assert_eq!([tap.at(MS, &bare(v6)), tap.at(MS + 1000, &bare(v6))], [None, Some(3)]);
    }
}

#[test]
fn packets_without_identification_are_captured_up_to_four_times_at_one_place_and_more_is_a_flood() {
    let mut ping = build::udp((A6, 0x8000), (B6, 0), &[0, 7, 0, 1]);
    // ICMPv6 instead of UDP: an echo request.
    ping[20] = 58;
    for packet in [udp(false), udp(true), ping] {
        for tagged in [false, true] {
            let packet = if tagged { with_vlan(&packet, 7) } else { packet.clone() };
            let mut tap = Tap::new();
            let found: Vec<_> = (0..6).map(|n| tap.at(n * 1000, &packet)).collect();
            assert_eq!(found, [None, Some(1), Some(1), Some(1), None, None]);
            // A millisecond later it is another one.
            assert_eq!([tap.at(2 * MS, &packet), tap.at(2 * MS + 1000, &packet)], [None, Some(7)]);
        }
    }
    // With an identification, all are.
    let mut tap = Tap::new();
    let packet = identified(udp(false), 7);
    let found: Vec<_> = (0..6).map(|n| tap.at(n * 1000, &packet)).collect();
    assert_eq!(found[1..], [Some(1); 5]);
}

#[test]
fn copies_are_cut_at_different_places() {
    for v6 in [false, true] {
        let (a, b) = if v6 { (A6, B6) } else { (A, B) };
        let content: Vec<u8> = (0..=255).collect();
        let header = if v6 { 54 } else { 34 };
        for (name, packet, transport) in [
            ("tcp", build::tcp((a, 1000), (b, 80), TcpFlags::ACK, (5, 9), &content), 14),
            ("udp", build::udp((a, 1000), (b, 53), &content), 20),
        ] {
            let whole = packet.len();
            for (first, second) in [(whole, 120), (120, whole), (whole, header + 20), (header + 20, whole), (120, 100)]
            {
                for copy in [packet.clone(), with_vlan(&packet, 7), with_vlan(&with_vlan(&packet, 9), 7)] {
                    let tags = copy.len() - packet.len();
                    let mut tap = Tap::new();
                    let found = [tap.cut(0, &packet, first), tap.cut(MS / 2, &copy, second + tags)];
                    assert_eq!(found, [None, Some(1)], "{name} {v6} {first} {second} {tags}");
                    let report = tap.decoder.copies(&mut Lists::default()).unwrap();
                    assert_eq!((report.differ_in.cut, report.differ_in.nothing), (1, 0));
                }
            }
            // Another byte of those that both have, and another length.
            let mut other = packet.clone();
            other[header + 50] ^= 1;
            let mut longer = packet.clone();
            longer.push(0);
            longer[if v6 { 19 } else { 17 }] += 1;
            for (first, second) in [(whole, header + 64), (header + 64, whole)] {
                for changed in [&other, &longer] {
                    let mut tap = Tap::new();
                    assert_eq!([tap.cut(0, &packet, first), tap.cut(MS / 2, changed, second)], [None, None], "{name}");
                }
            }
            // Headers only, twice, and then the whole packet: what could not be read is none that counts.
            let mut tap = Tap::new();
            let found = [transport - 8, transport - 8, 200].map(|n| tap.cut(0, &packet, header + n));
            let all_read = transport == 20;
            assert_eq!(found, if all_read { [None, Some(1), None] } else { [None, None, None] }, "{name}");
        }
    }
}

#[test]
fn a_checksum_that_the_network_card_completes_does_not_tell_copies_apart() {
    for (v6, at) in [(false, 34), (true, 54)] {
        for (packet, checksum) in [(data(v6), at + 16), (udp(v6), at + 6)] {
            let mut left = packet.clone();
            left[checksum..checksum + 2].copy_from_slice(&[0x12, 0x34]);
            for sent in [left.clone(), identified_if(left, !v6)] {
                let wire = identified_if(packet.clone(), sent[18..20] == [0, 7] && !v6);
                for copy in [with_vlan(&with_ttl(wire.clone(), 63), 3), wire] {
                    let mut tap = Tap::new();
                    assert_eq!([tap.at(0, &sent), tap.at(30_000, &copy)], [None, Some(1)], "{v6}");
                }
            }
        }
    }
}

#[test]
fn a_fragment_that_is_less_cut_is_kept_for_its_datagram() {
    let piece = |offset: u16, more: bool, data: &[u8]| {
        let mut frame = vec![0; 12];
        frame.extend_from_slice(&[8, 0, 0x45, 0, 0, 20 + data.len() as u8, 0, 7]);
        frame.extend_from_slice(&((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
        frame.extend_from_slice(&[64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        frame.extend_from_slice(data);
        frame
    };
    let mut data = vec![0, 1, 0, 53, 0, 64, 0, 0];
    data.resize(48, 5);
    let (first, last) = (piece(0, true, &data), piece(48, false, &[9; 16]));
    let mut tap = Tap::new();
    let found = [tap.cut(0, &first, 60), tap.cut(1, &first, 99), tap.cut(2, &first, 60), tap.cut(3, &last, 99)];
    assert_eq!(found, [None, None, Some(1), None]);
    assert_eq!(tap.decoder.statistics().fragments.completed, 1);
}

#[test]
fn interfaces_are_named_and_cooked_ones_told_by_their_number() {
    let packet = identified(data(false), 7);
    let named = |name: &str| Link { name: Some(name.into()), ..ethernet() };
    let mut tap = Tap::new();
    assert_eq!(tap.over(0, &packet, &named("eth0"), 0), None);
    assert_eq!(tap.over(1000, &packet, &named("br0"), 1), Some(1));
    assert_eq!(tap.over(2000, &packet, &named("br0"), 1), Some(1));
    let report = tap.decoder.copies(&mut Lists::default()).unwrap();
    assert_eq!((report.frames, report.packets, report.most_of_one_packet), (2, 1, 2));
    assert_eq!(report.interfaces, ["eth0", "br0"]);
    assert_eq!(report.differ_in.interface, 2);

    let cooked = |index: u8| {
        let mut frame = vec![8, 0, 0, 0, 0, 0, 0, index, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        frame.extend_from_slice(&packet[14..]);
        frame
    };
    let link = Link { link_type: 276, ..Link::default() };
    let mut tap = Tap::new();
    assert_eq!((tap.over(0, &cooked(2), &link, 0), tap.over(9, &cooked(5), &link, 0)), (None, Some(1)));
    assert_eq!(tap.decoder.copies(&mut Lists::default()).unwrap().interfaces, ["interface 2", "interface 5"]);
}

#[test]
fn interfaces_beyond_those_in_order_are_counted_and_go_on() {
    const LIST: &str = "copies.interfaces";
    let packet = identified(data(false), 7);
    let over = |interfaces: u32, window: Window| {
        let mut tap = Tap { decoder: Decoder::new().listing(&window), number: 0 };
        (0..interfaces).for_each(|index| {
            tap.over(u64::from(index), &packet, &ethernet(), index);
        });
        let mut lists = Lists::new(window);
        let report = tap.decoder.copies(&mut lists).unwrap();
        let told = lists.into_pages().into_iter().find(|page| page.list == LIST);
        (report.interfaces, report.interfaces_total, told.and_then(|page| page.next))
    };
    assert_eq!(over(65_536, Window::default()).1, None);
    let asking = |offset, after: Option<u64>| {
        let within = after.map(|after| Within { list: LIST.into(), after });
        over(67_000, Window { offset, limit: 1000, list: Some(LIST.into()), within })
    };
    let (last, total, mut next) = asking(65_000, None);
    // Three standard errors.
    assert!(total.unwrap().abs_diff(67_000) < 1_610, "{total:?}");
    assert!(last.into_iter().eq((65_000..65_536).map(|n| format!("interface {n}"))));
    let mut rest = Vec::new();
    while next.is_some() {
        let page = asking(0, next);
        rest.extend(page.0);
        next = page.2;
    }
    rest.sort_unstable();
    assert!(rest.into_iter().eq((65_536..67_000).map(|n| format!("interface {n}"))));
}

#[test]
fn a_packet_that_goes_round_is_told_by_its_hop_limits() {
    let packet = identified(data(false), 7);
    let mut tap = Tap::new();
    for ttl in (20..=64).rev() {
        tap.at(u64::from(64 - ttl) * MS, &with_ttl(packet.clone(), ttl));
    }
    let report = tap.decoder.copies(&mut Lists::default()).unwrap();
    assert_eq!((report.most_by_hop_limit, &report.frames_of_most[..3]), (44, &[1, 2, 3][..]));
}

#[test]
fn lists_of_copies_have_pages() {
    let packet = identified(data(false), 7);
    let report = |list: &str, offset: u64| {
        let window = Window { offset, limit: 20, list: Some(list.into()), ..Window::default() };
        let mut tap = Tap { decoder: Decoder::new().listing(&window), number: 0 };
        for ttl in (20..=64).rev() {
            let of_interface = Link { name: Some(format!("eth{ttl}")), ..ethernet() };
            tap.over(u64::from(64 - ttl) * MS, &with_ttl(packet.clone(), ttl), &of_interface, u32::from(64 - ttl));
        }
        let mut lists = Lists::new(window);
        (tap.decoder.copies(&mut lists).unwrap(), lists.into_pages())
    };
    let (first, pages) = report("copies.first", 20);
    assert_eq!(first.first.iter().map(|copy| copy.frame).collect::<Vec<_>>(), (22..=41).collect::<Vec<_>>());
    let told: Vec<_> = pages.iter().map(|page| (&*page.list, page.total, page.offset, page.returned)).collect();
    assert_eq!(
        told,
        [("copies.first", 44, 20, 20), ("copies.interfaces", 45, 0, 32), ("copies.frames_of_most", 45, 0, 10)]
    );
    assert_eq!(report("copies.frames_of_most", 40).0.frames_of_most, [41, 42, 43, 44, 45]);
    assert_eq!(report("copies.interfaces", 44).0.interfaces, ["eth20"]);
}

/// Over what the decoder writes for analyzers.
#[test]
fn pages_of_copies_joined_are_whole() {
    let packet = identified(data(false), 7);
    let page = |list: &str, offset: u64| {
        let window = Window { offset, limit: 1000, list: Some(list.into()), ..Window::default() };
        let mut tap = Tap { decoder: Decoder::new().listing(&window), number: 0 };
        // Link 0 has no packet, and hop limits go down and up again.
        for index in 1..=3_100 {
            let named = Link { name: Some(format!("eth{index}")), ..ethernet() };
            tap.over(u64::from(index), &with_ttl(packet.clone(), 64 - (index % 2) as u8), &named, index);
        }
        let written = serde_json::to_string(&tap.decoder.summary(window)).unwrap();
        let summary: Summary = serde_json::from_str(&written).unwrap();
        let mut lists = Lists::default();
        let report = serde_json::to_value(summary.copies(&mut lists)).unwrap();
        let told = lists.into_pages().into_iter().find(|page| page.list == list).unwrap();
        let values = report[list.trim_start_matches("copies.")].as_array().unwrap().clone();
        assert_eq!((told.offset, told.returned), (offset, values.len() as u64));
        (values, told.total)
    };
    let joined = |list: &str| {
        let (mut joined, total) = page(list, 0);
        while (joined.len() as u64) < total {
            joined.extend(page(list, joined.len() as u64).0);
        }
        joined
    };
    let numbers = |from: u64| (from..=3_100).map(serde_json::Value::from);
    let names = (1..=3_100).map(|n| serde_json::Value::from(format!("eth{n}")));
    assert!(joined("copies.interfaces").into_iter().eq(names));
    assert!(joined("copies.frames_of_most").into_iter().eq(numbers(1)));
    assert!(joined("copies.first").iter().map(|copy| copy["frame"].clone()).eq(numbers(2)));
}

#[test]
fn copies_of_fragments_do_not_disturb_their_datagram() {
    let piece = |offset: u16, more: bool, data: &[u8]| {
        let mut frame = vec![0; 12];
        frame.extend_from_slice(&[8, 0, 0x45, 0, 0, 20 + data.len() as u8, 0, 7]);
        frame.extend_from_slice(&((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes());
        frame.extend_from_slice(&[64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        frame.extend_from_slice(data);
        frame
    };
    let first = piece(0, true, &[0, 1, 0, 53, 0, 24, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let last = piece(16, false, &[9, 9, 9, 9, 9, 9, 9, 9]);
    let mut tap = Tap::new();
    let found: Vec<_> =
        [&first, &first, &last, &last].into_iter().zip(0..).map(|(frame, n)| tap.at(n * 1000, frame)).collect();
    assert_eq!(found, [None, Some(1), None, Some(3)]);
    let fragments = tap.decoder.statistics().fragments;
    assert_eq!((fragments.frames, fragments.completed, fragments.waiting), (4, 1, 0));
}

#[test]
fn without_times_and_on_demand_nothing_is_a_copy() {
    let packet = identified(data(false), 7);
    let mut tap = Tap { decoder: Decoder::new().counting_copies(true), number: 0 };
    assert_eq!((tap.at(0, &packet), tap.at(1, &packet)), (None, None));
    assert_eq!(tap.decoder.copies(&mut Lists::default()), None);
}

#[test]
fn memory_is_bounded_and_what_was_forgotten_is_said() {
    let mut tap = Tap::new();
    for id in 0..60_000_u32 {
        tap.at(u64::from(id), &identified(data(false), (id % 65_536) as u16 | 1));
    }
    tap.at(60_000, &identified(data(false), 59_999));
    assert!(tap.decoder.copies(&mut Lists::default()).unwrap().at_least);
}
