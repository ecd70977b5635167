//! IP fragments put together (RFC 791 3.2, RFC 8200 4.5) in bounded memory.

use std::collections::BTreeMap;
use std::net::IpAddr;

use etherparse::IpNumber;
use etherparse::defrag::IpDefragBuf;

use super::network::Piece;
use super::{Ip, Limits};

/// What tells one datagram from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    source: IpAddr,
    destination: IpAddr,
    identification: u32,
    protocol: u8,
    vlan: Option<u16>,
}

impl Key {
    pub(super) fn new(ip: &Ip, protocol: u8, vlan: Option<u16>) -> Self {
        Self { source: ip.source, destination: ip.destination, identification: ip.identification, protocol, vlan }
    }
}

struct Datagram {
    buffer: IpDefragBuf,
    frames: Vec<u64>,
    /// Order of its first fragment among all datagrams.
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
    waiting: BTreeMap<Key, Datagram>,
    /// Keys by age, so that the oldest are found without a search.
    ages: BTreeMap<u64, Key>,
    next: u64,
    held: usize,
    pub(super) completed: u64,
    pub(super) expired: u64,
    pub(super) evicted: u64,
    pub(super) refused: u64,
}

impl Fragments {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: BTreeMap::new(),
            ages: BTreeMap::new(),
            next: 0,
            held: 0,
            completed: 0,
            expired: 0,
            evicted: 0,
            refused: 0,
        }
    }

    /// Datagrams that wait for more.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting.len() as u64
    }

    pub(super) fn add(&mut self, key: Key, piece: Piece, data: &[u8], frame: u64, time: Option<u64>) -> Outcome {
        self.expire(time);
        let born = self.next;
        let Ok(offset) = u16::try_from(piece.offset / 8).map_err(drop).and_then(|units| etherparse::IpFragOffset::try_new(units).map_err(drop))
        else {
            self.refused = self.refused.saturating_add(1);
            return Outcome::Refused;
        };
        let datagram = self.waiting.entry(key.clone()).or_insert_with(|| Datagram {
            buffer: IpDefragBuf::new(IpNumber(piece.protocol), Vec::new(), Vec::new()),
            frames: Vec::new(),
            born,
            first_seen: time,
        });
        if datagram.born == born {
            self.next = born.saturating_add(1);
            self.ages.insert(born, key.clone());
        }
        let before = datagram.buffer.data().len();
        if contradicts(&datagram.buffer, piece.offset, data) || datagram.buffer.add(offset, piece.more, data).is_err() {
            self.refused = self.refused.saturating_add(1);
            self.remove(&key);
            return Outcome::Refused;
        }
        datagram.frames.push(frame);
        self.held = self.held.saturating_add(datagram.buffer.data().len().saturating_sub(before));
        if datagram.buffer.is_complete()
            && let Some(whole) = self.remove(&key)
        {
            self.completed = self.completed.saturating_add(1);
            return Outcome::Whole(whole.buffer.take_bufs().0, whole.frames);
        }
        while self.held > self.limits.bytes || self.waiting.len() > self.limits.datagrams {
            let Some(oldest) = self.ages.values().next().cloned() else { break };
            self.remove(&oldest);
            self.evicted = self.evicted.saturating_add(1);
        }
        Outcome::Kept
    }

    fn remove(&mut self, key: &Key) -> Option<Datagram> {
        let datagram = self.waiting.remove(key)?;
        self.ages.remove(&datagram.born);
        self.held = self.held.saturating_sub(datagram.buffer.data().len());
        Some(datagram)
    }

    /// Gives up on datagrams that have waited too long, by the clock of the capture.
    fn expire(&mut self, now: Option<u64>) {
        let Some(now) = now else { return };
        while let Some((_, oldest)) = self.ages.first_key_value() {
            let seen = self.waiting.get(oldest).and_then(|datagram| datagram.first_seen);
            if seen.is_none_or(|seen| now.saturating_sub(seen) <= self.limits.age) {
                break;
            }
            let oldest = oldest.clone();
            self.remove(&oldest);
            self.expired = self.expired.saturating_add(1);
        }
    }
}

/// Whether a fragment says otherwise than the ones before it about the same octets. Systems differ in whom they believe, which
/// attackers use; a datagram that is sent honestly never does it (RFC 5722).
fn contradicts(buffer: &IpDefragBuf, offset: u32, data: &[u8]) -> bool {
    let start = offset as usize;
    buffer.sections().iter().any(|section| {
        let from = start.max(usize::from(section.start));
        let to = start.saturating_add(data.len()).min(usize::from(section.end));
        from < to
            && buffer.data().get(from..to) != data.get(from.saturating_sub(start)..to.saturating_sub(start))
    })
}
