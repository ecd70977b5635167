//! Queries paired with their responses, by the time at which they were sent, whatever their order in the file.
//!
//! A response whose query did not come yet waits for it, since files of several capture queues are not in the order of time, and a query
//! behind a hole in a TCP stream is known late. What depends on all responses of a query (latency, conflicts) is settled when the query
//! leaves the table.

mod follow;
mod key;
mod totals;
mod transaction;
mod unanswered;

use mcpcap_analyzer::stats::{BoundedMap, Lists, Place, Quantiles};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::vlans::{Pairs, Vlans};
use smallvec::SmallVec;

use crate::brief::{Brief, Decision, Judged, Outcome, Settled};
use crate::digest;
use crate::hashes;
use crate::limits;
use crate::message::Message;
use crate::message::codes::operation;
use crate::question::Asked;
use crate::seen::{Seen, Service, Transport};
use follow::Follow;
use key::Key;
pub use totals::{Evicted, Totals};
use transaction::{Response, Transaction, find, find_by_file, precedes};
use unanswered::GivenUp;
pub use unanswered::Unanswered;

/// Pairs queries with responses.
pub struct Transactions {
    /// Queries in the order of time, and how many there are.
    table: BoundedMap<Key, SmallVec<[Transaction; 1]>>,
    kept: usize,
    /// Responses without a query so far, and how many there are.
    waiting: BoundedMap<Key, Vec<Response>>,
    waiting_kept: usize,
    waiting_evicted: u64,
    /// Frames and times of payloads that are no messages, to which errors answer.
    payloads: BoundedMap<Key, (u64, Option<u64>)>,
    /// Where clients and servers are heard over UDP.
    heard: Pairs,
    follow: Follow,
    udp: Quantiles,
    tcp: Quantiles,
    totals: Totals,
    given_up: GivenUp,
}

