//! The packet that an ICMP error is about.

use std::net::IpAddr;

use super::cursor::{Bound, Cursor};
use super::network::{self, Extension};
use super::{Layers, Packet, Transport};

/// The most extension headers that are looked through. Real packets have two or three.
const EXTENSIONS_MAX: usize = 8;

/// The start of a packet, as an ICMP error quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    /// Who had sent it.
    pub source: IpAddr,
    /// Where it was to go.
    pub destination: IpAddr,
    /// Its protocol, behind extension headers.
    pub protocol: u8,
    /// Source and destination ports of TCP, UDP, DCCP, SCTP and UDP-Lite; none in fragments other than the first.
    pub ports: Option<(u16, u16)>,
    /// Type, identifier and sequence number of a quoted ICMP or ICMPv6 message; the latter two mean something in echoes.
    pub icmp: Option<(u8, u16, u16)>,
    /// IPv4 identification; of IPv6, the one of the fragment header, or 0.
    pub identification: u32,
    /// What its IP header says it carried, without the header: more than is quoted, as a rule.
    pub length: usize,
}

/// The packet that an ICMP error quotes: destination unreachable, source quench, redirect, time exceeded and parameter
/// problem (RFC 792), and the errors of ICMPv6 (RFC 4443). `None` for other messages, and when the quoted IP header cannot be read.
pub fn quoted(packet: &Packet<'_>) -> Option<Quoted> {
    let is_v6 = match &packet.transport {
        Transport::Icmp(icmp) if matches!(icmp.kind, 3 | 4 | 5 | 11 | 12) => false,
        Transport::Icmpv6(icmp) if matches!(icmp.kind, 1..=4) => true,
        _ => return None,
    };
    // The rest of the ICMP header: unused, a pointer, an MTU or a gateway.
    let mut at = Cursor::new(packet.payload.get(4..)?, 0, Bound::Capture);
    let mut layers = Layers::new();
    let (mut ip, mut piece) = if is_v6 {
        (network::ipv6(&mut at, &mut layers).ok()?, None)
    } else {
        network::ipv4(&mut at, &mut layers).ok()?
    };
    let length = at.rest.len().saturating_add(at.missing);
    for _ in 0..EXTENSIONS_MAX {
        let number = ip.protocol;
        if piece.is_some_and(|piece| piece.offset != 0) {
            break;
        }
        match network::extension(&mut at, &mut layers, &mut ip, number) {
            Ok(Some(Extension::Protocol(_))) => {}
            Ok(Some(Extension::Fragment(found))) => piece = Some(found),
            Ok(None) | Err(_) => break,
        }
    }
    let first = piece.is_none_or(|piece| piece.offset == 0);
    let has_ports = first && matches!(ip.protocol, 6 | 17 | 33 | 132 | 136);
    let has_echo = first && matches!(ip.protocol, 1 | 58);
    let ports = if has_ports { at.u16().ok().zip(at.u16().ok()) } else { None };
    let icmp = if has_echo { echo(&mut at) } else { None };
    let identification = ip.identification;
    Some(Quoted {
        source: ip.source,
        destination: ip.destination,
        protocol: ip.protocol,
        ports,
        icmp,
        identification,
        length,
    })
}

fn echo(at: &mut Cursor<'_>) -> Option<(u8, u16, u16)> {
    let [kind, _code] = at.array().ok()?;
    at.skip(2).ok()?;
    Some((kind, at.u16().ok()?, at.u16().ok()?))
}

#[cfg(test)]
mod tests {
    use super::super::{Decoder, tests::decode_ethernet};
    use super::*;
    use crate::harness::build;

    /// An ICMP message about a packet, over IPv4 or IPv6.
    fn about(v6: bool, kind: u8, packet: &[u8]) -> Vec<u8> {
        let mut frame = if v6 {
            build::udp(("2001:db8::3", 0), ("2001:db8::1", 0), packet)
        } else {
            build::udp(("192.0.2.3", 0), ("192.0.2.1", 0), packet)
        };
        // The eight octets of the UDP header become those of ICMP.
        let (protocol, header, number) = if v6 { (20, 54, 58) } else { (23, 34, 1) };
        frame[protocol] = number;
        frame[header..header + 8].copy_from_slice(&[kind, 0, 0, 0, 0, 0, 0, 0]);
        frame
    }

    #[test]
    fn an_error_names_the_packet_it_is_about() {
        for (source, destination, kind) in [("192.0.2.1", "192.0.2.9", 3), ("2001:db8::1", "2001:db8::9", 1)] {
            let packet = build::udp((source, 1000), (destination, 53), &[0; 100]).split_off(14);
            let v6 = kind == 1;
            let frame = about(v6, kind, &packet[..if v6 { 48 } else { 28 }]);
            let expected = Quoted {
                source: source.parse().unwrap(),
                destination: destination.parse().unwrap(),
                protocol: 17,
                ports: Some((1000, 53)),
                icmp: None,
                identification: 0,
                length: 108,
            };
            assert_eq!(quoted(&decode_ethernet(&mut Decoder::new(), &frame)), Some(expected));
        }
    }

    #[test]
    fn a_quoted_echo_has_its_numbers() {
        let mut packet = build::udp(("192.0.2.1", 0x0800), ("192.0.2.9", 0), b"").split_off(14);
        // The UDP header becomes an echo request: type 8, identifier 7, sequence number 3.
        packet[9] = 1;
        packet[24..28].copy_from_slice(&[0, 7, 0, 3]);
        let found = quoted(&decode_ethernet(&mut Decoder::new(), &about(false, 11, &packet)));
        assert_eq!(found.map(|quoted| (quoted.icmp, quoted.ports)), Some((Some((8, 7, 3)), None)));
    }

    #[test]
    fn echoes_and_short_quotes_name_none() {
        let packet = build::udp(("192.0.2.1", 1000), ("192.0.2.9", 53), b"").split_off(14);
        for frame in [about(false, 8, &packet), about(false, 3, &packet[..19]), about(false, 3, b"")] {
            assert_eq!(quoted(&decode_ethernet(&mut Decoder::new(), &frame)), None);
        }
        let without_ports = about(false, 3, &packet[..22]);
        assert_eq!(quoted(&decode_ethernet(&mut Decoder::new(), &without_ports)).and_then(|quoted| quoted.ports), None);
        let mut later_fragment = packet;
        later_fragment[7] = 9;
        let frame = about(false, 11, &later_fragment);
        assert_eq!(quoted(&decode_ethernet(&mut Decoder::new(), &frame)).map(|quoted| quoted.ports), Some(None));
    }
}
