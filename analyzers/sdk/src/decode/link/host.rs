//! Headers that capturing machines write instead of a link layer's: loopback, Linux cooked, IPNET, NFLOG, IP over InfiniBand.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::wireless::radiotap;

/// Values of Linux's ARPHRD_ (if_arp.h) for which the cooked header's protocol field is no EtherType.
mod arphrd {
    pub const FRAD: u16 = 770;
    pub const IEEE80211_RADIOTAP: u16 = 803;
    pub const NETLINK: u16 = 824;
}

/// Packet type, ARPHRD_ type, address length, address (8), protocol.
pub(super) fn sll(at: &mut Cursor<'_>, without_fcs: bool, layers: &mut Layers) -> Step {
    layers.push(Layer::LinuxCooked);
    at.skip(2)?;
    let hardware = at.u16()?;
    at.skip(10)?;
    let protocol = at.u16()?;
    cooked(at, hardware, protocol, without_fcs, layers)
}

/// Protocol, reserved, interface, ARPHRD_ type, packet type, address length, address (8).
pub(super) fn sll2(at: &mut Cursor<'_>, without_fcs: bool, layers: &mut Layers) -> Step {
    layers.push(Layer::LinuxCooked2);
    let protocol = at.u16()?;
    at.skip(6)?;
    let hardware = at.u16()?;
    at.skip(10)?;
    cooked(at, hardware, protocol, without_fcs, layers)
}

fn cooked(at: &mut Cursor<'_>, hardware: u16, protocol: u16, without_fcs: bool, layers: &mut Layers) -> Step {
    match (hardware, protocol) {
        (arphrd::IEEE80211_RADIOTAP, _) => radiotap(at, without_fcs, layers),
        (arphrd::FRAD, _) => Ok(Next::FrameRelay),
        (arphrd::NETLINK, _) => Err(Stop::OtherNetworkLayer.into()),
        // Values below the EtherTypes are Linux's: ETH_P_802_2 is LLC, and ETH_P_802_3, Novell's format, has none.
        (_, 0x0004) => Ok(Next::Llc),
        (_, kind) => Ok(Next::EtherType(kind)),
    }
}

/// BSD loopback: an address family in the byte order of the capturing machine (NULL) or the network's (LOOP).
pub(super) fn loopback(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Loopback);
    let octets: [u8; 4] = at.array()?;
    let (little, big) = (u32::from_le_bytes(octets), u32::from_be_bytes(octets));
    // Families are small numbers, so the smaller reading is the right one. IPv6 is 24 (NetBSD, OpenBSD), 28 (FreeBSD), 30 (macOS),
    // 10 (Linux), 26 (Solaris) or 23 (Windows; elsewhere that is IPX).
    match u16::try_from(little.min(big)).unwrap_or_default() {
        2 => Ok(Next::Ipv4),
        10 | 24 | 26 | 28 | 30 => Ok(Next::Ipv6),
        23 if at.peek(0).is_some_and(|octet| octet >> 4 == 6) => Ok(Next::Ipv6),
        // Some programs write an EtherType there.
        kind @ 0x0600.. => Ok(Next::EtherType(kind)),
        // Others put it behind two bytes of their own.
        _ if matches!(octets, [_, _, 0x08, 0x00] | [_, _, 0x86, 0xdd]) => {
            let [_, _, high, low] = octets;
            Ok(Next::EtherType(u16::from_be_bytes([high, low])))
        }
        family => Err(Unread::AddressFamily(family).into()),
    }
}

/// Solaris IPNET: version, address family, hook type, the packet's length, interface, group interface, zones.
pub(super) fn ipnet(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Ipnet);
    let [_version, family] = at.array()?;
    at.skip(2)?;
    let length = usize::try_from(at.u32()?).unwrap_or(usize::MAX);
    at.skip(16)?;
    if at.has(length) && length > 0 {
        at.limit(length);
    }
    match family {
        2 => Ok(Next::Ipv4),
        26 => Ok(Next::Ipv6),
        other => Err(Unread::AddressFamily(other.into()).into()),
    }
}

/// Linux's NFLOG: address family, version, resource, then attributes with length and type in the capturing machine's byte order. One
/// of them is the packet, from its network layer on.
pub(super) fn nflog(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    const PACKET_HEADER: u16 = 1;
    const PAYLOAD: u16 = 9;
    layers.push(Layer::Nflog);
    let [family, _version] = at.array()?;
    at.skip(2)?;
    let mut kind_of_bridged = None;
    loop {
        let (length, kind): ([u8; 2], [u8; 2]) = (at.array()?, at.array()?);
        // Types are small numbers.
        let (length, kind) = if kind.first() < kind.last() || kind == [0, 0] && length.first() < length.last() {
            (u16::from_be_bytes(length), u16::from_be_bytes(kind))
        } else {
            (u16::from_le_bytes(length), u16::from_le_bytes(kind))
        };
        let length = usize::from(length).checked_sub(4).ok_or(Stop::Malformed)?;
        if kind == PAYLOAD {
            at.limit(length);
            break;
        }
        if kind == PACKET_HEADER {
            kind_of_bridged = at.peek_u16(0);
        }
        at.skip(length.checked_next_multiple_of(4).ok_or(Stop::Malformed)?)?;
    }
    match (family, kind_of_bridged) {
        (2, _) => Ok(Next::Ipv4),
        (10, _) => Ok(Next::Ipv6),
        (_, Some(kind @ 0x0600..)) => Ok(Next::EtherType(kind)),
        (0, _) => Ok(Next::Ip),
        (other, _) => Err(Unread::AddressFamily(other.into()).into()),
    }
}

/// RFC 4391 6: an EtherType and two reserved bytes. Captures have 40 bytes with the destination before that.
pub(super) fn ipoib(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    const DESTINATION: usize = 40;
    layers.push(Layer::Ipoib);
    let bare = at
        .peek_u16(0)
        .zip(at.behind(4))
        .is_some_and(|(kind, inner)| kind >= 0x0600 && at.peek_u16(2) == Some(0) && looks::carried(kind, &inner));
    if !bare {
        at.skip(DESTINATION)?;
    }
    let kind = at.u16()?;
    at.skip(2)?;
    Ok(Next::EtherType(kind))
}
