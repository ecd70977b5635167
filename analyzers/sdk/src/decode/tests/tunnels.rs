//! Labels, tags and tunnels.

use super::links::{ip, ipv6, names};
use super::*;

/// An Ethernet frame.
fn frame(kind: u16, content: &[u8]) -> Vec<u8> {
    [&[0x4e; 12][..], &kind.to_be_bytes(), content].concat()
}

/// An IPv4 packet with a protocol of any number.
fn over_ip(protocol: u8, content: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + content.len()).unwrap().to_be_bytes();
    [&[0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2][..], content].concat()
}

fn over_udp(source: u16, destination: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + content.len()).unwrap();
    let header: Vec<u8> = [source, destination, length, 0].iter().flat_map(|field| field.to_be_bytes()).collect();
    over_ip(17, &[header, content.to_vec()].concat())
}

fn reaches(frame: &[u8], expected: &str) {
    let link = ethernet();
    let found = decode(&mut Decoder::new(), frame, frame.len(), &link);
    assert_eq!(names(&found), expected, "{frame:02x?}");
    assert_eq!((found.stop, found.ports(), found.payload), (None, Some((1, 2)), &b"hi"[..]), "{expected}");
}

fn stop(frame: &[u8]) -> (Option<Stop>, String) {
    let link = ethernet();
    let found = decode(&mut Decoder::new(), frame, frame.len(), &link);
    (found.stop, names(&found))
}

