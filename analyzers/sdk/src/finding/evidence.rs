//! The frames that show a finding.

use std::cell::Cell;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::stats::{Pool, within};

/// Frames beyond the first [`Evidence::KEPT`] of each list that all lists of a run keep together: 512 KiB.
const ROOM: usize = 65_536;

thread_local! {
    /// What is left of [`ROOM`]. An instance of a component has one thread and makes one run; lists give their part back when they go.
    static POOL: Cell<Pool> = Cell::new(Pool::new(ROOM));
}

/// Numbers of frames, rising and each once: the smallest that were added, [`Evidence::KEPT`] always and up to [`Evidence::MOST`] while the room lasts
/// that all lists share. In a run that is asked for a page of such a list, that page is kept too.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Frames {
    numbers: Vec<u64>,
    /// The smallest that was left out: up to here the list is whole.
    #[serde(skip)]
    cut: Option<u64>,
    /// The page that is asked for.
    #[serde(skip)]
    page: Option<Box<Frames>>,
}

impl Frames {
    const fn new() -> Self {
        Self { numbers: Vec::new(), cut: None, page: None }
    }

    /// Adds a frame, if there is room for it and the list is whole up to it.
    fn add(&mut self, frame: u64) {
        match within::after_frame() {
            None => self.keep(frame, Evidence::MOST),
            Some(after) => {
                self.keep(frame, Evidence::KEPT);
                if frame > after {
                    self.page.get_or_insert_with(|| Box::new(Self::new())).keep(frame, Evidence::MOST);
                }
            }
        }
    }

    fn keep(&mut self, frame: u64, most: usize) {
        if self.cut.is_some_and(|cut| frame >= cut) {
            return;
        }
        // They mostly come in order.
        let place = match self.numbers.last() {
            Some(last) if *last >= frame => match self.numbers.binary_search(&frame) {
                Ok(_) => return,
                Err(place) => place,
            },
            _ => self.numbers.len(),
        };
        if self.numbers.len() < most && has_room(self.numbers.len()) {
            self.numbers.insert(place, frame);
        } else if place == self.numbers.len() {
            self.cut = Some(frame);
        } else {
            self.cut = self.numbers.pop();
            self.numbers.insert(place, frame);
        }
    }

    /// Takes over those of another list, and where it ends.
    fn extend(&mut self, other: &Self) {
        let most = if within::after_frame().is_some() { Evidence::KEPT } else { Evidence::MOST };
        self.extend_to(other, most);
        if let Some(page) = &other.page {
            self.page.get_or_insert_with(|| Box::new(Self::new())).extend_to(page, Evidence::MOST);
        }
    }

    fn extend_to(&mut self, other: &Self, most: usize) {
        other.numbers.iter().for_each(|frame| self.keep(*frame, most));
        if let Some(cut) = other.cut.filter(|cut| self.cut.is_none_or(|own| *cut < own)) {
            let before = self.beyond();
            self.numbers.truncate(self.numbers.partition_point(|frame| *frame < cut));
            give_back(before.saturating_sub(self.beyond()));
            self.cut = Some(cut);
        }
    }

    /// All that is kept, to be handed on to another component.
    pub(crate) fn kept(&self) -> Kept {
        let page = self.page.as_ref().map(|page| (page.numbers.clone(), page.cut));
        Kept { numbers: self.numbers.clone(), cut: self.cut, page }
    }

    /// Takes over what another component kept, as far as there is room here.
    pub(crate) fn of_kept(kept: &Kept) -> Self {
        let taken = |numbers: &[u64], cut: Option<u64>| {
            let mut frames = Self::new();
            numbers.iter().for_each(|frame| frames.keep(*frame, Evidence::MOST));
            frames.cut = frames.cut.or(cut);
            frames
        };
        let page = kept.page.as_ref().map(|(numbers, cut)| Box::new(taken(numbers, *cut)));
        let mut frames = taken(&kept.numbers, kept.cut);
        frames.page = page;
        frames
    }

    /// Makes it the page that is asked for.
    pub(crate) fn turn(&mut self) {
        let page = self.page.take().map_or_else(Self::new, |page| *page);
        *self = page;
    }

    /// The last frame here, when others follow.
    pub(crate) fn next(&self) -> Option<u64> {
        self.cut.and(self.numbers.last().copied())
    }

    /// Those that came out of the shared room.
    fn beyond(&self) -> usize {
        self.numbers.len().saturating_sub(Evidence::KEPT)
    }
}

