//! Streams of HTTP/2 that a client opens and gives up at once (CVE-2023-44487).

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::RESETS;
use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http2_rapid_reset",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "100 or more requests of one client to one server within a second that the client gave up itself",
    false_alarm: "A page with very many parts that somebody leaves.",
};

#[derive(Default)]
struct Pair {
    burst: Burst,
    resets: u64,
}

/// What is kept.
pub struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
}

impl Watch {
    pub fn new() -> Self {
        Self { pairs: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, exchange: &Exchange) {
        if !matches!(exchange.reset, Some((_, true))) {
            return;
        }
        let (pair, _) = self.pairs.get_or_insert_with((exchange.client.ip(), exchange.server.ip()), Pair::default);
        pair.resets = pair.resets.saturating_add(1);
        if let Some(now) = exchange.time() {
            pair.burst.take(&RESETS, now, exchange.frame());
        }
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let finding = |((client, server), pair): (&(IpAddr, IpAddr), &Pair)| {
            let observation = format!(
                "{client} took back up to {} requests to {server} within a second, {} in all.",
                pair.burst.most_in_words(),
                pair.resets
            );
            let measures = vec![pair.burst.measure("resets_in_1_second"), Measure::count("resets", pair.resets)];
            RULE.finding(format!("{client} to {server}"), observation, measures, pair.burst.evidence())
        };
        let found = self.pairs.iter().filter(|(_, pair)| pair.burst.is_one(&RESETS));
        lower_bounds(found.map(finding).collect(), self.evicted())
    }
}
