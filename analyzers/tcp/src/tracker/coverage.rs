//! Which bytes of a direction are in the capture, to tell new ones from repeated ones, and what is missing.

use smallvec::SmallVec;

use super::number;
use crate::limits;

/// The bytes that were seen, as everything below a mark but some holes.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The number behind the highest byte.
    next: Option<u32>,
    /// Holes below it, each from its first number to the one behind its last, rising.
    holes: SmallVec<[(u32, u32); 2]>,
    /// Bytes in holes that found no place in the list.
    forgotten: u64,
    /// The lowest of those.
    forgotten_from: u32,
    /// How far the other end acknowledged, once it is known where the bytes begin.
    acknowledged: Option<u32>,
    /// When it did so.
    acknowledged_time: Option<u64>,
    /// Bytes, not acknowledged yet, of which the capture has only segments that the snap length cut. Beyond so many runs the last one
    /// stands for all that follow.
    cut: SmallVec<[(u32, u32); 1]>,
}

/// What a segment adds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Added {
    /// Bytes that were not there before.
    pub new: u32,
    /// Bytes that were.
    pub repeated: u32,
    /// Whether new ones lie before others that came earlier.
    pub late: bool,
    /// Whether all of it had been acknowledged, a moment before, although none of it was there.
    pub acknowledged: bool,
}

