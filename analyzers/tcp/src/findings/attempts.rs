//! Who tries to connect to what: floods, scans, sweeps, silent and refusing servers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::Endpoint;

use super::thresholds::{FLOOD_ATTEMPTS, FLOOD_SHARE, PROBE_SHARE, REFUSED, SCAN_PORTS, SILENT_SYNS, SWEEP_HOSTS};
use crate::limits;
use crate::report::share;
use crate::tracker::connection::{Connection, State};

const FLOOD: Rule = Rule {
    name: "tcp_syn_flood",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "100 or more connection attempts on one endpoint that were never completed, 80 % or more of all attempts on it",
    false_alarm: "A service that is down or filtered while many clients retry, or a capture that has one direction only.",
};
const SCAN: Rule = Rule {
    name: "tcp_port_scan",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "15 or more different ports of one host probed by one source, 80 % or more of its connections to it without data",
    false_alarm: "An inventory or vulnerability scanner of one's own, or a monitoring system.",
};
const SWEEP: Rule = Rule {
    name: "tcp_host_sweep",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "15 or more different hosts probed by one source at one port, 80 % or more of these connections without data",
    false_alarm: "An inventory scanner of one's own, a load balancer's health checks, or a peer-to-peer program that looks for peers.",
};
const SILENT: Rule = Rule {
    name: "tcp_silent_server",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "3 or more SYN to an endpoint that sent nothing at all",
    false_alarm: "A capture that has one direction only, or that ended before the answers.",
};
const REFUSING: Rule = Rule {
    name: "tcp_refused",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "3 or more attempts answered with RST by an endpoint that accepted none",
    false_alarm: "The probes of a scan, which mostly meet closed ports.",
};

/// What is kept of attempts.
pub struct Watch {
    targets: BoundedMap<Endpoint, Target>,
    scans: BoundedMap<(IpAddr, IpAddr), Probes<u16>>,
    sweeps: BoundedMap<(IpAddr, u16), Probes<IpAddr>>,
}

/// An endpoint that others try to reach.
#[derive(Default)]
struct Target {
    attempts: u64,
    incomplete: u64,
    accepted: u64,
    refused: u64,
    syns: u64,
    heard: bool,
    sources: BTreeSet<IpAddr>,
    evidence: Evidence,
    refusals: Evidence,
}

/// What one source tried.
struct Probes<T> {
    connections: u64,
    probes: u64,
    distinct: BTreeSet<T>,
    evidence: Evidence,
}

impl<T: Ord> Probes<T> {
    fn new() -> Self {
        Self { connections: 0, probes: 0, distinct: BTreeSet::new(), evidence: Evidence::default() }
    }

    fn add(&mut self, item: T, probe: bool, frame: u64) {
        self.connections = self.connections.saturating_add(1);
        if !probe {
            return;
        }
        self.probes = self.probes.saturating_add(1);
        self.evidence.add(frame);
        remember(&mut self.distinct, item);
    }

    fn is_scan(&self, most: usize) -> bool {
        self.distinct.len() >= most && share(self.probes, self.connections) >= PROBE_SHARE
    }

    fn measures(&self, distinct: &'static str) -> Vec<Measure> {
        vec![
            Measure::count(distinct, self.distinct.len() as u64),
            Measure::count("probes", self.probes),
            Measure::count("connections", self.connections),
        ]
    }
}

