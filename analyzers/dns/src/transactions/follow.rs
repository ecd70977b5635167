//! Questions that come again: with another identifier, port or server, or over TCP after a truncated answer.

use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use mcpcap_analyzer::stats::{BoundedMap, Place};
use smallvec::SmallVec;

use crate::limits;
use crate::seen::{Seen, Transport};

/// Questions and answers of one client about one thing that are kept.
const EVENTS_KEPT: usize = 16;

/// Questions that are followed.
pub(super) struct Follow {
    /// What one client asked and was answered, whatever identifier, port and server.
    histories: BoundedMap<Topic, History>,
    /// Questions asked again before an answer, of histories that made room.
    asked_again: u64,
    /// Histories that made room with a question open.
    evicted: u64,
    /// By client, server and question.
    retries: BoundedMap<(IpAddr, IpAddr, u64), Retry>,
}

/// Who asks what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Topic {
    client: IpAddr,
    question: u64,
}

impl Hash for Topic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.question);
        match self.client {
            IpAddr::V4(client) => state.write_u32(client.to_bits()),
            IpAddr::V6(client) => state.write_u128(client.to_bits()),
        }
    }
}

/// Questions and answers about one thing, by time, so that their order in the file does not matter.
#[derive(Default)]
struct History {
    /// Times, and whether it was an answer.
    events: SmallVec<[(u64, bool); 3]>,
    /// Whether a question stood before these, and how often one was asked again until then.
    open_before: bool,
    again_before: u64,
}

impl History {
    /// Takes a question or an answer; once, since a question may be told again when more is known of it.
    fn add(&mut self, seen: &Seen, is_answer: bool) {
        // Without times the order of the file is all there is.
        let event = (seen.timestamp.unwrap_or(seen.frame), is_answer);
        let Err(at) = self.events.binary_search(&event) else { return };
        self.events.insert(at, event);
        if self.events.len() > EVENTS_KEPT {
            let (_, is_answer) = self.events.remove(0);
            self.again_before = self.again_before.saturating_add((self.open_before && !is_answer).into());
            self.open_before = !is_answer;
        }
    }

    /// How often a question came while one was open.
    fn again(&self) -> u64 {
        let mut open = self.open_before;
        let mut again = self.again_before;
        for (_, is_answer) in &self.events {
            again = again.saturating_add((open && !is_answer).into());
            open = !is_answer;
        }
        again
    }

    fn is_open(&self) -> bool {
        self.events.last().map_or(self.open_before, |(_, is_answer)| !is_answer)
    }
}

/// A truncated answer over UDP, and the same question over TCP.
#[derive(Default)]
struct Retry {
    truncated: Option<Option<u64>>,
    over_tcp: Option<Option<u64>>,
    counted: bool,
}

impl Retry {
    /// Whether the question came again over TCP, after the truncated answer. Once.
    fn happened(&mut self) -> bool {
        let (Some(truncated), Some(over_tcp)) = (self.truncated, self.over_tcp) else { return false };
        let after = truncated.zip(over_tcp).is_none_or(|(truncated, over_tcp)| over_tcp >= truncated);
        after && !std::mem::replace(&mut self.counted, true)
    }
}

impl Follow {
    pub(super) fn new() -> Self {
        Self {
            histories: BoundedMap::new(limits::OPEN_QUESTIONS),
            asked_again: 0,
            evicted: 0,
            retries: BoundedMap::new(limits::TRUNCATED_ANSWERS),
        }
    }

    /// Takes a question; `place` is where it is followed. Whether it retries a truncated answer.
    pub(super) fn asked(&mut self, seen: &Seen, question: u64, place: &mut Place) -> bool {
        let (client, server) = seen.parties(false);
        self.note(Topic { client, question }, place, seen, false);
        if seen.transport == Transport::Udp {
            return false;
        }
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.over_tcp = Some(seen.timestamp);
        retry.happened()
    }

    /// Takes an answer to a question, which is followed near `place`.
    pub(super) fn answered(&mut self, seen: &Seen, question: u64, mut place: Place) {
        let (client, _) = seen.parties(true);
        self.note(Topic { client, question }, &mut place, seen, true);
    }

    /// Takes a truncated answer over UDP. Whether its retry over TCP is known already.
    pub(super) fn truncated(&mut self, seen: &Seen, question: u64) -> bool {
        let (client, server) = seen.parties(true);
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.truncated = Some(seen.timestamp);
        retry.counted = false;
        retry.happened()
    }

    fn note(&mut self, topic: Topic, place: &mut Place, seen: &Seen, is_answer: bool) {
        let Self { histories, asked_again, evicted, .. } = self;
        let gone = |_, gone: History| {
            *asked_again = asked_again.saturating_add(gone.again());
            *evicted = evicted.saturating_add(gone.is_open().into());
        };
        histories.get_or_insert_near(place, topic, History::default, gone).add(seen, is_answer);
    }

    /// Questions that the same client asked again before an answer.
    pub(super) fn asked_again(&self) -> u64 {
        self.histories.iter().map(|(_, history)| history.again()).fold(self.asked_again, u64::saturating_add)
    }

    /// Open questions, and truncated answers or questions over TCP, that had to make room.
    pub(super) fn evicted(&self) -> (u64, u64) {
        (self.evicted, self.retries.evicted())
    }
}
