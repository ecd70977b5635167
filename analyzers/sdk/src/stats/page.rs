//! A part of a long list.

use schemars::JsonSchema;
use serde::Serialize;

use crate::Problem;

/// What part of a list a report holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PageInfo {
    /// Name of the list in the report.
    pub list: &'static str,
    /// How many items there are in the capture.
    pub total: u64,
    /// How many of them come before the first one here.
    pub offset: u64,
    /// How many are here.
    pub returned: u64,
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
    /// A page that begins behind `offset` items and holds up to `limit`.
    pub fn new(offset: u64, limit: usize) -> Self {
        Self { offset, limit, total: 0, items: Vec::new() }
    }

    /// The page that the arguments `offset` and `limit` ask for. `name` is that of the limit, `(usual, most)` how many items it gives unless
    /// asked otherwise, and at most.
    ///
    /// # Errors
    /// When the limit is above `most`.
    pub fn asked(
        offset: Option<u64>,
        limit: Option<u16>,
        name: &str,
        (usual, most): (usize, usize),
    ) -> Result<Self, Problem> {
        let limit = limit.map_or(usual, usize::from);
        if limit > most {
            return Err(Problem::argument(name, format!("must be at most {most}; use an offset for the next page")));
        }
        Ok(Self::new(offset.unwrap_or(0), limit))
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

    /// How many items there were in all.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What part of the list this is.
    pub fn info(&self, list: &'static str) -> PageInfo {
        PageInfo { list, total: self.total, offset: self.offset, returned: self.items.len() as u64 }
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
    fn a_limit_beyond_the_most_is_refused_by_its_name() {
        let page = |limit| Page::<u8>::asked(None, limit, "limit", (2, 5));
        assert_eq!((page(None).unwrap().limit, page(Some(5)).unwrap().limit), (2, 5));
        assert_eq!(
            page(Some(6)).unwrap_err().to_string(),
            "argument limit: must be at most 5; use an offset for the next page"
        );
    }

    #[test]
    fn pages_joined_are_the_whole_list() {
        let mut all = Vec::new();
        for offset in [0, 4, 8] {
            let mut page = Page::new(offset, 4);
            for n in 0..10 {
                page.push(|| n);
            }
            assert_eq!(page.info("numbers").total, 10);
            all.extend(page.into_items());
        }
        assert_eq!(all, (0..10).collect::<Vec<_>>());
    }
}
