//! Link layers: from a LINKTYPE_ value to the protocol that follows.

use super::cursor::Cursor;
use super::walk::Next;
use super::{Layer, Layers, Stop};

/// Values of the LINKTYPE_ registry (https://www.tcpdump.org/linktypes.html).
mod linktype {
    pub const NULL: u16 = 0;
    pub const ETHERNET: u16 = 1;
    pub const PPP: u16 = 9;
    pub const DLT_RAW_OPENBSD: u16 = 14;
    pub const DLT_RAW: u16 = 12;
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

/// Takes the link layer's header of a frame.
pub(super) fn link(at: &mut Cursor<'_>, link_type: u16, layers: &mut Layers) -> Result<Next, Stop> {
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
        linktype::PPP | linktype::PPP_HDLC => Ok(Next::Ppp),
        linktype::PPP_ETHER => Ok(Next::PppoeSession),
        linktype::C_HDLC => {
            layers.push(Layer::CiscoHdlc);
            // RFC 1547: address, control, EtherType.
            at.skip(2)?;
            Ok(Next::EtherType(at.u16()?))
        }
        linktype::LINUX_SLL => {
            layers.push(Layer::LinuxCooked);
            // Packet type, ARPHRD_ type, address length, address (8), protocol.
            at.skip(14)?;
            Ok(sll(at.u16()?))
        }
        linktype::LINUX_SLL2 => {
            layers.push(Layer::LinuxCooked2);
            // Protocol, reserved, interface, ARPHRD_ type, packet type, address length, address (8).
            let protocol = at.u16()?;
            at.skip(18)?;
            Ok(sll(protocol))
        }
        linktype::IEEE802_11 => ieee80211(at, layers),
        linktype::IEEE802_11_RADIOTAP => radiotap(at, layers),
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

fn sll(protocol: u16) -> Next {
    // Linux's ETH_P_802_2 and ETH_P_802_3 stand below the EtherTypes.
    match protocol {
        0x0001 | 0x0004 => Next::Llc,
        other => Next::EtherType(other),
    }
}

/// BSD loopback: an address family in the byte order of the capturing machine (NULL) or the network's (LOOP).
fn loopback(at: &mut Cursor<'_>) -> Result<Next, Stop> {
    let octets: [u8; 4] = at.array()?;
    let (little, big) = (u32::from_le_bytes(octets), u32::from_be_bytes(octets));
    // Families are small numbers, so the smaller reading is the right one. IPv6 is 10, 24, 28 or 30, depending on the system.
    match little.min(big) {
        2 => Ok(Next::Ipv4),
        10 | 24 | 28 | 30 => Ok(Next::Ipv6),
        // Some programs write an EtherType there.
        kind @ 0x0600..=0xffff => Ok(Next::EtherType(kind as u16)),
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// Radiotap (radiotap.org): a little-endian length, and a flags field that tells of a frame check sequence.
fn radiotap(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Radiotap);
    let whole = *at;
    let [_version, _pad, low, high] = at.array()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let mut header = whole;
    let header = header.take(length)?;
    if radiotap_has_fcs(header) && !at.is_cut() {
        let kept = whole.rest.len().saturating_sub(4);
        at.rest = whole.rest.get(..kept).unwrap_or_default();
    } else {
        at.rest = whole.rest;
    }
    at.skip(length)?;
    ieee80211(at, layers)
}

fn radiotap_has_fcs(header: &[u8]) -> bool {
    let word = |index: usize| header.get(index..index.saturating_add(4)).and_then(|w| w.try_into().ok()).map(u32::from_le_bytes);
    let Some(present) = word(4) else { return false };
    // Bit 31 says that another word of bits follows.
    let mut fields = 8;
    let mut bits = present;
    while bits & 0x8000_0000 != 0 {
        let Some(next) = word(fields) else { return false };
        bits = next;
        fields = fields.saturating_add(4);
    }
    if present & 1 != 0 {
        // TSFT: eight octets, aligned to eight.
        fields = fields.next_multiple_of(8).saturating_add(8);
    }
    present & 2 != 0 && header.get(fields).is_some_and(|flags| flags & 0x10 != 0)
}

/// IEEE 802.11-2020 9.2: only data frames carry what goes on.
fn ieee80211(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Ieee80211);
    let [control, flags] = at.array()?;
    let (kind, subtype) = (control >> 2 & 3, control >> 4);
    let (to_ds, from_ds, protected) = (flags & 1 != 0, flags & 2 != 0, flags & 0x40 != 0);
    if kind != 2 || subtype & 4 != 0 || protected {
        // Management and control frames, data frames without data, encrypted ones.
        return Err(Stop::OtherNetworkLayer);
    }
    at.skip(22)?;
    if to_ds && from_ds {
        at.skip(6)?;
    }
    if subtype & 8 != 0 {
        let [qos, _] = at.array()?;
        if flags & 0x80 != 0 {
            // HT control.
            at.skip(4)?;
        }
        if qos & 0x80 != 0 {
            // Several MSDUs in one frame are not taken apart.
            return Err(Stop::OtherNetworkLayer);
        }
    }
    Ok(Next::Llc)
}
