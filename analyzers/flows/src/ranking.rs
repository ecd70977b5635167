//! Who talks most, in bounded memory.

use std::cmp::Reverse;
use std::hash::Hash;

use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others};

use crate::flow::{Flow, Sent};
use crate::limits;

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

/// A table that keeps those with most bytes: when it is full, the half with fewer goes. Its list has those that went on further pages.
pub struct Ranking<K> {
    table: BoundedMap<K, Volume>,
    others: Others<K, Volume>,
    capacity: usize,
    distinct: Distinct,
    dropped: u64,
    missing: u64,
}

impl<K: Hash + Eq + Ord + Copy> Ranking<K> {
    /// Nobody yet; room for `capacity`. `list` is its name in the report.
    pub fn new(list: &'static str, capacity: usize, lists: &Lists) -> Self {
        // One more than is kept, so that the table itself never evicts.
        let table = BoundedMap::new(capacity.saturating_add(1));
        let others = Others::new(list, lists);
        Self { table, others, capacity, distinct: Distinct::new(), dropped: 0, missing: 0 }
    }

    /// Adds a flow, of which a key sent and got so much.
    pub fn add(&mut self, key: K, flow: &Flow, sent: Sent, got: Sent) {
        self.entry(key).add(flow, sent, got);
        if let Some((_, volume)) = self.others.entry(&key, || key, Volume::default) {
            volume.add(flow, sent, got);
        }
    }

    /// The entry of a key in the table.
    fn entry(&mut self, key: K) -> &mut Volume {
        self.distinct.add(&key);
        if self.table.len() >= self.capacity && self.table.get(&key).is_none() {
            self.drop_half();
        }
        self.table.get_or_insert_with(key, Volume::default).0
    }

    fn has(&self, key: &K) -> bool {
        self.table.get(key).is_some()
    }

    /// Those that a report holds: the ones with most bytes, or of the others the page that is asked for.
    pub fn list(&self, lists: &mut Lists) -> Vec<(&K, &Volume)> {
        self.others.list(self.ranked(), limits::LISTED, self.different(), |key| self.has(key), lists)
    }

    /// How many there were: those that are left, when none went.
    fn different(&self) -> u64 {
        if self.dropped == 0 { self.table.len() as u64 } else { self.distinct.count() }
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
    fn ranked(&self) -> Vec<(&K, &Volume)> {
        let mut all: Vec<(&K, &Volume)> = self.table.iter().collect();
        all.sort_unstable_by_key(|(key, volume)| (Reverse(volume.bytes()), **key));
        all
    }
}

impl<K: Hash + Eq + Ord + Copy> Ranking<(K, K)> {
    /// Adds a flow of a pair, of which the first sent and got so much. A pair begins with the client of its first flow that ended; afterwards it is found
    /// either way round.
    pub fn add_pair(&mut self, (one, other): (K, K), flow: &Flow, sent: Sent, got: Sent) {
        match self.has(&(other, one)) {
            true => self.entry((other, one)).add(flow, got, sent),
            false => self.entry((one, other)).add(flow, sent, got),
        }
        let same = (one.min(other), one.max(other));
        match self.others.entry(&same, || (one, other), Volume::default) {
            Some((known, volume)) if *known == (one, other) => volume.add(flow, sent, got),
            Some((_, volume)) => volume.add(flow, got, sent),
            None => {}
        }
    }

    /// As [`Ranking::list`].
    pub fn list_pairs(&self, lists: &mut Lists) -> Vec<(&(K, K), &Volume)> {
        let has = |(one, other): &(K, K)| self.has(&(*one, *other)) || self.has(&(*other, *one));
        self.others.list(self.ranked(), limits::LISTED, self.different(), has, lists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_and_none_is_off_by_more_than_is_said() {
        let mut ranking = Ranking::new("top", 100, &Lists::default());
        let mut add = |key: u32, bytes: u64| {
            ranking.add(key, &Flow::default(), Sent { packets: 1, bytes, ..Sent::default() }, Sent::default());
        };
        for n in 0..20_000_u32 {
            add(n + 10, 60);
            // Ten large ones all the time.
            add(n % 10, 1_000);
        }
        let first: Vec<(u32, u64)> = ranking.ranked().iter().take(10).map(|(key, v)| (**key, v.bytes())).collect();
        assert_eq!(first, (0..10).map(|key| (key, 2_000_000)).collect::<Vec<_>>());
        assert!(ranking.dropped() > 19_000 && ranking.missing() > 0);
        let (total, exact) = ranking.total();
        assert!(!exact && total.abs_diff(20_010) < 600, "{total}");
    }
}
