//! The forms of messages. Functions look at bytes, and at nothing that was before.

mod dns;
mod industrial;
mod media;
mod programs;
mod security;
mod services;
mod text;
mod transfer;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

pub(super) use media::{Rtp, rtp, shared};
pub(super) use security::{is_client_hello, is_tor_certificate};

use super::{Protocol, ports};

/// What is looked at: a UDP datagram's payload, or the beginning of a direction of TCP or of one of its segments.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// What was captured of it.
    pub bytes: &'a [u8],
    /// Bytes it had on the wire; of TCP, those of the segment.
    pub length: usize,
    /// Source and destination port.
    pub ports: (u16, u16),
    /// Where it goes.
    pub destination: IpAddr,
}

impl Payload<'_> {
    fn u8(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Big-endian, as nearly all protocols have it.
    fn u16(&self, at: usize) -> Option<usize> {
        let octets = self.bytes.get(at..)?.first_chunk::<2>()?;
        Some(u16::from_be_bytes(*octets).into())
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk::<4>().copied().map(u32::from_be_bytes)
    }

    fn u32_little(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk::<4>().copied().map(u32::from_le_bytes)
    }

    fn starts(&self, with: &[u8]) -> bool {
        self.bytes.starts_with(with)
    }

    /// Whether a length field says exactly what there is.
    fn is_length(&self, length: usize) -> bool {
        self.length == length
    }

    fn has_port(&self, port: u16) -> bool {
        self.ports.0 == port || self.ports.1 == port
    }
}

/// The protocol of a UDP datagram by its form. Weak forms, which other data could have by chance, are only believed on the protocol's
/// port.
///
/// ```
/// use mcpcap_analyzer::application::{Payload, Protocol, datagram};
///
/// let bytes = b"REGISTER sip:example.com SIP/2.0\r\n";
/// let destination = std::net::Ipv4Addr::new(192, 0, 2, 1).into();
/// let payload = Payload { bytes, length: bytes.len(), ports: (40_000, 50_000), destination };
/// assert_eq!(datagram(&payload), Some(Protocol::Sip));
/// ```
pub fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    let (source, destination) = octets.ports;
    let by_port = [destination, source].into_iter().filter_map(ports::udp);
    let mut fitting = by_port.filter(|protocol| datagram_fits(*protocol, octets));
    fitting.next().or_else(|| certain_datagram(octets))
}

/// The protocol of the beginning of a TCP direction or segment by its form; weak forms are only believed on the protocol's port.
pub fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    if let Some(certain) = certain_stream(octets) {
        return Some(certain);
    }
    let (source, destination) = octets.ports;
    let possible = possible_stream(octets);
    let mut by_port = [destination, source].into_iter().filter_map(ports::tcp);
    by_port.find(|protocol| possible == Some(*protocol) || stream_fits(*protocol, octets))
}

