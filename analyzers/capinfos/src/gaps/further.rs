//! Gaps beyond those between the stretches that are kept in any case, in the order of time.

use std::collections::BTreeMap;

use super::{Stretch, is_gap};
use crate::times::Stamp;

/// Stretches that a page keeps.
const STRETCHES: usize = 1_024;

/// The page of gaps that is asked for: those whose second stretch begins behind a time, as many as there is room for.
#[derive(Debug)]
pub struct Further {
    /// The page before ended with the stretch that begins here; 0 for the beginning.
    after: u64,
    /// By the time of their first packet.
    stretches: BTreeMap<u64, Stretch>,
    /// The earliest packet that found no room: up to here nothing is left out.
    cut: Option<Stamp>,
}

impl Further {
    /// None yet.
    pub fn new(after: u64) -> Self {
        Self { after, stretches: BTreeMap::new(), cut: None }
    }

    /// Takes a packet's time.
    pub fn add(&mut self, stamp: Stamp) {
        let time = stamp.nanoseconds;
        if time < self.after || self.cut.is_some_and(|cut| time >= cut.nanoseconds) {
            return;
        }
        let behind = self.stretches.range(time.saturating_add(1)..).next().map(|(first, stretch)| (*first, *stretch));
        let behind = behind.filter(|(first, _)| !is_gap(time, *first));
        let before = self.stretches.range_mut(..=time).next_back().map(|(_, stretch)| stretch);
        let before = before.filter(|stretch| !is_gap(stretch.last.nanoseconds, time));
        let alone = Stretch { first: stamp, last: stamp, packets: 1 };
        match (before, behind) {
            (Some(before), behind) => {
                before.packets = before.packets.saturating_add(1);
                if time > before.last.nanoseconds {
                    before.last = stamp;
                }
                // It may have closed the gap behind it.
                if let Some((first, behind)) = behind {
                    before.join(&behind);
                    self.stretches.remove(&first);
                }
            }
            (None, Some((first, behind))) => {
                self.stretches.remove(&first);
                let mut joined = alone;
                joined.join(&behind);
                self.stretches.insert(time, joined);
            }
            (None, None) => {
                self.stretches.insert(time, alone);
                if self.stretches.len() > STRETCHES {
                    self.cut = self.stretches.pop_last().map(|(_, last)| last.first);
                }
            }
        }
    }

    /// Two stretches each with a gap between them, and where the next page begins.
    pub fn gaps(&self) -> (Vec<(Stretch, Stretch)>, Option<u64>) {
        let mut all: Vec<Stretch> = self.stretches.values().copied().collect();
        let Some(cut) = self.cut else { return (pairs(&all, all.len()), None) };
        // What goes on behind the cut has not all of its packets here.
        let whole = all.iter().take_while(|stretch| is_gap(stretch.last.nanoseconds, cut.nanoseconds)).count();
        // A page leads on, even where packets out of order have closed all of its gaps.
        if whole < 2 {
            all.push(Stretch { first: cut, last: cut, packets: 1 });
        }
        let gaps = pairs(&all, whole.max(2));
        let next = gaps.last().map_or(cut.nanoseconds, |(_, after)| after.first.nanoseconds);
        (gaps, Some(next.max(self.after.saturating_add(1))))
    }
}

/// The gaps between the first so many stretches.
fn pairs(stretches: &[Stretch], most: usize) -> Vec<(Stretch, Stretch)> {
    let stretches = stretches.get(..most.min(stretches.len())).unwrap_or_default();
    let pairs = stretches.iter().zip(stretches.iter().skip(1));
    // One that is cut may go on.
    pairs
        .filter(|(before, after)| is_gap(before.last.nanoseconds, after.first.nanoseconds))
        .map(|(a, b)| (*a, *b))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{GAP, Stretch};
    use super::*;

    /// All gaps that the pages give, by their ends.
    fn walk(times: &[u64]) -> Vec<(u64, u64)> {
        let (mut found, mut next) = (Vec::new(), Some(0));
        while let Some(after) = next {
            let mut further = Further::new(after);
            (1..).zip(times).for_each(|(frame, time)| further.add(Stamp { frame, nanoseconds: *time, link: 0 }));
            let (gaps, behind) = further.gaps();
            assert!(behind.is_none_or(|behind| behind > after));
            let ends = |(before, after): (Stretch, Stretch)| (before.last.nanoseconds, after.first.nanoseconds);
            found.extend(gaps.into_iter().map(ends));
            next = behind;
        }
        found
    }

    #[test]
    fn pages_joined_are_all_gaps_whatever_the_order_of_packets() {
        let far: Vec<u64> = (0..5_000).map(|n| 7 + n * (2 * GAP - 2)).collect();
        let expected: Vec<(u64, u64)> = far.iter().zip(&far[1..]).map(|(one, next)| (*one, *next)).collect();
        assert!(walk(&far) == expected);
        let mixed: Vec<u64> = (0..5_000).map(|n| far[n * 2_347 % 5_000]).collect();
        assert!(walk(&mixed) == expected);
        // Packets that come late close every second gap, or all of the first ones.
        let closing: Vec<u64> = (0..5_000).step_by(2).map(|n| far[n] + GAP - 1).collect();
        let some: Vec<(u64, u64)> = expected.iter().skip(1).step_by(2).copied().collect();
        assert!(walk(&[&far[..], &closing].concat()) == some);
        let closing: Vec<u64> = (0..3_000).map(|n| far[n] + GAP - 1).collect();
        assert!(walk(&[&far[..], &closing].concat()) == expected[3_000..]);
    }
}
