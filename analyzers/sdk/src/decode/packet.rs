//! What decoding a frame gives.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Layer, Unread};
use crate::columns::Headers;
use crate::stats::FixedHash;

/// Why decoding ended before the transport layer's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stop {
    /// The link type is not taken apart.
    UnknownLinkType,
    /// The EtherType (or PPP, LLC or GRE protocol) is not taken apart. Not an error.
    OtherNetworkLayer,
    /// The IP protocol is not taken apart. Not an error.
    OtherTransport,
    /// The frame ends within a header because the snap length cut it, or because less was captured than an outer header says
    /// there was.
    Cut,
    /// A header contradicts itself or ends before its fields.
    Malformed,
    /// A fragment that is kept until its datagram is whole. Not an error.
    FragmentKept,
    /// A fragment that contradicts the others, or for which there was no room.
    FragmentRefused,
    /// More layers than any real frame has.
    TooDeep,
}

impl Stop {
    /// Whether something could not be read, rather than not being looked into.
    pub fn is_failure(self) -> bool {
        !matches!(self, Self::OtherNetworkLayer | Self::OtherTransport | Self::FragmentKept)
    }
}

/// The header of a layer, octet by octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The layer.
    pub layer: Layer,
    /// Where it begins in the frame; `None` in a datagram that was put together from fragments.
    pub offset: Option<usize>,
    /// Its octets; none for a layer that was not taken apart.
    pub octets: Vec<u8>,
}

/// The innermost IP header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ip {
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes.
    pub destination: IpAddr,
    /// Time to live or hop limit.
    pub hop_limit: u8,
    /// Number of the protocol that follows the IP header and its extensions (IPv6 extension headers and AH).
    pub protocol: u8,
    /// IPv4 identification; of IPv6, the one of the fragment header, or 0.
    pub identification: u32,
    /// Whether this frame carries a fragment (also the one that completed a datagram). Not set for the atomic fragments of RFC 6946.
    pub fragment: bool,
    /// IPv4 "don't fragment".
    pub dont_fragment: bool,
    /// Differentiated services code point and ECN, as the octet in the header.
    pub traffic_class: u8,
}

/// The transport header, where there is one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport<'a> {
    /// None was reached; [`Packet::stop`] tells why.
    #[default]
    None,
    /// RFC 768.
    Udp(Udp),
    /// RFC 9293.
    Tcp(Tcp<'a>),
    /// RFC 792.
    Icmp(Icmp),
    /// RFC 4443.
    Icmpv6(Icmp),
}

/// A UDP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// The length field: header and payload.
    pub length: u16,
}

/// TCP control bits, as in the header: FIN is bit 0, NS (AE) is bit 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TcpFlags(pub u16);

#[allow(missing_docs, reason = "the names are the bits'")]
impl TcpFlags {
    pub const FIN: u16 = 0x01;
    pub const SYN: u16 = 0x02;
    pub const RST: u16 = 0x04;
    pub const PSH: u16 = 0x08;
    pub const ACK: u16 = 0x10;
    pub const URG: u16 = 0x20;
    pub const ECE: u16 = 0x40;
    pub const CWR: u16 = 0x80;
    pub const AE: u16 = 0x100;

    /// The names of the bits that are set, from FIN on.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
        (0_u32..).zip(NAMES).filter(move |(place, _)| self.0 >> place & 1 == 1).map(|(_, name)| name)
    }

    pub fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }
    pub fn fin(self) -> bool {
        self.has(Self::FIN)
    }
    pub fn syn(self) -> bool {
        self.has(Self::SYN)
    }
    pub fn rst(self) -> bool {
        self.has(Self::RST)
    }
    pub fn ack(self) -> bool {
        self.has(Self::ACK)
    }
}

/// A TCP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp<'a> {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number; meaningful with ACK.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as it is in the header, not scaled.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// The options as they are, up to what was captured: [`Packet::stop`] is [`Stop::Cut`] when that is not all of them.
    pub options: &'a [u8],
}

/// The first four octets of an ICMP or ICMPv6 message; [`Packet::payload`] begins behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmp {
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Checksum as it is.
    pub checksum: u16,
}

/// Source and destination of an IP header.
pub type Addresses = (IpAddr, IpAddr);

