//! One query and what came back.

use std::net::SocketAddr;

use crate::brief::{Brief, Differs, Outcome, Topic};
use crate::limits;
use crate::message::codes::kind;
use crate::message::name::Name;
use crate::seen::{Seen, Service, Transport};

/// Responses of one query that say something else and are told by frame.
const CONFLICTS_KEPT: usize = 4;

/// A query and what came back.
#[derive(Debug)]
pub(super) struct Transaction {
    /// The question by hash, or a hash of the message where it has none that can be read.
    pub(super) identity: u64,
    pub(super) topic: Topic,
    /// In lower case.
    pub(super) name: Option<Name>,
    pub(super) server: SocketAddr,
    /// First transmission by time: its frame, its time, and where it stands in the page of listed messages.
    pub(super) frame: u64,
    pub(super) first: Option<u64>,
    pub(super) place: Option<usize>,
    /// Time of the last transmission.
    pub(super) last: Option<u64>,
    pub(super) queries: u32,
    pub(super) responses: u32,
    /// The first response by time.
    pub(super) response: Option<First>,
    /// Responses that say something else than the first.
    pub(super) differing: u32,
    pub(super) conflicts: Vec<(u64, Option<usize>)>,
}

/// A first response.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub(super) frame: u64,
    pub(super) time: Option<u64>,
    pub(super) place: Option<usize>,
    digest: u64,
    truncated: bool,
}

/// A response that is to be paired.
#[derive(Debug, Clone)]
pub(super) struct Response {
    pub(super) seen: Seen,
    pub(super) brief: Brief,
    /// What it says, by hash: code and records. Only over UDP.
    pub(super) digest: u64,
    pub(super) place: Option<usize>,
    /// The open query with its ends and identifier and another question, when it came.
    pub(super) other: Option<(u64, Differs)>,
}

/// Whether a query was sent before a response, by the clock. Where there is none, and within a TCP stream, whose bytes are put in order,
/// the order of the file says so too.
pub(super) fn precedes(frame: u64, time: Option<u64>, response: &Seen) -> bool {
    let stands_before = frame < response.frame;
    match time.zip(response.timestamp) {
        Some((asked, answered)) => asked <= answered || (response.transport == Transport::Tcp && stands_before),
        None => stands_before,
    }
}

impl Transaction {
    pub(super) fn new(seen: &Seen, brief: &Brief, identity: u64, name: Option<Name>, place: Option<usize>) -> Self {
        Self {
            identity,
            topic: brief.topic,
            name,
            server: seen.destination,
            frame: seen.frame,
            first: seen.timestamp,
            place,
            last: seen.timestamp,
            queries: 1,
            responses: 0,
            response: None,
            differing: 0,
            conflicts: Vec::new(),
        }
    }

    pub(super) fn precedes(&self, response: &Seen) -> bool {
        precedes(self.frame, self.first, response)
    }

    /// Whether its first transmission was before this message.
    pub(super) fn is_older(&self, seen: &Seen) -> bool {
        match self.first.zip(seen.timestamp) {
            Some((first, now)) if first != now => first < now,
            _ => self.frame < seen.frame,
        }
    }

    /// Whether a query with the same question, sent after it, is the same query sent again: before an answer, and not so late that no
    /// resolver waits any more.
    pub(super) fn is_sent_again_by(&self, seen: &Seen) -> bool {
        let open = self.response.is_none_or(|response| match response.time.zip(seen.timestamp) {
            Some((answered, now)) => now < answered,
            None => seen.frame < response.frame,
        });
        let pause = self.last.zip(seen.timestamp).map(|(last, now)| now.saturating_sub(last));
        open && pause.is_none_or(|pause| pause <= limits::RESEND)
    }

    /// Takes a transmission that was sent before all that are known; gives the place of the one that was the first until now.
    pub(super) fn was_sent_before(&mut self, seen: &Seen, place: Option<usize>) -> Option<usize> {
        self.frame = seen.frame;
        self.first = seen.timestamp;
        std::mem::replace(&mut self.place, place)
    }

    /// Whether a response repeats its question.
    pub(super) fn has_question_of(&self, response: &Brief) -> bool {
        matches!((self.topic, response.topic), (Topic::Question { hash, .. }, Topic::Question { hash: other, .. }) if hash == other)
    }

