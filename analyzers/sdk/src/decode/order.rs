//! Whether the frames of the file stand in the order of time.

use serde::{Deserialize, Serialize};

/// Times of the frames that were chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Order {
    /// The latest of them, in nanoseconds since 1970; `None` when no frame has a time.
    pub latest: Option<u64>,
    /// Frames with a time before that of a frame that stands before them.
    pub back: u64,
    /// How far back the furthest of them goes, in nanoseconds.
    pub furthest: u64,
}

impl Order {
    /// Takes the time of a frame.
    pub(super) fn take(&mut self, timestamp: Option<u64>) {
        let back = self.latest.zip(timestamp).and_then(|(latest, now)| latest.checked_sub(now));
        if let Some(back) = back.filter(|back| *back > 0) {
            self.back = self.back.saturating_add(1);
            self.furthest = self.furthest.max(back);
        }
        self.latest = self.latest.max(timestamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_back_is_counted_with_the_furthest() {
        let mut order = Order::default();
        for time in [None, Some(5), Some(5), Some(9), None, Some(7), Some(2), Some(10)] {
            order.take(time);
        }
        assert_eq!(order, Order { latest: Some(10), back: 2, furthest: 7 });
    }
}
