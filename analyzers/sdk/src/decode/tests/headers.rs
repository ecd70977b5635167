//! IP, its extension headers, and the lengths and options of transports.

use super::links::{ip, ipv6, names};
use super::*;

fn raw() -> Link {
    Link { link_type: 101, ..Link::default() }
}

/// An IPv6 packet whose extension headers stand before the UDP datagram of [`ipv6`].
fn extended(first: u8, headers: &[u8]) -> Vec<u8> {
    let mut packet = ipv6();
    packet[6] = first;
    packet[5] += u8::try_from(headers.len()).unwrap();
    packet.splice(40..40, headers.iter().copied());
    packet
}

#[test]
fn extension_headers_are_looked_through() {
    let headers = [
        &[60, 0, 0, 0, 0, 0, 0, 0][..],                                             // hop by hop
        &[43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],                         // destination options, two units
        &[51, 0, 0, 0, 0, 0, 0, 0],                                                 // routing
        &[60, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], // AH
        &[17, 0, 0, 0, 0, 0, 0, 0], // destination options again, behind AH
    ]
    .concat();
    let (packet, link) = (extended(0, &headers), raw());
    let found = decode(&mut Decoder::new(), &packet, packet.len(), &link);
    assert_eq!(names(&found), "raw:ipv6:ipv6.hopopts:ipv6.dstopts:ipv6.routing:ah:ipv6.dstopts:udp");
    assert_eq!((found.ports(), found.payload), (Some((1, 2)), &b"hi"[..]));
    assert_eq!(found.ip.map(|ip| ip.protocol), Some(17));
}

#[test]
fn endless_extension_headers_end() {
    let (mut packet, link) = (ipv6(), raw());
    (packet[4], packet[5], packet[6]) = (0xff, 0xff, 60);
    packet.truncate(40);
    packet.extend([60, 0, 0, 0, 0, 0, 0, 0].repeat(8000));
    assert_eq!(decode(&mut Decoder::new(), &packet, packet.len(), &link).stop, Some(Stop::TooDeep));
}

#[test]
fn extension_headers_of_ipv6_mean_nothing_in_ipv4() {
    let (mut packet, link) = (ip(), raw());
    packet[9] = 60;
    let found = decode(&mut Decoder::new(), &packet, packet.len(), &link);
    assert_eq!((found.stop, names(&found)), (Some(Stop::OtherTransport), "raw:ip:other_ip".into()));
}

#[test]
fn a_length_of_zero_means_up_to_the_end_unless_nothing_is_to_follow() {
    let link = raw();
    let (mut v4, mut v6) = (ip(), ipv6());
    (v4[2], v4[3], v6[5]) = (0, 0, 0);
    for packet in [&v4, &v6] {
        assert_eq!(decode(&mut Decoder::new(), packet, packet.len(), &link).payload, b"hi");
    }
    v6[6] = 59;
    assert_eq!(decode(&mut Decoder::new(), &v6, v6.len(), &link).payload, b"", "padding is not payload");
}

#[test]
fn options_and_lengths_of_ip() {
    let link = raw();
    let mut packet = ip();
    (packet[0], packet[3]) = (0x46, packet[3] + 4);
    packet.splice(20..20, [1, 1, 1, 0]);
    assert_eq!(decode(&mut Decoder::new(), &packet, packet.len(), &link).ports(), Some((1, 2)));
    packet[3] = 23;
    assert_eq!(decode(&mut Decoder::new(), &packet, packet.len(), &link).stop, Some(Stop::Malformed));
    packet[0] = 0x44;
    assert_eq!(decode(&mut Decoder::new(), &packet, packet.len(), &link).stop, Some(Stop::Malformed));
}

#[test]
fn udp_has_what_its_length_says_and_never_more_than_ip() {
    let link = raw();
    for (length, payload) in [(0, &b"hi"[..]), (7, b""), (8, b""), (9, b"h"), (10, b"hi"), (200, b"hi")] {
        let mut packet = ip();
        packet[25] = length;
        let found = decode(&mut Decoder::new(), &packet, packet.len(), &link);
        assert_eq!((found.payload, found.payload_length, found.is_cut()), (payload, payload.len(), false), "{length}");
    }
}

#[test]
fn a_tcp_header_stands_without_the_rest_of_its_options() {
    let mut frame = build::tcp(("192.0.2.1", 1), ("192.0.2.2", 2), TcpFlags::SYN, (7, 0), b"fast open");
    let options = [2, 4, 5, 0xb4, 4, 2, 1, 1];
    frame.splice(54..54, options);
    (frame[17], frame[46]) = (frame[17] + 8, 0x70);
    let link = ethernet();
    for kept in 54..62 {
        let packet = decode(&mut Decoder::new(), &frame[..kept], frame.len(), &link);
        let Transport::Tcp(tcp) = &packet.transport else { panic!("{packet:?}") };
        assert_eq!((packet.stop, tcp.sequence, tcp.options), (Some(Stop::Cut), 7, &options[..kept - 54]));
        assert_eq!((packet.payload.len(), packet.payload_length), (0, 9), "{kept}");
    }
    let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!((packet.stop, packet.payload), (None, &b"fast open"[..]));
    // A header that is longer than what IP carries.
    frame[46] = 0xf0;
    assert_eq!(decode(&mut Decoder::new(), &frame, frame.len(), &link).stop, Some(Stop::Malformed));
}
