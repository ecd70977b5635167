//! Requests paired with their responses (RFC 3261 §17), and what was sent more than once.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::numbers::add_one;
use mcpcap_analyzer::stats::{Beyond, BoundedMap, Lists, Quantiles, SummaryMs};
use mcpcap_analyzer::vlans::{Pairs, Vlans};
use serde::Serialize;

use crate::limits;
use crate::message::facts::{Facts, hash};
use crate::seen::{Seen, Transport};
use crate::words::word;

/// The list of requests without a response.
pub const UNANSWERED: &str = "statistics.unanswered_requests";

/// What all messages of a transaction have in common. Both addresses are in it, so that each hop of a proxied request is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    client: IpAddr,
    server: IpAddr,
    /// Hash of the Call-ID.
    pub call_id: u64,
    cseq: Option<u64>,
    method: u64,
    branch: u64,
    /// Of messages in a further VLAN; of those of the first one nothing.
    vlans: Option<Vlans>,
}

impl Transaction {
    /// Whether a response is still expected.
    fn is_open(&self) -> bool {
        self.responses.is_empty() && !self.is_final
    }

    fn unanswered(&self, key: &Key) -> Unanswered {
        let Key { client, server, .. } = *key;
        Unanswered { frame: self.frame, method: self.method.clone(), client, server, sent: self.sent }
    }

    fn open(&self, key: &Key) -> Option<Open> {
        let Key { client, server, method, .. } = *key;
        self.is_open().then_some(Open { client, server, method, frame: self.frame, sent: self.sent })
    }
}

impl Key {
    /// Of a message; `None` for one that says too little.
    pub fn of(seen: &Seen, facts: &Facts<'_>) -> Option<Self> {
        if facts.call_id.is_empty() || facts.method.is_empty() {
            return None;
        }
        let ends = (seen.source.ip(), seen.destination.ip());
        let (client, server) = if facts.is_request() { ends } else { (ends.1, ends.0) };
        let (call_id, method, branch) = (hash(facts.call_id), hash(facts.method), hash(facts.branch));
        Some(Self { client, server, call_id, cseq: facts.cseq, method, branch, vlans: None })
    }
}

/// A request and what came back.
#[derive(Debug)]
struct Transaction {
    frame: u64,
    /// Where the request was heard.
    vlans: Vlans,
    first: Option<u64>,
    sent: u32,
    method: String,
    /// With credentials: what a challenge to it means.
    authenticated: bool,
    /// Status and tag of each response, and the frame of the first of its kind.
    responses: Vec<(u16, u64, u64)>,
    is_final: bool,
    place: Option<usize>,
}

/// A request without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    pub client: IpAddr,
    pub server: IpAddr,
    /// Hash of its method.
    pub method: u64,
    /// Frame of the first transmission.
    pub frame: u64,
    /// How often it was sent.
    pub sent: u32,
}

/// What a message turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A request that was not seen before.
    Asked,
    /// The same request or response again, first sent in this frame.
    Again(u64),
    /// A response that was not seen before.
    Answered {
        /// Frame of the request.
        request: u64,
        /// Nanoseconds since the request was first sent.
        latency: Option<u64>,
        /// Whether it is the first final response.
        is_final: bool,
        /// Whether the request carried credentials.
        authenticated: bool,
        /// Where the request stands in the page of listed messages.
        place: Option<usize>,
    },
    /// A response without its request in the capture.
    Unasked,
    /// Says too little to be paired.
    Unpaired,
}

/// Pairs requests with responses.
pub struct Transactions {
    table: BoundedMap<Key, Transaction>,
    methods: Vec<Method>,
    pub retransmitted_requests: u64,
    pub retransmitted_responses: u64,
    pub unasked: u64,
    /// Requests other than ACK, and how many of them got a response.
    requests: u64,
    answered: u64,
    /// Requests of methods that are not counted one by one.
    pub of_other_methods: u64,
    /// Responses of transactions with more than are told apart.
    pub not_told_apart: u64,
    /// Transactions of responses that waited for their request in vain.
    orphans: BoundedMap<Key, ()>,
    /// Requests that came after all.
    pub too_late: u64,
    /// Where clients and servers are heard in datagrams.
    heard: Pairs,
    /// Unanswered ones that left the table: those that are asked for.
    given_up: Beyond<Unanswered>,
    /// The one that left the table last.
    gone: Option<Open>,
}

