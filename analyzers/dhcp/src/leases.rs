//! Leases: who was granted which address or prefix, and until when.

use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others};
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use crate::limits;
use crate::seen::{Family, Lease as Granted, Role, Seen};

/// All leases, by client and address.
pub struct Leases {
    leases: BoundedMap<(String, String), Lease>,
    others: Others<(String, String), Lease>,
    different: Distinct,
}

struct Lease {
    family: Family,
    server: Option<String>,
    valid: Option<u32>,
    preferred: Option<u32>,
    renewal: Option<u32>,
    rebinding: Option<u32>,
    granted: Option<u64>,
    renewed: u64,
    ended: Option<(&'static str, u64)>,
    frames: (u64, u64),
}

impl Leases {
    /// None yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        let others = Others::new(LIST, lists);
        Self { leases: BoundedMap::new(limits::ENTRIES), others, different: Distinct::new() }
    }

    /// Leases that made room.
    pub fn evicted(&self) -> u64 {
        self.leases.evicted()
    }

    /// How many different ones there were.
    pub fn total(&self) -> u64 {
        self.different.count()
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        for lease in &seen.leases {
            let key = (seen.client.clone(), lease.address.clone());
            let how = match seen.role {
                // A lifetime of 0 takes back what was granted (RFC 8415 §18.2.10.1).
                Role::Grant if lease.valid == Some(0) => "withdrawn",
                Role::Grant => {
                    self.different.add(&key);
                    let make = || Lease::new(seen);
                    if let Some((_, known)) = self.others.entry(&key, || key.clone(), make) {
                        known.granted(seen, lease);
                    }
                    self.leases.get_or_insert_with(key, make).0.granted(seen, lease);
                    continue;
                }
                Role::Release => "released",
                Role::Decline => "declined",
                _ => continue,
            };
            let known = [self.leases.get_mut(&key), self.others.get_mut(&key)];
            known.into_iter().flatten().for_each(|known| known.ended = Some((how, seen.frame)));
        }
    }

    /// Leases in the order of their first grant.
    pub fn report(&self, lists: &mut Lists) -> Vec<LeaseReport> {
        let mut all: Vec<_> =
            self.leases.iter().filter(|(_, lease)| lease.granted.is_some() || lease.frames.1 > 0).collect();
        all.sort_by_key(|(key, lease)| (lease.frames.0, *key));
        let has = |key: &(String, String)| self.leases.get(key).is_some();
        let listed = self.others.list(all, limits::LIST_ENTRIES, self.total(), has, lists);
        let reports = listed.into_iter().map(|((client, address), lease)| {
            let expires = lease
                .granted
                .zip(lease.valid)
                .map(|(granted, seconds)| granted.saturating_add(u64::from(seconds).saturating_mul(1_000_000_000)));
            let last = lease.ended.map_or(lease.frames.1, |(_, frame)| frame);
            LeaseReport {
                ip_version: lease.family.number(),
                client: client.clone(),
                address: address.clone(),
                server: lease.server.clone(),
                lease_seconds: lease.valid,
                renewal_seconds: lease.renewal,
                rebinding_seconds: lease.rebinding,
                preferred_seconds: lease.preferred,
                granted: lease.granted.map(|granted| time::rfc3339(granted, 9)),
                // All ones is forever (RFC 2132 §9.2).
                expires: expires.filter(|_| lease.valid != Some(u32::MAX)).map(|at| time::rfc3339(at, 9)),
                renewals: lease.renewed,
                ended: lease.ended.map(|(how, _)| how),
                first_frame: lease.frames.0.min(last),
                last_frame: lease.frames.0.max(last),
            }
        });
        reports.collect()
    }
}

/// The list of leases.
const LIST: &str = "statistics.leases";

impl Lease {
    /// Takes a grant. A second one of the same address is a renewal; after an end it begins anew.
    fn granted(&mut self, seen: &Seen, lease: &Granted) {
        let is_again = ![self.frames.0, self.frames.1].contains(&seen.frame);
        if self.granted.is_some() && self.ended.is_none() && is_again {
            self.renewed = self.renewed.saturating_add(1);
        }
        self.ended = None;
        self.frames.1 = seen.frame;
        self.server.clone_from(&seen.server);
        self.granted = seen.time.or(self.granted);
        self.valid = lease.valid.or(self.valid);
        self.preferred = lease.preferred.or(self.preferred);
        self.renewal = lease.renewal.or(self.renewal);
        self.rebinding = lease.rebinding.or(self.rebinding);
    }

    fn new(seen: &Seen) -> Self {
        Self {
            family: seen.family,
            server: None,
            valid: None,
            preferred: None,
            renewal: None,
            rebinding: None,
            granted: None,
            renewed: 0,
            ended: None,
            frames: (seen.frame, seen.frame),
        }
    }
}

/// A lease.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeaseReport {
    /// 4 or 6.
    pub ip_version: u8,
    /// Who has it: hardware address, or DUID.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// Address or prefix.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub address: String,
    /// Identifier of the server that granted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: Option<String>,
    /// 4294967295 is forever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
    /// T1: when the client is to renew it, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal_seconds: Option<u32>,
    /// T2: when the client is to ask any server, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rebinding_seconds: Option<u32>,
    /// How long it is preferred, in seconds (DHCPv6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_seconds: Option<u32>,
    /// The last grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub granted: Option<String>,
    /// By the last grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub expires: Option<String>,
    /// How often it was granted again.
    pub renewals: u64,
    /// released, declined or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ended: Option<&'static str>,
    /// Frame of the first grant.
    pub first_frame: u64,
    /// Frame of the last grant, or of its end.
    pub last_frame: u64,
}
