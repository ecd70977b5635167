//! Fragments.

use super::*;
use crate::decode::datagram::PIECE_OVERHEAD;

/// An IPv4 fragment of a UDP datagram. `offset` counts octets.
fn fragment(id: u16, offset: u16, more: bool, data: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + data.len()).unwrap();
    let field = (offset / 8) | if more { 0x2000 } else { 0 };
    let mut frame = vec![0; 12];
    frame.extend_from_slice(&[0x08, 0x00, 0x45, 0]);
    frame.extend_from_slice(&total.to_be_bytes());
    frame.extend_from_slice(&id.to_be_bytes());
    frame.extend_from_slice(&field.to_be_bytes());
    frame.extend_from_slice(&[64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
    frame.extend_from_slice(data);
    frame
}

/// A UDP datagram with 24 octets of payload.
fn datagram() -> Vec<u8> {
    let mut datagram = vec![0, 1, 0, 2, 0, 32, 0, 0];
    datagram.extend_from_slice(b"abcdefghijklmnopqrstuvwx");
    datagram
}

#[test]
fn fragments_in_any_order_make_a_datagram() {
    let (whole, link) = (datagram(), ethernet());
    let (first, middle, last) = (
        fragment(7, 0, true, &whole[..16]),
        fragment(7, 16, true, &whole[16..24]),
        fragment(7, 24, false, &whole[24..]),
    );
    let mut decoder = Decoder::new();
    assert_eq!(feed(&mut decoder, 1, 0, &last, &link).stop, Some(Stop::FragmentKept));
    assert_eq!(feed(&mut decoder, 2, 0, &first, &link).stop, Some(Stop::FragmentKept));
    // One of another datagram does not mix in.
    let other = fragment(8, 16, true, &[0; 8]);
    assert_eq!(feed(&mut decoder, 3, 0, &other, &link).stop, Some(Stop::FragmentKept));
    let packet = feed(&mut decoder, 4, 0, &middle, &link);
    assert_eq!((packet.stop, packet.ports()), (None, Some((1, 2))));
    assert_eq!((packet.payload, packet.fragments), (&whole[8..], &[1, 2, 4][..]));
    let counts = decoder.statistics().fragments;
    assert_eq!((counts.frames, counts.completed, counts.waiting), (4, 1, 1));
}

#[test]
fn fragments_that_contradict_each_other_are_refused() {
    let (whole, link) = (datagram(), ethernet());
    let (first, liar) = (fragment(7, 0, true, &whole[..16]), fragment(7, 8, true, b"XXXXXXXX"));
    let mut decoder = Decoder::new();
    feed(&mut decoder, 1, 0, &first, &link);
    assert_eq!(feed(&mut decoder, 2, 0, &liar, &link).stop, Some(Stop::FragmentRefused));
    assert_eq!(decoder.statistics().fragments.refused, 1);
    // The same bytes again are no contradiction.
    feed(&mut decoder, 3, 1, &first, &link);
    assert_eq!(feed(&mut decoder, 4, 2, &first, &link).stop, Some(Stop::FragmentKept));
}

#[test]
fn fragments_wait_for_a_bounded_time_and_in_bounded_memory() {
    let link = ethernet();
    let start = |id| fragment(id, 0, true, &[0; 16]);
    let mut decoder =
        Decoder::with_limits(Limits { bytes: 3 * (16 + PIECE_OVERHEAD), datagrams: 100, age: 30_000_000_000 });
    for id in 0..3 {
        feed(&mut decoder, 1, 0, &start(id), &link);
    }
    assert_eq!(decoder.statistics().fragments.evicted, 0);
    feed(&mut decoder, 1, 0, &start(3), &link);
    assert_eq!((decoder.statistics().fragments.evicted, decoder.statistics().fragments.waiting), (1, 3));
    feed(&mut decoder, 1, 31, &start(4), &link);
    assert_eq!((decoder.statistics().fragments.expired, decoder.statistics().fragments.waiting), (3, 1));

    let mut decoder = Decoder::with_limits(Limits { datagrams: 2, ..Limits::default() });
    for id in 0..3 {
        feed(&mut decoder, 1, 0, &start(id), &link);
    }
    assert_eq!((decoder.statistics().fragments.evicted, decoder.statistics().fragments.waiting), (1, 2));
}

#[test]
fn repeating_a_fragment_costs_nothing() {
    let (link, start) = (ethernet(), fragment(7, 0, true, &[0; 16]));
    let limits = Limits { bytes: 16 + PIECE_OVERHEAD, ..Limits::default() };
    let mut decoder = Decoder::with_limits(limits).counting_copies(true);
    for number in 1..=1000 {
        feed(&mut decoder, number, 0, &start, &link);
    }
    let counts = decoder.statistics().fragments;
    assert_eq!((counts.frames, counts.evicted, counts.waiting), (1000, 0, 1));
}

#[test]
fn a_reused_identification_begins_anew_after_its_time() {
    let (whole, link) = (datagram(), ethernet());
    let (first, last) = (fragment(7, 0, true, &whole[..16]), fragment(7, 16, false, &whole[16..]));
    let mut decoder = Decoder::new();
    // One with a time far ahead stands before it in the order of arrival.
    feed(&mut decoder, 1, 1000, &fragment(8, 0, true, &[0; 8]), &link);
    feed(&mut decoder, 2, 0, &first, &link);
    assert_eq!(feed(&mut decoder, 3, 31, &last, &link).stop, Some(Stop::FragmentKept));
    assert_eq!(decoder.statistics().fragments.expired, 1);
    assert_eq!(feed(&mut decoder, 4, 32, &first, &link).fragments, [3, 4]);
}

#[test]
fn the_same_addresses_in_another_network_are_others() {
    let (whole, link) = (datagram(), ethernet());
    let tag = |id: u8, mut frame: Vec<u8>| {
        frame.splice(12..12, [0x88, 0xa8, 0, 1, 0x81, 0, 0, id]);
        frame
    };
    let first = tag(2, fragment(7, 0, true, &whole[..16]));
    let (other, last) = (tag(3, fragment(7, 16, false, &whole[16..])), tag(2, fragment(7, 16, false, &whole[16..])));
    let mut decoder = Decoder::new();
    feed(&mut decoder, 1, 0, &first, &link);
    assert_eq!(feed(&mut decoder, 2, 0, &other, &link).stop, Some(Stop::FragmentKept));
    assert_eq!(feed(&mut decoder, 3, 1, &last, &link).fragments, [1, 3]);
}

#[test]
fn a_first_fragment_that_was_cut_still_has_ports() {
    let (whole, link) = (datagram(), ethernet());
    let (first, last) = (fragment(7, 0, true, &whole[..16]), fragment(7, 16, false, &whole[16..]));
    let mut decoder = Decoder::new();
    let packet = decode(&mut decoder, &first[..44], first.len(), &link);
    assert_eq!((packet.stop, packet.ports(), packet.is_cut()), (None, Some((1, 2)), true));
    assert!(packet.ip.is_some_and(|ip| ip.fragment));
    assert_eq!(decode(&mut decoder, &last[..40], last.len(), &link).stop, Some(Stop::Cut));
    let counts = decoder.statistics().fragments;
    assert_eq!((counts.frames, counts.waiting), (2, 0));
}

/// An IPv6 packet with a fragment header.
fn fragment6(offset: u16, more: bool, next: u8, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0]);
    frame.extend_from_slice(&u16::try_from(8 + data.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&[44, 64]);
    frame.extend_from_slice(&[1; 32]);
    frame.extend_from_slice(&[next, 0]);
    frame.extend_from_slice(&(offset | u16::from(more)).to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0, 9]);
    frame.extend_from_slice(data);
    frame
}

