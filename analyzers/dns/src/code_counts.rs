//! Counts of the numbers that messages are made of.

use std::borrow::Cow;
use std::collections::BTreeMap;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::{Lists, Within};
use serde::Serialize;
use smallvec::SmallVec;

/// Different codes of one kind that are kept apart, and those of a page. Real traffic has a few dozen.
const CODES_KEPT: usize = 256;

/// How often each number of a kind came.
#[derive(Debug, Clone)]
pub struct CodeCounts {
    list: &'static str,
    kept: usize,
    /// By code. They are so few that this is shorter than any tree.
    counts: SmallVec<[(u16, u64); 4]>,
    others: u64,
    /// Where codes were found last, by some of their bits.
    found: [u8; 16],
    page: Option<Box<Codes>>,
}

/// The page of a list of codes that is asked for.
#[derive(Debug, Clone, Default)]
struct Codes {
    /// The lowest code of it.
    from: u64,
    counts: BTreeMap<u16, u64>,
    /// The lowest code that was left out: up to here it is whole.
    cut: Option<u16>,
}

impl Codes {
    fn add(&mut self, code: u16) {
        if u64::from(code) < self.from || self.cut.is_some_and(|cut| code >= cut) {
            return;
        }
        let count = self.counts.entry(code).or_default();
        *count = count.saturating_add(1);
        if self.counts.len() > CODES_KEPT {
            self.cut = self.counts.pop_last().map(|(last, _)| last);
        }
    }
}

/// A number, its name and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeCount {
    /// The number in the message.
    pub code: u16,
    /// Its name in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: Cow<'static, str>,
    /// How often it came.
    pub count: u64,
}

impl CodeCounts {
    /// Nothing yet of the list with that name within entries; the first [`CODES_KEPT`] different codes will be kept apart.
    pub fn of(list: &'static str) -> Self {
        Self::keeping(list, CODES_KEPT)
    }

    /// The same for `kept` codes.
    pub fn keeping(list: &'static str, kept: usize) -> Self {
        let page = Within::asked(list).map(|from| Box::new(Codes { from, ..Codes::default() }));
        Self { list, kept, counts: SmallVec::new(), others: 0, found: [0; 16], page }
    }

    /// Counts one.
    #[inline]
    pub fn add(&mut self, code: u16) {
        let found = self.found.get(bits(code)).map_or(0, |found| usize::from(*found));
        match self.counts.get_mut(found) {
            Some((known, count)) if *known == code && self.page.is_none() => *count = count.saturating_add(1),
            _ => self.add_elsewhere(code),
        }
    }

    /// Counts one that is not where such a code was found last.
    #[inline(never)]
    fn add_elsewhere(&mut self, code: u16) {
        if let Some(page) = &mut self.page {
            page.add(code);
        }
        // Mostly there are so few that it is quicker to look at one after the other.
        let place = match self.counts.len() {
            ..=16 => match self.counts.iter().position(|(other, _)| *other == code) {
                Some(at) => Ok(at),
                None => Err(self.counts.partition_point(|(other, _)| *other < code)),
            },
            _ => self.counts.binary_search_by_key(&code, |(code, _)| *code),
        };
        if let (Ok(at) | Err(at), Some(found)) = (place, self.found.get_mut(bits(code))) {
            *found = u8::try_from(at).unwrap_or_default();
        }
        match place {
            Ok(at) => self.counts.get_mut(at).into_iter().for_each(|(_, count)| *count = count.saturating_add(1)),
            Err(at) if self.counts.len() < self.kept => self.counts.insert(at, (code, 1)),
            Err(_) => self.others = self.others.saturating_add(1),
        }
    }

    /// How many came whose code found no place.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// Those that came first, the most frequent first, as the report has them within the entry at some places; or those of the page that is asked for.
    pub fn list(&self, name: fn(u16) -> Cow<'static, str>, places: &[usize], lists: &mut Lists) -> Vec<CodeCount> {
        let named = |(code, count): (u16, u64)| CodeCount { code, name: name(code), count };
        if let Some(page) = &self.page {
            let list: Vec<CodeCount> = page.counts.iter().map(|(code, count)| named((*code, *count))).collect();
            let total = (list.len() as u64).saturating_add(page.cut.is_some().into());
            lists.goes_on(self.list, places, total, list.len(), page.cut.map(u64::from));
            return list;
        }
        let mut list: Vec<CodeCount> = self.counts.iter().copied().map(named).collect();
        list.sort_by_key(|entry| (std::cmp::Reverse(entry.count), entry.code));
        let total = (list.len() as u64).saturating_add((self.others > 0).into());
        lists.goes_on(self.list, places, total, list.len(), Some(0).filter(|_| self.others > 0));
        list
    }
}

/// Four bits of a code, in which those that are frequent in DNS differ: A, CNAME, SOA, PTR, MX, TXT, AAAA, OPT, HTTPS.
fn bits(code: u16) -> usize {
    usize::from((code ^ (code >> 3)) & 15)
}
