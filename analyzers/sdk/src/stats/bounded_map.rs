//! A map that forgets what was not used for longest.

use std::hash::Hash;

use hashlink::LruCache;

use super::FixedHash;

/// A map with at most a fixed number of entries. When it is full, the least recently used one makes room, and is counted.
pub struct BoundedMap<K, V> {
    entries: LruCache<K, V, FixedHash>,
    evicted: u64,
}

impl<K: Hash + Eq + Clone, V> BoundedMap<K, V> {
    /// An empty map for up to `capacity` entries (at least one).
    pub fn new(capacity: usize) -> Self {
        Self { entries: LruCache::with_hasher(capacity.max(1), FixedHash::default()), evicted: 0 }
    }

    /// Looks an entry up without marking it as used.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.peek(key)
    }

    /// Looks an entry up for changing, without marking it as used.
    pub fn peek_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.peek_mut(key)
    }

    /// Looks an entry up and marks it as used.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// The entry of a key, made when it is not there; and the entry that had to go for it.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> (&mut V, Option<(K, V)>) {
        let mut gone = None;
        if !self.entries.contains_key(&key) && self.entries.len() >= self.entries.capacity() {
            gone = self.entries.remove_lru();
            self.evicted = self.evicted.saturating_add(u64::from(gone.is_some()));
        }
        let value = match self.entries.entry(key) {
            hashlink::lru_cache::Entry::Occupied(mut entry) => {
                entry.to_back();
                entry.into_mut()
            }
            hashlink::lru_cache::Entry::Vacant(entry) => entry.insert(make()),
        };
        (value, gone)
    }

    /// Sets an entry; gives the entry of another key that had to go for it.
    pub fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        if let Some(slot) = self.entries.get_mut(&key) {
            *slot = value;
            return None;
        }
        self.get_or_insert_with(key, || value).1
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries had to go for others.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// All entries, the least recently used first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// All entries for changing, the least recently used first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.entries.iter_mut()
    }

    /// Takes the least recently used entry out, without counting it as evicted.
    pub fn pop_oldest(&mut self) -> Option<(K, V)> {
        self.entries.remove_lru()
    }

    /// The least recently used entry.
    pub fn oldest(&self) -> Option<(&K, &V)> {
        self.entries.iter().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_entry_makes_room() {
        let mut map = BoundedMap::new(2);
        assert_eq!(map.insert("a", 1), None);
        assert_eq!(map.insert("b", 2), None);
        map.get_mut(&"a");
        let (value, gone) = map.get_or_insert_with("c", || 3);
        assert_eq!((*value, gone), (3, Some(("b", 2))));
        assert_eq!((map.len(), map.evicted()), (2, 1));
        assert_eq!(map.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["a", "c"]);
        *map.peek_mut(&"a").unwrap() = 7;
        assert_eq!(map.oldest(), Some((&"a", &7)));
    }

    #[test]
    fn an_entry_that_is_there_costs_nobody_its_place() {
        let mut map = BoundedMap::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.insert("a", 10), None);
        assert_eq!(*map.get_or_insert_with("b", || 0).0, 2);
        assert_eq!((map.get(&"a"), map.evicted()), (Some(&10), 0));
    }
}
