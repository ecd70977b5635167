//! Queries without a response.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{Beyond, Lists};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use super::{Key, Service, Transaction, Transactions};
use crate::message::codes;
use crate::message::name::Name;
use crate::{limits, lists};

/// A query without a response.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unanswered {
    /// Frame of the first transmission.
    pub frame: u64,
    /// Address that asked.
    pub client: IpAddr,
    /// Port that it asked from.
    pub client_port: u16,
    /// Address that was asked.
    pub server: IpAddr,
    /// Port that was asked.
    pub server_port: u16,
    /// Name asked for, in lower case. Absent when the question cannot be read. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Record type asked for: `A`, `MX`. Absent when the question cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub type_name: Option<Cow<'static, str>>,
    /// How often it was sent.
    pub sent: u32,
    /// How long the capture went on after the first transmission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_seconds: Option<f64>,
}

impl Unanswered {
    /// A query that was sent once.
    pub fn new(frame: u64, client: Endpoint, server: Endpoint, name: Option<&Name>, kind: Option<u16>) -> Self {
        Self {
            frame,
            client: client.address,
            client_port: client.port,
            server: server.address,
            server_port: server.port,
            name: name.map(Name::to_string),
            type_name: kind.map(codes::record_type),
            sent: 1,
            waited_seconds: None,
        }
    }

    /// How often it was sent, and for how many nanoseconds it waited.
    pub fn waited(mut self, sent: u32, nanoseconds: Option<u64>) -> Self {
        self.sent = sent;
        self.waited_seconds = nanoseconds.map(time::seconds);
        self
    }
}

/// A query without a response, as it stands in the table.
fn entry(key: &Key, transaction: &Transaction) -> Unanswered {
    let name = transaction.name.as_deref().map(Name::of);
    let (name, kind) = (name.as_ref(), transaction.topic.kind());
    Unanswered::new(transaction.frame, key.client, transaction.server, name, kind)
}

/// How long the capture went on after the first transmission.
fn waited(end: Option<u64>, first: Option<u64>) -> Option<u64> {
    end.zip(first).map(|(end, first)| end.saturating_sub(first))
}

/// Unanswered queries that left the table.
pub(super) struct GivenUp {
    /// Those that are asked for: how often each was sent, and when first.
    list: Beyond<(Unanswered, u32, Option<u64>)>,
    /// The latest time of a message so far.
    now: Option<u64>,
    total: u64,
    /// Those that had waited for long enough by then.
    long: u64,
    /// Those to which a response may still have come.
    evicted: u64,
}

impl GivenUp {
    /// None yet. `lists`: which are asked for.
    pub(super) fn new(lists: &Lists) -> Self {
        let list = Beyond::new(lists.part(lists::UNANSWERED, limits::LISTED));
        Self { list, now: None, total: 0, long: 0, evicted: 0 }
    }

    pub(super) fn now(&mut self, time: Option<u64>) {
        self.now = self.now.max(time);
    }

    pub(super) fn add(&mut self, key: &Key, transaction: &Transaction, displaced: bool) {
        let first = transaction.first;
        self.list.push(|| (entry(key, transaction), transaction.queries, first));
        let long = waited(self.now, first).is_some_and(|waited| waited >= limits::PATIENCE);
        self.total = self.total.saturating_add(1);
        self.long = self.long.saturating_add(long.into());
        // A later query of the same ends and identifier would get a response that comes so late.
        self.evicted = self.evicted.saturating_add((!(displaced && long)).into());
    }

    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }
}

impl Transactions {
    /// How many were not answered; how many of those although the capture went on for long enough; and the first ones: those that left the table, as
    /// they did, and behind them those that are in it, by time.
    pub fn unanswered(&self, end: Option<u64>, lists: &mut Lists) -> (u64, u64, Vec<Unanswered>) {
        let waited = |transaction: &Transaction| waited(end, transaction.first);
        let mut open: Vec<(&Key, &Transaction)> = self
            .table
            .iter()
            .flat_map(|(key, list)| list.iter().map(move |transaction| (key, transaction)))
            .filter(|(key, transaction)| key.service == Service::Dns && transaction.response.is_none())
            .collect();
        open.sort_by_key(|(_, transaction)| (transaction.first, transaction.frame));
        let long =
            open.iter().filter(|(_, transaction)| waited(transaction).is_some_and(|waited| waited >= limits::PATIENCE));
        let long = (long.count() as u64).saturating_add(self.given_up.long);
        let total = (open.len() as u64).saturating_add(self.given_up.total);
        let part = lists.part(lists::UNANSWERED, limits::LISTED);
        lists.told(lists::UNANSWERED, usize::try_from(total).unwrap_or(usize::MAX), part);
        let mut listed: Vec<Unanswered> = self
            .given_up
            .list
            .entries()
            .iter()
            .map(|(query, sent, first)| query.clone().waited(*sent, self::waited(end, *first)))
            .collect();
        let behind = part.offset.saturating_sub(self.given_up.list.total());
        let room = part.limit.saturating_sub(listed.len());
        let open = open.iter().skip(behind).take(room);
        listed.extend(
            open.map(|(key, transaction)| entry(key, transaction).waited(transaction.queries, waited(transaction))),
        );
        (total, long, listed)
    }
}
