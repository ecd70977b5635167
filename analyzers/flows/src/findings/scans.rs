//! Who tries to reach what, and fails: scans of ports, sweeps of hosts, and both.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, PortSet};
use mcpcap_analyzer::text::{counted, plural};

use super::many::{self, span};
use super::probe::{self, Method, Outcome, Probe};
use super::thresholds::{
    BLOCK, LINK_HOSTS, PING_HOSTS, PROBE_SHARE, SCAN_PORTS, SCAN_PORTS_UDP, SWEEP_HOSTS, TRW_FAILURES,
};
use crate::key::{Address, Carrier};
use crate::limits;
use crate::table::Ended;

mod report;

pub use report::ScanReport;

/// The list of scans.
pub const SCANS: &str = "scans";

const SCAN: Rule = Rule {
    name: "flow_port_scan",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "one source failed at 8 or more TCP ports of a host, or 15 of UDP, at 4 more than answered (ratio 99 of Threshold Random Walk), and 80 % or more of its flows to it said nothing",
    false_alarm: "An inventory or vulnerability scanner of one's own; a traceroute with UDP, which uses another port for each probe; a capture of one direction.",
};
const SWEEP: Rule = Rule {
    name: "flow_host_sweep",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "one source failed with one service at 8 or more hosts, and at 4 more than answered (ratio 99 of Threshold Random Walk); pings to 15, ARP or neighbour discovery for 20 hosts",
    false_alarm: "An inventory scanner of one's own, a monitor, a router that looks for its hosts, a peer-to-peer program whose peers have gone; a capture of one direction.",
};
const BLOCK_SCAN: Rule = Rule {
    name: "flow_block_scan",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "3 or more scans of ports, or sweeps of hosts with 3 or more services, by one source",
    false_alarm: "An inventory or vulnerability scanner of one's own.",
};

/// What a source tries at many hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Service {
    Port(Carrier, u16),
    Ping,
    Arp,
    Neighbour,
}

impl Service {
    fn name(self) -> String {
        match self {
            Self::Port(carrier, port) => format!("{} port {port}", carrier.name()),
            Self::Ping => "ping".into(),
            Self::Arp => "arp".into(),
            Self::Neighbour => "neighbour discovery".into(),
        }
    }
}

/// Two hosts, and whether it is UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair {
    source: Address,
    target: Address,
    is_udp: bool,
}

impl Hash for Pair {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.source.hash(state);
        self.target.hash(state);
        state.write_u8(self.is_udp.into());
    }
}

/// What one source tried at one host.
#[derive(Default)]
struct Ports {
    flows: u64,
    used: u64,
    methods: BTreeMap<Method, u64>,
    open: PortSet,
    closed: PortSet,
    filtered: PortSet,
    /// Some found no room.
    more: bool,
    times: Option<(u64, u64)>,
    evidence: Evidence,
}

/// What one source tried with one service.
struct Hosts {
    all: Distinct,
    failed: Distinct,
    /// The first that answered.
    answered: Vec<Address>,
    methods: BTreeMap<Method, u64>,
    times: Option<(u64, u64)>,
    evidence: Evidence,
}

impl Hosts {
    fn new() -> Self {
        Self {
            all: Distinct::small(),
            failed: Distinct::small(),
            answered: Vec::new(),
            methods: BTreeMap::new(),
            times: None,
            evidence: Evidence::default(),
        }
    }

    /// Hosts that answered.
    fn succeeded(&self) -> u64 {
        self.all.count().saturating_sub(self.failed.count())
    }

    /// Whether it is a sweep.
    fn is_one(&self, service: Service) -> bool {
        let (all, failed) = (self.all.count(), self.failed.count());
        match service {
            Service::Ping => all >= PING_HOSTS,
            Service::Arp | Service::Neighbour => failed >= LINK_HOSTS,
            Service::Port(..) => failed >= SWEEP_HOSTS && failed >= self.succeeded().saturating_add(TRW_FAILURES),
        }
    }
}

