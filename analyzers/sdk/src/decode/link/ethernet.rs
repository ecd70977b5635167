//! Ethernet, IEEE 802.2 and FDDI.

use super::super::cursor::Cursor;
use super::super::ethertype::type_or_length;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop};

/// Ethernet II or IEEE 802.3, told apart by the type field (IEEE 802.3-2022 3.2.6).
pub(in super::super) fn ethernet(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Ethernet);
    at.skip(12)?;
    type_or_length(at)
}

/// IEEE 802.2 LLC, with SNAP for protocols that have an EtherType.
pub(in super::super) fn llc(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Llc);
    let [dsap, ssap, control] = at.array()?;
    match (dsap, ssap, control) {
        (0xaa, 0xaa, 0x03) => snap(at),
        (0x06, 0x06, 0x03) => Ok(Next::Ipv4),
        // RFC 2684: a network layer protocol identifier follows.
        (0xfe, 0xfe, 0x03) => match at.peek(0) {
            Some(0xcc) => nlpid(at, Next::Ipv4),
            Some(0x8e) => nlpid(at, Next::Ipv6),
            Some(0xcf) => nlpid(at, Next::Ppp),
            // IS-IS and others of OSI.
            _ => Err(Stop::OtherNetworkLayer.into()),
        },
        // Spanning tree; exchange of identification and tests, which hold no packets.
        (0x42, 0x42, _) | (_, _, 0xaf | 0xbf | 0xe3 | 0xf3) => Err(Stop::OtherNetworkLayer.into()),
        _ => Err(Unread::Llc(dsap).into()),
    }
}

fn nlpid(at: &mut Cursor<'_>, next: Next) -> Step {
    at.skip(1)?;
    Ok(next)
}

/// RFC 1042: an organisation and what it calls the protocol.
fn snap(at: &mut Cursor<'_>) -> Step {
    let organisation: [u8; 3] = at.array()?;
    let kind = at.u16()?;
    match (organisation, kind) {
        // The organisation code 0 means that an EtherType follows; 0xf8 is its bridge tunnel form.
        ([0, 0, 0] | [0, 0, 0xf8], _) => Ok(Next::EtherType(kind)),
        // RFC 2684 5.2: bridged Ethernet, behind two bytes of padding; the first with a frame check sequence.
        ([0x00, 0x80, 0xc2], 0x0001 | 0x0007) => {
            if kind == 0x0001 {
                at.drop_tail(4);
            }
            at.skip(2)?;
            Ok(Next::Ethernet)
        }
        // Cisco's CDP, VTP, DTP, spanning trees and link detection.
        ([0x00, 0x00, 0x0c], _) => Err(Stop::OtherNetworkLayer.into()),
        _ => Err(Unread::Llc(0xaa).into()),
    }
}

/// ANSI X3.139: frame control and addresses; frames of LLC go on.
pub(super) fn fddi(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Fddi);
    let control = at.u8()?;
    at.skip(12)?;
    // Class and address length, format.
    if control & 0x30 == 0x10 { Ok(Next::Llc) } else { Err(Stop::OtherNetworkLayer.into()) }
}