/// Counts of one method.
struct Method {
    name: Vec<u8>,
    requests: u64,
    answered: u64,
    completed: u64,
    retransmitted: u64,
    latency: Quantiles,
}

impl Transactions {
    /// No transactions yet. `lists`: which requests without a response are asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            table: BoundedMap::new(limits::TRANSACTIONS),
            methods: Vec::new(),
            retransmitted_requests: 0,
            retransmitted_responses: 0,
            unasked: 0,
            requests: 0,
            answered: 0,
            of_other_methods: 0,
            not_told_apart: 0,
            orphans: BoundedMap::new(limits::ORPHANS),
            too_late: 0,
            heard: Pairs::new(limits::PARTIES),
            given_up: Beyond::new(lists.part(UNANSWERED, limits::LISTED)),
            gone: None,
        }
    }

    /// Takes a message with what tells its transaction. `place` is where it stands in the page of listed messages.
    pub fn take(&mut self, key: Option<Key>, seen: &Seen, facts: &Facts<'_>, place: Option<usize>) -> Outcome {
        let Some(key) = key else { return Outcome::Unpaired };
        if seen.transport == Transport::Udp {
            self.heard.note((key.client, key.server), seen.vlans, facts.is_request());
        }
        let key = self.within(key, seen.vlans, facts.is_request());
        match facts.status {
            None => self.request(key, seen, facts, place),
            Some(status) => self.response(&key, seen, facts, status),
        }
    }

    /// The key of a message in its VLAN: a request in another VLAN than the first is another request, and a response belongs to that of its own VLAN, or to
    /// the first one unless these VLANs hold hosts of their own.
    fn within(&self, key: Key, vlans: Vlans, is_request: bool) -> Key {
        let Some(first) = self.table.get(&key).map(|transaction| transaction.vlans) else { return key };
        let own = Key { vlans: Some(vlans), ..key };
        let is_own = is_request
            || self.table.get(&own).is_some()
            || self.heard.are_separate((key.client, key.server), first, vlans);
        if first != vlans && is_own { own } else { key }
    }

    /// Whether the request of a transaction was seen.
    pub fn knows(&self, key: &Key) -> bool {
        self.table.get(key).is_some()
    }

    fn request(&mut self, key: Key, seen: &Seen, facts: &Facts<'_>, place: Option<usize>) -> Outcome {
        if let Some(transaction) = self.table.get_mut(&key) {
            let first = transaction.frame;
            transaction.sent = transaction.sent.saturating_add(1);
            add_one(&mut self.retransmitted_requests);
            if let Some(method) = self.method(facts.method) {
                add_one(&mut method.retransmitted);
            }
            return Outcome::Again(first);
        }
        let transaction = Transaction {
            frame: seen.frame,
            vlans: seen.vlans,
            first: seen.timestamp,
            sent: 1,
            method: word(facts.method),
            authenticated: !facts.credentials.is_empty(),
            responses: Vec::new(),
            // ACK has no response (RFC 3261 §17).
            is_final: facts.is("ACK"),
            place,
        };
        if let Some((key, gone)) = self.table.insert(key, transaction) {
            self.gone = gone.open(&key);
            if self.gone.is_some() {
                self.given_up.push(|| gone.unanswered(&key));
            }
        }
        self.requests = self.requests.saturating_add(u64::from(!facts.is("ACK")));
        self.too_late = self.too_late.saturating_add(u64::from(self.orphans.remove(&key).is_some()));
        match self.method(facts.method) {
            Some(method) => add_one(&mut method.requests),
            None => add_one(&mut self.of_other_methods),
        }
        Outcome::Asked
    }

    fn response(&mut self, key: &Key, seen: &Seen, facts: &Facts<'_>, status: u16) -> Outcome {
        let Some(transaction) = self.table.get_mut(key) else {
            add_one(&mut self.unasked);
            self.orphans.insert(*key, ());
            return Outcome::Unasked;
        };
        // Another RSeq makes another response of the same status.
        let tag = hash((facts.to_tag, facts.rseq));
        let known = transaction.responses.iter().find(|(code, of, _)| (*code, *of) == (status, tag));
        if let Some((_, _, first)) = known {
            add_one(&mut self.retransmitted_responses);
            return Outcome::Again(*first);
        }
        let is_first = transaction.responses.is_empty();
        if transaction.responses.len() < limits::RESPONSES_OF_ONE_TRANSACTION {
            transaction.responses.push((status, tag, seen.frame));
        } else {
            add_one(&mut self.not_told_apart);
        }
        let is_final = status >= 200 && !transaction.is_final;
        transaction.is_final |= status >= 200;
        let latency = transaction.first.zip(seen.timestamp).and_then(|(first, now)| now.checked_sub(first));
        let outcome = Outcome::Answered {
            request: transaction.frame,
            latency,
            is_final,
            authenticated: transaction.authenticated,
            place: transaction.place,
        };
        self.answered = self.answered.saturating_add(u64::from(is_first && !facts.is("ACK")));
        if let Some(method) = self.method(facts.method) {
            method.answered = method.answered.saturating_add(u64::from(is_first));
            method.completed = method.completed.saturating_add(u64::from(is_final));
            if let Some(latency) = latency.filter(|_| is_first) {
                method.latency.add(latency);
            }
        }
        outcome
    }

    fn method(&mut self, name: &[u8]) -> Option<&mut Method> {
        let known = self.methods.iter().any(|method| method.name == name);
        if !known && self.methods.len() < limits::METHODS {
            self.methods.push(Method {
                name: name.to_vec(),
                requests: 0,
                answered: 0,
                completed: 0,
                retransmitted: 0,
                latency: Quantiles::new(),
            });
        }
        self.methods.iter_mut().find(|method| method.name == name)
    }

    /// Requests that had to make room before a response came.
    pub fn evicted(&self) -> u64 {
        self.given_up.total() as u64
    }

    /// The request without a response that the last message has driven out of the table.
    pub fn take_gone(&mut self) -> Option<Open> {
        self.gone.take()
    }

    /// All requests without a response that are in the table, in the order of their frames.
    pub fn open(&self) -> Vec<Open> {
        let mut all: Vec<Open> = self.table.iter().filter_map(|(key, transaction)| transaction.open(key)).collect();
        all.sort_by_key(|open| open.frame);
        all
    }

    /// Requests without a response: those that left the table, as they did, and behind them those that are in it, in the order of their frames.
    pub fn unanswered(&self, lists: &mut Lists) -> Vec<Unanswered> {
        let mut all: Vec<_> = self.table.iter().filter(|(_, transaction)| transaction.is_open()).collect();
        all.sort_by_key(|(_, transaction)| transaction.frame);
        let part = lists.part(UNANSWERED, limits::LISTED);
        let gone = self.given_up.total();
        lists.told(UNANSWERED, gone.saturating_add(all.len()), part);
        let mut listed = self.given_up.entries().to_vec();
        let room = part.limit.saturating_sub(listed.len());
        let open = all.into_iter().skip(part.offset.saturating_sub(gone)).take(room);
        listed.extend(open.map(|(key, transaction)| transaction.unanswered(key)));
        listed
    }

    /// How many requests got no response.
    pub fn unanswered_total(&self) -> u64 {
        self.requests.saturating_sub(self.answered)
    }

    /// What each method did, the busiest first.
    pub fn report(&self) -> Vec<TransactionReport> {
        let mut all: Vec<TransactionReport> = self
            .methods
            .iter()
            .map(|method| TransactionReport {
                method: word(&method.name),
                requests: method.requests,
                answered: method.answered,
                completed: method.completed,
                unanswered: if method.name == b"ACK" { 0 } else { method.requests.saturating_sub(method.answered) },
                retransmitted: method.retransmitted,
                latency: method.latency.summary_ms(),
            })
            .collect();
        all.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.method.cmp(&b.method)));
        all
    }
}

/// Requests of one method and their responses. Each hop of a proxied request counts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TransactionReport {
    /// The method.
    pub method: String,
    /// Requests, each once, however often it was sent.
    pub requests: u64,
    /// How many got a response of any kind.
    pub answered: u64,
    /// How many got a final one.
    pub completed: u64,
    /// How many got none in the capture. ACK expects none.
    pub unanswered: u64,
    /// How often one was sent again.
    pub retransmitted: u64,
    /// Time from the first transmission to the first response of any kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<SummaryMs>,
}

/// A request without a response in the capture.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unanswered {
    /// Frame of the first transmission.
    pub frame: u64,
    /// The method.
    pub method: String,
    /// Address that asked.
    pub client: IpAddr,
    /// Address that was asked.
    pub server: IpAddr,
    /// How often it was sent.
    pub sent: u32,
}
