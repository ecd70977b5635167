//! Many events within a short time.

use std::collections::VecDeque;

use crate::finding::{Evidence, Measure};
use crate::text::at_least;

/// So many events within a span of time are a burst.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Nanoseconds.
    pub span: u64,
    /// Events within it. Up to [`Burst::KEPT`].
    pub events: usize,
}

/// The events of one subject within a sliding span, and the frames of those that were part of a burst.
#[derive(Debug, Clone, Default)]
pub struct Burst {
    /// Time, frame and key of what came within the span.
    window: VecDeque<(u64, u64, u64)>,
    most: usize,
    evidence: Evidence,
}

impl Burst {
    /// Events that are kept of a span; a burst of more is still a burst.
    pub const KEPT: usize = 256;

    /// Takes an event at a time in nanoseconds.
    pub fn take(&mut self, rate: &Rate, now: u64, frame: u64) {
        self.forget(rate, now);
        self.keep(rate, (now, frame, 0));
    }

    /// Takes an event that counts once per span and key, such as a name's hash.
    pub fn take_different(&mut self, rate: &Rate, now: u64, frame: u64, key: u64) {
        self.forget(rate, now);
        if !self.window.iter().any(|(_, _, known)| *known == key) {
            self.keep(rate, (now, frame, key));
        }
    }

    fn forget(&mut self, rate: &Rate, now: u64) {
        while self.window.front().is_some_and(|(time, ..)| now.abs_diff(*time) > rate.span) {
            self.window.pop_front();
        }
        // Where time goes back, what is far ahead may stand behind what is near.
        if self.window.back().is_some_and(|(time, ..)| *time > now.saturating_add(rate.span)) {
            self.window.retain(|(time, ..)| now.abs_diff(*time) <= rate.span);
        }
    }

    fn keep(&mut self, rate: &Rate, event: (u64, u64, u64)) {
        if self.window.len() >= Self::KEPT {
            self.window.pop_front();
        }
        self.window.push_back(event);
        let many = self.window.len();
        self.most = self.most.max(many);
        if many >= rate.events && self.evidence.total() == 0 {
            self.window.iter().for_each(|(_, frame, _)| self.evidence.add(*frame));
        } else if many >= rate.events {
            self.evidence.add(event.1);
        }
    }

    /// Adds a frame that belongs to the burst without being one of its events.
    pub fn note(&mut self, frame: u64) {
        self.evidence.add(frame);
    }

    /// Whether there was a burst.
    pub fn is_one(&self, rate: &Rate) -> bool {
        self.most >= rate.events
    }

    /// The most events within the span.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Whether there may have been more than [`Burst::most`].
    pub fn is_at_least(&self) -> bool {
        self.most >= Self::KEPT
    }

    /// The most events as a measure.
    pub fn measure(&self, name: &'static str) -> Measure {
        Measure::count(name, self.most as u64).or_more(self.is_at_least())
    }

    /// The most events as words: `12`, or `at least 256`.
    pub fn most_in_words(&self) -> String {
        format!("{}{}", at_least(self.is_at_least()), self.most)
    }

    /// The frames of bursts.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { span: 10, events: 3 };

    #[test]
    fn a_burst_has_all_its_frames_and_what_is_slower_is_none() {
        let mut burst = Burst::default();
        for (now, frame) in [(0, 1), (9, 2), (12, 3), (19, 4)] {
            burst.take(&RATE, now, frame);
            assert_eq!(burst.is_one(&RATE), frame == 4, "{frame}");
        }
        burst.take(&RATE, 21, 5);
        burst.note(7);
        assert_eq!((burst.most(), burst.most_in_words().as_str()), (3, "3"));
        assert_eq!(burst.evidence().frames(), [2, 3, 4, 5, 7]);
    }

    #[test]
    fn events_far_apart_are_none_whichever_way_time_goes() {
        let mut burst = Burst::default();
        for (frame, now) in (1..).zip([1000, 900, 800, 700, 600, 500]) {
            burst.take(&RATE, now, frame);
        }
        assert_eq!(burst.most(), 1);
        // In a file that goes back a little, those near each other are one.
        for (frame, now) in (1..).zip([5000, 4995, 5002]) {
            burst.take(&RATE, now, frame);
        }
        assert_eq!(burst.most(), 3);
    }

    #[test]
    fn an_event_that_came_within_the_span_counts_once() {
        let mut burst = Burst::default();
        (0..9).for_each(|frame| burst.take_different(&RATE, 0, frame, frame % 2));
        assert_eq!((burst.most(), burst.is_one(&RATE)), (2, false));
        burst.take_different(&RATE, 11, 9, 0);
        assert_eq!(burst.most(), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut burst = Burst::default();
        (0..1000).for_each(|frame| burst.take(&RATE, 0, frame));
        assert_eq!((burst.most(), burst.most_in_words().as_str()), (Burst::KEPT, "at least 256"));
        assert_eq!(burst.evidence().total(), 1000);
    }
}
