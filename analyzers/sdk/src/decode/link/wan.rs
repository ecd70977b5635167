//! Links over serial lines: Cisco's HDLC and Frame Relay.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop};

/// Cisco's HDLC (RFC 1547 4.3.1): address, control, and an EtherType.
pub(in super::super) fn cisco_hdlc(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::CiscoHdlc);
    at.skip(2)?;
    match at.u16()? {
        // Cisco's SLARP, which has the number of reverse ARP and another format.
        0x8035 => Err(Stop::OtherNetworkLayer.into()),
        // Cisco's discovery protocol, and routing protocols of OSI.
        kind @ (0x2000 | 0xfefe) => {
            layers.push(Layer::OtherEthertype(kind));
            Err(Stop::OtherNetworkLayer.into())
        }
        kind => Ok(Next::EtherType(kind)),
    }
}

/// RFC 2427: an address of two to four bytes (Q.922), a control field, and a network layer protocol identifier. Cisco's format has
/// an EtherType behind the address.
pub(in super::super) fn frame_relay(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    const UNNUMBERED: u8 = 0x03;
    let address = at.array::<2>()?;
    let [first, mut last] = address;
    let mut circuit = u32::from(first >> 2) << 4 | u32::from(last >> 4);
    for _ in 0..2 {
        if last & 1 == 1 {
            break;
        }
        last = at.u8()?;
        // The last byte has a bit for control.
        circuit = if last & 1 == 1 { circuit << 6 | u32::from(last >> 2) } else { circuit << 7 | u32::from(last >> 1) };
    }
    layers.push(Layer::FrameRelay(circuit));
    if last & 1 == 0 || first & 1 == 1 {
        return Err(Stop::Malformed.into());
    }
    if at.peek(0) != Some(UNNUMBERED) {
        return match at.u16()? {
            0x0308 | 0x2000 => Err(Stop::OtherNetworkLayer.into()),
            kind @ 0x0600.. => Ok(Next::EtherType(kind)),
            // A local management interface, which carries no packets.
            _ => Err(Stop::OtherNetworkLayer.into()),
        };
    }
    at.skip(1)?;
    // Padding to an even length.
    if at.peek(0) == Some(0) {
        at.skip(1)?;
    }
    match at.u8()? {
        0xcc => Ok(Next::Ipv4),
        0x8e => Ok(Next::Ipv6),
        0xcf => Ok(Next::Ppp),
        0x80 => match (at.array()?, at.u16()?) {
            ([0, 0, 0], kind) => Ok(Next::EtherType(kind)),
            // Bridged Ethernet, the first with a frame check sequence.
            ([0x00, 0x80, 0xc2], kind @ (0x0001 | 0x0007)) => {
                if kind == 0x0001 {
                    at.drop_tail(4);
                }
                Ok(Next::Ethernet)
            }
            _ => Err(Unread::Nlpid(0x80).into()),
        },
        // Q.933, and routing protocols of OSI.
        0x08 | 0x81..=0x83 => Err(Stop::OtherNetworkLayer.into()),
        other => Err(Unread::Nlpid(other).into()),
    }
}
