//! What lies between link and network layer, and tunnels: PPP, PPPoE, MPLS, GRE, VXLAN, Geneve, L2TP.

use super::cursor::Cursor;
use super::walk::Next;
use super::{Layer, Layers, Stop};

/// UDP port of VXLAN (RFC 7348).
const VXLAN_PORT: u16 = 4789;
/// UDP port that Linux used for VXLAN before the registry had one.
const VXLAN_LINUX_PORT: u16 = 8472;
/// UDP port of VXLAN with a protocol field.
const VXLAN_GPE_PORT: u16 = 4790;
/// UDP port of L2TP (RFC 2661).
const L2TP_PORT: u16 = 1701;
/// UDP port of Geneve (RFC 8926).
const GENEVE_PORT: u16 = 6081;

/// EtherTypes (IEEE registration authority).
pub(super) fn ethertype(at: &mut Cursor<'_>, kind: u16, layers: &mut Layers) -> Result<Next, Stop> {
    match kind {
        0x0800 => Ok(Next::Ipv4),
        0x86dd => Ok(Next::Ipv6),
        // 802.1Q, 802.1ad, and the values that were in use before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            let tag = at.u16()?;
            layers.push(Layer::Vlan(tag & 0x0fff));
            let kind = at.u16()?;
            if kind >= 0x0600 {
                return Ok(Next::EtherType(kind));
            }
            at.limit(usize::from(kind));
            Ok(Next::Llc)
        }
        // ARP and reverse ARP have the same format.
        0x0806 | 0x8035 => {
            layers.push(Layer::Arp);
            Err(Stop::OtherNetworkLayer)
        }
        0x8847 | 0x8848 => Ok(Next::Mpls),
        0x8863 => {
            layers.push(Layer::PppoeDiscovery);
            Err(Stop::OtherNetworkLayer)
        }
        0x8864 => Ok(Next::PppoeSession),
        0x6558 => Ok(Next::Ethernet),
        0x880b => Ok(Next::Ppp),
        other => {
            layers.push(Layer::OtherEthertype(other));
            Err(Stop::OtherNetworkLayer)
        }
    }
}

