//! L2TP: version 2 with PPP (RFC 2661), and version 3 with any pseudowire, over UDP or IP (RFC 3931).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

/// A control message.
const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;
/// Reserved bits are ignored on receipt (RFC 2661 3.1).
const RESERVED: u16 = 0x34f0;

pub(super) fn l2tp(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let session = open(at)?;
    layers.push(Layer::L2tp(session.into()));
    Ok(Next::Ppp)
}

/// Takes the header of a data message of version 2. Its session.
fn open(at: &mut Cursor<'_>) -> Result<u16, Stop> {
    let whole = at.rest.len();
    let flags = at.u16()?;
    let length = if flags & LENGTH == 0 { None } else { Some(at.u16()?) };
    at.skip(2)?;
    let session = at.u16()?;
    if flags & SEQUENCE != 0 {
        at.skip(4)?;
    }
    if flags & OFFSET != 0 {
        let padding = at.u16()?;
        at.skip(usize::from(padding))?;
    }
    if let Some(length) = length {
        // It counts the header too.
        let header = whole.saturating_sub(at.rest.len());
        at.limit(usize::from(length).checked_sub(header).ok_or(Stop::Malformed)?);
    }
    Ok(session)
}

/// The header of a data message of version 3, of which nothing in it tells how long its cookie is and what follows.
pub(super) fn version3(at: &mut Cursor<'_>, over_udp: bool, layers: &mut Layers) -> Step {
    if over_udp {
        at.skip(4)?;
    }
    let session = at.u32()?;
    layers.push(Layer::L2tp(session));
    if session == 0 {
        // A control message over IP.
        return Err(Stop::OtherNetworkLayer.into());
    }
    let Some((length, next)) = content(at) else {
        return Err(if at.is_cut() { Stop::Cut.into() } else { Unread::L2tp.into() });
    };
    at.skip(length)?;
    Ok(next)
}

/// What a data message of version 3 carries, and behind how many bytes: a cookie of none, four or eight, and a sublayer of none or
/// four.
fn content(at: &Cursor<'_>) -> Option<(usize, Next)> {
    [0, 4, 8, 12].into_iter().find_map(|length| {
        let inner = at.behind(length).filter(|inner| !inner.rest.is_empty())?;
        let next = match inner.rest {
            _ if looks::ethernet(&inner) => Next::Ethernet,
            _ if looks::exactly_ip(&inner) => Next::Ip,
            [0x0f | 0x8f, 0, high, low, ..] => {
                let kind = u16::from_be_bytes([*high, *low]);
                inner.behind(4).filter(|inner| looks::carried(kind, inner)).map(|_| Next::CiscoHdlc)?
            }
            _ if looks::ppp(&inner) => Next::Ppp,
            _ => return None,
        };
        Some((length, next))
    })
}

/// What is in a datagram from or to the port of L2TP.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    let Some(flags) = at.peek_u16(0) else { return Inside::Payload };
    if flags & CONTROL != 0 {
        return Inside::Payload;
    }
    match flags & 0x000f {
        2 if is_version2(flags, at) => Tunnel::L2tp.into(),
        2 => {
            let mut inner = *at;
            let holds = open(&mut inner).is_ok() && !inner.rest.is_empty();
            if holds { Inside::Unread(Unread::L2tp) } else { Inside::Payload }
        }
        // Over UDP, all but the version is reserved.
        3 => match at.behind(8) {
            Some(inner) if content(&inner).is_some() => Tunnel::L2tp3Udp.into(),
            Some(inner) if !inner.rest.is_empty() => Inside::Unread(Unread::L2tp),
            _ => Inside::Payload,
        },
        _ => Inside::Payload,
    }
}

/// Whether PPP follows the header.
fn is_version2(flags: u16, at: &Cursor<'_>) -> bool {
    let mut at = *at;
    if open(&mut at).is_err() {
        return false;
    }
    // With reserved bits set, the evidence must be better.
    looks::ppp(&at)
        || flags & RESERVED == 0
            && matches!(
                at.rest,
                // Framing; IPv4, IPv6, MPLS; the control protocols of PPP.
                [0xff, 0x03, ..]
                    | [0x00, 0x21 | 0x57, ..]
                    | [0x21 | 0x57, ..]
                    | [0x02, 0x81 | 0x83, ..]
                    | [0x80 | 0xc0 | 0xc2, ..]
            )
}
