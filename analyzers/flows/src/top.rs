//! Endpoints, and who talks most: by pair, port, network, VLAN and application.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::application::{Verdict, registered};
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Several, TopK};

use crate::addresses::Network;
use crate::key::{Address, Carrier, End};
use crate::limits;
use crate::ranking::{Ranking, Volume};
use crate::table::Ended;

mod report;

pub use report::{ApplicationReport, EndpointReport, Top};
use report::{NetworkReport, PairReport, PortReport, VlanReport, VolumeReport};

/// The lists of this module.
pub const ENDPOINTS: &str = "endpoints";
/// See [`ENDPOINTS`].
pub const PAIRS: &str = "top.pairs";
/// See [`ENDPOINTS`].
pub const PORTS: &str = "top.ports";
/// See [`ENDPOINTS`].
pub const NETWORKS: &str = "top.networks";
/// See [`ENDPOINTS`].
pub const VLANS: &str = "top.vlans";
/// See [`ENDPOINTS`].
pub const APPLICATIONS: &str = "applications";
/// The list of ports of each application.
pub const APPLICATION_PORTS: &str = "applications[].ports";

/// What a flow's port is, from the server's side.
type Service = (Carrier, u16);

/// An application, how it was recognised, and what carries it.
type Application = (Option<Verdict>, Carrier);

#[derive(Default)]
struct Carried {
    flows: u64,
    packets: u64,
    bytes: u64,
    first_frame: u64,
    ports: Option<Ports>,
}

/// Ports of the servers of an application: those with most flows, and all.
struct Ports {
    top: TopK<u16>,
    all: Several<u16>,
}

/// Counts flows when they end.
pub struct Talkers {
    hosts: Ranking<Address>,
    pairs: Ranking<(Address, Address)>,
    services: Ranking<Service>,
    networks: Ranking<Network>,
    vlans: BoundedMap<[u16; 2], (u64, u64)>,
    /// Different VLANs, and those that made room in their table.
    different_vlans: Distinct,
    other_vlans: Others<[u16; 2], (u64, u64)>,
    applications: BTreeMap<Application, Carried>,
    /// Room for the ports of all of them.
    ports: Pool,
}

/// No tag.
pub const NO_VLAN: u16 = u16::MAX;

