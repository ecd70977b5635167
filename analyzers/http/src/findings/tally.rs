//! How often one host did something to another.

use std::hash::Hash;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, Rule, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;

use crate::exchange::Exchange;
use crate::limits;

/// How often, and with which frames.
#[derive(Debug, Default)]
pub struct Tally {
    pub requests: u64,
    /// Those that were answered with 2xx.
    pub accepted: u64,
    /// Those for which something more holds.
    pub marked: u64,
    pub evidence: Evidence,
}

/// Tallies by client, server and what it is.
pub struct Tallies<K> {
    entries: BoundedMap<(IpAddr, IpAddr, K), Tally>,
}

impl<K: Hash + Eq + Copy> Default for Tallies<K> {
    fn default() -> Self {
        Self { entries: BoundedMap::new(limits::PARTIES) }
    }
}

impl<K: Hash + Eq + Copy> Tallies<K> {
    /// Counts an exchange. `marked`: something more holds.
    pub fn add(&mut self, exchange: &Exchange, what: K, marked: bool) {
        let key = (exchange.client.ip(), exchange.server.ip(), what);
        let (tally, _) = self.entries.get_or_insert_with(key, Tally::default);
        tally.requests = tally.requests.saturating_add(1);
        let accepted = exchange.status().is_some_and(|status| (200..300).contains(&status));
        tally.accepted = tally.accepted.saturating_add(accepted.into());
        tally.marked = tally.marked.saturating_add(marked.into());
        tally.evidence.add(exchange.frame());
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.entries.evicted()
    }

    /// The findings of what has a rule, each with what it says.
    pub fn findings<'r>(&self, rule: impl Fn(K, &Tally) -> Option<(&'r Rule, String)>) -> Vec<Finding> {
        let found = |((client, server, what), tally): (&(IpAddr, IpAddr, K), &Tally)| {
            let (rule, says) = rule(*what, tally)?;
            let measures = vec![
                Measure::count("requests", tally.requests),
                Measure::count("answered_2xx", tally.accepted),
                Measure::count("marked", tally.marked),
            ];
            let measures =
                measures.into_iter().filter(|measure| measure.name != "marked" || tally.marked > 0).collect();
            let observation = format!("{client} sent {server} {says}.");
            Some(rule.finding(format!("{client} to {server}"), observation, measures, &tally.evidence))
        };
        lower_bounds(self.entries.iter().filter_map(found).collect(), self.evicted())
    }
}
