//! Clients, servers and relays.

mod report;

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Pool, Several};
use mcpcap_analyzer::text;

use crate::limits;
use crate::seen::{Family, Role, Seen};
pub use report::{ClientReport, RelayReport, ServerReport};

/// Different values, in order of appearance.
#[derive(Default)]
pub struct Values(Several<String>);

impl Values {
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

    /// Those that are kept.
    fn list(&self) -> Vec<String> {
        self.0.values()
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

#[derive(Default)]
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
#[derive(Default)]
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

#[derive(Default)]
struct Relay {
    ids: Values,
    messages: u64,
    first_frame: u64,
}

impl Parties {
    /// Nobody seen yet.
    pub fn new() -> Self {
        Self {
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
            let (relay, gone) =
                self.relays.get_or_insert_with(relay, || Relay { first_frame: seen.frame, ..Relay::default() });
            if let Some((_, gone)) = gone {
                gone.ids.0.release(pool);
            }
            relay.messages = relay.messages.saturating_add(1);
            relay.first_frame = relay.first_frame.min(seen.frame);
            relay.ids.add_all(&seen.relay_ids, pool);
        }
    }

    fn client(&mut self, seen: &Seen) {
        let key = (seen.family, seen.client.clone());
        self.different.clients.add(&key);
        let [pool, ..] = &mut self.room;
        let (client, gone) =
            self.clients.get_or_insert_with(key, || Client { frames: (seen.frame, seen.frame), ..Client::default() });
        if let Some((_, gone)) = gone {
            gone.lists().into_iter().for_each(|values| values.0.release(pool));
        }
        client.messages = client.messages.saturating_add(1);
        client.frames = (client.frames.0.min(seen.frame), client.frames.1.max(seen.frame));
        client.macs.add_all(&seen.mac, pool);
        if seen.role == Role::Grant {
            let granted = seen.leases.iter().filter(|lease| lease.valid != Some(0));
            client.addresses.add_all(granted.map(|lease| &lease.address), pool);
        }
        // What a server repeats is not the client's own word.
        if !seen.from_server {
            client.client_ids.add_all(&seen.client_id, pool);
            client.hostnames.add_all(&seen.hostname, pool);
            client.vendors.add_all(&seen.vendor, pool);
            client.fingerprints.add_all(&seen.fingerprint, pool);
            client.requested.add_all(&seen.requested, pool);
        }
    }

    fn server(&mut self, seen: &Seen) {
        let name = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
        let key = (seen.family, name);
        self.different.servers.add(&key);
        let [_, pool, _] = &mut self.room;
        let (server, gone) = self.servers.get_or_insert_with(key, Server::default);
        if let Some((_, gone)) = gone {
            gone.lists().into_iter().for_each(|values| values.0.release(pool));
        }
        let count = match seen.role {
            Role::Offer => &mut server.offers,
            Role::Grant => &mut server.grants,
            Role::Refuse => &mut server.refusals,
            _ => return,
        };
        *count = count.saturating_add(1);
        server.frames.add(seen.frame);
        server.sources.add(&seen.source.to_string(), pool);
        server.routers.add_all(&seen.routers, pool);
        server.dns.add_all(&seen.dns, pool);
        for valid in seen.leases.iter().filter_map(|lease| lease.valid) {
            let (least, most) = server.times.unwrap_or((valid, valid));
            server.times = Some((least.min(valid), most.max(valid)));
        }
    }

    /// How many different ones there were.
    pub fn different(&self) -> &Different {
        &self.different
    }

    /// Clients, those with most messages first.
    pub fn clients(&self, lists: &mut Lists) -> Vec<ClientReport> {
        let mut all: Vec<_> = self.clients.iter().collect();
        all.sort_by_key(|(key, client)| (Reverse(client.messages), *key));
        let listed = lists.cut("statistics.clients", limits::LIST_ENTRIES, all.into_iter());
        let reports = listed.map(|((family, name), client)| ClientReport {
            ip_version: family.number(),
            client: name.clone(),
            macs: client.macs.list(),
            macs_total: client.macs.total(),
            client_ids: client.client_ids.list(),
            client_ids_total: client.client_ids.total(),
            hostnames: client.hostnames.list(),
            hostnames_total: client.hostnames.total(),
            vendor_classes: client.vendors.list(),
            vendor_classes_total: client.vendors.total(),
            fingerprints: client.fingerprints.list(),
            fingerprints_total: client.fingerprints.total(),
            requested: client.requested.list(),
            requested_total: client.requested.total(),
            addresses: client.addresses.list(),
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
        let listed = lists.cut("statistics.servers", limits::LIST_ENTRIES, all.into_iter());
        let reports = listed.map(|((family, name), server)| ServerReport {
            ip_version: family.number(),
            server: name.clone(),
            source_addresses: server.sources.list(),
            source_addresses_total: server.sources.total(),
            offers: server.offers,
            grants: server.grants,
            refusals: server.refusals,
            routers: server.routers.list(),
            routers_total: server.routers.total(),
            dns_servers: server.dns.list(),
            dns_servers_total: server.dns.total(),
            totals_are_estimates: !are_exact(server.lists()),
            min_lease_seconds: server.times.map(|(least, _)| least),
            max_lease_seconds: server.times.map(|(_, most)| most),
            frames: sorted(server.frames.frames()),
        });
        reports.collect()
    }

    /// Relays, those with most messages first.
    pub fn relays(&self, lists: &mut Lists) -> Vec<RelayReport> {
        let mut all: Vec<_> = self.relays.iter().collect();
        all.sort_by_key(|(address, relay)| (Reverse(relay.messages), **address));
        let listed = lists.cut("statistics.relays", limits::LIST_ENTRIES, all.into_iter());
        let reports = listed.map(|(address, relay)| RelayReport {
            relay: *address,
            messages: relay.messages,
            identifiers: relay.ids.list(),
            identifiers_total: relay.ids.total(),
            identifiers_total_is_estimate: !are_exact([&relay.ids]),
            first_frame: relay.first_frame,
        });
        reports.collect()
    }
}

/// Frame numbers rise in reports, also where the file is not in the order of time.
fn sorted(frames: &[u64]) -> Vec<u64> {
    let mut frames = frames.to_vec();
    frames.sort_unstable();
    frames
}

impl Client {
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
    fn lists(&self) -> [&Values; 3] {
        [&self.sources, &self.routers, &self.dns]
    }
}
