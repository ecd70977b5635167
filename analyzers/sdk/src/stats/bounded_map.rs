//! A map that forgets what was not used for longest.

use std::borrow::Borrow;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};

use super::index::Index;
use super::uses::Uses;
use crate::digest::KeyHash;

/// A map with at most a fixed number of entries. When it is full, the least recently used one makes room, and is counted.
///
/// Entries stay where they are for as long as they are there, so a [`Place`] finds one again without hashing its key. Keys that were made to
/// collide cost little: see the comments of `stats::index`.
pub struct BoundedMap<K, V> {
    capacity: usize,
    nodes: Nodes<K, V>,
    uses: Uses,
    index: Index,
    hash: KeyHash,
    evicted: u64,
}

/// Where an entry was when it was last seen: [`BoundedMap::get_near`] looks there first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

impl Default for Place {
    fn default() -> Self {
        Self(NONE)
    }
}

/// No slot.
const NONE: u32 = u32::MAX;
/// Nodes that are allocated together, so that a large table does not move when it grows.
const CHUNK: usize = 64;

struct Node<K, V> {
    /// None while the slot is free.
    entry: Option<(K, V)>,
    hash: u64,
}

impl<K, V> Node<K, V> {
    fn free() -> Self {
        Self { entry: None, hash: 0 }
    }
}

/// All nodes.
struct Nodes<K, V> {
    chunks: Vec<Vec<Node<K, V>>>,
    /// Stands in for a slot that is not there, which does not happen.
    spare: Node<K, V>,
    len: usize,
    /// Slots without an entry.
    free: Vec<u32>,
}

impl<K, V> Nodes<K, V> {
    fn get(&self, slot: u32) -> Option<&Node<K, V>> {
        self.chunks.get(slot as usize / CHUNK)?.get(slot as usize % CHUNK)
    }

    fn get_mut(&mut self, slot: u32) -> Option<&mut Node<K, V>> {
        self.chunks.get_mut(slot as usize / CHUNK)?.get_mut(slot as usize % CHUNK)
    }

    fn entry(&self, slot: u32) -> Option<&(K, V)> {
        self.get(slot)?.entry.as_ref()
    }

    /// Takes a slot for an entry.
    fn allocate(&mut self, hash: u64) -> u32 {
        self.len = self.len.saturating_add(1);
        if let Some(slot) = self.free.pop() {
            if let Some(free) = self.get_mut(slot) {
                free.hash = hash;
            }
            return slot;
        }
        if self.chunks.last().is_none_or(|last| last.len() >= CHUNK) {
            self.chunks.push(Vec::new());
        }
        let full = self.chunks.len().saturating_sub(1).saturating_mul(CHUNK);
        let last = self.chunks.last_mut().map_or(0, |last| {
            last.push(Node { hash, ..Node::free() });
            last.len().saturating_sub(1)
        });
        full.saturating_add(last) as u32
    }

    /// The value in a slot; it gets an entry when it has none.
    fn value_or(&mut self, slot: u32, entry: impl FnOnce() -> (K, V)) -> &mut V {
        let chunk = self.chunks.get_mut(slot as usize / CHUNK);
        let node = chunk.and_then(|chunk| chunk.get_mut(slot as usize % CHUNK)).unwrap_or(&mut self.spare);
        &mut node.entry.get_or_insert_with(entry).1
    }

    fn take(&mut self, slot: u32) -> Option<(K, V)> {
        let entry = self.get_mut(slot)?.entry.take()?;
        self.free.push(slot);
        self.len = self.len.saturating_sub(1);
        Some(entry)
    }
}

