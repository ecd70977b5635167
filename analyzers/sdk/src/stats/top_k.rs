//! The most frequent keys.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

use super::within::{self, Part as Further};
use super::{BoundedMap, Distinct, FixedHash, Lists, Place, Pool};

/// A key and how often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top<K> {
    /// The key.
    pub key: K,
    /// Its weight; never too low.
    pub count: u64,
    /// By how much `count` may be too high.
    pub error: u64,
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    count: u64,
    error: u64,
}

/// The most frequent keys in bounded memory, by the Space-Saving algorithm (Metwally, Agrawal, El Abbadi 2005): exact as long as no more
/// keys than its capacity came; beyond that every key whose share is above 1/capacity is still among them.
///
/// As a list of [`Tool::CUT`](crate::Tool::CUT) it goes on behind these keys: all others follow in the order of their digests, which is the same in every
/// run, with exact counts. A run keeps the page of them that is asked for.
pub struct TopK<K> {
    list: &'static str,
    capacity: usize,
    counters: BoundedMap<K, Counter>,
    /// Only kept once the table is full: the keys by the counts that they had when they were looked at last. Counts only grow, so the
    /// smallest of the first keys that has its count still is the smallest of all.
    order: BTreeMap<u64, Keys<K>>,
    total: u64,
    exact: bool,
    hash: FixedHash,
    /// All keys, when there were more than the capacity.
    all: Option<Box<Distinct>>,
    /// The page that is asked for, of all keys.
    further: Option<Box<(Further<K>, Pool)>>,
}

/// Keys with one count. They are sorted when it is the smallest one: from then on it gets no others, since all have more.
struct Keys<K> {
    keys: Vec<K>,
    /// Whether the smallest key is the last one.
    is_sorted: bool,
}

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), is_sorted: false }
    }
}

impl<K: Ord> Keys<K> {
    fn push(&mut self, key: K) {
        self.keys.push(key);
        self.is_sorted = false;
    }

    fn pop_smallest(&mut self) -> Option<K> {
        if !std::mem::replace(&mut self.is_sorted, true) {
            self.keys.sort_unstable_by(|one, other| other.cmp(one));
        }
        self.keys.pop()
    }
}

impl<K: Hash + Eq + Ord + Clone> TopK<K> {
    /// A table of up to `capacity` keys (at least one).
    pub fn new(capacity: usize) -> Self {
        Self::of("", capacity, &Lists::default())
    }

    /// The same for a list of a report, which [`TopK::list`] gives.
    pub fn of(list: &'static str, capacity: usize, lists: &Lists) -> Self {
        let capacity = capacity.max(1);
        Self {
            list,
            capacity,
            counters: BoundedMap::new(capacity),
            order: BTreeMap::new(),
            total: 0,
            exact: true,
            hash: FixedHash::default(),
            all: None,
            further: lists.after(list).map(|after| Box::new((Further::new(after), within::room()))),
        }
    }

    /// Adds to a key's weight.
    pub fn add(&mut self, key: K, weight: u64) {
        self.add_near(&mut Place::default(), &key, weight);
    }

    /// The same, with the place where the key was found last.
    pub fn add_near(&mut self, place: &mut Place, key: &K, weight: u64) {
        self.total = self.total.saturating_add(weight);
        if let Some((further, pool)) = self.further.as_deref_mut() {
            further.add_weight(self.hash.hash_one(key), weight, || key.clone(), pool);
        }
        if let Some(counter) = self.counters.get_near(place, key) {
            counter.count = counter.count.saturating_add(weight);
            return;
        }
        if self.counters.len() < self.capacity {
            let make = || Counter { count: weight, error: 0 };
            self.counters.get_or_insert_near(place, key.clone(), make, |_, _| ());
            return;
        }
        if self.exact {
            self.exact = false;
            for (key, counter) in self.counters.iter() {
                self.order.entry(counter.count).or_default().push(key.clone());
            }
            let known = self.counters.iter().map(|(key, _)| self.hash.hash_one(key));
            self.all = Some(Box::new(Distinct::of_digests(known)));
        }
        if let Some(all) = &mut self.all {
            all.add_digest(self.hash.hash_one(key));
        }
        while let Some(mut first) = self.order.first_entry() {
            let known = *first.key();
            let Some(smallest) = first.get_mut().pop_smallest() else {
                first.remove();
                continue;
            };
            let count = self.counters.get(&smallest).map_or(known, |counter| counter.count);
            if count > known {
                self.order.entry(count).or_default().push(smallest);
                continue;
            }
            // The key with the smallest count gives its place and its count away.
            self.counters.remove(&smallest);
            let counter = Counter { count: count.saturating_add(weight), error: count };
            self.order.entry(counter.count).or_default().push(key.clone());
            self.counters.get_or_insert_near(place, key.clone(), || counter, |_, _| ());
            return;
        }
    }

    /// The `n` most frequent keys, the most frequent first; equal ones in the keys' order.
    pub fn top(&self, n: usize) -> Vec<Top<K>> {
        let mut all: Vec<_> = self.counters.iter().collect();
        all.sort_unstable_by_key(|(key, counter)| (Reverse(counter.count), *key));
        all.truncate(n);
        all.into_iter().map(|(key, c)| Top { key: key.clone(), count: c.count, error: c.error }).collect()
    }

