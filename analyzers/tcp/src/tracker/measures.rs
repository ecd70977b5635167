//! What is measured on one end: closed windows and round-trip times.

use smallvec::SmallVec;

use super::number;
use crate::limits;

/// How long a window was closed, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClosedWindow {
    /// How often it closed.
    pub times: u64,
    /// In all.
    pub total: u64,
    /// The longest time.
    pub longest: u64,
    since: Option<u64>,
}

impl ClosedWindow {
    /// Takes whether the window is closed at a time.
    pub fn take(&mut self, closed: bool, time: u64) {
        match (closed, self.since) {
            (true, None) => {
                self.times = self.times.saturating_add(1);
                self.since = Some(time);
            }
            (false, Some(since)) => {
                let lasted = time.saturating_sub(since);
                self.total = self.total.saturating_add(lasted);
                self.longest = self.longest.max(lasted);
                self.since = None;
            }
            _ => {}
        }
    }

    /// Ends a time that is still running.
    pub fn finish(&mut self, time: u64) {
        self.take(false, time);
    }
}

/// Round-trip times in nanoseconds, from a segment with data to its acknowledgment.
#[derive(Debug, Clone, Default)]
pub struct RoundTrips {
    /// How many were measured.
    pub count: u64,
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    sum: u64,
    /// Segments that wait: the number behind them, and when they came.
    waiting: SmallVec<[(u32, u64); 2]>,
}

impl RoundTrips {
    /// Takes a segment that was sent once, by the number behind it.
    pub fn sent(&mut self, end: u32, time: u64) {
        if self.waiting.len() >= limits::OUTSTANDING {
            self.waiting.remove(0);
        }
        self.waiting.push((end, time));
    }

    /// Takes a segment that came again or late: which transmission an acknowledgment answers is not known (Karn and Partridge 1987).
    pub fn again(&mut self, end: u32) {
        self.waiting.retain(|(waiting, _)| number::after(*waiting, end));
    }

    /// Takes an acknowledgment that the other end sent.
    pub fn acknowledge(&mut self, acknowledgment: u32, time: u64) {
        let mut newest = None;
        self.waiting.retain(|(end, sent)| {
            let done = !number::after(*end, acknowledgment);
            if done {
                newest = Some(*sent);
            }
            !done
        });
        // One acknowledgment answers the newest of the segments it covers; the others waited for it.
        if let Some(lasted) = newest.and_then(|sent| time.checked_sub(sent)) {
            self.add(lasted);
        }
    }

    fn add(&mut self, lasted: u64) {
        self.min = if self.count == 0 { lasted } else { self.min.min(lasted) };
        self.max = self.max.max(lasted);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(lasted);
    }

    /// The mean; `None` when nothing was measured.
    pub fn mean(&self) -> Option<u64> {
        self.sum.checked_div(self.count)
    }
}
