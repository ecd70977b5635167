//! Bursts of names that do not exist: scans for names, generated names, broken search lists.

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::thresholds::NXDOMAIN_NAMES;
use crate::question::Asked;
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "dns_nxdomain_burst",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "30 or more different names answered with NXDOMAIN to one client within 60 seconds",
    false_alarm: "Mail servers that ask block lists, suffix search lists, and a forwarder that stands for many hosts do this too.",
};

const CLIENTS: usize = 512;

pub(super) struct Watch {
    clients: BoundedMap<IpAddr, Burst>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { clients: BoundedMap::new(CLIENTS) }
    }

    /// Takes a name that does not exist, as a client was told.
    pub(super) fn take(&mut self, seen: &Seen, asked: &Asked) {
        let Some(now) = seen.timestamp else { return };
        let (burst, _) = self.clients.get_or_insert_with(seen.destination.address, Burst::default);
        burst.take_different(&NXDOMAIN_NAMES, now, seen.frame, asked.hash);
    }

    /// Entries that had to make room.
    pub(super) fn evicted(&self) -> u64 {
        self.clients.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = self.clients.iter().filter(|(_, burst)| burst.is_one(&NXDOMAIN_NAMES));
        let finding = |(address, burst): (&IpAddr, &Burst)| {
            let least = at_least(self.evicted() > 0 && !burst.is_at_least());
            RULE.finding(
                address.to_string(),
                format!(
                    "{address} asked for up to {least}{} different names within 60 seconds that do not exist.",
                    burst.most_in_words()
                ),
                vec![burst.measure("names_in_60_seconds").or_more(self.evicted() > 0)],
                burst.evidence(),
            )
        };
        found.map(finding).collect()
    }
}