fn remember<T: Ord>(known: &mut BTreeSet<T>, item: T) {
    if known.len() < limits::DISTINCT {
        known.insert(item);
    }
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            targets: BoundedMap::new(limits::PARTIES),
            scans: BoundedMap::new(limits::PARTIES),
            sweeps: BoundedMap::new(limits::PARTIES),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.targets.evicted().saturating_add(self.scans.evicted()).saturating_add(self.sweeps.evicted())
    }

    /// Takes a connection that ended.
    pub fn ended(&mut self, connection: &Connection) {
        // Without a SYN nobody knows who wanted to connect to whom.
        if connection.client.syn == 0 {
            return;
        }
        let (client, server) = (connection.client.endpoint, connection.server.endpoint);
        let frame = connection.frames.0;
        let state = connection.state();
        let accepted = connection.handshake.is_complete();
        let (target, _) = self.targets.get_or_insert_with(server, Target::default);
        target.attempts = target.attempts.saturating_add(1);
        target.syns = target.syns.saturating_add(connection.client.syn);
        target.heard |= connection.server.packets > 0;
        target.accepted = target.accepted.saturating_add(accepted.into());
        if state == State::Rejected {
            target.refused = target.refused.saturating_add(1);
            target.refusals.add(connection.ended.map_or(frame, |(_, frame)| frame));
        } else if !accepted {
            target.incomplete = target.incomplete.saturating_add(1);
            target.evidence.add(frame);
        }
        remember(&mut target.sources, client.address);

        let probe = connection.server.payload == 0 && connection.client.payload == 0 && state != State::Established;
        let (scan, _) = self.scans.get_or_insert_with((client.address, server.address), Probes::new);
        scan.add(server.port, probe, frame);
        let (sweep, _) = self.sweeps.get_or_insert_with((client.address, server.port), Probes::new);
        sweep.add(server.address, probe, frame);
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 5] {
        let scans = self.scans.iter().filter(|(_, probes)| probes.is_scan(SCAN_PORTS));
        let sweeps = self.sweeps.iter().filter(|(_, probes)| probes.is_scan(SWEEP_HOSTS));
        [
            self.targets.iter().filter_map(|(end, target)| flood(*end, target)).collect(),
            scans
                .map(|((source, host), probes)| {
                    let ports = probes.distinct.len();
                    let observation = format!("{source} probed {ports} different ports of {host}.");
                    SCAN.finding(format!("{source} to {host}"), observation, probes.measures("ports"), &probes.evidence)
                })
                .collect(),
            sweeps
                .map(|((source, port), probes)| {
                    let hosts = probes.distinct.len();
                    let observation = format!("{source} probed port {port} of {hosts} different hosts.");
                    let subject = format!("{source} to port {port}");
                    SWEEP.finding(subject, observation, probes.measures("hosts"), &probes.evidence)
                })
                .collect(),
            self.targets.iter().filter_map(|(end, target)| silent(*end, target)).collect(),
            self.targets.iter().filter_map(|(end, target)| refusing(*end, target)).collect(),
        ]
    }
}

fn flood(end: Endpoint, target: &Target) -> Option<Finding> {
    let found = target.incomplete >= FLOOD_ATTEMPTS && share(target.incomplete, target.attempts) >= FLOOD_SHARE;
    found.then(|| {
        let observation = format!(
            "{} of {} connection attempts on {end} were neither completed nor refused; they came from {} address(es).",
            target.incomplete,
            target.attempts,
            target.sources.len()
        );
        let measures = vec![
            Measure::count("incomplete", target.incomplete),
            Measure::count("attempts", target.attempts),
            Measure::count("sources", target.sources.len() as u64),
        ];
        FLOOD.finding(end.to_string(), observation, measures, &target.evidence)
    })
}

fn silent(end: Endpoint, target: &Target) -> Option<Finding> {
    (!target.heard && target.syns >= SILENT_SYNS).then(|| {
        let observation = format!("{end} got {} SYN in {} attempt(s) and sent nothing.", target.syns, target.attempts);
        let measures = vec![Measure::count("syn", target.syns), Measure::count("attempts", target.attempts)];
        SILENT.finding(end.to_string(), observation, measures, &target.evidence)
    })
}

fn refusing(end: Endpoint, target: &Target) -> Option<Finding> {
    (target.accepted == 0 && target.refused >= REFUSED).then(|| {
        let observation = format!("{end} answered {} of {} attempt(s) with RST.", target.refused, target.attempts);
        let measures = vec![Measure::count("refused", target.refused), Measure::count("attempts", target.attempts)];
        REFUSING.finding(end.to_string(), observation, measures, &target.refusals)
    })
}
