//! A part of a long list.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Within;

/// Which part of its lists a report is to hold. The host asks for it, as a client pages through a report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// How many items come before the first one listed.
    pub offset: u64,
    /// How many items to list.
    pub limit: usize,
    /// The list of [`Tool::CUT`](crate::Tool::CUT) that is asked for; absent: those of [`Tool::PAGED`](crate::Tool::PAGED).
    pub list: Option<String>,
    /// The page of a list within the entry at `offset` that is asked for; or of `list` itself, behind its entries that have an order.
    pub within: Option<Within>,
}

impl Window {
    /// The most items that a list holds. The host asks again for more.
    pub const MOST: usize = 1000;
}

impl Default for Window {
    fn default() -> Self {
        Self { offset: 0, limit: 50, list: None, within: None }
    }
}

/// What part of a list a report holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageInfo {
    /// Name of the list in the report; of one within an entry, with the entry's place: `findings[3].frames`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub list: Cow<'static, str>,
    /// How many items there are in the capture.
    pub total: u64,
    /// How many of them come before the first one here; of a list within an entry 0, as the host knows.
    pub offset: u64,
    /// How many are here.
    pub returned: u64,
    /// Where the next page begins of a list within an entry, when there is one; of other lists, of what stands behind the entries that have an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

impl PageInfo {
    /// What part of a list there is.
    pub fn new(list: &'static str, total: u64, offset: u64, returned: usize) -> Self {
        Self { list: list.into(), total, offset, returned: returned as u64, next: None }
    }

    /// Where the first entry stands in the whole list.
    pub fn place(&self) -> usize {
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }
}

/// Collects the items of one page and counts all others.
#[derive(Debug, Clone)]
pub struct Page<T> {
    offset: u64,
    limit: usize,
    total: u64,
    items: Vec<T>,
}

impl<T> Page<T> {
    /// An empty page of a list.
    pub fn new(window: Window) -> Self {
        Self { offset: window.offset, limit: window.limit.min(Window::MOST), total: 0, items: Vec::new() }
    }

    /// Whether the next item belongs to the page.
    pub fn wants_next(&self) -> bool {
        self.total >= self.offset && self.items.len() < self.limit
    }

    /// Counts an item, which is only made when it belongs to the page. Its place in the page, if so.
    pub fn push(&mut self, item: impl FnOnce() -> T) -> Option<usize> {
        let wanted = self.wants_next();
        self.total = self.total.saturating_add(1);
        wanted.then(|| {
            self.items.push(item());
            self.items.len().saturating_sub(1)
        })
    }

    /// An item of the page, for completing it later.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        self.items.get_mut(place)
    }

    /// The items of the page so far, for completing them later.
    pub fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Whether there was an item behind the page.
    pub fn is_exceeded(&self) -> bool {
        self.total > self.offset.saturating_add(self.limit as u64)
    }

    /// How many items there were in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What part of the list this is.
    pub fn info(&self, list: &'static str) -> PageInfo {
        PageInfo::new(list, self.total, self.offset, self.items.len())
    }

    /// The items.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_no_more_than_the_most() {
        let mut page = Page::new(Window { offset: 1, limit: usize::MAX, ..Window::default() });
        assert_eq!((0..1001).filter_map(|n| page.push(|| n)).count(), Window::MOST);
        assert!(!page.is_exceeded());
        page.push(|| 1001);
        assert!(page.is_exceeded());
        assert_eq!((1002..2000).filter_map(|n| page.push(|| n)).count(), 0);
        assert_eq!((page.total(), page.into_items().len()), (2000, Window::MOST));
    }

    #[test]
    fn pages_joined_are_the_whole_list() {
        let mut all = Vec::new();
        for offset in [0, 4, 8] {
            let mut page = Page::new(Window { offset, limit: 4, ..Window::default() });
            for n in 0..10 {
                page.push(|| n);
            }
            assert_eq!(page.info("numbers").total, 10);
            all.extend(page.into_items());
        }
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }
}
