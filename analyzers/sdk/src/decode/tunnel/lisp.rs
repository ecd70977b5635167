//! LISP data (RFC 9300 5): IP behind eight bytes that tell nothing of it.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, looks};
use super::Inside;

pub(super) fn lisp(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Lisp);
    at.skip(8)?;
    Ok(Next::Ip)
}

/// What is in a datagram to the port of LISP data.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    match at.behind(8).filter(|inner| !inner.rest.is_empty()) {
        Some(inner) if looks::exactly_ip(&inner) => Tunnel::Lisp.into(),
        Some(inner) if looks::ip(&inner) => Inside::Unread(Unread::Lisp),
        _ => Inside::Payload,
    }
}
