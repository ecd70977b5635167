//! Echo requests and their replies.

use std::hash::BuildHasher;
use std::net::IpAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Quantiles, SummaryMs, entropy};
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use crate::limits;
use crate::message::{Message, Version};

/// How long after its request a reply counts as late: the time that most programs wait for it.
const LATE: u64 = 1_000_000_000;

/// What a reply or a request is to the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request, seen for the first time.
    Asked,
    /// The same request again.
    AskedAgain,
    /// The reply to a request: its frame, and nanoseconds since then.
    Answered { request: u64, round_trip: Option<u64> },
    /// A further reply to a request that has one: the request's frame.
    AnsweredAgain { request: u64 },
    /// A reply of another host to a request to many (broadcast or multicast): the request's frame.
    AnsweredForMany { request: u64 },
    /// A reply without a request before it in the capture.
    Unasked,
}

/// A request is found again by requester, target, identifier, sequence number and VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    requester: IpAddr,
    target: IpAddr,
    identifier: u16,
    sequence: u16,
    vlan: Option<u16>,
}

struct Pending {
    frame: u64,
    time: Option<u64>,
    open: u32,
    answered: bool,
    payload: Payload,
}

/// What is remembered of a payload. `None`: not all of it was captured.
type Payload = Option<(usize, u64)>;

fn remember(message: &Message<'_>) -> Payload {
    let whole = message.data.len() == message.data_length;
    whole.then(|| (message.data.len(), foldhash::fast::FixedState::default().hash_one(message.data)))
}

/// All echoes.
pub struct Echoes {
    pending: BoundedMap<Key, Pending>,
    /// Requests to broadcast and multicast addresses, by requester, identifier and sequence number.
    to_many: BoundedMap<(IpAddr, u16, u16), u64>,
    sessions: BoundedMap<(IpAddr, IpAddr), Session>,
    totals: Totals,
    round_trips: Quantiles,
}

/// Sums over all echoes.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    requests: u64,
    replies: u64,
    answered: u64,
    again: u64,
    for_many: u64,
    unasked: u64,
    asked_again: u64,
    late: u64,
    unlike: u64,
}

/// Echoes between a requester and a target.
pub struct Session {
    /// ICMP or ICMPv6.
    pub version: Version,
    identifiers: Vec<u16>,
    /// Requests.
    pub requests: u64,
    /// Replies, of all kinds.
    pub replies: u64,
    /// Requests that got a reply.
    pub answered: u64,
    /// Further replies.
    pub duplicates: u64,
    /// Replies without request.
    pub unasked: u64,
    /// Replies after a second or more.
    pub late: u64,
    /// Replies whose payload is not that of the request.
    pub unlike: u64,
    /// Frames of those replies.
    pub unlike_frames: Evidence,
    /// Frames of requests that no reply was seen for are not known before the end; these are the first requests.
    pub frames: Evidence,
    /// Frames of replies without request.
    pub unasked_frames: Evidence,
    round_trips: Quantiles,
    /// Messages with a payload of 128 octets or more, and the sum of their entropies in bits per octet.
    pub large: (u64, f64),
    /// Frames of those.
    pub large_frames: Evidence,
    sizes: (usize, usize),
    /// Requests in the second that has most: its start, how many, and the most of all seconds.
    second: (u64, u64, u64),
}

/// Payloads from this size on tell something by their entropy: below, entropy is bounded by the size.
pub const LARGE: usize = 128;

impl Session {
    fn new(message: &Message<'_>) -> Self {
        Self {
            version: message.version,
            identifiers: Vec::new(),
            requests: 0,
            replies: 0,
            answered: 0,
            duplicates: 0,
            unasked: 0,
            late: 0,
            unlike: 0,
            unlike_frames: Evidence::default(),
            frames: Evidence::default(),
            unasked_frames: Evidence::default(),
            round_trips: Quantiles::with_exact(limits::SESSION_TIMES),
            large: (0, 0.0),
            large_frames: Evidence::default(),
            sizes: (usize::MAX, 0),
            second: (0, 0, 0),
        }
    }

    /// The most requests within one second.
    pub fn most_in_a_second(&self) -> u64 {
        self.second.2
    }

    fn note(&mut self, message: &Message<'_>, frame: u64) {
        let length = message.data_length;
        self.sizes = (self.sizes.0.min(length), self.sizes.1.max(length));
        if message.data.len() >= LARGE {
            self.large = (self.large.0.saturating_add(1), self.large.1 + entropy(message.data));
            self.large_frames.add(frame);
        }
    }