#[test]
fn extension_headers_within_a_fragmented_datagram_are_looked_through() {
    let link = ethernet();
    let mut whole = vec![17, 0, 1, 4, 0, 0, 0, 0];
    whole.extend_from_slice(&datagram());
    let (first, last) = (fragment6(0, true, 60, &whole[..16]), fragment6(16, false, 60, &whole[16..]));
    let mut decoder = Decoder::new();
    feed(&mut decoder, 1, 0, &first, &link);
    let packet = feed(&mut decoder, 2, 0, &last, &link);
    assert_eq!((packet.ports(), packet.ip.map(|ip| (ip.protocol, ip.identification))), (Some((1, 2)), Some((17, 9))));
    let names: Vec<_> = packet.layers.iter().map(|layer| layer.name()).collect();
    assert_eq!(names, ["eth", "ipv6", "ipv6.fraghdr", "ipv6.dstopts", "udp"]);
}

#[test]
fn an_atomic_fragment_is_a_packet() {
    let (whole, link, mut decoder) = (fragment6(0, false, 17, &datagram()), ethernet(), Decoder::new());
    let packet = feed(&mut decoder, 1, 0, &whole, &link);
    assert_eq!(
        (packet.ports(), packet.ip.map(|ip| ip.fragment), packet.fragments.len()),
        (Some((1, 2)), Some(false), 0)
    );
    assert_eq!(decoder.statistics().fragments.frames, 0);
}

#[test]
fn a_datagram_of_several_within_another_names_all_frames() {
    // An IPv4 fragment that is itself sent in two fragments of an outer packet, and then the rest of the inner datagram.
    let (whole, link) = (datagram(), ethernet());
    let inner = |offset: u16, more| fragment(7, offset, more, &whole[usize::from(offset)..][..16])[14..].to_vec();
    let (inner_first, inner_last) = (inner(0, true), inner(16, false));
    let outer = |offset: u16, more, data: &[u8]| {
        let mut frame = fragment(9, offset, more, data);
        frame[23] = 4;
        frame
    };
    let mut decoder = Decoder::new();
    feed(&mut decoder, 1, 0, &outer(0, true, &inner_first[..16]), &link);
    assert_eq!(feed(&mut decoder, 2, 0, &outer(16, false, &inner_first[16..]), &link).stop, Some(Stop::FragmentKept));
    feed(&mut decoder, 3, 0, &outer(0, true, &inner_last[..16]), &link);
    let last = outer(16, false, &inner_last[16..]);
    let packet = feed(&mut decoder, 4, 0, &last, &link);
    assert_eq!((packet.ports(), packet.payload), (Some((1, 2)), &whole[8..]));
    assert_eq!(packet.fragments, [2, 3, 4]);
    assert_eq!(packet.tunnels.len(), 1);
}
