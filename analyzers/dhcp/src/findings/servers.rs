//! Rules about servers: several on one segment, and refusals.

use std::collections::BTreeMap;

use mcpcap_analyzer::burst::Burst;
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::REFUSALS;
use super::{Place, place};
use crate::limits;
use crate::seen::{Role, Seen};

const SEVERAL: Rule = Rule {
    name: "dhcp_several_servers",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "offers or grants of two or more server identifiers on one segment (VLAN and relay)",
    false_alarm: "Two servers for redundancy (failover pairs share no identifier), or a capture of several links at once.",
};
const DIFFERENT: Rule = Rule {
    name: "dhcp_servers_disagree",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "two or more server identifiers on one segment that give clients different routers or name servers",
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
    segments: BoundedMap<Place, BTreeMap<String, Server>>,
    refusals: BoundedMap<String, Refusals>,
}

#[derive(Default)]
struct Server {
    routers: Vec<String>,
    dns: Vec<String>,
    answers: u64,
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
                let (servers, _) = self.segments.get_or_insert_with(place(seen), BTreeMap::new);
                if servers.len() >= limits::SEGMENT_SERVERS && !servers.contains_key(&name) {
                    return;
                }
                let server = servers.entry(name).or_default();
                server.answers = server.answers.saturating_add(1);
                server.evidence.add(seen.frame);
                for (known, given) in [(&mut server.routers, &seen.routers), (&mut server.dns, &seen.dns)] {
                    if !given.is_empty() {
                        *known = given.iter().take(limits::VALUES).cloned().collect();
                    }
                }
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
        let several = self.segments.iter().filter(|(_, servers)| servers.len() > 1);
        let refusals = self.refusals.iter().filter(|(_, refusals)| refusals.burst.is_one(&REFUSALS));
        let refused = refusals.map(|(server, refusals)| {
            let observation =
                format!("A server refused {} requests within 60 seconds.", refusals.burst.most_in_words());
            let measures = vec![
                Measure::count("refusals_in_60_seconds", refusals.burst.most() as u64),
                Measure::count("refusals", refusals.total),
            ];
            REFUSED.finding(server.clone(), observation, measures, refusals.burst.evidence())
        });
        [several.map(|(place, servers)| several_servers(place, servers)).collect(), refused.collect()]
    }
}

fn several_servers(place: &Place, servers: &BTreeMap<String, Server>) -> Finding {
    let differ = |of: fn(&Server) -> &Vec<String>| {
        let mut given = servers.values().map(of).filter(|given| !given.is_empty());
        let first = given.next();
        given.any(|other| Some(other) != first)
    };
    let (routers, dns) = (differ(|server| &server.routers), differ(|server| &server.dns));
    let rule = if routers || dns { DIFFERENT } else { SEVERAL };
    let evidence = servers.values().fold(Evidence::default(), |all, server| all.joined(&server.evidence));
    let names: Vec<&str> = servers.keys().map(String::as_str).collect();
    let what = match (routers, dns) {
        (true, true) => ", and give different routers and name servers",
        (true, false) => ", and give different routers",
        (false, true) => ", and give different name servers",
        (false, false) => "",
    };
    let observation = format!("{} servers answer clients {place}{what}.", servers.len());
    let fewest = servers.values().map(|server| server.answers).min().unwrap_or_default();
    let measures = vec![
        Measure::count("servers", servers.len() as u64),
        Measure::count("different_routers", routers.into()),
        Measure::count("different_name_servers", dns.into()),
        Measure::count("answers_of_the_rarest", fewest),
    ];
    rule.finding(names.join(", "), observation, measures, &evidence)
}
