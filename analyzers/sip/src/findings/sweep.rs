//! Sweeps: one client tries many hosts, most of which do not answer.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::View;
use super::thresholds::HOSTS;
use crate::limits;

const RULE: Rule = Rule {
    name: "sip_options_sweep",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "OPTIONS from one client to 10 or more hosts, more than half of which never answer one",
    false_alarm: "A server that checks telephones which are switched off, or a capture that lacks the responses.",
};

/// Hosts that are told apart of one client.
const KEPT: usize = 256;

pub(super) struct Watch {
    clients: BoundedMap<IpAddr, Client>,
}

#[derive(Default)]
struct Client {
    /// Whether each host answered.
    hosts: BTreeMap<IpAddr, bool>,
    /// Requests to hosts beyond.
    others: u64,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { clients: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        if !view.facts.is("OPTIONS") {
            return;
        }
        if !view.facts.is_request() {
            let host = self.clients.get_mut(&view.client).and_then(|client| client.hosts.get_mut(&view.server));
            if let Some(answered) = host {
                *answered = true;
            }
        } else if view.begins() {
            let (client, _) = self.clients.get_or_insert_with(view.client, Client::default);
            if client.hosts.contains_key(&view.server) {
                return;
            }
            client.evidence.add(view.seen.frame);
            if client.hosts.len() < KEPT {
                client.hosts.insert(view.server, false);
            } else {
                client.others = client.others.saturating_add(1);
            }
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.clients.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        self.clients.iter().filter_map(finding).collect()
    }
}

fn finding((address, client): (&IpAddr, &Client)) -> Option<Finding> {
    let hosts = client.hosts.len();
    let answered = client.hosts.values().filter(|answered| **answered).count();
    if hosts < HOSTS || answered.saturating_mul(2) >= hosts {
        return None;
    }
    let least = at_least(client.others > 0);
    Some(RULE.finding(
        address.to_string(),
        format!("{address} sent OPTIONS to {least}{hosts} hosts, of which {answered} answered."),
        vec![
            Measure::count("hosts", hosts as u64).or_more(client.others > 0),
            Measure::count("hosts_that_answered", answered as u64),
        ],
        &client.evidence,
    ))
}
