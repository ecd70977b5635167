//! Generic UDP Encapsulation (draft-ietf-intarea-gue), and Linux's foo over UDP, which has no header at all.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, looks};
use super::{Inside, gre};

/// The most units of optional fields that are believed.
const OPTIONS_MAX: u8 = 8;

/// Version 0: length and protocol, flags, optional fields.
pub(super) fn gue(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Gue);
    let [first, protocol, _, _] = at.array()?;
    at.skip(usize::from(first & 0x1f).saturating_mul(4))?;
    Ok(Next::Protocol(protocol))
}

/// What is in a datagram to one of the ports.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    // Also GUE's version 1, which is IP without a header.
    if looks::exactly_ip(at) {
        return Inside::Tunnel(Next::Ip);
    }
    // Version 0, and no control message.
    if let [length @ 0..=OPTIONS_MAX, protocol, _, _, ..] = at.rest
        && let Some(inner) = at.behind(usize::from(*length).saturating_mul(4).saturating_add(4))
    {
        let fits = match protocol {
            4 | 41 => looks::exactly_ip(&inner),
            47 => gre::looks(&inner),
            _ => false,
        };
        if fits {
            return Tunnel::Gue.into();
        }
        if matches!(protocol, 4 | 41) && is_like_ip(&inner) {
            return Inside::Unread(Unread::Gue);
        }
    }
    match () {
        () if gre::looks(at) => Inside::Tunnel(Next::Protocol(47)),
        () if is_like_ip(at) => Inside::Unread(Unread::Gue),
        () => Inside::Payload,
    }
}

fn is_like_ip(at: &Cursor<'_>) -> bool {
    !at.rest.is_empty() && looks::ip(at)
}
