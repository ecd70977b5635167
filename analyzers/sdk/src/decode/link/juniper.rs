//! Juniper's link types. A header with flags stands before each frame, and a cookie of the interface card before many; what follows
//! is not always told, so that each guess is checked (tcpdump's print-juniper.c, Wireshark's packet-juniper.c).

use super::super::cursor::Cursor;
use super::super::unread::Unread;
use super::super::walk::{Next, Step};
use super::super::{Layer, Layers, Stop, looks};
use super::linktype;

/// Magic number, flags, and extensions.
pub(super) fn juniper(at: &mut Cursor<'_>, link_type: u16, layers: &mut Layers) -> Step {
    const MAGIC: [u8; 3] = *b"MGC";
    const WITHOUT_LINK: u8 = 0x02;
    const EXTENSIONS: u8 = 0x80;
    layers.push(Layer::Juniper);
    let magic: [u8; 3] = at.array()?;
    let flags = at.u8()?;
    if magic != MAGIC {
        return Err(Stop::Malformed.into());
    }
    if flags & EXTENSIONS != 0 {
        let length = at.u16()?;
        at.skip(length.into())?;
    }
    if flags & WITHOUT_LINK != 0 {
        // A protocol family.
        at.skip(4)?;
        return Ok(Next::Ip);
    }
    match link_type {
        linktype::JUNIPER_ETHER | linktype::JUNIPER_PPPOE => Ok(Next::Ethernet),
        linktype::JUNIPER_PPP => Ok(Next::Ppp),
        linktype::JUNIPER_FRELAY => Ok(Next::FrameRelay),
        linktype::JUNIPER_CHDLC => Ok(Next::CiscoHdlc),
        linktype::JUNIPER_PPPOE_ATM => Ok(Next::EtherType(at.u16()?)),
        // A protocol and a VLAN, or a cookie that has them.
        linktype::JUNIPER_GGSN => guess(at, &[4, 8]),
        linktype::JUNIPER_ATM1 => guess(at, &[4]),
        linktype::JUNIPER_ATM2 => guess(at, &[8, 4]),
        linktype::JUNIPER_MLPPP => guess(at, &[cookie(at), 2, 0]),
        linktype::JUNIPER_MLFR | linktype::JUNIPER_MFR => guess(at, &[cookie(at), 2, 4, 0]),
        linktype::JUNIPER_SERVICES => guess(at, &[8, 12, 16]),
        linktype::JUNIPER_MONITOR => guess(at, &[8]),
        linktype::JUNIPER_ES => guess(at, &[0, 16]),
        linktype::JUNIPER_VP => guess(at, &[18]),
        _ => Err(Unread::LinkType(link_type).into()),
    }
}

/// The length of a cookie by its first byte: of a link services card, of an adaptive services card, none.
fn cookie(at: &Cursor<'_>) -> usize {
    match at.peek(0) {
        Some(0x54) => 4,
        Some(0x47 | 0x23) => 8,
        _ => 0,
    }
}

/// Passes over the first of some lengths behind which there is a known header.
fn guess(at: &mut Cursor<'_>, lengths: &[usize]) -> Step {
    for length in lengths {
        if let Some(inner) = at.behind(*length)
            && let Some(next) = header(&inner)
        {
            at.skip(*length)?;
            // Cisco's network layer protocol identifiers follow the control field of LLC, whose addresses are not there.
            if next == Next::Ipv4 || next == Next::Ipv6 {
                at.skip(prefix(&inner))?;
            }
            return Ok(next);
        }
    }
    Err(if at.is_cut() { at.shortage().into() } else { Unread::Juniper.into() })
}

/// Control field and identifier before IP.
fn prefix(at: &Cursor<'_>) -> usize {
    match at.rest {
        [0x03, 0xcc | 0x8e, ..] => 2,
        _ => 0,
    }
}

fn header(at: &Cursor<'_>) -> Option<Next> {
    match at.rest {
        [0xfe, 0xfe, 0x03, ..] | [0xaa, 0xaa, 0x03, ..] => Some(Next::Llc),
        [0x03, 0xcc, ..] if at.behind(2).is_some_and(|inner| looks::ipv4(&inner)) => Some(Next::Ipv4),
        [0x03, 0x8e, ..] if at.behind(2).is_some_and(|inner| looks::ipv6(&inner)) => Some(Next::Ipv6),
        [] => None,
        _ if looks::ipv4(at) => Some(Next::Ipv4),
        _ if looks::ipv6(at) => Some(Next::Ipv6),
        _ if looks::ppp(at) => Some(Next::Ppp),
        _ if looks::ethernet(at) => Some(Next::Ethernet),
        _ => None,
    }
}