impl Coverage {
    /// Says where the bytes begin, unless some were seen: behind a SYN.
    pub fn begin(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence);
        self.acknowledged.get_or_insert(sequence);
    }

    /// Adds a segment's bytes.
    pub fn add(&mut self, sequence: u32, length: u32, cut: bool, time: Option<u64>) -> Added {
        let end = sequence.wrapping_add(length);
        let Some(next) = self.next else {
            self.begin(sequence);
            self.next = Some(end);
            if cut {
                self.note_cut(sequence, end);
            }
            return Added { new: length, ..Added::default() };
        };
        match cut {
            true => self.note_cuts(sequence, end, next),
            false => self.complete(sequence, end),
        }
        let acknowledged = self.acknowledged.is_some_and(|known| !number::after(end, known))
            && number::is_overtaken(self.acknowledged_time, time);
        let gap = number::beyond(sequence, next);
        if gap > 0 {
            self.hole(next, sequence);
            self.next = Some(end);
            return Added { new: length, acknowledged, ..Added::default() };
        }
        let beyond = number::beyond(end, next);
        if beyond > 0 {
            self.next = Some(end);
        }
        let mut filled = if self.holes.is_empty() { 0 } else { self.fill(sequence, end) };
        if self.forgotten > 0 && number::after(end, self.forgotten_from) {
            // They may be what was forgotten: never say of bytes that they were sent again when nobody knows.
            let rest = length.saturating_sub(beyond).saturating_sub(filled);
            let back = u64::from(rest).min(self.forgotten);
            self.forgotten = self.forgotten.saturating_sub(back);
            filled = filled.saturating_add(u32::try_from(back).unwrap_or(rest));
        }
        let new = beyond.saturating_add(filled).min(length);
        let repeated = length.saturating_sub(new);
        Added { new, repeated, late: filled > 0, acknowledged: acknowledged && repeated == 0 }
    }

    /// Of a segment that was cut, notes the bytes that were not there before.
    fn note_cuts(&mut self, sequence: u32, end: u32, next: u32) {
        let holes: SmallVec<[(u32, u32); 2]> =
            self.holes.iter().filter_map(|(from, to)| common((*from, *to), (sequence, end))).collect();
        holes.into_iter().for_each(|(from, to)| self.note_cut(from, to));
        self.note_cut(later(sequence, next), end);
    }

    fn note_cut(&mut self, from: u32, to: u32) {
        let from = self.acknowledged.map_or(from, |known| later(known, from));
        if !number::after(to, from) {
            return;
        }
        let full = self.cut.len() >= limits::HOLES;
        match self.cut.last_mut() {
            Some((_, end)) if full || *end == from => *end = later(*end, to),
            _ => self.cut.push((from, to)),
        }
    }

    /// Says that the capture has bytes as they are, which it may have had cut before.
    pub fn complete(&mut self, sequence: u32, end: u32) {
        if self.cut.is_empty() {
            return;
        }
        let without = |(from, to): (u32, u32)| {
            let before = (from, if number::after(sequence, to) { to } else { sequence });
            [before, (later(from, end), to)].into_iter().filter(|(from, to)| number::after(*to, *from))
        };
        self.cut = self.cut.iter().copied().flat_map(without).collect();
        self.cut.truncate(limits::HOLES);
    }

    fn hole(&mut self, from: u32, to: u32) {
        if self.holes.len() < limits::HOLES {
            self.holes.push((from, to));
        } else {
            self.forget(from, to);
        }
    }

    fn forget(&mut self, from: u32, to: u32) {
        if self.forgotten == 0 || number::after(self.forgotten_from, from) {
            self.forgotten_from = from;
        }
        self.forgotten = self.forgotten.saturating_add(to.wrapping_sub(from).into());
    }

    /// Takes an acknowledgment by the other end: how many runs of bytes it covers, not covered before, whose content is not there. What was
    /// cut by the snap length counts as one run with its neighbours.
    pub fn acknowledge(&mut self, acknowledgment: u32, time: Option<u64>) -> u32 {
        let Some(from) = self.acknowledged else {
            (self.acknowledged, self.acknowledged_time) = (Some(acknowledgment), time);
            return 0;
        };
        if !number::after(acknowledgment, from) {
            return 0;
        }
        (self.acknowledged, self.acknowledged_time) = (Some(acknowledgment), time);
        let next = self.next.filter(|next| number::after(*next, from)).unwrap_or(from);
        let mut gaps = u32::from(number::after(acknowledgment, next));
        for (start, end) in &self.holes {
            if number::after(*end, from) && number::after(acknowledgment, *start) {
                gaps = gaps.saturating_add(1);
            }
        }
        if self.cut.iter().any(|(start, _)| number::after(acknowledgment, *start)) {
            self.complete(from, acknowledgment);
            return 1;
        }
        gaps
    }

    /// Bytes below the mark that are not in the capture.
    pub fn missing(&self) -> u64 {
        let listed = self.holes.iter().map(|(from, to)| u64::from(to.wrapping_sub(*from))).sum::<u64>();
        listed.saturating_add(self.forgotten)
    }

    /// Takes what lies between two numbers out of the holes.
    fn fill(&mut self, from: u32, to: u32) -> u32 {
        let mut filled = 0_u32;
        let mut left: SmallVec<[(u32, u32); 2]> = SmallVec::new();
        for &(start, end) in &self.holes {
            let first = if number::after(from, start) { from } else { start };
            let last = if number::after(end, to) { to } else { end };
            if !number::after(last, first) {
                left.push((start, end));
                continue;
            }
            filled = filled.saturating_add(last.wrapping_sub(first));
            if number::after(first, start) {
                left.push((start, first));
            }
            if number::after(end, last) {
                left.push((last, end));
            }
        }
        // A hole that was split may be one too many.
        if left.len() > limits::HOLES
            && let Some((start, end)) = left.pop()
        {
            self.forget(start, end);
        }
        self.holes = left;
        filled
    }
}

/// The later one of two numbers.
fn later(a: u32, b: u32) -> u32 {
    if number::after(a, b) { a } else { b }
}

