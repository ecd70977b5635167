//! Lengths: every outer one bounds what inner headers claim.

use super::*;

const TEXT: &[u8] = b"text";

/// A TCP segment over IPv4 or IPv6 whose IP header claims more bytes than there are.
fn lying(v6: bool, more: u8) -> Vec<u8> {
    let ends = if v6 { ("2001:db8::1", "2001:db8::2") } else { ("192.0.2.1", "192.0.2.2") };
    let mut packet = build::tcp((ends.0, 1), (ends.1, 2), TcpFlags::ACK, (1, 1), TEXT).split_off(14);
    packet[if v6 { 5 } else { 3 }] += more;
    packet
}

/// An Ethernet frame with padding behind its content.
fn padded(kind: u16, content: &[u8]) -> Vec<u8> {
    [&[2; 12][..], &kind.to_be_bytes(), content, &[0xee; 30]].concat()
}

/// An IPv4 packet, and behind it UDP with a port.
fn datagram(port: u16, content: &[u8]) -> Vec<u8> {
    build::udp(("203.0.113.1", 50_000), ("203.0.113.2", port), content).split_off(14)
}

#[test]
fn an_inner_header_never_claims_more_than_an_outer_one_has() {
    for v6 in [false, true] {
        let (kind, ppp, tcp) = if v6 { (0x86dd_u16, 0x57, 60) } else { (0x0800, 0x21, 40) };
        let honest = u16::try_from(TEXT.len() + tcp).unwrap();
        let packet = lying(v6, 16);
        let kinds = kind.to_be_bytes();
        let snap = [&[0xaa, 0xaa, 3, 0, 0, 0][..], &kinds, &packet].concat();
        let size = |more: u16| (honest + more).to_be_bytes();
        let pppoe = [&[0x11, 0, 0, 9][..], &size(2), &[0, ppp], &packet].concat();
        let l2tp = [&[0x40, 2][..], &size(12), &[0, 1, 0, 2, 0xff, 3, 0, ppp], &packet].concat();
        let inner = [&[2; 12][..], &kinds, &packet].concat();
        let pptp = [&[0x30, 0x01, 0x88, 0x0b][..], &size(2), &[0, 1, 0, 0, 0, 1, 0, ppp], &packet].concat();
        let mut gre = datagram(1, &pptp);
        // The UDP header becomes the start of GRE.
        gre.drain(20..28);
        (gre[9], gre[3]) = (47, gre[3] - 8);
        // Its short length is below 48; IPv6 does not fit in.
        let macsec = [&[0, u8::try_from(honest + 2).unwrap()][..], &[0; 4], &kinds, &packet, &[0xcc; 16]].concat();
        let hsr = [&size(6)[..], &[0, 1], &kinds, &packet].concat();
        for (name, frame) in [
            ("802.3", padded(honest + 8, &snap)),
            ("802.3 behind a VLAN tag", padded(0x8100, &[&[0, 7][..], &size(8), &snap].concat())),
            ("pppoe", padded(0x8864, &pppoe)),
            ("ip in ip", padded(0x0800, &[&over(if v6 { 41 } else { 4 }, &packet)[..], &packet].concat())),
            ("l2tp", padded(0x0800, &datagram(1701, &[&l2tp[..], &[0xdd; 9]].concat()))),
            (
                "ethernet over ip",
                padded(0x0800, &[&over(97, &[&[0x30, 0][..], &inner].concat())[..], &[0x30, 0], &inner].concat()),
            ),
            ("pptp", padded(0x0800, &gre)),
            ("hsr", padded(0x892f, &hsr)),
        ]
        .into_iter()
        .chain((!v6).then(|| ("macsec", padded(0x88e5, &macsec))))
        {
            let found = decode_ethernet(&mut Decoder::new(), &frame);
            assert_eq!((found.stop, found.ports()), (None, Some((1, 2))), "{name} {v6}");
            assert_eq!((found.payload, found.payload_length), (TEXT, TEXT.len()), "{name} {v6}");
            // The same of a frame that the snap length cut within the text.
            let text = frame.windows(TEXT.len()).position(|window| window == TEXT).unwrap();
            let link = ethernet();
            let found = decode(&mut Decoder::new(), &frame[..text + 2], frame.len(), &link);
            assert_eq!((found.payload, found.payload_length), (&TEXT[..2], TEXT.len()), "{name} {v6}");
        }
    }
}

