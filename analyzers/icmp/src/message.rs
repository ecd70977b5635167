//! A message, as far as its bytes go.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::decode::{self, Packet, Quoted, Transport};

use crate::codes::kind;

pub use crate::codes::Version;

/// A message with what it is about.
#[derive(Debug)]
pub struct Message<'a> {
    /// Which protocol.
    pub version: Version,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Checksum as it is.
    pub checksum: u16,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// Identifier and sequence number, of queries and their replies.
    pub numbers: Option<(u16, u16)>,
    /// What follows the eight bytes of the header.
    pub data: &'a [u8],
    /// How long that was on the wire.
    pub data_length: usize,
    /// The packet that an error is about.
    pub quoted: Option<Quoted>,
    /// The second four bytes of the header.
    pub rest: [u8; 4],
}

impl<'a> Message<'a> {
    /// The message of a packet; `None` when it has none.
    pub fn of(packet: &'a Packet<'_>) -> Option<Self> {
        let (version, icmp) = match &packet.transport {
            Transport::Icmp(icmp) => (Version::V4, icmp),
            Transport::Icmpv6(icmp) => (Version::V6, icmp),
            _ => return None,
        };
        let ip = packet.ip.as_ref()?;
        let payload: &[u8] = packet.payload;
        let (rest, data) = match payload.split_first_chunk::<4>() {
            Some((rest, data)) => (*rest, data),
            None => ([0; 4], &[][..]),
        };
        let [a, b, c, d] = rest;
        let numbered = payload.len() >= 4 && has_numbers(version, icmp.kind);
        // The sequence number of extended echoes has one byte (RFC 8335 §2, §3).
        let extended = matches!((version, icmp.kind), (Version::V4, 42 | 43) | (Version::V6, 160 | 161));
        let sequence = if extended { u16::from(c) } else { u16::from_be_bytes([c, d]) };
        Some(Self {
            version,
            kind: icmp.kind,
            code: icmp.code,
            checksum: icmp.checksum,
            source: ip.source,
            destination: ip.destination,
            hop_limit: ip.hop_limit,
            numbers: numbered.then(|| (u16::from_be_bytes([a, b]), sequence)),
            data,
            data_length: packet.payload_length.saturating_sub(4),
            quoted: decode::quoted(packet),
            rest,
        })
    }

    /// Whether it is an echo request.
    pub fn is_echo(&self) -> bool {
        matches!((self.version, self.kind), (Version::V4, kind::ECHO) | (Version::V6, kind::V6_ECHO))
    }

    /// Whether it is an echo reply.
    pub fn is_echo_reply(&self) -> bool {
        matches!((self.version, self.kind), (Version::V4, kind::ECHO_REPLY) | (Version::V6, kind::V6_ECHO_REPLY))
    }

    /// Whether it says that a packet's hop limit was used up on the way.
    pub fn is_hop_limit_exceeded(&self) -> bool {
        let time = matches!(
            (self.version, self.kind),
            (Version::V4, kind::TIME_EXCEEDED) | (Version::V6, kind::V6_TIME_EXCEEDED)
        );
        time && self.code == 0
    }

    /// Whether it says that a packet did not reach its destination.
    pub fn is_unreachable(&self) -> bool {
        matches!((self.version, self.kind), (Version::V4, kind::UNREACHABLE) | (Version::V6, kind::V6_UNREACHABLE))
    }

    /// Whether it says that nobody listens at the port.
    pub fn is_port_unreachable(&self) -> bool {
        matches!((self.version, self.code), (Version::V4, 3) | (Version::V6, 4)) && self.is_unreachable()
    }

