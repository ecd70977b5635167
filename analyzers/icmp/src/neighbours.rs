//! Neighbour discovery and router advertisements (RFC 4861, RFC 8106, RFC 1256), multicast listeners (RFC 2710, RFC 3810).

mod report;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Several, TopK};
use mcpcap_analyzer::text;
use mcpcap_analyzer::vlans::Vlans;

use crate::advertisement::{self, RouterOptions, router_v4, router_v6};
use crate::codes::kind;
use crate::limits;
use crate::message::{Message, Version, address};
pub use report::NeighbourReport;
use report::{GroupReport, NeighbourEntry, RouterReport};

/// How near in time hosts or routers must be heard to contradict one another, in nanoseconds. Routers advertise themselves twice an hour or more
/// often (RFC 4861 §6.2.1).
pub const TOGETHER: u64 = 3_600_000_000_000;

/// The lists of the report.
const NEIGHBOURS: &str = "statistics.neighbour_discovery.neighbours";
/// The list of link-layer addresses of each neighbour.
pub const MACS: &str = "statistics.neighbour_discovery.neighbours[].macs";
/// The list of frames of each neighbour.
pub const NEIGHBOUR_FRAMES: &str = "statistics.neighbour_discovery.neighbours[].frames";
/// The list of frames of each router.
pub const ROUTER_FRAMES: &str = "statistics.neighbour_discovery.routers[].frames";
const ROUTERS: &str = "statistics.neighbour_discovery.routers";
const GROUPS: &str = "statistics.neighbour_discovery.multicast_groups";

/// Where and when a message was heard.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Its frame.
    pub frame: u64,
    /// Nanoseconds since 1970; 0 where the file gives none.
    pub time: u64,
    /// The innermost VLAN.
    pub vlan: Option<u16>,
    /// All VLANs.
    pub vlans: Vlans,
}

/// Everything that hosts and routers of a link say of themselves.
pub struct Neighbours {
    neighbours: BoundedMap<Ipv6Addr, Neighbour>,
    others: Others<Ipv6Addr, Neighbour>,
    /// Room for the claims of all neighbours, and for their link-layer addresses.
    rooms: (Pool, Pool),
    routers: BoundedMap<(IpAddr, Option<u16>), Router>,
    other_routers: Others<(IpAddr, Option<u16>), Router>,
    /// Room for what all routers say.
    options: Pool,
    groups: TopK<IpAddr>,
    /// How many different neighbours and routers there were, with those that made room.
    different: (Distinct, Distinct),
    /// Neighbour solicitations, those from the unspecified address (duplicate address detection), and advertisements.
    counts: (u64, u64, u64),
}

/// An address, and the link-layer addresses that claim it.
pub struct Neighbour {
    /// Link-layer addresses that advertisements give, each in its VLAN.
    claims: Vec<Claim>,
    /// Whether there were others besides these.
    has_other_claims: bool,
    macs: Several<String>,
    /// The first advertisement of each claim, and all of those that are not kept.
    evidence: Evidence,
    router: bool,
    solicited: u64,
}

/// A link-layer address that claims to have an address.
pub struct Claim {
    /// The link-layer address.
    pub mac: String,
    /// Where it was heard: the same address on another link is another host's.
    pub vlans: Vlans,
    /// The frames.
    pub evidence: Evidence,
    /// First and last time.
    times: (u64, u64),
}

impl Claim {
    /// Whether another one was made at about the same time, in the same VLAN.
    fn is_rival_of(&self, other: &Self) -> bool {
        let begins = self.times.0.max(other.times.0);
        let ends = self.times.1.min(other.times.1);
        self.vlans == other.vlans && self.mac != other.mac && begins.saturating_sub(ends) <= TOGETHER
    }
}

impl Neighbour {
    fn new() -> Self {
        Self {
            claims: Vec::new(),
            has_other_claims: false,
            macs: Several::of(MACS),
            evidence: Evidence::default(),
            router: false,
            solicited: 0,
        }
    }

