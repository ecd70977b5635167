//! Prefix probing: the same number dialled with many prefixes, to find the one that leads out.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::View;
use super::thresholds::{NUMBER_DIGITS, PREFIXES};
use crate::counts::number;
use crate::limits;
use crate::message::facts::hash;

const RULE: Rule = Rule {
    name: "sip_prefix_probing",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "5 or more different prefixes before the same last 8 digits, in calls of one client",
    false_alarm: "A test of a dial plan.",
};

/// Prefixes that are told apart for one number.
const KEPT: usize = 64;

pub(super) struct Watch {
    /// By client and the last digits.
    numbers: BoundedMap<(IpAddr, String), Number>,
}

#[derive(Default)]
struct Number {
    prefixes: Vec<u64>,
    more_prefixes: bool,
    accepted: u64,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { numbers: BoundedMap::new(limits::PAIRS.saturating_mul(4)) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        if !view.facts.is("INVITE") || view.facts.to_tag.is_some() && view.facts.is_request() {
            return;
        }
        let called = view.facts.uri.unwrap_or(view.facts.to.uri);
        let Some(dialled) = number(called.user) else { return };
        let Some((prefix, digits)) =
            dialled.len().checked_sub(NUMBER_DIGITS).and_then(|at| dialled.split_at_checked(at))
        else {
            return;
        };
        let key = (view.client, digits.to_owned());
        if let Some((status, _)) = view.completed() {
            if let Some(known) = self.numbers.get_mut(&key) {
                known.accepted = known.accepted.saturating_add(u64::from((200..300).contains(&status)));
            }
            return;
        }
        if !view.begins() {
            return;
        }
        let prefix = hash(prefix);
        let (known, _) = self.numbers.get_or_insert_with(key, Number::default);
        if known.prefixes.contains(&prefix) {
            return;
        }
        known.evidence.add(view.seen.frame);
        if known.prefixes.len() < KEPT {
            known.prefixes.push(prefix);
        } else {
            known.more_prefixes = true;
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.numbers.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |((address, digits), known): (&(IpAddr, String), &Number)| {
            let prefixes = known.prefixes.len() as u64;
            let least = at_least(known.more_prefixes);
            RULE.finding(
                format!("{address} to …{digits}"),
                format!(
                    "{address} dialled one number with {least}{prefixes} prefixes; {} of these calls {} accepted.",
                    known.accepted,
                    if known.accepted == 1 { "was" } else { "were" }
                ),
                vec![
                    Measure::count("prefixes", prefixes).or_more(known.more_prefixes),
                    Measure::count("accepted", known.accepted),
                ],
                &known.evidence,
            )
        };
        self.numbers.iter().filter(|(_, known)| known.prefixes.len() >= PREFIXES).map(finding).collect()
    }
}
