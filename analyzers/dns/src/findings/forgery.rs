//! Answers that may be forged: two that conflict, or many that nobody asked for.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::pair;
use super::thresholds::{FLOOD_MEAN_OCTETS, FLOOD_RESPONSES, UNASKED_GRACE, UNASKED_RESPONSES};
use crate::message::Message;
use crate::seen::{Seen, Transport};
use crate::transactions::Outcome;

const CONFLICT: Rule = Rule {
    name: "dns_conflicting_answers",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "a further response over UDP to a transaction in which each query had its response already, with another response code or other \
                answer records; order, TTL and case do not count",
    false_alarm: "A capture point that misses a resent query, and censoring or filtering middleboxes, show the same: the first is harmless, the \
                  second is a forgery by intent. Look at the frames' TTL and timing.",
};

const UNASKED: Rule = Rule {
    name: "dns_unasked_responses",
    severity: Severity::Medium,
    confidence: Confidence::Low,
    threshold: "5 or more responses over UDP without a query in the capture, later than 5 seconds after its start, to a host whose queries are \
                in the capture",
    false_alarm: "Frames that the capture lost, servers that answer from another address than the one asked, and queries that took a path which \
                  was not captured.",
};

const FLOOD: Rule = Rule {
    name: "dns_response_flood",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "100 or more responses over UDP, of 512 octets or more on average, to a host that sends no query in the capture",
    false_alarm: "A capture that holds one direction only looks the same.",
};

const PAIRS: usize = 256;
const HOSTS: usize = 2048;

pub(super) struct Watch {
    conflicts: BoundedMap<(IpAddr, IpAddr), Evidence>,
    hosts: BoundedMap<IpAddr, Host>,
    start: Option<u64>,
}

#[derive(Default)]
struct Host {
    queries: u64,
    /// Responses without a query, before the host's first query.
    before: Evidence,
    before_octets: u64,
    /// Responses without a query, after it and after the first seconds.
    after: Evidence,
    after_octets: u64,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { conflicts: BoundedMap::new(PAIRS), hosts: BoundedMap::new(HOSTS), start: None }
    }

    pub(super) fn take(&mut self, seen: &Seen, message: &Message<'_>, outcome: Outcome) {
        self.start = self.start.or(seen.timestamp);
        // Nobody forges what TCP carries without seeing it.
        if seen.transport == Transport::Tcp {
            return;
        }
        let (client, server) = seen.parties(message.header.is_response());
        if let Outcome::AnsweredAgain { conflicting: true, request, response, .. } = outcome {
            let (evidence, _) = self.conflicts.get_or_insert_with((server, client), Evidence::default);
            [request, response, seen.frame].into_iter().for_each(|frame| evidence.add(frame));
        }
        let (host, _) = self.hosts.get_or_insert_with(client, Host::default);
        host.queries = host.queries.saturating_add(u64::from(!message.header.is_response()));
        if outcome != Outcome::Unasked {
            return;
        }
        let octets = message.octets().len() as u64;
        if host.queries == 0 {
            host.before.add(seen.frame);
            host.before_octets = host.before_octets.saturating_add(octets);
        } else if seen.timestamp.zip(self.start).is_some_and(|(now, start)| now.saturating_sub(start) > UNASKED_GRACE) {
            host.after.add(seen.frame);
            host.after_octets = host.after_octets.saturating_add(octets);
        }
    }

    /// `evicted`: queries had to make room, so a response may have lost its query here and not in the capture.
    pub(super) fn findings(&self, evicted: bool) -> Vec<Finding> {
        let mut found: Vec<Finding> = self
            .conflicts
            .iter()
            .map(|((server, client), evidence)| {
                let observation = "Two responses to one query say different things.".to_owned();
                CONFLICT.finding(
                    pair(*server, *client),
                    observation,
                    vec![Measure::count("frames", evidence.total())],
                    evidence,
                )
            })
            .collect();
        for (address, host) in self.hosts.iter() {
            let asks = host.queries > 0;
            let (evidence, octets) =
                if asks { (&host.after, host.after_octets) } else { (&host.before, host.before_octets) };
            let responses = evidence.total();
            let (rule, matches) = if asks {
                (&UNASKED, responses >= UNASKED_RESPONSES && !evicted)
            } else {
                (&FLOOD, responses >= FLOOD_RESPONSES && octets >= responses.saturating_mul(FLOOD_MEAN_OCTETS))
            };
            if matches {
                let observation = format!(
                    "{responses} responses of {octets} octets without a query, to a host with {} queries.",
                    host.queries
                );
                let measures = vec![
                    Measure::count("responses", responses),
                    Measure::count("octets", octets),
                    Measure::count("queries", host.queries),
                ];
                found.push(rule.finding(address.to_string(), observation, measures, evidence));
            }
        }
        found
    }
}