    fn report(&self, address: Ipv6Addr, place: usize, lists: &mut Lists) -> NeighbourEntry {
        NeighbourEntry {
            address,
            macs: lists.several(MACS, &[place], &self.macs).into_iter().map(|(mac, _)| mac.clone()).collect(),
            macs_total: self.macs.total(),
            macs_total_is_estimate: !self.macs.is_exact(),
            router: self.router,
            solicited: self.solicited,
            frames: lists.evidence(NEIGHBOUR_FRAMES, place, &self.evidence),
        }
    }

    /// Whether there were other link-layer addresses besides those of the claims.
    pub fn has_other_claims(&self) -> bool {
        self.has_other_claims
    }

    /// The claims that contradict one another: those of the VLAN with most of them.
    pub fn rivals(&self) -> Vec<&Claim> {
        let of = |vlans: Vlans| {
            let here = self.claims.iter().filter(move |claim| claim.vlans == vlans);
            here.filter(|claim| self.claims.iter().any(|other| claim.is_rival_of(other)))
        };
        let vlans: BTreeSet<Vlans> = self.claims.iter().map(|claim| claim.vlans).collect();
        let fullest = vlans.into_iter().max_by_key(|vlans| of(*vlans).count());
        fullest.map(|vlans| of(vlans).collect()).unwrap_or_default()
    }
}

/// A router, by its last advertisement.
pub struct Router {
    /// Advertisements.
    pub evidence: Evidence,
    /// Advertisements with lifetime 0 after others: frames.
    pub withdrawn: Evidence,
    /// Seconds for which it wants to be the default router.
    pub lifetime: u16,
    last: RouterOptions,
    had_lifetime: bool,
    /// Spans of time, first and last, within which it advertised itself as default router at least once an hour.
    pub spans: Vec<(u64, u64)>,
}

