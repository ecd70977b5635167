//! Rules about echoes: sweeps, floods, smurf attacks, tunnels.

use std::collections::BTreeSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::thresholds::{
    FLOOD_IN_A_SECOND, LARGE_PAYLOADS, SMURF_HOSTS, SWEEP_HOSTS, TUNNEL_ENTROPY, TUNNEL_LARGE, TUNNEL_UNLIKE,
};
use crate::echo::{Echoes, Outcome, mean_entropy};
use crate::limits;
use crate::message::Message;

const SWEEP: Rule = Rule {
    name: "icmp_sweep",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "echo requests of one source to 15 or more different hosts",
    false_alarm: "A monitoring system, an inventory of one's own, or a host that looks for its neighbours after a change of network.",
};
const FLOOD: Rule = Rule {
    name: "icmp_flood",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "100 or more echo requests within one second from one host to another",
    false_alarm: "A load test (ping -f), or a capture that has each packet several times.",
};
const SMURF: Rule = Rule {
    name: "icmp_smurf",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "echo replies of 10 or more different hosts to one host that did not ask them, or asked a broadcast or multicast address",
    false_alarm: "A capture that has one direction only, or a ping of a multicast group to find one's neighbours.",
};
const TUNNEL: Rule = Rule {
    name: "icmp_tunnel",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "5 or more replies whose payload is not that of the request, or 10 or more payloads of 128 octets or more with a mean entropy \
        of 6.5 bits per octet or more",
    false_alarm: "A device that fills replies with its own pattern; ping with random data (ping -p, hping).",
};
const LARGE: Rule = Rule {
    name: "icmp_large_payloads",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "8 or more echoes between two hosts with payloads of 128 octets or more",
    false_alarm: "Tests of the path MTU, and monitors that ping with large packets.",
};

/// What is kept besides the echoes themselves.
pub struct Watch {
    sources: BoundedMap<IpAddr, Seen>,
    victims: BoundedMap<IpAddr, Seen>,
}

#[derive(Default)]
struct Seen {
    hosts: BTreeSet<IpAddr>,
    messages: u64,
    evidence: Evidence,
}

impl Seen {
    fn add(&mut self, host: IpAddr, frame: u64) {
        self.messages = self.messages.saturating_add(1);
        self.evidence.add(frame);
        if self.hosts.len() < limits::DISTINCT {
            self.hosts.insert(host);
        }
    }
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { sources: BoundedMap::new(limits::PARTIES), victims: BoundedMap::new(limits::PARTIES) }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.sources.evicted().saturating_add(self.victims.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, outcome: Option<Outcome>) {
        match outcome {
            Some(Outcome::Asked | Outcome::AskedAgain) => {
                let (seen, _) = self.sources.get_or_insert_with(message.source, Seen::default);
                seen.add(message.destination, frame);
            }
            Some(Outcome::Unasked | Outcome::AnsweredForMany { .. }) => {
                let (seen, _) = self.victims.get_or_insert_with(message.destination, Seen::default);
                seen.add(message.source, frame);
            }
            _ => {}
        }
    }

    /// The findings, by rule.
    pub fn findings(&self, echoes: &Echoes) -> [Vec<Finding>; 5] {
        let sweeps = self.sources.iter().filter(|(_, seen)| seen.hosts.len() >= SWEEP_HOSTS);
        let victims = self.victims.iter().filter(|(_, seen)| seen.hosts.len() >= SMURF_HOSTS);
        let measures = |seen: &Seen| {
            vec![Measure::count("hosts", seen.hosts.len() as u64), Measure::count("messages", seen.messages)]
        };
        [
            sweeps
                .map(|(source, seen)| {
                    let observation = format!("{source} sent echo requests to {} different hosts.", seen.hosts.len());
                    SWEEP.finding(source.to_string(), observation, measures(seen), &seen.evidence)
                })
                .collect(),
            floods(echoes),
            victims
                .map(|(victim, seen)| {
                    let observation =
                        format!("{} hosts sent {victim} echo replies that it did not ask them for.", seen.hosts.len());
                    SMURF.finding(victim.to_string(), observation, measures(seen), &seen.evidence)
                })
                .collect(),
            tunnels(echoes),
            large(echoes),
        ]
    }
}

fn floods(echoes: &Echoes) -> Vec<Finding> {
    let found = echoes.sessions().filter(|(_, session)| session.most_in_a_second() >= FLOOD_IN_A_SECOND);
    let finding = found.map(|((requester, target), session)| {
        let most = session.most_in_a_second();
        let observation = format!("{requester} sent {target} {most} echo requests within one second.");
        let measures = vec![
            Measure::count("requests_in_a_second", most),
            Measure::count("requests", session.requests),
            Measure::count("answered", session.answered),
        ];
        FLOOD.finding(format!("{requester} to {target}"), observation, measures, &session.frames)
    });
    finding.collect()
}

fn is_random(session: &crate::echo::Session) -> bool {
    session.large.0 >= TUNNEL_LARGE && mean_entropy(session).is_some_and(|entropy| entropy >= TUNNEL_ENTROPY)
}

fn tunnels(echoes: &Echoes) -> Vec<Finding> {
    let found = echoes.sessions().filter(|(_, session)| session.unlike >= TUNNEL_UNLIKE || is_random(session));
    let finding = found.map(|((requester, target), session)| {
        let observation = format!(
            "Between {requester} and {target}, {} of {} replies do not return the request's payload; {} payloads have 128 octets or more.",
            session.unlike, session.answered, session.large.0
        );
        let mut measures = vec![
            Measure::count("replies_unlike_request", session.unlike),
            Measure::count("answered", session.answered),
            Measure::count("large_payloads", session.large.0),
        ];
        measures.extend(mean_entropy(session).map(|entropy| Measure::new("mean_entropy_bits_per_octet", entropy)));
        let evidence = session.unlike_frames.joined(&session.large_frames);
        TUNNEL.finding(format!("{requester} to {target}"), observation, measures, &evidence)
    });
    finding.collect()
}

fn large(echoes: &Echoes) -> Vec<Finding> {
    let is_tunnel = |session: &crate::echo::Session| session.unlike >= TUNNEL_UNLIKE || is_random(session);
    let found = echoes.sessions().filter(|(_, session)| session.large.0 >= LARGE_PAYLOADS && !is_tunnel(session));
    let finding = found.map(|((requester, target), session)| {
        let observation =
            format!("Between {requester} and {target}, {} echoes carry 128 octets or more.", session.large.0);
        let mut measures = vec![Measure::count("large_payloads", session.large.0)];
        measures.extend(mean_entropy(session).map(|entropy| Measure::new("mean_entropy_bits_per_octet", entropy)));
        LARGE.finding(format!("{requester} to {target}"), observation, measures, &session.large_frames)
    });
    finding.collect()
}
