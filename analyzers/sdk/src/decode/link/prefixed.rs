//! Headers before packets or frames of another link type: of packet filters, of macOS, of wireless drivers, of ATM and token ring.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};

/// Apple's PKTAP: the header's length, a type, and the link type of what follows, all little-endian.
pub(super) fn pktap(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Pktap);
    let mut header = *at;
    let length = usize::try_from(u32::from_le_bytes(header.array()?)).map_err(|_| Stop::Malformed)?;
    header.skip(4)?;
    let link_type = u32::from_le_bytes(header.array()?);
    if length < 12 {
        return Err(Stop::Malformed.into());
    }
    at.skip(length)?;
    Ok(Next::Link(u16::try_from(link_type).map_err(|_| Stop::Malformed)?))
}

/// OpenBSD's packet filter: the header's length without padding, an address family, and what the filter did.
pub(super) fn pflog(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Pflog);
    let (length, family) = (at.peek(0).ok_or_else(|| at.shortage())?, at.peek(1).ok_or_else(|| at.shortage())?);
    // Padded to a multiple of four, and never shorter than two.
    at.skip(usize::from(length.max(4)).next_multiple_of(4))?;
    address_family(family)
}

/// OpenBSD's encapsulation interface: an address family in the machine's byte order, an index, and flags.
pub(super) fn enc(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Enc);
    let family: [u8; 4] = at.array()?;
    at.skip(8)?;
    address_family(family.into_iter().max().unwrap_or_default())
}

fn address_family(family: u8) -> Step {
    match family {
        2 => Ok(Next::Ipv4),
        10 | 24 | 26 | 28 | 30 => Ok(Next::Ipv6),
        other => Err(Unread::AddressFamily(other.into()).into()),
    }
}

/// RFC 2684: LLC, or IP at once.
pub(super) fn atm(at: &mut Cursor<'_>) -> Step {
    if looks::ip(at) { Ok(Next::Ip) } else { Ok(Next::Llc) }
}

/// A header of fixed length (Prism, whose length is in its second word in either byte order) before IEEE 802.11.
pub(super) fn prism(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Prism);
    let mut header = *at;
    header.skip(4)?;
    let length: [u8; 4] = header.array()?;
    let length = u32::from_be_bytes(length).min(u32::from_le_bytes(length));
    at.skip(usize::try_from(length).map_err(|_| Stop::Malformed)?.max(8))?;
    Ok(Next::Ieee80211 { padded: false, swapped: false })
}

/// AVS: version, and the header's length.
pub(super) fn avs(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Avs);
    let mut header = *at;
    header.skip(4)?;
    let length = usize::try_from(header.u32()?).map_err(|_| Stop::Malformed)?;
    at.skip(length.max(8))?;
    Ok(Next::Ieee80211 { padded: false, swapped: false })
}

/// IEEE 802.5: access and frame control, addresses, and a route where the source's first bit says so.
pub(super) fn token_ring(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::TokenRing);
    let [_access, control] = at.array()?;
    at.skip(6)?;
    let [first, ..]: [u8; 6] = at.array()?;
    if first & 0x80 != 0 {
        let length = usize::from(at.peek(0).ok_or_else(|| at.shortage())? & 0x1f);
        at.skip(length.max(2))?;
    }
    // Frames of the ring itself have no LLC.
    if control >> 6 == 1 { Ok(Next::Llc) } else { Err(Stop::OtherNetworkLayer.into()) }
}

/// Hilscher's netANALYZER: four bytes before an Ethernet frame that ends with its check sequence.
pub(super) fn netanalyzer(at: &mut Cursor<'_>, without_fcs: bool) -> Step {
    at.skip(4)?;
    if !without_fcs {
        at.drop_tail(4);
    }
    Ok(Next::Ethernet)
}