/// Whether a datagram has the form of the protocol that its port is for.
fn datagram_fits(protocol: Protocol, octets: &Payload<'_>) -> bool {
    match protocol {
        Protocol::Dns => dns::is_plausible(octets.bytes, octets.length),
        Protocol::Mdns => dns::is_mdns(octets),
        Protocol::Llmnr => dns::is_plausible(octets.bytes, octets.length),
        Protocol::Nbdgm => services::is_netbios_datagram(octets),
        Protocol::Dhcp => services::is_bootp(octets),
        Protocol::Dhcpv6 => services::is_dhcpv6(octets),
        Protocol::Ntp => services::is_ntp(octets),
        Protocol::Syslog => services::is_syslog(octets),
        Protocol::Radius => services::is_radius(octets),
        Protocol::Rip => services::is_rip(octets),
        Protocol::Ripng => services::is_ripng(octets),
        Protocol::Hsrp => matches!(octets.bytes, [0, 0..=3, ..]) && octets.length >= 20,
        Protocol::Bfd => services::is_bfd(octets),
        Protocol::Ldp => services::is_ldp(octets),
        Protocol::Ptp => services::is_ptp(octets),
        Protocol::Slp => matches!(octets.bytes, [1 | 2, 1..=11, ..]) && octets.length >= 12,
        Protocol::Netflow => services::is_netflow(octets),
        Protocol::Ipfix => octets.starts(&[0, 10]) && octets.u16(2).is_some_and(|length| octets.is_length(length)),
        Protocol::Sflow => octets.starts(&[0, 0, 0, 5]) && matches!(octets.u32(4), Some(1 | 2)),
        Protocol::Coap => services::is_coap(octets),
        Protocol::Ssdp => text::is_ssdp_response(octets),
        Protocol::WsDiscovery => octets.starts(b"<?xml") || octets.starts(b"<s:") || octets.starts(b"<soap"),
        Protocol::Mgcp => text::is_mgcp(octets),
        Protocol::Stun => media::is_classic_stun(octets),
        Protocol::Openvpn => security::is_openvpn(octets.bytes),
        Protocol::Wireguard => security::is_wireguard(octets),
        Protocol::Ike => security::is_ike(octets.bytes, octets.length),
        Protocol::L2tp => matches!(octets.bytes, [0xc0..=0xcf, 2, ..]) && octets.u16(2) == Some(octets.length),
        // ASF's RMCP (DSP0136 §3.2.2.2): version 6, and a class of messages.
        Protocol::Rmcp => matches!(octets.bytes, [6, 0, _, 6..=7 | 0x86..=0x87, ..]),
        // RFC 6886 §3, RFC 6887 §7: versions 0 to 2.
        Protocol::NatPmp => matches!(octets.bytes, [0, 0..=2 | 128..=130, ..] | [1 | 2, 0..=3 | 128..=131, ..]),
        Protocol::Enip => industrial::is_enip(octets),
        Protocol::Cip => octets.starts(&[2, 0, 2, 0x80]),
        Protocol::Bacnet => octets.u8(0) == Some(0x81) && octets.u16(2) == Some(octets.length),
        Protocol::Dnp3 => octets.starts(&[0x05, 0x64]),
        Protocol::DropboxLan => octets.starts(b"{\""),
        _ => false,
    }
}

/// Forms that no other data has but by a rare chance.
fn certain_datagram(octets: &Payload<'_>) -> Option<Protocol> {
    media::certain(octets)
        .or_else(|| text::datagram(octets))
        .or_else(|| security::datagram(octets))
        .or_else(|| services::datagram(octets))
        .or_else(|| transfer::datagram(octets))
        .or_else(|| industrial::datagram(octets))
        .or_else(|| programs::datagram(octets))
        .or_else(|| dns::is_certain(octets.bytes, octets.length).then_some(Protocol::Dns))
}

