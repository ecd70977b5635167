//! Who talks most, in bounded memory.

use std::cmp::Reverse;
use std::hash::Hash;

use mcpcap_analyzer::stats::{BoundedMap, Distinct};

use crate::flow::{Flow, Sent};

/// What somebody sent and got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volume {
    /// What it sent.
    pub sent: Sent,
    /// What it got.
    pub got: Sent,
    /// Flows that it had.
    pub flows: u64,
    /// Its first and last frame.
    pub frames: (u64, u64),
    /// The earliest and the latest time.
    pub times: Option<(u64, u64)>,
}

impl Volume {
    /// Adds a flow, of which it sent and got so much.
    pub fn add(&mut self, flow: &Flow, sent: Sent, got: Sent) {
        self.sent.add(sent);
        self.got.add(got);
        self.frames = match self.flows {
            0 => flow.frames,
            _ => (self.frames.0.min(flow.frames.0), self.frames.1.max(flow.frames.1)),
        };
        self.flows = self.flows.saturating_add(1);
        self.times = match (self.times, flow.times) {
            (Some((first, last)), Some((begin, end))) => Some((first.min(begin), last.max(end))),
            (known, new) => known.or(new),
        };
    }

    /// All bytes.
    pub fn bytes(&self) -> u64 {
        self.sent.bytes.saturating_add(self.got.bytes)
    }

    /// All packets.
    pub fn packets(&self) -> u64 {
        self.sent.packets.saturating_add(self.got.packets)
    }
}

/// A table that keeps those with most bytes: when it is full, the half with fewer goes.
pub struct Ranking<K> {
    table: BoundedMap<K, Volume>,
    capacity: usize,
    distinct: Distinct,
    dropped: u64,
    missing: u64,
}

impl<K: Hash + Eq + Ord + Copy> Ranking<K> {
    /// Nobody yet; room for `capacity`.
    pub fn new(capacity: usize) -> Self {
        // One more than is kept, so that the table itself never evicts.
        let table = BoundedMap::new(capacity.saturating_add(1));
        Self { table, capacity, distinct: Distinct::new(), dropped: 0, missing: 0 }
    }

    /// The entry of a key.
    pub fn entry(&mut self, key: K) -> &mut Volume {
        self.distinct.add(&key);
        if self.table.len() >= self.capacity && self.table.get(&key).is_none() {
            self.drop_half();
        }
        self.table.get_or_insert_with(key, Volume::default).0
    }

    /// Whether a key has an entry.
    pub fn has(&self, key: &K) -> bool {
        self.table.get(key).is_some()
    }

    fn drop_half(&mut self) {
        let mut all: Vec<(Reverse<u64>, K)> =
            self.table.iter().map(|(key, volume)| (Reverse(volume.bytes()), *key)).collect();
        all.sort_unstable();
        let rest = all.split_off(all.len().div_ceil(2));
        // None of those that go has more than the first.
        self.missing = self.missing.saturating_add(rest.first().map_or(0, |(Reverse(bytes), _)| *bytes));
        for (_, key) in rest {
            self.table.remove(&key);
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// How many different keys there were, and whether that is exact.
    pub fn total(&self) -> (u64, bool) {
        (self.distinct.count(), self.distinct.is_exact())
    }

    /// How many entries went.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// By how many bytes an entry may be too low at the most, since it may have gone and come back.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Those that are left, in any order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Volume)> {
        self.table.iter()
    }

    /// The ones with most bytes first; equal ones in the order of their keys.
    pub fn ranked(&self) -> Vec<(K, Volume)> {
        let mut all: Vec<(K, Volume)> = self.table.iter().map(|(key, volume)| (*key, *volume)).collect();
        all.sort_unstable_by_key(|(key, volume)| (Reverse(volume.bytes()), *key));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_and_none_is_off_by_more_than_is_said() {
        let mut ranking = Ranking::new(100);
        let mut add = |key: u32, bytes: u64| {
            let volume = ranking.entry(key);
            volume.add(&Flow::default(), Sent { packets: 1, bytes, payload: 0 }, Sent::default());
        };
        for n in 0..20_000_u32 {
            add(n + 10, 60);
            // Ten large ones all the time.
            add(n % 10, 1_000);
        }
        let first: Vec<(u32, u64)> = ranking.ranked().iter().take(10).map(|(key, v)| (*key, v.bytes())).collect();
        assert_eq!(first, (0..10).map(|key| (key, 2_000_000)).collect::<Vec<_>>());
        assert!(ranking.dropped() > 19_000 && ranking.missing() > 0);
        let (total, exact) = ranking.total();
        assert!(!exact && total.abs_diff(20_010) < 600, "{total}");
    }
}
