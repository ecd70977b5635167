//! PPP (RFC 1661, 1662) and PPPoE (RFC 2516).

use super::cursor::Cursor;
use super::step::{Next, Step};
use super::unread::Unread;
use super::{Layer, Layers, Stop};

/// With or without the HDLC-like framing, the protocol field one or two bytes long.
pub(super) fn ppp(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Ppp);
    // Address and control.
    if let [0xff, 0x03, ..] = at.rest {
        at.skip(2)?;
    }
    let first = at.u8()?;
    // An odd byte is the last of the field.
    let protocol = if first & 1 == 1 { u16::from(first) } else { u16::from_be_bytes([first, at.u8()?]) };
    match protocol {
        0x0021 => Ok(Next::Ipv4),
        0x0057 => Ok(Next::Ipv6),
        0x0281 | 0x0283 => Ok(Next::Mpls),
        // Control protocols carry no packets.
        0x8000.. => Err(Stop::OtherNetworkLayer.into()),
        other => Err(Unread::Ppp(other).into()),
    }
}

/// The session stage.
pub(super) fn pppoe(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let [_version_type, code] = at.array()?;
    let session = at.u16()?;
    let length = at.u16()?;
    layers.push(Layer::PppoeSession(session));
    if code != 0 {
        return Err(Stop::Malformed.into());
    }
    at.limit(usize::from(length));
    Ok(Next::Ppp)
}
