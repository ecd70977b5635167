//! What waits of one direction: segments behind a hole, or behind the other direction.

use std::collections::BTreeMap;

use super::half::Segment;

/// What one piece costs besides its bytes, so that many small ones are bounded as well.
pub(super) const PIECE: usize = 128;

/// Part of the stream that waits.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// Bytes behind `bytes` that are not in the capture.
    pub(super) missing: u64,
    pub(super) is_cut: bool,
    pub(super) frame: u64,
    pub(super) timestamp: Option<u64>,
    pub(super) segment_start: bool,
    /// What its segment acknowledges of the other direction.
    pub(super) acknowledgment: Option<u32>,
    /// The connection's packet that brought it.
    pub(super) packet: u64,
}

impl Piece {
    fn length(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.missing)
    }

    fn cost(&self) -> usize {
        self.bytes.len().saturating_add(PIECE)
    }
}

/// How a segment fitted to what was held.
#[derive(Default)]
pub(super) struct Fit {
    /// All of it was there before.
    pub(super) known: bool,
    /// It says otherwise about bytes that were there before.
    pub(super) conflicts: bool,
}

/// Pieces by their offset; they do not overlap.
#[derive(Default)]
pub(super) struct Held {
    pieces: BTreeMap<u64, Piece>,
    cost: usize,
}

impl Held {
    /// What is held, in bytes of memory.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The first piece, and where it begins.
    pub(super) fn first(&self) -> Option<(u64, &Piece)> {
        self.pieces.first_key_value().map(|(at, piece)| (*at, piece))
    }

    /// Takes the first piece out.
    pub(super) fn pop(&mut self) -> Option<Piece> {
        let (_, piece) = self.pieces.pop_first()?;
        self.cost = self.cost.saturating_sub(piece.cost());
        Some(piece)
    }

    /// Where the pieces that follow each other from `at` on end.
    pub(super) fn end_of_run(&self, mut at: u64) -> u64 {
        while let Some(piece) = self.pieces.get(&at) {
            at = at.saturating_add(piece.length());
        }
        at
    }

    /// Keeps what is not held yet of a segment; the first to arrive wins. `bytes` are its last ones, which begin at `start`, and
    /// `missing` more belong behind them.
    pub(super) fn insert(&mut self, start: u64, bytes: &[u8], missing: u64, segment: &Segment<'_>) -> Fit {
        let end = start.saturating_add(bytes.len() as u64).saturating_add(missing);
        let (mut at, mut conflicts, mut gaps) = (start, false, Vec::new());
        let before = self.pieces.range(..start).next_back();
        for (held_at, held) in before.into_iter().chain(self.pieces.range(start..end)) {
            let held_end = held_at.saturating_add(held.length());
            if held_end <= at {
                continue;
            }
            conflicts |= differs(*held_at, &held.bytes, start, bytes);
            if *held_at > at {
                gaps.push((at, *held_at));
            }
            at = at.max(held_end);
        }
        if at < end {
            gaps.push((at, end));
        }
        let known = gaps.is_empty();
        for (from, to) in gaps {
            let slice = part(bytes, from.saturating_sub(start), to.saturating_sub(start));
            let piece = Piece {
                bytes: slice.to_vec(),
                missing: to.saturating_sub(from).saturating_sub(slice.len() as u64),
                is_cut: segment.is_cut,
                frame: segment.frame,
                timestamp: segment.timestamp,
                segment_start: from == start && bytes.len() == segment.bytes.len(),
                acknowledgment: segment.acknowledgment,
                packet: segment.packet,
            };
            self.cost = self.cost.saturating_add(piece.cost());
            self.pieces.insert(from, piece);
        }
        Fit { known, conflicts }
    }
}

/// Whether two pieces of the stream say different things about the bytes that both have.
fn differs(a_at: u64, a: &[u8], b_at: u64, b: &[u8]) -> bool {
    let from = a_at.max(b_at);
    let to = a_at.saturating_add(a.len() as u64).min(b_at.saturating_add(b.len() as u64));
    from < to
        && part(a, from.saturating_sub(a_at), to.saturating_sub(a_at))
            != part(b, from.saturating_sub(b_at), to.saturating_sub(b_at))
}

/// `bytes[from..to]`, as far as it is there.
fn part(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(index(from)..index(to)).unwrap_or_default()
}
