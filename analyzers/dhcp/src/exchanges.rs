//! Exchanges: the messages of a client and its servers under one transaction id.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{BoundedMap, Page, Quantiles, SummaryMs};
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use crate::limits;
use crate::seen::{Family, Role, Seen, Segment};

/// What an exchange is found again by.
type Key = (Family, u32, String);

/// All exchanges.
pub struct Exchanges {
    open: BoundedMap<Key, Exchange>,
    ended: Page<ExchangeReport>,
    offer_times: Quantiles,
    grant_times: Quantiles,
    outcomes: [u64; Outcome::ALL.len()],
    total: u64,
    complete: u64,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Leased,
    Configured,
    Refused,
    Declined,
    Released,
    Offered,
    Unanswered,
    Other,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Leased,
        Self::Configured,
        Self::Refused,
        Self::Declined,
        Self::Released,
        Self::Offered,
        Self::Unanswered,
        Self::Other,
    ];
}

/// An exchange.
struct Exchange {
    steps: Vec<Step>,
    messages: u64,
    segment: Segment,
    servers: Vec<String>,
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

struct Step {
    frame: u64,
    name: Cow<'static, str>,
    time: Option<u64>,
    server: bool,
}

impl Exchanges {
    /// Nothing seen yet; `ended` is the page of exchanges that is listed.
    pub fn new(ended: Page<ExchangeReport>) -> Self {
        Self {
            open: BoundedMap::new(limits::ENTRIES),
            ended,
            offer_times: Quantiles::new(),
            grant_times: Quantiles::new(),
            outcomes: [0; Outcome::ALL.len()],
            total: 0,
            complete: 0,
        }
    }

    /// How many made room for others, and are reported as they stood then.
    pub fn evicted(&self) -> u64 {
        self.open.evicted()
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        let key = (seen.family, seen.xid, seen.client.clone());
        let mut made = false;
        let (exchange, gone) = self.open.get_or_insert_with(key, || {
            made = true;
            Exchange::new(seen)
        });
        let (offer, grant) = exchange.take(seen);
        offer.into_iter().for_each(|lasted| self.offer_times.add(lasted));
        grant.into_iter().for_each(|lasted| self.grant_times.add(lasted));
        self.total = self.total.saturating_add(made.into());
        if let Some((key, exchange)) = gone {
            self.end(key, exchange);
        }
    }

    fn end(&mut self, key: Key, exchange: Exchange) {
        let outcome = exchange.outcome();
        if let Some(count) = self.outcomes.get_mut(outcome as usize) {
            *count = count.saturating_add(1);
        }
        self.complete = self.complete.saturating_add(exchange.is_complete().into());
        self.ended.push(|| exchange.report(key, outcome));
    }