    fn request(&mut self, identifier: u16, frame: u64, time: Option<u64>) {
        self.requests = self.requests.saturating_add(1);
        self.frames.add(frame);
        if !self.identifiers.contains(&identifier) && self.identifiers.len() < limits::LISTED {
            self.identifiers.push(identifier);
        }
        let second = time.unwrap_or_default() / 1_000_000_000;
        let (current, count, most) = self.second;
        let count = if second == current { count.saturating_add(1) } else { 1 };
        self.second = (second, count, most.max(count));
    }
}

impl Echoes {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            pending: BoundedMap::new(limits::PENDING),
            to_many: BoundedMap::new(limits::ENTRIES),
            sessions: BoundedMap::new(limits::SESSIONS),
            totals: Totals::default(),
            round_trips: Quantiles::new(),
        }
    }

    /// Entries that made room: requests, sessions.
    pub fn evicted(&self) -> (u64, u64) {
        (self.pending.evicted(), self.sessions.evicted())
    }

    /// All pairs of requester and target.
    pub fn sessions(&self) -> impl Iterator<Item = (&(IpAddr, IpAddr), &Session)> {
        self.sessions.iter()
    }

    /// Takes an echo request or reply; `None` for other messages, and for those that end before their numbers, which are counted only.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, time: Option<u64>, vlan: Option<u16>) -> Option<Outcome> {
        let add = |count: &mut u64| *count = count.saturating_add(1);
        let Some((identifier, sequence)) = message.numbers else {
            let totals = &mut self.totals;
            let counts = [(message.is_echo(), &mut totals.requests), (message.is_echo_reply(), &mut totals.replies)];
            counts.into_iter().filter(|(is, _)| *is).for_each(|(_, count)| add(count));
            if message.is_echo_reply() {
                add(&mut totals.unasked);
            }
            return None;
        };
        let (requester, target) = match (message.is_echo(), message.is_echo_reply()) {
            (true, _) => (message.source, message.destination),
            (_, true) => (message.destination, message.source),
            _ => return None,
        };
        let key = Key { requester, target, identifier, sequence, vlan };
        let (session, _) = self.sessions.get_or_insert_with((requester, target), || Session::new(message));
        session.note(message, frame);
        if message.is_echo() {
            add(&mut self.totals.requests);
            session.request(identifier, frame, time);
            if is_many(target) {
                self.to_many.insert((requester, identifier, sequence), frame);
            }
            let payload = remember(message);
            let mut again = true;
            let (pending, _) = self.pending.get_or_insert_with(key, || {
                again = false;
                Pending { frame, time, open: 0, answered: false, payload }
            });
            pending.open = pending.open.saturating_add(1);
            // Numbers come round: the latest request is the one that a reply answers.
            (pending.frame, pending.time, pending.payload) = (frame, time, payload);
            if again {
                add(&mut self.totals.asked_again);
            }
            return Some(if again { Outcome::AskedAgain } else { Outcome::Asked });
        }
        add(&mut self.totals.replies);
        add(&mut session.replies);
        let Some(pending) = self.pending.get_mut(&key) else {
            return Some(match self.to_many.get(&(requester, identifier, sequence)) {
                Some(request) => {
                    add(&mut self.totals.for_many);
                    Outcome::AnsweredForMany { request: *request }
                }
                None => {
                    add(&mut self.totals.unasked);
                    add(&mut session.unasked);
                    session.unasked_frames.add(frame);
                    Outcome::Unasked
                }
            });
        };
        let request = pending.frame;
        if pending.open == 0 {
            add(&mut self.totals.again);
            add(&mut session.duplicates);
            return Some(Outcome::AnsweredAgain { request });
        }
        pending.open = pending.open.saturating_sub(1);
        pending.answered = true;
        add(&mut self.totals.answered);
        add(&mut session.answered);
        if let Some((asked, answered)) = pending.payload.zip(remember(message))
            && asked != answered
        {
            add(&mut self.totals.unlike);
            add(&mut session.unlike);
            session.unlike_frames.add(frame);
        }
        let round_trip = time.zip(pending.time).and_then(|(now, then)| now.checked_sub(then));
        if let Some(lasted) = round_trip {
            self.round_trips.add(lasted);
            session.round_trips.add(lasted);
            if lasted >= LATE {
                add(&mut self.totals.late);
                add(&mut session.late);
            }
        }
        Some(Outcome::Answered { request, round_trip })
    }

    /// The report, with the pairs that sent most requests.
    pub fn report(&self) -> (EchoReport, Vec<PairReport>) {
        let totals = self.totals;
        let unanswered = totals.requests.saturating_sub(totals.answered);
        let report = EchoReport {
            requests: totals.requests,
            replies: totals.replies,
            answered: totals.answered,
            unanswered,
            loss: share(unanswered, totals.requests),
            sent_again: totals.asked_again,
            duplicate_replies: totals.again,
            replies_to_broadcast: totals.for_many,
            replies_without_request: totals.unasked,
            late_replies: totals.late,
            replies_unlike_request: totals.unlike,
            rtt: self.round_trips.summary_ms(),
        };
        let mut sessions: Vec<_> = self.sessions.iter().collect();
        sessions.sort_by_key(|(ends, session)| {
            (std::cmp::Reverse(session.requests.saturating_add(session.replies)), **ends)
        });
        let pairs = sessions.into_iter().take(limits::LISTED);
        (report, pairs.map(|((requester, target), session)| PairReport::new(*requester, *target, session)).collect())
    }

    /// How many pairs of requester and target there are.
    pub fn pairs(&self) -> u64 {
        (self.sessions.len() as u64).saturating_add(self.sessions.evicted())
    }
}

