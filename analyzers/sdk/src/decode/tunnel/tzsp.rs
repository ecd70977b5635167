//! TZSP: what wireless sensors and MikroTik routers mirror frames in (Wireshark's packet-tzsp.c).

use super::super::cursor::Cursor;
use super::super::link::linktype;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

pub(super) fn tzsp(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Tzsp);
    let encapsulation = open(at)?;
    content(encapsulation, at).ok_or(Unread::Tzsp.into())
}

/// Takes the header and its tagged fields. What the frame is.
fn open(at: &mut Cursor<'_>) -> Result<u16, Stop> {
    const PADDING: u8 = 0;
    const END: u8 = 1;
    at.skip(2)?;
    let encapsulation = at.u16()?;
    loop {
        match at.u8()? {
            PADDING => {}
            END => return Ok(encapsulation),
            _ => {
                let length = at.u8()?;
                at.skip(length.into())?;
            }
        }
    }
}

fn content(encapsulation: u16, at: &Cursor<'_>) -> Option<Next> {
    match encapsulation {
        1 if looks::ethernet(at) => Some(Next::Ethernet),
        4 if looks::ppp(at) => Some(Next::Ppp),
        7 if looks::ip(at) => Some(Next::Ip),
        18 if looks::ieee80211(at, false) => Some(Next::Ieee80211 { padded: false, swapped: false }),
        // Message types and the format's magic number; version 0 of radiotap.
        119 if matches!(at.rest, [0, 0, 0, 0x41 | 0x44, ..] | [0x41 | 0x44, 0, 0, 0, ..]) => {
            Some(Next::Link(linktype::IEEE802_11_PRISM))
        }
        127 if matches!(at.rest, [0x80, 0x21, 0x10, ..]) => Some(Next::Link(linktype::IEEE802_11_AVS)),
        126 if matches!(at.rest, [0, _, 8..=255, 0, ..]) => Some(Next::Link(linktype::IEEE802_11_RADIOTAP)),
        _ => None,
    }
}

/// What is in a datagram to the port of TZSP.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    let mut inner = *at;
    // Version 1; a received frame, or one to be sent.
    match (at.rest, open(&mut inner)) {
        ([1, 0 | 1, ..], Ok(encapsulation)) if !inner.rest.is_empty() => match content(encapsulation, &inner) {
            Some(_) => Tunnel::Tzsp.into(),
            None => Inside::Unread(Unread::Tzsp),
        },
        _ => Inside::Payload,
    }
}
