//! Teredo: IPv6 over UDP through NATs (RFC 4380).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

pub(super) fn teredo(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Teredo);
    open(at)?;
    Ok(Next::Ipv6)
}

/// Takes the indications before the packet.
fn open(at: &mut Cursor<'_>) -> Result<(), Stop> {
    // Authentication: lengths of identifier and value, both, a nonce and a confirmation.
    if let [0, 1, identifier, value, ..] = at.rest {
        at.skip(usize::from(*identifier).saturating_add(usize::from(*value)).saturating_add(13))?;
    }
    // Origin: port and address.
    if let [0, 0, ..] = at.rest {
        at.skip(8)?;
    }
    Ok(())
}

/// What is in a datagram from or to the port of Teredo's servers.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    let mut inner = *at;
    // A packet is 40 bytes at least.
    if open(&mut inner).is_err() || inner.peek(0).is_none() || !inner.has(40) || !looks::ipv6(&inner) {
        return Inside::Payload;
    }
    // Trailers may follow the packet (RFC 6081). Where its addresses are others, the indications before it tell of it, or that
    // nothing follows; otherwise nobody knows.
    let indicated = inner.rest.len() < at.rest.len();
    if indicated || is_teredo(&inner) || looks::exactly_ip(&inner) {
        Tunnel::Teredo.into()
    } else {
        Inside::Unread(Unread::Teredo)
    }
}

/// One of the addresses is Teredo's, or link-local, as those of solicitations and advertisements are.
fn is_teredo(at: &Cursor<'_>) -> bool {
    [8, 24].into_iter().any(|address| matches!(at.rest.get(address..), Some([0x20, 0x01, 0, 0, ..] | [0xfe, 0x80, ..])))
}
