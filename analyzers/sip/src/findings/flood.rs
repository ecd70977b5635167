//! Floods of calls.

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::INVITES;
use super::{View, pair};
use crate::limits;

const RULE: Rule = Rule {
    name: "sip_invite_flood",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "50 or more new INVITEs from one client to one server within a second",
    false_alarm: "Trunks between carriers, diallers and load tests do this too; then most of them are answered.",
};

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
}

#[derive(Default)]
struct Pair {
    burst: Burst,
    invites: u64,
    answered: u64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { pairs: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        if !view.facts.is("INVITE") {
            return;
        }
        if let Some((status, _)) = view.completed() {
            if let Some(pair) = self.pairs.get_mut(&view.pair()) {
                pair.answered = pair.answered.saturating_add(u64::from((200..300).contains(&status)));
            }
            return;
        }
        let Some(now) = view.seen.timestamp.filter(|_| view.begins()) else { return };
        let (pair, _) = self.pairs.get_or_insert_with(view.pair(), Pair::default);
        pair.invites = pair.invites.saturating_add(1);
        pair.burst.take(&INVITES, now, view.seen.frame);
    }

    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |(ends, found): (&(IpAddr, IpAddr), &Pair)| {
            let (client, server) = ends;
            RULE.finding(
                pair(ends),
                format!(
                    "{client} sent {server} up to {} new INVITEs within a second, {} in all; {} answered with 2xx.",
                    found.burst.most_in_words(),
                    found.invites,
                    match found.answered {
                        1 => "1 was".to_owned(),
                        many => format!("{many} were"),
                    }
                ),
                vec![
                    found.burst.measure("invites_in_1_second"),
                    Measure::count("invites", found.invites),
                    Measure::count("accepted", found.answered),
                ],
                found.burst.evidence(),
            )
        };
        self.pairs.iter().filter(|(_, found)| found.burst.is_one(&INVITES)).map(finding).collect()
    }
}
