//! Which entries of a report's long lists are held while it is read: those that the answer can show. A component lists up to a thousand at once.

use serde_json::Value;

use super::arguments::Common;
use super::draft::{self, Window};
use super::filter::{Condition, applies};
use super::schema::sortable;
use super::{FINDINGS, Tool, path, sort};
use crate::effort::{Lists, VALUES, values};

/// What was read of a list, and what of it is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Its name.
    pub(super) list: String,
    /// Entries that were read, those that were passed over among them.
    pub(super) read: u64,
    /// Those before the page that is asked for.
    pub(super) before: u64,
    /// Where in the list the entries stand that fit the conditions; nothing without any.
    pub(super) matched: Option<Vec<u64>>,
    /// Where those stand that are held, when they are in another order or not all.
    pub(super) places: Option<Vec<u64>>,
}

impl Held {
    /// Whether more was read that fits than is held.
    pub(super) fn goes_on(&self, held: usize) -> bool {
        let fitting = self.matched.as_ref().map_or(self.read.saturating_sub(self.before), |places| places.len() as u64);
        (held as u64) < fitting
    }

    /// What was read of the following window.
    pub(super) fn append(&mut self, more: Self) {
        self.read = self.read.saturating_add(more.read);
        let join = |known: &mut Option<Vec<u64>>, more: Option<Vec<u64>>| {
            if let (Some(known), Some(more)) = (known, more) {
                known.extend(more);
            }
        };
        join(&mut self.matched, more.matched);
        join(&mut self.places, more.places);
    }
}

/// Holds entries while a report is read.
pub(super) struct Sieve<'a> {
    tool: &'a Tool,
    common: &'a Common,
    window: &'a Window,
    /// The lists so far; the last is being read.
    held: Vec<Held>,
    now: Taking<'a>,
    /// Values that entries may still have.
    left: usize,
}

/// Values of all entries that are held. What else a report has is as much at the most.
const ROOM: usize = VALUES / 2;

/// How the entries of a list are taken.
#[derive(Default)]
struct Taking<'a> {
    conditions: &'a [Condition],
    sort: Option<&'a (String, bool)>,
    /// So many are held at the most.
    most: usize,
    /// Whether there is no room for those that follow.
    is_full: bool,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(tool: &'a Tool, common: &'a Common, window: &'a Window) -> Self {
        Self { tool, common, window, held: Vec::new(), now: Taking::default(), left: ROOM }
    }

    pub(super) fn held(self) -> Vec<Held> {
        self.held
    }

    /// How a list is taken; `None`: wholly.
    fn taking(&self, list: &str) -> Option<Taking<'a>> {
        let common = self.common;
        // Entries of findings are few, and cut lists are asked for by name, in windows of their own.
        let is_plain = self.window.within.is_none() && common.within.is_none() && common.further.is_none();
        let is_long = is_plain && list != FINDINGS && self.tool.paged.iter().any(|paged| paged == list);
        if !is_long {
            return None;
        }
        let schema = path::schema_at(self.tool.report(), list);
        let is_filtered = !common.conditions.is_empty() && applies(&common.conditions, schema);
        let sort = common.sort.as_ref().filter(|(field, _)| sortable(self.tool.report(), list).contains(field));
        // The one behind the last tells that there are more. A page of a sorted list begins somewhere in it.
        let skipped = if sort.is_some() { usize::try_from(common.offset()).unwrap_or(usize::MAX) } else { 0 };
        let most = draft::fitting(common).saturating_add(1).saturating_add(skipped);
        let conditions = if is_filtered { common.conditions.as_slice() } else { &[] };
        Some(Taking { conditions, sort, most, is_full: false })
    }

    /// Entries of a list in this window that stand before the page which was asked for.
    fn before(&self, list: &str) -> u64 {
        let is_here = self.common.page() == Some(list) && self.common.sort.is_none();
        if is_here { self.common.offset().saturating_sub(self.window.offset) } else { 0 }
    }
}

impl Lists for Sieve<'_> {
    fn begin(&mut self, field: &str) -> bool {
        let Some(taking) = self.taking(field) else { return false };
        self.held.retain(|held| held.list != field);
        self.held.push(Held {
            list: field.to_owned(),
            read: 0,
            before: self.before(field),
            matched: (!taking.conditions.is_empty()).then(Vec::new),
            places: (!taking.conditions.is_empty() || taking.sort.is_some()).then(Vec::new),
        });
        self.now = taking;
        true
    }

    fn wants(&self) -> bool {
        // Those that fit are counted, whether there is room for them or not.
        let is_over = self.now.is_full && (self.now.conditions.is_empty() || self.now.sort.is_some());
        !is_over && self.held.last().is_none_or(|held| held.read >= held.before)
    }

    fn pass(&mut self) {
        // Of a list that cannot be sorted no more is looked at.
        let is_lost = self.now.is_full && self.now.sort.is_some();
        if let Some(held) = self.held.last_mut().filter(|_| !is_lost) {
            held.read = held.read.saturating_add(1);
        }
    }

    fn take(&mut self, entry: Value, entries: &mut Vec<Value>) -> usize {
        let Some(held) = self.held.last_mut() else { return 0 };
        let now = &mut self.now;
        let place = self.window.offset.saturating_add(held.read);
        held.read = held.read.saturating_add(1);
        if !now.conditions.iter().all(|condition| condition.fits(&entry)) {
            return values(&entry);
        }
        if let Some(matched) = &mut held.matched {
            matched.push(place);
        }
        let size = values(&entry);
        // Numbers and texts take little, and there may be as many of them as entries.
        let is_long = entries.len() >= now.most && entry.is_object() && now.sort.is_none();
        if now.is_full || is_long || (size > self.left && !entries.is_empty() && now.sort.is_none()) {
            now.is_full = true;
            return size;
        }
        entries.push(entry);
        self.left = self.left.saturating_sub(size);
        let Some(places) = &mut held.places else { return 0 };
        places.push(place);
        let (Some(by), true) = (now.sort, self.left == 0 || entries.len() >= now.most.saturating_mul(2)) else {
            return 0;
        };
        let freed = sort::best(entries, places, by, now.most);
        self.left = self.left.saturating_add(freed);
        // What was left out may belong to a later page, and what comes before an earlier one.
        now.is_full = self.left == 0;
        freed
    }
}
