//! One exchange: its messages, its times and its outcome.

use std::borrow::Cow;
use std::hash::Hash;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{Lists, Pool, Sequence, Several};
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use crate::limits;
use crate::seen::{Family, Role, Seen, Segment};
use crate::v6;

/// The lists of each exchange, by the names under which a page of one can be asked for.
pub const FURTHER_IDS: &str = "transactions[].further_transaction_ids";
/// See [`FURTHER_IDS`].
pub const SERVERS: &str = "transactions[].servers";
/// See [`FURTHER_IDS`].
pub const MESSAGES: &str = "transactions[].messages";

/// What an exchange is found again by.
pub type Key = (Family, u32, String);

/// How long after the last message of an exchange its offer may be taken under another transaction id, in nanoseconds. Clients take an offer
/// within seconds (RFC 8415 §15, §18.2.2).
const OFFER_OPEN: u64 = 120_000_000_000;

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Leased,
    Configured,
    /// A query about leases that was answered.
    Answered,
    Refused,
    Declined,
    Released,
    Offered,
    Unanswered,
    Other,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Leased,
        Self::Configured,
        Self::Answered,
        Self::Refused,
        Self::Declined,
        Self::Released,
        Self::Offered,
        Self::Unanswered,
        Self::Other,
    ];
}

/// An exchange.
pub struct Exchange {
    key: Key,
    further_ids: Several<u32>,
    associations: Vec<(u16, u32)>,
    last: Option<u64>,
    steps: Sequence<StepReport>,
    segment: Segment,
    servers: Several<String>,
    address: Option<String>,
    valid: Option<u32>,
    reason: Option<String>,
    discover: Option<u64>,
    offer: Option<u64>,
    request: Option<u64>,
    grant: Option<u64>,
    start: Option<u64>,
    counts: Counts,
    last_answer: Option<Role>,
}

/// Room that the lists of all exchanges share.
pub struct Rooms {
    servers: Pool,
    ids: Pool,
    steps: Pool,
}

impl Rooms {
    /// All of it.
    pub fn new() -> Self {
        Self {
            servers: Pool::new(limits::EXCHANGE_SERVERS),
            ids: Pool::new(limits::EXCHANGE_SERVERS),
            steps: Pool::new(limits::ALL_STEPS),
        }
    }
}

/// How many there are, if that is more than are kept.
fn beyond<T: Hash + Eq>(values: &Several<T>) -> Option<u64> {
    Some(values.total()).filter(|total| *total > values.iter().len() as u64)
}

#[derive(Default)]
struct Counts {
    discovers: u64,
    offers: u64,
    requests: u64,
    grants: u64,
    declines: u64,
    releases: u64,
    asks: u64,
}

impl Exchange {
    /// An exchange that begins with a message.
    pub fn new(key: Key, seen: &Seen) -> Self {
        Self {
            key,
            further_ids: Several::of(FURTHER_IDS),
            associations: Vec::new(),
            last: None,
            steps: Sequence::of(MESSAGES, limits::STEPS),
            segment: seen.segment.clone(),
            servers: Several::of(SERVERS),
            address: None,
            valid: None,
            reason: None,
            discover: None,
            offer: None,
            request: None,
            grant: None,
            start: seen.time,
            counts: Counts::default(),
            last_answer: None,
        }
    }

    /// Whether a message under another transaction id takes what was offered here. With DHCPv6, REQUEST has an id of its own (RFC 8415 §16.1),
    /// and names the server and the associations of the ADVERTISE; some clients of DHCPv4 do alike.
    pub fn is_taken_by(&self, seen: &Seen) -> bool {
        let near = match (self.last, seen.time) {
            (Some(last), Some(now)) => now.abs_diff(last) <= OFFER_OPEN,
            _ => true,
        };
        let of_server = match &seen.server {
            Some(server) => self.servers.total() == 0 || self.servers.contains(server.as_str()),
            None => false,
        };
        let may = match (seen.family, seen.role) {
            (Family::V4, Role::Request) => self.address.is_none() || self.address == seen.requested,
            (Family::V6, Role::Request) => seen.kind == Some(v6::kind::REQUEST) && self.has_association_of(seen),
            // Where REQUEST was not captured.
            (Family::V6, Role::Grant | Role::Refuse) => self.counts.offers > 0 && self.has_association_of(seen),
            _ => false,
        };
        near && of_server && may && self.last_answer.is_none()
    }

