//! Community ID, version 1 (the Community ID Flow Hashing specification): the same text for a flow in Zeek, Suricata, Wireshark and here.

use std::net::{IpAddr, SocketAddr};

use data_encoding::BASE64;
use sha1::{Digest, Sha1};

use crate::decode::{Layer, Packet, Stop, Transport};

/// IANA's number of ICMP.
pub const ICMP: u8 = 1;
/// IANA's number of TCP.
pub const TCP: u8 = 6;
/// IANA's number of UDP.
pub const UDP: u8 = 17;
/// IANA's number of ICMPv6.
pub const ICMPV6: u8 = 58;
/// IANA's number of SCTP.
pub const SCTP: u8 = 132;

/// What a Community ID has behind `1:`, before it becomes Base64.
pub type Hash = [u8; 20];

/// The Community ID of a flow between two ends, with the seed 0. TCP, UDP and SCTP have ports; of ICMP and ICMPv6 [`icmp`] gives what stands in their
/// place, and the first end is the sender. Fragments and other protocols have none.
pub fn id(protocol: u8, source: (IpAddr, Option<u16>), destination: (IpAddr, Option<u16>)) -> String {
    text(&hash(protocol, source, destination))
}

/// A Community ID as text.
pub fn text(hash: &Hash) -> String {
    format!("1:{}", BASE64.encode(hash))
}

/// The hash of the flow that a packet belongs to; none without IP, and none of a fragment that waits for the others, as nobody knows its ports.
pub fn of_packet(packet: &Packet<'_>) -> Option<Hash> {
    let ip = packet.ip.as_ref().filter(|_| packet.stop != Some(Stop::FragmentKept))?;
    let (source, destination) = match (&packet.transport, packet.payload, packet.layers.last()) {
        (Transport::Icmp(message) | Transport::Icmpv6(message), ..) => {
            let (one, other, _) = icmp(ip.protocol, message.kind, message.code);
            (Some(one), Some(other))
        }
        // Its header is not taken apart.
        (Transport::None, [a, b, c, d, ..], Some(Layer::Sctp)) => {
            (Some(u16::from_be_bytes([*a, *b])), Some(u16::from_be_bytes([*c, *d])))
        }
        _ => packet.ports().unzip(),
    };
    Some(hash(ip.protocol, (ip.source, source), (ip.destination, destination)))
}

fn hash(protocol: u8, source: (IpAddr, Option<u16>), destination: (IpAddr, Option<u16>)) -> Hash {
    let is_icmp = matches!(protocol, ICMP | ICMPV6);
    let has_ports = is_icmp || matches!(protocol, TCP | UDP | SCTP);
    // A message without an answer has one direction.
    let is_one_way = is_icmp && source.1.is_some_and(|kind| counterpart(protocol, kind).is_none());
    let key = |(address, port): (IpAddr, Option<u16>)| (Octets::from(address), port.filter(|_| has_ports));
    let (first, second) = (key(source), key(destination));
    let (first, second) = if is_one_way || first <= second { (first, second) } else { (second, first) };
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    hash.update(first.0.as_slice());
    hash.update(second.0.as_slice());
    hash.update([protocol, 0]);
    if let (Some(first), Some(second)) = (first.1, second.1) {
        hash.update(first.to_be_bytes());
        hash.update(second.to_be_bytes());
    }
    hash.finalize().into()
}

/// An address, compared as the bytes of its header are.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Octets {
    V4([u8; 4]),
    V6([u8; 16]),
}

impl From<IpAddr> for Octets {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => Self::V6(address.octets()),
        }
    }
}

impl Octets {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::V4(octets) => octets,
            Self::V6(octets) => octets,
        }
    }
}

/// The same between two ends with ports.
pub fn of_ends(protocol: u8, one: SocketAddr, other: SocketAddr) -> String {
    id(protocol, (one.ip(), Some(one.port())), (other.ip(), Some(other.port())))
}

/// What ICMP (1) or ICMPv6 (58) have in place of ports: the type and the one that answers it, or for a type that nothing answers the type and the code;
/// and whether the latter is so.
pub fn icmp(protocol: u8, kind: u8, code: u8) -> (u16, u16, bool) {
    match counterpart(protocol, kind.into()) {
        Some(answer) => (kind.into(), answer, false),
        None => (kind.into(), code.into(), true),
    }
}

/// The type of message that goes the other way, by the specification's tables.
fn counterpart(protocol: u8, kind: u16) -> Option<u16> {
    let pairs: &[(u16, u16)] = match protocol {
        // Echo, timestamp, information, router solicitation, mask.
        ICMP => &[(8, 0), (13, 14), (15, 16), (10, 9), (17, 18)],
        // Echo, router and neighbour solicitation, listener query, node information, home agent address.
        _ => &[(128, 129), (133, 134), (135, 136), (130, 131), (139, 140), (144, 145)],
    };
    pairs.iter().find_map(|(one, other)| match kind {
        _ if kind == *one => Some(*other),
        _ if kind == *other => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(address: &str, port: u16) -> (IpAddr, Option<u16>) {
        (address.parse().unwrap(), Some(port))
    }

    /// The specification's own example (baseline of its test capture `tcp.pcap`).
    #[test]
    fn the_specifications_example_holds_in_both_directions() {
        let (a, b) = (end("128.232.110.120", 34855), end("66.35.250.204", 80));
        assert_eq!(id(TCP, a, b), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id(TCP, b, a), id(TCP, a, b));
    }

    /// From the specification's baseline of `tcp.pcap` over IPv6-style ordering: a port decides between equal addresses.
    #[test]
    fn equal_addresses_are_ordered_by_port() {
        let end = |port| end("::1", port);
        assert_eq!(id(TCP, end(2), end(1)), id(TCP, end(1), end(2)));
        assert_ne!(id(TCP, end(2), end(1)), id(TCP, end(1), end(3)));
    }

    /// What tshark says of frames 3, 4 and 42 of `examples/captures/icmp.pcap`: an echo has one id both ways, an error one for its direction.
    #[test]
    fn icmp_has_types_in_place_of_ports() {
        let of = |kind, code, source: &str, destination: &str| {
            let (one, other, _) = icmp(ICMP, kind, code);
            id(ICMP, end(source, one), end(destination, other))
        };
        let echo = "1:PoMlwFCB2cqJ4cLtHMZ+nNfka2s=";
        assert_eq!(of(8, 0, "192.0.2.21", "203.0.113.9"), echo);
        assert_eq!(of(0, 0, "203.0.113.9", "192.0.2.21"), echo);
        assert_eq!(of(3, 1, "198.51.100.2", "192.0.2.21"), "1:P61oyCXqb3vWMSYwTC5tq6/ekLc=");
        assert_eq!(icmp(ICMP, 3, 1), (3, 1, true));
    }
}
