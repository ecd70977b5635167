//! Queries without a response.

use mcpcap_analyzer::stats::Lists;

use super::{Key, Service, Transaction, Transactions};
use crate::message::name::Name;
use crate::report::Unanswered;
use crate::{limits, lists};

/// Unanswered queries that left the table.
#[derive(Default)]
pub(super) struct GivenUp {
    /// The latest time of a message so far.
    now: Option<u64>,
    total: u64,
    /// Those that had waited for long enough by then.
    long: u64,
    /// Those to which a response may still have come.
    evicted: u64,
}

impl GivenUp {
    pub(super) fn now(&mut self, time: Option<u64>) {
        self.now = self.now.max(time);
    }

    pub(super) fn add(&mut self, first: Option<u64>, displaced: bool) {
        let waited = self.now.zip(first).map(|(now, first)| now.saturating_sub(first));
        let long = waited.is_some_and(|waited| waited >= limits::PATIENCE);
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
    /// How many were not answered; how many of those although the capture went on for long enough; and the first ones.
    pub fn unanswered(&self, end: Option<u64>, lists: &mut Lists) -> (u64, u64, Vec<Unanswered>) {
        let waited =
            |transaction: &Transaction| end.zip(transaction.first).map(|(end, first)| end.saturating_sub(first));
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
        let first = lists
            .cut(lists::UNANSWERED, limits::LISTED, open.iter())
            .map(|(key, transaction)| {
                let name = transaction.name.as_deref().map(Name::of);
                let (name, kind) = (name.as_ref(), transaction.topic.kind());
                Unanswered::new(transaction.frame, key.client, transaction.server, name, kind)
                    .waited(transaction.queries, waited(transaction))
            })
            .collect();
        (total, long, first)
    }
}