    fn has_association_of(&self, seen: &Seen) -> bool {
        let (here, there) = (&self.associations, &seen.associations);
        here.is_empty() || there.is_empty() || there.iter().any(|held| here.contains(held))
    }

    /// Takes a message: how long its offer or its grant took, the first time.
    pub fn take(&mut self, seen: &Seen, rooms: &mut Rooms) -> (Option<u64>, Option<u64>) {
        self.last = seen.time.or(self.last);
        if seen.xid != self.key.1 {
            self.further_ids.add(&seen.xid, &mut rooms.ids);
        }
        if matches!(seen.role, Role::Discover | Role::Offer) {
            let new = seen.associations.iter().filter(|held| !self.associations.contains(held)).copied();
            let new: Vec<_> = new.take(limits::OPEN_OFFERS.saturating_sub(self.associations.len())).collect();
            self.associations.extend(new);
        }
        let after = seen.time.zip(self.start).and_then(|(now, start)| now.checked_sub(start));
        let step = || StepReport {
            frame: seen.frame,
            message_type: seen.name.clone(),
            from_server: seen.from_server,
            after_ms: after.map(time::milliseconds),
        };
        self.steps.push(step, &mut rooms.steps);
        self.segment.relay = self.segment.relay.or(seen.segment.relay);
        if seen.from_server {
            let server = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
            self.servers.add(server.as_str(), &mut rooms.servers);
        }
        let since = |then: Option<u64>| seen.time.zip(then).and_then(|(now, then)| now.checked_sub(then));
        let counts = &mut self.counts;
        let add = |count: &mut u64| *count = count.saturating_add(1);
        let (mut offered, mut granted) = (None, None);
        match seen.role {
            Role::Discover => {
                add(&mut counts.discovers);
                self.discover = self.discover.or(seen.time);
            }
            Role::Offer => {
                add(&mut counts.offers);
                // Another server may have had nothing to offer.
                self.last_answer = self.last_answer.filter(|_| counts.requests > 0);
                if self.offer.is_none() {
                    self.offer = since(self.discover);
                    offered = self.offer;
                }
            }
            Role::Request | Role::Ask => {
                add(if seen.role == Role::Ask { &mut counts.asks } else { &mut counts.requests });
                self.request = seen.time;
            }
            // ADVERTISE without anything to offer.
            Role::Refuse if seen.family == Family::V6 && seen.kind == Some(v6::kind::ADVERTISE) => {
                if counts.offers == 0 && counts.requests == 0 {
                    self.last_answer = Some(seen.role);
                }
            }
            Role::Grant | Role::Refuse | Role::Answer => {
                add(&mut counts.grants);
                self.last_answer = Some(seen.role);
                // With rapid commit the grant answers the first message.
                if let Some(lasted) = since(self.request.take().or(self.discover.filter(|_| self.counts.requests == 0)))
                {
                    self.grant.get_or_insert(lasted);
                    granted = Some(lasted);
                }
            }
            Role::Decline => add(&mut counts.declines),
            Role::Release => add(&mut counts.releases),
            Role::Other => {}
        }
        if let Some(lease) = seen.leases.iter().find(|lease| lease.valid != Some(0))
            && (seen.role != Role::Offer || self.address.is_none())
        {
            self.address = Some(lease.address.clone());
            self.valid = lease.valid.or(self.valid);
        }
        if seen.reason.is_some() {
            self.reason.clone_from(&seen.reason);
        }
        (offered, granted)
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        let counts = &self.counts;
        match self.last_answer {
            _ if counts.declines > 0 => Outcome::Declined,
            _ if counts.releases > 0 => Outcome::Released,
            Some(Role::Refuse) => Outcome::Refused,
            Some(Role::Answer) => Outcome::Answered,
            Some(_) if self.address.is_some() => Outcome::Leased,
            Some(_) => Outcome::Configured,
            None if counts.requests > 0 || counts.asks > 0 => Outcome::Unanswered,
            None if counts.offers > 0 => Outcome::Offered,
            None if counts.discovers > 0 => Outcome::Unanswered,
            None => Outcome::Other,
        }
    }

