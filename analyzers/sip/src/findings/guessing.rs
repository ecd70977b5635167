//! Guessed passwords: many logins that a registrar rejects.

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::{at_least, counted};

use super::thresholds::GUESSES;
use super::{View, pair};
use crate::limits;
use crate::message::facts::hash;

const RULE: Rule = Rule {
    name: "sip_register_brute_force",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "5 or more REGISTERs with credentials answered with 401, 403 or 407 (not stale) within 60 seconds, one client at one server",
    false_alarm: "A proxy or NAT that stands for many telephones, or one telephone with an old password and a short retry interval.",
};

/// Accounts that are told apart of one pair.
const ACCOUNTS: usize = 256;

pub(super) struct Watch {
    pairs: BoundedMap<(IpAddr, IpAddr), Pair>,
}

#[derive(Default)]
struct Pair {
    rejections: Burst,
    rejected: u64,
    accounts: Vec<u64>,
    more_accounts: bool,
    /// Logins accepted after the rule's condition was met.
    accepted: u64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { pairs: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        let Some((status, true)) = view.completed().filter(|_| view.facts.is("REGISTER")) else { return };
        if (200..300).contains(&status) {
            if let Some(pair) = self.pairs.get_mut(&view.pair()).filter(|pair| pair.rejections.is_one(&GUESSES)) {
                pair.accepted = pair.accepted.saturating_add(1);
                pair.rejections.note(view.seen.frame);
            }
            return;
        }
        let stale = view.facts.challenges.iter().any(|challenge| challenge.stale);
        let Some(now) = view.seen.timestamp.filter(|_| matches!(status, 401 | 403 | 407) && !stale) else { return };
        let (pair, _) = self.pairs.get_or_insert_with(view.pair(), Pair::default);
        pair.rejected = pair.rejected.saturating_add(1);
        let account = hash(view.facts.to.uri.account());
        if !pair.accounts.contains(&account) {
            if pair.accounts.len() < ACCOUNTS {
                pair.accounts.push(account);
            } else {
                pair.more_accounts = true;
            }
        }
        pair.rejections.take(&GUESSES, now, view.seen.frame);
    }

    pub(super) fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |(ends, found): (&(IpAddr, IpAddr), &Pair)| {
            let (accounts, (client, server)) = (found.accounts.len() as u64, ends);
            let least = at_least(found.more_accounts);
            RULE.finding(
                pair(ends),
                format!(
                    "{client} to {server}: {}, up to {} within 60 seconds, for {least}{}; {} afterwards.",
                    counted(found.rejected, "rejected login"),
                    found.rejections.most_in_words(),
                    counted(accounts, "account"),
                    counted(found.accepted, "accepted login")
                ),
                vec![
                    Measure::count("rejected_logins", found.rejected),
                    found.rejections.measure("rejected_logins_in_60_seconds"),
                    Measure::count("accounts", accounts).or_more(found.more_accounts),
                    Measure::count("accepted_afterwards", found.accepted),
                ],
                found.rejections.evidence(),
            )
        };
        self.pairs.iter().filter(|(_, found)| found.rejections.is_one(&GUESSES)).map(finding).collect()
    }
}
