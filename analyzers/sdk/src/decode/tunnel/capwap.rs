//! CAPWAP data: between wireless access points and their controller (RFC 5415 4.3, RFC 5416 for IEEE 802.11).

use super::super::cursor::Cursor;
use super::super::step::{Next, Step, Tunnel};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop, looks};
use super::Inside;

/// What a header says: its length and bits.
struct Header {
    length: usize,
    binding: u8,
    native: bool,
    fragment: bool,
    keep_alive: bool,
}

impl Header {
    fn of(at: &Cursor<'_>) -> Option<Self> {
        // Version and type 0: no DTLS.
        let [0, first, second, third, _, _, _, _, ..] = at.rest else { return None };
        let length = usize::from(first >> 3).saturating_mul(4);
        (length >= 8).then_some(Self {
            length,
            binding: second >> 1 & 0x1f,
            native: second & 1 != 0,
            fragment: third & 0x80 != 0,
            keep_alive: third & 0x08 != 0,
        })
    }

    /// What follows it, which begins here.
    fn content(&self, at: &Cursor<'_>) -> Option<Next> {
        if !self.native {
            return looks::ethernet(at).then_some(Next::Ethernet);
        }
        // The binding of IEEE 802.11.
        if self.binding != 1 {
            return None;
        }
        // Some controllers swap the bytes of the first field.
        let swapped = [false, true].into_iter().find(|swapped| looks::ieee80211(at, *swapped))?;
        Some(Next::Ieee80211 { padded: false, swapped })
    }
}

pub(super) fn capwap(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Capwap);
    let header = Header::of(at).ok_or(Stop::Malformed)?;
    at.skip(header.length)?;
    match header.content(at) {
        Some(next) => Ok(next),
        None => Err(Unread::Capwap.into()),
    }
}

/// What is in a datagram from or to the port of CAPWAP data.
pub(super) fn inside(at: &Cursor<'_>) -> Inside {
    // Type 1, then a record of DTLS: content type and version.
    if let [1, 0, 0, 0, 20..=26, 0xfe, 0xfd | 0xff, ..] = at.rest {
        return Inside::Unread(Unread::CapwapEncrypted);
    }
    let Some(header) = Header::of(at) else { return Inside::Payload };
    match at.behind(header.length).filter(|inner| !inner.rest.is_empty() && !header.keep_alive) {
        None => Inside::Payload,
        Some(_) if header.fragment => Inside::Unread(Unread::CapwapFragment),
        Some(inner) if header.content(&inner).is_some() => Tunnel::Capwap.into(),
        Some(_) => Inside::Unread(Unread::Capwap),
    }
}
