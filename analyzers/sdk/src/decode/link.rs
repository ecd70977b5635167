//! Link layers: from a LINKTYPE_ value to the protocol that follows.

use super::cursor::Cursor;
use super::walk::Next;
use super::{Layer, Layers, Stop};

/// Values of the LINKTYPE_ registry (<https://www.tcpdump.org/linktypes.html>).
mod linktype {
    pub const NULL: u16 = 0;
    pub const ETHERNET: u16 = 1;
    pub const PPP: u16 = 9;
    /// Not in the registry: the values that BSD systems and OpenBSD have for raw IP.
    pub const DLT_RAW: u16 = 12;
    pub const DLT_RAW_OPENBSD: u16 = 14;
    pub const PPP_HDLC: u16 = 50;
    pub const PPP_ETHER: u16 = 51;
    pub const RAW: u16 = 101;
    pub const C_HDLC: u16 = 104;
    pub const IEEE802_11: u16 = 105;
    pub const LOOP: u16 = 108;
    pub const LINUX_SLL: u16 = 113;
    pub const IEEE802_11_RADIOTAP: u16 = 127;
    pub const IPV4: u16 = 228;
    pub const IPV6: u16 = 229;
    pub const LINUX_SLL2: u16 = 276;
}

/// Values of Linux's ARPHRD_ (if_arp.h) for which the cooked header's protocol field is no EtherType.
mod arphrd {
    pub const FRAD: u16 = 770;
    pub const IEEE80211_RADIOTAP: u16 = 803;
    pub const NETLINK: u16 = 824;
}

/// Takes the link layer's header of a frame. `without_fcs` says that its frame check sequence was known and is no longer there.
pub(super) fn link(at: &mut Cursor<'_>, link_type: u16, without_fcs: bool, layers: &mut Layers) -> Result<Next, Stop> {
    match link_type {
        linktype::ETHERNET => Ok(Next::Ethernet),
        linktype::NULL | linktype::LOOP => {
            layers.push(Layer::Loopback);
            loopback(at)
        }
        linktype::RAW | linktype::DLT_RAW | linktype::DLT_RAW_OPENBSD => {
            layers.push(Layer::RawIp);
            Ok(Next::Ip)
        }
        linktype::IPV4 => {
            layers.push(Layer::RawIp);
            Ok(Next::Ipv4)
        }
        linktype::IPV6 => {
            layers.push(Layer::RawIp);
            Ok(Next::Ipv6)
        }
        linktype::PPP | linktype::PPP_HDLC => match at.rest {
            [0x0f | 0x8f, 0x00, ..] => Ok(Next::CiscoHdlc),
            // Some systems give the direction where the address is.
            [0x00 | 0x01, 0x03, ..] => {
                at.skip(2)?;
                Ok(Next::Ppp)
            }
            _ => Ok(Next::Ppp),
        },
        linktype::PPP_ETHER => Ok(Next::PppoeSession),
        linktype::C_HDLC => Ok(Next::CiscoHdlc),
        linktype::LINUX_SLL => {
            layers.push(Layer::LinuxCooked);
            // Packet type, ARPHRD_ type, address length, address (8), protocol.
            at.skip(2)?;
            let hardware = at.u16()?;
            at.skip(10)?;
            let protocol = at.u16()?;
            sll(at, hardware, protocol, without_fcs, layers)
        }
        linktype::LINUX_SLL2 => {
            layers.push(Layer::LinuxCooked2);
            // Protocol, reserved, interface, ARPHRD_ type, packet type, address length, address (8).
            let protocol = at.u16()?;
            at.skip(6)?;
            let hardware = at.u16()?;
            at.skip(10)?;
            sll(at, hardware, protocol, without_fcs, layers)
        }
        linktype::IEEE802_11 => Ok(Next::Ieee80211 { padded: false }),
        linktype::IEEE802_11_RADIOTAP => radiotap(at, without_fcs, layers),
        other => {
            layers.push(Layer::OtherLink(other));
            Err(Stop::UnknownLinkType)
        }
    }
}

/// Ethernet II or IEEE 802.3, told apart by the type field (IEEE 802.3-2022 3.2.6).
pub(super) fn ethernet(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Ethernet);
    at.skip(12)?;
    let kind = at.u16()?;
    if kind >= 0x0600 {
        return Ok(Next::EtherType(kind));
    }
    at.limit(usize::from(kind));
    Ok(Next::Llc)
}

/// IEEE 802.2 LLC, with SNAP for protocols that have an EtherType.
pub(super) fn llc(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Llc);
    let [dsap, ssap, control] = at.array()?;
    match (dsap, ssap, control) {
        (0xaa, 0xaa, 0x03) => {
            let [a, b, c] = at.array()?;
            let kind = at.u16()?;
            // RFC 1042: the organisation code 0 means that an EtherType follows; 0xf8 is its bridge tunnel form.
            if matches!([a, b, c], [0, 0, 0] | [0, 0, 0xf8]) {
                Ok(Next::EtherType(kind))
            } else {
                Err(Stop::OtherNetworkLayer)
            }
        }
        (0x06, 0x06, 0x03) => Ok(Next::Ipv4),
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// Cisco's HDLC (RFC 1547 4.3.1): address, control, and an EtherType.
pub(super) fn cisco_hdlc(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::CiscoHdlc);
    at.skip(2)?;
    match at.u16()? {
        // Cisco's SLARP, which has the number of reverse ARP and another format.
        0x8035 => Err(Stop::OtherNetworkLayer),
        kind => Ok(Next::EtherType(kind)),
    }
}

