//! What a packet says, in a few numbers by which it is found again although another snap length cut it, or a network card completed
//! its checksum.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Range;

use super::Ip;
use super::datagram::Piece;
use crate::Frame;
use crate::digest::{Digest, Long};

/// Bytes of the transport that find a packet again: ports, numbers and control bits of TCP; UDP's header and the numbers that most
/// protocols begin with. A header that is cut before can only be found again when it is cut there again.
const FIRST_OF_TCP: usize = 14;
const FIRST_OF_OTHERS: usize = 20;
/// Bytes by which a packet is compared with one that is cut less.
const MIDDLE: usize = 64;

/// Where the innermost packet of a frame lies, or a fragment of it, before it is put together.
pub(super) struct Carried {
    pub(super) header_at: usize,
    pub(super) carried: Option<(usize, usize, usize)>,
    pub(super) transport: Option<(u8, usize)>,
}

impl Carried {
    /// The packet as it lies in its frame; nothing of one that was put together.
    pub(super) fn of<'s>(&self, frame: &Frame<'s>, ip: &'s Ip, piece: Option<Piece>) -> Option<Sight<'s>> {
        let (start, length, missing) = self.carried?;
        let before = frame.data.get(..self.header_at)?;
        let octets = frame.data.get(start..start.saturating_add(length))?;
        let transport = self.transport.and_then(|(protocol, at)| Some((protocol, at.checked_sub(start)?)));
        Some(Sight { ip, piece, before, body: Body { octets, transport }, missing })
    }
}

/// A packet, or a fragment of one, as it lies in its frame.
#[derive(Clone, Copy)]
pub(super) struct Sight<'p> {
    pub(super) ip: &'p Ip,
    pub(super) piece: Option<Piece>,
    /// What is in front of the IP header.
    pub(super) before: &'p [u8],
    /// What the IP header carries.
    pub(super) body: Body<'p>,
    /// How much longer that was on the wire.
    pub(super) missing: usize,
}

/// What an IP header carries, without padding.
#[derive(Clone, Copy)]
pub(super) struct Body<'p> {
    pub(super) octets: &'p [u8],
    /// Protocol of the transport header and where in it that begins, if it is reached.
    pub(super) transport: Option<(u8, usize)>,
}

/// What a packet says, as far as it was captured.
#[derive(Clone, Copy)]
pub(super) struct Content {
    /// Digest of addresses, identification, length on the wire and the first bytes that IP carries.
    pub(super) first: u64,
    /// How much was captured of what IP carries.
    pub(super) captured: usize,
    /// What stands behind the first bytes, once somebody asked.
    pub(super) rest: Option<Rest>,
}

/// Digests of what stands behind the first bytes.
#[derive(Clone, Copy)]
pub(super) struct Rest {
    /// Up to [`MIDDLE`].
    middle: u64,
    /// All that was captured.
    all: u64,
}

impl Content {
    /// What it says.
    pub(super) fn of(sight: &Sight<'_>) -> Self {
        let Sight { ip, piece, body, missing, .. } = sight;
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
        let captured = body.octets.len();
        digest.word(captured.saturating_add(*missing) as u64);
        body.parts(0..body.first()).into_iter().for_each(|part| digest.bytes(part));
        Self { first: digest.finish(), captured, rest: None }
    }

    /// Whether a packet, which lies in its frame like this, says what a known one does, as far as both were captured.
    pub(super) fn agrees(&mut self, known: usize, of_known: &Rest, sight: &Sight<'_>) -> bool {
        let mut own = || *self.rest.get_or_insert_with(|| sight.body.rest());
        match sight.body.octets.len().cmp(&known) {
            Ordering::Equal => of_known.all == own().all,
            // Datagrams are put together from pieces that are whole.
            Ordering::Greater => sight.piece.is_none() && sight.body.cut(known).rest().all == of_known.all,
            // Where not even those are there, the first ones tell.
            Ordering::Less => self.captured < MIDDLE || of_known.middle == own().middle,
        }
    }
}

impl<'p> Body<'p> {
    /// How many bytes find it again.
    fn first(&self) -> usize {
        match self.transport {
            Some((6, at)) => at.saturating_add(FIRST_OF_TCP),
            Some((_, at)) => at.saturating_add(FIRST_OF_OTHERS),
            None => FIRST_OF_OTHERS,
        }
    }

    /// Some of the bytes, but for the checksum of TCP or UDP: a network card may complete it behind the place of capture.
    fn parts(&self, range: Range<usize>) -> [&'p [u8]; 2] {
        let (start, end) = (range.start, range.end.min(self.octets.len()));
        let checksum = match self.transport {
            Some((6, at)) => at.saturating_add(16),
            Some((17, at)) => at.saturating_add(6),
            _ => end,
        };
        let before = self.octets.get(start..checksum.clamp(start, end.max(start)));
        let behind = self.octets.get(checksum.saturating_add(2).clamp(start, end.max(start))..end);
        [before.unwrap_or_default(), behind.unwrap_or_default()]
    }

    /// What stands behind the first bytes.
    pub(super) fn rest(&self) -> Rest {
        let (mut long, mut middle, mut done) = (Long::default(), 0, self.first());
        if self.octets.len() >= MIDDLE {
            middle = self.digest(&mut long, done..MIDDLE);
            done = done.max(MIDDLE);
        }
        Rest { middle, all: self.digest(&mut long, done..self.octets.len()) }
    }

    /// Goes on with a digest.
    fn digest(&self, long: &mut Long, range: Range<usize>) -> u64 {
        self.parts(range).into_iter().for_each(|part| long.bytes(part));
        long.finish()
    }

    /// As if only so much had been captured.
    fn cut(&self, captured: usize) -> Self {
        Self { octets: self.octets.get(..captured).unwrap_or(self.octets), ..*self }
    }
}
