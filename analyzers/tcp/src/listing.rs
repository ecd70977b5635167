//! Connections that are kept for a list in the report, in an order that only shows when all of them ended.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::finding::Frames;
use mcpcap_analyzer::stats::{PageInfo, Window};

use crate::limits::RANKED;
use crate::tracker::connection::Connection;

/// The entries with the highest keys, up to a number; of equal keys those with the lowest `id`.
pub struct Best<T> {
    most: usize,
    total: u64,
    kept: BTreeMap<(Reverse<u64>, u64), T>,
}

impl<T> Best<T> {
    /// Nothing kept yet, and no more than `most` at any time.
    pub fn new(most: usize) -> Self {
        Self { most, total: 0, kept: BTreeMap::new() }
    }

    /// Counts an entry, which is only made when it is among the best so far.
    pub fn add(&mut self, key: u64, id: u64, entry: impl FnOnce() -> T) {
        self.total = self.total.saturating_add(1);
        let key = (Reverse(key), id);
        if self.kept.len() >= self.most {
            if self.kept.last_key_value().is_none_or(|(last, _)| *last <= key) {
                return;
            }
            self.kept.pop_last();
        }
        self.kept.insert(key, entry());
    }

    /// How many were not kept.
    pub fn left_out(&self) -> u64 {
        self.total.saturating_sub(self.kept.len() as u64)
    }

    /// Those that were kept, the best first.
    pub fn into_entries(self) -> impl Iterator<Item = T> {
        self.kept.into_values()
    }
}

/// The part of a list that is asked for: entries by falling key, the first connections first where keys are equal.
pub struct Ranked<T> {
    offset: u64,
    limit: usize,
    best: Best<T>,
}

impl<T> Ranked<T> {
    /// Nothing listed yet.
    pub fn new(window: Window) -> Self {
        let limit = window.limit.min(Window::MOST);
        let end = usize::try_from(window.offset).unwrap_or(usize::MAX).saturating_add(limit);
        Self { offset: window.offset, limit, best: Best::new(end.min(RANKED)) }
    }

    /// Counts an entry, which is only made when it may be in the part.
    pub fn add(&mut self, key: u64, id: u64, entry: impl FnOnce() -> T) {
        self.best.add(key, id, entry);
    }

    /// How many entries there are.
    pub fn total(&self) -> u64 {
        self.best.total
    }

    /// The entries of the part, and where they stand among those that can be paged through.
    pub fn finish(self, list: &'static str) -> (Vec<T>, PageInfo) {
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let total = self.total().min(RANKED as u64);
        let entries: Vec<_> = self.best.into_entries().skip(skipped).take(self.limit).collect();
        let info = PageInfo::new(list, total, self.offset, entries.len());
        (entries, info)
    }
}

/// A share as a key: shares are not negative, so that their bits are in their order.
pub fn key(share: f64) -> u64 {
    share.to_bits()
}

/// What a list says of a connection.
#[derive(Debug, Clone)]
pub struct Row {
    /// Place in the order of appearance.
    pub id: u64,
    /// `client <-> server`.
    pub connection: String,
    /// Segments.
    pub packets: u64,
    /// Segments sent again: plain, fast and spurious ones.
    pub resent: [u64; 3],
    /// Frames of the first of them.
    pub frames: Frames,
}

impl Row {
    /// The row of a connection.
    pub fn new(connection: &Connection) -> Self {
        let [plain, fast, spurious] = connection.client.resent;
        let [more_plain, more_fast, more_spurious] = connection.server.resent;
        Self {
            id: connection.id,
            connection: crate::report::text(connection),
            packets: connection.packets(),
            resent: [
                plain.saturating_add(more_plain),
                fast.saturating_add(more_fast),
                spurious.saturating_add(more_spurious),
            ],
            frames: connection.resent_frames().cited(),
        }
    }

    /// Segments sent again.
    pub fn resent(&self) -> u64 {
        self.resent.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_joined_are_the_whole_list_in_order() {
        let mut all = Vec::new();
        for offset in [0, 4, 8] {
            let mut ranked = Ranked::new(Window { offset, limit: 4, ..Window::default() });
            for id in 0..10_u64 {
                ranked.add(key([0.5, 0.25, 1.0][(id % 3) as usize]), id, || id);
            }
            let (entries, info) = ranked.finish("list");
            assert_eq!((info.total, info.offset, info.returned), (10, offset, entries.len() as u64));
            all.extend(entries);
        }
        assert_eq!(all, [2, 5, 8, 0, 3, 6, 9, 1, 4, 7]);
    }

    #[test]
    fn the_best_stay_and_the_others_are_counted() {
        let mut best = Best::new(3);
        for (id, key) in [5, 1, 9, 5, 7, 1, 9].into_iter().enumerate() {
            best.add(key, id as u64, || (key, id));
        }
        assert_eq!(best.left_out(), 4);
        assert_eq!(best.into_entries().collect::<Vec<_>>(), [(9, 2), (9, 6), (7, 4)]);
        let mut none = Best::new(0);
        none.add(1, 1, || ());
        assert_eq!((none.left_out(), none.into_entries().count()), (1, 0));
    }

    #[test]
    fn what_can_be_paged_through_is_bounded_and_all_is_counted() {
        let mut ranked = Ranked::new(Window { offset: 1 << 40, limit: 1000, ..Window::default() });
        (0..10_000).for_each(|id| ranked.add(id, id, || id));
        assert_eq!((ranked.total(), ranked.best.kept.len()), (10_000, RANKED));
        let (entries, info) = ranked.finish("list");
        assert_eq!((entries.len(), info.total), (0, RANKED as u64));
    }
}
