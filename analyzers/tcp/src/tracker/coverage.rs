//! Which octets of a direction are in the capture, to tell new ones from repeated ones.

use smallvec::SmallVec;

use super::number;
use crate::limits;

/// The octets that were seen, as everything below a mark but some holes.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// The number behind the highest octet.
    next: Option<u32>,
    /// Holes below it, each from its first number to the one behind its last, rising.
    holes: SmallVec<[(u32, u32); 2]>,
    /// Octets in holes that found no place in the list.
    forgotten: u64,
}

impl Coverage {
    /// Says where the octets begin, unless some were seen: behind a SYN.
    pub fn begin(&mut self, sequence: u32) {
        self.next.get_or_insert(sequence);
    }

    /// Adds a segment's octets. How many of them are new.
    pub fn add(&mut self, sequence: u32, length: u32) -> u32 {
        let end = sequence.wrapping_add(length);
        let Some(next) = self.next else {
            self.next = Some(end);
            return length;
        };
        let gap = number::beyond(sequence, next);
        if gap > 0 {
            if self.holes.len() < limits::HOLES {
                self.holes.push((next, sequence));
            } else {
                self.forgotten = self.forgotten.saturating_add(gap.into());
            }
            self.next = Some(end);
            return length;
        }
        let beyond = number::beyond(end, next);
        if beyond > 0 {
            self.next = Some(end);
        }
        let filled = if self.holes.is_empty() { 0 } else { self.fill(sequence, end) };
        beyond.saturating_add(filled).min(length)
    }

    /// Octets below the mark that are not in the capture.
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
            self.forgotten = self.forgotten.saturating_add(end.wrapping_sub(start).into());
        }
        self.holes = left;
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_octet_is_new_once() {
        let mut seen = Coverage::default();
        assert_eq!(seen.add(1000, 100), 100);
        assert_eq!(seen.add(1000, 100), 0);
        assert_eq!(seen.add(1050, 100), 50);
        assert_eq!(seen.missing(), 0);
    }

    #[test]
    fn holes_are_filled_in_parts_across_the_wrap() {
        let start = u32::MAX - 49;
        let mut seen = Coverage::default();
        assert_eq!(seen.add(start.wrapping_sub(10), 10), 10);
        assert_eq!(seen.add(start.wrapping_add(100), 10), 10);
        assert_eq!(seen.missing(), 100);
        assert_eq!(seen.add(start.wrapping_add(40), 20), 20);
        assert_eq!(seen.missing(), 80);
        assert_eq!(seen.add(start, 100), 80);
        assert_eq!((seen.missing(), seen.add(start, 100)), (0, 0));
    }

    #[test]
    fn holes_are_bounded_and_still_counted() {
        let mut seen = Coverage::default();
        let many = u32::try_from(limits::HOLES).unwrap() + 10;
        for n in 0..many {
            assert_eq!(seen.add(n * 20, 10), 10);
        }
        assert_eq!(seen.missing(), u64::from(many - 1) * 10);
        assert!(seen.holes.len() <= limits::HOLES);
    }
}
