//! Link types.

use super::*;

/// An IPv4 packet with the UDP payload `hi`.
pub(super) fn ip() -> Vec<u8> {
    build::udp(("192.0.2.1", 1), ("192.0.2.2", 2), b"hi").split_off(14)
}

/// The same over IPv6.
pub(super) fn ipv6() -> Vec<u8> {
    build::udp(("2001:db8::1", 1), ("2001:db8::2", 2), b"hi").split_off(14)
}

pub(super) fn names(packet: &Packet<'_>) -> String {
    packet.layers.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(":")
}

/// Decodes a packet behind a link header, and checks that it is reached.
fn reaches(link_type: u16, header: &[u8], packet: &[u8], expected: &str) {
    let link = Link { link_type, ..Link::default() };
    let frame = [header, packet].concat();
    let found = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!(names(&found), expected, "{link_type} {header:02x?}");
    assert_eq!(
        (found.stop, found.ports(), found.payload),
        (None, Some((1, 2)), &b"hi"[..]),
        "{link_type} {header:02x?}"
    );
}

fn stops(link_type: u16, frame: &[u8], stop: Stop) {
    let link = Link { link_type, ..Link::default() };
    assert_eq!(decode(&mut Decoder::new(), frame, frame.len(), &link).stop, Some(stop), "{link_type} {frame:02x?}");
}

#[test]
fn raw_ip() {
    for link_type in [12, 14, 101] {
        reaches(link_type, &[], &ip(), "raw:ip:udp");
        reaches(link_type, &[], &ipv6(), "raw:ipv6:udp");
    }
    reaches(228, &[], &ip(), "raw:ip:udp");
    reaches(229, &[], &ipv6(), "raw:ipv6:udp");
    stops(229, &ip(), Stop::Malformed);
    stops(101, &[0x50; 40], Stop::Malformed);
}

#[test]
fn loopback_in_both_byte_orders() {
    for header in [[2, 0, 0, 0], [0, 0, 0, 2]] {
        reaches(0, &header, &ip(), "null:ip:udp");
        reaches(108, &header, &ip(), "null:ip:udp");
    }
    for family in [10, 23, 24, 26, 28, 30] {
        reaches(0, &[family, 0, 0, 0], &ipv6(), "null:ipv6:udp");
    }
    stops(0, &[23, 0, 0, 0, 0xff, 0xff], Stop::OtherNetworkLayer);
}

#[test]
fn ethernet_with_a_length_has_llc_and_its_padding_is_left_out() {
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let length = u8::try_from(snap.len() + ip().len()).unwrap();
    let header = [&[0; 13][..], &[length], &snap].concat();
    reaches(1, &header, &ip(), "eth:llc:ip:udp");
    reaches(1, &header, &[ip(), vec![0xee; 9]].concat(), "eth:llc:ip:udp");
    // A spanning tree's message is looked at no further, and what lies behind its length is not its.
    let frame = [&[0; 13][..], &[7, 0x42, 0x42, 3, 1, 2, 3, 4], &[0xee; 39]].concat();
    let link = ethernet();
    let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!((packet.stop, packet.payload), (Some(Stop::OtherNetworkLayer), &[1, 2, 3, 4][..]));
}

