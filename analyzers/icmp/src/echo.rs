//! Echo requests and their replies.

mod report;

use std::net::IpAddr;

use mcpcap_analyzer::decode::Within;
use mcpcap_analyzer::numbers::{add_one, share};
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Quantiles};
use mcpcap_analyzer::vlans::Vlans;

use crate::inner::{self, TunnelReport};
use crate::limits;
use crate::many::Crowds;
use crate::message::Message;
use crate::session::{LARGE, LATE, PairReport, Session};
use crate::waiting::{Heard, Left, Pair, Waiting, remember};

pub use report::EchoReport;

/// What a reply or a request is to the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request, seen for the first time.
    Asked,
    /// The same request again.
    AskedAgain,
    /// A reply; what it answers is [`Settled`] at once or later.
    Replied,
}

/// What a reply turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The reply to a request: its frame, and nanoseconds since then.
    First { request: u64, round_trip: Option<u64> },
    /// A further reply to a request that has one: the request's frame.
    Again { request: u64 },
    /// A reply of another host to a request to many (broadcast or multicast): the request's frame.
    ForMany { request: u64 },
    /// A reply without a request in the capture.
    Unasked,
}

/// A reply whose answer is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The reply's frame.
    pub reply: u64,
    /// What it is.
    pub answer: Answer,
}

/// What a request and its replies have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    requester: IpAddr,
    target: IpAddr,
    identifier: u16,
    sequence: u16,
}

/// All echoes.
pub struct Echoes {
    waiting: BoundedMap<Key, Waiting>,
    /// Requests to broadcast and multicast addresses, by requester, identifier and sequence number.
    to_many: BoundedMap<(IpAddr, u16, u16), u64>,
    sessions: BoundedMap<(IpAddr, IpAddr), Session>,
    other_sessions: Others<(IpAddr, IpAddr), Session>,
    identifiers: Pool,
    /// Of what tunnels carry.
    flows: Pool,
    tunnels: inner::Others,
    pairs: Distinct,
    /// Hosts that got replies which they had not asked the sender for.
    victims: Crowds,
    settled: Vec<Settled>,
    totals: Totals,
    round_trips: Quantiles,
    evicted: EvictedEchoes,
}

/// Echoes that had to make room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvictedEchoes {
    /// Requests that waited for their reply.
    pub requests: u64,
    /// Replies that waited for a request which stands behind them in the file.
    pub replies: u64,
    /// Requests with their reply.
    pub answered: u64,
    /// Requests to many.
    pub to_many: u64,
    /// Pairs of requester and target.
    pub pairs: u64,
    /// Receivers of replies without request.
    pub victims: u64,
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

/// The list of pairs of requester and target.
const PAIRS: &str = "statistics.echo_pairs";