    /// Ends all exchanges: sums, and the page of exchanges in the order of their last message.
    pub fn finish(mut self) -> (ExchangeSummary, Page<ExchangeReport>) {
        while let Some((key, exchange)) = self.open.pop_oldest() {
            self.end(key, exchange);
        }
        let outcomes = Outcome::ALL.into_iter().zip(self.outcomes).filter(|(_, count)| *count > 0);
        let summary = ExchangeSummary {
            total: self.total,
            complete: self.complete,
            outcomes: outcomes.map(|(outcome, count)| OutcomeCount { outcome, count }).collect(),
            time_to_offer: self.offer_times.summary_ms(),
            time_to_grant: self.grant_times.summary_ms(),
        };
        (summary, self.ended)
    }
}

impl Exchange {
    fn new(seen: &Seen) -> Self {
        Self {
            steps: Vec::new(),
            messages: 0,
            segment: seen.segment.clone(),
            servers: Vec::new(),
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

    /// Takes a message: how long its offer or its grant took, the first time.
    fn take(&mut self, seen: &Seen) -> (Option<u64>, Option<u64>) {
        self.messages = self.messages.saturating_add(1);
        if self.steps.len() < limits::STEPS {
            let step = Step { frame: seen.frame, name: seen.name.clone(), time: seen.time, server: seen.from_server };
            self.steps.push(step);
        }
        self.segment.relay = self.segment.relay.or(seen.segment.relay);
        if seen.from_server {
            let server = seen.server.clone().unwrap_or_else(|| seen.source.to_string());
            if !self.servers.contains(&server) && self.servers.len() < limits::VALUES {
                self.servers.push(server);
            }
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
                if self.offer.is_none() {
                    self.offer = since(self.discover);
                    offered = self.offer;
                }
            }
            Role::Request | Role::Ask => {
                add(if seen.role == Role::Ask { &mut counts.asks } else { &mut counts.requests });
                self.request = seen.time;
            }
            Role::Grant | Role::Refuse => {
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
        if let Some(lease) = seen.leases.first()
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

    fn outcome(&self) -> Outcome {
        let counts = &self.counts;
        match self.last_answer {
            _ if counts.declines > 0 => Outcome::Declined,
            _ if counts.releases > 0 => Outcome::Released,
            Some(Role::Refuse) => Outcome::Refused,
            Some(_) if self.address.is_some() => Outcome::Leased,
            Some(_) => Outcome::Configured,
            None if counts.requests > 0 || counts.asks > 0 => Outcome::Unanswered,
            None if counts.offers > 0 => Outcome::Offered,
            None if counts.discovers > 0 => Outcome::Unanswered,
            None => Outcome::Other,
        }
    }

    /// Whether it has all four steps.
    fn is_complete(&self) -> bool {
        let counts = &self.counts;
        counts.discovers > 0
            && counts.offers > 0
            && counts.requests > 0
            && self.last_answer.is_some()
            && counts.grants > 0
    }

    fn report(self, (family, xid, client): Key, outcome: Outcome) -> ExchangeReport {
        let digits = if family == Family::V4 { 8 } else { 6 };
        ExchangeReport {
            ip_version: family.number(),
            transaction_id: format!("0x{xid:0digits$x}"),
            client,
            outcome,
            servers: self.servers,
            address: self.address,
            lease_seconds: self.valid,
            reason: self.reason,
            vlan: self.segment.vlan,
            relay: self.segment.relay,
            start_time: self.start.map(|start| time::rfc3339(start, 9)),
            offer_ms: self.offer.map(time::milliseconds),
            grant_ms: self.grant.map(time::milliseconds),
            messages_total: self.messages,
            messages: self
                .steps
                .into_iter()
                .map(|step| StepReport {
                    frame: step.frame,
                    message_type: step.name,
                    from_server: step.server,
                    after_ms: step
                        .time
                        .zip(self.start)
                        .and_then(|(now, start)| now.checked_sub(start))
                        .map(time::milliseconds),
                })
                .collect(),
        }
    }
}

/// Sums over all exchanges.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExchangeSummary {
    pub total: u64,
    /// With DISCOVER, OFFER, REQUEST and ACK, or what DHCPv6 has for them.
    pub complete: u64,
    pub outcomes: Vec<OutcomeCount>,
    /// DISCOVER to the first OFFER, SOLICIT to ADVERTISE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_offer: Option<SummaryMs>,
    /// REQUEST (or INFORM, RENEW and so on) to its ACK, NAK or REPLY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_grant: Option<SummaryMs>,
}

/// Exchanges with an outcome.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutcomeCount {
    /// leased, configured (without address), refused, declined, released, offered (and not taken), unanswered, other.
    pub outcome: Outcome,
    pub count: u64,
}

/// An exchange.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExchangeReport {
    pub ip_version: u8,
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub transaction_id: String,
    /// Hardware address, or DUID.
    pub client: String,
    pub outcome: Outcome,
    /// Identifiers of the servers that answered; more than one compete.
    pub servers: Vec<String>,
    /// What was offered, granted, declined or released.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
    /// Why a server refused. Text from the capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// The relay's address on the client's link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// First DISCOVER to first OFFER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer_ms: Option<f64>,
    /// First answered REQUEST to its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_ms: Option<f64>,
    pub messages_total: u64,
    /// The first of them.
    pub messages: Vec<StepReport>,
}

/// A message of an exchange.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StepReport {
    pub frame: u64,
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message_type: Cow<'static, str>,
    pub from_server: bool,
    /// Time since the exchange began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<f64>,
}
