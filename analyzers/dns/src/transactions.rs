//! Queries paired with their responses.

use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::stats::{BoundedMap, Quantiles};

use crate::limits;
use crate::message::Message;
use crate::message::codes::kind;
use crate::message::name::Name;
use crate::question::Asked;
use crate::seen::{Seen, Service, Transport};
use crate::{digest, report::Unanswered};

/// What both directions have in common, besides the question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    service: Service,
    transport: Transport,
    client: SocketAddr,
    /// None with LLMNR: the question goes to a group, the answer comes from a member (RFC 4795 §2.4).
    server: Option<SocketAddr>,
    id: u16,
}

impl Key {
    fn of(seen: &Seen, message: &Message<'_>) -> Self {
        let (client, server) = seen.ends(message.header.is_response());
        let server = (seen.service != Service::Llmnr).then_some(server);
        Self { service: seen.service, transport: seen.transport, client, server, id: message.header.id }
    }
}

/// A query and what came back.
#[derive(Debug, Clone)]
struct Transaction {
    question: u64,
    name: Name,
    kind: u16,
    server: SocketAddr,
    frame: u64,
    first: Option<u64>,
    queries: u32,
    responses: u32,
    /// Frame of the first response, and what it says.
    response: u64,
    answer: u64,
    truncated: bool,
    /// Where the query stands in the page of listed messages.
    place: Option<usize>,
}

/// What a message turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A question that was not open.
    Asked,
    /// The same query again, before an answer.
    Retransmitted,
    /// The first response.
    Answered {
        /// Frame of the query.
        request: u64,
        /// Nanoseconds since the query was first sent.
        latency: Option<u64>,
        /// Where the query stands in the page of listed messages.
        place: Option<usize>,
        /// What was asked for; a response may leave the question out.
        kind: u16,
    },
    /// A further response to the same query.
    AnsweredAgain {
        /// Frame of the query.
        request: u64,
        /// Frame of the first response.
        response: u64,
        /// Whether it says something else, although each query had its response already.
        conflicting: bool,
        /// Whether it is the next message of the same answer (RFC 5936 §2.2), not another answer.
        continued: bool,
        /// What was asked for.
        kind: u16,
    },
    /// A response without a query in the capture.
    Unasked,
    /// Not paired: mDNS has no transactions, and broken messages say too little.
    Unpaired,
}

/// Totals over all transactions of DNS, and of LLMNR where the name says so. LLMNR questions without an answer are no failure: they ask
/// who has a name, and mostly nobody has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    pub asked: u64,
    pub answered: u64,
    pub retransmitted: u64,
    pub asked_again: u64,
    pub duplicates: u64,
    pub conflicting: u64,
    pub late: u64,
    pub unasked: u64,
    pub truncated: u64,
    pub retried_over_tcp: u64,
    pub llmnr_asked: u64,
    pub llmnr_answered: u64,
}

/// Pairs queries with responses.
pub struct Transactions {
    table: BoundedMap<Key, Vec<Transaction>>,
    /// Questions that wait for an answer, whatever their identifier and port.
    open: BoundedMap<(IpAddr, u64), ()>,
    /// Truncated answers over UDP, and whether the question came again over TCP.
    truncated: BoundedMap<(IpAddr, IpAddr, u64), bool>,
    udp: Quantiles,
    tcp: Quantiles,
    totals: Totals,
    /// Unanswered ones that left the table.
    given_up: u64,
}

impl Transactions {
    /// No transactions yet.
    pub fn new() -> Self {
        Self {
            table: BoundedMap::new(limits::TRANSACTIONS),
            open: BoundedMap::new(limits::OPEN_QUESTIONS),
            truncated: BoundedMap::new(limits::TRUNCATED_ANSWERS),
            udp: Quantiles::new(),
            tcp: Quantiles::new(),
            totals: Totals::default(),
            given_up: 0,
        }
    }