    /// Whether a response may belong to it without repeating its question: the response has none, or the query has none that can be read,
    /// as that of an inverse query, whose response fills it in (RFC 1035 §6.4).
    pub(super) fn may_be_of(&self, response: &Brief) -> bool {
        response.topic == Topic::None || !matches!(self.topic, Topic::Question { .. })
    }

    /// In what a response's question differs from its own.
    pub(super) fn differs(&self, response: &Brief) -> Differs {
        match (self.topic, response.topic) {
            (Topic::Question { name, kind, .. }, Topic::Question { name: other_name, kind: other_kind, .. }) => {
                match (name == other_name, kind == other_kind) {
                    (false, _) => Differs::Name,
                    (true, false) => Differs::Type,
                    (true, true) => Differs::Class,
                }
            }
            _ => Differs::Unreadable,
        }
    }

    /// Whether it had no answer yet when a response came.
    pub(super) fn was_open_at(&self, seen: &Seen) -> bool {
        self.response.is_none_or(|response| match response.time.zip(seen.timestamp) {
            Some((answered, now)) => now < answered,
            None => seen.frame < response.frame,
        })
    }

    /// Takes a response. What it is, and the place of which that is to be noted.
    pub(super) fn answer(&mut self, response: &Response) -> (Outcome, Option<usize>) {
        self.responses = self.responses.saturating_add(1);
        let own = First {
            frame: response.seen.frame,
            time: response.seen.timestamp,
            place: response.place,
            digest: response.digest,
            truncated: response.brief.truncated,
        };
        let kind = self.topic.kind();
        let Some(first) = self.response else {
            self.response = Some(own);
            return (Outcome::Answered { kind }, response.place);
        };
        // The file may have the second answer before the first.
        let is_earlier = first.time.zip(own.time).is_some_and(|(first, own)| own < first);
        let (first, later) = if is_earlier { (own, first) } else { (first, own) };
        self.response = Some(first);
        let truncated = first.truncated || later.truncated;
        if response.brief.complete && first.digest != later.digest && !truncated {
            self.differing = self.differing.saturating_add(1);
            if self.conflicts.len() < CONFLICTS_KEPT {
                self.conflicts.push((later.frame, later.place));
            }
        }
        let continued = response.seen.transport == Transport::Tcp && matches!(kind, Some(kind::AXFR | kind::IXFR));
        (Outcome::AnsweredAgain { request: self.frame, continued, kind }, later.place)
    }

    /// Further responses that say the same, or continue the first; and those that say something else although each query had its response.
    pub(super) fn further(&self, service: Service, transport: Transport) -> (u64, u64) {
        let more = u64::from(self.responses.saturating_sub(1));
        if transport == Transport::Tcp && matches!(self.topic.kind(), Some(kind::AXFR | kind::IXFR)) {
            return (0, 0);
        }
        let conflicting = if service == Service::Dns && transport == Transport::Udp {
            u64::from(self.differing.min(self.responses.saturating_sub(self.queries)))
        } else {
            0
        };
        (more.saturating_sub(conflicting), conflicting)
    }
}

/// The transaction of a list (in the order of time) to which a response belongs: the latest query before it that it repeats, or else the
/// latest open one that it may belong to, or else the latest such.
pub(super) fn find(list: &[Transaction], response: &Response) -> Option<usize> {
    let before = |transaction: &Transaction| transaction.precedes(&response.seen);
    pick(list, &response.brief, before, |transaction| transaction.was_open_at(&response.seen))
}

/// The same by the order of the file, for clocks that were set back: only queries that are still open.
pub(super) fn find_by_file(list: &[Transaction], response: &Response) -> Option<usize> {
    let before = |transaction: &Transaction| transaction.responses == 0 && transaction.frame < response.seen.frame;
    pick(list, &response.brief, before, |_| true)
}

fn pick(
    list: &[Transaction],
    brief: &Brief,
    before: impl Fn(&Transaction) -> bool,
    open: impl Fn(&Transaction) -> bool,
) -> Option<usize> {
    let may_be = |transaction: &Transaction| before(transaction) && transaction.may_be_of(brief);
    list.iter()
        .rposition(|transaction| before(transaction) && transaction.has_question_of(brief))
        .or_else(|| list.iter().rposition(|transaction| may_be(transaction) && open(transaction)))
        .or_else(|| list.iter().rposition(may_be))
}
