//! Clients, servers and relays.

mod report;

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Several};
use mcpcap_analyzer::text;

use crate::limits;
use crate::seen::{Family, Role, Seen};
pub use report::{ClientReport, RelayReport, ServerReport};

const CLIENTS: &str = "statistics.clients";
const SERVERS: &str = "statistics.servers";
const RELAYS: &str = "statistics.relays";

/// The lists of each client, server and relay, by the names under which a page of one can be asked for.
pub mod list {
    /// Those of clients.
    pub mod client {
        pub const MACS: &str = "statistics.clients[].macs";
        pub const CLIENT_IDS: &str = "statistics.clients[].client_ids";
        pub const HOSTNAMES: &str = "statistics.clients[].hostnames";
        pub const VENDOR_CLASSES: &str = "statistics.clients[].vendor_classes";
        pub const FINGERPRINTS: &str = "statistics.clients[].fingerprints";
        pub const REQUESTED: &str = "statistics.clients[].requested";
        pub const ADDRESSES: &str = "statistics.clients[].addresses";
    }
    /// Those of servers.
    pub mod server {
        pub const SOURCE_ADDRESSES: &str = "statistics.servers[].source_addresses";
        pub const ROUTERS: &str = "statistics.servers[].routers";
        pub const DNS_SERVERS: &str = "statistics.servers[].dns_servers";
        pub const FRAMES: &str = "statistics.servers[].frames";
    }
    /// That of relays.
    pub const IDENTIFIERS: &str = "statistics.relays[].identifiers";
}

/// Different values, in order of appearance.
pub struct Values(Several<String>);

impl Values {
    /// None yet, of the list with that name.
    fn of(list: &str) -> Self {
        Self(Several::of(list))
    }

    fn add(&mut self, value: &str, pool: &mut Pool) {
        if value.is_empty() {
            return;
        }
        match value.char_indices().nth(limits::NAME_CHARACTERS) {
            None => self.0.add(value, pool),
            Some(_) => self.0.add(text::cut(value, limits::NAME_CHARACTERS).as_str(), pool),
        }
    }

    fn add_all<'a>(&mut self, values: impl IntoIterator<Item = &'a String>, pool: &mut Pool) {
        values.into_iter().for_each(|value| self.add(value, pool));
    }

    /// Those that the report holds of the entry at a place.
    fn list(&self, list: &str, place: usize, lists: &mut Lists) -> Vec<String> {
        lists.several(list, &[place], &self.0).into_iter().map(|(value, _)| value.clone()).collect()
    }

    /// How many there are, if these are not all.
    fn total(&self) -> Option<u64> {
        let total = self.0.total();
        (total > self.0.iter().len() as u64).then_some(total)
    }
}

/// Whether all totals are exact.
fn are_exact<const N: usize>(lists: [&Values; N]) -> bool {
    lists.into_iter().all(|values| values.0.is_exact())
}

/// Everybody, and what they hold.
pub struct Parties {
    clients: BoundedMap<(Family, String), Client>,
    servers: BoundedMap<(Family, String), Server>,
    relays: BoundedMap<IpAddr, Relay>,
    /// Room for values of all clients, of all servers and of all relays.
    room: [Pool; 3],
    other_clients: Others<(Family, String), Client>,
    other_servers: Others<(Family, String), Server>,
    other_relays: Others<IpAddr, Relay>,
    different: Different,
}

/// How many different ones there were, with those that made room.
#[derive(Default)]
pub struct Different {
    /// By family, and hardware address or DUID.
    pub clients: Distinct,
    /// By family and identifier.
    pub servers: Distinct,
    /// By address.
    pub relays: Distinct,
}

struct Client {
    macs: Values,
    client_ids: Values,
    hostnames: Values,
    vendors: Values,
    fingerprints: Values,
    requested: Values,
    addresses: Values,
    messages: u64,
    frames: (u64, u64),
}

/// A server.
pub struct Server {
    sources: Values,
    /// Routers and name servers that it gives.
    pub routers: Values,
    /// See `routers`.
    pub dns: Values,
    offers: u64,
    grants: u64,
    refusals: u64,
    times: Option<(u32, u32)>,
    frames: Evidence,
}

struct Relay {
    ids: Values,
    messages: u64,
    first_frame: u64,
}

