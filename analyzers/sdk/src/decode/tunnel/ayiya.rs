//! AYIYA: Anything In Anything (draft-massar-v6ops-ayiya).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

/// Forward what follows; the same, and answer.
const FORWARD: [u8; 2] = [1, 2];

pub(super) fn ayiya(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Ayiya);
    Ok(Next::Protocol(open(at)?))
}

/// Takes the header. The protocol of what follows.
fn open(at: &mut Cursor<'_>) -> Result<u8, Stop> {
    let [identity, signature, _, protocol] = at.array()?;
    at.skip(4)?;
    // The identity's length is a power of two, the signature's is in units of four bytes.
    at.skip(1_usize.checked_shl(u32::from(identity >> 4)).ok_or(Stop::Malformed)?)?;
    at.skip(usize::from(signature >> 4).saturating_mul(4))?;
    Ok(protocol)
}

/// What is in a datagram from or to the port of AYIYA.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    let mut inner = *at;
    match (at.rest, open(&mut inner)) {
        ([_, _, operation, ..], Ok(protocol))
            if FORWARD.contains(&(operation & 0x0f)) && !inner.rest.is_empty() && matches!(protocol, 4 | 41) =>
        {
            if fits(protocol, &inner) { Tunnel::Ayiya.into() } else { Inside::Unread(Unread::Ayiya) }
        }
        _ => Inside::Payload,
    }
}

fn fits(protocol: u8, at: &Cursor<'_>) -> bool {
    match protocol {
        4 => looks::ipv4(at),
        41 => looks::ipv6(at),
        _ => false,
    }
}