/// What two runs have in common.
fn common(a: (u32, u32), b: (u32, u32)) -> Option<(u32, u32)> {
    let (from, to) = (later(a.0, b.0), if number::after(a.1, b.1) { b.1 } else { a.1 });
    number::after(to, from).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(seen: &mut Coverage, sequence: u32, length: u32) -> (u32, u32) {
        let added = seen.add(sequence, length, false, None);
        (added.new, added.repeated)
    }

    #[test]
    fn each_octet_is_new_once() {
        let mut seen = Coverage::default();
        assert_eq!(new(&mut seen, 1000, 100), (100, 0));
        assert_eq!(new(&mut seen, 1000, 100), (0, 100));
        assert_eq!(new(&mut seen, 1050, 100), (50, 50));
        assert_eq!(seen.missing(), 0);
    }

    #[test]
    fn holes_are_filled_in_parts_across_the_wrap() {
        let start = u32::MAX - 49;
        let mut seen = Coverage::default();
        assert_eq!(new(&mut seen, start.wrapping_sub(10), 10), (10, 0));
        assert_eq!(new(&mut seen, start.wrapping_add(100), 10), (10, 0));
        assert_eq!(seen.missing(), 100);
        assert!(seen.add(start.wrapping_add(40), 20, false, None).late);
        assert_eq!(seen.missing(), 80);
        assert_eq!(new(&mut seen, start, 100), (80, 20));
        assert_eq!((seen.missing(), new(&mut seen, start, 100)), (0, (0, 100)));
    }

    #[test]
    fn holes_are_bounded_and_still_counted_and_what_comes_late_is_new() {
        let mut seen = Coverage::default();
        let many = u32::try_from(limits::HOLES).unwrap() + 10;
        for n in 0..many {
            assert_eq!(new(&mut seen, n * 20, 10), (10, 0));
        }
        assert_eq!(seen.missing(), u64::from(many - 1) * 10);
        assert!(seen.holes.len() <= limits::HOLES);
        // All holes are filled, also those that were forgotten: no byte was there twice.
        for n in 0..many - 1 {
            assert_eq!(new(&mut seen, n * 20 + 10, 10), (10, 0), "{n}");
        }
        assert_eq!((seen.missing(), new(&mut seen, 0, 10)), (0, (0, 10)));
    }

    #[test]
    fn an_acknowledgment_shows_each_gap_once() {
        let mut seen = Coverage::default();
        seen.begin(1000);
        seen.add(1100, 10, false, None);
        assert_eq!(
            (seen.acknowledge(1000, None), seen.acknowledge(1110, None), seen.acknowledge(1110, None)),
            (0, 1, 0)
        );
        // Acknowledged, and not there at all; then it comes.
        assert_eq!(seen.acknowledge(1200, None), 1);
        let late = seen.add(1110, 90, false, None);
        assert!(late.acknowledged && late.repeated == 0);
        assert_eq!(seen.acknowledge(1200, None), 0);
        seen.add(1200, 100, true, None);
        assert_eq!((seen.acknowledge(1300, None), seen.acknowledge(1301, None)), (1, 1));
    }

    #[test]
    fn what_was_cut_is_a_gap_only_until_it_is_there_whole() {
        for start in [1000_u32, u32::MAX - 120] {
            let at = |offset: u32| start.wrapping_add(offset);
            let begun = || {
                let mut seen = Coverage::default();
                seen.begin(start);
                seen
            };
            // Whole, then cut; cut, then whole; cut, and whole in parts; cut, and whole but for the end.
            let mut seen = begun();
            seen.add(start, 200, false, None);
            seen.add(start, 200, true, None);
            assert_eq!(seen.acknowledge(at(200), None), 0);
            let mut seen = begun();
            seen.add(start, 200, true, None);
            seen.add(start, 200, false, None);
            assert_eq!(seen.acknowledge(at(200), None), 0);
            let mut seen = begun();
            seen.add(start, 200, true, None);
            seen.add(at(50), 50, false, None);
            seen.add(at(100), 100, false, None);
            seen.add(start, 50, false, None);
            assert_eq!(seen.acknowledge(at(200), None), 0);
            let mut seen = begun();
            seen.add(start, 200, true, None);
            seen.add(start, 150, false, None);
            assert_eq!((seen.acknowledge(at(150), None), seen.acknowledge(at(200), None)), (0, 1));
            // A hole that is filled by a segment that was cut is one still.
            let mut seen = begun();
            seen.add(at(100), 100, false, None);
            seen.add(start, 200, true, None);
            assert_eq!((seen.acknowledge(at(200), None), seen.acknowledge(at(201), None)), (1, 1));
            // More runs than are kept.
            let mut seen = begun();
            for n in 0..100 {
                seen.add(at(n * 20), 10, true, None);
            }
            assert!(seen.cut.len() <= limits::HOLES);
            assert_eq!(seen.acknowledge(at(100 * 20 - 10), None), 1);
        }
    }

    #[test]
    fn what_began_before_the_capture_is_no_gap() {
        let mut seen = Coverage::default();
        assert_eq!(seen.acknowledge(5000, None), 0);
        assert_eq!(seen.add(4000, 100, false, None), Added { new: 100, ..Added::default() });
    }
}
