//! When packets were captured: the span of the capture, and whether its packets are in order.

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{Frame, JsonSchema, schemars, time};
use serde::Serialize;

use crate::clocks::Clocks;
use crate::gaps::Gaps;
use crate::lists::{self, Frames};
use crate::summary::Summary;

/// The time of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Number of the frame.
    pub frame: u64,
    /// Since 1970-01-01T00:00:00Z.
    pub nanoseconds: u64,
    /// Position of the interface among all of the file.
    pub link: u32,
}

/// What is kept about times. Packets without a time are only counted.
#[derive(Debug, Default)]
pub struct Times {
    first: Option<Stamp>,
    last: Option<Stamp>,
    earliest: Option<Stamp>,
    latest: Option<Stamp>,
    /// Packets that are earlier than the one before them.
    pub back: Frames,
    /// The largest such difference, in nanoseconds, and the frames before and behind it.
    pub largest_step_back: (u64, u64, u64),
    /// Packets whose time the file does not give.
    pub without: Evidence,
    /// Packets whose time no clock has that was set.
    pub implausible: Evidence,
    /// Gaps between packets.
    pub gaps: Gaps,
    /// Clocks of interfaces.
    pub clocks: Clocks,
}

/// 1990-01-01T00:00:00Z, in nanoseconds: there were no captures of these formats before.
const PLAUSIBLE_FROM: u64 = 631_152_000_000_000_000;
/// 2100-01-01T00:00:00Z, in nanoseconds.
const PLAUSIBLE_TO: u64 = 4_102_444_800_000_000_000;

impl Times {
    /// No times yet.
    pub fn new(lists: &Lists) -> Self {
        Self { back: Frames::new(lists::BACK, lists), gaps: Gaps::new(lists), ..Self::default() }
    }

    /// Takes a packet's time.
    pub fn add(&mut self, frame: &Frame<'_>) {
        let Some(nanoseconds) = frame.timestamp else {
            self.without.add(frame.number);
            return;
        };
        let stamp = Stamp { frame: frame.number, nanoseconds, link: frame.link_index };
        // The comparison is with the packet right before, as in capinfos: a packet that is late by itself counts once.
        if let Some(before) = self.last.replace(stamp) {
            let step_back = before.nanoseconds.saturating_sub(nanoseconds);
            if step_back > 0 {
                self.back.add(frame.number);
                if step_back > self.largest_step_back.0 {
                    self.largest_step_back = (step_back, before.frame, frame.number);
                }
            }
        }
        self.first.get_or_insert(stamp);
        if !(PLAUSIBLE_FROM..PLAUSIBLE_TO).contains(&nanoseconds) {
            self.implausible.add(frame.number);
        }
        self.gaps.add(stamp);
        self.clocks.add(stamp);
        if self.earliest.is_none_or(|earliest| nanoseconds < earliest.nanoseconds) {
            self.earliest = Some(stamp);
        }
        if self.latest.is_none_or(|latest| nanoseconds > latest.nanoseconds) {
            self.latest = Some(stamp);
        }
    }

    /// From the earliest to the latest packet, in nanoseconds; `None` when no packet has a time.
    pub fn duration(&self) -> Option<u64> {
        Some(self.latest?.nanoseconds.saturating_sub(self.earliest?.nanoseconds))
    }

    /// Whether no packet is earlier than the one before it; `None` when packets without a time leave that open.
    pub fn in_order(&self) -> Option<bool> {
        match (self.back.total(), self.without.total()) {
            (0, 0) => Some(true),
            (0, _) => None,
            _ => Some(false),
        }
    }

    /// What the report says about the packets that are earlier than the one before them.
    pub fn out_of_order(&self, lists: &mut Lists) -> Option<OutOfOrder> {
        (self.back.total() > 0).then(|| OutOfOrder {
            packets: self.back.total(),
            first_frames: self.back.list(lists::BACK, lists),
            largest_step_back_seconds: time::seconds(self.largest_step_back.0),
            largest_step_back_frames: vec![self.largest_step_back.1, self.largest_step_back.2],
        })
    }

    /// The earliest packet, the latest, and those at both ends of the file.
    pub fn moments(&self, summary: &Summary) -> [Option<Moment>; 4] {
        [self.earliest, self.latest, self.first, self.last].map(|stamp| stamp.map(|stamp| stamp.moment(summary)))
    }
}

impl Stamp {
    /// The time as a report tells it.
    pub fn moment(self, summary: &Summary) -> Moment {
        Moment {
            frame: self.frame,
            time: time::rfc3339(self.nanoseconds, summary.digits_of_link(self.link)),
            epoch: decimal_seconds(self.nanoseconds),
        }
    }
}

/// The time of one packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Moment {
    /// Number of the frame.
    pub frame: u64,
    /// RFC 3339, UTC, with the decimals that the file's precision justifies.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: String,
    /// Seconds since 1970-01-01T00:00:00Z, exact to the nanosecond.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub epoch: String,
}

/// Packets that are earlier than the one before them in the file.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OutOfOrder {
    /// How many.
    pub packets: u64,
    /// Their numbers.
    pub first_frames: Vec<u64>,
    /// By how much the worst of them is earlier, in seconds.
    pub largest_step_back_seconds: f64,
    /// Numbers of the frame before it and of the worst one.
    pub largest_step_back_frames: Vec<u64>,
}

/// Nanoseconds as seconds with nine decimals, exactly.
pub fn decimal_seconds(nanoseconds: u64) -> String {
    const SECOND: u64 = 1_000_000_000;
    format!("{}.{:09}", nanoseconds / SECOND, nanoseconds % SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcpcap_analyzer::Link;

    fn times(stamps: &[Option<u64>]) -> Times {
        let mut times = Times::default();
        for (number, timestamp) in (1..).zip(stamps) {
            let link = Link::default();
            let frame = Frame {
                number,
                timestamp: *timestamp,
                original: 0,
                data: &[],
                link: &link,
                link_index: 0,
                flags: 0,
                offset: 0,
            };
            times.add(&frame);
        }
        times
    }

    #[test]
    fn the_span_is_from_earliest_to_latest() {
        let found = times(&[Some(5), Some(2), Some(9), Some(7)]);
        assert_eq!(found.duration(), Some(7));
        let [earliest, latest, first, last] = found.moments(&Summary::default()).map(|moment| moment.unwrap().frame);
        assert_eq!((earliest, latest, first, last), (2, 3, 1, 4));
        assert_eq!((found.in_order(), found.largest_step_back), (Some(false), (3, 1, 2)));
        assert_eq!(found.out_of_order(&mut Lists::default()).unwrap().first_frames, [2, 4]);
    }

    #[test]
    fn equal_times_are_in_order() {
        let found = times(&[Some(5), Some(5)]);
        assert_eq!(
            (found.in_order(), found.duration(), found.out_of_order(&mut Lists::default())),
            (Some(true), Some(0), None)
        );
    }

    #[test]
    fn packets_without_time_leave_the_order_open() {
        assert_eq!(times(&[Some(5), None, Some(6)]).in_order(), None);
        assert_eq!(times(&[Some(5), None, Some(4)]).in_order(), Some(false));
        let none = times(&[None]);
        assert_eq!((none.duration(), none.in_order(), none.without.total()), (None, None, 1));
        assert_eq!(times(&[]).in_order(), Some(true));
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(decimal_seconds(1_700_000_000_000_000_001), "1700000000.000000001");
        assert_eq!(decimal_seconds(0), "0.000000000");
        assert_eq!(decimal_seconds(u64::MAX), "18446744073.709551615");
    }
}
