//! The frames that show a finding.

use std::cell::Cell;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::stats::Pool;

/// Frames beyond the first [`Evidence::KEPT`] of each list that all lists of a run keep together: 512 KiB.
const ROOM: usize = 65_536;

thread_local! {
    /// What is left of [`ROOM`]. An instance of a component has one thread and makes one run; lists give their part back when they go.
    static POOL: Cell<Pool> = Cell::new(Pool::new(ROOM));
}

/// Numbers of frames: the first [`Evidence::KEPT`] always, and up to [`Evidence::MOST`] while the room lasts that all lists share.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Frames(Vec<u64>);

impl Frames {
    /// Adds a frame, if there is room for it.
    fn push(&mut self, frame: u64) {
        let has_room = || {
            POOL.with(|pool| {
                let mut left = pool.get();
                let has_room = left.admits(self.0.len(), Evidence::KEPT);
                pool.set(left);
                has_room
            })
        };
        if self.0.len() < Evidence::KEPT || has_room() {
            self.0.push(frame);
        }
    }

    /// Rising, each once.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        let before = self.beyond();
        self.0.sort_unstable();
        self.0.dedup();
        give_back(before.saturating_sub(self.beyond()));
        self
    }

    /// Those that came out of the shared room.
    fn beyond(&self) -> usize {
        self.0.len().saturating_sub(Evidence::KEPT)
    }
}

fn give_back(frames: usize) {
    // When a thread ends its room may be gone before its lists.
    let _ = POOL.try_with(|pool| {
        let mut left = pool.get();
        left.give_back(frames);
        pool.set(left);
    });
}

impl Drop for Frames {
    fn drop(&mut self) {
        if self.beyond() > 0 {
            give_back(self.beyond());
        }
    }
}

impl Clone for Frames {
    fn clone(&self) -> Self {
        self.iter().copied().collect()
    }
}

impl Deref for Frames {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.0
    }
}

impl FromIterator<u64> for Frames {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut frames = Self::default();
        numbers.into_iter().for_each(|frame| frames.push(frame));
        frames
    }
}

impl From<Vec<u64>> for Frames {
    fn from(numbers: Vec<u64>) -> Self {
        numbers.into_iter().collect()
    }
}

/// Frame numbers for a finding: the first ones, and how many there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    frames: Frames,
    last: Option<u64>,
    total: u64,
}

impl Evidence {
    /// How many frame numbers a finding cites at least, if there are so many.
    pub const KEPT: usize = 20;
    /// How many it cites at the most.
    pub const MOST: usize = Pool::MOST;

    /// Adds a frame. The same frame twice in a row counts once.
    pub fn add(&mut self, frame: u64) {
        if self.last.replace(frame) == Some(frame) {
            return;
        }
        self.total = self.total.saturating_add(1);
        self.frames.push(frame);
    }

    /// Both together, as if the frames had been added in their order.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut frames = [self.frames(), other.frames()].concat();
        frames.sort_unstable();
        frames.dedup();
        Self {
            frames: frames.into_iter().collect(),
            last: self.last.max(other.last),
            total: self.total.saturating_add(other.total),
        }
    }

    /// The first frames, in the order they were added.
    pub fn frames(&self) -> &[u64] {
        &self.frames
    }

    /// The same, to be kept elsewhere: they count against the room of all lists.
    pub fn cited(&self) -> Frames {
        self.frames.clone()
    }

    /// How many frames were added.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(frames: u64) -> Evidence {
        let mut evidence = Evidence::default();
        (1..=frames).for_each(|frame| evidence.add(frame));
        evidence
    }

    #[test]
    fn the_first_frames_are_kept_and_all_are_counted() {
        let evidence = of(5000);
        assert!(evidence.frames().iter().copied().eq(1..=1024));
        assert_eq!(evidence.total(), 5000);
    }

    #[test]
    fn all_lists_share_a_room_and_each_has_its_first_frames() {
        let many: Vec<Evidence> = (0..10_000).map(|_| of(100)).collect();
        assert!(many.iter().all(|one| one.frames().len() >= Evidence::KEPT && one.total() == 100));
        assert_eq!((many[0].frames().len(), many[700].frames().len()), (100, 100));
        let beyond: usize = many.iter().map(|one| one.frames().len() - Evidence::KEPT).sum();
        assert!(beyond <= ROOM && beyond > ROOM - 100, "{beyond}");
        // A copy has no more room than what is left, and what goes makes room.
        assert_eq!(many[0].clone().frames().len(), Evidence::KEPT);
        drop(many);
        let one = of(2000);
        assert_eq!((one.frames().len(), one.clone().frames().len()), (Evidence::MOST, Evidence::MOST));
    }

    #[test]
    fn one_list_leaves_room_for_others() {
        let large: Vec<Evidence> = (0..1000).map(|_| of(1024)).collect();
        assert!(large.windows(2).all(|pair| pair[0].frames().len() >= pair[1].frames().len()));
        assert_eq!((large[0].frames().len(), large[54].frames().len()), (Evidence::MOST, Evidence::MOST));
        assert!(large[63].frames().len() > 100, "{}", large[63].frames().len());
    }

    #[test]
    fn evidence_of_two_sides_is_joined_in_order() {
        let (mut one, mut other) = (Evidence::default(), Evidence::default());
        (1..=15).for_each(|n| one.add(n * 2));
        (1..=15).for_each(|n| other.add(n * 2 + 1));
        let both = one.joined(&other);
        assert!(both.frames().iter().copied().eq(2..=31));
        assert_eq!(both.total(), 30);
    }

    #[test]
    fn a_frame_with_two_messages_is_one_frame() {
        let mut evidence = Evidence::default();
        evidence.add(7);
        evidence.add(7);
        assert_eq!((evidence.frames(), evidence.total()), (&[7][..], 1));
    }
}
