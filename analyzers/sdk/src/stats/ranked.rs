//! Lists whose order shows only when all of their entries came.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Beyond, PageInfo, Part, Window};

/// The entries with the highest keys, up to a number; of equal keys those with the lowest `id`. What they turn away can go to a [`Beyond`].
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

    /// Counts an entry, which is only made when it is among the best so far. What is not, or is no longer, goes to `away`.
    pub fn add<F: FnOnce() -> T>(&mut self, key: u64, id: u64, entry: F, away: impl FnOnce(Away<T, F>)) {
        self.total = self.total.saturating_add(1);
        let key = (Reverse(key), id);
        if self.kept.len() < self.most {
            self.kept.insert(key, entry());
        } else if self.kept.last_key_value().is_none_or(|(last, _)| *last <= key) {
            away(Away::New(entry));
        } else if let Some((_, last)) = self.kept.pop_last() {
            self.kept.insert(key, entry());
            away(Away::Kept(last));
        }
    }

    /// Those that were kept, the best first.
    pub fn into_entries(self) -> impl Iterator<Item = T> {
        self.kept.into_values()
    }
}

/// An entry for which there is no place.
pub enum Away<T, F> {
    /// It never was there, and is not made yet.
    New(F),
    /// A better one takes its place.
    Kept(T),
}

impl<T, F: FnOnce() -> T> Away<T, F> {
    /// The entry.
    pub fn entry(self) -> T {
        match self {
            Self::New(made) => made(),
            Self::Kept(entry) => entry,
        }
    }
}

/// Entries that a [`Ranked`] list has in order.
const RANKED: usize = 4096;

/// The part of a list that is asked for: 4,096 entries by falling key, those with the lowest `id` first where keys are equal, and behind them all others,
/// as they came.
///
/// ```
/// use mcpcap_analyzer::stats::{Part, Ranked};
///
/// let mut ranked = Ranked::new(Part { offset: 1, limit: 2 });
/// (0..).zip([5, 9, 5, 7]).for_each(|(id, key)| ranked.add(key, id, || id));
/// assert_eq!((ranked.total(), ranked.into_entries()), (4, vec![3, 0]));
/// ```
pub struct Ranked<T> {
    part: Part,
    best: Best<T>,
    beyond: Beyond<T>,
}

impl<T> Ranked<T> {
    /// Nothing listed yet.
    pub fn new(part: Part) -> Self {
        let behind = part.offset.saturating_sub(RANKED);
        let beyond = Part { offset: behind, limit: part.end().saturating_sub(RANKED.saturating_add(behind)) };
        Self { part, best: Best::new(part.end().min(RANKED)), beyond: Beyond::new(beyond) }
    }

    /// Nothing listed yet of a list of [`Tool::PAGED`](crate::Tool::PAGED).
    pub fn of_page(window: &Window) -> Self {
        let offset = usize::try_from(window.offset).unwrap_or(usize::MAX);
        Self::new(Part { offset, limit: window.limit.min(Window::MOST) })
    }

    /// Counts an entry, which is only made when it may be in the part.
    pub fn add(&mut self, key: u64, id: u64, entry: impl FnOnce() -> T) {
        let beyond = &mut self.beyond;
        self.best.add(key, id, entry, |away| beyond.push(|| away.entry()));
    }

    /// How many entries there are.
    pub fn total(&self) -> u64 {
        self.best.total
    }

    /// The entries of the part.
    pub fn into_entries(self) -> Vec<T> {
        let Part { offset, limit } = self.part;
        self.best.into_entries().skip(offset).take(limit).chain(self.beyond.into_entries()).collect()
    }

    /// The same, and where they stand among all.
    pub fn finish(self, list: &'static str) -> (Vec<T>, PageInfo) {
        let (total, offset) = (self.total(), self.part.offset as u64);
        let entries = self.into_entries();
        let info = PageInfo::new(list, total, offset, entries.len());
        (entries, info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_joined_are_the_whole_list_in_order() {
        let mut all = Vec::new();
        for offset in [0, 4, 8] {
            let mut ranked = Ranked::of_page(&Window { offset, limit: 4, ..Window::default() });
            for id in 0..10_u64 {
                ranked.add([5, 2, 10][(id % 3) as usize], id, || id);
            }
            let (entries, info) = ranked.finish("list");
            assert_eq!((info.total, info.offset, info.returned), (10, offset, entries.len() as u64));
            all.extend(entries);
        }
        assert_eq!(all, [2, 5, 8, 0, 3, 6, 9, 1, 4, 7]);
    }

    #[test]
    fn the_best_stay_and_the_others_go() {
        let (mut best, mut gone) = (Best::new(3), Vec::new());
        for (id, key) in [5, 1, 9, 5, 7, 1, 9].into_iter().enumerate() {
            best.add(key, id as u64, || (key, id), |away| gone.push(away.entry()));
        }
        assert_eq!(gone, [(1, 1), (5, 3), (1, 5), (5, 0)]);
        assert_eq!(best.into_entries().collect::<Vec<_>>(), [(9, 2), (9, 6), (7, 4)]);
        let mut none = Best::new(0);
        none.add(1, 1, || (), |away| assert!(matches!(away, Away::New(_))));
        assert_eq!((none.total, none.into_entries().count()), (1, 0));
    }

    #[test]
    fn a_list_goes_on_behind_those_in_order() {
        let page = |offset: u64| {
            let mut ranked = Ranked::of_page(&Window { offset, limit: 1000, ..Window::default() });
            // In no order.
            (0..10_007_u64).for_each(|n| ranked.add(n * 7919 % 10_007, n, || n * 7919 % 10_007));
            assert!(ranked.best.kept.len() <= RANKED);
            let (entries, info) = ranked.finish("list");
            assert_eq!((info.total, info.offset, info.returned), (10_007, offset, entries.len() as u64));
            entries
        };
        let mut all: Vec<u64> = (0..11).flat_map(|nth| page(nth * 1000)).collect();
        assert!(all[..RANKED].iter().copied().eq((0..10_007).rev().take(RANKED)));
        assert!(page(3_800) == all[3_800..4_800] && page(20_000).is_empty());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..10_007));
    }
}