impl Neighbours {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            neighbours: BoundedMap::new(limits::ENTRIES),
            others: Others::new(NEIGHBOURS, lists),
            rooms: (Pool::new(limits::ALL_NEIGHBOUR_ADDRESSES), Pool::new(limits::ALL_NEIGHBOUR_ADDRESSES)),
            routers: BoundedMap::new(limits::ENTRIES),
            other_routers: Others::new(ROUTERS, lists),
            options: Pool::new(limits::VALUES),
            groups: TopK::of(GROUPS, limits::ENTRIES, lists),
            different: (Distinct::new(), Distinct::new()),
            counts: (0, 0, 0),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.neighbours.evicted().saturating_add(self.routers.evicted())
    }

    /// Addresses and their claims.
    pub fn neighbours(&self) -> impl Iterator<Item = (&Ipv6Addr, &Neighbour)> {
        self.neighbours.iter()
    }

    /// Routers by address and VLAN.
    pub fn routers(&self) -> impl Iterator<Item = (&(IpAddr, Option<u16>), &Router)> {
        self.routers.iter()
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, seen: &Place) {
        match (message.version, message.kind) {
            (Version::V6, kind::V6_NEIGHBOR_SOLICITATION) => {
                self.counts.0 = self.counts.0.saturating_add(1);
                self.counts.1 = self.counts.1.saturating_add(message.source.is_unspecified().into());
                if let Some(target) = message.target() {
                    self.change(target, |known, _| known.solicited = known.solicited.saturating_add(1));
                }
            }
            (Version::V6, kind::V6_NEIGHBOR_ADVERTISEMENT) => self.advertisement(message, seen),
            (Version::V6, kind::V6_ROUTER_ADVERTISEMENT) => {
                // Reachable time and retransmission timer come before the options.
                if let Some(options) = message.data.get(8..) {
                    self.router(message, seen, |room| router_v6(message.rest, options, room));
                }
            }
            (Version::V4, kind::ROUTER_ADVERTISEMENT) => {
                self.router(message, seen, |room| router_v4(message, room));
            }
            (Version::V6, 131) => {
                if let Some(group) = address(message.data, 0) {
                    self.group(group);
                }
            }
            (Version::V6, 143) => self.listeners(message),
            _ => {}
        }
    }

    /// Changes what is known of an address; the pools are those of claims and of hardware addresses.
    fn change(&mut self, target: Ipv6Addr, change: impl Fn(&mut Neighbour, &mut (Pool, Pool))) {
        self.different.0.add(&target);
        let (known, gone) = self.neighbours.get_or_insert_with(target, Neighbour::new);
        if let Some((_, gone)) = gone {
            self.rooms.0.give_back(gone.claims.len());
            gone.macs.release(&mut self.rooms.1);
        }
        change(known, &mut self.rooms);
        if let Some((_, known)) = self.others.entry(&target, || target, Neighbour::new) {
            change(known, &mut self.rooms);
        }
    }

    fn advertisement(&mut self, message: &Message<'_>, seen: &Place) {
        let Place { frame, time, vlans, .. } = *seen;
        self.counts.2 = self.counts.2.saturating_add(1);
        let Some(target) = message.target() else { return };
        let mut mac = None;
        advertisement::walk(message.data.get(16..).unwrap_or_default(), |kind, value| {
            if kind == 2 {
                mac = Some(text::hexadecimal(value, ":", 8));
            }
        });
        self.change(target, |known, rooms| {
            known.router |= message.rest[0] & 0x80 != 0;
            let Some(mac) = &mac else { return };
            known.macs.add(mac.as_str(), &mut rooms.1);
            if let Some(claim) = known.claims.iter_mut().find(|claim| claim.mac == *mac && claim.vlans == vlans) {
                claim.evidence.add(frame);
                claim.times = (claim.times.0.min(time), claim.times.1.max(time));
                return;
            }
            known.evidence.add(frame);
            if known.claims.len() < limits::NEIGHBOUR_ADDRESSES && rooms.0.take() {
                let evidence = std::iter::once(frame).collect();
                known.claims.push(Claim { mac: mac.clone(), vlans, evidence, times: (time, time) });
            } else {
                known.has_other_claims = true;
            }
        });
    }

    /// Takes what a router says, which is read when the room is free again that its last advertisement took.
    fn router(&mut self, message: &Message<'_>, seen: &Place, said: impl Fn(&mut Pool) -> (u16, RouterOptions)) {
        let key = (message.source, seen.vlan);
        self.different.1.add(&key);
        let other = self.other_routers.entry(&key, || key, Router::new).map(|(_, router)| router);
        let (router, gone) = self.routers.get_or_insert_with(key, Router::new);
        if let Some((_, gone)) = gone {
            gone.last.release(&mut self.options);
        }
        for router in [Some(router), other].into_iter().flatten() {
            router.last.release(&mut self.options);
            router.take(seen, said(&mut self.options));
        }
    }

    fn group(&mut self, group: Ipv6Addr) {
        self.groups.add(group.into(), 1);
    }

    fn listeners(&mut self, message: &Message<'_>) {
        // Number of records in the header; each has four bytes, the group, its sources, and auxiliary data.
        let mut records = message.data;
        while let Some((header, rest)) = records.split_first_chunk::<4>() {
            let [_, auxiliary, high, low] = *header;
            let Some(group) = address(rest, 0) else { return };
            self.group(group);
            let sources = usize::from(u16::from_be_bytes([high, low])).saturating_mul(16);
            let skip = 16_usize.saturating_add(sources).saturating_add(usize::from(auxiliary).saturating_mul(4));
            records = rest.get(skip..).unwrap_or_default();
        }
    }

    /// The report; `None` when there is nothing to say.
    pub fn report(&self, lists: &mut Lists) -> Option<NeighbourReport> {
        let mut neighbours: Vec<_> = self.neighbours.iter().collect();
        neighbours.sort_by_key(|(target, known)| (known.claims.is_empty(), **target));
        let mut routers: Vec<_> = self.routers.iter().collect();
        routers.sort_by_key(|(key, router)| (Reverse(router.evidence.total()), **key));
        let nothing = neighbours.is_empty() && routers.is_empty() && self.groups.is_empty();
        let has = |target: &Ipv6Addr| self.neighbours.get(target).is_some();
        let neighbours = self.others.list(neighbours, limits::LIST_ENTRIES, self.different.0.count(), has, lists);
        let has = |key: &(IpAddr, Option<u16>)| self.routers.get(key).is_some();
        let routers = self.other_routers.list(routers, limits::LIST_ENTRIES, self.different.1.count(), has, lists);
        let groups = self.groups.list(limits::LIST_ENTRIES, lists);
        (!nothing).then(|| NeighbourReport {
            solicitations: self.counts.0,
            duplicate_address_probes: self.counts.1,
            advertisements: self.counts.2,
            neighbours_total: self.different.0.count(),
            neighbours: (lists.place(NEIGHBOURS)..)
                .zip(neighbours)
                .map(|(place, (target, known))| known.report(*target, place, lists))
                .collect(),
            routers_total: self.different.1.count(),
            routers: (lists.place(ROUTERS)..)
                .zip(routers)
                .map(|(place, (key, router))| router.report(*key, place, lists))
                .collect(),
            multicast_groups_total: self.groups.different(),
            multicast_groups: groups
                .into_iter()
                .map(|group| GroupReport { group: group.key, reports: group.count, reports_too_many: group.error })
                .collect(),
        })
    }
}

