//! Answers that may be forged: two that conflict, or many that nobody asked for.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::{at_least, counted};

use super::pair;
use super::thresholds::{FLOOD_MEAN_OCTETS, FLOOD_RESPONSES, UNASKED_GRACE, UNASKED_RESPONSES};
use crate::brief::{Brief, Outcome, Settled};
use crate::message::Message;
use crate::recent::Recent;
use crate::seen::{Seen, Transport};

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
                in the capture; besides as many as queries had to make room in the analysis",
    false_alarm: "Frames that the capture lost, servers that answer from another address than the one asked, and queries that took a path which \
                  was not captured.",
};

const FLOOD: Rule = Rule {
    name: "dns_response_flood",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "100 or more responses over UDP, of 512 bytes or more on average, to a host that sends no query in the capture",
    false_alarm: "A capture that holds one direction only looks the same.",
};

const PAIRS: usize = 256;
const HOSTS: usize = 2048;

pub(super) struct Watch {
    /// Conflicting responses by server and client: how many, and the frames of the first ones with those of their queries.
    conflicts: BoundedMap<(IpAddr, IpAddr), (u64, Evidence)>,
    hosts: BoundedMap<IpAddr, Host>,
    recent: Recent,
    start: Option<u64>,
}

#[derive(Default)]
struct Host {
    queries: u64,
    /// Responses without a query, and their bytes.
    all: Evidence,
    all_octets: u64,
    /// Those after the first seconds of the capture.
    later: Evidence,
    later_octets: u64,
    /// It may have been here before, with queries, and made room.
    may_have_asked: bool,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { conflicts: BoundedMap::new(PAIRS), hosts: BoundedMap::new(HOSTS), recent: Recent::new(), start: None }
    }

    /// Takes a message when it comes.
    pub(super) fn sees(&mut self, seen: &Seen, message: &Message<'_>) {
        self.start = match (self.start, seen.timestamp) {
            (Some(start), Some(now)) => Some(start.min(now)),
            (start, now) => start.or(now),
        };
        // Nobody forges what TCP carries without seeing it.
        if seen.transport == Transport::Tcp {
            return;
        }
        let (client, _) = seen.parties(message.header.is_response());
        let may_have_asked = self.hosts.evicted() > 0;
        let make = || Host { may_have_asked, ..Host::default() };
        let host = self.hosts.get_or_insert_near(self.recent.of(client), client, make, |_, _| ());
        host.queries = host.queries.saturating_add(u64::from(!message.header.is_response()));
    }

    /// Takes what a response turned out to be.
    pub(super) fn judged(&mut self, seen: &Seen, brief: &Brief, outcome: Outcome) {
        if outcome != Outcome::Unasked || seen.transport == Transport::Tcp {
            return;
        }
        let (client, _) = seen.parties(true);
        let Some(host) = self.hosts.get_near(self.recent.of(client), &client) else { return };
        host.all.add(seen.frame);
        host.all_octets = host.all_octets.saturating_add(brief.size);
        if seen.timestamp.zip(self.start).is_some_and(|(now, start)| now.saturating_sub(start) > UNASKED_GRACE) {
            host.later.add(seen.frame);
            host.later_octets = host.later_octets.saturating_add(brief.size);
        }
    }

    /// Takes a query all of whose responses are known.
    pub(super) fn settled(&mut self, settled: &Settled) {
        if settled.conflicting == 0 {
            return;
        }
        let ends = (settled.server.address, settled.client.address);
        let ((conflicting, evidence), _) = self.conflicts.get_or_insert_with(ends, Default::default);
        *conflicting = conflicting.saturating_add(settled.conflicting);
        [settled.request.0, settled.response.0].into_iter().for_each(|frame| evidence.add(frame));
        settled.conflicts.iter().for_each(|(frame, _)| evidence.add(*frame));
    }

    /// Entries that had to make room: of the conflicts, and of the hosts.
    pub(super) fn evicted(&self) -> (u64, u64) {
        (self.conflicts.evicted(), self.hosts.evicted())
    }

    /// What each of the three rules finds. `evicted`: so many queries had to make room that so many responses may have lost their query
    /// here and not in the capture.
    pub(super) fn findings(&self, evicted: u64) -> [Vec<Finding>; 3] {
        let conflicts = self
            .conflicts
            .iter()
            .map(|((server, client), (conflicting, evidence))| {
                let observation = format!(
                    "{server} sent {client} {}{} that {} from the first one to the same query.",
                    at_least(self.conflicts.evicted() > 0),
                    counted(*conflicting, "response"),
                    if *conflicting == 1 { "differs" } else { "differ" }
                );
                CONFLICT.finding(
                    pair(*server, *client),
                    observation,
                    vec![Measure::count("responses", *conflicting).or_more(self.conflicts.evicted() > 0)],
                    evidence,
                )
            })
            .collect();
        let (mut unasked, mut floods) = (Vec::new(), Vec::new());
        for (address, host) in self.hosts.iter() {
            let asks = host.queries > 0;
            let (evidence, octets) = if asks { (&host.later, host.later_octets) } else { (&host.all, host.all_octets) };
            let responses = evidence.total();
            let (rule, found, matches) = if asks {
                (&UNASKED, &mut unasked, responses.saturating_sub(evicted) >= UNASKED_RESPONSES)
            } else {
                (
                    &FLOOD,
                    &mut floods,
                    !host.may_have_asked
                        && responses >= FLOOD_RESPONSES
                        && octets >= responses.saturating_mul(FLOOD_MEAN_OCTETS),
                )
            };
            if matches {
                let gone = self.hosts.evicted() > 0;
                let least = at_least(gone);
                let observation = format!(
                    "{address} got {least}{responses} responses without a query, {octets} bytes in all; it sent {least}{}.",
                    counted(host.queries, "query")
                );
                let measures = vec![
                    Measure::count("responses", responses).or_more(gone),
                    Measure::count("octets", octets).or_more(gone),
                    Measure::count("queries", host.queries).or_more(gone),
                ];
                found.push(rule.finding(address.to_string(), observation, measures, evidence));
            }
        }
        [conflicts, unasked, floods]
    }
}
