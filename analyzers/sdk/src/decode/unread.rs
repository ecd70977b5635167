//! What is not looked into although packets may be in it, by name.

use std::borrow::Cow;

use super::Stop;
use crate::link_types;

/// What a frame carries and is not looked into, although it may hold packets: a tunnel that is encrypted or not supported, or an
/// unknown protocol. Protocols that carry no packets of others, such as ARP and routing protocols, are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unread {
    /// An EtherType that is not taken apart.
    Ethertype(u16),
    /// An IP protocol that is not taken apart.
    IpProtocol(u8),
    /// A link type that is not taken apart.
    LinkType(u16),
    /// A PPP protocol that is not taken apart, among them compressed and encrypted packets.
    Ppp(u16),
    /// A destination service access point of IEEE 802.2.
    Llc(u8),
    /// A network layer protocol identifier of ISO/IEC TR 9577.
    Nlpid(u8),
    /// An address family of a loopback interface.
    AddressFamily(u16),
    /// A next protocol of NSH or VXLAN-GPE.
    NextProtocol(u8),
    /// What a label stack carries, where it is neither IP nor Ethernet.
    Mpls,
    /// Encrypted IEEE 802.11 data.
    WlanEncrypted,
    /// A piece of IEEE 802.11 data.
    WlanFragment,
    /// Several IEEE 802.11 data units in one frame.
    WlanAggregate,
    /// MACsec (IEEE 802.1AE) that is encrypted.
    MacsecEncrypted,
    /// A piece of an ARCNET packet.
    ArcnetFragment,
    /// A frame behind a header of Juniper's of which the protocol cannot be told.
    Juniper,
    /// What GTP-U carries, where it is neither IP nor Ethernet.
    Gtp,
    /// VXLAN without its valid flag.
    VxlanInvalid,
    /// VXLAN whose content is neither Ethernet nor what it says.
    Vxlan,
    /// Teredo with IPv6 that may be something else: it is not the end of its datagram, and nothing else tells of it.
    Teredo,
    /// What AYIYA carries, where it is not the IP that it says.
    Ayiya,
    /// What LISP carries, where it is IP only by its look.
    Lisp,
    /// What generic or foo over UDP carries, where it is IP only by its look.
    Gue,
    /// What GRE over UDP carries, where it is not what it says.
    GreInUdp,
    /// Geneve whose content is not what it says.
    Geneve,
    /// CAPWAP data in DTLS.
    CapwapEncrypted,
    /// A piece of a CAPWAP packet.
    CapwapFragment,
    /// What CAPWAP carries, where it is neither IEEE 802.3 nor 802.11.
    Capwap,
    /// What TZSP carries, where it is no known encapsulation.
    Tzsp,
    /// A data message of L2TP whose content cannot be told.
    L2tp,
    /// IPsec ESP over UDP (RFC 3948).
    EspInUdp,
    /// WireGuard.
    Wireguard,
    /// OpenVPN.
    Openvpn,
}

impl Unread {
    /// Its name, for example `esp in udp`, `ethertype 0x88b5`, `ip protocol 99`.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Ethertype(number) => match ethertype(number) {
                Some(name) => name,
                None => return format!("ethertype 0x{number:04x}").into(),
            },
            Self::IpProtocol(number) => match ip_protocol(number) {
                Some(name) => name,
                None => return format!("ip protocol {number}").into(),
            },
            Self::LinkType(number) => {
                let name = link_types::known(number).map_or_else(String::new, |known| format!(" ({})", known.name));
                return format!("link type {number}{name}").into();
            }
            Self::Ppp(0x00fd | 0x00fb) => "ppp compressed",
            Self::Ppp(0x0053 | 0x0055) => "ppp encrypted",
            Self::Ppp(0x003d) => "ppp multilink",
            Self::Ppp(number) => return format!("ppp 0x{number:04x}").into(),
            Self::Llc(number) => return format!("llc 0x{number:02x}").into(),
            Self::Nlpid(number) => return format!("nlpid 0x{number:02x}").into(),
            Self::AddressFamily(number) => return format!("address family {number}").into(),
            Self::NextProtocol(number) => return format!("nsh next protocol {number}").into(),
            Self::Mpls => "mpls payload",
            Self::WlanEncrypted => "wlan encrypted",
            Self::WlanFragment => "wlan fragment",
            Self::WlanAggregate => "wlan a-msdu",
            Self::MacsecEncrypted => "macsec encrypted",
            Self::ArcnetFragment => "arcnet fragment",
            Self::Juniper => "juniper",
            Self::Gtp => "gtp",
            Self::VxlanInvalid => "vxlan without its flag",
            Self::Vxlan => "vxlan",
            Self::Teredo => "teredo",
            Self::Ayiya => "ayiya",
            Self::Lisp => "lisp",
            Self::Gue => "gue",
            Self::GreInUdp => "gre in udp",
            Self::Geneve => "geneve",
            Self::CapwapEncrypted => "capwap dtls",
            Self::CapwapFragment => "capwap fragment",
            Self::Capwap => "capwap",
            Self::Tzsp => "tzsp",
            Self::L2tp => "l2tp",
            Self::EspInUdp => "esp in udp",
            Self::Wireguard => "wireguard",
            Self::Openvpn => "openvpn",
        })
    }

    /// As what decoding ends with it. Over UDP it does not end: the datagram is one like any other.
    fn stop(self) -> Stop {
        match self {
            Self::LinkType(_) => Stop::UnknownLinkType,
            Self::IpProtocol(_) => Stop::OtherTransport,
            _ => Stop::OtherNetworkLayer,
        }
    }
}

/// Names of IP protocols that are not looked into (IANA, Assigned Internet Protocol Numbers).
fn ip_protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        33 => "dccp",
        50 => "esp",
        103 => "pim register",
        108 => "ipcomp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

/// Names of EtherTypes that are not looked into.
fn ethertype(number: u16) -> Option<&'static str> {
    Some(match number {
        0x8137 => "ipx",
        0x8906 => "fcoe",
        0x8915 => "roce",
        _ => return None,
    })
}

/// Why a walk ends before the transport's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) stop: Stop,
    pub(super) unread: Option<Unread>,
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        Self { stop, unread: None }
    }
}

impl From<Unread> for End {
    fn from(unread: Unread) -> Self {
        Self { stop: unread.stop(), unread: Some(unread) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::step::Next;

    #[test]
    fn names_are_short_and_tell_numbers() {
        for (unread, name) in [
            (Unread::Ethertype(0x88b5), "ethertype 0x88b5"),
            (Unread::IpProtocol(50), "esp"),
            (Unread::IpProtocol(253), "ip protocol 253"),
            (Unread::LinkType(147), "link type 147 (USER 0)"),
            (Unread::LinkType(187), "link type 187 (Bluetooth H4)"),
            (Unread::LinkType(65_000), "link type 65000"),
            (Unread::Ppp(0x00fd), "ppp compressed"),
            (Unread::Openvpn, "openvpn"),
        ] {
            assert_eq!(unread.name(), name);
        }
    }

    #[test]
    fn a_step_stays_small() {
        assert_eq!(size_of::<Next>(), 4);
        assert!(size_of::<Result<Next, End>>() <= 8);
    }
}