/// What is kept.
pub struct Watch {
    ports: BoundedMap<Pair, Ports>,
    hosts: BoundedMap<(Address, Service), Hosts>,
    /// How many sets may still grow large.
    large: usize,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            ports: BoundedMap::new(limits::PARTIES),
            hosts: BoundedMap::new(limits::PARTIES / 2),
            large: limits::LARGE_SCANS,
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.ports.evicted().saturating_add(self.hosts.evicted())
    }

    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let Ended { key, flow } = ended;
        let (client, server) = flow.roles(key);
        if key.carrier == Carrier::Ip(58) && client.port == Some(135) {
            let probe = Probe { method: Method::Neighbour, outcome: Outcome::Filtered, used: false };
            self.host(ended, client.address, server.address, Service::Neighbour, probe);
        }
        let Some(probe) = probe::of(ended) else { return };
        let service = match (probe.method, server.port) {
            (Method::Ping, _) => Service::Ping,
            (Method::Arp, _) => Service::Arp,
            (_, Some(port)) => {
                self.port(ended, client.address, server.address, port, probe);
                Service::Port(key.carrier, port)
            }
            _ => return,
        };
        self.host(ended, client.address, server.address, service, probe);
    }

    fn port(&mut self, ended: &Ended<'_>, source: Address, target: Address, port: u16, probe: Probe) {
        let pair = Pair { source, target, is_udp: probe.method == Method::Udp };
        let Self { ports, large, .. } = self;
        let (tried, gone) = ports.get_or_insert_with(pair, Ports::default);
        tried.flows = tried.flows.saturating_add(1);
        tried.used = tried.used.saturating_add(probe.used.into());
        if !probe.used {
            count(&mut tried.methods, probe.method);
            tried.evidence.add(ended.flow.frames.0);
            if probe.outcome == Outcome::Open && ended.flow.frames.1 != ended.flow.frames.0 {
                tried.evidence.add(ended.flow.frames.1);
            }
        }
        tried.times = span(tried.times, ended.flow.times);
        let known = match (tried.open.contains(port), tried.closed.contains(port)) {
            (true, _) => Some(Outcome::Open),
            (_, true) => Some(Outcome::Closed),
            _ => tried.filtered.contains(port).then_some(Outcome::Filtered),
        };
        if known.is_none_or(|known| known < probe.outcome) {
            [&mut tried.open, &mut tried.closed, &mut tried.filtered].into_iter().for_each(|set| set.remove(port));
            let set = match probe.outcome {
                Outcome::Open => &mut tried.open,
                Outcome::Closed => &mut tried.closed,
                Outcome::Filtered => &mut tried.filtered,
            };
            tried.more |= !add(set, port, large);
        }
        if let Some((_, gone)) = gone {
            let freed = [&gone.open, &gone.closed, &gone.filtered].into_iter().filter(|set| set.is_large()).count();
            *large = large.saturating_add(freed);
        }
    }

    fn host(&mut self, ended: &Ended<'_>, source: Address, target: Address, service: Service, probe: Probe) {
        let (hosts, _) = self.hosts.get_or_insert_with((source, service), Hosts::new);
        hosts.all.add(&target);
        hosts.times = span(hosts.times, ended.flow.times);
        if probe.outcome != Outcome::Open {
            hosts.failed.add(&target);
        } else if hosts.answered.len() < limits::HOSTS && !hosts.answered.contains(&target) {
            hosts.answered.push(target);
        }
        if !probe.used {
            count(&mut hosts.methods, probe.method);
            hosts.evidence.add(ended.flow.frames.0);
        }
    }

    /// The findings, by rule, and the list of scans, the largest first.
    pub fn finish(self, digits: u8, lists: &mut Lists) -> ([Vec<Finding>; 3], Vec<ScanReport>) {
        let mut scans: Vec<(Pair, Ports)> = Vec::new();
        let Self { mut ports, mut hosts, .. } = self;
        while let Some((pair, tried)) = ports.pop_oldest() {
            if is_scan(&pair, &tried) {
                scans.push((pair, tried));
            }
        }
        scans.sort_by_key(|(pair, _)| *pair);
        let mut sweeps: Vec<((Address, Service), Hosts)> = Vec::new();
        while let Some((key, tried)) = hosts.pop_oldest() {
            if tried.is_one(key.1) {
                sweeps.push((key, tried));
            }
        }
        sweeps.sort_by_key(|(key, _)| *key);
        let mut sources: BTreeMap<Address, (usize, usize)> = BTreeMap::new();
        for (pair, _) in &scans {
            let (count, _) = sources.entry(pair.source).or_default();
            *count = count.saturating_add(1);
        }
        for ((source, service), _) in &sweeps {
            let (_, count) = sources.entry(*source).or_default();
            *count = count.saturating_add(matches!(service, Service::Port(..)).into());
        }
        let is_block =
            |source: &Address| sources.get(source).is_some_and(|(scans, sweeps)| *scans >= BLOCK || *sweeps >= BLOCK);
        let single = scans.iter().filter(|(pair, _)| !is_block(&pair.source)).map(|(pair, tried)| scan(pair, tried));
        let swept =
            sweeps.iter().filter(|((source, service), _)| !is_block(source) || !matches!(service, Service::Port(..)));
        let swept = swept.map(|((source, service), tried)| sweep(*source, *service, tried));
        let blocks = sources.keys().filter(|source| is_block(source));
        let blocks = blocks.map(|source| {
            let scans: Vec<&(Pair, Ports)> = scans.iter().filter(|(pair, _)| pair.source == *source).collect();
            let swept = sweeps.iter().filter(|((by, service), _)| by == source && matches!(service, Service::Port(..)));
            block(*source, &scans, &swept.collect::<Vec<_>>())
        });
        let findings = [single.collect(), swept.collect(), blocks.collect()];
        let mut reports: Vec<ScanReport> =
            scans.iter().map(|(pair, tried)| ScanReport::of_ports(pair, tried, digits)).collect();
        reports.extend(
            sweeps.iter().map(|((source, service), tried)| ScanReport::of_hosts(*source, *service, tried, digits)),
        );
        // Stable, so equal ones stay in the order of their addresses.
        reports.sort_by_key(|report| std::cmp::Reverse(report.probes));
        let listed = lists.cut(SCANS, limits::LISTED, reports.into_iter()).collect();
        (findings, listed)
    }
}

