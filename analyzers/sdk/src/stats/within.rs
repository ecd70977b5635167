//! Pages of lists that stand within the entries of other lists: `findings[].frames`.
//!
//! Such a list is kept while its entry is one of many, so each holds a bounded part. A part is *whole up to a place*: it has every value that came
//! between two places of an order that does not depend on when a value came. So parts that follow each other hold each value once, whatever
//! room each run had.

use std::cell::Cell;

use serde::Deserialize;

/// The page of a list within entries that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Name of the list: `findings[].frames`.
    pub list: String,
    /// Where it begins: behind this place, which the page before gave as [`PageInfo::next`](super::PageInfo::next).
    pub after: u64,
}

thread_local! {
    /// Where the page of each list of frames begins, if a page of one is asked for. An instance of a component has one thread and makes one run.
    static AFTER: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Begins a run with such a page, or without.
pub(crate) fn begin(within: Option<&Within>) {
    AFTER.set(within.map(|within| within.after));
}

/// Where the page begins that this run is to keep of each list within an entry.
pub(crate) fn after() -> Option<u64> {
    AFTER.get()
}

/// The name of the list within the entry at a place: `findings[3].frames`.
pub(crate) fn named(list: &str, place: usize) -> String {
    list.replacen("[]", &format!("[{place}]"), 1)
}
