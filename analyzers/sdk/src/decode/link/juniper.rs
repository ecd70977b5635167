//! Juniper's link types. A header with flags stands before each frame, and a cookie of the interface card before many; what follows
//! is not always told, so that each guess is checked (tcpdump's print-juniper.c, Wireshark's packet-juniper.c).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
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
        if let Some((more, next)) = at.behind(*length).as_ref().and_then(header) {
            at.skip(length.saturating_add(more))?;
            return Ok(next);
        }
    }
    Err(if at.is_cut() { at.shortage().into() } else { Unread::Juniper.into() })
}

/// What begins here, and what is to be passed over before it.
fn header(at: &Cursor<'_>) -> Option<(usize, Next)> {
    let behind = |count, test: fn(&Cursor<'_>) -> bool| at.behind(count).is_some_and(|inner| test(&inner));
    match at.rest {
        [] => None,
        [0xfe, 0xfe, 0x03, ..] | [0xaa, 0xaa, 0x03, ..] => Some((0, Next::Llc)),
        // A control field of LLC and a network layer protocol identifier, without the addresses.
        [0x03, 0xcc, ..] if behind(2, looks::ipv4) => Some((2, Next::Ipv4)),
        [0x03, 0x8e, ..] if behind(2, looks::ipv6) => Some((2, Next::Ipv6)),
        _ if looks::ipv4(at) => Some((0, Next::Ipv4)),
        _ if looks::ipv6(at) => Some((0, Next::Ipv6)),
        _ if looks::ppp(at) => Some((0, Next::Ppp)),
        _ if looks::ethernet(at) => Some((0, Next::Ethernet)),
        _ => None,
    }
}
