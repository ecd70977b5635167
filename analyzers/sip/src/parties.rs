//! Who sends and who answers.

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::BoundedMap;
use serde::Serialize;

use crate::details::text;
use crate::limits;
use crate::message::facts::Facts;
use crate::seen::Seen;

/// Names of software that are kept of one address.
const AGENTS_KEPT: usize = 4;

/// All addresses.
pub struct Parties(BoundedMap<IpAddr, Party>);

#[derive(Default)]
struct Party {
    first: u64,
    requests_sent: u64,
    requests_received: u64,
    responses_sent: u64,
    failures_received: u64,
    agents: Vec<String>,
}

/// What an address did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartyReport {
    pub address: IpAddr,
    pub first_frame: u64,
    /// With retransmissions, as all counts here.
    pub requests_sent: u64,
    pub requests_received: u64,
    pub responses_sent: u64,
    /// Responses to it from 400 on, without 401 and 407.
    pub failures_received: u64,
    /// The first User-Agent and Server headers in what it sent; a proxy passes on those of others.
    pub agents: Vec<String>,
}

impl Parties {
    /// Nobody yet.
    pub fn new() -> Self {
        Self(BoundedMap::new(limits::PARTIES))
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, facts: &Facts<'_>) {
        let make = || Party { first: seen.frame, ..Party::default() };
        let add = |count: &mut u64, when: bool| *count = count.saturating_add(u64::from(when));
        let sender = self.0.get_or_insert_with(seen.source.ip(), make).0;
        add(&mut sender.requests_sent, facts.is_request());
        add(&mut sender.responses_sent, !facts.is_request());
        if sender.agents.len() < AGENTS_KEPT
            && let Some(agent) = facts.agent.map(text)
            && !sender.agents.contains(&agent)
        {
            sender.agents.push(agent);
        }
        let receiver = self.0.get_or_insert_with(seen.destination.ip(), make).0;
        add(&mut receiver.requests_received, facts.is_request());
        let is_failure = facts.status.is_some_and(|status| status >= 400 && !matches!(status, 401 | 407));
        add(&mut receiver.failures_received, is_failure);
    }

    /// How many had to make room.
    pub fn evicted(&self) -> u64 {
        self.0.evicted()
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        (self.0.len() as u64).saturating_add(self.0.evicted())
    }

    /// The busiest ones.
    pub fn report(&self) -> Vec<PartyReport> {
        let mut all: Vec<(&IpAddr, &Party)> = self.0.iter().collect();
        let sent = |party: &Party| party.requests_sent.saturating_add(party.responses_sent);
        all.sort_by_key(|(address, party)| (Reverse(sent(party)), **address));
        let report = |(address, party): (&IpAddr, &Party)| PartyReport {
            address: *address,
            first_frame: party.first,
            requests_sent: party.requests_sent,
            requests_received: party.requests_received,
            responses_sent: party.responses_sent,
            failures_received: party.failures_received,
            agents: party.agents.clone(),
        };
        all.into_iter().take(limits::LISTED).map(report).collect()
    }
}