fn sll(
    at: &mut Cursor<'_>,
    hardware: u16,
    protocol: u16,
    without_fcs: bool,
    layers: &mut Layers,
) -> Result<Next, Stop> {
    match (hardware, protocol) {
        (arphrd::IEEE80211_RADIOTAP, _) => radiotap(at, without_fcs, layers),
        (arphrd::FRAD | arphrd::NETLINK, _) => Err(Stop::OtherNetworkLayer),
        // Values below the EtherTypes are Linux's: ETH_P_802_2 is LLC, and ETH_P_802_3, Novell's format, has none.
        (_, 0x0004) => Ok(Next::Llc),
        (_, 0x0001) => Err(Stop::OtherNetworkLayer),
        (_, kind) => Ok(Next::EtherType(kind)),
    }
}

/// BSD loopback: an address family in the byte order of the capturing machine (NULL) or the network's (LOOP).
fn loopback(at: &mut Cursor<'_>) -> Result<Next, Stop> {
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
        // Others put it behind two octets of their own.
        _ if matches!(octets, [_, _, 0x08, 0x00] | [_, _, 0x86, 0xdd]) => {
            let [_, _, high, low] = octets;
            Ok(Next::EtherType(u16::from_be_bytes([high, low])))
        }
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// Radiotap (radiotap.org): a little-endian length, and flags that tell of a frame check sequence and of padding.
fn radiotap(at: &mut Cursor<'_>, without_fcs: bool, layers: &mut Layers) -> Result<Next, Stop> {
    const FCS_AT_END: u8 = 0x10;
    const DATA_PAD: u8 = 0x20;
    layers.push(Layer::Radiotap);
    let mut header = *at;
    let [_version, _pad, low, high] = header.array()?;
    let header = at.take(usize::from(u16::from_le_bytes([low, high])))?;
    let flags = radiotap_flags(header).unwrap_or_default();
    if flags & FCS_AT_END != 0 && !without_fcs {
        at.drop_tail(4);
    }
    Ok(Next::Ieee80211 { padded: flags & DATA_PAD != 0 })
}

/// The flags field, where the bits of "present" name it: it is the second, behind the timestamp.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    const TSFT: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    let (_, mut rest) = header.split_at_checked(4)?;
    let mut word = || {
        let (word, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        Some(u32::from_le_bytes(*word))
    };
    let present = word()?;
    let mut last = present;
    while last & MORE != 0 {
        last = word()?;
    }
    if present & FLAGS == 0 {
        return None;
    }
    let mut fields = header.len().checked_sub(rest.len())?;
    if present & TSFT != 0 {
        // Eight octets, aligned to eight.
        fields = fields.checked_next_multiple_of(8)?.checked_add(8)?;
    }
    header.get(fields).copied()
}

/// IEEE 802.11-2020 9.2: only data frames carry what goes on. With `padded`, the header is filled up to a multiple of four octets.
pub(super) fn ieee80211(at: &mut Cursor<'_>, padded: bool, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Ieee80211);
    let whole = at.rest.len();
    let [control, flags] = at.array()?;
    let (version, kind, subtype) = (control & 3, control >> 2 & 3, control >> 4);
    let (to_ds, from_ds, more, protected, order) =
        (flags & 0x01 != 0, flags & 0x02 != 0, flags & 0x04 != 0, flags & 0x40 != 0, flags & 0x80 != 0);
    if version != 0 {
        return Err(Stop::Malformed);
    }
    // Management and control frames, data frames without data, encrypted ones.
    if kind != 2 || subtype & 4 != 0 || protected {
        return Err(Stop::OtherNetworkLayer);
    }
    // Duration and three addresses, then the sequence control field with the fragment's number.
    at.skip(20)?;
    let [sequence, _] = at.array()?;
    if to_ds && from_ds {
        at.skip(6)?;
    }
    let mut aggregate = false;
    if subtype & 8 != 0 {
        let [qos, _] = at.array()?;
        aggregate = qos & 0x80 != 0;
        if order {
            // HT control.
            at.skip(4)?;
        }
    }
    // Pieces of an MSDU, and several of them in one frame, are not taken apart.
    if more || sequence & 0x0f != 0 || aggregate {
        return Err(Stop::OtherNetworkLayer);
    }
    if padded {
        let header = whole.saturating_sub(at.rest.len());
        at.skip(header.next_multiple_of(4).saturating_sub(header))?;
    }
    Ok(Next::Llc)
}
