//! Who tries to reach what, and fails: scans of ports, sweeps of hosts, and both.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, PortSet};
use mcpcap_analyzer::text::{at_least, counted, plural};

use super::many;
use super::probe::{self, Method, Outcome, Probe};
use super::thresholds::BLOCK;
use crate::key::{Address, Carrier};
use crate::limits;
use crate::table::Ended;

mod report;
mod tried;

pub use report::ScanReport;
use tried::{Hosts, Pair, Ports, Service};

/// The list of scans.
pub const SCANS: &str = "scans";
/// The list of hosts that answered each sweep.
pub const ANSWERED: &str = "scans[].answered";

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

/// Who tries what: at one host, or with one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Party {
    Ports(Pair),
    Hosts(Address, Service),
}

/// What was tried.
enum Tried {
    Ports(Box<Ports>),
    Hosts(Box<Hosts>),
}

/// An entry of the list.
enum Listed<'a> {
    Ports(&'a Pair, &'a Ports),
    Hosts(Address, Service, &'a Hosts),
}

impl<'a> Listed<'a> {
    /// When it is a scan or a sweep.
    fn of(party: &'a Party, tried: &'a Tried) -> Option<Self> {
        match (party, tried) {
            (Party::Ports(pair), Tried::Ports(tried)) if tried.is_scan(pair) => Some(Self::Ports(pair, tried)),
            (Party::Hosts(source, service), Tried::Hosts(tried)) if tried.is_sweep(*service) => {
                Some(Self::Hosts(*source, *service, tried))
            }
            _ => None,
        }
    }

    fn probes(&self) -> u64 {
        match self {
            Self::Ports(_, tried) => tried.probes(),
            Self::Hosts(.., tried) => tried.probes(),
        }
    }
}

/// Room that all scans and sweeps share.
struct Room {
    /// How many sets of ports may still grow large.
    large: usize,
    /// For hosts that answered.
    answered: Pool,
}

impl Room {
    /// Gets back what was taken.
    fn release(&mut self, gone: &Tried) {
        match gone {
            Tried::Ports(gone) => self.large = self.large.saturating_add(gone.large_sets()),
            Tried::Hosts(gone) => gone.answered.release(&mut self.answered),
        }
    }
}

/// What is kept.
pub struct Watch {
    ports: BoundedMap<Pair, Ports>,
    hosts: BoundedMap<(Address, Service), Hosts>,
    room: Room,
    others: Others<Party, Tried>,
    room_of_others: Room,
    /// Entries that made room and were, or could become, scans.
    gone_ports: u64,
    /// The same, of sweeps.
    gone_hosts: u64,
}

