//! Pages of lists that stand within the entries of other lists: `findings[].frames`; and of other lists, where they go on behind what has an order of its
//! own.
//!
//! A list within an entry is kept while its entry is one of many, so each holds a bounded part. A part is *whole up to a place*: it has every value that came
//! between two places of an order that does not depend on when a value came. So parts that follow each other hold each value once, whatever
//! room each run had.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde::Deserialize;

use super::Pool;

/// The page of a list within entries that is asked for, or of a list behind those of its entries that have an order of their own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Name of the list: `findings[].frames`, `statistics.names`.
    pub list: String,
    /// Where it begins: behind this place, which the page before gave as [`PageInfo::next`](super::PageInfo::next); 0: at the beginning.
    pub after: u64,
}

impl Within {
    /// Behind what the page of the list with that name begins, when one is asked for in this run.
    pub fn asked(list: &str) -> Option<u64> {
        after(list)
    }
}

thread_local! {
    /// The page that is asked for. An instance of a component has one thread and makes one run.
    static ASKED: RefCell<Option<Within>> = const { RefCell::new(None) };
    /// Where it begins, when it is one of frames.
    static AFTER_FRAME: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Begins a run with such a page, or without.
pub(crate) fn begin(within: Option<&Within>) {
    AFTER_FRAME.set(within.filter(|within| within.list.ends_with("frames")).map(|within| within.after));
    ASKED.set(within.cloned());
}

/// Behind which frame the page begins that this run is to keep of each list of frames.
pub(crate) fn after_frame() -> Option<u64> {
    AFTER_FRAME.get()
}

/// Behind what the page of a list begins, when one is asked for.
pub(crate) fn after(list: &str) -> Option<u64> {
    ASKED.with_borrow(|asked| asked.as_ref().filter(|asked| asked.list == list).map(|asked| asked.after))
}

/// The name of the list within the entries at some places: `findings[3].frames`.
pub(crate) fn named(list: &str, places: &[usize]) -> String {
    places.iter().fold(list.to_owned(), |name, place| name.replacen("[]", &format!("[{place}]"), 1))
}

/// The same without the places: `findings[].frames`.
pub(crate) fn general(name: &str) -> String {
    let mut is_place = false;
    let is_kept = |c: &char| {
        is_place = (is_place || *c == '[') && *c != ']';
        !is_place || *c == '['
    };
    name.chars().filter(is_kept).collect()
}

/// Room for one page of a list that is not within entries.
pub(super) fn room() -> Pool {
    Pool::new(16 * Pool::MOST)
}

/// A page of a list: the values behind a place, in an order of their own.
#[derive(Debug, Clone)]
pub(super) struct Part<T> {
    after: u64,
    values: BTreeMap<u64, (T, u64)>,
    /// The first place that was left out: up to here the part is whole.
    cut: Option<u64>,
}

impl<T> Part<T> {
    /// Values that a part holds whatever the room.
    const KEPT: usize = 20;

    /// None yet.
    pub fn new(after: u64) -> Self {
        Self { after, values: BTreeMap::new(), cut: None }
    }

    /// Takes a value whose place in the order of pages is this one.
    pub fn add(&mut self, place: u64, value: impl FnOnce() -> T, pool: &mut Pool) {
        self.add_weight(place, 1, value, pool);
    }

    /// The same, with a weight in place of 1.
    pub fn add_weight(&mut self, place: u64, weight: u64, value: impl FnOnce() -> T, pool: &mut Pool) {
        self.add_or(place, weight, value, pool, drop);
    }

    /// The same; `gone` takes the value for which there is no longer room.
    pub fn add_or(
        &mut self,
        place: u64,
        weight: u64,
        value: impl FnOnce() -> T,
        pool: &mut Pool,
        gone: impl FnOnce(T),
    ) {
        // 0 is the beginning, and stands before the first place.
        let place = place.max(1);
        if place <= self.after || self.cut.is_some_and(|cut| place >= cut) {
            return;
        }
        if let Some((_, count)) = self.values.get_mut(&place) {
            *count = count.saturating_add(weight);
            return;
        }
        if !pool.admits_to_page(self.values.len(), Self::KEPT) {
            if self.values.last_key_value().is_none_or(|(last, _)| *last < place) {
                self.cut = Some(place);
                return;
            }
            self.cut = self.values.pop_last().map(|(last, (value, _))| {
                gone(value);
                last
            });
        }
        self.values.insert(place, (value(), weight));
    }

    /// The value at a place in the order of pages.
    pub fn get(&self, place: u64) -> Option<&T> {
        self.values.get(&place.max(1)).map(|(value, _)| value)
    }

    /// The same for changing.
    pub fn get_mut(&mut self, place: u64) -> Option<&mut T> {
        self.values.get_mut(&place.max(1)).map(|(value, _)| value)
    }

    /// Those that are here.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &(T, u64)> {
        self.values.values()
    }

    /// The same for changing.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.values.values_mut().map(|(value, _)| value)
    }

    /// The last value for which something holds.
    pub fn last_mut(&mut self, holds: impl Fn(&T) -> bool) -> Option<&mut T> {
        self.values.values_mut().rev().map(|(value, _)| value).find(|value| holds(value))
    }

    /// The values.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        self.values.into_values().map(|(value, _)| value)
    }

    /// The last place here, when others follow.
    pub fn next(&self) -> Option<u64> {
        self.cut.and(self.values.last_key_value().map(|(last, _)| *last))
    }

    /// Gives its room back.
    pub fn release(&self, pool: &mut Pool) {
        pool.release_page(self.values.len(), Self::KEPT);
    }
}