#[test]
fn linux_cooked() {
    let sll = |hardware: [u8; 2], protocol: [u8; 2]| [&[0, 0][..], &hardware, &[0; 10], &protocol].concat();
    let sll2 = |hardware: [u8; 2], protocol: [u8; 2]| [&protocol[..], &[0; 6], &hardware, &[0; 10]].concat();
    for (link_type, header) in [(113, sll([0, 1], [8, 0])), (276, sll2([0, 1], [8, 0]))] {
        reaches(link_type, &header, &ip(), "sll:ip:udp");
    }
    reaches(113, &[sll([0, 1], [0x81, 0]), vec![0, 7, 0x86, 0xdd]].concat(), &ipv6(), "sll:vlan:ipv6:udp");
    reaches(276, &[sll2([0, 1], [0, 4]), vec![0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat(), &ip(), "sll:llc:ip:udp");
    // Novell's format and netlink messages have no EtherType, whatever their numbers look like.
    stops(113, &[sll([0, 1], [0, 1]), ip()].concat(), Stop::OtherNetworkLayer);
    stops(276, &[sll2([3, 0x38], [8, 0]), ip()].concat(), Stop::OtherNetworkLayer);
}

#[test]
fn ppp_with_and_without_framing_and_compression() {
    for link_type in [9, 50] {
        for header in [&[0xff, 3, 0, 0x21][..], &[0xff, 3, 0x21], &[0, 0x21], &[0x21], &[0, 3, 0, 0x21], &[1, 3, 0x21]]
        {
            reaches(link_type, header, &ip(), "ppp:ip:udp");
        }
        reaches(link_type, &[0xff, 3, 0, 0x57], &ipv6(), "ppp:ipv6:udp");
        reaches(link_type, &[0x0f, 0, 8, 0], &ip(), "chdlc:ip:udp");
        stops(link_type, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4], Stop::OtherNetworkLayer);
    }
    let length = u8::try_from(ip().len() + 2).unwrap();
    reaches(51, &[0x11, 0, 0, 9, 0, length, 0, 0x21], &ip(), "pppoes:ppp:ip:udp");
}

#[test]
fn cisco_hdlc() {
    reaches(104, &[0x8f, 0, 0x86, 0xdd], &ipv6(), "chdlc:ipv6:udp");
    let link = Link { link_type: 104, ..Link::default() };
    let packet = decode(&mut Decoder::new(), &[0x8f, 0, 0x80, 0x35, 0, 0, 0, 2], 8, &link);
    assert_eq!(
        (packet.stop, names(&packet)),
        (Some(Stop::OtherNetworkLayer), "chdlc".into()),
        "SLARP is not reverse ARP"
    );
}

/// IEEE 802.11 data with the given frame control field, sequence control and what lies between header and IP.
fn wlan(control: [u8; 2], sequence: u8, header: &[u8]) -> Vec<u8> {
    [&control[..], &[0; 20], &[sequence, 0], header, &[0xaa, 0xaa, 3, 0, 0, 0, 8, 0]].concat()
}

#[test]
fn wireless_data() {
    reaches(105, &wlan([0x08, 1], 0, &[]), &ip(), "wlan:llc:ip:udp");
    reaches(105, &wlan([0x08, 3], 0, &[0; 6]), &ip(), "wlan:llc:ip:udp");
    reaches(105, &wlan([0x88, 1], 0, &[0, 0]), &ip(), "wlan:llc:ip:udp");
    reaches(105, &wlan([0x88, 0x81], 0, &[0; 6]), &ip(), "wlan:llc:ip:udp");
    for (control, sequence, header) in [
        ([0x08, 0x41], 0, &[][..]),    // encrypted
        ([0x08, 0x05], 0, &[]),        // the first piece of several
        ([0x08, 0x01], 2, &[]),        // the third
        ([0x88, 0x01], 0, &[0x80, 0]), // several in one
        ([0x48, 0x01], 0, &[]),        // no data
        ([0x80, 0x00], 0, &[]),        // a beacon
    ] {
        stops(105, &[wlan(control, sequence, header), ip()].concat(), Stop::OtherNetworkLayer);
    }
}

#[test]
fn radiotap_tells_of_padding_and_of_a_frame_check_sequence() {
    let plain = [0, 0, 8, 0, 0, 0, 0, 0];
    reaches(127, &[&plain[..], &wlan([0x08, 1], 0, &[])].concat(), &ip(), "radiotap:wlan:llc:ip:udp");
    // Two words of bits, a timestamp aligned to eight, then the flags: padding.
    let padded = [&[0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0][..], &[9; 8], &[0x20]].concat();
    reaches(127, &[padded, wlan([0x88, 1], 0, &[0, 0, 0, 0])].concat(), &ip(), "radiotap:wlan:llc:ip:udp");
    // A frame check sequence is left out, and no second time where the capture says that there is one.
    let frame = [&[0, 0, 9, 0, 2, 0, 0, 0, 0x10][..], &[0x08, 0x41], &[0; 22], b"secret", &[0xee; 4]].concat();
    for fcs_length in [None, Some(4)] {
        let link = Link { link_type: 127, fcs_length, ..Link::default() };
        let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
        assert!(packet.payload.ends_with(b"secret"), "{fcs_length:?} {:?}", packet.payload);
        // Of a frame that was cut by three octets, one of the four is there.
        let packet = decode(&mut Decoder::new(), &frame[..frame.len() - 3], frame.len(), &link);
        assert!(packet.payload.ends_with(b"secret") && !packet.is_cut(), "{fcs_length:?} {:?}", packet.payload);
    }
}