impl Talkers {
    /// Nobody yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            hosts: Ranking::new(ENDPOINTS, limits::RANKED, lists),
            pairs: Ranking::new(PAIRS, limits::RANKED, lists),
            services: Ranking::new(PORTS, limits::RANKED, lists),
            networks: Ranking::new(NETWORKS, limits::RANKED, lists),
            vlans: BoundedMap::new(limits::RANKED),
            different_vlans: Distinct::new(),
            other_vlans: Others::new(VLANS, lists),
            applications: BTreeMap::new(),
            ports: Pool::new(limits::ALL_PORTS),
        }
    }

    /// Counts a packet with VLAN tags.
    pub fn tagged(&mut self, vlans: [u16; 2], bytes: u64) {
        let different = &mut self.different_vlans;
        let made = || {
            different.add(&vlans);
            (0, 0)
        };
        let (count, _) = self.vlans.get_or_insert_with(vlans, made);
        let other = self.other_vlans.entry(&vlans, || vlans, || (0, 0)).map(|(_, count)| count);
        for count in [Some(count), other].into_iter().flatten() {
            *count = (count.0.saturating_add(1), count.1.saturating_add(bytes));
        }
    }

    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let Ended { key, flow } = ended;
        let (client, server) = flow.roles(key);
        let (sent, got) = flow.by_role();
        let verdict = flow.application();
        let service = service_port(key.carrier, client, server, verdict).filter(|_| key.carrier.has_ports());
        if matches!(key.carrier, Carrier::TCP | Carrier::UDP) {
            let carried = self.applications.entry((verdict, key.carrier)).or_default();
            carried.flows = carried.flows.saturating_add(1);
            carried.packets = carried.packets.saturating_add(flow.packets());
            carried.bytes = carried.bytes.saturating_add(flow.bytes());
            let first = flow.frames.0;
            carried.first_frame = if carried.first_frame == 0 { first } else { carried.first_frame.min(first) };
            let new = || Ports { top: TopK::new(limits::PORTS), all: Several::of(APPLICATION_PORTS) };
            let ports = carried.ports.get_or_insert_with(new);
            if let Some(port) = service {
                ports.top.add(port, 1);
                ports.all.add(&port, &mut self.ports);
            }
        }
        // Who is asked for by ARP need not be there.
        if key.carrier == Carrier::Arp {
            return;
        }
        if server.address == client.address {
            // It sent all of it, and received all of it.
            let mut all = sent;
            all.add(got);
            self.hosts.add(client.address, flow, all, all);
        } else {
            self.hosts.add(client.address, flow, sent, got);
            self.hosts.add(server.address, flow, got, sent);
        }
        self.pairs.add_pair((client.address, server.address), flow, sent, got);
        if let Some(port) = service {
            self.services.add((key.carrier, port), flow, sent, got);
        }
        let networks = (Network::of(client.address), Network::of(server.address));
        if let Some(network) = networks.0 {
            self.networks.add(network, flow, sent, got);
        }
        if let Some(network) = networks.1.filter(|_| networks.0 != networks.1) {
            self.networks.add(network, flow, got, sent);
        }
    }

    /// Pairs of hosts with what each sent, in any order: the client of the first flow first.
    pub fn pairs(&self) -> impl Iterator<Item = (&(Address, Address), &Volume)> {
        self.pairs.iter()
    }

    /// Different hosts, and whether that is exact.
    pub fn hosts_total(&self) -> (u64, bool) {
        self.hosts.total()
    }

    /// Entries of rankings that made room, and by how many bytes one may be too low.
    pub fn dropped(&self) -> (u64, u64) {
        let dropped = [self.hosts.dropped(), self.pairs.dropped(), self.services.dropped(), self.networks.dropped()];
        let missing = [self.hosts.missing(), self.pairs.missing(), self.services.missing(), self.networks.missing()];
        let dropped = dropped.into_iter().fold(self.vlans.evicted(), u64::saturating_add);
        (dropped, missing.into_iter().max().unwrap_or_default())
    }

    /// The lists.
    pub fn report(&self, digits: u8, lists: &mut Lists) -> (Vec<EndpointReport>, Top, Vec<ApplicationReport>) {
        let mut peers: BTreeMap<Address, u64> = BTreeMap::new();
        for ((one, other), _) in self.pairs.iter() {
            for host in [one, other] {
                let count = peers.entry(*host).or_default();
                *count = count.saturating_add(1);
            }
        }
        let endpoints = self.hosts.list(lists).into_iter().map(|(address, volume)| EndpointReport {
            address: address.to_string(),
            volume: VolumeReport::new(volume, digits),
            peers: peers.get(address).copied().unwrap_or_default(),
        });
        let endpoints = endpoints.collect();
        let pairs = self.pairs.list_pairs(lists).into_iter().map(|((a, b), volume)| PairReport {
            a: a.to_string(),
            b: b.to_string(),
            volume: VolumeReport::new(volume, digits),
        });
        let pairs = pairs.collect();
        let ports = self.services.list(lists).into_iter().map(|((carrier, port), volume)| PortReport {
            protocol: carrier.name(),
            port: *port,
            registered: match *carrier {
                Carrier::TCP => registered(*port, true),
                Carrier::UDP => registered(*port, false),
                _ => None,
            }
            .map(|protocol| protocol.name()),
            flows: volume.flows,
            packets: volume.packets(),
            bytes: volume.bytes(),
        });
        let ports = ports.collect();
        let networks = self.networks.list(lists).into_iter().map(|(network, volume)| NetworkReport {
            network: network.to_string(),
            packets_sent: volume.sent.packets,
            packets_received: volume.got.packets,
            bytes_sent: volume.sent.bytes,
            bytes_received: volume.got.bytes,
            flows: volume.flows,
        });
        let networks = networks.collect();
        let top = Top {
            pairs,
            pairs_total: self.pairs.total().0,
            ports,
            ports_total: self.services.total().0,
            networks,
            networks_total: self.networks.total().0,
            vlans: self.vlans(lists),
        };
        (endpoints, top, self.applications(lists))
    }

    fn vlans(&self, lists: &mut Lists) -> Vec<VlanReport> {
        let mut all: Vec<_> = self.vlans.iter().collect();
        all.sort_unstable_by_key(|(vlans, (_, bytes))| (Reverse(*bytes), **vlans));
        let (total, has) = (self.different_vlans.count(), |vlans: &[u16; 2]| self.vlans.get(vlans).is_some());
        let listed = self.other_vlans.list(all, limits::LISTED, total, has, lists);
        let row = |([vlan, inner], (packets, bytes)): (&[u16; 2], &(u64, u64))| VlanReport {
            vlan: *vlan,
            inner: Some(*inner).filter(|inner| *inner != NO_VLAN),
            packets: *packets,
            bytes: *bytes,
        };
        listed.into_iter().map(row).collect()
    }

    fn applications(&self, lists: &mut Lists) -> Vec<ApplicationReport> {
        let mut all: Vec<(&Application, &Carried)> = self.applications.iter().collect();
        all.sort_by_key(|(application, carried)| (Reverse(carried.bytes), *application));
        let places = lists.place(APPLICATIONS)..;
        let listed = lists.cut(APPLICATIONS, limits::LISTED, all.into_iter());
        let row = |(place, ((verdict, carrier), carried)): (usize, (&Application, &Carried))| {
            let ports = carried.ports.as_ref();
            let listed = ports.map_or_else(Vec::new, |ports| {
                let top = ports.top.top(limits::PORTS_LISTED).into_iter().map(|top| top.key).collect();
                lists.several_or(APPLICATION_PORTS, &[place], &ports.all, top)
            });
            ApplicationReport {
                application: verdict.map_or("data", |(protocol, _)| protocol.name()),
                over: if *carrier == Carrier::TCP { "tcp" } else { "udp" },
                by: verdict.map(|(_, by)| by.name()),
                flows: carried.flows,
                packets: carried.packets,
                bytes: carried.bytes,
                first_frame: carried.first_frame,
                ports: listed,
                ports_total: ports.map_or(0, |ports| ports.all.total()),
                ports_total_is_estimate: ports.is_some_and(|ports| !ports.all.is_exact()),
            }
        };
        places.zip(listed).map(row).collect()
    }
}

/// The port of the server, also where the roles of the ends were a guess: that of the protocol that was recognised.
pub fn service_port(carrier: Carrier, client: End, server: End, verdict: Option<Verdict>) -> Option<u16> {
    let is_tcp = carrier == Carrier::TCP;
    let is = |port: Option<u16>| {
        port.zip(verdict).is_some_and(|(port, (protocol, _))| registered(port, is_tcp) == Some(protocol))
    };
    if is(client.port) && !is(server.port) { client.port } else { server.port }
}