    /// The keys that a report holds: the `usual` most frequent ones, or the page that is asked for.
    pub fn list(&self, usual: usize, lists: &mut Lists) -> Vec<Top<K>> {
        let total = self.different();
        if let Some((further, _)) = self.further.as_deref() {
            let others = further.iter().filter(|(key, _)| self.counters.get(key).is_none());
            let listed: Vec<_> = others.map(|(key, count)| Top { key: key.clone(), count: *count, error: 0 }).collect();
            lists.told_further(self.list, total, 0, listed.len(), further.next());
            return listed;
        }
        let part = lists.part(self.list, usual);
        let listed: Vec<_> = self.top(part.end()).into_iter().skip(part.offset).collect();
        let next = Some(0).filter(|_| !self.exact && part.end() >= self.len());
        lists.told_further(self.list, total, part.offset, listed.len(), next);
        listed
    }

    /// How many different keys came: exact up to 4,096, or the capacity where that is more; beyond, an estimate with a standard error of 0.8 %.
    pub fn different(&self) -> u64 {
        let kept = self.len() as u64;
        self.all.as_ref().map_or(kept, |all| all.count().max(kept.saturating_add(1)))
    }

    /// Whether all counts are exact, because no key had to give its place away.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// How many keys it holds: all that came, when it is exact.
    pub fn len(&self) -> usize {
        self.counters.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.counters.is_empty()
    }

    /// All weight that was added.
    pub fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Window, Within};

    #[test]
    fn within_its_capacity_it_is_exact() {
        let mut top = TopK::new(3);
        for key in ["b", "a", "c", "b", "a", "b"] {
            top.add(key, 1);
        }
        let found: Vec<_> = top.top(2).into_iter().map(|t| (t.key, t.count, t.error)).collect();
        assert_eq!(found, [("b", 3, 0), ("a", 2, 0)]);
        assert!(top.is_exact());
    }

    #[test]
    fn beyond_its_capacity_frequent_keys_stay_and_counts_are_never_too_low() {
        let mut top = TopK::new(10);
        for n in 0..10_000_u32 {
            top.add(n + 1000, 1);
            top.add(n % 2, 1);
        }
        let found = top.top(2);
        assert_eq!(found.iter().map(|t| t.key).collect::<Vec<_>>(), [0, 1]);
        assert!(found.iter().all(|t| t.count >= 5000 && t.count - t.error <= 5000));
        assert!(!top.is_exact());
        assert_eq!((top.len(), top.total()), (10, 20_000));
    }

    #[test]
    fn pages_joined_are_all_keys_each_once() {
        const LIST: &str = "statistics.names";
        let run = |window: Window| {
            let mut lists = Lists::new(window);
            let mut top = TopK::of(LIST, 64, &lists);
            for n in (0..5_000_u64).chain((0..2_000).map(|n| n * 7919 % 5_000)) {
                top.add(n, n % 5 + 1);
            }
            let listed: Vec<_> =
                top.list(20, &mut lists).into_iter().map(|top| (top.key, top.count - top.error, top.error)).collect();
            assert!(top.different().abs_diff(5_000) < 200);
            (listed, lists.into_pages().pop().and_then(|page| page.next))
        };
        let page = |offset: u64, after: Option<u64>| {
            let within = after.map(|after| Within { list: LIST.into(), after });
            run(Window { offset, limit: 50, list: Some(LIST.into()), within })
        };
        assert_eq!(run(Window::default()).0.len(), 20);
        let (mut joined, _) = page(0, None);
        let (rest, mut next) = page(50, None);
        joined.extend(rest);
        assert_eq!((joined.len(), next), (64, Some(0)));
        let kept: Vec<u64> = joined.iter().map(|(key, ..)| *key).collect();
        while next.is_some() {
            let (further, behind) = page(0, next);
            joined.extend(further);
            next = behind;
        }
        joined.sort_unstable();
        assert!(joined.iter().map(|(key, ..)| *key).eq(0..5_000));
        let weight = |key: u64| (key % 5 + 1) * if (0..2_000).any(|n| n * 7919 % 5_000 == key) { 2 } else { 1 };
        assert!(joined.iter().all(|(key, count, error)| kept.contains(key) || (*count, *error) == (weight(*key), 0)));
    }

    /// Against counters that are all looked at to find the smallest.
    #[test]
    fn the_smallest_counter_makes_room_whatever_came_in_between() {
        let mut top = TopK::new(20);
        let mut plain: Vec<(u64, u64, u64)> = Vec::new();
        let mut places = [Place::default(); 8];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (state >> 40) % 60 * ((state >> 50) % 7) / 6;
            match plain.iter().position(|(_, other, _)| *other == key) {
                Some(at) => plain[at].0 += 2,
                None if plain.len() < 20 => plain.push((2, key, 0)),
                None => {
                    let smallest = plain.iter_mut().min().unwrap();
                    *smallest = (smallest.0 + 2, key, smallest.0);
                }
            }
            top.add_near(&mut places[(key % 8) as usize], &key, 2);
        }
        plain.sort_by_key(|(count, key, _)| (Reverse(*count), *key));
        assert!(top.top(20).into_iter().map(|found| (found.count, found.key, found.error)).eq(plain));
    }
}
