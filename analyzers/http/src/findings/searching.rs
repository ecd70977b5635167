//! Clients that try many paths.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};

use super::thresholds::{PATHS, PATHS_PERCENT};
use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http_directory_search",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "20 or more different paths (60 % of all requests) that one client asked one server for and got 400, 401, 403, 404 or 405",
    false_alarm: "A site that was moved, a crawler with old links, a program with a wrong base path.",
};

struct Pair {
    requests: u64,
    failed: u64,
    paths: Distinct,
    found: u64,
    evidence: Evidence,
}

impl Default for Pair {
    fn default() -> Self {
        Self { requests: 0, failed: 0, paths: Distinct::small(), found: 0, evidence: Evidence::default() }
    }
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
        let (Some(path), Some(status)) = (exchange.path(), exchange.status()) else { return };
        let (pair, _) = self.pairs.get_or_insert_with((exchange.client.ip(), exchange.server.ip()), Pair::default);
        pair.requests = pair.requests.saturating_add(1);
        if matches!(status, 400 | 401 | 403..=405) {
            pair.failed = pair.failed.saturating_add(1);
            pair.paths.add(path);
            pair.evidence.add(exchange.frame());
        }
        pair.found = pair.found.saturating_add((200..300).contains(&status).into());
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let is_one = |pair: &Pair| {
            pair.paths.count() >= PATHS
                && pair.failed.saturating_mul(100) >= pair.requests.saturating_mul(PATHS_PERCENT)
        };
        let finding = |((client, server), pair): (&(IpAddr, IpAddr), &Pair)| {
            let about = if pair.paths.is_exact() { "" } else { "about " };
            let paths = pair.paths.count();
            let observation = format!(
                "{client} asked {server} for {about}{paths} different paths in vain, in {} of {} requests; {} got 2xx.",
                pair.failed, pair.requests, pair.found
            );
            let mut measures = vec![
                if pair.paths.is_exact() {
                    Measure::count("paths", paths)
                } else {
                    Measure::new("paths", paths as f64)
                },
                Measure::count("failed", pair.failed),
                Measure::count("requests", pair.requests),
                Measure::count("answered_2xx", pair.found),
            ];
            measures.extend(pair.paths.standard_error().map(|error| Measure::new("standard_error_share", error)));
            RULE.finding(format!("{client} to {server}"), observation, measures, &pair.evidence)
        };
        let found = self.pairs.iter().filter(|(_, pair)| is_one(pair));
        lower_bounds(found.map(finding).collect(), self.evicted())
    }
}
