//! What tells flows apart: both ends, and what carries them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::decode::{Layer, Packet, Transport};
use mcpcap_analyzer::hierarchy::names;
use mcpcap_analyzer::{Frame, community};

/// An address of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Address {
    /// The link layer has none, or none that is read.
    None,
    /// IPv4.
    V4(Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr),
    /// Of Ethernet.
    Mac([u8; 6]),
}

impl Address {
    /// The IP address.
    pub fn ip(self) -> Option<IpAddr> {
        match self {
            Self::V4(address) => Some(address.into()),
            Self::V6(address) => Some(address.into()),
            Self::Mac(_) | Self::None => None,
        }
    }

    fn bits(self) -> u128 {
        match self {
            Self::None => 0,
            Self::V4(address) => u128::from(address.to_bits()),
            Self::V6(address) => address.to_bits(),
            Self::Mac([a, b, c, d, e, f]) => u128::from(u64::from_be_bytes([0, 0, a, b, c, d, e, f])),
        }
    }

    fn kind(self) -> u8 {
        match self {
            Self::None => 0,
            Self::V4(_) => 1,
            Self::V6(_) => 2,
            Self::Mac(_) => 3,
        }
    }

    /// Whether it is that of a group or of all: nobody answers from there.
    pub fn is_group(self) -> bool {
        match self {
            Self::V4(address) => address.is_multicast() || address.is_broadcast(),
            Self::V6(address) => address.is_multicast(),
            Self::Mac([first, ..]) => first & 1 == 1,
            Self::None => false,
        }
    }
}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.bits());
        state.write_u8(self.kind());
    }
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("-"),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => address.fmt(f),
            Self::Mac([a, b, c, d, e, g]) => write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"),
        }
    }
}

/// One end of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// Its address.
    pub address: Address,
    /// Its port; of ICMP what Community ID takes for it. None where the protocol has none, or it is not there: in fragments, in headers that were cut.
    pub port: Option<u16>,
}

/// What carries a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// An IP protocol.
    Ip(u8),
    /// ARP or reverse ARP.
    Arp,
    /// A protocol that is not IP, by its name.
    Link(&'static str),
    /// One that has only the number of its EtherType.
    Ethertype(u16),
    /// Frames of a link type that is not taken apart.
    LinkType(u16),
}

impl Carrier {
    /// TCP.
    pub const TCP: Self = Self::Ip(community::TCP);
    /// UDP.
    pub const UDP: Self = Self::Ip(community::UDP);

    /// Whether its ends have ports.
    pub fn has_ports(self) -> bool {
        matches!(self, Self::Ip(community::TCP | community::UDP | community::SCTP | DCCP | UDP_LITE))
    }

    /// Whether it is ICMP or ICMPv6.
    pub fn is_icmp(self) -> bool {
        matches!(self, Self::Ip(community::ICMP | community::ICMPV6))
    }

    /// Wireshark's short name.
    pub fn name(self) -> String {
        match self {
            Self::Ip(community::TCP) => "tcp".into(),
            Self::Ip(community::UDP) => "udp".into(),
            Self::Ip(community::SCTP) => "sctp".into(),
            Self::Ip(community::ICMP) => "icmp".into(),
            Self::Ip(community::ICMPV6) => "icmpv6".into(),
            Self::Ip(IGMP) => "igmp".into(),
            Self::Ip(number) => names::layer(Layer::OtherIp(number)).into_owned(),
            Self::Arp => "arp".into(),
            Self::Link(name) => name.into(),
            Self::Ethertype(number) => names::layer(Layer::OtherEthertype(number)).into_owned(),
            Self::LinkType(number) => names::layer(Layer::OtherLink(number)).into_owned(),
        }
    }
}

const IGMP: u8 = 2;
const DCCP: u8 = 33;
const UDP_LITE: u8 = 136;

/// The key of a flow: its ends in a fixed order, so that both directions find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The ends; of ICMP messages that nothing answers, the sender first.
    pub ends: (End, End),
    /// What carries it.
    pub carrier: Carrier,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (low, high) = self.ends;
        state.write_u128(low.address.bits());
        state.write_u128(high.address.bits());
        let port = |end: End| end.port.map_or(0, |port| u64::from(port).saturating_add(1));
        state.write_u64(port(low) << 32 | port(high) << 8 | u64::from(low.address.kind()));
        self.carrier.hash(state);
    }
}

impl Key {
    /// The ports of both ends, 0 where there are none.
    pub fn ports(&self) -> (u16, u16) {
        (self.ends.0.port.unwrap_or_default(), self.ends.1.port.unwrap_or_default())
    }
}

