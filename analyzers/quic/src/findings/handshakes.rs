//! Handshakes that fail: of servers, and of those who ask many of them.

use std::net::IpAddr;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Evidence, Finding, Measure, Rule, lower_bounds};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};
use mcpcap_analyzer::stream::Endpoint;

use super::rules::{CLOSED, FAILURES, FAILURES_PERCENT, FLOOD, FLOODED, SCAN, SCAN_EXCESS, SCANNED, UNANSWERED};
use crate::facts::Facts;
use crate::limits;

/// How the handshakes of a server went.
#[derive(Default)]
struct Outcomes {
    all: u64,
    closed: Evidence,
    unanswered: Evidence,
    burst: Burst,
}

/// How those of a client did.
struct Tries {
    failed: Distinct,
    succeeded: Distinct,
    evidence: Evidence,
}

impl Default for Tries {
    fn default() -> Self {
        Self { failed: Distinct::small(), succeeded: Distinct::small(), evidence: Evidence::default() }
    }
}

/// Servers and clients with their handshakes.
pub struct Handshakes {
    servers: BoundedMap<Endpoint, Outcomes>,
    clients: BoundedMap<IpAddr, Tries>,
}

impl Handshakes {
    pub fn new() -> Self {
        Self { servers: BoundedMap::new(limits::PARTIES), clients: BoundedMap::new(limits::PARTIES) }
    }

    pub fn take(&mut self, facts: &Facts) {
        let outcome = facts.outcome();
        if matches!(outcome, "handshake_not_seen" | "one_sided") || facts.client_guessed {
            return;
        }
        let (outcomes, _) = self.servers.get_or_insert_with(facts.server, Outcomes::default);
        outcomes.all = outcomes.all.saturating_add(1);
        let frame = facts.first.frame;
        match outcome {
            "closed" => outcomes.closed.add(facts.closed.as_ref().map_or(frame, |closed| closed.frame)),
            "no_answer" => {
                outcomes.unanswered.add(frame);
                if let Some(time) = facts.first.time {
                    outcomes.burst.take(&FLOOD, time, frame);
                }
            }
            _ => {}
        }
        let (tries, _) = self.clients.get_or_insert_with(facts.client.address, Tries::default);
        if matches!(outcome, "closed" | "no_answer" | "version_negotiation" | "unfinished") {
            tries.failed.add(&facts.server);
            tries.evidence.add(frame);
        } else {
            tries.succeeded.add(&facts.server);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.servers.evicted().saturating_add(self.clients.evicted())
    }

    /// Those with servers that were closed or had no answer, floods and scans. Of clients that are `blocked` another rule tells.
    pub fn findings(&self, blocked: impl Fn(&IpAddr) -> bool) -> [Vec<Finding>; 4] {
        let (servers_gone, clients_gone) = (self.servers.evicted(), self.clients.evicted());
        let of = |rule: &Rule, says: &str, failed: &dyn Fn(&Outcomes) -> Option<&Evidence>| {
            let found = |(server, outcomes): (&Endpoint, &Outcomes)| {
                let evidence = failed(outcomes)?;
                let (failures, all) = (evidence.total(), outcomes.all);
                let percent = failures.saturating_mul(100).checked_div(all).unwrap_or_default();
                let measures = vec![Measure::count("handshakes", all), Measure::count("failed", failures)];
                let observation = format!("{failures} of {all} handshakes with {server} {says}.");
                let is_much = failures >= FAILURES && percent >= FAILURES_PERCENT;
                is_much.then(|| rule.finding(server.to_string(), observation, measures, evidence))
            };
            lower_bounds(self.servers.iter().filter_map(found).collect(), servers_gone)
        };
        let is_flood = |outcomes: &Outcomes| outcomes.burst.is_one(&FLOOD);
        let floods = self.servers.iter().filter(|(_, outcomes)| is_flood(outcomes)).map(|(server, outcomes)| {
            let burst = &outcomes.burst;
            let observation = format!(
                "{} connections to {server} without an answer within 10 seconds, {} in all.",
                burst.most_in_words(),
                outcomes.unanswered.total(),
            );
            let measures = vec![
                burst.measure("connections_in_10_seconds"),
                Measure::count("unanswered", outcomes.unanswered.total()),
                Measure::count("handshakes", outcomes.all),
            ];
            FLOODED.finding(server.to_string(), observation, measures, burst.evidence())
        });
        let scans = self.clients.iter().filter_map(|(client, tries)| {
            let (failed, succeeded) = (tries.failed.count(), tries.succeeded.count());
            let is_scan = failed >= SCANNED && failed >= succeeded.saturating_add(SCAN_EXCESS) && !blocked(client);
            let about = if tries.failed.is_exact() { "" } else { "about " };
            is_scan.then(|| {
                let observation = format!(
                    "Handshakes of {client} came to nothing at {about}{failed} servers, and succeeded at {succeeded}."
                );
                let measures = vec![Measure::count("servers", failed), Measure::count("succeeded", succeeded)];
                SCAN.finding(client.to_string(), observation, measures, &tries.evidence)
            })
        });
        [
            of(&CLOSED, "were closed", &|outcomes| Some(&outcomes.closed)),
            of(&UNANSWERED, "had no answer", &|outcomes| (!is_flood(outcomes)).then_some(&outcomes.unanswered)),
            lower_bounds(floods.collect(), servers_gone),
            lower_bounds(scans.collect(), clients_gone),
        ]
    }
}