    /// The MTU of the next hop: of "fragmentation needed" (RFC 1191 §4), where it is given, and of "packet too big".
    pub fn mtu(&self) -> Option<u32> {
        let [a, b, c, d] = self.rest;
        match (self.version, self.kind, self.code) {
            (Version::V4, kind::UNREACHABLE, 4) => Some(u16::from_be_bytes([c, d]).into()).filter(|mtu| *mtu > 0),
            (Version::V6, kind::V6_TOO_BIG, _) => Some(u32::from_be_bytes([a, b, c, d])),
            _ => None,
        }
    }

    /// Where the error is in the quoted packet, in bytes from its start.
    pub fn pointer(&self) -> Option<u32> {
        match (self.version, self.kind, self.code) {
            (Version::V4, kind::PARAMETER_PROBLEM, 0) => Some(self.rest[0].into()),
            (Version::V6, kind::V6_PARAMETER_PROBLEM, _) => Some(u32::from_be_bytes(self.rest)),
            _ => None,
        }
    }

    /// The better first hop that a redirect names, and for which destination.
    pub fn redirect(&self) -> Option<(IpAddr, IpAddr)> {
        match (self.version, self.kind) {
            (Version::V4, kind::REDIRECT) => {
                Some((Ipv4Addr::from(self.rest).into(), self.quoted.map(|quoted| quoted.destination)?))
            }
            (Version::V6, kind::V6_REDIRECT) => Some((address(self.data, 0)?.into(), address(self.data, 16)?.into())),
            _ => None,
        }
    }

    /// The target of neighbour discovery (RFC 4861 §4.3, §4.4).
    pub fn target(&self) -> Option<Ipv6Addr> {
        matches!(
            (self.version, self.kind),
            (Version::V6, kind::V6_NEIGHBOR_SOLICITATION | kind::V6_NEIGHBOR_ADVERTISEMENT)
        )
        .then(|| address(self.data, 0))?
    }

    /// The MPLS label stack that a router adds to its error (RFC 4884 §7, RFC 4950), outermost first.
    pub fn mpls_labels(&self) -> impl Iterator<Item = u32> + use<'a> {
        let mut objects = self.extensions();
        let stacks = std::iter::from_fn(move || {
            let ([high, low, class, kind], rest) = objects.split_first_chunk::<4>()?;
            let length = usize::from(u16::from_be_bytes([*high, *low])).checked_sub(4)?;
            let (value, rest) = rest.split_at_checked(length)?;
            objects = rest;
            Some(if (*class, *kind) == (1, 1) { value } else { &[] })
        });
        stacks.flat_map(|stack| stack.as_chunks::<4>().0).map(|entry| u32::from_be_bytes(*entry) >> 12)
    }

    /// The objects behind the quoted packet (RFC 4884); empty when there are none.
    fn extensions(&self) -> &'a [u8] {
        let quote = match (self.version, self.kind) {
            (Version::V4, kind::UNREACHABLE | kind::TIME_EXCEEDED | kind::PARAMETER_PROBLEM) => {
                usize::from(self.rest[1]).saturating_mul(4)
            }
            (Version::V6, kind::V6_UNREACHABLE | kind::V6_TIME_EXCEEDED) => usize::from(self.rest[0]).saturating_mul(8),
            _ => return &[],
        };
        // Routers from before RFC 4884 give no length; theirs follow the 128th byte (§5.5).
        let quote = if quote == 0 { 128 } else { quote };
        match self.data.get(quote..) {
            // Version 2, then the checksum, then objects.
            Some([version, _, _, _, objects @ ..]) if version >> 4 == 2 => objects,
            _ => &[],
        }
    }
}

/// An IPv6 address at an offset.
pub fn address(data: &[u8], at: usize) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = data.get(at..)?.first_chunk().copied()?;
    Some(octets.into())
}

/// Whether a type has an identifier and a sequence number.
fn has_numbers(version: Version, kind: u8) -> bool {
    match version {
        Version::V4 => matches!(kind, 0 | 8 | 13..=18 | 37 | 38 | 42 | 43),
        Version::V6 => matches!(kind, 128 | 129 | 160 | 161),
    }
}
