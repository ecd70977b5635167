//! The most frequent keys.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::FixedHash;

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
pub struct TopK<K> {
    capacity: usize,
    counters: HashMap<K, Counter, FixedHash>,
    /// Only kept once the table is full: the keys by count, to find the smallest.
    order: BTreeSet<(u64, K)>,
    total: u64,
    exact: bool,
}

impl<K: Hash + Eq + Ord + Clone> TopK<K> {
    /// A table of up to `capacity` keys (at least one).
    pub fn new(capacity: usize) -> Self {
        let counters = HashMap::with_hasher(FixedHash::default());
        Self { capacity: capacity.max(1), counters, order: BTreeSet::new(), total: 0, exact: true }
    }

    /// Adds to a key's weight.
    pub fn add(&mut self, key: K, weight: u64) {
        self.total = self.total.saturating_add(weight);
        if let Some(counter) = self.counters.get_mut(&key) {
            let before = counter.count;
            counter.count = before.saturating_add(weight);
            if !self.exact {
                let after = counter.count;
                self.order.remove(&(before, key.clone()));
                self.order.insert((after, key));
            }
            return;
        }
        if self.counters.len() < self.capacity {
            self.counters.insert(key, Counter { count: weight, error: 0 });
            return;
        }
        if self.exact {
            self.exact = false;
            self.order = self.counters.iter().map(|(key, counter)| (counter.count, key.clone())).collect();
        }
        // The key with the smallest count gives its place and its count away.
        let Some((smallest, gone)) = self.order.pop_first() else { return };
        self.counters.remove(&gone);
        let count = smallest.saturating_add(weight);
        self.counters.insert(key.clone(), Counter { count, error: smallest });
        self.order.insert((count, key));
    }

    /// The `n` most frequent keys, the most frequent first; equal ones in the keys' order.
    pub fn top(&self, n: usize) -> Vec<Top<K>> {
        let mut all: Vec<_> = self.counters.iter().collect();
        all.sort_unstable_by_key(|(key, counter)| (Reverse(counter.count), *key));
        all.truncate(n);
        all.into_iter().map(|(key, c)| Top { key: key.clone(), count: c.count, error: c.error }).collect()
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
}
