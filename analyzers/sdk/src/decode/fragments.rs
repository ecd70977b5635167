//! IP fragments put together (RFC 791 3.2, RFC 8200 4.5) in bounded memory.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::datagram::{Datagram, Piece};
use super::{FragmentCounts, Ip, Layer, Limits};

/// What tells one datagram from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    protocol: u8,
    /// Virtual networks around it: addresses may be in use in several of them.
    networks: SmallVec<[Layer; 2]>,
}

impl Key {
    pub(super) fn new(ip: &Ip, protocol: u8, layers: &[Layer]) -> Self {
        let is_network = |layer: &Layer| {
            matches!(
                layer,
                Layer::Vlan(_)
                    | Layer::Vxlan(_)
                    | Layer::Geneve(_)
                    | Layer::PppoeSession(_)
                    | Layer::L2tp(_)
                    | Layer::Gtp(_)
                    | Layer::Pbb(_)
                    | Layer::FrameRelay(_)
            )
        };
        Self {
            source: ip.source,
            destination: ip.destination,
            identification: ip.identification,
            protocol,
            networks: layers.iter().copied().filter(is_network).collect(),
        }
    }
}

/// A datagram that is not whole yet.
struct Waiting {
    datagram: Datagram,
    /// Its place in the order of arrival.
    born: u64,
    first_seen: Option<u64>,
}

/// What became of a fragment.
pub(super) enum Outcome {
    /// It waits for others.
    Kept,
    /// It contradicts the others.
    Refused,
    /// It was the last that was missing: the whole payload, and the frames of its pieces.
    Whole(Vec<u8>, Vec<u64>),
}

/// Datagrams that are not whole yet.
pub(super) struct Fragments {
    limits: Limits,
    waiting: BTreeMap<Key, Waiting>,
    /// Keys in order of arrival, so that the oldest are found without a search.
    ages: BTreeMap<u64, Key>,
    next: u64,
    held: usize,
    counts: FragmentCounts,
}

impl Fragments {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: BTreeMap::new(),
            ages: BTreeMap::new(),
            next: 0,
            held: 0,
            counts: FragmentCounts::default(),
        }
    }

    pub(super) fn counts(&self) -> FragmentCounts {
        FragmentCounts { waiting: self.waiting.len() as u64, ..self.counts }
    }

    /// Counts a fragment that was cut, so that its datagram can never be whole.
    pub(super) fn pass_over(&mut self) {
        self.counts.frames = self.counts.frames.saturating_add(1);
    }

    pub(super) fn add(&mut self, key: Key, piece: Piece, data: &[u8], frame: u64, time: Option<u64>) -> Outcome {
        self.counts.frames = self.counts.frames.saturating_add(1);
        self.expire(&key, time);
        let entry = self.waiting.entry(key).or_insert_with_key(|key| {
            let born = self.next;
            self.next = born.saturating_add(1);
            self.ages.insert(born, key.clone());
            Waiting { datagram: Datagram::default(), born, first_seen: time }
        });
        let (born, before) = (entry.born, entry.datagram.cost());
        let added = entry.datagram.add(piece, data, frame);
        let (after, is_whole) = (entry.datagram.cost(), entry.datagram.is_whole());
        self.held = self.held.saturating_add(after).saturating_sub(before);
        if added.is_err() {
            // All of the datagram is discarded (RFC 5722), and what comes later begins anew.
            self.counts.refused = self.counts.refused.saturating_add(1);
            self.remove(born);
            return Outcome::Refused;
        }
        if is_whole && let Some(whole) = self.remove(born) {
            self.counts.completed = self.counts.completed.saturating_add(1);
            let (data, frames) = whole.into_parts();
            return Outcome::Whole(data, frames);
        }
        while self.held > self.limits.bytes || self.waiting.len() > self.limits.datagrams {
            let Some((&oldest, _)) = self.ages.first_key_value() else { break };
            self.remove(oldest);
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
        Outcome::Kept
    }

    fn remove(&mut self, born: u64) -> Option<Datagram> {
        let removed = self.waiting.remove(&self.ages.remove(&born)?)?;
        self.held = self.held.saturating_sub(removed.datagram.cost());
        Some(removed.datagram)
    }

    /// Gives up on datagrams that have waited too long, by the clock of the capture: the oldest ones, and the one with `key`, so
    /// that a reused identification does not mix with it even where the capture's times are out of order.
    fn expire(&mut self, key: &Key, now: Option<u64>) {
        let Some(now) = now else { return };
        let age = self.limits.age;
        let is_old = |waiting: &Waiting| waiting.first_seen.is_some_and(|seen| now.saturating_sub(seen) > age);
        if let Some(same) = self.waiting.get(key)
            && is_old(same)
        {
            let born = same.born;
            self.give_up(born);
        }
        while let Some((&born, oldest)) = self.ages.first_key_value()
            && self.waiting.get(oldest).is_some_and(is_old)
        {
            self.give_up(born);
        }
    }

    fn give_up(&mut self, born: u64) {
        self.remove(born);
        self.counts.expired = self.counts.expired.saturating_add(1);
    }
}