impl Parties {
    /// Nobody seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            other_clients: Others::new(CLIENTS, lists),
            other_servers: Others::new(SERVERS, lists),
            other_relays: Others::new(RELAYS, lists),
            clients: BoundedMap::new(limits::ENTRIES),
            servers: BoundedMap::new(limits::ENTRIES),
            relays: BoundedMap::new(limits::ENTRIES),
            room: [limits::CLIENT_VALUES, limits::SERVER_VALUES, limits::RELAY_VALUES].map(Pool::new),
            different: Different::default(),
        }
    }

    /// Clients, servers and relays that made room.
    pub fn evicted(&self) -> u64 {
        self.clients.evicted().saturating_add(self.servers.evicted()).saturating_add(self.relays.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        self.client(seen);
        if seen.from_server {
            self.server(seen);
        }
        if let Some(relay) = seen.segment.relay {
            self.different.relays.add(&relay);
            let [.., pool] = &mut self.room;
            let other = self.other_relays.entry(&relay, || relay, || Relay::new(seen.frame)).map(|(_, relay)| relay);
            let (relay, gone) = self.relays.get_or_insert_with(relay, || Relay::new(seen.frame));
            if let Some((_, gone)) = gone {
                gone.ids.0.release(pool);
            }
            [Some(relay), other].into_iter().flatten().for_each(|relay| relay.take(seen, pool));
        }
    }

    fn client(&mut self, seen: &Seen) {
        let key = (seen.family, seen.client.clone());
        self.different.clients.add(&key);
        let [pool, ..] = &mut self.room;
        let make = || Client::new(seen.frame);
        let other = self.other_clients.entry(&key, || key.clone(), make).map(|(_, client)| client);
        let (client, gone) = self.clients.get_or_insert_with(key, make);
        if let Some((_, gone)) = gone {
            gone.lists().into_iter().for_each(|values| values.0.release(pool));
        }
        [Some(client), other].into_iter().flatten().for_each(|client| client.take(seen, pool));
    }

    fn server(&mut self, seen: &Seen) {
        let name = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
        let key = (seen.family, name);
        self.different.servers.add(&key);
        let [_, pool, _] = &mut self.room;
        let other = self.other_servers.entry(&key, || key.clone(), Server::new).map(|(_, server)| server);
        let (server, gone) = self.servers.get_or_insert_with(key, Server::new);
        if let Some((_, gone)) = gone {
            gone.lists().into_iter().for_each(|values| values.0.release(pool));
        }
        [Some(server), other].into_iter().flatten().for_each(|server| server.take(seen, pool));
    }

    /// How many different ones there were.
    pub fn different(&self) -> &Different {
        &self.different
    }

    /// Clients, those with most messages first.
    pub fn clients(&self, lists: &mut Lists) -> Vec<ClientReport> {
        let mut all: Vec<_> = self.clients.iter().collect();
        all.sort_by_key(|(key, client)| (Reverse(client.messages), *key));
        let (total, has) = (self.different.clients.count(), |key: &(Family, String)| self.clients.get(key).is_some());
        let listed = self.other_clients.list(all, limits::LIST_ENTRIES, total, has, lists);
        let reports = (lists.place(CLIENTS)..).zip(listed).map(|(place, ((family, name), client))| ClientReport {
            ip_version: family.number(),
            client: name.clone(),
            macs: client.macs.list(list::client::MACS, place, lists),
            macs_total: client.macs.total(),
            client_ids: client.client_ids.list(list::client::CLIENT_IDS, place, lists),
            client_ids_total: client.client_ids.total(),
            hostnames: client.hostnames.list(list::client::HOSTNAMES, place, lists),
            hostnames_total: client.hostnames.total(),
            vendor_classes: client.vendors.list(list::client::VENDOR_CLASSES, place, lists),
            vendor_classes_total: client.vendors.total(),
            fingerprints: client.fingerprints.list(list::client::FINGERPRINTS, place, lists),
            fingerprints_total: client.fingerprints.total(),
            requested: client.requested.list(list::client::REQUESTED, place, lists),
            requested_total: client.requested.total(),
            addresses: client.addresses.list(list::client::ADDRESSES, place, lists),
            addresses_total: client.addresses.total(),
            totals_are_estimates: !are_exact(client.lists()),
            messages: client.messages,
            first_frame: client.frames.0,
            last_frame: client.frames.1,
        });
        reports.collect()
    }

    /// Servers, those with most messages first.
    pub fn servers(&self, lists: &mut Lists) -> Vec<ServerReport> {
        let mut all: Vec<_> = self.servers.iter().collect();
        all.sort_by_key(|(key, server)| (Reverse(server.frames.total()), *key));
        let (total, has) = (self.different.servers.count(), |key: &(Family, String)| self.servers.get(key).is_some());
        let listed = self.other_servers.list(all, limits::LIST_ENTRIES, total, has, lists);
        let reports = (lists.place(SERVERS)..).zip(listed).map(|(place, ((family, name), server))| ServerReport {
            ip_version: family.number(),
            server: name.clone(),
            source_addresses: server.sources.list(list::server::SOURCE_ADDRESSES, place, lists),
            source_addresses_total: server.sources.total(),
            offers: server.offers,
            grants: server.grants,
            refusals: server.refusals,
            routers: server.routers.list(list::server::ROUTERS, place, lists),
            routers_total: server.routers.total(),
            dns_servers: server.dns.list(list::server::DNS_SERVERS, place, lists),
            dns_servers_total: server.dns.total(),
            totals_are_estimates: !are_exact(server.lists()),
            min_lease_seconds: server.times.map(|(least, _)| least),
            max_lease_seconds: server.times.map(|(_, most)| most),
            frames: lists.evidence(list::server::FRAMES, place, &server.frames),
        });
        reports.collect()
    }

    /// Relays, those with most messages first.
    pub fn relays(&self, lists: &mut Lists) -> Vec<RelayReport> {
        let mut all: Vec<_> = self.relays.iter().collect();
        all.sort_by_key(|(address, relay)| (Reverse(relay.messages), **address));
        let (total, has) = (self.different.relays.count(), |address: &IpAddr| self.relays.get(address).is_some());
        let listed = self.other_relays.list(all, limits::LIST_ENTRIES, total, has, lists);
        let reports = (lists.place(RELAYS)..).zip(listed).map(|(place, (address, relay))| RelayReport {
            relay: *address,
            messages: relay.messages,
            identifiers: relay.ids.list(list::IDENTIFIERS, place, lists),
            identifiers_total: relay.ids.total(),
            identifiers_total_is_estimate: !are_exact([&relay.ids]),
            first_frame: relay.first_frame,
        });
        reports.collect()
    }
}

