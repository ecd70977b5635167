//! Responses to open queries that answer another question.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::pair;
use super::thresholds::OTHER_QUESTIONS;
use crate::brief::Outcome;
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "dns_answers_to_another_question",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "5 or more responses from one server to one client with the addresses, ports and identifier of an open query, but another question",
    false_alarm: "Clients that use one port and one identifier for many questions, when the capture lost some of the queries, and faulty \
                  forwarders that mix answers up. Forgers guess ports and identifiers, and a resolver drops what has another question \
                  (RFC 5452 §3).",
};

const PAIRS: usize = 256;

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Evidence>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { pairs: BoundedMap::new(PAIRS) }
    }

    /// Takes what a response turned out to be.
    pub(super) fn judged(&mut self, seen: &Seen, outcome: Outcome) {
        if matches!(outcome, Outcome::OtherQuestion { .. }) {
            let (client, server) = seen.parties(true);
            self.pairs.get_or_insert_with((server, client), Evidence::default).0.add(seen.frame);
        }
    }

    /// Entries that had to make room.
    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = self.pairs.iter().filter(|(_, evidence)| evidence.total() >= OTHER_QUESTIONS);
        let finding = |((server, client), evidence): (&(IpAddr, IpAddr), &Evidence)| {
            let responses = evidence.total();
            let is_least = self.evicted() > 0;
            let observation = format!(
                "{server} sent {client} {}{responses} responses with another question than the open query has.",
                at_least(is_least)
            );
            let measure = Measure::count("responses", responses).or_more(is_least);
            RULE.finding(pair(*server, *client), observation, vec![measure], evidence)
        };
        found.map(finding).collect()
    }
}
