//! Much that was sent to a server.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::thresholds::UPLOAD;
use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http_upload",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "1,000,000 bytes or more in bodies of requests of one client to one server",
    false_alarm: "Backups, mail and photo services, software deployment.",
};

#[derive(Default)]
struct Pair {
    bytes: u64,
    requests: u64,
    evidence: Evidence,
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
        let Some(request) = exchange.request.as_ref().filter(|request| request.body.sent > 0) else { return };
        let (pair, _) = self.pairs.get_or_insert_with((exchange.client.ip(), exchange.server.ip()), Pair::default);
        pair.bytes = pair.bytes.saturating_add(request.body.sent);
        pair.requests = pair.requests.saturating_add(1);
        pair.evidence.add(request.begun.frame);
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let finding = |((client, server), pair): (&(IpAddr, IpAddr), &Pair)| {
            let observation =
                format!("{client} sent {server} {} bytes in {}.", pair.bytes, counted(pair.requests, "request"));
            let measures = vec![Measure::count("bytes", pair.bytes), Measure::count("requests", pair.requests)];
            RULE.finding(format!("{client} to {server}"), observation, measures, &pair.evidence)
        };
        let found = self.pairs.iter().filter(|(_, pair)| pair.bytes >= UPLOAD);
        lower_bounds(found.map(finding).collect(), self.evicted())
    }
}
