//! DNS on ports of its own: believed when both directions agree.
//!
//! A payload that parses strictly is held until one of the other direction with the same identifier and question comes. Then both
//! count, and whatever parses strictly to or from that server counts at once. A single such payload proves nothing.

use mcpcap_analyzer::stream::Endpoint;

use mcpcap_analyzer::stats::{BoundedMap, Part, Ranked};

use crate::limits;
use crate::message::{HEADER_LENGTH, Message};
use crate::question;
use crate::seen::{Seen, Service};

/// A message that waits for the other direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where and when it was seen.
    pub seen: Seen,
    /// The message.
    pub octets: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    client: Endpoint,
    server: Endpoint,
    id: u16,
    question: u64,
}

/// What to make of a payload.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is DNS, and so is the message that was held for it, if there is one.
    Dns(Option<Held>),
    /// It is not, or not yet.
    Other,
}

/// A message that waits, and its direction.
struct Waiting {
    is_response: bool,
    message: Held,
}

/// Frames of messages that found no counterpart, in the order of the file.
pub struct Unconfirmed {
    total: u64,
    last: Option<u64>,
    frames: Ranked<u64>,
}

impl Default for Unconfirmed {
    /// They are counted only.
    fn default() -> Self {
        Self::new(Part { offset: 0, limit: 0 })
    }
}

impl Unconfirmed {
    /// None yet. A part of them is listed.
    pub fn new(part: Part) -> Self {
        Self { total: 0, last: None, frames: Ranked::new(part) }
    }

    /// Adds a frame. The same frame twice in a row counts once.
    pub fn add(&mut self, frame: u64) {
        if self.last.replace(frame) == Some(frame) {
            return;
        }
        self.total = self.total.saturating_add(1);
        self.frames.add(u64::MAX.saturating_sub(frame), self.total, || frame);
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Those of the part.
    pub fn into_frames(self) -> Vec<u64> {
        self.frames.into_entries()
    }
}

/// Messages on other ports that wait for one of the other direction, whichever stands first in the file.
pub struct Candidates {
    held: BoundedMap<Key, Waiting>,
    servers: BoundedMap<Endpoint, ()>,
}

impl Candidates {
    /// None yet.
    pub fn new() -> Self {
        Self { held: BoundedMap::new(limits::CANDIDATES), servers: BoundedMap::new(limits::CONFIRMED) }
    }

    /// Looks at a UDP payload on ports of no known protocol.
    pub fn datagram(&mut self, seen: &Seen, octets: &[u8], unconfirmed: &mut Unconfirmed) -> Verdict {
        if seen.short.is_some() || !could_be(octets) {
            return Verdict::Other;
        }
        let Some((is_response, id, question)) = strict(octets) else { return Verdict::Other };
        let (client, server) = seen.ends(is_response);
        let key = Key { client, server, id, question };
        let is_other = self.held.get(&key).is_some_and(|held| held.is_response != is_response);
        let other = if is_other { self.held.remove(&key) } else { None };
        if self.servers.get_mut(&server).is_some() {
            return Verdict::Dns(other.map(|other| other.message));
        }
        if octets.len() > limits::CANDIDATE_OCTETS {
            unconfirmed.add(seen.frame);
            return Verdict::Other;
        }
        if let Some(other) = other {
            self.servers.insert(server, ());
            return Verdict::Dns(Some(other.message));
        }
        // The first transmission is kept: a query sent again is the same query.
        let make = || Waiting { is_response, message: Held { seen: *seen, octets: octets.to_vec() } };
        let (_, gone) = self.held.get_or_insert_with(key, make);
        if let Some((_, gone)) = gone {
            unconfirmed.add(gone.message.seen.frame);
        }
        Verdict::Other
    }

    /// Messages without a counterpart to and from servers that were found to speak DNS later, in the order of the file.
    pub fn confirmed(&mut self) -> Vec<Held> {
        let keys: Vec<Key> = self.held.iter().map(|(key, _)| key.clone()).collect();
        let known = keys.iter().filter(|key| self.servers.get(&key.server).is_some());
        let mut found: Vec<Held> =
            known.filter_map(|key| self.held.remove(key)).map(|waiting| waiting.message).collect();
        found.sort_by_key(|held| held.seen.frame);
        found
    }

    /// Ends: the messages that still wait find no counterpart.
    pub fn finish(&self, unconfirmed: &mut Unconfirmed) {
        let mut frames: Vec<u64> = self.held.iter().map(|(_, held)| held.message.seen.frame).collect();
        frames.sort_unstable();
        frames.into_iter().for_each(|frame| unconfirmed.add(frame));
    }

    /// Messages, and servers that were known, that had to make room.
    pub fn evicted(&self) -> (u64, u64) {
        (self.held.evicted(), self.servers.evicted())
    }
}

/// Whether the first bytes could be a header with one question. Cheap, since every payload on every port comes by here.
pub fn could_be(octets: &[u8]) -> bool {
    // The root's name, type and class make the shortest question.
    if octets.len() < HEADER_LENGTH.saturating_add(5) {
        return false;
    }
    let octet = |at: usize| octets.get(at).copied().unwrap_or(u8::MAX);
    let opcode = (octet(2) >> 3) & 0xf;
    let reserved = octet(3) & 0x40 != 0;
    let one_question = octet(4) == 0 && octet(5) == 1;
    // A record has 11 bytes or more.
    let records: usize = [6, 8, 10]
        .into_iter()
        .map(|at| usize::from(u16::from_be_bytes([octet(at), octet(at.saturating_add(1))])))
        .sum();
    matches!(opcode, 0 | 4 | 5) && !reserved && one_question && records.saturating_mul(11) <= octets.len()
}

/// Whether it is a response, its identifier and the hash of its question, when it parses strictly and has one.
pub fn strict(octets: &[u8]) -> Option<(bool, u16, u64)> {
    let message = Message::parse(octets, None).ok().filter(Message::is_strict)?;
    Some((message.header.is_response(), message.header.id, question::identity(&message, Service::Dns)?))
}
