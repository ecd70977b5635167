//! Names and how often they came, as reports list them.

use std::cmp::Reverse;
use std::hash::Hash;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Lists, Top, TopK};
use crate::is_default;

/// A name and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// What was counted.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: String,
    /// How often it came.
    pub count: u64,
    /// The count may be too high by up to so many.
    #[serde(skip_serializing_if = "is_default")]
    pub too_high_by: u64,
}

/// A text from the capture and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TextCount {
    /// What was counted.
    pub name: String,
    /// How often it came.
    pub count: u64,
    /// The count may be too high by up to so many.
    #[serde(skip_serializing_if = "is_default")]
    pub too_high_by: u64,
}

impl Count {
    /// The names of those that came at all, the most frequent first.
    pub fn all(counts: impl Iterator<Item = (String, u64)>) -> Vec<Self> {
        let came = counts.filter(|(_, count)| *count > 0);
        let mut all: Vec<Self> = came.map(|(name, count)| Self { name, count, too_high_by: 0 }).collect();
        all.sort_by_key(|entry| Reverse(entry.count));
        all
    }

    /// The `usual` most frequent ones by their names, or those of the page that is asked for.
    pub fn top<K: Hash + Eq + Ord + Clone>(
        table: &TopK<K>,
        usual: usize,
        lists: &mut Lists,
        name: impl Fn(&K) -> String,
    ) -> Vec<Self> {
        let count = |top: Top<K>| Self { name: name(&top.key), count: top.count, too_high_by: top.error };
        table.list(usual, lists).into_iter().map(count).collect()
    }
}

impl TextCount {
    /// The `usual` most frequent texts, or those of the page that is asked for.
    pub fn top(table: &TopK<String>, usual: usize, lists: &mut Lists) -> Vec<Self> {
        let count = |top: Top<String>| Self { name: top.key, count: top.count, too_high_by: top.error };
        table.list(usual, lists).into_iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_come_first_and_none_that_did_not_come() {
        let counts = [("a", 1), ("b", 0), ("c", 3)].map(|(name, count)| (name.to_owned(), count));
        let listed: Vec<_> = Count::all(counts.into_iter()).into_iter().map(|one| (one.name, one.count)).collect();
        assert_eq!(listed, [("c".to_owned(), 3), ("a".to_owned(), 1)]);
    }

    #[test]
    fn of_many_a_part_is_listed() {
        let mut lists = Lists::default();
        let mut table = TopK::of("statistics.versions", 8, &lists);
        [1_u16, 2, 2, 3, 3, 3].iter().for_each(|code| table.add(*code, 1));
        let listed = Count::top(&table, 2, &mut lists, |code| format!("version {code}"));
        let names: Vec<_> = listed.iter().map(|one| (one.name.as_str(), one.count, one.too_high_by)).collect();
        assert_eq!(names, [("version 3", 3, 0), ("version 2", 2, 0)]);
        assert_eq!(lists.into_pages()[0].total, 3);
    }
}