/// RFC 1661, 1662: with or without the HDLC-like framing, the protocol field one or two octets long.
pub(super) fn ppp(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Ppp);
    // Address and control.
    if let [0xff, 0x03, ..] = at.rest {
        at.skip(2)?;
    }
    let first = at.u8()?;
    // An odd octet is the last of the field.
    let protocol = if first & 1 == 1 { u16::from(first) } else { u16::from_be_bytes([first, at.u8()?]) };
    match protocol {
        0x0021 => Ok(Next::Ipv4),
        0x0057 => Ok(Next::Ipv6),
        0x0281 | 0x0283 => Ok(Next::Mpls),
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// RFC 2516, session stage.
pub(super) fn pppoe(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    let [_version_type, code] = at.array()?;
    let session = at.u16()?;
    let length = at.u16()?;
    layers.push(Layer::PppoeSession(session));
    if code != 0 {
        return Err(Stop::Malformed);
    }
    at.limit(usize::from(length));
    Ok(Next::Ppp)
}

/// RFC 3032, one label. Below the last one there is no type field: the first nibble tells IP (RFC 4928), and what else looks
/// like Ethernet is taken for a pseudowire (RFC 4448), with its control word when there is one.
pub(super) fn mpls(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    let entry = at.u32()?;
    layers.push(Layer::Mpls(entry >> 12));
    if entry & 0x100 == 0 {
        return Ok(Next::Mpls);
    }
    match at.peek(0).map(|octet| octet >> 4) {
        // Addresses of Ethernet begin with these nibbles too, and its type stands where IPv4 has a part of an address.
        Some(4) if is_ipv4(at) || !is_ethertype(at, 12) => Ok(Next::Ipv4),
        Some(6) if is_ipv6(at) || !is_ethertype(at, 12) => Ok(Next::Ipv6),
        Some(0) if is_ethertype(at, 16) => {
            at.skip(4)?;
            Ok(Next::Ethernet)
        }
        Some(_) if is_ethertype(at, 12) => Ok(Next::Ethernet),
        Some(_) => Err(Stop::OtherNetworkLayer),
        None => Err(at.shortage()),
    }
}

/// Whether the lengths of an IPv4 header go with what there is.
fn is_ipv4(at: &Cursor<'_>) -> bool {
    matches!(at.rest, [first, _, high, low, ..] if first & 0x0f >= 5 && at.has(usize::from(u16::from_be_bytes([*high, *low]))))
}

/// Whether the length of an IPv6 header goes with what there is.
fn is_ipv6(at: &Cursor<'_>) -> bool {
    matches!(at.rest, [_, _, _, _, high, low, ..] if at.has(usize::from(u16::from_be_bytes([*high, *low])).saturating_add(40)))
}

fn is_ethertype(at: &Cursor<'_>, index: usize) -> bool {
    let (high, low) = (at.peek(index), at.peek(index.saturating_add(1)));
    match (high, low) {
        (Some(high), Some(low)) => {
            matches!(u16::from_be_bytes([high, low]), 0x0800 | 0x0806 | 0x8100 | 0x86dd | 0x88a8)
        }
        _ => false,
    }
}

/// RFC 2784 and 2890, the routing field of RFC 1701, and PPTP's version 1 (RFC 2637).
pub(super) fn gre(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Gre);
    let flags = at.u16()?;
    let protocol = at.u16()?;
    let (checksum, routing, key, sequence) =
        (flags & 0x8000 != 0, flags & 0x4000 != 0, flags & 0x2000 != 0, flags & 0x1000 != 0);
    match flags & 7 {
        0 => {}
        1 if key => return pptp(at, sequence, flags & 0x80 != 0, protocol),
        _ => return Err(Stop::Malformed),
    }
    if checksum || routing {
        at.skip(4)?;
    }
    if key {
        at.skip(4)?;
    }
    if sequence {
        at.skip(4)?;
    }
    if routing {
        loop {
            let [_, _, _, length] = at.array()?;
            if length == 0 {
                break;
            }
            at.skip(usize::from(length))?;
        }
    }
    match protocol {
        // ERSPAN type I has no header of its own, and no sequence number; type II has eight octets.
        0x88be => {
            layers.push(Layer::Erspan);
            if sequence {
                at.skip(8)?;
            }
            Ok(Next::Ethernet)
        }
        0x22eb => erspan3(at, layers),
        other => Ok(Next::EtherType(other)),
    }
}

/// The rest of PPTP's header: the payload's length and the call in the key, the numbers of what is sent and acknowledged.
fn pptp(at: &mut Cursor<'_>, sequence: bool, acknowledgment: bool, protocol: u16) -> Result<Next, Stop> {
    let length = at.u16()?;
    at.skip(2)?;
    if sequence {
        at.skip(4)?;
    }
    if acknowledgment {
        at.skip(4)?;
    }
    if !sequence {
        // An acknowledgment alone.
        return Err(Stop::OtherNetworkLayer);
    }
    at.limit(usize::from(length));
    Ok(Next::EtherType(protocol))
}