impl Watch {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            ports: BoundedMap::new(limits::PARTIES),
            hosts: BoundedMap::new(limits::PARTIES / 2),
            room: Room { large: limits::LARGE_SCANS, answered: Pool::new(limits::ANSWERED) },
            others: Others::new(SCANS, lists),
            room_of_others: Room { large: limits::LARGE_SCANS_OF_PAGE, answered: Pool::new(limits::ANSWERED) },
            gone_ports: 0,
            gone_hosts: 0,
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
                let is_udp = probe.method == Method::Udp;
                self.port(ended, Pair { source: client.address, target: server.address, is_udp }, port, probe);
                Service::Port(key.carrier, port)
            }
            _ => return,
        };
        self.host(ended, client.address, server.address, service, probe);
    }

    fn port(&mut self, ended: &Ended<'_>, pair: Pair, port: u16, probe: Probe) {
        let (tried, gone) = self.ports.get_or_insert_with(pair, Ports::default);
        if let Some((_, gone)) = gone {
            self.gone_ports = self.gone_ports.saturating_add((gone.failed() > 0).into());
            self.room.large = self.room.large.saturating_add(gone.large_sets());
        }
        tried.take(ended, port, probe, &mut self.room.large);
        let Self { others, room_of_others: room, .. } = self;
        let other = other(others, room, Party::Ports(pair), || Tried::Ports(Box::default()));
        if let Some(Tried::Ports(tried)) = other {
            tried.take(ended, port, probe, &mut room.large);
        }
    }

    fn host(&mut self, ended: &Ended<'_>, source: Address, target: Address, service: Service, probe: Probe) {
        let (tried, gone) = self.hosts.get_or_insert_with((source, service), Hosts::new);
        if let Some(((_, service), gone)) = gone {
            let could_be = service == Service::Ping || gone.failed.count() > 0;
            self.gone_hosts = self.gone_hosts.saturating_add(could_be.into());
            gone.answered.release(&mut self.room.answered);
        }
        tried.take(ended, target, probe, &mut self.room.answered);
        let Self { others, room_of_others: room, .. } = self;
        let other = other(others, room, Party::Hosts(source, service), || Tried::Hosts(Box::new(Hosts::new())));
        if let Some(Tried::Hosts(tried)) = other {
            tried.take(ended, target, probe, &mut room.answered);
        }
    }

    /// The findings, by rule, and the list of scans, the largest first.
    pub fn finish(self, digits: u8, lists: &mut Lists) -> ([Vec<Finding>; 3], Vec<ScanReport>) {
        let Self { mut ports, mut hosts, others, gone_ports, gone_hosts, .. } = self;
        let mut scans: Vec<(Pair, Ports)> = Vec::new();
        while let Some((pair, mut tried)) = ports.pop_oldest() {
            // One that made room begins anew when it comes again.
            tried.more |= gone_ports > 0;
            if tried.is_scan(&pair) {
                scans.push((pair, tried));
            }
        }
        scans.sort_by_key(|(pair, _)| *pair);
        let mut sweeps: Vec<((Address, Service), Hosts)> = Vec::new();
        while let Some((key, mut tried)) = hosts.pop_oldest() {
            tried.more = gone_hosts > 0;
            if tried.is_sweep(key.1) {
                sweeps.push((key, tried));
            }
        }
        sweeps.sort_by_key(|(key, _)| *key);
        let gone = gone_ports.saturating_add(gone_hosts);
        let findings = findings(&scans, &sweeps, gone > 0);
        let of_ports = scans.iter().map(|(pair, tried)| Listed::Ports(pair, tried));
        let of_hosts = sweeps.iter().map(|((source, service), tried)| Listed::Hosts(*source, *service, tried));
        let mut ranked: Vec<Listed<'_>> = of_ports.chain(of_hosts).collect();
        // Stable, so equal ones stay in the order of their addresses.
        ranked.sort_by_key(|listed| Reverse(listed.probes()));
        let is_ranked = |party: &Party| match party {
            Party::Ports(pair) => scans.binary_search_by_key(pair, |(pair, _)| *pair).is_ok(),
            Party::Hosts(source, service) => sweeps.binary_search_by_key(&(*source, *service), |(key, _)| *key).is_ok(),
        };
        let total = (ranked.len() as u64).saturating_add((gone > 0).into());
        let listed = others.made(
            ranked,
            limits::LISTED,
            total,
            |party, tried| Listed::of(party, tried).filter(|_| !is_ranked(party)),
            lists,
        );
        let places = lists.place(SCANS)..;
        let report = |(place, listed)| match listed {
            Listed::Ports(pair, tried) => ScanReport::of_ports(pair, tried, digits),
            Listed::Hosts(source, service, tried) => {
                ScanReport::of_hosts(source, service, tried, digits, (place, &mut *lists))
            }
        };
        (findings, places.zip(listed).map(report).collect())
    }
}

/// What is kept of it for the page that is asked for.
fn other<'a>(
    others: &'a mut Others<Party, Tried>,
    room: &mut Room,
    party: Party,
    make: impl FnOnce() -> Tried,
) -> Option<&'a mut Tried> {
    others.entry_or(&party, || party, make, |gone| room.release(&gone)).map(|(_, tried)| tried)
}

/// The findings, by rule. `are_more`: others made room.
fn findings(scans: &[(Pair, Ports)], sweeps: &[((Address, Service), Hosts)], are_more: bool) -> [Vec<Finding>; 3] {
    let mut sources: BTreeMap<Address, (usize, usize)> = BTreeMap::new();
    for (pair, _) in scans {
        let (count, _) = sources.entry(pair.source).or_default();
        *count = count.saturating_add(1);
    }
    for ((source, service), _) in sweeps {
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
        block(*source, &scans, &swept.collect::<Vec<_>>(), are_more)
    });
    [single.collect(), swept.collect(), blocks.collect()]
}

