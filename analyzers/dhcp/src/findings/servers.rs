//! Rules about servers: several on one segment, and refusals.

use std::collections::BTreeMap;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::thresholds::{REFUSALS, TOGETHER};
use super::{Place, place};
use crate::limits;
use crate::seen::{Role, Seen};

const SEVERAL: Rule = Rule {
    name: "dhcp_several_servers",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "offers or grants of two or more server identifiers on one segment (VLAN and relay) within one hour",
    false_alarm: "Two servers for redundancy (failover pairs share no identifier), or a capture of several links at once.",
};
const DIFFERENT: Rule = Rule {
    name: "dhcp_servers_disagree",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "two or more server identifiers on one segment that give clients different routers or name servers within one hour",
    false_alarm: "Redundant servers with a setting that differs by mistake, or that serve different networks of one link.",
};
const REFUSED: Rule = Rule {
    name: "dhcp_refusals",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "5 or more NAK, or replies with an error status, of one server within 60 seconds",
    false_alarm: "Many clients that come from another network, or a server that lost its leases.",
};

/// What is kept of servers.
pub struct Watch {
    segments: BoundedMap<Place, Segment>,
    refusals: BoundedMap<String, Refusals>,
}

/// Servers of a segment.
#[derive(Default)]
struct Segment {
    servers: BTreeMap<String, Server>,
    /// There were others, for which there was no room.
    is_cut: bool,
    /// Servers that answered together gave different routers, and different name servers.
    differ: (bool, bool),
}

#[derive(Default)]
struct Server {
    routers: Vec<String>,
    dns: Vec<String>,
    answers: u64,
    last: Option<u64>,
    /// Another server answered at about the same time.
    has_rival: bool,
    evidence: Evidence,
}

#[derive(Default)]
struct Refusals {
    burst: Burst,
    total: u64,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { segments: BoundedMap::new(limits::SEGMENTS), refusals: BoundedMap::new(limits::ENTRIES) }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.segments.evicted().saturating_add(self.refusals.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        if !seen.from_server {
            return;
        }
        let name = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
        match seen.role {
            Role::Offer | Role::Grant => {
                self.segments.get_or_insert_with(place(seen), Segment::default).0.take(name, seen);
            }
            Role::Refuse => {
                let (refusals, _) = self.refusals.get_or_insert_with(name, Refusals::default);
                refusals.total = refusals.total.saturating_add(1);
                refusals.burst.take(&REFUSALS, seen.time.unwrap_or_default(), seen.frame);
            }
            _ => {}
        }
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 2] {
        let several =
            self.segments.iter().filter(|(_, segment)| segment.servers.values().any(|server| server.has_rival));
        let refusals = self.refusals.iter().filter(|(_, refusals)| refusals.burst.is_one(&REFUSALS));
        let refused = refusals.map(|(server, refusals)| {
            let observation =
                format!("Server {server} refused {} requests within 60 seconds.", refusals.burst.most_in_words());
            let measures =
                vec![refusals.burst.measure("refusals_in_60_seconds"), Measure::count("refusals", refusals.total)];
            REFUSED.finding(server.clone(), observation, measures, refusals.burst.evidence())
        });
        [
            lower_bounds(
                several.map(|(place, segment)| several_servers(place, segment)).collect(),
                self.segments.evicted(),
            ),
            lower_bounds(refused.collect(), self.refusals.evicted()),
        ]
    }
}

/// Whether two times are about the same. Without times, all are.
fn is_near(one: Option<u64>, other: Option<u64>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one.abs_diff(other) <= TOGETHER)
}

impl Segment {
    /// Takes an offer or a grant of a server.
    fn take(&mut self, name: String, seen: &Seen) {
        if self.servers.len() >= limits::SEGMENT_SERVERS && !self.servers.contains_key(&name) {
            self.is_cut = true;
            return;
        }
        let mut server = self.servers.remove(&name).unwrap_or_default();
        for (known, given) in [(&mut server.routers, &seen.routers), (&mut server.dns, &seen.dns)] {
            if !given.is_empty() {
                *known = given.iter().take(limits::VALUES).cloned().collect();
            }
        }
        let mut near = false;
        let differ = |one: &[String], other: &[String]| !one.is_empty() && !other.is_empty() && one != other;
        for other in self.servers.values_mut().filter(|other| is_near(other.last, seen.time)) {
            near = true;
            other.has_rival = true;
            self.differ.0 |= differ(&server.routers, &other.routers);
            self.differ.1 |= differ(&server.dns, &other.dns);
        }
        // Only what belongs to the time at which several answer is evidence.
        if server.answers > 0 && !server.has_rival && !is_near(server.last, seen.time) {
            server.evidence = Evidence::default();
        }
        if near || !server.has_rival {
            server.evidence.add(seen.frame);
        }
        server.has_rival |= near;
        server.answers = server.answers.saturating_add(1);
        server.last = seen.time.or(server.last);
        self.servers.insert(name, server);
    }
}

/// Servers that the observation names.
const NAMED: usize = 3;

fn several_servers(place: &Place, segment: &Segment) -> Finding {
    let rivals = segment.servers.iter().filter(|(_, server)| server.has_rival);
    let (names, servers): (Vec<&str>, Vec<&Server>) = rivals.map(|(name, server)| (name.as_str(), server)).unzip();
    let (routers, dns) = segment.differ;
    let rule = if routers || dns { DIFFERENT } else { SEVERAL };
    let evidence = servers.iter().fold(Evidence::default(), |all, server| all.joined(&server.evidence));
    let what = match (routers, dns) {
        (true, true) => ", and give different routers and name servers",
        (true, false) => ", and give different routers",
        (false, true) => ", and give different name servers",
        (false, false) => "",
    };
    // As many as one line holds.
    let (named, more) = (names.get(..NAMED).unwrap_or(&names).join(", "), names.len() > NAMED);
    let observation = format!(
        "Clients {place} are answered by {}{} servers ({named}{}) within one hour{what}.",
        at_least(segment.is_cut),
        servers.len(),
        if more { ", ..." } else { "" }
    );
    let fewest = servers.iter().map(|server| server.answers).min().unwrap_or_default();
    let measures = vec![
        Measure::count("servers", servers.len() as u64).or_more(segment.is_cut),
        Measure::count("different_routers", routers.into()),
        Measure::count("different_name_servers", dns.into()),
        Measure::count("answers_of_the_rarest", fewest),
    ];
    rule.finding(names.join(", "), observation, measures, &evidence)
}
