//! Who tries to connect to what: floods, scans, sweeps, silent and refusing servers.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, PortSet};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::text::at_least;

use super::answers::{self, Answer, Tried};
use super::parties::Set;
use super::thresholds::{FLOOD_ATTEMPTS, FLOOD_SHARE, PROBE_SHARE, REFUSED, SCAN_PORTS, SILENT_SYNS, SWEEP_HOSTS};
use crate::limits;
use crate::report::counted;
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
    threshold: "15 or more different ports of one host probed by one source, 80 % or more of its connections to it without data of it",
    false_alarm: "An inventory or vulnerability scanner of one's own, or a monitoring system.",
};
const SWEEP: Rule = Rule {
    name: "tcp_host_sweep",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "15 or more different hosts probed by one source at one port, 80 % or more of these connections without data of it, accepted or not",
    false_alarm: "An inventory scanner of one's own, a load balancer's health checks, or a peer-to-peer program that looks for peers.",
};
/// What is kept of attempts.
pub struct Watch {
    targets: BoundedMap<Endpoint, Target>,
    scans: BoundedMap<(IpAddr, IpAddr), Probes<PortSet, u16>>,
    sweeps: BoundedMap<(IpAddr, u16), Probes<Distinct, IpAddr>>,
}

/// An endpoint that others try to reach.
struct Target {
    attempts: u64,
    incomplete: u64,
    accepted: u64,
    refused: u64,
    syns: u64,
    heard: bool,
    /// Clients acknowledged what it sent, and the capture has nothing of it.
    one_sided: bool,
    sources: Distinct,
    /// The first of those.
    client: IpAddr,
    evidence: Evidence,
    refusals: Evidence,
}

impl Target {
    fn new(client: IpAddr) -> Self {
        Self {
            attempts: 0,
            incomplete: 0,
            accepted: 0,
            refused: 0,
            syns: 0,
            heard: false,
            one_sided: false,
            sources: Distinct::small(),
            client,
            evidence: Evidence::default(),
            refusals: Evidence::default(),
        }
    }

    fn only_client(&self) -> Option<IpAddr> {
        (self.sources.count() == 1).then_some(self.client)
    }
}

/// What one source tried. `T` is what differs: the ports, or the hosts.
struct Probes<S, T> {
    connections: u64,
    probes: u64,
    accepted: u64,
    /// The first that accepted, rising.
    open: Vec<T>,
    /// Others found no room.
    more_open: bool,
    distinct: S,
    evidence: Evidence,
}

impl<S: Set<T>, T: Copy + Ord + Display> Probes<S, T> {
    fn new(distinct: S) -> Self {
        Self {
            connections: 0,
            probes: 0,
            accepted: 0,
            open: Vec::new(),
            more_open: false,
            distinct,
            evidence: Evidence::default(),
        }
    }

    fn add(&mut self, item: T, connection: &Connection) {
        self.connections = self.connections.saturating_add(1);
        // Who looks around has nothing to say, whether it is let in or not.
        if connection.client.payload > 0 {
            return;
        }
        self.probes = self.probes.saturating_add(1);
        self.evidence.add(connection.frames.0);
        if connection.server.syn_ack > 0 {
            self.accepted = self.accepted.saturating_add(1);
            self.evidence.add(connection.server.accepted_frame);
            match self.open.binary_search(&item) {
                Err(place) if self.open.len() < limits::OPEN => self.open.insert(place, item),
                Err(_) => self.more_open = true,
                Ok(_) => {}
            }
        }
        self.distinct.add(item);
    }

    /// What accepted, in words: the first few.
    fn told(&self, nouns: [&str; 2], most: usize) -> String {
        if self.open.is_empty() {
            return String::new();
        }
        let named: Vec<String> = self.open.iter().take(most).map(T::to_string).collect();
        let more = if self.more_open || self.open.len() > named.len() { " and others" } else { "" };
        let noun = if self.open.len() == 1 { nouns[0] } else { nouns[1] };
        format!(": {noun} {}{more}", named.join(", "))
    }

