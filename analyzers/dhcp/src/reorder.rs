//! Messages in the order of time, as far as they stand near to one another in the file.

use std::collections::BTreeMap;

use crate::limits;
use crate::seen::Seen;

/// The last messages, which wait for earlier ones behind them in the file.
#[derive(Default)]
pub struct Reorder {
    waiting: BTreeMap<(u64, u64), Seen>,
    latest: u64,
    given: u64,
    /// Messages whose time is before that of a message above them in the file.
    pub out_of_order: u64,
    /// Those of them that came too late to be put in order.
    pub too_late: u64,
}

impl Reorder {
    /// Takes a message; gives the earliest one once enough wait. One without a time stays behind those above it.
    pub fn push(&mut self, seen: Seen) -> Option<Seen> {
        let time = seen.time.unwrap_or(self.latest);
        self.out_of_order = self.out_of_order.saturating_add((time < self.latest).into());
        self.latest = self.latest.max(time);
        self.waiting.insert((time, seen.frame), seen);
        if self.waiting.len() > limits::REORDER { self.pop() } else { None }
    }

    /// The earliest message that waits.
    pub fn pop(&mut self) -> Option<Seen> {
        let ((time, _), seen) = self.waiting.pop_first()?;
        self.too_late = self.too_late.saturating_add((time < self.given).into());
        self.given = self.given.max(time);
        Some(seen)
    }
}
