//! VXLAN (RFC 7348), with a protocol field (draft-ietf-nvo3-vxlan-gpe), and Geneve (RFC 8926). Reserved bits are ignored, as both
//! RFCs demand; otherwise setting them would hide what is inside.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, looks};
use super::Inside;

/// The identifier is valid.
const VALID: u8 = 0x08;
/// VXLAN-GPE: there is a protocol field.
const PROTOCOL: u8 = 0x04;

pub(super) fn vxlan(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    at.skip(4)?;
    layers.push(Layer::Vxlan(at.u32()? >> 8));
    Ok(Next::Ethernet)
}

/// The last byte of the header's first half tells what follows.
pub(super) fn vxlan_gpe(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let [flags, _, _, protocol] = at.array()?;
    layers.push(Layer::Vxlan(at.u32()? >> 8));
    if flags & PROTOCOL == 0 {
        return Ok(Next::Ethernet);
    }
    super::nsh::next(protocol)
}

pub(super) fn geneve(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    let [first, _flags] = at.array()?;
    let protocol = at.u16()?;
    layers.push(Layer::Geneve(at.u32()? >> 8));
    at.skip(usize::from(first & 0x3f).saturating_mul(4))?;
    Ok(Next::EtherType(protocol))
}

/// What is in a datagram to the port of VXLAN.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    let ([flags, ..], Some(inner)) = (at.rest, at.behind(8)) else { return Inside::Payload };
    let ethernet = looks::ethernet(&inner);
    if flags & VALID == 0 {
        // Whoever receives it drops it.
        return if ethernet { Inside::Unread(Unread::VxlanInvalid) } else { Inside::Payload };
    }
    // A header with nothing else in it is good evidence: any type will do, also one that was cut off.
    if ethernet || (is_bare(at.rest) && inner.peek_u16(12).map_or(at.is_cut(), |kind| kind >= 0x0600)) {
        return Tunnel::Vxlan.into();
    }
    // Some send the other format to this port.
    match gpe_inside(at) {
        found @ Inside::Tunnel(_) if flags & PROTOCOL != 0 => found,
        _ => unread(&inner),
    }
}

/// What is not what it should be, if it is as long as an Ethernet header.
fn unread(inner: &Cursor<'_>) -> Inside {
    if inner.has(14) { Inside::Unread(Unread::Vxlan) } else { Inside::Payload }
}

/// Nothing is set but the flag and the identifier, and what the group policy option (draft-smith-vxlan-group-policy) uses.
fn is_bare(header: &[u8]) -> bool {
    match header {
        [VALID, 0, 0, 0, _, _, _, 0, ..] => true,
        [0x88, policy, _, _, _, _, _, 0, ..] => policy & !0x48 == 0,
        _ => false,
    }
}

/// What is in a datagram to the port of VXLAN-GPE.
pub(super) fn gpe_inside(at: &Cursor<'_>) -> Inside {
    let ([flags, _, _, protocol, ..], Some(inner)) = (at.rest, at.behind(8)) else { return Inside::Payload };
    // The version is 0.
    if flags & VALID == 0 || flags & 0x30 != 0 {
        return Inside::Payload;
    }
    let fits = if flags & PROTOCOL == 0 { looks::ethernet(&inner) } else { looks::next_protocol(*protocol, &inner) };
    if fits { Tunnel::VxlanGpe.into() } else { unread(&inner) }
}

/// What is in a datagram to the port of Geneve.
pub(super) fn geneve_inside(at: &Cursor<'_>) -> Inside {
    let [first, _, high, low, _, _, _, _, ..] = at.rest else { return Inside::Payload };
    let options = usize::from(first & 0x3f).saturating_mul(4);
    let Some(inner) = at.behind(options.saturating_add(8)).filter(|_| first >> 6 == 0) else {
        return Inside::Payload;
    };
    let kind = u16::from_be_bytes([*high, *low]);
    if kind >= 0x0600 && looks::carried(kind, &inner) {
        return Tunnel::Geneve.into();
    }
    // With a protocol that such tunnels have, that it is one is likely enough to count it.
    let usual = matches!(kind, 0x0800 | 0x86dd | 0x6558 | 0x8100 | 0x88a8 | 0x8847 | 0x8848 | 0x894f);
    if usual && !inner.rest.is_empty() { Inside::Unread(Unread::Geneve) } else { Inside::Payload }
}