/// Whether an address means many hosts: multicast, limited broadcast, or the last one of an IPv4 /24, which mostly is a broadcast.
pub fn is_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255,
        IpAddr::V6(address) => address.is_multicast(),
    }
}

/// A share of a whole; 0 of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Echo requests and replies of the whole capture.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EchoReport {
    pub requests: u64,
    pub replies: u64,
    /// Requests that got a reply: same ends, identifier, sequence number and VLAN, the request first.
    pub answered: u64,
    pub unanswered: u64,
    /// unanswered by requests.
    pub loss: f64,
    /// Requests with the numbers of an earlier one.
    pub sent_again: u64,
    /// Further replies to the same request.
    pub duplicate_replies: u64,
    /// Replies of other hosts to a request to a broadcast or multicast address.
    pub replies_to_broadcast: u64,
    /// Replies to nothing that is in the capture.
    pub replies_without_request: u64,
    /// Replies that came 1 s or more after the request.
    pub late_replies: u64,
    /// Replies whose payload is not that of the request (RFC 792 wants it returned).
    pub replies_unlike_request: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt: Option<SummaryMs>,
}

/// Echoes between a requester and a target.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PairReport {
    pub requester: IpAddr,
    pub target: IpAddr,
    pub ip_version: u8,
    /// The first identifiers.
    pub identifiers: Vec<u16>,
    pub requests: u64,
    pub replies: u64,
    pub answered: u64,
    /// Unanswered requests by requests.
    pub loss: f64,
    pub duplicate_replies: u64,
    pub replies_without_request: u64,
    pub late_replies: u64,
    pub replies_unlike_request: u64,
    /// Octets of payload.
    pub min_payload: u64,
    pub max_payload: u64,
    /// Mean entropy in bits per octet of payloads of 128 octets or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_entropy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt: Option<SummaryMs>,
    /// The first request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u64>,
}

impl PairReport {
    fn new(requester: IpAddr, target: IpAddr, session: &Session) -> Self {
        Self {
            requester,
            target,
            ip_version: session.version.number(),
            identifiers: session.identifiers.clone(),
            requests: session.requests,
            replies: session.replies,
            answered: session.answered,
            loss: share(session.requests.saturating_sub(session.answered), session.requests),
            duplicate_replies: session.duplicates,
            replies_without_request: session.unasked,
            late_replies: session.late,
            replies_unlike_request: session.unlike,
            min_payload: session.sizes.0.min(session.sizes.1) as u64,
            max_payload: session.sizes.1 as u64,
            payload_entropy: mean_entropy(session),
            rtt: session.round_trips.summary_ms(),
            first_frame: session.frames.frames().first().copied(),
        }
    }
}

/// Mean entropy of a session's large payloads.
pub fn mean_entropy(session: &Session) -> Option<f64> {
    let (count, sum) = session.large;
    (count > 0).then(|| sum / count as f64)
}

/// Milliseconds of a round trip.
pub fn milliseconds(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Answered { round_trip, .. } => round_trip.map(time::milliseconds),
        _ => None,
    }
}