    /// Gives the room of its lists back.
    pub fn release(&self, rooms: &mut Rooms) {
        self.servers.release(&mut rooms.servers);
        self.further_ids.release(&mut rooms.ids);
        self.steps.release(&mut rooms.steps);
    }

    /// Whether it has all four steps.
    pub fn is_complete(&self) -> bool {
        let counts = &self.counts;
        counts.discovers > 0
            && counts.offers > 0
            && counts.requests > 0
            && self.last_answer.is_some()
            && counts.grants > 0
    }

    /// The report.
    pub fn report(self, outcome: Outcome, place: usize, lists: &mut Lists) -> ExchangeReport {
        let (family, xid, client) = self.key;
        let digits = if family == Family::V4 { 8 } else { 6 };
        let id = |xid: u32| format!("0x{xid:0digits$x}");
        ExchangeReport {
            ip_version: family.number(),
            transaction_id: id(xid),
            further_transaction_ids_total: beyond(&self.further_ids),
            further_transaction_ids: lists
                .several(FURTHER_IDS, &[place], &self.further_ids)
                .into_iter()
                .map(|(xid, _)| id(*xid))
                .collect(),
            client,
            outcome,
            servers_total: beyond(&self.servers),
            servers_total_is_estimate: !self.servers.is_exact(),
            servers: lists
                .several(SERVERS, &[place], &self.servers)
                .into_iter()
                .map(|(server, _)| server.clone())
                .collect(),
            address: self.address,
            lease_seconds: self.valid,
            reason: self.reason,
            vlan: self.segment.vlan,
            relay: self.segment.relay,
            start_time: self.start.map(|start| time::rfc3339(start, 9)),
            offer_ms: self.offer.map(time::milliseconds),
            grant_ms: self.grant.map(time::milliseconds),
            messages_total: self.steps.total(),
            messages: lists.sequence(MESSAGES, &[place], self.steps),
        }
    }
}

/// An exchange.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExchangeReport {
    /// 4 for DHCPv4 and BOOTP, 6 for DHCPv6.
    pub ip_version: u8,
    /// Transaction id of its first message, in hexadecimal.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub transaction_id: String,
    /// The ids of REQUEST and its answers, where they are others, as with DHCPv6 (RFC 8415 §16.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub further_transaction_ids: Vec<String>,
    /// Ids in all, where there are more than these; an estimate with a standard error of 2.3 %, or at least so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_transaction_ids_total: Option<u64>,
    /// Hardware address, or DUID.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Identifiers of the servers that answered; more than one compete.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub servers: Vec<String>,
    /// Servers in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servers_total: Option<u64>,
    /// That number is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub servers_total_is_estimate: bool,
    /// What was offered, granted, declined or released.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub address: Option<String>,
    /// How long the address is valid, in seconds; 4294967295: for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
    /// Why a server refused, or a part of it. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Innermost VLAN. Absent when the frames are untagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// The relay's address on the client's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<IpAddr>,
    /// Time of the first message: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// First DISCOVER to first OFFER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_ms: Option<f64>,
    /// First answered REQUEST to its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_ms: Option<f64>,
    /// Messages in all.
    pub messages_total: u64,
    /// Of many this is a page.
    pub messages: Vec<StepReport>,
}

/// A message of an exchange.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepReport {
    /// Number of the frame.
    pub frame: u64,
    /// Name of the message type.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message_type: Cow<'static, str>,
    /// Whether a server sent it.
    pub from_server: bool,
    /// Time since the exchange began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<f64>,
}
