//! Many logins within a short time.

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::LOGINS;
use crate::exchange::Exchange;
use crate::limits;

const RULE: Rule = Rule {
    name: "http_login_guessing",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "10 or more logins (forms with passwords, or credentials that were refused with 401, 403 or 407) of one client at one server within a minute",
    false_alarm: "Programs that log in for each call, with forms; a program with an old password; many users behind one address.",
};

#[derive(Default)]
struct Pair {
    burst: Burst,
    logins: u64,
    refused: u64,
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
        let Some(request) = &exchange.request else { return };
        let refused = matches!(exchange.status(), Some(401 | 403 | 407));
        let given = request.head.authorization.as_ref();
        // NTLM and Negotiate are refused once by design.
        let is_refused =
            refused && given.is_some_and(|given| given.scheme.eq_ignore_ascii_case("basic") || given.user.is_some());
        if !is_refused && exchange.login().is_none() {
            return;
        }
        let (pair, _) = self.pairs.get_or_insert_with((exchange.client.ip(), exchange.server.ip()), Pair::default);
        pair.logins = pair.logins.saturating_add(1);
        pair.refused = pair.refused.saturating_add(refused.into());
        if let Some(now) = request.begun.time {
            pair.burst.take(&LOGINS, now, request.begun.frame);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        let finding = |((client, server), pair): (&(IpAddr, IpAddr), &Pair)| {
            let observation = format!(
                "{client} logged in at {server} up to {} times within a minute, {} in all; {} refused.",
                pair.burst.most_in_words(),
                pair.logins,
                pair.refused
            );
            let measures = vec![
                pair.burst.measure("logins_in_1_minute"),
                Measure::count("logins", pair.logins),
                Measure::count("refused", pair.refused),
            ];
            RULE.finding(format!("{client} to {server}"), observation, measures, pair.burst.evidence())
        };
        let found = self.pairs.iter().filter(|(_, pair)| pair.burst.is_one(&LOGINS));
        lower_bounds(found.map(finding).collect(), self.evicted())
    }
}
