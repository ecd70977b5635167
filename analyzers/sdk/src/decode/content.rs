//! What a packet says, in a few numbers by which it is found again although another snap length cut it, or a network card completed
//! its checksum.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use super::Ip;
use super::datagram::Piece;
use crate::stats::FixedHash;

/// Bytes of the transport that find a packet again: ports, numbers and control bits of TCP; UDP's header and the numbers that most
/// protocols begin with. A header that is cut before can only be found again when it is cut there again.
const FIRST_OF_TCP: usize = 14;
const FIRST_OF_OTHERS: usize = 20;
/// Bytes by which a packet is compared with one that is cut less.
const MIDDLE: usize = 64;

/// A packet, or a fragment of one, as it lies in its frame.
pub(super) struct Sight<'p> {
    pub(super) ip: &'p Ip,
    pub(super) piece: Option<Piece>,
    /// What is in front of the IP header.
    pub(super) before: &'p [u8],
    /// What the IP header carries, without padding.
    pub(super) carried: &'p [u8],
    /// How much longer that was on the wire.
    pub(super) missing: usize,
    /// Protocol of the transport header and where in it that begins, if it is reached.
    pub(super) transport: Option<(u8, usize)>,
}

/// What a packet says, as far as it was captured.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// Digest of addresses, identification, length on the wire and the first bytes that IP carries.
    pub(super) first: u64,
    /// Digest of the first [`MIDDLE`] bytes of those.
    middle: u64,
    /// Digest of all that was captured of them.
    all: u64,
    /// How many that are.
    pub(super) captured: usize,
}

impl Content {
    /// What it says.
    pub(super) fn of(hash: &FixedHash, sight: &Sight<'_>) -> Self {
        let Sight { ip, piece, carried, missing, transport, .. } = sight;
        let mut hasher = hash.build_hasher();
        match (ip.source, ip.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                hasher.write_u64(u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits()));
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                hasher.write_u128(source.to_bits());
                hasher.write_u128(destination.to_bits());
            }
            _ => {}
        }
        let offset = piece.map_or(0, |piece| (piece.offset as u64) << 1 | u64::from(piece.more));
        hasher.write_u64(u64::from(ip.identification) << 32 | offset << 8 | u64::from(ip.protocol));
        hasher.write_u64(carried.len().saturating_add(*missing) as u64);
        let first = match transport {
            Some((6, at)) => at.saturating_add(FIRST_OF_TCP),
            Some((_, at)) => at.saturating_add(FIRST_OF_OTHERS),
            None => FIRST_OF_OTHERS,
        };
        write(&mut hasher, sight, first);
        let all = digest(hash, sight, carried.len());
        let middle = if carried.len() > MIDDLE { digest(hash, sight, MIDDLE) } else { all };
        Self { first: hasher.finish(), middle, all, captured: carried.len() }
    }

    /// Whether a packet says what a known one does, as far as both were captured.
    pub(super) fn agrees(&self, known: &Self, hash: &FixedHash, sight: &Sight<'_>) -> bool {
        match self.captured.cmp(&known.captured) {
            Ordering::Equal => known.all == self.all,
            // Datagrams are put together from pieces that are whole.
            Ordering::Greater => sight.piece.is_none() && digest(hash, sight, known.captured) == known.all,
            // Where not even those are there, the first ones tell.
            Ordering::Less => self.captured < MIDDLE || known.middle == self.middle,
        }
    }
}

/// Digests the first bytes that IP carries, but for the checksum of TCP or UDP: a network card may complete it behind the place of
/// capture.
fn write(hasher: &mut impl Hasher, sight: &Sight<'_>, count: usize) {
    let bytes = sight.carried.get(..count).unwrap_or(sight.carried);
    let checksum = match sight.transport {
        Some((6, at)) => at.saturating_add(16),
        Some((17, at)) => at.saturating_add(6),
        _ => bytes.len(),
    };
    hasher.write(bytes.get(..checksum).unwrap_or(bytes));
    hasher.write(bytes.get(checksum.saturating_add(2)..).unwrap_or_default());
}

fn digest(hash: &FixedHash, sight: &Sight<'_>, count: usize) -> u64 {
    let mut hasher = hash.build_hasher();
    write(&mut hasher, sight, count);
    hasher.finish()
}
