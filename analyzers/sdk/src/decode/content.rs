//! What a packet says, in a few numbers by which it is found again although another snap length cut it, or a network card completed
//! its checksum.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Range;

use super::Ip;
use super::datagram::Piece;
use super::digest::{Digest, Long};

/// Bytes of the transport that find a packet again: ports, numbers and control bits of TCP; UDP's header and the numbers that most
/// protocols begin with. A header that is cut before can only be found again when it is cut there again.
const FIRST_OF_TCP: usize = 14;
const FIRST_OF_OTHERS: usize = 20;
/// Bytes by which a packet is compared with one that is cut less.
const MIDDLE: usize = 64;

/// A packet, or a fragment of one, as it lies in its frame.
#[derive(Clone, Copy)]
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
    /// Digest of what follows up to [`MIDDLE`].
    middle: u64,
    /// Digest of all that was captured behind the first bytes.
    all: u64,
    /// How much was captured of what IP carries.
    pub(super) captured: usize,
}

impl Content {
    /// What it says.
    pub(super) fn of(sight: &Sight<'_>) -> Self {
        let Sight { ip, piece, carried, missing, .. } = sight;
        let mut digest = Digest::default();
        match (ip.source, ip.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                digest.word(u64::from(source.to_bits()) << 32 | u64::from(destination.to_bits()));
            }
            (source, destination) => {
                for address in [source, destination] {
                    let bits = match address {
                        IpAddr::V4(address) => address.to_bits().into(),
                        IpAddr::V6(address) => address.to_bits(),
                    };
                    digest.word((bits >> 64) as u64);
                    digest.word(bits as u64);
                }
            }
        }
        let offset = piece.map_or(0, |piece| (piece.offset as u64) << 1 | u64::from(piece.more));
        digest.word(u64::from(ip.identification) << 32 | offset << 8 | u64::from(ip.protocol));
        digest.word(carried.len().saturating_add(*missing) as u64);
        let first = sight.first();
        sight.parts(0..first).into_iter().for_each(|part| digest.bytes(part));
        let mut long = Long::default();
        let (mut middle, mut done) = (0, first);
        if carried.len() >= MIDDLE {
            middle = sight.rest(&mut long, first..MIDDLE);
            done = first.max(MIDDLE);
        }
        let all = sight.rest(&mut long, done..carried.len());
        Self { first: digest.finish(), middle, all, captured: carried.len() }
    }

    /// Whether a packet says what a known one does, as far as both were captured.
    pub(super) fn agrees(&self, known: &Self, sight: &Sight<'_>) -> bool {
        match self.captured.cmp(&known.captured) {
            Ordering::Equal => known.all == self.all,
            // Datagrams are put together from pieces that are whole.
            Ordering::Greater => sight.piece.is_none() && sight.cut(known.captured).all == known.all,
            // Where not even those are there, the first ones tell.
            Ordering::Less => self.captured < MIDDLE || known.middle == self.middle,
        }
    }
}

impl Sight<'_> {
    /// How many bytes find it again.
    fn first(&self) -> usize {
        match self.transport {
            Some((6, at)) => at.saturating_add(FIRST_OF_TCP),
            Some((_, at)) => at.saturating_add(FIRST_OF_OTHERS),
            None => FIRST_OF_OTHERS,
        }
    }

    /// Some of the bytes that IP carries, but for the checksum of TCP or UDP: a network card may complete it behind the place of capture.
    fn parts(&self, range: Range<usize>) -> [&[u8]; 2] {
        let (start, end) = (range.start, range.end.min(self.carried.len()));
        let checksum = match self.transport {
            Some((6, at)) => at.saturating_add(16),
            Some((17, at)) => at.saturating_add(6),
            _ => end,
        };
        let before = self.carried.get(start..checksum.clamp(start, end.max(start)));
        let behind = self.carried.get(checksum.saturating_add(2).clamp(start, end.max(start))..end);
        [before.unwrap_or_default(), behind.unwrap_or_default()]
    }

    /// Goes on with a digest.
    fn rest(&self, long: &mut Long, range: Range<usize>) -> u64 {
        self.parts(range).into_iter().for_each(|part| long.bytes(part));
        long.finish()
    }

    /// What it would say if only so much had been captured.
    fn cut(&self, captured: usize) -> Content {
        Content::of(&Sight { carried: self.carried.get(..captured).unwrap_or(self.carried), ..*self })
    }
}
