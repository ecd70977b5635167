//! Gaps in time that no single recording has: several recordings in one file, or a clock that was set.

mod further;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use mcpcap_analyzer::stats::{Lists, Part};
use mcpcap_analyzer::{JsonSchema, schemars, time};
use serde::Serialize;

use crate::lists;
use crate::summary::Summary;
use crate::times::{Moment, Stamp};
use further::Further;

/// The least gap that is told, in nanoseconds: a day.
const GAP: u64 = 86_400_000_000_000;
/// By how much a gap is longer than all that was recorded.
const LONGER: u64 = 10;
/// Stretches of time that are kept.
const STRETCHES: usize = 64;
/// Gaps that a report lists first.
const LISTED: usize = 20;

/// Stretches of time with packets, a day or more apart from each other. Their order in the file does not matter.
#[derive(Debug, Default)]
pub struct Gaps {
    /// By time.
    stretches: Vec<Stretch>,
    /// The one that the last packet was in.
    at: usize,
    /// Gaps that were given up for want of room, the smallest ones, and their length together.
    given_up: (u64, u64),
    /// The page that is asked for of what is beyond.
    further: Option<Further>,
}

/// Packets that are less than a day apart from each other.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    first: Stamp,
    last: Stamp,
    packets: u64,
}

impl Stretch {
    /// Whether a time belongs to it, rather than behind a gap.
    fn reaches(&self, nanoseconds: u64) -> bool {
        nanoseconds.saturating_add(GAP) > self.first.nanoseconds
            && nanoseconds < self.last.nanoseconds.saturating_add(GAP)
    }

    /// Takes a stretch behind it over.
    fn join(&mut self, after: &Self) {
        self.last = after.last;
        self.packets = self.packets.saturating_add(after.packets);
    }
}

/// Whether two times are a gap apart.
fn is_gap(before: u64, after: u64) -> bool {
    after.checked_sub(before).is_some_and(|gap| gap >= GAP)
}

fn between(before: &Stretch, after: &Stretch) -> u64 {
    after.first.nanoseconds.saturating_sub(before.last.nanoseconds)
}

impl Gaps {
    /// None yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self { further: lists.after(lists::GAPS).map(Further::new), ..Self::default() }
    }

    /// Takes a packet's time.
    pub fn add(&mut self, stamp: Stamp) {
        if let Some(further) = &mut self.further {
            further.add(stamp);
        }
        let time = stamp.nanoseconds;
        if !self.stretches.get(self.at).is_some_and(|stretch| stretch.reaches(time)) {
            // The first that does not end a day or more before.
            self.at = self.stretches.partition_point(|stretch| stretch.last.nanoseconds.saturating_add(GAP) <= time);
            if !self.stretches.get(self.at).is_some_and(|stretch| stretch.reaches(time)) {
                self.stretches.insert(self.at, Stretch { first: stamp, last: stamp, packets: 0 });
            }
        }
        let Some(stretch) = self.stretches.get_mut(self.at) else { return };
        stretch.packets = stretch.packets.saturating_add(1);
        let (earlier, later) = (time < stretch.first.nanoseconds, time > stretch.last.nanoseconds);
        if earlier {
            stretch.first = stamp;
        }
        if later {
            stretch.last = stamp;
        }
        if (earlier || later) && self.stretches.len() > 1 || self.stretches.len() > STRETCHES {
            self.join();
        }
    }

    /// Joins what is no longer a day apart; and, when there are too many, what is least apart.
    fn join(&mut self) {
        let gaps = |stretches: &[Stretch]| {
            let pairs = stretches.iter().zip(stretches.iter().skip(1));
            pairs.enumerate().map(|(at, (before, after))| (between(before, after), at)).min()
        };
        while let Some((gap, at)) = gaps(&self.stretches) {
            if gap >= GAP && self.stretches.len() <= STRETCHES {
                break;
            }
            if gap >= GAP {
                self.given_up = (self.given_up.0.saturating_add(1), self.given_up.1.saturating_add(gap));
            }
            let after = self.stretches.remove(at.saturating_add(1));
            if let Some(before) = self.stretches.get_mut(at) {
                before.join(&after);
            }
            if self.at > at {
                self.at = self.at.saturating_sub(1);
            }
        }
    }

    /// The gaps that are told; `None` without any.
    pub fn report(&self, summary: &Summary, lists: &mut Lists) -> Option<TimeGaps> {
        let covered = self.stretches.iter().fold(0_u64, |all, stretch| {
            all.saturating_add(stretch.last.nanoseconds.saturating_sub(stretch.first.nanoseconds))
        });
        let covered = covered.saturating_sub(self.given_up.1);
        let is_told = |(before, after): &(Stretch, Stretch)| between(before, after) >= covered.saturating_mul(LONGER);
        let pairs = self.stretches.iter().copied().zip(self.stretches.iter().copied().skip(1));
        let mut told: Vec<(Stretch, Stretch)> = pairs.filter(is_told).collect();
        if told.is_empty() {
            return None;
        }
        let total = told.len() as u64;
        let mut frames: Vec<u64> =
            told.iter().flat_map(|(before, after)| [before.last.frame, after.first.frame]).collect();
        frames.sort_unstable();
        frames.dedup();
        told.sort_by_key(|(before, after)| Reverse(between(before, after)));
        let listed = self.listed(told, is_told, lists);
        let largest = listed.into_iter().map(|(before, after)| TimeGap {
            seconds: time::seconds(between(&before, &after)),
            before: before.last.moment(summary),
            packets_before: before.packets,
            after: after.first.moment(summary),
            packets_after: after.packets,
        });
        Some(TimeGaps {
            total,
            total_is_exact: self.given_up.0 == 0,
            recorded_seconds: time::seconds(covered),
            largest: largest.collect(),
            frames: frames.len() as u64,
        })
    }

    /// The gaps that the report holds: of `told`, or of those beyond them.
    fn listed(
        &self,
        told: Vec<(Stretch, Stretch)>,
        is_told: impl Fn(&(Stretch, Stretch)) -> bool,
        lists: &mut Lists,
    ) -> Vec<(Stretch, Stretch)> {
        let (kept, given_up) = (told.len(), self.given_up.0);
        let total = (kept as u64).saturating_add(given_up);
        // The finding about gaps is that of the longest on every page.
        if let Some(further) = self.further.as_ref().filter(|_| lists.after(lists::GAPS).is_some()) {
            let begins = |(_, after): &(Stretch, Stretch)| after.first.nanoseconds;
            let known: BTreeSet<u64> = told.iter().map(begins).collect();
            let (mut gaps, next) = further.gaps();
            gaps.retain(|gap| is_told(gap) && !known.contains(&begins(gap)));
            lists.told_further(lists::GAPS, total, 0, gaps.len(), next);
            return gaps;
        }
        let Part { offset, limit } = lists.part(lists::GAPS, LISTED);
        let listed: Vec<_> = told.into_iter().skip(offset).take(limit).collect();
        let next = Some(0).filter(|_| given_up > 0 && offset.saturating_add(limit) >= kept);
        lists.told_further(lists::GAPS, total, offset, listed.len(), next);
        listed
    }
}