    /// Takes a message. `place` is where it stands in the page of listed messages.
    pub fn take(&mut self, seen: &Seen, message: &Message<'_>, asked: Option<&Asked>, place: Option<usize>) -> Outcome {
        if seen.service == Service::Mdns {
            return Outcome::Unpaired;
        }
        let outcome = match asked {
            asked if message.header.is_response() => self.response(seen, message, asked),
            Some(asked) if message.complete || seen.cut => self.query(seen, message, asked, place),
            _ => Outcome::Unpaired,
        };
        self.count(seen.service, outcome);
        outcome
    }

    fn count(&mut self, service: Service, outcome: Outcome) {
        let totals = &mut self.totals;
        match (service, outcome) {
            (Service::Llmnr, Outcome::Asked) => add(&mut totals.llmnr_asked),
            (Service::Llmnr, Outcome::Answered { .. }) => add(&mut totals.llmnr_answered),
            (Service::Llmnr | Service::Mdns, _) | (_, Outcome::Unpaired) => {}
            (_, Outcome::Asked) => add(&mut totals.asked),
            (_, Outcome::Retransmitted) => add(&mut totals.retransmitted),
            (_, Outcome::Unasked) => add(&mut totals.unasked),
            (_, Outcome::AnsweredAgain { continued: true, .. }) => {}
            (_, Outcome::AnsweredAgain { conflicting: true, .. }) => add(&mut totals.conflicting),
            (_, Outcome::AnsweredAgain { .. }) => add(&mut totals.duplicates),
            (_, Outcome::Answered { latency, .. }) => {
                add(&mut totals.answered);
                if latency.is_some_and(|latency| latency >= limits::PATIENCE) {
                    add(&mut totals.late);
                }
            }
        }
    }

    fn query(&mut self, seen: &Seen, message: &Message<'_>, asked: &Asked, place: Option<usize>) -> Outcome {
        let (list, gone) = self.table.get_or_insert_with(Key::of(seen, message), Vec::new);
        if let Some((key, gone)) = gone
            && key.service == Service::Dns
        {
            self.given_up = self.given_up.saturating_add(unanswered(&gone));
        }
        let again =
            list.iter_mut().find(|transaction| transaction.question == asked.hash && transaction.responses == 0);
        if let Some(transaction) = again {
            transaction.queries = transaction.queries.saturating_add(1);
            return Outcome::Retransmitted;
        }
        // The same identifier and ports for one more question: the oldest goes.
        list.retain(|transaction| transaction.question != asked.hash);
        if list.len() >= limits::QUESTIONS_OF_ONE_KEY {
            let oldest: Vec<Transaction> = list.drain(..1).collect();
            self.given_up = self.given_up.saturating_add(unanswered(&oldest));
        }
        list.push(Transaction {
            question: asked.hash,
            name: asked.name.clone(),
            kind: asked.kind,
            server: seen.destination,
            frame: seen.frame,
            first: seen.timestamp,
            queries: 1,
            responses: 0,
            response: 0,
            answer: 0,
            truncated: false,
            place,
        });
        if seen.service == Service::Dns {
            self.follow(seen, asked);
        }
        Outcome::Asked
    }

    /// Notices questions that were asked before: without an answer, or with a truncated one.
    fn follow(&mut self, seen: &Seen, asked: &Asked) {
        let (client, server) = seen.parties(false);
        let question = (client, asked.hash);
        if self.open.get(&question).is_some() {
            add(&mut self.totals.asked_again);
        } else {
            self.open.insert(question, ());
        }
        if seen.transport == Transport::Tcp
            && let Some(retried) = self.truncated.get_mut(&(client, server, asked.hash))
            && !std::mem::replace(retried, true)
        {
            add(&mut self.totals.retried_over_tcp);
        }
    }