/// What [`Frames`] hold, as one component writes it for another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The smallest ones.
    numbers: Vec<u64>,
    /// The smallest that was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    /// The page that was asked for, with the smallest that was left out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<(Vec<u64>, Option<u64>)>,
}

impl Default for Frames {
    fn default() -> Self {
        Self::new()
    }
}

fn has_room(kept: usize) -> bool {
    POOL.with(|pool| {
        let mut left = pool.get();
        let has_room = left.admits(kept, Evidence::KEPT);
        pool.set(left);
        has_room
    })
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
        let mut copy = Self::new();
        copy.extend(self);
        copy
    }
}

impl Deref for Frames {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.numbers
    }
}

impl FromIterator<u64> for Frames {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut frames = Self::new();
        numbers.into_iter().for_each(|frame| frames.add(frame));
        frames
    }
}

impl From<Vec<u64>> for Frames {
    fn from(numbers: Vec<u64>) -> Self {
        numbers.into_iter().collect()
    }
}

/// Frame numbers for a finding: the smallest ones, and how many there were.
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
        self.frames.add(frame);
    }

    /// Both together, as if the frames had been added to one.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let mut frames = self.frames.clone();
        frames.extend(&other.frames);
        Self { frames, last: self.last.max(other.last), total: self.total.saturating_add(other.total) }
    }

    /// The smallest ones, rising.
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

impl FromIterator<u64> for Evidence {
    fn from_iter<I: IntoIterator<Item = u64>>(frames: I) -> Self {
        let mut evidence = Self::default();
        frames.into_iter().for_each(|frame| evidence.add(frame));
        evidence
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

    /// Follows the pages of what `made` makes in each run.
    fn joined(made: impl Fn() -> Evidence) -> (Vec<u64>, usize) {
        let (mut joined, mut pages) = (Vec::new(), 1);
        within::begin(None);
        let mut frames = made().cited();
        loop {
            joined.extend_from_slice(&frames);
            let Some(next) = frames.next() else { break };
            pages += 1;
            within::begin(Some(&within::Within { list: super::super::FRAMES.into(), after: next }));
            let evidence = made();
            assert!(evidence.frames().len() <= Evidence::KEPT);
            frames = evidence.cited();
            frames.turn();
            assert!(frames.len() >= Evidence::KEPT || frames.next().is_none());
        }
        within::begin(None);
        (joined, pages)
    }

    #[test]
    fn pages_joined_are_all_frames_in_order_and_each_once() {
        let (all, pages) = joined(|| of(10_000));
        assert!(all.into_iter().eq(1..=10_000) && pages == 10, "{pages}");
        // Added in whatever order, and some of them again.
        let mixed = || {
            let mut evidence = Evidence::default();
            (0..10_007_u64).for_each(|n| evidence.add(n * 7919 % 10_007 + 1));
            (1..=10_007).rev().step_by(3).for_each(|n| evidence.add(n));
            evidence
        };
        assert!(joined(mixed).0.into_iter().eq(1..=10_007));
    }

    #[test]
    fn pages_of_joined_lists_are_all_frames_of_both() {
        let both = || {
            let mut sides = [Evidence::default(), Evidence::default(), Evidence::default()];
            (1..=9_000).for_each(|n| sides[if n < 5_000 { n % 2 } else { 1 }].add(n as u64));
            (1..=9_000).step_by(5).for_each(|n| sides[2].add(n));
            sides[0].joined(&sides[1]).joined(&sides[2])
        };
        assert!(joined(both).0.into_iter().eq(1..=9_000));
    }

    #[test]
    fn pages_are_whole_when_the_room_is_used_up() {
        let others: Vec<Evidence> = (0..3_000).map(|_| of(100)).collect();
        // The room comes back in the middle: what is left out stays left out.
        let made = || {
            let before: Vec<Evidence> = (0..100).map(|_| of(3_000)).collect();
            let mut evidence = of(500);
            drop(before);
            (501..=3_000).for_each(|frame| evidence.add(frame));
            evidence
        };
        assert!(joined(made).0.into_iter().eq(1..=3_000));
        drop(others);
        assert!(joined(made).0.into_iter().eq(1..=3_000));
    }

    #[test]
    fn a_frame_with_two_messages_is_one_frame() {
        let mut evidence = Evidence::default();
        evidence.add(7);
        evidence.add(7);
        assert_eq!((evidence.frames(), evidence.total()), (&[7][..], 1));
    }
}
