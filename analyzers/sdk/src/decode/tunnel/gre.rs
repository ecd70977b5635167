//! GRE: RFC 2784 and 2890, the routing field of RFC 1701, PPTP's version 1 (RFC 2637), and what is sent in it.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Protocols in GRE that are no EtherTypes, or mean something else there.
mod protocol {
    pub const KEEPALIVE: u16 = 0x0000;
    pub const CDP: u16 = 0x2000;
    pub const NHRP: u16 = 0x2001;
    pub const ERSPAN3: u16 = 0x22eb;
    pub const EOIP: u16 = 0x6400;
    /// Between Aruba's access points and controllers: numbers of traffic classes, in steps of 16, and keepalives.
    pub const ARUBA_FIRST: u16 = 0x8200;
    pub const ARUBA_LAST: u16 = 0x83ff;
    pub const ARUBA_KEEPALIVE: u16 = 0x9000;
    pub const WCCP: u16 = 0x883e;
    pub const ERSPAN: u16 = 0x88be;
}

pub(in super::super) fn gre(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Gre);
    let flags = at.u16()?;
    let protocol = at.u16()?;
    match flags & VERSION {
        0 => {}
        1 if flags & KEY != 0 => return version1(at, flags, protocol),
        _ => return Err(Stop::Malformed.into()),
    }
    fields(at, flags)?;
    match protocol {
        // Type I has no header of its own, and no sequence number.
        protocol::ERSPAN if flags & SEQUENCE == 0 => {
            layers.push(Layer::Erspan);
            Ok(Next::Ethernet)
        }
        protocol::ERSPAN => erspan2(at, layers),
        protocol::ERSPAN3 => erspan3(at, layers),
        protocol::WCCP => {
            layers.push(Layer::Wccp);
            // Version 2 has a header of four bytes, unless the packet begins at once.
            if !looks::ip(at) {
                at.skip(4)?;
            }
            Ok(Next::Ip)
        }
        protocol::ARUBA_FIRST..=protocol::ARUBA_LAST if protocol & 0x0f == 0 => {
            if looks::ethernet(at) {
                Ok(Next::Ethernet)
            } else if looks::ieee80211(at, false) {
                Ok(Next::Ieee80211 { padded: false, swapped: false })
            } else if at.is_cut() {
                Err(Stop::Cut.into())
            } else {
                Err(Unread::Ethertype(protocol).into())
            }
        }
        protocol::KEEPALIVE | protocol::CDP | protocol::NHRP | protocol::ARUBA_KEEPALIVE => {
            layers.push(Layer::OtherEthertype(protocol));
            Err(Stop::OtherNetworkLayer.into())
        }
        other => Ok(Next::EtherType(other)),
    }
}

/// Passes over the fields that flags tell of. Reserved bits are ignored (RFC 2784 2.3).
fn fields(at: &mut Cursor<'_>, flags: u16) -> Result<(), Stop> {
    if flags & (CHECKSUM | ROUTING) != 0 {
        at.skip(4)?;
    }
    if flags & KEY != 0 {
        at.skip(4)?;
    }
    if flags & SEQUENCE != 0 {
        at.skip(4)?;
    }
    if flags & ROUTING != 0 {
        loop {
            let [_, _, _, length] = at.array()?;
            if length == 0 {
                break;
            }
            at.skip(usize::from(length))?;
        }
    }
    Ok(())
}

/// Whether GRE begins here with something that looks as its protocol says: for GRE over UDP (RFC 8086).
pub(super) fn looks(at: &Cursor<'_>) -> bool {
    let mut at = *at;
    let (Ok(flags), Ok(protocol)) = (at.u16(), at.u16()) else { return false };
    flags & (VERSION | ROUTING) == 0
        && matches!(protocol, 0x0800 | 0x86dd | 0x6558)
        && fields(&mut at, flags).is_ok()
        && !at.rest.is_empty()
        && looks::carried(protocol, &at)
}

/// What is in a datagram to the port of GRE over UDP.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    match at.peek_u16(0).zip(at.peek_u16(2)) {
        Some(_) if looks(at) => Inside::Tunnel(Next::Protocol(47)),
        Some((flags, 0x0600..)) if flags & VERSION == 0 && at.has(5) => Inside::Unread(Unread::GreInUdp),
        _ => Inside::Payload,
    }
}

/// The payload's length and the call or tunnel in the key; of PPTP, the numbers of what is sent and acknowledged.
fn version1(at: &mut Cursor<'_>, flags: u16, protocol: u16) -> Step {
    let length = usize::from(at.u16()?);
    at.skip(2)?;
    // MikroTik's Ethernet over IP.
    if protocol == protocol::EOIP {
        at.limit(length);
        return if length == 0 { Err(Stop::OtherNetworkLayer.into()) } else { Ok(Next::Ethernet) };
    }
    if flags & SEQUENCE != 0 {
        at.skip(4)?;
    }
    if flags & ACKNOWLEDGMENT != 0 {
        at.skip(4)?;
    }
    if flags & SEQUENCE == 0 {
        // An acknowledgment alone.
        return Err(Stop::OtherNetworkLayer.into());
    }
    at.limit(length);
    Ok(Next::EtherType(protocol))
}

/// The mirroring switch cut the frame.
const TRUNCATED: u16 = 0x0400;

/// ERSPAN type II (draft-foschiano-erspan): eight bytes.
fn erspan2(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Erspan);
    at.skip(2)?;
    let session = at.u16()?;
    at.skip(4)?;
    if session & TRUNCATED != 0 {
        at.unbound();
    }
    Ok(Next::Ethernet)
}

/// ERSPAN type III: twelve bytes, and eight more where the last bit says so.
fn erspan3(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Erspan);
    at.skip(2)?;
    let session = at.u16()?;
    at.skip(6)?;
    let bits = at.u16()?;
    if bits & 1 == 1 {
        at.skip(8)?;
    }
    if session & TRUNCATED != 0 {
        at.unbound();
    }
    // Frame type: Ethernet, or IP without it.
    match bits >> 10 & 0x1f {
        0 => Ok(Next::Ethernet),
        2 => Ok(Next::Ip),
        _ => Err(Unread::Ethertype(protocol::ERSPAN3).into()),
    }
}
