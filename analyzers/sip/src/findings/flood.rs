//! Floods of calls.

use std::collections::VecDeque;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::{INVITE_WINDOW, INVITES};
use super::{View, pair};
use crate::limits;

const RULE: Rule = Rule {
    name: "sip_invite_flood",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "50 or more new INVITEs from one client to one server within a second",
    false_alarm: "Trunks between carriers, diallers and load tests do this too; then most of them are answered.",
};

/// INVITEs of a window that are kept of one pair.
const KEPT: usize = 256;

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
}

#[derive(Default)]
struct Pair {
    window: VecDeque<(u64, u64)>,
    most: usize,
    invites: u64,
    answered: u64,
    evidence: Evidence,
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
        while pair.window.front().is_some_and(|(time, _)| now.saturating_sub(*time) >= INVITE_WINDOW)
            || pair.window.len() >= KEPT
        {
            pair.window.pop_front();
        }
        pair.window.push_back((now, view.seen.frame));
        let many = pair.window.len();
        pair.most = pair.most.max(many);
        if many == INVITES && pair.evidence.total() == 0 {
            pair.window.iter().for_each(|(_, frame)| pair.evidence.add(*frame));
        } else if many >= INVITES {
            pair.evidence.add(view.seen.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |(ends, found): (&(IpAddr, IpAddr), &Pair)| {
            let at_least = if found.most >= KEPT { "at least " } else { "" };
            RULE.finding(
                pair(ends),
                format!(
                    "Up to {at_least}{} new INVITEs within a second, {} in all; {} were answered with 2xx.",
                    found.most, found.invites, found.answered
                ),
                vec![
                    Measure::count("invites_in_1_second", found.most as u64),
                    Measure::count("invites", found.invites),
                    Measure::count("accepted", found.answered),
                ],
                &found.evidence,
            )
        };
        self.pairs.iter().filter(|(_, found)| found.most >= INVITES).map(finding).collect()
    }
}