#[test]
fn tags_of_all_kinds() {
    for kind in [0x8100, 0x88a8, 0x9100, 0x9200] {
        reaches(&frame(kind, &[&[0, 7, 0x81, 0, 0, 8, 8, 0][..], &ip()].concat()), "eth:vlan:vlan:ip:udp");
    }
    let snap = [&[0, 7, 0, 38, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ip()].concat();
    reaches(&frame(0x8100, &snap), "eth:vlan:llc:ip:udp");
}

#[test]
fn mpls_guesses_what_follows_its_last_label() {
    let stack = [0, 0x01, 0x00, 64, 0, 0x01, 0x11, 64];
    for kind in [0x8847, 0x8848] {
        reaches(&frame(kind, &[&stack[..], &ip()].concat()), "eth:mpls:mpls:ip:udp");
    }
    reaches(&frame(0x8847, &[&stack[4..], &ipv6()].concat()), "eth:mpls:ipv6:udp");
    // Pseudowires: with a control word, and without one where the address begins as IPv4 does.
    let inner = frame(0x0800, &ip());
    reaches(&frame(0x8847, &[&stack[4..], &[0; 4], &inner].concat()), "eth:mpls:eth:ip:udp");
    reaches(&frame(0x8847, &[&stack[4..], &inner].concat()), "eth:mpls:eth:ip:udp");
    // A sender whose address looks like an EtherType is still IPv4.
    let mut odd = ip();
    odd[12..14].copy_from_slice(&[0x81, 0x00]);
    reaches(&frame(0x8847, &[&stack[4..], &odd].concat()), "eth:mpls:ip:udp");
    reaches(&frame(0x0800, &over_ip(137, &[&stack[4..], &ip()].concat())), "eth:ip:mpls:ip:udp");
}

#[test]
fn gre_with_all_its_fields() {
    let gre = |header: &[u8], inner: &[u8]| frame(0x0800, &over_ip(47, &[header, inner].concat()));
    reaches(&gre(&[0, 0, 8, 0], &ip()), "eth:ip:gre:ip:udp");
    reaches(&gre(&[0, 0, 0x86, 0xdd], &ipv6()), "eth:ip:gre:ipv6:udp");
    reaches(&gre(&[0xb0, 0, 8, 0, 1, 1, 0, 0, 2, 2, 2, 2, 3, 3, 3, 3], &ip()), "eth:ip:gre:ip:udp");
    let routed = [0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 9, 9, 9, 9, 0, 0, 0, 0];
    reaches(&gre(&routed, &ip()), "eth:ip:gre:ip:udp");
    reaches(&gre(&[0x20, 0, 0x65, 0x58, 0, 0, 1, 0], &frame(0x0800, &ip())), "eth:ip:gre:eth:ip:udp");
    // ERSPAN of all types; type III also with its extra header, and with IP instead of Ethernet.
    let mirrored = frame(0x0800, &ip());
    reaches(&gre(&[0, 0, 0x88, 0xbe], &mirrored), "eth:ip:gre:erspan:eth:ip:udp");
    reaches(&gre(&[&[0x10, 0, 0x88, 0xbe][..], &[0; 12]].concat(), &mirrored), "eth:ip:gre:erspan:eth:ip:udp");
    let third = |last: [u8; 2], more: usize| [&[0x10, 0, 0x22, 0xeb][..], &[0; 14], &last, &vec![0; more]].concat();
    reaches(&gre(&third([0, 0], 0), &mirrored), "eth:ip:gre:erspan:eth:ip:udp");
    reaches(&gre(&third([0, 1], 8), &mirrored), "eth:ip:gre:erspan:eth:ip:udp");
    reaches(&gre(&third([0x08, 0], 0), &ip()), "eth:ip:gre:erspan:ip:udp");
    assert_eq!(stop(&gre(&[0, 2, 8, 0], &ip())).0, Some(Stop::Malformed), "there is no version 2");
}

#[test]
fn pptp_data_and_its_bare_acknowledgments() {
    let ppp = [&[0xff, 3, 0, 0x21][..], &ip()].concat();
    let length = u8::try_from(ppp.len()).unwrap();
    let data = [&[0x30, 0x81, 0x88, 0x0b, 0, length, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1][..], &ppp, &[0xee; 5]].concat();
    reaches(&frame(0x0800, &over_ip(47, &data)), "eth:ip:gre:ppp:ip:udp");
    let acknowledgment = over_ip(47, &[0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 1, 0, 0, 0, 1]);
    assert_eq!(stop(&frame(0x0800, &acknowledgment)), (Some(Stop::OtherNetworkLayer), "eth:ip:gre".into()));
}

#[test]
fn tunnels_over_udp() {
    let inner = frame(0x0800, &ip());
    let over = |port, header: &[u8], inner: &[u8]| frame(0x0800, &over_udp(5555, port, &[header, inner].concat()));
    for port in [4789, 8472] {
        reaches(&over(port, &[8, 0, 0, 0, 0, 0, 5, 0], &inner), "eth:ip:udp:vxlan:eth:ip:udp");
    }
    reaches(&over(4789, &[0x88, 8, 1, 2, 0, 0, 5, 0], &inner), "eth:ip:udp:vxlan:eth:ip:udp");
    reaches(&over(4790, &[0x0c, 0, 0, 1, 0, 0, 5, 0], &ip()), "eth:ip:udp:vxlan:ip:udp");
    reaches(&over(6081, &[1, 0, 0x65, 0x58, 0, 0, 5, 0, 9, 9, 9, 9], &inner), "eth:ip:udp:geneve:eth:ip:udp");
    reaches(&over(6081, &[0, 0, 0x86, 0xdd, 0, 0, 5, 0], &ipv6()), "eth:ip:udp:geneve:ipv6:udp");
    let ppp = [&[0xff, 3, 0, 0x21][..], &ip()].concat();
    reaches(&over(1701, &[0, 2, 0, 1, 0, 2], &ppp), "eth:ip:udp:l2tp:ppp:ip:udp");
    let length = u8::try_from(ppp.len() + 16).unwrap();
    let full = [0x4a, 2, 0, length, 0, 1, 0, 2, 0, 0, 0, 0, 0, 2, 0xdd, 0xdd];
    reaches(&over(1701, &full, &[&ppp[..], &[0xee; 3]].concat()), "eth:ip:udp:l2tp:ppp:ip:udp");
}

#[test]
fn a_port_alone_makes_no_tunnel() {
    let link = ethernet();
    // A DNS query from the ports of tunnels, with identifications that look like their headers.
    let query = |id: [u8; 2]| [&id[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], b"\x01a\0\0\x01\0\x01"].concat();
    for (port, id) in [(4789, [8, 0]), (8472, [8, 0]), (4790, [0x0c, 0]), (6081, [0, 0]), (1701, [0, 2])] {
        let query = frame(0x0800, &over_udp(port, 53, &query(id)));
        let packet = decode(&mut Decoder::new(), &query, query.len(), &link);
        assert_eq!((packet.stop, packet.ports()), (None, Some((port, 53))));
    }
    let other = frame(0x0800, &over_udp(1, 4789, b"GET / HTTP/1.1"));
    assert_eq!(decode(&mut Decoder::new(), &other, other.len(), &link).ports(), Some((1, 4789)));
}

#[test]
fn teredo_holds_ipv6_of_any_addresses() {
    let inner = ipv6();
    let authentication = [&[0, 1, 2, 3][..], &[7; 5 + 9]].concat();
    let origin = [0, 0, 0x3c, 0xaf, 0xf5, 0x9b, 0xff, 0xfe];
    let over = |ports: (u16, u16), content: &[&[u8]]| frame(0x0800, &over_udp(ports.0, ports.1, &content.concat()));
    for ports in [(50_000, 3544), (3544, 50_000)] {
        for header in [vec![], authentication.clone(), origin.to_vec(), [&authentication[..], &origin].concat()] {
            reaches(&over(ports, &[&header, &inner]), "eth:ip:udp:teredo:ipv6:udp");
            // Something behind it: told by its header, or counted.
            let trailed = over(ports, &[&header, &inner, &[4, 2, 0, 0]]);
            if header.is_empty() {
                assert_eq!(unread(&trailed).as_deref(), Some("teredo"));
            } else {
                reaches(&trailed, "eth:ip:udp:teredo:ipv6:udp");
            }
        }
    }
    assert_eq!(unread(&over((53, 3544), &[&inner, &[4, 2, 0, 0]])), None, "a service is no peer of a tunnel");
}

fn unread(frame: &[u8]) -> Option<String> {
    let link = ethernet();
    let found = decode(&mut Decoder::new(), frame, frame.len(), &link);
    // The datagram is one like any other.
    assert_eq!((found.stop, found.layers.len()), (None, 3), "{frame:02x?}");
    found.unread.map(|unread| unread.name().into_owned())
}

#[test]
fn a_tunnel_that_is_not_believed_is_counted_by_name() {
    // Ethernet of an unknown type, IP with something behind it, and nothing known.
    let other = frame(0x88b5, &[0xee; 40]);
    let trailed = [&ip()[..], &[9; 4]].concat();
    let noise = [0xee; 40];
    let [ethernet, ip, noise]: [&[u8]; 3] = [&other, &trailed, &noise];
    for (port, header, inner, name) in [
        (4789, &[8, 0, 0, 1, 0, 0, 5, 1][..], ethernet, "vxlan"),
        (8472, &[0xff, 9, 9, 9, 0, 0, 5, 9], ethernet, "vxlan"),
        (4790, &[0x0c, 0, 0, 99, 0, 0, 5, 0], noise, "vxlan"),
        (4790, &[0x08, 0, 0, 0, 0, 0, 5, 0], ethernet, "vxlan"),
        (6081, &[0, 0x3f, 0x65, 0x58, 0, 0, 5, 9], ethernet, "geneve"),
        (6081, &[0, 0, 0x81, 0x00, 0, 0, 5, 0], noise, "geneve"),
        (4341, &[0x80, 1, 2, 3, 0, 0, 0, 1], ip, "lisp"),
        (37_008, &[1, 0, 0, 99, 1], noise, "tzsp"),
        (4754, &[0, 0, 0x88, 0xb5], noise, "gre in udp"),
        (6080, &[0, 4, 0, 0], ip, "gue"),
        (5555, &[], ip, "gue"),
        (1701, &[0, 2, 0, 1, 0, 2], noise, "l2tp"),
        (1701, &[0x10, 2, 0, 1, 0, 2], noise, "l2tp"),
        (1701, &[0, 0x13, 0, 0, 0, 0, 0, 7], noise, "l2tp"),
        (2152, &[0x30, 255, 0, 30, 0, 0, 0, 7], noise, "gtp"),
        (2152, &[0x34, 255, 0, 40, 0, 0, 0, 7, 0, 0, 0, 0x85, 0], noise, "gtp"),
        (5247, &[0, 0x10, 0, 0, 0, 0, 0, 0], ethernet, "capwap"),
        (5247, &[0, 0x10, 0, 0x80, 0, 0, 0, 0], ethernet, "capwap fragment"),
        (5072, &[0x40, 0, 1, 41, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], noise, "ayiya"),
    ] {
        for tags in [&[][..], &[0x81, 0, 0, 7]] {
            let mut found = frame(0x0800, &over_udp(50_000, port, &[header, inner].concat()));
            found.splice(12..12, tags.iter().copied());
            let link = super::ethernet();
            let packet = decode(&mut Decoder::new(), &found, found.len(), &link);
            let named = packet.unread.map(|unread| unread.name().into_owned());
            assert_eq!((named.as_deref(), packet.ports()), (Some(name), Some((50_000, port))), "{name} {header:02x?}");
        }
    }
}

#[test]
fn ip_in_ip_keeps_the_outer_addresses() {
    reaches(&frame(0x0800, &over_ip(4, &ip())), "eth:ip:ip:udp");
    let frame = frame(0x0800, &over_ip(41, &ipv6()));
    reaches(&frame, "eth:ip:ipv6:udp");
    let link = ethernet();
    let packet = decode(&mut Decoder::new(), &frame, frame.len(), &link);
    assert_eq!(packet.tunnels, [("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap())]);
    assert_eq!(packet.ip.map(|ip| ip.source), Some("2001:db8::1".parse().unwrap()));
}