    /// The finding, where the source tried `most` or more, most of them without data.
    fn finding(
        &self,
        rule: &Rule,
        most: u64,
        evicted: bool,
        told: impl FnOnce(String) -> [String; 2],
    ) -> Option<Finding> {
        let many = self.distinct.many(evicted);
        (many.count >= most && share(self.probes, self.connections) >= PROBE_SHARE).then(|| {
            let [subject, observation] = told(many.words());
            let is_scan = rule.name == SCAN.name;
            let (nouns, most) = if is_scan { (["port", "ports"], 8) } else { (["host", "hosts"], 2) };
            let observation = format!(
                "{observation} {} of {} got a SYN-ACK{}.",
                self.accepted,
                counted(self.probes, "probe", "probes"),
                self.told(nouns, most)
            );
            let name = if is_scan { "ports" } else { "hosts" };
            let mut measures = many.measures(name);
            measures.extend([
                Measure::count("probes", self.probes),
                Measure::count("connections", self.connections),
                Measure::count("accepted", self.accepted),
            ]);
            rule.finding(subject, observation, measures, &self.evidence)
        })
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
        let accepted = connection.handshake.is_established();
        let (target, _) = self.targets.get_or_insert_with(server, || Target::new(client.address));
        target.attempts = target.attempts.saturating_add(1);
        target.syns = target.syns.saturating_add(connection.client.syn);
        target.heard |= connection.server.packets > 0;
        target.one_sided |= connection.one_sided() == Some(Side::Client);
        target.accepted = target.accepted.saturating_add(accepted.into());
        if state == State::Rejected {
            target.refused = target.refused.saturating_add(1);
            target.refusals.add(connection.ended.map_or(frame, |ended| ended.frame));
        } else if !accepted {
            target.incomplete = target.incomplete.saturating_add(1);
            target.evidence.add(frame);
        }
        target.sources.add(&client.address);
        let pair = (client.address, server.address);
        let (scan, _) = self.scans.get_or_insert_with(pair, || Probes::new(PortSet::default()));
        scan.add(server.port, connection);
        let (sweep, _) =
            self.sweeps.get_or_insert_with((client.address, server.port), || Probes::new(Distinct::small()));
        sweep.add(server.address, connection);
    }

    /// Endpoints that sent nothing. Where clients acknowledge what a server sent, and nothing of it is there, the capture lacks its
    /// direction, and its silence means nothing.
    fn silent(&self) -> Vec<Tried<'_>> {
        let mut servers: BTreeMap<IpAddr, [bool; 2]> = BTreeMap::new();
        for (end, target) in self.targets.iter() {
            let [heard, one_sided] = servers.entry(end.address).or_default();
            *heard |= target.heard;
            *one_sided |= target.one_sided;
        }
        let is_silent = |(end, target): &(&Endpoint, &Target)| {
            let lacks = servers.get(&end.address).is_some_and(|[heard, one_sided]| *one_sided && !heard);
            target.syns >= SILENT_SYNS && !target.heard && !target.one_sided && !lacks
        };
        let told = |(end, target): (&Endpoint, _)| {
            let Target { syns, attempts, evidence, .. }: &Target = target;
            Tried { end: *end, client: target.only_client(), count: *syns, attempts: *attempts, evidence }
        };
        self.targets.iter().filter(is_silent).map(told).collect()
    }

    /// Endpoints that refused, and accepted nothing.
    fn refusing(&self) -> Vec<Tried<'_>> {
        let told = |(end, target): (&Endpoint, _)| {
            let Target { refused, attempts, refusals, .. }: &Target = target;
            Tried { end: *end, client: target.only_client(), count: *refused, attempts: *attempts, evidence: refusals }
        };
        let is_refusing = |(_, target): &(&Endpoint, &Target)| target.accepted == 0 && target.refused >= REFUSED;
        self.targets.iter().filter(is_refusing).map(told).collect()
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 5] {
        let [targets, scans, sweeps] =
            [self.targets.evicted(), self.scans.evicted(), self.sweeps.evicted()].map(|evicted| evicted > 0);
        let scan = |((source, host), probes): (&(IpAddr, IpAddr), &Probes<PortSet, u16>)| {
            probes.finding(&SCAN, SCAN_PORTS, scans, |ports| {
                [format!("{source} to {host}"), format!("{source} probed {ports} different ports of {host}.")]
            })
        };
        let sweep = |((source, port), probes): (&(IpAddr, u16), &Probes<Distinct, IpAddr>)| {
            probes.finding(&SWEEP, SWEEP_HOSTS, sweeps, |hosts| {
                let observation = format!("{source} probed port {port} of {hosts} different hosts.");
                [format!("{source} to port {port}"), observation]
            })
        };
        [
            self.targets.iter().filter_map(|(end, target)| flood(*end, target, targets)).collect(),
            self.scans.iter().filter_map(scan).collect(),
            self.sweeps.iter().filter_map(sweep).collect(),
            answers::findings(Answer::Silent, &self.silent(), targets),
            answers::findings(Answer::Refusing, &self.refusing(), targets),
        ]
    }
}

fn flood(end: Endpoint, target: &Target, evicted: bool) -> Option<Finding> {
    let found = target.incomplete >= FLOOD_ATTEMPTS && share(target.incomplete, target.attempts) >= FLOOD_SHARE;
    found.then(|| {
        let sources = Set::<IpAddr>::many(&target.sources, evicted);
        let observation = format!(
            "{end} got {}{} of {} connection attempts that were neither completed nor refused; they came from {} {}.",
            at_least(evicted),
            target.incomplete,
            target.attempts,
            sources.words(),
            if sources.count == 1 { "address" } else { "addresses" }
        );
        let mut measures = vec![
            Measure::count("incomplete", target.incomplete).or_more(evicted),
            Measure::count("attempts", target.attempts).or_more(evicted),
        ];
        measures.extend(sources.measures("sources"));
        FLOOD.finding(end.to_string(), observation, measures, &target.evidence)
    })
}
