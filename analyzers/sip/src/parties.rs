//! Who sends and who answers.

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool, Several};
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::limits;
use crate::message::facts::Facts;
use crate::seen::Seen;
use crate::words::text;

/// All addresses.
pub struct Parties {
    table: BoundedMap<IpAddr, Party>,
    others: Others<IpAddr, Party>,
    agents: Pool,
    distinct: Distinct,
}

struct Party {
    first: u64,
    requests_sent: u64,
    requests_received: u64,
    responses_sent: u64,
    failures_received: u64,
    agents: Several<String>,
}

/// What an address did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PartyReport {
    /// The address.
    pub address: IpAddr,
    /// Its first frame.
    pub first_frame: u64,
    /// Requests that it sent, with retransmissions, as all counts here.
    pub requests_sent: u64,
    /// Requests that it received.
    pub requests_received: u64,
    /// Responses that it sent.
    pub responses_sent: u64,
    /// Responses to it from 400 on, without 401 and 407.
    pub failures_received: u64,
    /// User-Agent and Server headers in what it sent; a proxy passes on those of others. Of many this is a page.
    pub agents: Vec<String>,
    /// Different ones.
    pub agents_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub agents_total_is_estimate: bool,
}

const ENDPOINTS: &str = "statistics.endpoints";
/// The list of agents of each.
pub const AGENTS: &str = "statistics.endpoints[].agents";

impl Party {
    fn new(first: u64) -> Self {
        Self {
            first,
            requests_sent: 0,
            requests_received: 0,
            responses_sent: 0,
            failures_received: 0,
            agents: Several::of(AGENTS),
        }
    }
}

impl Parties {
    /// Nobody yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            table: BoundedMap::new(limits::PARTIES),
            others: Others::new(ENDPOINTS, lists),
            agents: Pool::new(limits::PARTY_AGENTS),
            distinct: Distinct::new(),
        }
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, facts: &Facts<'_>) {
        let add = |count: &mut u64, when: bool| *count = count.saturating_add(u64::from(when));
        let agent = facts.agent.map(text);
        self.change(seen.source.ip(), seen.frame, |sender, pool| {
            add(&mut sender.requests_sent, facts.is_request());
            add(&mut sender.responses_sent, !facts.is_request());
            if let Some(agent) = &agent {
                sender.agents.add(agent.as_str(), pool);
            }
        });
        let is_failure = facts.status.is_some_and(|status| status >= 400 && !matches!(status, 401 | 407));
        self.change(seen.destination.ip(), seen.frame, |receiver, _| {
            add(&mut receiver.requests_received, facts.is_request());
            add(&mut receiver.failures_received, is_failure);
        });
    }

    fn change(&mut self, address: IpAddr, frame: u64, change: impl Fn(&mut Party, &mut Pool)) {
        if self.table.get(&address).is_none() {
            self.distinct.add(&address);
        }
        let (party, gone) = self.table.get_or_insert_with(address, || Party::new(frame));
        if let Some((_, gone)) = gone {
            gone.agents.release(&mut self.agents);
        }
        change(party, &mut self.agents);
        if let Some((_, party)) = self.others.entry(&address, || address, || Party::new(frame)) {
            change(party, &mut self.agents);
        }
    }

    /// How many had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// How many there are, and whether that is exact.
    pub fn total(&self) -> (u64, bool) {
        (self.distinct.count(), self.distinct.is_exact())
    }

    /// The busiest ones.
    pub fn report(&self, lists: &mut Lists) -> Vec<PartyReport> {
        let mut all: Vec<(&IpAddr, &Party)> = self.table.iter().collect();
        let place = lists.place(ENDPOINTS);
        let sent = |party: &Party| party.requests_sent.saturating_add(party.responses_sent);
        all.sort_by_key(|(address, party)| (Reverse(sent(party)), **address));
        let (total, has) = (self.distinct.count(), |address: &IpAddr| self.table.get(address).is_some());
        let listed = self.others.list(all, limits::LISTED, total, has, lists);
        let report = |(place, (address, party)): (usize, (&IpAddr, &Party))| PartyReport {
            address: *address,
            first_frame: party.first,
            requests_sent: party.requests_sent,
            requests_received: party.requests_received,
            responses_sent: party.responses_sent,
            failures_received: party.failures_received,
            agents: lists
                .several(AGENTS, &[place], &party.agents)
                .into_iter()
                .map(|(agent, _)| agent.clone())
                .collect(),
            agents_total: party.agents.total(),
            agents_total_is_estimate: !party.agents.is_exact(),
        };
        (place..).zip(listed).map(report).collect()
    }
}