impl Transactions {
    /// No transactions yet. `lists`: which of those without a response are asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            // One more than there may be, so that they never make room by themselves.
            table: BoundedMap::new(limits::TRANSACTIONS.saturating_add(1)),
            kept: 0,
            waiting: BoundedMap::new(limits::WAITING.saturating_add(1)),
            waiting_kept: 0,
            waiting_evicted: 0,
            payloads: BoundedMap::new(limits::OTHER_PAYLOADS),
            heard: Pairs::new(limits::HEARD_PAIRS),
            follow: Follow::new(),
            udp: Quantiles::new(),
            tcp: Quantiles::new(),
            totals: Totals::default(),
            given_up: GivenUp::new(lists),
        }
    }

    /// Takes a message, and tells what it turned out to be as far as that is known. `place` is where it stands in the page of listed
    /// messages. What is decided now, about this message and others, goes to `out`.
    pub fn take(
        &mut self,
        seen: &Seen,
        message: &Message<'_>,
        asked: Option<&Asked>,
        place: Option<usize>,
        out: &mut Vec<Decision>,
    ) -> Outcome {
        // The messages of a stateful session (RFC 8490 §5.4) that want no response have no identifier.
        let one_way = message.header.opcode() == operation::DSO && message.header.id == 0;
        if seen.service == Service::Mdns || one_way {
            return Outcome::Unpaired;
        }
        self.given_up.now(seen.timestamp);
        let brief = Brief::of(seen, message, asked);
        let key = Key::of(seen, message);
        if seen.transport == Transport::Udp && seen.service == Service::Dns {
            self.heard.note(seen.parties(brief.is_response), seen.vlans, !brief.is_response);
        }
        if !brief.is_response {
            return self.query(key, seen, message, &brief, asked, place, out);
        }
        let compares = seen.transport == Transport::Udp && seen.service == Service::Dns;
        let digest = if compares { digest::of(message, asked) } else { 0 };
        self.response(key, Response { seen: *seen, brief, digest, place, other: None }, out)
    }

    /// Takes a payload that is no message. Its first two bytes stand where the identifier would.
    pub fn payload(&mut self, seen: &Seen, octets: &[u8]) {
        if let Some((id, _)) = octets.split_first_chunk::<2>() {
            let key = Key::between(seen, false, u16::from_be_bytes(*id));
            self.payloads.insert(key, (seen.frame, seen.timestamp));
        }
    }

    #[allow(clippy::too_many_arguments, reason = "what is known of one message")]
    fn query(
        &mut self,
        key: Key,
        seen: &Seen,
        message: &Message<'_>,
        brief: &Brief,
        asked: Option<&Asked>,
        place: Option<usize>,
        out: &mut Vec<Decision>,
    ) -> Outcome {
        // Without a question that can be read, only the same message is the same query.
        let identity = asked.map_or_else(|| hashes::of(message.octets().get(2..).unwrap_or_default()), |a| a.hash);
        let waits = if self.waiting.is_empty() { None } else { self.waiting.get(&key) };
        let waits = waits.map(Vec::as_slice).unwrap_or_default();
        let list = self.table.get_or_insert_near(&mut Place::default(), key, SmallVec::new, |_, _| ());
        let judged = |outcome, place| Decision::Judged(Judged { seen: *seen, brief: *brief, outcome, place });
        // In another VLAN it is another query: copies do not come here.
        let same = |transaction: &Transaction| transaction.identity == identity && transaction.vlans == seen.vlans;
        let previous = list.iter_mut().rev().find(|transaction| same(transaction) && transaction.is_older(seen));
        if let Some(previous) = previous.filter(|previous| previous.is_sent_again_by(seen)) {
            previous.was_sent_again(seen, place);
            self.totals.count(key.service, Outcome::Retransmitted);
            out.push(judged(Outcome::Retransmitted, place));
            return Outcome::Retransmitted;
        }
        // It may be an earlier transmission of a query that stands before it in the file, if nothing answered it in between.
        let next = list.iter_mut().find(|transaction| same(transaction) && !transaction.is_older(seen));
        let mut own = Transaction::new(seen, brief, identity, asked.map(|asked| asked.name.wire().clone()), place);
        let is_its = |response: &Response| {
            find(std::slice::from_ref(&own), response, apart(&self.heard, &key, seen.destination)).is_some()
        };
        let waits_for_it = waits.iter().any(is_its);
        let pause = |next: &Transaction| next.first.zip(seen.timestamp).map(|(next, now)| next.saturating_sub(now));
        if let Some(next) = next
            && !waits_for_it
            && pause(next).is_some_and(|pause| pause <= limits::RESEND)
        {
            let later = next.was_sent_before(seen, place);
            self.totals.count(key.service, Outcome::Retransmitted);
            out.push(judged(Outcome::Retransmitted, later));
            return Outcome::Retransmitted;
        }
        // Responses to it may have been taken for further ones to the query before it.
        let previous = list.iter_mut().rev().find(|transaction| same(transaction) && transaction.is_older(seen));
        let given = previous.and_then(|previous| previous.give_responses(&mut own));
        if key.service == Service::Dns {
            let retried = self.follow.asked(seen, identity, &mut own.followed);
            self.totals.retried_over_tcp = self.totals.retried_over_tcp.saturating_add(retried.into());
        }
        let followed = own.followed;
        let at = list.iter().position(|transaction| !transaction.is_older(seen)).unwrap_or(list.len());
        list.insert(at, own);
        let dropped = (list.len() > limits::QUESTIONS_OF_ONE_KEY).then(|| list.remove(0));
        self.kept = self.kept.saturating_add(usize::from(dropped.is_none()));
        self.totals.count(key.service, Outcome::Asked);
        out.push(judged(Outcome::Asked, place));
        if let Some(given) = given {
            let mut answer = Seen { source: seen.destination, destination: seen.source, ..*seen };
            (answer.frame, answer.timestamp) = (given.frame, given.time);
            let brief = Brief { is_response: true, ..*brief };
            if key.service == Service::Dns {
                self.follow.answered(&answer, identity, followed);
            }
            let outcome = Outcome::Answered { kind: brief.topic.kind() };
            self.totals.count(key.service, outcome);
            out.push(Decision::Judged(Judged { seen: answer, brief, outcome, place: given.place }));
        }
        if waits_for_it {
            self.resume(&key, seen, out);
        }
        if let Some(dropped) = dropped {
            self.leaves(&key, &dropped, true, out);
        }
        if self.kept > limits::TRANSACTIONS
            && let Some((key, gone)) = self.table.pop_oldest()
        {
            self.kept = self.kept.saturating_sub(gone.len());
            gone.iter().for_each(|transaction| self.leaves(&key, transaction, false, out));
        }
        Outcome::Asked
    }

    /// Pairs the responses that waited for a query that just came.
    fn resume(&mut self, key: &Key, query: &Seen, out: &mut Vec<Decision>) {
        let Some(mut responses) = self.waiting.remove(key) else { return };
        self.waiting_kept = self.waiting_kept.saturating_sub(responses.len());
        responses.sort_by_key(|response| (response.seen.timestamp, response.seen.frame));
        let mut left = Vec::new();
        for response in responses {
            let separate = apart(&self.heard, key, response.seen.source);
            let at = self.table.get(key).and_then(|list| find(list, &response, separate));
            match at.filter(|_| precedes(query.frame, query.timestamp, &response.seen)) {
                Some(at) => {
                    if response.seen.frame < query.frame {
                        self.totals.before_query = self.totals.before_query.saturating_add(1);
                    }
                    self.pair(key, (Place::default(), at), &response, out);
                }
                None => left.push(response),
            }
        }
        if !left.is_empty() {
            self.waiting_kept = self.waiting_kept.saturating_add(left.len());
            self.waiting.insert(*key, left);
        }
    }

    fn response(&mut self, key: Key, mut response: Response, out: &mut Vec<Decision>) -> Outcome {
        let mut place = Place::default();
        let list = self.table.get_near(&mut place, &key).map(|list| list.as_slice()).unwrap_or_default();
        let separate = |one, other| apart(&self.heard, &key, response.seen.source)(one, other);
        if let Some(at) = find(list, &response, separate) {
            return self.pair(&key, (place, at), &response, out);
        }
        // Told if nothing better comes.
        let may_be = |other: &&Transaction| {
            !separate(other.vlans, response.seen.vlans)
                && other.precedes(&response.seen)
                && other.was_open_at(&response.seen)
        };
        let open = list.iter().rev().find(may_be);
        response.other = open.map(|other| (other.frame, other.differs(&response.brief)));
        let (waiting, _) = self.waiting.get_or_insert_with(key, Vec::new);
        waiting.push(response);
        let full = waiting.len() > limits::WAITING_OF_ONE_KEY;
        let dropped = full.then(|| waiting.remove(0));
        self.waiting_kept = self.waiting_kept.saturating_add(usize::from(!full));
        if let Some(dropped) = dropped {
            self.waiting_evicted = self.waiting_evicted.saturating_add(1);
            self.give_up(&key, &dropped, out);
        }
        if self.waiting_kept > limits::WAITING
            && let Some((key, gone)) = self.waiting.pop_oldest()
        {
            self.waiting_kept = self.waiting_kept.saturating_sub(gone.len());
            self.waiting_evicted = self.waiting_evicted.saturating_add(gone.len() as u64);
            gone.iter().for_each(|response| self.give_up(&key, response, out));
        }
        Outcome::Waiting
    }

    /// Gives a response to a transaction: that number `at` of the key's, which is near `place` in the table.
    fn pair(
        &mut self,
        key: &Key,
        (mut place, at): (Place, usize),
        response: &Response,
        out: &mut Vec<Decision>,
    ) -> Outcome {
        let Some(transaction) = self.table.get_near(&mut place, key).and_then(|list| list.get_mut(at)) else {
            return Outcome::Unpaired;
        };
        let (outcome, place, other) = transaction.answer(response);
        let (identity, followed) = (transaction.identity, transaction.followed);
        if let Some(other) = other {
            let first = (transaction.frame, transaction.first);
            self.insert_other(key, first, other, response, out);
        }
        if key.service == Service::Dns {
            self.follow.answered(&response.seen, identity, followed);
            let answered = matches!(outcome, Outcome::Answered { .. });
            if answered && response.brief.truncated && key.transport == Transport::Udp {
                let retried = self.follow.truncated(&response.seen, identity);
                self.totals.retried_over_tcp = self.totals.retried_over_tcp.saturating_add(retried.into());
                self.totals.truncated = self.totals.truncated.saturating_add(1);
            }
        }
        self.totals.count(key.service, outcome);
        out.push(Decision::Judged(Judged { seen: response.seen, brief: response.brief, outcome, place }));
        outcome
    }

    /// Takes a query that was thought to be the one before it, sent again, until that one's response came.
    /// `first` is that one's frame and time.
    fn insert_other(
        &mut self,
        key: &Key,
        first: (u64, Option<u64>),
        other: Transaction,
        response: &Response,
        out: &mut Vec<Decision>,
    ) {
        let mut seen = Seen { source: key.client, destination: other.server, vlans: other.vlans, ..response.seen };
        (seen.frame, seen.timestamp) = first;
        if key.service == Service::Dns {
            self.follow.asked(&seen, other.identity, &mut Place::default());
        }
        (seen.frame, seen.timestamp) = (other.frame, other.first);
        let brief = Brief { is_response: false, topic: other.topic, ..response.brief };
        if key.service == Service::Dns {
            self.follow.asked(&seen, other.identity, &mut Place::default());
            self.totals.retransmitted = self.totals.retransmitted.saturating_sub(1);
        }
        self.totals.count(key.service, Outcome::Asked);
        out.push(Decision::Judged(Judged { seen, brief, outcome: Outcome::AskedAnew, place: other.place }));
        let Some(list) = self.table.get_mut(key) else { return };
        let at = list.iter().position(|known| !known.is_older(&seen)).unwrap_or(list.len());
        list.insert(at, other);
        self.kept = self.kept.saturating_add(1);
    }

    /// Decides about a response whose query will not come any more.
    fn give_up(&mut self, key: &Key, response: &Response, out: &mut Vec<Decision>) {
        // The clock may have been set back between the two, or two interfaces have clocks of their own.
        let separate = apart(&self.heard, key, response.seen.source);
        if let Some(at) = self.table.get(key).and_then(|list| find_by_file(list, response, separate)) {
            self.pair(key, (Place::default(), at), response, out);
            return;
        }
        let payload = self.payloads.get(key).filter(|(frame, time)| precedes(*frame, *time, &response.seen));
        let outcome = match (response.other, payload) {
            (Some((request, differs)), _) => Outcome::OtherQuestion { request, differs },
            (None, Some((request, _))) => Outcome::OtherPayload { request: *request },
            (None, None) => Outcome::Unasked,
        };
        self.totals.count(key.service, outcome);
        let (seen, brief, place) = (response.seen, response.brief, response.place);
        out.push(Decision::Judged(Judged { seen, brief, outcome, place }));
    }

    /// A transaction leaves the table before the end. `displaced` says that later queries of the same ends and identifier took its place.
    fn leaves(&mut self, key: &Key, transaction: &Transaction, displaced: bool, out: &mut Vec<Decision>) {
        if transaction.response.is_some() {
            self.settle(key, transaction, out);
            return;
        }
        out.push(Decision::Unanswered(transaction.place));
        if key.service == Service::Dns {
            self.given_up.add(key, transaction, displaced);
        }
    }

    fn settle(&mut self, key: &Key, transaction: &Transaction, out: &mut Vec<Decision>) {
        let Some(response) = transaction.response else { return };
        let latency = transaction.first.zip(response.time).and_then(|(first, answered)| answered.checked_sub(first));
        let (duplicates, conflicting, conflicts) = transaction.further(key.service, key.transport);
        if key.service == Service::Dns {
            let totals = &mut self.totals;
            totals.duplicates = totals.duplicates.saturating_add(duplicates);
            totals.conflicting = totals.conflicting.saturating_add(conflicting);
            totals.late = totals.late.saturating_add(latency.is_some_and(|l| l >= limits::PATIENCE).into());
            if let Some(latency) = latency {
                match key.transport {
                    Transport::Udp => self.udp.add(latency),
                    Transport::Tcp => self.tcp.add(latency),
                }
            }
        }
        out.push(Decision::Settled(Settled {
            service: key.service,
            client: key.client,
            server: transaction.server,
            request: (transaction.frame, transaction.place),
            response: (response.frame, response.place),
            latency,
            conflicting,
            conflicts,
        }));
    }

    /// Decides about everything that is still open. Queries without a response stay, for [`Transactions::unanswered`].
    pub fn finish(&mut self, out: &mut Vec<Decision>) {
        let mut waiting = Vec::new();
        while let Some((key, responses)) = self.waiting.pop_oldest() {
            waiting.extend(responses.into_iter().map(|response| (key, response)));
        }
        waiting.sort_by_key(|(_, response)| response.seen.frame);
        waiting.iter().for_each(|(key, response)| self.give_up(key, response, out));
        let mut answered = Vec::new();
        for (key, list) in self.table.iter_mut() {
            let all = std::mem::take(list).into_iter();
            let (done, open) = all.partition::<Vec<_>, _>(|transaction| transaction.response.is_some());
            *list = open.into();
            answered.extend(done.into_iter().map(|transaction| (*key, transaction)));
        }
        answered.into_iter().for_each(|(key, transaction)| self.settle(&key, &transaction, out));
    }

    /// Totals over all transactions.
    pub fn totals(&self) -> Totals {
        Totals { asked_again: self.follow.asked_again(), ..self.totals }
    }

    /// Latencies over UDP and over TCP.
    pub fn latencies(&self) -> [(Transport, &Quantiles); 2] {
        [(Transport::Udp, &self.udp), (Transport::Tcp, &self.tcp)]
    }

    /// What had to make room.
    pub fn evicted(&self) -> Evicted {
        let (open_questions, retries) = self.follow.evicted();
        Evicted {
            queries: self.given_up.evicted(),
            waiting: self.waiting_evicted,
            other_payloads: self.payloads.evicted(),
            open_questions,
            retries,
        }
    }
}

/// Which VLANs hold clients and servers of their own with these ends.
fn apart<'a>(heard: &'a Pairs, key: &Key, server: Endpoint) -> impl Fn(Vlans, Vlans) -> bool + use<'a> {
    let pair = (key.client.address, server.address);
    move |one, other| heard.are_separate(pair, one, other)
}