impl Client {
    fn take(&mut self, seen: &Seen, pool: &mut Pool) {
        self.messages = self.messages.saturating_add(1);
        self.frames = (self.frames.0.min(seen.frame), self.frames.1.max(seen.frame));
        self.macs.add_all(&seen.mac, pool);
        if seen.role == Role::Grant {
            let granted = seen.leases.iter().filter(|lease| lease.valid != Some(0));
            self.addresses.add_all(granted.map(|lease| &lease.address), pool);
        }
        // What a server repeats is not the client's own word.
        if !seen.from_server {
            self.client_ids.add_all(&seen.client_id, pool);
            self.hostnames.add_all(&seen.hostname, pool);
            self.vendors.add_all(&seen.vendor, pool);
            self.fingerprints.add_all(&seen.fingerprint, pool);
            self.requested.add_all(&seen.requested, pool);
        }
    }

    fn new(frame: u64) -> Self {
        Self {
            macs: Values::of(list::client::MACS),
            client_ids: Values::of(list::client::CLIENT_IDS),
            hostnames: Values::of(list::client::HOSTNAMES),
            vendors: Values::of(list::client::VENDOR_CLASSES),
            fingerprints: Values::of(list::client::FINGERPRINTS),
            requested: Values::of(list::client::REQUESTED),
            addresses: Values::of(list::client::ADDRESSES),
            messages: 0,
            frames: (frame, frame),
        }
    }

    fn lists(&self) -> [&Values; 7] {
        [
            &self.macs,
            &self.client_ids,
            &self.hostnames,
            &self.vendors,
            &self.fingerprints,
            &self.requested,
            &self.addresses,
        ]
    }
}

impl Server {
    fn take(&mut self, seen: &Seen, pool: &mut Pool) {
        let count = match seen.role {
            Role::Offer => &mut self.offers,
            Role::Grant => &mut self.grants,
            Role::Refuse => &mut self.refusals,
            _ => return,
        };
        *count = count.saturating_add(1);
        self.frames.add(seen.frame);
        self.sources.add(&seen.source.to_string(), pool);
        self.routers.add_all(&seen.routers, pool);
        self.dns.add_all(&seen.dns, pool);
        for valid in seen.leases.iter().filter_map(|lease| lease.valid) {
            let (least, most) = self.times.unwrap_or((valid, valid));
            self.times = Some((least.min(valid), most.max(valid)));
        }
    }

    fn new() -> Self {
        Self {
            sources: Values::of(list::server::SOURCE_ADDRESSES),
            routers: Values::of(list::server::ROUTERS),
            dns: Values::of(list::server::DNS_SERVERS),
            offers: 0,
            grants: 0,
            refusals: 0,
            times: None,
            frames: Evidence::default(),
        }
    }

    fn lists(&self) -> [&Values; 3] {
        [&self.sources, &self.routers, &self.dns]
    }
}

impl Relay {
    fn take(&mut self, seen: &Seen, pool: &mut Pool) {
        self.messages = self.messages.saturating_add(1);
        self.first_frame = self.first_frame.min(seen.frame);
        self.ids.add_all(&seen.relay_ids, pool);
    }

    fn new(frame: u64) -> Self {
        Self { ids: Values::of(list::IDENTIFIERS), messages: 0, first_frame: frame }
    }
}
