//! Which part of its lists the summary is to hold.

use serde::Deserialize;

use crate::types::Problem;

/// Entries that the summary holds of a list at the most.
pub(crate) const MOST: usize = 1_000;

/// What is asked of the reader; `wit/README.md` has the members.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// The part that is asked for of one of its lists.
    page: Page,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Page {
    offset: u64,
    limit: usize,
    /// The list, by its name in the summary. With other names the page is not the reader's.
    list: Option<String>,
    within: Option<Within>,
}

/// A part of a list within the entry at `offset` of `list`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    list: String,
    /// Values before it.
    after: u64,
}

/// A part of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Entries before the first one.
    pub offset: u64,
    /// Entries at the most.
    pub limit: usize,
}

impl Part {
    /// Whether the n-th entry, from 0, is in it.
    pub(crate) fn has(self, nth: u64) -> bool {
        nth.checked_sub(self.offset).is_some_and(|place| place < self.limit as u64)
    }

    /// Where the n-th entry stands in it.
    pub(crate) fn place(self, nth: u64) -> usize {
        nth.checked_sub(self.offset).and_then(|place| usize::try_from(place).ok()).unwrap_or(usize::MAX)
    }
}

/// Addresses of an interface that the summary usually holds.
const ADDRESSES: Part = Part { offset: 0, limit: 16 };

/// The parts of all lists that the summary holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub sections: Part,
    pub interfaces: Part,
    /// Texts of comments.
    pub texts: Part,
    /// Addresses of each interface.
    pub addresses: Part,
    /// Statistics of each interface: the last ones, unless a page is asked for.
    pub statistics: Option<Part>,
}

pub(crate) const SECTIONS: &str = "sections";
pub(crate) const INTERFACES: &str = "interfaces";
pub(crate) const TEXTS: &str = "comments.texts";

impl Default for Parts {
    fn default() -> Self {
        Self::of(&Page::default())
    }
}

impl Parts {
    /// Reads the options, a JSON object.
    pub(crate) fn read(options: &str) -> Result<Self, Problem> {
        let Options { page } = serde_json::from_str(options).map_err(|error| Problem::Options(error.to_string()))?;
        Ok(Self::of(&page))
    }

    fn of(page: &Page) -> Self {
        let within = page.within.as_ref().filter(|_| page.list.as_deref() == Some(INTERFACES));
        // A page of a list within an entry has this entry alone, so that its values have the room.
        let limit = if within.is_some() { 1 } else { MOST };
        let of = |list| match page.list.as_deref() == Some(list) {
            true => Part { offset: page.offset, limit: page.limit.min(limit) },
            false => Part { offset: 0, limit: MOST },
        };
        let inner = |list: &str| {
            within.filter(|within| within.list == list).map(|within| Part { offset: within.after, limit: MOST })
        };
        Self {
            sections: of(SECTIONS),
            interfaces: of(INTERFACES),
            texts: of(TEXTS),
            addresses: inner("interfaces[].addresses").unwrap_or(ADDRESSES),
            statistics: inner("interfaces[].statistics"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(options: &str) -> Parts {
        Parts::read(options).unwrap()
    }

    #[test]
    fn only_the_list_that_is_asked_for_has_a_page() {
        let asked = parts(r#"{"page":{"offset":2000,"limit":5000,"list":"sections"}}"#);
        assert_eq!((asked.sections.offset, asked.sections.limit, asked.interfaces.offset), (2_000, MOST, 0));
        assert_eq!([1_999, 2_000, 2_999, 3_000].map(|nth| asked.sections.has(nth)), [false, true, true, false]);
        // The page of an analyzer's list is none of the reader's.
        for other in
            [r#"{"page":{"offset":70,"limit":1000}}"#, r#"{"page":{"offset":7,"limit":9,"list":"packets"}}"#, "{}"]
        {
            let asked = parts(other);
            assert_eq!((asked.sections.offset, asked.interfaces.offset, asked.texts.limit), (0, 0, MOST), "{other}");
        }
    }

    #[test]
    fn a_page_within_an_interface_has_this_one_alone() {
        let page = r#""page":{"offset":7,"limit":1000,"list":"interfaces","within":{"list":"interfaces[].addresses","after":16}}"#;
        let asked = parts(&format!("{{{page}}}"));
        assert_eq!((asked.interfaces.offset, asked.interfaces.limit), (7, 1));
        assert_eq!((asked.addresses.offset, asked.addresses.limit, asked.statistics.is_none()), (16, MOST, true));
    }

    #[test]
    fn options_that_make_no_sense_are_refused() {
        for options in ["", "7", r#"{"pages":{}}"#, r#"{"page":{"offset":-1}}"#, r#"{"page":{"within":{"after":1}}}"#] {
            assert!(Parts::read(options).is_err(), "{options}");
        }
    }
}