impl Router {
    fn new() -> Self {
        Self {
            evidence: Evidence::default(),
            withdrawn: Evidence::default(),
            lifetime: 0,
            last: RouterOptions::default(),
            had_lifetime: false,
            spans: Vec::new(),
        }
    }

    fn take(&mut self, seen: &Place, (lifetime, said): (u16, RouterOptions)) {
        self.evidence.add(seen.frame);
        if lifetime == 0 && self.had_lifetime {
            self.withdrawn.add(seen.frame);
        }
        self.had_lifetime |= lifetime > 0;
        if lifetime > 0 {
            self.advertised(seen.time);
        }
        (self.lifetime, self.last) = (lifetime, said);
    }

    fn advertised(&mut self, now: u64) {
        let is_full = self.spans.len() >= limits::ROUTER_SPANS;
        match self.spans.last_mut() {
            Some(last)
                if is_full || (now <= last.1.saturating_add(TOGETHER) && now.saturating_add(TOGETHER) >= last.0) =>
            {
                *last = (last.0.min(now), last.1.max(now));
            }
            _ => self.spans.push((now, now)),
        }
    }

    /// Whether another router's advertisements would configure a host alike.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.last.configuration == other.last.configuration
    }

    fn report(&self, (address, vlan): (IpAddr, Option<u16>), place: usize, lists: &mut Lists) -> RouterReport {
        let said = self.last.clone();
        let (prefixes, prefixes_total) = said.prefixes.report(advertisement::PREFIXES, place, lists);
        let (routes, routes_total) = said.routes.report(advertisement::ROUTES, place, lists);
        let (dns_servers, dns_servers_total) = said.dns_servers.report(advertisement::DNS_SERVERS, place, lists);
        let (dns_search, dns_search_total) = said.dns_search.report(advertisement::DNS_SEARCH, place, lists);
        let (gateways, gateways_total) = said.gateways.report(advertisement::GATEWAYS, place, lists);
        RouterReport {
            address,
            vlan,
            mac: said.mac,
            advertisements: self.evidence.total(),
            frames: lists.evidence(ROUTER_FRAMES, place, &self.evidence),
            lifetime_seconds: self.lifetime,
            hop_limit: said.hop_limit,
            managed: said.managed,
            other_configuration: said.other,
            preference: said.preference,
            mtu: said.mtu,
            prefixes,
            prefixes_total,
            routes,
            routes_total,
            dns_servers,
            dns_servers_total,
            dns_search,
            dns_search_total,
            gateways,
            gateways_total,
        }
    }
}
