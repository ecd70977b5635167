//! IPv4 (RFC 791) and IPv6 (RFC 8200) with its extension headers. Checksums are not verified: captures of sent packets hold
//! unfinished ones.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::cursor::Cursor;
use super::walk::Next;
use super::{Ip, Layer, Layers, Stop};

/// Where a fragment belongs in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Octets from the datagram's start.
    pub(super) offset: u32,
    /// Whether others follow.
    pub(super) more: bool,
    /// The protocol of the datagram.
    pub(super) protocol: u8,
}

/// What an IP header leads to.
pub(super) enum Inside {
    Next(Next),
    Fragment(Piece),
}

/// Takes an IPv4 header with its options.
pub(super) fn ipv4(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<(Ip, Inside), Stop> {
    layers.push(Layer::Ipv4);
    let header = match Ipv4HeaderSlice::from_slice(at.rest) {
        Ok(header) => header,
        Err(etherparse::err::ipv4::HeaderSliceError::Len(_)) => return Err(at.shortage()),
        Err(_) => return Err(Stop::Malformed),
    };
    let header_length = header.slice().len();
    let total = usize::from(header.total_len());
    // 0 is what segmentation offload leaves there: the packet then ends with the frame.
    if total != 0 {
        if total < header_length {
            return Err(Stop::Malformed);
        }
        at.limit(total);
    }
    at.skip(header_length)?;
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let fragment = header.more_fragments() || offset != 0;
    let protocol = header.protocol().0;
    let ip = Ip {
        source: IpAddr::V4(header.source_addr()),
        destination: IpAddr::V4(header.destination_addr()),
        hop_limit: header.ttl(),
        protocol,
        identification: u32::from(header.identification()),
        fragment,
        dont_fragment: header.dont_fragment(),
        traffic_class: header.slice().get(1).copied().unwrap_or_default(),
    };
    let inside = if fragment {
        Inside::Fragment(Piece { offset, more: header.more_fragments(), protocol })
    } else {
        Inside::Next(Next::Protocol(protocol))
    };
    Ok((ip, inside))
}

/// Takes an IPv6 header and its extension headers, up to the transport or a fragment.
pub(super) fn ipv6(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<(Ip, Inside), Stop> {
    layers.push(Layer::Ipv6);
    let header = match Ipv6HeaderSlice::from_slice(at.rest) {
        Ok(header) => header,
        Err(etherparse::err::ipv6::HeaderSliceError::Len(_)) => return Err(at.shortage()),
        Err(_) => return Err(Stop::Malformed),
    };
    let length = usize::from(header.payload_length());
    at.skip(header.slice().len())?;
    // 0 is a jumbogram (RFC 2675) or what segmentation offload leaves there.
    if length != 0 {
        at.limit(length);
    }
    let mut ip = Ip {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        hop_limit: header.hop_limit(),
        protocol: header.next_header().0,
        identification: 0,
        fragment: false,
        dont_fragment: false,
        traffic_class: header.traffic_class(),
    };
    let inside = extensions(at, layers, &mut ip)?;
    Ok((ip, inside))
}

/// The most extension headers that are looked through. Real packets have two or three.
const EXTENSIONS_MAX: usize = 16;

fn extensions(at: &mut Cursor<'_>, layers: &mut Layers, ip: &mut Ip) -> Result<Inside, Stop> {
    for _ in 0..EXTENSIONS_MAX {
        let layer = match ip.protocol {
            0 => Layer::Ipv6HopByHop,
            43 => Layer::Ipv6Routing,
            44 => Layer::Ipv6Fragment,
            60 => Layer::Ipv6DestinationOptions,
            // RFC 7401, 5533, 6275: the same shape.
            135 | 139 | 140 => Layer::OtherIp(ip.protocol),
            _ => return Ok(Inside::Next(Next::Protocol(ip.protocol))),
        };
        layers.push(layer);
        let [next, length] = at.array()?;
        if layer == Layer::Ipv6Fragment {
            let field = at.u16()?;
            ip.identification = at.u32()?;
            ip.protocol = next;
            let piece = Piece { offset: u32::from(field & !7), more: field & 1 == 1, protocol: next };
            if piece.offset == 0 && !piece.more {
                // An atomic fragment (RFC 6946) is a whole packet.
                continue;
            }
            ip.fragment = true;
            return Ok(Inside::Fragment(piece));
        }
        at.skip(usize::from(length).saturating_mul(8).saturating_add(6))?;
        ip.protocol = next;
    }
    Err(Stop::TooDeep)
}

/// Takes an authentication header (RFC 4302); the protocol that follows it.
pub(super) fn authentication(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Next, Stop> {
    layers.push(Layer::AuthenticationHeader);
    let [next, length] = at.array()?;
    at.skip(usize::from(length).saturating_mul(4).saturating_add(6))?;
    Ok(Next::Protocol(next))
}
