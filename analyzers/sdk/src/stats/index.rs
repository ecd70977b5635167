//! Which slot of a table has a key, by the key's hash.

use std::collections::BTreeMap;

/// Cells of a bucket.
const CELLS: usize = 8;
/// One in each byte, and the highest bit of each.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Finds slots by hash, with work that has a bound whatever the keys are.
///
/// The hash has a fixed key, so that the same capture gives the same bytes. Whoever writes the capture can compute any key that is derived
/// from it too, so a secret would only hide from those who write a part of it. Therefore nothing here relies on one. A hash has two
/// buckets of eight cells, each with eight bits of the hash. Where both are full, the slot goes into a tree that is ordered by a second hash of
/// the key, SipHash 1-3, which is only computed then. So a lookup compares with two buckets and one path through the tree at the most, and
/// keys made to collide in the first hash cost a logarithm each. (Keys that collide in all 64 bits of SipHash too cost 2^32 hashes for the first
/// two, and nearly 2^64 for many.) hashbrown, with the same hash, walks through all colliding keys: it has no such bound.
pub(super) struct Index {
    buckets: Vec<Bucket>,
    /// How far a hash is shifted to be the number of a bucket.
    shift: u32,
    /// Slots in buckets.
    len: usize,
    /// By second hash.
    overflow: BTreeMap<u64, Vec<u32>>,
}

#[derive(Debug, Clone, Default)]
struct Bucket {
    /// A byte for each cell: bits of the hash, 0 where the cell is free.
    tags: u64,
    slots: [u32; CELLS],
    /// Slots whose first bucket this is and that are elsewhere.
    spilled: u32,
}

/// A hash, taken apart.
#[derive(Debug, Clone, Copy)]
struct Parts {
    first: usize,
    second: usize,
    tag: u8,
}

impl Bucket {
    /// The slots whose tag may be this: where one is, others may be named that have another tag, or are free.
    fn candidates(&self, tag: u8) -> impl Iterator<Item = u32> + '_ {
        let differing = self.tags ^ u64::from(tag).wrapping_mul(ONES);
        let mut found = differing.wrapping_sub(ONES) & !differing & HIGHS;
        std::iter::from_fn(move || {
            let cell = (found.trailing_zeros() / 8) as usize;
            found &= found.wrapping_sub(1);
            self.slots.get(cell).copied()
        })
    }

    /// Puts a slot into a free cell, if there is one.
    fn put(&mut self, tag: u8, slot: u32) -> bool {
        let free = self.tags.wrapping_sub(ONES) & !self.tags & HIGHS;
        let cell = free.trailing_zeros() / 8;
        let Some(place) = self.slots.get_mut(cell as usize) else { return false };
        *place = slot;
        self.tags |= u64::from(tag) << (cell * 8);
        true
    }

    fn remove(&mut self, slot: u32) -> bool {
        let is_used = |cell: usize| self.tags >> (cell * 8) & 0xff != 0;
        let cell = (0..CELLS).zip(self.slots).find(|(cell, other)| *other == slot && is_used(*cell));
        cell.inspect(|(cell, _)| self.tags &= !(0xff_u64 << (cell * 8))).is_some()
    }

    fn used(&self) -> impl Iterator<Item = u32> + '_ {
        let is_used = |cell: usize| self.tags >> (cell * 8) & 0xff != 0;
        (0..CELLS).zip(self.slots).filter(move |(cell, _)| is_used(*cell)).map(|(_, slot)| slot)
    }
}

impl Index {
    pub(super) fn new() -> Self {
        Self { buckets: vec![Bucket::default()], shift: 64, len: 0, overflow: BTreeMap::new() }
    }

    fn parts(&self, hash: u64) -> Parts {
        // The hash of a short key is not good enough in its low bits.
        let hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mask = self.buckets.len().wrapping_sub(1);
        Parts {
            first: hash.checked_shr(self.shift).unwrap_or_default() as usize,
            second: (hash >> 16) as usize & mask,
            tag: ((hash >> 8) as u8).max(1),
        }
    }

    /// The slot with that hash that is the `same`. `second` computes the second hash.
    pub(super) fn find(
        &self,
        hash: u64,
        second: impl FnOnce() -> u64,
        mut same: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let parts = self.parts(hash);
        let bucket = self.buckets.get(parts.first)?;
        let found = bucket.candidates(parts.tag).find(|slot| same(*slot));
        if found.is_some() || bucket.spilled == 0 {
            return found;
        }
        let found = self.buckets.get(parts.second)?.candidates(parts.tag).find(|slot| same(*slot));
        if found.is_some() || self.overflow.is_empty() {
            return found;
        }
        self.overflow.get(&second())?.iter().copied().find(|slot| same(*slot))
    }

    /// Adds a slot that is not there. `hash_of` and `second_of` give both hashes of any slot.
    pub(super) fn insert(&mut self, slot: u32, hash_of: impl Fn(u32) -> u64, second_of: impl Fn(u32) -> u64) {
        // Half of the cells stay free, so that honest keys nearly never need the tree.
        if self.len >= self.buckets.len().saturating_mul(CELLS / 2) {
            let count = self.buckets.len().saturating_mul(2);
            let before = std::mem::replace(&mut self.buckets, vec![Bucket::default(); count]);
            let overflow = std::mem::take(&mut self.overflow);
            (self.shift, self.len) = (64_u32.saturating_sub(count.trailing_zeros()), 0);
            let slots = before.iter().flat_map(Bucket::used).chain(overflow.into_values().flatten());
            slots.for_each(|slot| self.put(slot, &hash_of, &second_of));
        }
        self.put(slot, &hash_of, &second_of);
    }

    fn put(&mut self, slot: u32, hash_of: &impl Fn(u32) -> u64, second_of: &impl Fn(u32) -> u64) {
        let parts = self.parts(hash_of(slot));
        let Some(first) = self.buckets.get_mut(parts.first) else { return };
        let mut has_room = first.put(parts.tag, slot);
        if !has_room {
            first.spilled = first.spilled.saturating_add(1);
            has_room = self.buckets.get_mut(parts.second).is_some_and(|bucket| bucket.put(parts.tag, slot));
        }
        if has_room {
            self.len = self.len.saturating_add(1);
        } else {
            self.overflow.entry(second_of(slot)).or_default().push(slot);
        }
    }

    /// Takes out a slot that is there.
    pub(super) fn remove(&mut self, hash: u64, second: impl FnOnce() -> u64, slot: u32) {
        let parts = self.parts(hash);
        let Some(first) = self.buckets.get_mut(parts.first) else { return };
        if first.remove(slot) {
            self.len = self.len.saturating_sub(1);
            return;
        }
        first.spilled = first.spilled.saturating_sub(1);
        if self.buckets.get_mut(parts.second).is_some_and(|bucket| bucket.remove(slot)) {
            self.len = self.len.saturating_sub(1);
            return;
        }
        let second = second();
        if let Some(slots) = self.overflow.get_mut(&second) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.overflow.remove(&second);
            }
        }
    }
}