/// A key, and which of its ends sent: 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed {
    /// The key.
    pub key: Key,
    /// The sender.
    pub side: usize,
}

impl Keyed {
    /// Of two ends.
    pub fn of(source: End, destination: End, carrier: Carrier) -> Self {
        if source <= destination {
            Self { key: Key { ends: (source, destination), carrier }, side: 0 }
        } else {
            Self { key: Key { ends: (destination, source), carrier }, side: 1 }
        }
    }

    /// The flow that a packet belongs to.
    pub fn of_packet(frame: &Frame<'_>, packet: &Packet<'_>) -> Self {
        if packet.layers.last() == Some(&Layer::Arp) {
            return arp(frame, packet);
        }
        match &packet.ip {
            Some(ip) => {
                let (source, destination) = (ip.source.into(), ip.destination.into());
                of_ip(source, destination, ip.protocol, packet)
            }
            None => link(frame, packet),
        }
    }
}

fn of_ip(source: Address, destination: Address, protocol: u8, packet: &Packet<'_>) -> Keyed {
    let end = |address, port: u16| End { address, port: Some(port) };
    let carrier = Carrier::Ip(protocol);
    let icmp = match &packet.transport {
        Transport::Udp(udp) => return Keyed::of(end(source, udp.source), end(destination, udp.destination), carrier),
        Transport::Tcp(tcp) => return Keyed::of(end(source, tcp.source), end(destination, tcp.destination), carrier),
        Transport::Icmp(icmp) | Transport::Icmpv6(icmp) => icmp,
        _ => {
            let ports = match (packet.payload, packet.layers.last()) {
                ([a, b, c, d, ..], Some(Layer::Sctp | Layer::OtherIp(DCCP | UDP_LITE))) if carrier.has_ports() => {
                    (Some(u16::from_be_bytes([*a, *b])), Some(u16::from_be_bytes([*c, *d])))
                }
                _ => (None, None),
            };
            let (source, destination) =
                (End { address: source, port: ports.0 }, End { address: destination, port: ports.1 });
            return Keyed::of(source, destination, carrier);
        }
    };
    let (one, other, is_one_way) = community::icmp(protocol, icmp.kind, icmp.code);
    let (source, destination) = (end(source, one), end(destination, other));
    if is_one_way {
        return Keyed { key: Key { ends: (source, destination), carrier }, side: 0 };
    }
    Keyed::of(source, destination, carrier)
}

/// RFC 826: who asks or answers, and for or to whom.
fn arp(frame: &Frame<'_>, packet: &Packet<'_>) -> Keyed {
    let end = |bytes: &[u8]| {
        let address = bytes.first_chunk::<4>().map_or(Address::None, |bytes| Address::V4((*bytes).into()));
        End { address, port: None }
    };
    match packet.payload {
        [0, 1, 8, 0, 6, 4, _, _, rest @ ..] if rest.len() >= 20 => {
            let sender = end(rest.get(6..10).unwrap_or_default());
            let target = end(rest.get(16..20).unwrap_or_default());
            Keyed::of(sender, target, Carrier::Arp)
        }
        _ => {
            let (source, destination) = macs(frame, packet);
            Keyed::of(source, destination, Carrier::Arp)
        }
    }
}

fn link(frame: &Frame<'_>, packet: &Packet<'_>) -> Keyed {
    let carrier = match packet.layers.last() {
        Some(Layer::OtherEthertype(number)) => Carrier::Ethertype(*number),
        Some(Layer::OtherLink(number)) => Carrier::LinkType(*number),
        Some(layer) => Carrier::Link(names::inner(frame, packet).unwrap_or_else(|| layer.name())),
        None => Carrier::LinkType(frame.link.link_type),
    };
    let (source, destination) = macs(frame, packet);
    Keyed::of(source, destination, carrier)
}

/// The outermost addresses of Ethernet.
fn macs(frame: &Frame<'_>, packet: &Packet<'_>) -> (End, End) {
    let end = |address| End { address, port: None };
    match (packet.layers.first(), frame.data.first_chunk::<12>()) {
        (Some(Layer::Ethernet), Some([a, b, c, d, e, f, g, h, i, j, k, l])) => {
            (end(Address::Mac([*g, *h, *i, *j, *k, *l])), end(Address::Mac([*a, *b, *c, *d, *e, *f])))
        }
        _ => (end(Address::None), end(Address::None)),
    }
}