    fn response(&mut self, seen: &Seen, message: &Message<'_>, asked: Option<&Asked>) -> Outcome {
        let question = asked.map(|asked| asked.hash);
        let found = self.table.get_mut(&Key::of(seen, message)).and_then(|list| {
            // Responses may leave the question out: errors, and all but the first message of a transfer (RFC 5936 §2.2.1).
            list.iter_mut().rev().find(|transaction| match question {
                Some(question) => transaction.question == question,
                None => message.header.counts.first() == Some(&0),
            })
        });
        let Some(transaction) = found else {
            if question.is_none() && !message.complete {
                return Outcome::Unpaired;
            }
            return Outcome::Unasked;
        };
        let answer = digest::of(message);
        let kind = transaction.kind;
        let request = transaction.frame;
        transaction.responses = transaction.responses.saturating_add(1);
        if transaction.responses == 1 {
            transaction.answer = answer;
            transaction.response = seen.frame;
            transaction.truncated = message.header.truncated();
            let latency = transaction.first.zip(seen.timestamp).and_then(|(first, now)| now.checked_sub(first));
            let outcome = Outcome::Answered { request, latency, place: transaction.place, kind };
            let question = transaction.question;
            if seen.service == Service::Dns {
                self.answered(seen, message, question, latency);
            }
            return outcome;
        }
        let continued = seen.transport == Transport::Tcp && matches!(kind, kind::AXFR | kind::IXFR);
        let conflicting = seen.transport == Transport::Udp
            && seen.service == Service::Dns
            && message.complete
            && answer != transaction.answer
            && transaction.responses > transaction.queries
            && !(transaction.truncated || message.header.truncated());
        Outcome::AnsweredAgain { request, response: transaction.response, conflicting, continued, kind }
    }

    fn answered(&mut self, seen: &Seen, message: &Message<'_>, question: u64, latency: Option<u64>) {
        let (client, server) = seen.parties(true);
        self.open.remove(&(client, question));
        if seen.transport == Transport::Udp && message.header.truncated() {
            add(&mut self.totals.truncated);
            self.truncated.insert((client, server, question), false);
        }
        if let Some(latency) = latency {
            match seen.transport {
                Transport::Udp => self.udp.add(latency),
                Transport::Tcp => self.tcp.add(latency),
            }
        }
    }

    /// Totals over all transactions.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Latencies over UDP and over TCP.
    pub fn latencies(&self) -> [(Transport, &Quantiles); 2] {
        [(Transport::Udp, &self.udp), (Transport::Tcp, &self.tcp)]
    }

    /// Queries that had to make room before a response came.
    pub fn evicted(&self) -> u64 {
        self.given_up
    }

    /// How many were not answered; how many of those although the capture went on for long enough; and the first ones.
    pub fn unanswered(&self, end: Option<u64>) -> (u64, u64, Vec<Unanswered>) {
        let waited =
            |transaction: &Transaction| end.zip(transaction.first).map(|(end, first)| end.saturating_sub(first));
        let mut open: Vec<(&Key, &Transaction)> = self
            .table
            .iter()
            .flat_map(|(key, list)| list.iter().map(move |transaction| (key, transaction)))
            .filter(|(key, transaction)| key.service == Service::Dns && transaction.responses == 0)
            .collect();
        open.sort_by_key(|(_, transaction)| transaction.frame);
        let long =
            open.iter().filter(|(_, transaction)| waited(transaction).is_some_and(|waited| waited >= limits::PATIENCE));
        let long = (long.count() as u64).saturating_add(self.given_up);
        let total = (open.len() as u64).saturating_add(self.given_up);
        let first = open
            .iter()
            .take(limits::UNANSWERED_LISTED)
            .map(|(key, transaction)| {
                Unanswered::new(transaction.frame, key.client, transaction.server, &transaction.name, transaction.kind)
                    .waited(transaction.queries, waited(transaction))
            })
            .collect();
        (total, long, first)
    }
}

fn unanswered(list: &[Transaction]) -> u64 {
    list.iter().filter(|transaction| transaction.responses == 0).count() as u64
}

fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}