/// The second hash of a key.
fn second<Q: Hash + ?Sized>(key: &Q) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl<K: Hash + Eq + Clone, V> BoundedMap<K, V> {
    /// An empty map for up to `capacity` entries (at least one).
    pub fn new(capacity: usize) -> Self {
        let nodes = Nodes { chunks: Vec::new(), spare: Node::free(), len: 0, free: Vec::new() };
        let capacity = capacity.clamp(1, NONE as usize);
        Self { capacity, nodes, uses: Uses::default(), index: Index::new(), hash: KeyHash::default(), evicted: 0 }
    }

    fn find<Q: Hash + Eq + ?Sized>(&self, hash: u64, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        let same = |slot| self.nodes.entry(slot).is_some_and(|(other, _)| other.borrow() == key);
        self.index.find(hash, || second(key), same)
    }

    fn find_near<Q: Hash + Eq + ?Sized>(&self, place: Place, key: &Q) -> Option<u32>
    where
        K: Borrow<Q>,
    {
        let is_there = self.nodes.entry(place.0).is_some_and(|(other, _)| other.borrow() == key);
        if is_there { Some(place.0) } else { self.find(self.hash.hash_one(key), key) }
    }

    /// Looks an entry up without marking it as used.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(self.hash.hash_one(key), key)?;
        self.nodes.entry(slot).map(|(_, value)| value)
    }

    /// Looks an entry up for changing, without marking it as used.
    pub fn peek_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(self.hash.hash_one(key), key)?;
        self.value(slot)
    }

    /// Looks an entry up and marks it as used.
    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.get_near(&mut Place::default(), key)
    }

    /// Looks an entry up and marks it as used; first where it was, which is told for the next time.
    pub fn get_near<Q: Hash + Eq + ?Sized>(&mut self, place: &mut Place, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find_near(*place, key)?;
        place.0 = slot;
        self.uses.touch(slot);
        self.value(slot)
    }

    /// Looks an entry up with its key, and marks it as used.
    pub fn get_entry<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<(&K, &mut V)>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(self.hash.hash_one(key), key)?;
        self.uses.touch(slot);
        self.nodes.get_mut(slot)?.entry.as_mut().map(|(key, value)| (&*key, value))
    }

    fn value(&mut self, slot: u32) -> Option<&mut V> {
        self.nodes.get_mut(slot)?.entry.as_mut().map(|(_, value)| value)
    }

    /// The entry of a key, made when it is not there; and the entry that had to go for it.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> (&mut V, Option<(K, V)>) {
        let mut gone = None;
        let value = self.get_or_insert_near(&mut Place::default(), key, make, |key, value| gone = Some((key, value)));
        (value, gone)
    }

    /// The same, first where the entry was, which is told for the next time. `gone` takes the entry that had to go.
    pub fn get_or_insert_near(
        &mut self,
        place: &mut Place,
        key: K,
        make: impl FnOnce() -> V,
        gone: impl FnOnce(K, V),
    ) -> &mut V {
        self.find_or_add(place, &key, gone);
        self.nodes.value_or(place.0, || (key, make()))
    }

    /// The same for a key that is only made where it is not there, with its entry; and whether it was made.
    pub fn entry_near<Q: Hash + Eq + ?Sized>(
        &mut self,
        place: &mut Place,
        key: &Q,
        make: impl FnOnce() -> (K, V),
        gone: impl FnOnce(K, V),
    ) -> (&mut V, bool)
    where
        K: Borrow<Q>,
    {
        let is_new = self.find_or_add(place, key, gone);
        (self.nodes.value_or(place.0, make), is_new)
    }

    /// Sets the place to that of a key, and marks it as used. Whether the key was not there: then its slot is empty.
    fn find_or_add<Q: Hash + Eq + ?Sized>(&mut self, place: &mut Place, key: &Q, gone: impl FnOnce(K, V)) -> bool
    where
        K: Borrow<Q>,
    {
        if self.nodes.entry(place.0).is_some_and(|(other, _)| other.borrow() == key) {
            self.uses.touch(place.0);
            return false;
        }
        let hash = self.hash.hash_one(key);
        if let Some(slot) = self.find(hash, key) {
            place.0 = slot;
            self.uses.touch(slot);
            return false;
        }
        if self.nodes.len >= self.capacity
            && let Some((key, value)) = self.pop_oldest()
        {
            self.evicted = self.evicted.saturating_add(1);
            gone(key, value);
        }
        let Self { nodes, index, .. } = self;
        let slot = nodes.allocate(hash);
        let second_of = |slot| nodes.entry(slot).map_or_else(|| second(key), |(key, _)| second::<Q>(key.borrow()));
        index.insert(slot, |slot| nodes.get(slot).map_or(0, |node| node.hash), second_of);
        self.uses.add(slot);
        place.0 = slot;
        true
    }

    /// Sets an entry; gives the entry of another key that had to go for it.
    pub fn insert(&mut self, key: K, value: V) -> Option<(K, V)> {
        if let Some(slot) = self.get_mut(&key) {
            *slot = value;
            return None;
        }
        self.get_or_insert_with(key, || value).1
    }

    /// Takes an entry out.
    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let slot = self.find(self.hash.hash_one(key), key)?;
        self.take(slot).map(|(_, value)| value)
    }

    fn take(&mut self, slot: u32) -> Option<(K, V)> {
        let hash = self.nodes.get(slot)?.hash;
        let (key, value) = self.nodes.take(slot)?;
        self.uses.remove(slot);
        self.index.remove(hash, || second(&key), slot);
        Some((key, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.nodes.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.len == 0
    }

    /// How many entries had to go for others.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// All entries, the least recently used first.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter { nodes: &self.nodes, slots: self.uses.in_order().into_iter() }
    }

    /// All entries for changing, the least recently used first.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        let order = self.uses.in_order();
        let nodes = self.nodes.chunks.iter_mut().flatten().map(|node| node.entry.as_mut());
        let mut entries: Vec<Option<&mut (K, V)>> = nodes.collect();
        let entries = order.into_iter().filter_map(move |slot| entries.get_mut(slot as usize)?.take());
        entries.map(|(key, value)| (&*key, value))
    }

    /// Takes the least recently used entry out, without counting it as evicted.
    pub fn pop_oldest(&mut self) -> Option<(K, V)> {
        let slot = self.uses.oldest()?;
        self.take(slot)
    }
}

/// The entries of a [`BoundedMap`], the least recently used first.
pub struct Iter<'m, K, V> {
    nodes: &'m Nodes<K, V>,
    slots: std::vec::IntoIter<u32>,
}

impl<'m, K, V> Iterator for Iter<'m, K, V> {
    type Item = (&'m K, &'m V);

    fn next(&mut self) -> Option<Self::Item> {
        self.nodes.entry(self.slots.next()?).map(|(key, value)| (key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.slots.size_hint()
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.nodes.entry(self.slots.next_back()?).map(|(key, value)| (key, value))
    }
}

#[cfg(test)]
mod tests;