/// A frame taken apart as far as it goes: the innermost packet, with everything around it as layers. It refers to what the frame, the columns or the
/// decoder have.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    /// Number of the frame; for a datagram put together from fragments, the frame of the last one to arrive.
    pub frame: u64,
    /// Nanoseconds since 1970; `None` when the file gives no time.
    pub timestamp: Option<u64>,
    /// The layers, outermost first.
    pub layers: &'a [Layer],
    /// The innermost IP header.
    pub ip: Option<Ip>,
    /// IP headers of tunnels around it, outermost first, as pairs of source and destination.
    pub tunnels: &'a [Addresses],
    /// The transport header.
    pub transport: Transport<'a>,
    /// What the transport header carries, without link-layer padding, as far as it was captured. Where decoding ended before: what
    /// the innermost [`Layer`] carries, for example an ARP message or what IP carries.
    pub payload: &'a [u8],
    /// How long the payload was on the wire by the headers' word. Longer than `payload` when it was cut. Where headers contradict
    /// each other, the outer one is believed: UDP never has more than IP does, nor IP more than PPPoE. The frame's own length is
    /// believed, too, unless no frame before it was longer: packet brokers cut frames to one length and do not say so.
    pub payload_length: usize,
    /// Frames that a datagram was put together from, in the order they came; empty when it was not fragmented.
    pub fragments: &'a [u64],
    /// The frame that has the same packet first, when this one was captured again: see [`CopyReport`](super::CopyReport).
    pub copy_of: Option<u64>,
    /// Why decoding ended before the transport layer's payload; `None` when it did not.
    pub stop: Option<Stop>,
    /// What it carries and is not looked into, although packets may be in it. Over UDP, decoding does not end there: the datagram
    /// that carries it is one like any other.
    pub unread: Option<Unread>,
    /// The header of each layer, where the tool asked for them.
    pub headers: Headers<'a>,
    /// What its Community ID is made of, where the tool asked for it: `community::text` writes it.
    pub community: Option<&'a [u8; 20]>,
}

/// A packet with where its parts stand, as the decoder hands it on.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The packet.
    pub packet: Packet<'a>,
    /// The header of each layer, where they were asked for.
    pub headers: &'a [Header],
    /// Where the transport header begins, and its bytes; (0, 0) without one. Counted from the frame's first byte, or in `joined`.
    pub header: (usize, u32),
    /// Where the payload begins, likewise.
    pub payload: usize,
    /// Transport header and payload of a datagram that was put together from fragments.
    pub joined: Option<&'a [u8]>,
    /// Whether it is one of those that are wanted.
    pub is_chosen: bool,
}

impl Packet<'_> {
    /// Source and destination ports of UDP and TCP.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match &self.transport {
            Transport::Udp(udp) => Some((udp.source, udp.destination)),
            Transport::Tcp(tcp) => Some((tcp.source, tcp.destination)),
            _ => None,
        }
    }

    /// A hash of both ends, their ports and the protocol, the same in both directions; 0 without an IP header. It is for tables: whoever makes the packets
    /// can make two flows with the same one.
    pub fn flow(&self) -> u64 {
        let Some(ip) = &self.ip else { return 0 };
        let (source, destination) = self.ports().unwrap_or_default();
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let ends = [(bits(ip.source), source), (bits(ip.destination), destination)];
        let (one, other) = if ends[0] <= ends[1] { (ends[0], ends[1]) } else { (ends[1], ends[0]) };
        let mut hasher = FixedHash::default().build_hasher();
        hasher.write_u128(one.0);
        hasher.write_u128(other.0);
        hasher.write_u64(u64::from(one.1) << 32 | u64::from(other.1) << 8 | u64::from(ip.protocol));
        hasher.finish()
    }

    /// Whether less of the payload was captured than was on the wire.
    pub fn is_cut(&self) -> bool {
        self.payload.len() < self.payload_length
    }

    /// VLAN ids around the innermost packet, outermost first.
    pub fn vlans(&self) -> impl Iterator<Item = u16> + '_ {
        self.layers.iter().filter_map(|layer| match layer {
            Layer::Vlan(id) => Some(*id),
            _ => None,
        })
    }
}
