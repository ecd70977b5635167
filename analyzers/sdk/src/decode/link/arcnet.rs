//! ARCNET (RFC 1201, RFC 1051), as BSD and Linux capture it.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop};

/// Source, destination, protocol; then split flag and sequence number, but for the old protocols. After a flag of 0xff, which pads
/// short packets, these stand once more.
pub(super) fn bsd(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Arcnet);
    at.skip(2)?;
    let protocol = at.u8()?;
    if has_sequence(protocol) {
        let mut flag = at.u8()?;
        at.skip(2)?;
        if flag == 0xff {
            at.skip(1)?;
            flag = at.u8()?;
            at.skip(2)?;
        }
        if flag != 0 {
            return Err(Unread::ArcnetFragment.into());
        }
    }
    next(protocol, layers)
}

/// With an offset before the protocol. Linux puts pieces together itself.
pub(super) fn linux(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Arcnet);
    at.skip(4)?;
    let protocol = at.u8()?;
    if has_sequence(protocol) {
        at.skip(3)?;
    }
    next(protocol, layers)
}

fn has_sequence(protocol: u8) -> bool {
    !matches!(protocol, 240 | 241 | 0x80)
}

fn next(protocol: u8, layers: &mut Layers) -> Step {
    match protocol {
        212 | 240 => Ok(Next::Ipv4),
        196 => Ok(Next::Ipv6),
        213 | 214 | 241 => {
            layers.push(Layer::Arp);
            Err(Stop::OtherNetworkLayer.into())
        }
        // Diagnosis.
        0x80 => Err(Stop::OtherNetworkLayer.into()),
        other => Err(Unread::Ethertype(other.into()).into()),
    }
}
