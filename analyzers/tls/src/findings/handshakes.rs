//! Handshakes that fail.

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, Rule, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::Endpoint;

use super::rules::{FAILURES, FAILURES_PERCENT, REFUSED, UNANSWERED};
use crate::facts::Facts;
use crate::limits;

/// How the handshakes of a server went.
#[derive(Default)]
struct Outcomes {
    all: u64,
    refused: Evidence,
    unanswered: Evidence,
}

/// Servers with their handshakes.
pub struct Handshakes {
    servers: BoundedMap<Endpoint, Outcomes>,
}

impl Handshakes {
    pub fn new() -> Self {
        Self { servers: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, facts: &Facts) {
        if facts.offer.is_none() {
            return;
        }
        let (outcomes, _) = self.servers.get_or_insert_with(facts.server, Outcomes::default);
        outcomes.all = outcomes.all.saturating_add(1);
        match facts.outcome() {
            "refused" => {
                let frame = facts.alerts.first().iter().find(|alert| alert.fatal).map(|alert| alert.frame);
                outcomes.refused.add(frame.unwrap_or(facts.last.frame));
            }
            "no_answer" => outcomes.unanswered.add(facts.first.frame),
            _ => {}
        }
    }

    pub fn evicted(&self) -> u64 {
        self.servers.evicted()
    }

    pub fn findings(&self) -> [Vec<Finding>; 2] {
        let of = |rule: &Rule, says: &str, failed: &dyn Fn(&Outcomes) -> &Evidence| {
            let found = |(server, outcomes): (&Endpoint, &Outcomes)| {
                let evidence = failed(outcomes);
                let (failures, all) = (evidence.total(), outcomes.all);
                let percent = failures.saturating_mul(100).checked_div(all).unwrap_or_default();
                let measures = vec![Measure::count("handshakes", all), Measure::count("failed", failures)];
                let observation = format!("{failures} of {all} handshakes with {server} {says}.");
                let is_much = failures >= FAILURES && percent >= FAILURES_PERCENT;
                is_much.then(|| rule.finding(server.to_string(), observation, measures, evidence))
            };
            lower_bounds(self.servers.iter().filter_map(found).collect(), self.evicted())
        };
        [
            of(&REFUSED, "ended with a fatal alert", &|outcomes| &outcomes.refused),
            of(&UNANSWERED, "had no answer", &|outcomes| &outcomes.unanswered),
        ]
    }
}