impl Echoes {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            waiting: BoundedMap::new(limits::PENDING),
            to_many: BoundedMap::new(limits::ENTRIES),
            sessions: BoundedMap::new(limits::SESSIONS),
            other_sessions: Others::new(PAIRS, lists),
            identifiers: Pool::new(limits::VALUES),
            flows: Pool::new(limits::INNER_FLOWS),
            tunnels: inner::Others::new(lists),
            pairs: Distinct::new(),
            victims: Crowds::new(),
            settled: Vec::new(),
            totals: Totals::default(),
            round_trips: Quantiles::new(),
            evicted: EvictedEchoes::default(),
        }
    }

    /// What had to make room.
    pub fn evicted(&self) -> EvictedEchoes {
        EvictedEchoes {
            to_many: self.to_many.evicted(),
            pairs: self.sessions.evicted(),
            victims: self.victims.evicted(),
            ..self.evicted
        }
    }

    /// All pairs of requester and target.
    pub fn sessions(&self) -> impl Iterator<Item = (&(IpAddr, IpAddr), &Session)> {
        self.sessions.iter()
    }

    /// The tunnels that the report holds, and how many there are at least.
    pub fn tunnels(&self, lists: &mut Lists) -> (Vec<TunnelReport>, u64) {
        let tunnels = self.sessions().filter_map(|(ends, session)| Some((ends, session.carried()?)));
        self.tunnels.listed(tunnels, lists)
    }

    /// Hosts that got replies which they had not asked the sender for.
    pub fn victims(&self) -> &Crowds {
        &self.victims
    }

    /// Replies that were settled since the last call.
    pub fn settled(&mut self) -> std::vec::Drain<'_, Settled> {
        self.settled.drain(..)
    }

    /// Takes an echo request or reply; `None` for other messages, and for those that end before their numbers, which are counted only.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, time: Option<u64>, vlans: Vlans) -> Option<Outcome> {
        let Some((identifier, sequence)) = message.numbers else {
            let totals = &mut self.totals;
            let counts = [(message.is_echo(), &mut totals.requests), (message.is_echo_reply(), &mut totals.replies)];
            counts.into_iter().filter(|(is, _)| *is).for_each(|(_, counter)| add_one(counter));
            if message.is_echo_reply() {
                add_one(&mut totals.unasked);
            }
            return None;
        };
        let (requester, target) = match (message.is_echo(), message.is_echo_reply()) {
            (true, _) => (message.source, message.destination),
            (_, true) => (message.destination, message.source),
            _ => return None,
        };
        let (session, gone) = self.sessions.get_or_insert_with((requester, target), || {
            self.pairs.add(&(requester, target));
            Session::new(message)
        });
        if let Some((_, gone)) = gone {
            gone.identifiers.release(&mut self.identifiers);
            if let Some(inner) = &gone.inner {
                inner.release(&mut self.flows);
                self.tunnels.made_room();
            }
        }
        let ends = (requester, target);
        let other = self.other_sessions.entry(&ends, || ends, || Session::new(message)).map(|(_, session)| session);
        let carried = Within::find(message.data, message.data_length);
        let carried = carried.map(|within| (within.source, within.destination, within.protocol));
        if let Some(carried) = carried {
            self.tunnels.add(ends, carried, frame);
        }
        for session in [Some(session), other].into_iter().flatten() {
            session.note(message, frame, vlans, carried, &mut self.flows);
            match message.is_echo() {
                true => session.request(identifier, frame, time, &mut self.identifiers),
                false => add_one(&mut session.replies),
            }
        }
        let is_noted = message.data.len() >= LARGE || carried.is_some();
        let heard = Heard { frame, time, vlans, payload: remember(message), is_noted };
        let key = Key { requester, target, identifier, sequence };
        let (waiting, gone) = self.waiting.get_or_insert_with(key, Waiting::default);
        let (outcome, pair) = if message.is_echo() {
            add_one(&mut self.totals.requests);
            if is_many(target) {
                self.to_many.insert((requester, identifier, sequence), frame);
            }
            let (again, pair) = waiting.ask(heard);
            self.totals.asked_again = self.totals.asked_again.saturating_add(again.into());
            (if again { Outcome::AskedAgain } else { Outcome::Asked }, pair)
        } else {
            add_one(&mut self.totals.replies);
            (Outcome::Replied, waiting.answer(heard))
        };
        let is_full = waiting.is_full();
        if let Some(pair) = pair {
            self.pair(&key, &pair);
        }
        if is_full {
            self.make_room(&key);
        }
        if let Some((key, gone)) = gone {
            self.end(&key, gone, true);
        }
        Some(outcome)
    }

    /// Settles all replies that still wait.
    pub fn finish(&mut self) {
        while let Some((key, waiting)) = self.waiting.pop_oldest() {
            self.end(&key, waiting, false);
        }
    }

    /// Whether two VLANs hold hosts of their own, between the ends of a key.
    fn separate(&self, key: &Key) -> impl Fn(Vlans, Vlans) -> bool + use<'_> {
        let session = self.sessions.get(&(key.requester, key.target));
        move |one, other| session.is_some_and(|session| session.directions.are_separate(one, other))
    }

    fn make_room(&mut self, key: &Key) {
        let Some(mut waiting) = self.waiting.get_mut(key).map(std::mem::take) else { return };
        let (mut pairs, mut left) = (Vec::new(), Vec::new());
        {
            let separate = self.separate(key);
            waiting.across(&separate, |pair| pairs.push(pair));
            waiting.make_room(&separate, |reply| left.push(reply));
        }
        self.settle(key, &pairs, left);
        self.waiting.insert(*key, waiting);
    }

    fn end(&mut self, key: &Key, mut waiting: Waiting, is_evicted: bool) {
        let (mut pairs, mut left) = (Vec::new(), Vec::new());
        let open = {
            let separate = self.separate(key);
            waiting.across(&separate, |pair| pairs.push(pair));
            let open = waiting.open();
            waiting.end(&separate, |reply| left.push(reply));
            open
        };
        if is_evicted {
            let evicted = &mut self.evicted;
            evicted.requests = evicted.requests.saturating_add(open.0);
            evicted.replies = evicted.replies.saturating_add(open.1);
            evicted.answered = evicted.answered.saturating_add((open == (0, 0)).into());
        }
        self.settle(key, &pairs, left);
    }

    fn settle(&mut self, key: &Key, pairs: &[Pair], left: Vec<Left>) {
        pairs.iter().for_each(|pair| self.pair(key, pair));
        for left in left {
            match left {
                Left::Paired(pair) => self.pair(key, &pair),
                Left::Again(reply, request) => self.leave(key, reply.frame, Some(request)),
                Left::Alone(reply) => self.leave(key, reply.frame, None),
            }
        }
    }

    fn pair(&mut self, key: &Key, pair: &Pair) {
        add_one(&mut self.totals.answered);
        self.totals.unlike = self.totals.unlike.saturating_add(pair.is_unlike().into());
        let round_trip = pair.round_trip();
        if let Some(lasted) = round_trip {
            self.round_trips.add(lasted);
            self.totals.late = self.totals.late.saturating_add((lasted >= LATE).into());
        }
        self.both(key).for_each(|session| session.pair(pair));
        let answer = Answer::First { request: pair.request.frame, round_trip };
        self.settled.push(Settled { reply: pair.reply.frame, answer });
    }

    /// What is kept of a pair of requester and target.
    fn both(&mut self, key: &Key) -> impl Iterator<Item = &mut Session> {
        let ends = (key.requester, key.target);
        [self.sessions.get_mut(&ends), self.other_sessions.get_mut(&ends)].into_iter().flatten()
    }

    /// Settles a reply that waits no longer: it answers a request again, or one to many, or none.
    fn leave(&mut self, key: &Key, reply: u64, request: Option<u64>) {
        let to_many = self.to_many.get(&(key.requester, key.identifier, key.sequence)).copied();
        let answer = match (request, to_many) {
            (Some(request), _) => {
                add_one(&mut self.totals.again);
                self.both(key).for_each(|session| add_one(&mut session.duplicates));
                Answer::Again { request }
            }
            (None, Some(request)) => {
                add_one(&mut self.totals.for_many);
                Answer::ForMany { request }
            }
            (None, None) => {
                add_one(&mut self.totals.unasked);
                self.both(key).for_each(|session| {
                    add_one(&mut session.unasked);
                    session.unasked_frames.add(reply);
                });
                Answer::Unasked
            }
        };
        if matches!(answer, Answer::ForMany { .. } | Answer::Unasked) {
            self.victims.add(key.requester, key.target, reply);
        }
        self.settled.push(Settled { reply, answer });
    }

    /// The report, and the pairs, those with most messages first.
    pub fn report(&self, lists: &mut Lists) -> (EchoReport, Vec<PairReport>) {
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
        let has = |ends: &(IpAddr, IpAddr)| self.sessions.get(ends).is_some();
        let pairs = self.other_sessions.list(sessions, limits::LIST_ENTRIES, self.pairs.count(), has, lists);
        let places = lists.place(PAIRS)..;
        let report_on = |(place, ((requester, target), session)): (usize, (&(IpAddr, IpAddr), &Session))| {
            PairReport::new(*requester, *target, session, place, lists)
        };
        (report, places.zip(pairs).map(report_on).collect())
    }

    /// How many pairs of requester and target there are, and whether that is exact.
    pub fn pairs(&self) -> (u64, bool) {
        (self.pairs.count(), self.pairs.is_exact())
    }
}

/// Whether an address means many hosts: multicast, limited broadcast, or the last one of an IPv4 /24, which mostly is a broadcast.
pub fn is_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast() || address.octets()[3] == 255,
        IpAddr::V6(address) => address.is_multicast(),
    }
}
