//! GTP-U: what mobile networks carry users' packets in (3GPP TS 29.281).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

/// A message with a user's packet. Others (echo, error indication, end marker) hold none.
const PACKET: u8 = 255;
/// An extension header follows, there is a sequence number, there is an N-PDU number. Each makes the fields of all present.
const OPTIONAL: u8 = 0x07;
const EXTENSION: u8 = 0x04;

pub(super) fn gtp(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let identifier = open(at)?;
    layers.push(Layer::Gtp(identifier));
    match content(at) {
        Some(next) => Ok(next),
        None => Err(Unread::Gtp.into()),
    }
}

/// Takes the header with its extensions. The tunnel endpoint identifier.
fn open(at: &mut Cursor<'_>) -> Result<u32, Stop> {
    let [flags, _kind] = at.array()?;
    let length = usize::from(at.u16()?);
    let identifier = at.u32()?;
    at.limit(length);
    if flags & OPTIONAL != 0 {
        at.skip(3)?;
        let mut next = at.u8()?;
        while flags & EXTENSION != 0 && next != 0 {
            // In units of four bytes, this one and the number of the next included.
            let length = usize::from(at.u8()?).saturating_mul(4);
            at.skip(length.checked_sub(2).ok_or(Stop::Malformed)?)?;
            next = at.u8()?;
        }
    }
    Ok(identifier)
}

/// There is no field that tells what a user's packet is: sessions are of IP, or of Ethernet.
fn content(at: &Cursor<'_>) -> Option<Next> {
    match at.peek(0) {
        None => None,
        Some(_) if looks::ipv4(at) => Some(Next::Ipv4),
        Some(_) if looks::ipv6(at) => Some(Next::Ipv6),
        Some(_) if looks::ethernet(at) => Some(Next::Ethernet),
        Some(_) if looks::ppp(at) => Some(Next::Ppp),
        Some(_) => None,
    }
}

/// What is in a datagram from or to the port of GTP-U.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    // Version 1, GTP and not GTP'.
    let [flags, PACKET, high, low, _, _, _, _, ..] = at.rest else { return Inside::Payload };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let mut inner = *at;
    if flags >> 4 != 3 || !at.has(length.saturating_add(8)) {
        return Inside::Payload;
    }
    match open(&mut inner) {
        Ok(_) if content(&inner).is_some() => Tunnel::Gtp.into(),
        Ok(_) if inner.length() == 0 => Inside::Payload,
        _ => Inside::Unread(Unread::Gtp),
    }
}