/// ERSPAN type III (draft-foschiano-erspan): twelve octets, and eight more where the last bit says so.
fn erspan3(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::Erspan);
    at.skip(10)?;
    let bits = at.u16()?;
    if bits & 1 == 1 {
        at.skip(8)?;
    }
    // Frame type: Ethernet, or IP without it.
    match bits >> 10 & 0x1f {
        0 => Ok(Next::Ethernet),
        2 => Ok(Next::Ip),
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// RFC 7348.
pub(super) fn vxlan(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    at.skip(4)?;
    let identifier = at.u32()? >> 8;
    layers.push(Layer::Vxlan(identifier));
    Ok(Next::Ethernet)
}

/// RFC 8926.
pub(super) fn geneve(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    let [first, _flags] = at.array()?;
    let protocol = at.u16()?;
    let identifier = at.u32()? >> 8;
    layers.push(Layer::Geneve(identifier));
    at.skip(usize::from(first & 0x3f).saturating_mul(4))?;
    Ok(Next::EtherType(protocol))
}

/// VXLAN with a protocol field (draft-ietf-nvo3-vxlan-gpe).
pub(super) fn vxlan_gpe(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    let [_flags, _, _, protocol] = at.array()?;
    layers.push(Layer::Vxlan(at.u32()? >> 8));
    match protocol {
        1 => Ok(Next::Ipv4),
        2 => Ok(Next::Ipv6),
        3 => Ok(Next::Ethernet),
        _ => Err(Stop::OtherNetworkLayer),
    }
}

/// RFC 2661 3.1, data messages.
pub(super) fn l2tp(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    let session = l2tp_header(at)?;
    layers.push(Layer::L2tp(session));
    Ok(Next::Ppp)
}

/// The session of a data message.
fn l2tp_header(at: &mut Cursor<'_>) -> Result<u16, Stop> {
    let whole = at.rest.len();
    let flags = at.u16()?;
    let length = if flags & 0x4000 == 0 { None } else { Some(at.u16()?) };
    at.skip(2)?;
    let session = at.u16()?;
    if flags & 0x0800 != 0 {
        at.skip(4)?;
    }
    if flags & 0x0200 != 0 {
        let padding = at.u16()?;
        at.skip(usize::from(padding))?;
    }
    if let Some(length) = length {
        // It counts the header too, and never claims more than UDP has.
        let header = whole.saturating_sub(at.rest.len());
        let payload = usize::from(length).checked_sub(header).ok_or(Stop::Malformed)?;
        if at.has(payload) {
            at.limit(payload);
        }
    }
    Ok(session)
}

/// Whether octets begin as a data message of version 2 with PPP in it. Ports alone do not say so: any program may send from
/// them, and what is taken for a tunnel is not looked at as what it is.
fn is_l2tp(payload: &[u8]) -> bool {
    let mut at = Cursor { rest: payload, missing: 0 };
    // Not a control message, and nothing reserved.
    matches!(payload, [flags, 2, ..] if flags & 0xb4 == 0)
        && l2tp_header(&mut at).is_ok()
        && matches!(
            at.rest,
            // Framing; IPv4, IPv6, MPLS; the control protocols of PPP.
            [0xff, 0x03, ..]
                | [0x00, 0x21 | 0x57, ..]
                | [0x21 | 0x57, ..]
                | [0x02, 0x81 | 0x83, ..]
                | [0x80 | 0xc0 | 0xc2, ..]
        )
}

/// Whether octets begin as VXLAN's header: the identifier is valid, and nothing reserved is set but what the group policy option
/// (draft-smith-vxlan-group-policy) uses.
fn is_vxlan(payload: &[u8]) -> bool {
    match payload {
        [0x08, 0, 0, 0, _, _, _, 0, ..] => true,
        [0x88, policy, _, _, _, _, _, 0, ..] => policy & !0x48 == 0,
        _ => false,
    }
}

/// The tunnel that a UDP datagram belongs to by its destination port (and of L2TP, whose answers come from it, the source port), if
/// it begins as that tunnel's header does.
pub(super) fn over_udp(source: u16, destination: u16, payload: &[u8]) -> Option<Next> {
    match (destination, payload) {
        (VXLAN_PORT | VXLAN_LINUX_PORT, _) if is_vxlan(payload) => Some(Next::Vxlan),
        (VXLAN_GPE_PORT, [flags, _, _, _, _, _, _, 0, ..]) if flags & 0x0c == 0x0c => Some(Next::VxlanGpe),
        // Version 0, and nothing reserved.
        (GENEVE_PORT, [version, flags, _, _, _, _, _, 0, ..]) if version >> 6 == 0 && flags & 0x3f == 0 => {
            Some(Next::Geneve)
        }
        _ if [source, destination].contains(&L2TP_PORT) && is_l2tp(payload) => Some(Next::L2tp),
        _ => None,
    }
}
