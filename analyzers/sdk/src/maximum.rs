//! The argument `max_packets`.

use std::num::NonZeroU64;

use crate::Flow;

/// Counts what a tool analyses, up to as much as was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Maximum {
    most: Option<NonZeroU64>,
    taken: u64,
}

impl Maximum {
    /// Up to `most`, or everything.
    pub fn new(most: Option<NonZeroU64>) -> Self {
        Self { most, taken: 0 }
    }

    /// Counts one.
    pub fn take(&mut self) {
        self.taken = self.taken.saturating_add(1);
    }

    /// How many were counted.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether there were as many as was asked for.
    pub fn is_reached(&self) -> bool {
        self.most.is_some_and(|most| self.taken >= most.get())
    }

    /// What to answer for a frame: [`Flow::Enough`] once there were as many as was asked for.
    pub fn flow(&self) -> Flow {
        if self.is_reached() { Flow::Enough } else { Flow::More }
    }

    /// Says that reading ended early, if it did. `what` is what was counted, in the plural.
    pub fn note(&self, what: &str) -> Option<String> {
        let what = if self.taken == 1 { what.strip_suffix('s').unwrap_or(what) } else { what };
        self.is_reached().then(|| format!("Reading ended after the first {} {what}, as max_packets asks.", self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reached_with_the_last_one_asked_for() {
        let mut maximum = Maximum::new(NonZeroU64::new(2));
        maximum.take();
        assert_eq!((maximum.flow(), maximum.note("messages")), (Flow::More, None));
        maximum.take();
        assert_eq!(maximum.flow(), Flow::Enough);
        let mut one = Maximum::new(NonZeroU64::new(1));
        one.take();
        assert_eq!(one.note("messages").unwrap(), "Reading ended after the first 1 message, as max_packets asks.");
        assert_eq!(maximum.note("messages").unwrap(), "Reading ended after the first 2 messages, as max_packets asks.");
        assert_eq!(Maximum::new(None).flow(), Flow::More);
    }
}