/// Adds a port, as far as there is room for a set that grows large. Whether there was.
fn add(set: &mut PortSet, port: u16, large: &mut usize) -> bool {
    if set.is_large() {
        set.add(port);
        return true;
    }
    if set.len() >= limits::RUNS as u64 && *large == 0 {
        return false;
    }
    set.add(port);
    *large = large.saturating_sub(set.is_large().into());
    true
}

fn count(methods: &mut BTreeMap<Method, u64>, method: Method) {
    let count = methods.entry(method).or_default();
    *count = count.saturating_add(1);
}

/// The method of a scan: a whole handshake at open ports tells a connect scan, whatever closed ports did.
fn method(methods: &BTreeMap<Method, u64>) -> Method {
    if methods.contains_key(&Method::Connect) {
        return Method::Connect;
    }
    let most = methods.iter().max_by_key(|(method, count)| (**count, std::cmp::Reverse(**method)));
    most.map_or(Method::Syn, |(method, _)| *method)
}

fn is_scan(pair: &Pair, tried: &Ports) -> bool {
    let failed = tried.closed.len().saturating_add(tried.filtered.len());
    let least = if pair.is_udp { SCAN_PORTS_UDP } else { SCAN_PORTS };
    let is_walk = failed >= tried.open.len().saturating_add(TRW_FAILURES);
    failed >= least && is_walk && share(tried.flows.saturating_sub(tried.used), tried.flows) >= PROBE_SHARE
}

fn ports_tried(tried: &Ports) -> u64 {
    [&tried.open, &tried.closed, &tried.filtered].into_iter().map(PortSet::len).fold(0, u64::saturating_add)
}

fn scan(pair: &Pair, tried: &Ports) -> Finding {
    let method = method(&tried.methods);
    let (all, open) = (ports_tried(tried), tried.open.len());
    let at_least = if tried.more { "at least " } else { "" };
    let named = if open == 0 { String::new() } else { format!(": {}", tried.open.runs(10)) };
    let observation = format!(
        "{} tried {at_least}{all} ports of {} ({} scan): {open} open, {} closed, {} filtered{named}.",
        pair.source,
        pair.target,
        method.name(),
        tried.closed.len(),
        tried.filtered.len(),
    );
    let measures = vec![
        Measure::count("ports", all),
        Measure::count("open", open),
        Measure::count("closed", tried.closed.len()),
        Measure::count("filtered", tried.filtered.len()),
        Measure::count("flows", tried.flows),
    ];
    SCAN.finding(format!("{} to {}", pair.source, pair.target), observation, measures, &tried.evidence)
}

fn sweep(source: Address, service: Service, tried: &Hosts) -> Finding {
    let how = match service {
        Service::Port(..) => format!("{} ({} scan)", service.name(), method(&tried.methods).name()),
        _ => service.name(),
    };
    let answered = tried.succeeded();
    let noun = plural(tried.all.count(), "host");
    let observation = match service {
        Service::Neighbour => format!("{source} asked for {} {noun} by {how}.", many::words(&tried.all)),
        _ => format!("{source} tried {} {noun} by {how}; {answered} answered.", many::words(&tried.all)),
    };
    let mut measures = many::measures("hosts", &tried.all);
    measures.extend([Measure::count("failed", tried.failed.count()), Measure::count("answered", answered)]);
    SWEEP.finding(format!("{source} by {}", service.name()), observation, measures, &tried.evidence)
}

fn block(source: Address, scans: &[&(Pair, Ports)], sweeps: &[&((Address, Service), Hosts)]) -> Finding {
    let mut ports = PortSet::default();
    let mut hosts = Distinct::small();
    let mut evidence = Evidence::default();
    for (pair, tried) in scans {
        hosts.add(&pair.target);
        [&tried.open, &tried.closed, &tried.filtered]
            .into_iter()
            .flat_map(PortSet::iter)
            .for_each(|port| ports.add(port));
        evidence = evidence.joined(&tried.evidence);
    }
    let most = sweeps.iter().map(|(_, tried)| tried.all.count()).max().unwrap_or_default();
    for ((_, service), tried) in sweeps {
        if let Service::Port(_, port) = service {
            ports.add(*port);
        }
        evidence = evidence.joined(&tried.evidence);
    }
    let hosts = hosts.count().max(most);
    let observation = format!("{source} tried {} of {}.", counted(ports.len(), "port"), counted(hosts, "host"));
    let measures = vec![
        Measure::count("hosts", hosts),
        Measure::count("ports", ports.len()),
        Measure::count("port_scans", scans.len() as u64),
        Measure::count("host_sweeps", sweeps.len() as u64),
    ];
    BLOCK_SCAN.finding(source.to_string(), observation, measures, &evidence)
}
