//! What sources tried: at one host, and with one service at many.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{Distinct, Pool, PortSet, Several};

use super::ANSWERED;
use crate::findings::many::span;
use crate::findings::probe::{Method, Outcome, Probe};
use crate::findings::thresholds::{
    LINK_HOSTS, PING_HOSTS, PROBE_SHARE, SCAN_PORTS, SCAN_PORTS_UDP, SWEEP_HOSTS, TRW_FAILURES,
};
use crate::key::{Address, Carrier};
use crate::limits;
use crate::table::Ended;

/// What a source tries at many hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Port(Carrier, u16),
    Ping,
    Arp,
    Neighbour,
}

impl Service {
    /// Its name.
    pub fn name(self) -> String {
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
pub struct Pair {
    /// Who tries.
    pub source: Address,
    /// At whom.
    pub target: Address,
    /// Whether with UDP.
    pub is_udp: bool,
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
pub struct Ports {
    /// Flows, and those in which the source said something.
    pub flows: u64,
    used: u64,
    methods: BTreeMap<Method, u64>,
    /// Ports by the best that they answered.
    pub open: PortSet,
    /// See `open`.
    pub closed: PortSet,
    /// See `open`.
    pub filtered: PortSet,
    /// Some found no room.
    pub more: bool,
    /// From the first to the last.
    pub times: Option<(u64, u64)>,
    /// Frames of probes, and of answers of open ports.
    pub evidence: Evidence,
}

impl Ports {
    /// Takes a probe of a port. `large` sets may still grow large.
    pub fn take(&mut self, ended: &Ended<'_>, port: u16, probe: Probe, large: &mut usize) {
        self.flows = self.flows.saturating_add(1);
        self.used = self.used.saturating_add(probe.used.into());
        if !probe.used {
            count(&mut self.methods, probe.method);
            self.evidence.add(ended.flow.frames.0);
            if probe.outcome == Outcome::Open && ended.flow.frames.1 != ended.flow.frames.0 {
                self.evidence.add(ended.flow.frames.1);
            }
        }
        self.times = span(self.times, ended.flow.times);
        let known = match (self.open.contains(port), self.closed.contains(port)) {
            (true, _) => Some(Outcome::Open),
            (_, true) => Some(Outcome::Closed),
            _ => self.filtered.contains(port).then_some(Outcome::Filtered),
        };
        if known.is_none_or(|known| known < probe.outcome) {
            [&mut self.open, &mut self.closed, &mut self.filtered].into_iter().for_each(|set| set.remove(port));
            let set = match probe.outcome {
                Outcome::Open => &mut self.open,
                Outcome::Closed => &mut self.closed,
                Outcome::Filtered => &mut self.filtered,
            };
            self.more |= !add(set, port, large);
        }
    }

    /// Ports by their answers.
    pub fn sets(&self) -> [&PortSet; 3] {
        [&self.open, &self.closed, &self.filtered]
    }

    /// Those of them that have grown large.
    pub fn large_sets(&self) -> usize {
        self.sets().into_iter().filter(|set| set.is_large()).count()
    }

    /// Ports that were tried.
    pub fn tried(&self) -> u64 {
        self.sets().into_iter().map(PortSet::len).fold(0, u64::saturating_add)
    }

    /// Ports that did not answer, or refused.
    pub fn failed(&self) -> u64 {
        self.closed.len().saturating_add(self.filtered.len())
    }

    /// Flows without payload of the source.
    pub fn probes(&self) -> u64 {
        self.flows.saturating_sub(self.used)
    }

    /// How most were probed.
    pub fn method(&self) -> Method {
        method(&self.methods)
    }

    /// Whether it is a scan.
    pub fn is_scan(&self, pair: &Pair) -> bool {
        let least = if pair.is_udp { SCAN_PORTS_UDP } else { SCAN_PORTS };
        let is_walk = self.failed() >= self.open.len().saturating_add(TRW_FAILURES);
        self.failed() >= least && is_walk && share(self.probes(), self.flows) >= PROBE_SHARE
    }
}

/// What one source tried with one service.
pub struct Hosts {
    /// Hosts that were tried.
    pub all: Distinct,
    /// Those that did not answer, or refused.
    pub failed: Distinct,
    /// Those that answered.
    pub answered: Several<Address>,
    /// Others may have made room before.
    pub more: bool,
    methods: BTreeMap<Method, u64>,
    /// From the first to the last.
    pub times: Option<(u64, u64)>,
    /// Frames of probes.
    pub evidence: Evidence,
}

impl Hosts {
    /// None yet.
    pub fn new() -> Self {
        Self {
            all: Distinct::small(),
            failed: Distinct::small(),
            answered: Several::of(ANSWERED),
            more: false,
            methods: BTreeMap::new(),
            times: None,
            evidence: Evidence::default(),
        }
    }

    /// Takes a probe of a host.
    pub fn take(&mut self, ended: &Ended<'_>, target: Address, probe: Probe, room: &mut Pool) {
        self.all.add(&target);
        self.times = span(self.times, ended.flow.times);
        if probe.outcome == Outcome::Open {
            self.answered.add(&target, room);
        } else {
            self.failed.add(&target);
        }
        if !probe.used {
            count(&mut self.methods, probe.method);
            self.evidence.add(ended.flow.frames.0);
        }
    }

    /// Hosts that answered, and never failed to.
    pub fn succeeded(&self) -> u64 {
        self.all.count().saturating_sub(self.failed.count())
    }

    /// Probes.
    pub fn probes(&self) -> u64 {
        self.methods.values().copied().fold(0, u64::saturating_add)
    }

    /// How most were probed.
    pub fn method(&self) -> Method {
        method(&self.methods)
    }

    /// Whether it is a sweep.
    pub fn is_sweep(&self, service: Service) -> bool {
        let (all, failed) = (self.all.count(), self.failed.count());
        match service {
            Service::Ping => all >= PING_HOSTS,
            Service::Arp | Service::Neighbour => failed >= LINK_HOSTS,
            Service::Port(..) => failed >= SWEEP_HOSTS && failed >= self.succeeded().saturating_add(TRW_FAILURES),
        }
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