/// The header of an IPv4 packet with some content.
fn over(protocol: u8, content: &[u8]) -> [u8; 20] {
    let [high, low] = u16::try_from(20 + content.len()).unwrap().to_be_bytes();
    [0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2]
}

#[test]
fn padding_behind_pppoe_is_not_payload_whatever_ip_says() {
    for length_of_ip in [0, 41, 44, 66, 70] {
        let mut packet = build::tcp(("192.0.2.1", 1), ("192.0.2.2", 2), TcpFlags::ACK, (1, 1), b"x").split_off(14);
        packet[3] = length_of_ip;
        let frame = padded(0x8864, &[&[0x11, 0, 0, 9, 0, 43, 0, 0x21][..], &packet].concat());
        let found = decode_ethernet(&mut Decoder::new(), &frame);
        assert_eq!((found.payload, found.payload_length), (&b"x"[..], 1), "{length_of_ip}");
    }
}

#[test]
fn a_frame_that_is_shorter_than_its_packet_was_cut_only_if_none_was_longer() {
    let link = ethernet();
    let whole = build::tcp(("192.0.2.1", 1), ("192.0.2.2", 2), TcpFlags::ACK, (1, 1), &[7; 100]);
    // A packet broker cuts all frames to the same length.
    let mut decoder = Decoder::new();
    for _ in 0..3 {
        let packet = decode(&mut decoder, &whole[..96], 96, &link);
        assert_eq!((packet.payload.len(), packet.payload_length, packet.is_cut()), (42, 100, true));
    }
    // After a longer frame, it is the packet that says what is not so.
    decode(&mut decoder, &whole, whole.len(), &link);
    let packet = decode(&mut decoder, &whole[..54], 54, &link);
    assert_eq!((packet.stop, packet.payload_length), (None, 0));
    let packet = decode(&mut decoder, &whole[..40], 40, &link);
    assert_eq!(packet.stop, Some(Stop::Cut), "IP says that there was more");
}

#[test]
fn a_mirror_that_cut_the_frame_says_so() {
    let inner = build::tcp(("192.0.2.1", 1), ("192.0.2.2", 2), TcpFlags::ACK, (1, 1), &[7; 100]);
    for (truncated, length) in [(0_u8, 10), (4, 100)] {
        let erspan = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, truncated, 5, 0, 0, 0, 0];
        let content = [&erspan[..], &inner[..64]].concat();
        let frame = [&[2; 12][..], &[8, 0], &over(47, &content), &content].concat();
        let packet = decode_ethernet(&mut Decoder::new(), &frame);
        assert_eq!((packet.payload.len(), packet.payload_length), (10, length));
    }
}

#[test]
fn fragments_of_users_with_the_same_addresses_do_not_mix() {
    let whole = build::udp(("10.0.0.1", 1), ("10.0.0.2", 2), &[7; 24]).split_off(14);
    let piece = |teid: u8, offset: u8, more: bool, data: &[u8]| {
        let mut packet = [&whole[..20], data].concat();
        (packet[3], packet[6], packet[7]) =
            (u8::try_from(packet.len()).unwrap(), if more { 0x20 } else { 0 }, offset / 8);
        let length = u8::try_from(packet.len()).unwrap();
        padded(0x0800, &datagram(2152, &[&[0x30, 0xff, 0, length, 0, 0, 0, teid][..], &packet].concat()))
    };
    // At one moment, the same fragment of two users looks like a copy.
    let mut decoder = Decoder::new().counting_copies(true);
    let (first, other, last) =
        (piece(1, 0, true, &whole[20..36]), piece(2, 16, false, &whole[36..]), piece(1, 16, false, &whole[36..]));
    assert_eq!(decode_ethernet(&mut decoder, &first).stop, Some(Stop::FragmentKept));
    assert_eq!(decode_ethernet(&mut decoder, &other).stop, Some(Stop::FragmentKept));
    assert_eq!(decode_ethernet(&mut decoder, &last).payload, &[7; 24]);
}