/// Gaps in time that are far longer than all that was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimeGaps {
    /// Gaps of a day or more that are at least ten times as long as all stretches between such gaps together.
    pub total: u64,
    /// Whether that is all; otherwise there are at least so many.
    pub total_is_exact: bool,
    /// Length of those stretches together, in seconds. Rates and duration of the capture cover the gaps too.
    pub recorded_seconds: f64,
    /// The longest first; where `total_is_exact` is false, the others follow on further pages, in the order of time.
    pub largest: Vec<TimeGap>,
    /// Frames on both sides of all of them: a packet alone between two gaps is one.
    #[serde(skip)]
    pub frames: u64,
}

/// A gap between two packets that follow each other in time.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TimeGap {
    /// Its length.
    pub seconds: f64,
    /// The last packet before it.
    pub before: Moment,
    /// Packets between it and the gap before it, or the beginning: where `total_is_exact` is false, the one before it among the longest. On a further
    /// page, of those between two gaps, and where packets out of order closed a thousand gaps at least so many.
    pub packets_before: u64,
    /// The first packet after it.
    pub after: Moment,
    /// Packets between it and the gap behind it, or the end, likewise.
    pub packets_after: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const SECOND: u64 = 1_000_000_000;

    /// How many, whether that is exact, and seconds and frames of each.
    type Found = (u64, bool, Vec<(f64, u64, u64)>);

    /// The gaps between packets at these seconds.
    fn gaps(seconds: &[u64]) -> Option<Found> {
        let mut gaps = Gaps::default();
        (1..).zip(seconds).for_each(|(frame, second)| gaps.add(Stamp { frame, nanoseconds: second * SECOND, link: 0 }));
        let found = gaps.report(&Summary::default(), &mut Lists::default())?;
        Some((
            found.total,
            found.total_is_exact,
            found.largest.iter().map(|gap| (gap.seconds, gap.before.frame, gap.after.frame)).collect(),
        ))
    }

    #[test]
    fn a_gap_of_years_is_told_with_the_frames_on_both_sides_in_any_order() {
        let year = 365 * DAY;
        let expected = Some((1, true, vec![((22 * year - 5) as f64, 2, 3)]));
        assert_eq!(gaps(&[100, 105, 22 * year + 100, 22 * year + 200]), expected);
        let expected = Some((1, true, vec![((22 * year - 5) as f64, 4, 1)]));
        assert_eq!(gaps(&[22 * year + 100, 100, 22 * year + 200, 105]), expected);
    }

    #[test]
    fn a_quiet_weekend_in_a_long_capture_is_none_and_neither_is_less_than_a_day() {
        let week: Vec<u64> = (0..5 * 24).chain(7 * 24..12 * 24).map(|hour| hour * 3_600).collect();
        assert_eq!(gaps(&week), None);
        assert_eq!(gaps(&[0, DAY - 1]), None);
        assert_eq!(gaps(&[0, DAY]), Some((1, true, vec![(DAY as f64, 1, 2)])));
        assert_eq!(gaps(&[]), None);
    }

    #[test]
    fn a_packet_in_between_closes_a_gap() {
        assert_eq!(gaps(&[0, DAY + 10, DAY / 2]), None);
    }

    #[test]
    fn stretches_are_bounded_and_the_largest_gaps_stay() {
        let mut seconds: Vec<u64> = (0..500).map(|n| n * 2 * DAY).collect();
        seconds.push(100_000 * DAY);
        let (total, exact, largest) = gaps(&seconds).unwrap();
        assert!(!exact && total >= 1);
        assert_eq!(largest[0], (((100_000 - 998) * DAY) as f64, 500, 501));
    }
}
