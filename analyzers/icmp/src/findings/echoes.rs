//! Rules about echoes: sweeps, floods, smurf attacks, tunnels.

use std::fmt::Write;

use mcpcap_analyzer::finding::{Confidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::text::counted;

use super::thresholds::{
    FLOOD_IN_A_SECOND, LARGE_PAYLOADS, SMURF_HOSTS, SWEEP_HOSTS, TUNNEL_ENTROPY, TUNNEL_LARGE, TUNNEL_UNLIKE,
};
use crate::echo::{Echoes, Outcome};
use crate::many::{Crowd, Crowds};
use crate::message::Message;
use crate::session::{Session, mean_entropy};

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
    threshold: "5 or more replies whose payload is not that of the request, or 10 or more payloads of 128 bytes or more with a mean entropy \
        of 6.5 bits per byte or more, or 3 or more payloads that hold an IP packet",
    false_alarm: "A device that fills replies with its own pattern; ping with random data (ping -p, hping).",
};
const LARGE: Rule = Rule {
    name: "icmp_large_payloads",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "8 or more echoes between two hosts with payloads of 128 bytes or more",
    false_alarm: "Tests of the path MTU, and monitors that ping with large packets.",
};

/// What is kept besides the echoes themselves: who asked how many hosts.
pub struct Watch(Crowds);

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self(Crowds::new())
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, outcome: Option<Outcome>) {
        if let Some(Outcome::Asked | Outcome::AskedAgain) = outcome {
            self.0.add(message.source, message.destination, frame);
        }
    }

    /// The findings, by rule.
    pub fn findings(&self, echoes: &Echoes) -> [Vec<Finding>; 5] {
        let sweeps = self.0.iter().filter(|(_, crowd)| crowd.hosts().value >= SWEEP_HOSTS);
        let victims = echoes.victims().iter().filter(|(_, crowd)| crowd.hosts().value >= SMURF_HOSTS);
        let sessions_gone = echoes.evicted().pairs;
        // How many hosts, in words, and the measures.
        let told = |crowd: &Crowd, all: &Crowds| {
            let gone = all.evicted() > 0;
            let hosts = crowd.hosts().or_more(gone);
            let measures = [hosts.measure("hosts"), Measure::count("messages", crowd.messages).or_more(gone)];
            (hosts.in_words(), measures.into())
        };
        [
            sweeps
                .map(|(source, crowd)| {
                    let (hosts, measures) = told(crowd, &self.0);
                    let observation = format!("{source} sent echo requests to {hosts} different hosts.");
                    SWEEP.finding(source.to_string(), observation, measures, &crowd.evidence)
                })
                .collect(),
            lower_bounds(floods(echoes), sessions_gone),
            victims
                .map(|(victim, crowd)| {
                    let (hosts, measures) = told(crowd, echoes.victims());
                    let observation = format!("{victim} got echo replies that it did not ask for from {hosts} hosts.");
                    SMURF.finding(victim.to_string(), observation, measures, &crowd.evidence)
                })
                .collect(),
            lower_bounds(tunnels(echoes), sessions_gone),
            lower_bounds(large(echoes), sessions_gone),
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

fn is_random(session: &Session) -> bool {
    session.large.0 >= TUNNEL_LARGE && mean_entropy(session).is_some_and(|entropy| entropy >= TUNNEL_ENTROPY)
}

fn is_tunnel(session: &Session) -> bool {
    session.unlike >= TUNNEL_UNLIKE || is_random(session) || session.carried().is_some()
}

fn tunnels(echoes: &Echoes) -> Vec<Finding> {
    let found = echoes.sessions().filter(|(_, session)| is_tunnel(session));
    let finding = found.map(|((requester, target), session)| {
        let packets = session.carried().map_or(0, |inner| inner.packets);
        let mut observation = format!(
            "Between {requester} and {target}, {} of {} {} not return the request's payload; {} 128 bytes or more.",
            session.unlike,
            counted(session.answered, "reply"),
            if session.unlike == 1 { "does" } else { "do" },
            counted(session.large.0, "payload") + if session.large.0 == 1 { " has" } else { " have" }
        );
        if packets > 0 {
            let _ = write!(
                observation,
                " {} an IP packet; `tunnels` lists their ends.",
                counted(packets, "payload") + if packets == 1 { " holds" } else { " hold" }
            );
        }
        let mut measures = vec![
            Measure::count("replies_unlike_request", session.unlike),
            Measure::count("answered", session.answered),
            Measure::count("large_payloads", session.large.0),
        ];
        measures.extend(mean_entropy(session).map(|entropy| Measure::new("mean_entropy_bits_per_octet", entropy)));
        measures.extend((packets > 0).then(|| Measure::count("ip_packets_within", packets)));
        TUNNEL.finding(format!("{requester} to {target}"), observation, measures, &session.tunnel_frames)
    });
    finding.collect()
}

fn large(echoes: &Echoes) -> Vec<Finding> {
    let found = echoes.sessions().filter(|(_, session)| session.large.0 >= LARGE_PAYLOADS && !is_tunnel(session));
    let finding = found.map(|((requester, target), session)| {
        let observation = format!(
            "Between {requester} and {target}, {} 128 bytes or more.",
            counted(session.large.0, "echo message") + if session.large.0 == 1 { " carries" } else { " carry" }
        );
        let mut measures = vec![Measure::count("large_payloads", session.large.0)];
        measures.extend(mean_entropy(session).map(|entropy| Measure::new("mean_entropy_bits_per_octet", entropy)));
        LARGE.finding(format!("{requester} to {target}"), observation, measures, &session.large_frames)
    });
    finding.collect()
}
