//! Bursts of names that do not exist: scans for names, generated names, broken search lists.

use std::collections::VecDeque;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::{NXDOMAIN_NAMES, NXDOMAIN_WINDOW};
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
/// Names of a window that are kept for one client; a burst of more is still a burst.
const KEPT: usize = 256;

pub(super) struct Watch {
    clients: BoundedMap<IpAddr, Client>,
}

#[derive(Default)]
struct Client {
    /// Time, frame and name of what came within the window.
    window: VecDeque<(u64, u64, u64)>,
    most: usize,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { clients: BoundedMap::new(CLIENTS) }
    }

    /// Takes a name that does not exist, as a client was told.
    pub(super) fn take(&mut self, seen: &Seen, asked: &Asked) {
        let Some(now) = seen.timestamp else { return };
        let (client, _) = self.clients.get_or_insert_with(seen.destination.ip(), Client::default);
        while client.window.front().is_some_and(|(time, ..)| now.saturating_sub(*time) > NXDOMAIN_WINDOW) {
            client.window.pop_front();
        }
        if client.window.iter().any(|(_, _, name)| *name == asked.hash) {
            return;
        }
        if client.window.len() >= KEPT {
            client.window.pop_front();
        }
        client.window.push_back((now, seen.frame, asked.hash));
        let many = client.window.len();
        client.most = client.most.max(many);
        if many == NXDOMAIN_NAMES && client.evidence.total() == 0 {
            client.window.iter().for_each(|(_, frame, _)| client.evidence.add(*frame));
        } else if many >= NXDOMAIN_NAMES {
            client.evidence.add(seen.frame);
        }
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = self.clients.iter().filter(|(_, client)| client.most >= NXDOMAIN_NAMES);
        let finding = |(address, client): (&IpAddr, &Client)| {
            let at_least = if client.most >= KEPT { "at least " } else { "" };
            let observation =
                format!("Up to {at_least}{} different names that do not exist within 60 seconds.", client.most);
            RULE.finding(
                address.to_string(),
                observation,
                vec![Measure::count("names_in_60_seconds", client.most as u64)],
                &client.evidence,
            )
        };
        found.map(finding).collect()
    }
}
