//! IPv4 (RFC 791), IPv6 (RFC 8200) and the extension headers between them and the transport. Checksums are not verified:
//! captures of sent packets hold unfinished ones.

use std::net::IpAddr;

use etherparse::err::{ipv4, ipv6};
use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice};

use super::cursor::Cursor;
use super::datagram::Piece;
use super::{Ip, Layer, Layers, Stop};

/// Takes an IPv4 header with its options. What follows may be a fragment.
pub(super) fn ipv4(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<(Ip, Option<Piece>), Stop> {
    layers.push(Layer::Ipv4);
    let header = match Ipv4HeaderSlice::from_slice(at.rest) {
        Ok(header) => header,
        Err(ipv4::HeaderSliceError::Len(_)) => return Err(at.shortage()),
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
    let offset = usize::from(header.fragments_offset().byte_offset());
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
    Ok((ip, fragment.then_some(Piece { offset, more: header.more_fragments(), protocol })))
}

/// Takes an IPv6 header. What follows may be an extension header.
pub(super) fn ipv6(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Ip, Stop> {
    layers.push(Layer::Ipv6);
    let header = match Ipv6HeaderSlice::from_slice(at.rest) {
        Ok(header) => header,
        Err(ipv6::HeaderSliceError::Len(_)) => return Err(at.shortage()),
        Err(_) => return Err(Stop::Malformed),
    };
    let length = usize::from(header.payload_length());
    let protocol = header.next_header().0;
    at.skip(header.slice().len())?;
    // 0 is a jumbogram (RFC 2675) or what segmentation offload leaves there, unless nothing is meant to follow.
    if length != 0 || protocol == NO_NEXT_HEADER {
        at.limit(length);
    }
    Ok(Ip {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        hop_limit: header.hop_limit(),
        protocol,
        identification: 0,
        fragment: false,
        dont_fragment: false,
        traffic_class: header.traffic_class(),
    })
}

/// RFC 8200 4.7.
const NO_NEXT_HEADER: u8 = 59;

/// What an extension header leads to.
pub(super) enum Extension {
    /// A protocol by its number, or another extension header.
    Protocol(u8),
    Fragment(Piece),
}

/// Takes the extension header with a number (IANA, IPv6 Extension Header Types), if it is one.
pub(super) fn extension(
    at: &mut Cursor<'_>,
    layers: &mut Layers,
    ip: &mut Ip,
    number: u8,
) -> Result<Option<Extension>, Stop> {
    let is_v6 = ip.source.is_ipv6();
    let layer = match number {
        // Within IPv4 too.
        51 => Layer::AuthenticationHeader,
        0 if is_v6 => Layer::Ipv6HopByHop,
        43 if is_v6 => Layer::Ipv6Routing,
        44 if is_v6 => Layer::Ipv6Fragment,
        60 if is_v6 => Layer::Ipv6DestinationOptions,
        // Mobility (RFC 6275), HIP (RFC 7401) and Shim6 (RFC 5533) have the same shape.
        135 | 139 | 140 if is_v6 => Layer::OtherIp(number),
        _ => return Ok(None),
    };
    layers.push(layer);
    let [next, length] = at.array()?;
    ip.protocol = next;
    match layer {
        Layer::Ipv6Fragment => {
            let field = at.u16()?;
            ip.identification = at.u32()?;
            let piece = Piece { offset: usize::from(field & !7), more: field & 1 == 1, protocol: next };
            // An atomic fragment (RFC 6946) is a whole packet.
            if piece.offset != 0 || piece.more {
                ip.fragment = true;
                return Ok(Some(Extension::Fragment(piece)));
            }
        }
        // RFC 4302 2.2: in units of four octets, less two.
        Layer::AuthenticationHeader => at.skip(usize::from(length).saturating_mul(4).saturating_add(6))?,
        // In units of eight octets, not counting the first.
        _ => at.skip(usize::from(length).saturating_mul(8).saturating_add(6))?,
    }
    Ok(Some(Extension::Protocol(next)))
}
