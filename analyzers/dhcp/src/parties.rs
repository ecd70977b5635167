//! Clients, servers and relays.

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists};
use mcpcap_analyzer::{JsonSchema, text};
use serde::Serialize;

use crate::limits;
use crate::seen::{Family, Role, Seen};

/// A few different values, in order of appearance.
#[derive(Debug, Clone, Default)]
pub struct Values {
    kept: Vec<String>,
    is_cut: bool,
}

impl Values {
    fn add(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        let is_known = |known: &String| match known.strip_suffix('…') {
            None => known == value,
            Some(start) => value.strip_prefix(start).is_some_and(|rest| !rest.is_empty()),
        };
        if self.kept.iter().any(is_known) {
            return;
        }
        if self.kept.len() < limits::VALUES {
            self.kept.push(text::cut(value, limits::NAME_CHARACTERS));
        } else {
            self.is_cut = true;
        }
    }

    fn add_all<'a>(&mut self, values: impl IntoIterator<Item = &'a String>) {
        values.into_iter().for_each(|value| self.add(value));
    }
}

/// Everybody, and what they hold.
pub struct Parties {
    clients: BoundedMap<(Family, String), Client>,
    servers: BoundedMap<(Family, String), Server>,
    relays: BoundedMap<IpAddr, Relay>,
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
            let (relay, _) =
                self.relays.get_or_insert_with(relay, || Relay { first_frame: seen.frame, ..Relay::default() });
            relay.messages = relay.messages.saturating_add(1);
            relay.first_frame = relay.first_frame.min(seen.frame);
            relay.ids.add_all(&seen.relay_ids);
        }
    }

    fn client(&mut self, seen: &Seen) {
        let key = (seen.family, seen.client.clone());
        self.different.clients.add(&key);
        let (client, _) =
            self.clients.get_or_insert_with(key, || Client { frames: (seen.frame, seen.frame), ..Client::default() });
        client.messages = client.messages.saturating_add(1);
        client.frames = (client.frames.0.min(seen.frame), client.frames.1.max(seen.frame));
        client.macs.add_all(&seen.mac);
        if seen.role == Role::Grant {
            let granted = seen.leases.iter().filter(|lease| lease.valid != Some(0));
            client.addresses.add_all(granted.map(|lease| &lease.address));
        }
        // What a server repeats is not the client's own word.
        if !seen.from_server {
            client.client_ids.add_all(&seen.client_id);
            client.hostnames.add_all(&seen.hostname);
            client.vendors.add_all(&seen.vendor);
            client.fingerprints.add_all(&seen.fingerprint);
            client.requested.add_all(&seen.requested);
        }
    }

    fn server(&mut self, seen: &Seen) {
        let name = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
        let key = (seen.family, name);
        self.different.servers.add(&key);
        let (server, _) = self.servers.get_or_insert_with(key, Server::default);
        let count = match seen.role {
            Role::Offer => &mut server.offers,
            Role::Grant => &mut server.grants,
            Role::Refuse => &mut server.refusals,
            _ => return,
        };
        *count = count.saturating_add(1);
        server.frames.add(seen.frame);
        server.sources.add(&seen.source.to_string());
        server.routers.add_all(&seen.routers);
        server.dns.add_all(&seen.dns);
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
            macs: client.macs.kept.clone(),
            client_ids: client.client_ids.kept.clone(),
            hostnames: client.hostnames.kept.clone(),
            vendor_classes: client.vendors.kept.clone(),
            fingerprints: client.fingerprints.kept.clone(),
            requested: client.requested.kept.clone(),
            addresses: client.addresses.kept.clone(),
            more_values: client.has_more(),
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
            source_addresses: server.sources.kept.clone(),
            offers: server.offers,
            grants: server.grants,
            refusals: server.refusals,
            routers: server.routers.kept.clone(),
            dns_servers: server.dns.kept.clone(),
            more_values: [&server.sources, &server.routers, &server.dns].into_iter().any(|values| values.is_cut),
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
            identifiers: relay.ids.kept.clone(),
            more_identifiers: relay.ids.is_cut,
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
    /// Whether some list of values is cut.
    fn has_more(&self) -> bool {
        let lists = [&self.macs, &self.client_ids, &self.hostnames, &self.vendors, &self.fingerprints];
        lists.into_iter().chain([&self.requested, &self.addresses]).any(|values| values.is_cut)
    }
}

/// A client.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ClientReport {
    pub ip_version: u8,
    /// Hardware address, or DUID.
    pub client: String,
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub macs: Vec<String>,
    /// Option 61.
    pub client_ids: Vec<String>,
    /// Text from the capture.
    pub hostnames: Vec<String>,
    /// Text from the capture.
    pub vendor_classes: Vec<String>,
    /// The options that it asks for, in its order; tells operating systems apart.
    pub fingerprints: Vec<String>,
    /// Addresses that it asked for.
    pub requested: Vec<String>,
    /// Addresses that it was granted.
    pub addresses: Vec<String>,
    /// Some of these lists is longer; they hold the first 8 values, the options of `packets` all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_values: bool,
    pub messages: u64,
    pub first_frame: u64,
    pub last_frame: u64,
}

/// A server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServerReport {
    pub ip_version: u8,
    /// Its identifier: address or DUID; its source address when it gives none.
    pub server: String,
    pub source_addresses: Vec<String>,
    pub offers: u64,
    pub grants: u64,
    pub refusals: u64,
    pub routers: Vec<String>,
    pub dns_servers: Vec<String>,
    /// Some of these lists is longer; they hold the first 8 values, the options of `packets` all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_values: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_lease_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lease_seconds: Option<u32>,
    /// The first frames.
    pub frames: Vec<u64>,
}

/// A relay.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RelayReport {
    pub relay: IpAddr,
    pub messages: u64,
    /// Circuit, interface and remote ids that it adds. May be text from the capture.
    pub identifiers: Vec<String>,
    /// There were other identifiers besides these.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_identifiers: bool,
    pub first_frame: u64,
}