fn scan(pair: &Pair, tried: &Ports) -> Finding {
    let (all, open) = (tried.tried(), tried.open.len());
    let named = if open == 0 { String::new() } else { format!(": {}", tried.open.runs(10)) };
    let observation = format!(
        "{} tried {}{all} ports of {} ({} scan): {open} open, {} closed, {} filtered{named}.",
        pair.source,
        at_least(tried.more),
        pair.target,
        tried.method().name(),
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
    let measures = measures.into_iter().map(|measure| measure.or_more(tried.more)).collect();
    SCAN.finding(format!("{} to {}", pair.source, pair.target), observation, measures, &tried.evidence)
}

fn sweep(source: Address, service: Service, tried: &Hosts) -> Finding {
    let how = match service {
        Service::Port(..) => format!("{} ({} scan)", service.name(), tried.method().name()),
        _ => service.name(),
    };
    let answered = tried.answered.total();
    let about = if tried.answered.is_exact() { "" } else { "about " };
    let noun = plural(tried.all.count(), "host");
    // An estimate is no bound.
    let hosts = format!("{}{}", at_least(tried.more && tried.all.is_exact()), many::words(&tried.all));
    let observation = match service {
        Service::Neighbour => format!("{source} asked for {hosts} {noun} by {how}."),
        _ => format!("{source} tried {hosts} {noun} by {how}; {about}{answered} answered."),
    };
    let mut measures = many::measures("hosts", &tried.all);
    measures.extend([Measure::count("failed", tried.failed.count()), Measure::count("answered", answered)]);
    let measures = measures.into_iter().map(|measure| measure.or_more(tried.more)).collect();
    SWEEP.finding(format!("{source} by {}", service.name()), observation, measures, &tried.evidence)
}

fn block(
    source: Address,
    scans: &[&(Pair, Ports)],
    sweeps: &[&((Address, Service), Hosts)],
    are_more: bool,
) -> Finding {
    let mut ports = PortSet::default();
    let mut hosts = Distinct::small();
    for (pair, tried) in scans {
        hosts.add(&pair.target);
        tried.sets().into_iter().flat_map(PortSet::iter).for_each(|port| ports.add(port));
    }
    for ((_, service), _) in sweeps {
        if let Service::Port(_, port) = service {
            ports.add(*port);
        }
    }
    // A probe is part of a scan and of a sweep, and is one frame: those of the scans are cited where they are a block by themselves.
    let of_scans = scans.iter().map(|(_, tried)| &tried.evidence);
    let of_sweeps = sweeps.iter().map(|(_, tried)| &tried.evidence);
    let joined = |all: Evidence, one: &Evidence| all.joined(one);
    let evidence = if scans.len() >= BLOCK {
        of_scans.fold(Evidence::default(), joined)
    } else {
        of_sweeps.fold(Evidence::default(), joined)
    };
    // Those of the scans, or of the largest sweep: nobody knows which are both.
    let sweeps_hosts = sweeps.iter().map(|(_, tried)| &tried.all).max_by_key(|all| all.count());
    let hosts = sweeps_hosts.filter(|all| all.count() > hosts.count()).unwrap_or(&hosts);
    let are_more = are_more || scans.iter().any(|(_, tried)| tried.more);
    let observation = format!(
        "{source} tried {}{} of {} {}.",
        at_least(are_more),
        counted(ports.len(), "port"),
        many::words(hosts),
        plural(hosts.count(), "host"),
    );
    let mut measures = many::measures("hosts", hosts);
    measures.extend([
        Measure::count("ports", ports.len()),
        Measure::count("port_scans", scans.len() as u64),
        Measure::count("host_sweeps", sweeps.len() as u64),
    ]);
    let measures = measures.into_iter().map(|measure| measure.or_more(are_more)).collect();
    BLOCK_SCAN.finding(source.to_string(), observation, measures, &evidence)
}
