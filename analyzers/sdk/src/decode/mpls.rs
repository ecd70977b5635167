//! MPLS label stacks.

use super::cursor::Cursor;
use super::unread::Unread;
use super::walk::{Next, Step};
use super::{Layer, Layers, looks};

/// RFC 3032, one label. Below the last one there is no type field: the first nibble tells IP (RFC 4928), and what else looks
/// like Ethernet is taken for a pseudowire (RFC 4448), with its control word when there is one.
pub(super) fn mpls(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let entry = at.u32()?;
    layers.push(Layer::Mpls(entry >> 12));
    if entry & 0x100 == 0 {
        return Ok(Next::Mpls);
    }
    match at.peek(0).map(|octet| octet >> 4) {
        // Addresses of Ethernet begin with these nibbles too, and its type stands where IPv4 has a part of an address.
        Some(4) if looks::ipv4(at) || !is_ethertype(at, 12) => Ok(Next::Ipv4),
        Some(6) if looks::ipv6(at) || !is_ethertype(at, 12) => Ok(Next::Ipv6),
        Some(0) if is_ethertype(at, 16) => {
            at.skip(4)?;
            Ok(Next::Ethernet)
        }
        Some(_) if is_ethertype(at, 12) => Ok(Next::Ethernet),
        Some(_) => Err(Unread::Mpls.into()),
        None => Err(at.shortage().into()),
    }
}

fn is_ethertype(at: &Cursor<'_>, index: usize) -> bool {
    matches!(at.peek_u16(index), Some(0x0800 | 0x0806 | 0x8100 | 0x86dd | 0x88a8))
}

/// Whether a label stack begins here that leads to IP or Ethernet.
pub(super) fn looks(at: &Cursor<'_>) -> bool {
    below(at).is_some_and(|at| looks::ip(&at) || is_ethertype(&at, 12) || is_ethertype(&at, 16))
}

/// The same with better evidence, for where a UDP port alone tells of it (RFC 7510).
pub(super) fn looks_surely(at: &Cursor<'_>) -> bool {
    below(at).is_some_and(|at| {
        let behind_control_word = || at.behind(4).is_some_and(|inner| looks::ethernet(&inner));
        looks::exactly_ip(&at) || looks::ethernet(&at) || behind_control_word()
    })
}

/// What is below a label stack.
fn below<'a>(at: &Cursor<'a>) -> Option<Cursor<'a>> {
    const LABELS_MAX: usize = 8;
    let mut at = *at;
    for _ in 0..LABELS_MAX {
        if at.u32().ok()? & 0x100 != 0 {
            return Some(at);
        }
    }
    None
}
