//! MPLS label stacks.

use super::cursor::Cursor;
use super::step::{Next, Step};
use super::unread::Unread;
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
        Some(4) if looks::ipv4(at) || !looks::has_ethertype(at, 12) => Ok(Next::Ipv4),
        Some(6) if looks::ipv6(at) || !looks::has_ethertype(at, 12) => Ok(Next::Ipv6),
        Some(0) if looks::has_ethertype(at, 16) => {
            at.skip(4)?;
            Ok(Next::Ethernet)
        }
        Some(_) if looks::has_ethertype(at, 12) => Ok(Next::Ethernet),
        Some(_) => Err(Unread::Mpls.into()),
        None => Err(at.shortage().into()),
    }
}
