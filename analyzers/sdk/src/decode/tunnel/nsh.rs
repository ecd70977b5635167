//! The Network Service Header (RFC 8300).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop};

/// Base header, service path, and metadata of which the length tells.
pub(super) fn nsh(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Nsh);
    let [first, second, _kind, protocol] = at.array()?;
    // In units of four bytes; there are two at least.
    let length = usize::from(second & 0x3f).saturating_mul(4);
    if first >> 6 != 0 || length < 8 {
        return Err(Stop::Malformed.into());
    }
    at.skip(length.saturating_sub(4))?;
    next(protocol)
}

/// What a next protocol of NSH or VXLAN-GPE leads to. They have the same numbers.
pub(super) fn next(protocol: u8) -> Step {
    match protocol {
        1 => Ok(Next::Ipv4),
        2 => Ok(Next::Ipv6),
        3 => Ok(Next::Ethernet),
        4 => Ok(Next::Tunnel(Tunnel::Nsh)),
        5 => Ok(Next::Mpls),
        other => Err(Unread::NextProtocol(other).into()),
    }
}
