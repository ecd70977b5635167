//! One IP datagram on its way to being whole.

use std::collections::BTreeMap;

/// Octets that a piece costs besides its content: its place in the map, its allocation, and the number of its frame.
pub(super) const PIECE_OVERHEAD: usize = 64;

/// The most octets of a datagram's payload: the offset field counts to 65,528, and lengths have 16 bits.
const LENGTH_MAX: usize = 65_535;

/// Where a fragment belongs in its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Octets from the datagram's start.
    pub(super) offset: usize,
    /// Whether others follow.
    pub(super) more: bool,
    /// The protocol of the datagram.
    pub(super) protocol: u8,
}

/// A fragment that no honest sender sends: it says otherwise than one before it, reaches beyond the datagram's end, or has a
/// length that no fragment can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Contradiction;

/// What arrived of a datagram. It costs what arrived, whatever the offsets say.
#[derive(Debug, Default)]
pub(super) struct Datagram {
    /// Pieces by offset. They do not overlap.
    pieces: BTreeMap<usize, Box<[u8]>>,
    received: usize,
    /// Its length, once the last fragment arrived.
    end: Option<usize>,
    /// Frames that brought something new, in the order they came.
    frames: Vec<u64>,
}

impl Datagram {
    /// Takes a fragment. Octets that came before must be the same again.
    pub(super) fn add(&mut self, piece: Piece, data: &[u8], frame: u64) -> Result<(), Contradiction> {
        let start = piece.offset;
        let end = start.saturating_add(data.len());
        // RFC 8200 4.5; RFC 791 counts in the same units.
        if end > LENGTH_MAX || (piece.more && (data.is_empty() || !data.len().is_multiple_of(8))) {
            return Err(Contradiction);
        }
        let known = match self.end {
            Some(known) if end > known || (!piece.more && end != known) => return Err(Contradiction),
            Some(_) => true,
            None if !piece.more && self.reach() > end => return Err(Contradiction),
            None => false,
        };
        let gaps = self.gaps(start, data)?;
        if gaps.is_empty() && (piece.more || known) {
            // The same once more: nothing to keep, so that repeating it costs no memory.
            return Ok(());
        }
        for (from, to) in gaps {
            if let Some(new) = data.get(from.saturating_sub(start)..to.saturating_sub(start)) {
                self.pieces.insert(from, new.into());
                self.received = self.received.saturating_add(new.len());
            }
        }
        if !piece.more {
            self.end = Some(end);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// The ranges of a fragment that did not come before. Systems differ in whom they believe about the same octets, which
    /// attackers use; a datagram that is sent honestly never says two things (RFC 5722).
    fn gaps(&self, start: usize, data: &[u8]) -> Result<Vec<(usize, usize)>, Contradiction> {
        let end = start.saturating_add(data.len());
        // The piece that begins before this one may reach into it.
        let first = self.pieces.range(..=start).next_back().map_or(start, |(&offset, _)| offset);
        let (mut gaps, mut at) = (Vec::new(), start);
        for (&offset, known) in self.pieces.range(first..end) {
            let (from, to) = (offset.max(start), offset.saturating_add(known.len()).min(end));
            if from >= to {
                continue;
            }
            let here = data.get(from.saturating_sub(start)..to.saturating_sub(start));
            if here != known.get(from.saturating_sub(offset)..to.saturating_sub(offset)) {
                return Err(Contradiction);
            }
            if at < from {
                gaps.push((at, from));
            }
            at = to;
        }
        if at < end {
            gaps.push((at, end));
        }
        Ok(gaps)
    }

    /// Where the piece that reaches farthest ends.
    fn reach(&self) -> usize {
        self.pieces.last_key_value().map_or(0, |(offset, data)| offset.saturating_add(data.len()))
    }

    /// Octets of memory that it takes.
    pub(super) fn cost(&self) -> usize {
        self.received.saturating_add(self.pieces.len().max(self.frames.len()).saturating_mul(PIECE_OVERHEAD))
    }

    /// Whether nothing is missing. Pieces do not overlap and none reaches beyond the end, so counting is enough.
    pub(super) fn is_whole(&self) -> bool {
        self.end == Some(self.received)
    }

    /// The payload and the frames that brought it.
    pub(super) fn into_parts(self) -> (Vec<u8>, Vec<u64>) {
        let mut whole = Vec::with_capacity(self.received);
        self.pieces.into_values().for_each(|piece| whole.extend_from_slice(&piece));
        (whole, self.frames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: usize, more: bool) -> Piece {
        Piece { offset, more, protocol: 17 }
    }

    #[test]
    fn pieces_in_any_order_and_twice_make_the_whole() {
        let whole: Vec<u8> = (0..61).collect();
        let mut datagram = Datagram::default();
        let parts = [(40, 61, false), (8, 24, true), (8, 24, true), (0, 16, true), (16, 48, true)];
        for (frame, (from, to, more)) in (1..).zip(parts) {
            assert!(!datagram.is_whole());
            datagram.add(piece(from, more), &whole[from..to], frame).unwrap();
        }
        assert!(datagram.is_whole());
        assert_eq!(datagram.into_parts(), (whole, vec![1, 2, 4, 5]), "the third frame brought nothing new");
    }

    #[test]
    fn other_octets_at_the_same_place_contradict() {
        let mut datagram = Datagram::default();
        datagram.add(piece(8, true), &[1; 16], 1).unwrap();
        assert_eq!(datagram.add(piece(0, true), &[2; 16], 2), Err(Contradiction));
        assert_eq!(datagram.add(piece(16, true), &[2; 16], 3), Err(Contradiction));
    }

    #[test]
    fn an_end_before_what_is_there_contradicts_and_so_does_more_behind_the_end() {
        let mut datagram = Datagram::default();
        datagram.add(piece(16, true), &[0; 16], 1).unwrap();
        assert_eq!(datagram.add(piece(16, false), &[0; 8], 2), Err(Contradiction));
        datagram.add(piece(32, false), &[0; 3], 3).unwrap();
        assert_eq!(datagram.add(piece(32, false), &[0; 4], 4), Err(Contradiction));
        assert_eq!(datagram.add(piece(40, true), &[0; 8], 5), Err(Contradiction));
    }

    #[test]
    fn lengths_that_no_fragment_has_are_refused() {
        for (piece, length) in [(piece(0, true), 0), (piece(0, true), 7), (piece(65_528, false), 8)] {
            assert_eq!(Datagram::default().add(piece, &vec![0; length], 1), Err(Contradiction), "{piece:?}");
        }
    }

    #[test]
    fn a_far_offset_and_repetition_cost_nothing() {
        let mut datagram = Datagram::default();
        for frame in 0..1000 {
            datagram.add(piece(65_520, true), &[0; 8], frame).unwrap();
        }
        assert_eq!(datagram.cost(), 8 + PIECE_OVERHEAD);
    }
}