/// Whether a segment has the form of the protocol that its port is for.
fn stream_fits(protocol: Protocol, octets: &Payload<'_>) -> bool {
    match protocol {
        Protocol::Dns => dns::in_tcp(octets).is_some_and(|(message, length)| dns::is_plausible(message, length)),
        Protocol::Kerberos => octets.bytes.get(4..).is_some_and(security::is_kerberos_tag),
        Protocol::Ldp => services::is_ldp(octets),
        Protocol::Openvpn => octets.bytes.get(2..).is_some_and(security::is_openvpn),
        Protocol::Tacacs => matches!(octets.bytes, [0xc0 | 0xc1, 1..=3, ..]) && octets.length >= 12,
        Protocol::Msdp => matches!(octets.bytes, [1..=6, ..]) && octets.u16(1) == Some(octets.length),
        Protocol::Nbss => matches!(octets.bytes, [0x81..=0x85, 0 | 1, ..]),
        // A request's or answer's length.
        Protocol::Kafka => octets.u32(0).is_some_and(|length| octets.is_length((length as usize).saturating_add(4))),
        // DSI: a request or reply, one of its commands.
        Protocol::Afp => matches!(octets.bytes, [0 | 1, 1..=8, ..]) && octets.length >= 16,
        Protocol::Irc => text::is_irc(octets),
        // HTTP/0.9: no version, and no more than this line.
        Protocol::Http => octets.starts(b"GET /"),
        Protocol::Nntp => octets.starts(b"200 ") || octets.starts(b"201 "),
        Protocol::Xmpp => octets.starts(b"<?xml") || octets.starts(b"<stream"),
        // MS-TDS §2.2.3.1: a type of packet, a status, the length.
        Protocol::Tds => {
            matches!(octets.bytes, [1..=18, 0..=9, ..])
                && octets.u16(2).is_some_and(|length| length >= 8 && length <= octets.length)
        }
        Protocol::Memcached => text::is_memcached(octets),
        Protocol::Cassandra => matches!(octets.bytes, [3..=5 | 0x83..=0x85, ..]) && octets.length >= 9,
        Protocol::Sccp => {
            octets.u32_little(0).is_some_and(|length| octets.is_length((length as usize).saturating_add(8)))
        }
        Protocol::Rtmp => octets.u8(0) == Some(3) && octets.length >= 1400,
        Protocol::Iscsi => {
            octets.length >= 48 && matches!(octets.u8(0), Some(0x00..=0x06 | 0x10 | 0x20..=0x26 | 0x31 | 0x3f..=0x46))
        }
        Protocol::Diameter => {
            octets.u8(0) == Some(1) && octets.u32(0).is_some_and(|word| (word & 0xff_ffff) as usize <= octets.length)
        }
        Protocol::Modbus => industrial::is_modbus(octets),
        Protocol::Cotp => industrial::is_tpkt(octets),
        Protocol::H225 => industrial::is_tpkt(octets) && octets.u8(4) == Some(8),
        Protocol::Rdp => industrial::is_tpkt(octets),
        Protocol::Iec104 => {
            matches!(octets.bytes, [0x68, length, ..] if usize::from(*length) >= 4 && usize::from(*length) < octets.length.saturating_sub(1))
        }
        Protocol::Dnp3 => octets.starts(&[0x05, 0x64]),
        Protocol::Enip => industrial::is_enip(octets),
        Protocol::Oracle => octets.u16(0) == Some(octets.length) && matches!(octets.u8(4), Some(1..=19)),
        _ => false,
    }
}

/// As [`certain_datagram`], of TCP.
fn certain_stream(octets: &Payload<'_>) -> Option<Protocol> {
    security::stream(octets)
        .or_else(|| text::stream(octets))
        .or_else(|| transfer::stream(octets))
        .or_else(|| industrial::stream(octets))
        .or_else(|| programs::stream(octets))
        .or_else(|| {
            let (message, length) = dns::in_tcp(octets)?;
            dns::is_certain(message, length).then_some(Protocol::Dns)
        })
}

/// What it may be: certain where the other direction fits too.
pub(super) fn possible_stream(octets: &Payload<'_>) -> Option<Protocol> {
    text::possible(octets).or_else(|| match octets.bytes {
        // RFC 1928 §3: the methods that a client offers, the one that the server takes.
        [5, count @ 1..=9, methods @ ..] if methods.len() == usize::from(*count) => Some(Protocol::Socks),
        [5, 0..=2 | 0xff] => Some(Protocol::Socks),
        // SOCKS4: CONNECT or BIND, and a text with a zero at its end; the answer.
        [4, 1 | 2, _, _, _, _, _, _, .., 0] => Some(Protocol::Socks),
        [0, 90..=93, _, _, _, _, _, _] => Some(Protocol::Socks),
        // RFC 854: negotiation of options.
        [0xff, 0xfb..=0xfe, option, ..] if *option < 50 => Some(Protocol::Telnet),
        _ => None,
    })
}
