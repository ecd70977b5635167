//! Who asks and who answers.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Quantiles, SummaryMs};
use serde::Serialize;

use crate::counts::{CodeCount, CodeCounts};
use crate::limits;
use crate::message::{Message, codes};
use crate::seen::{Seen, Service};
use crate::transactions::Outcome;

/// Servers, or clients, of plain DNS.
pub struct Parties {
    table: BoundedMap<IpAddr, Party>,
    with_percentiles: usize,
}

#[derive(Default)]
struct Party {
    messages: u64,
    octets: u64,
    queries: u64,
    responses: u64,
    asked: u64,
    answered: u64,
    retransmitted: u64,
    unasked: u64,
    rcodes: CodeCounts,
    latency: Option<Quantiles>,
    evidence: Evidence,
}

/// What the rules want to know of a party.
pub struct Activity<'a> {
    /// Its address.
    pub address: IpAddr,
    /// Queries, resent ones too.
    pub queries: u64,
    /// Different questions.
    pub asked: u64,
    /// Responses.
    pub responses: u64,
    /// Frames with the questions.
    pub evidence: &'a Evidence,
}

/// What a server, or a client, did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PartyReport {
    /// Its address.
    pub address: IpAddr,
    /// Messages to and from it.
    pub messages: u64,
    /// Octets of these messages.
    pub octets: u64,
    /// Queries, resent ones too.
    pub queries: u64,
    /// Responses.
    pub responses: u64,
    /// Different questions asked (without those sent again).
    pub asked: u64,
    /// How many of them were answered.
    pub answered: u64,
    /// Queries that were sent again before an answer.
    pub retransmitted: u64,
    /// Responses without a query in the capture.
    pub unasked_responses: u64,
    /// Response codes, extended by EDNS.
    pub rcodes: Vec<CodeCount>,
    /// Time from a query to its response. Absent without answers, and for parties beyond the first 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<SummaryMs>,
}

impl Parties {
    /// Nobody yet.
    pub fn new() -> Self {
        Self { table: BoundedMap::new(limits::PARTIES), with_percentiles: 0 }
    }

    /// Counts a message of a party.
    pub fn add(&mut self, address: IpAddr, seen: &Seen, message: &Message<'_>, outcome: Outcome) {
        if seen.service != Service::Dns {
            return;
        }
        let room = self.with_percentiles < limits::PARTIES_WITH_PERCENTILES;
        let mut made = false;
        let (party, gone) = self.table.get_or_insert_with(address, || {
            made = room;
            Party {
                latency: room.then(Quantiles::new),
                rcodes: CodeCounts::keeping(limits::PARTY_RCODES),
                ..Party::default()
            }
        });
        self.with_percentiles = self
            .with_percentiles
            .saturating_add(usize::from(made))
            .saturating_sub(usize::from(gone.is_some_and(|(_, gone)| gone.latency.is_some())));
        let one = |count: &mut u64, when: bool| *count = count.saturating_add(u64::from(when));
        let is_response = message.header.is_response();
        one(&mut party.messages, true);
        party.octets = party.octets.saturating_add(message.octets().len() as u64);
        one(&mut party.queries, !is_response);
        one(&mut party.responses, is_response);
        if outcome == Outcome::Asked {
            one(&mut party.asked, true);
            party.evidence.add(seen.frame);
        }
        one(&mut party.retransmitted, outcome == Outcome::Retransmitted);
        one(&mut party.unasked, outcome == Outcome::Unasked);
        if is_response {
            party.rcodes.add(message.rcode());
        }
        if let Outcome::Answered { latency, .. } = outcome {
            one(&mut party.answered, true);
            if let Some((latency, quantiles)) = latency.zip(party.latency.as_mut()) {
                quantiles.add(latency);
            }
        }
    }

    /// What each of them did.
    pub fn iter(&self) -> impl Iterator<Item = Activity<'_>> {
        self.table.iter().map(|(address, party)| Activity {
            address: *address,
            queries: party.queries,
            asked: party.asked,
            responses: party.responses,
            evidence: &party.evidence,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// How many had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// The busiest ones.
    pub fn top(&self) -> Vec<PartyReport> {
        let mut all: Vec<(&IpAddr, &Party)> = self.table.iter().collect();
        all.sort_by_key(|(address, party)| (std::cmp::Reverse(party.messages), **address));
        all.truncate(limits::LISTED);
        all.into_iter()
            .map(|(address, party)| PartyReport {
                address: *address,
                messages: party.messages,
                octets: party.octets,
                queries: party.queries,
                responses: party.responses,
                asked: party.asked,
                answered: party.answered,
                retransmitted: party.retransmitted,
                unasked_responses: party.unasked,
                rcodes: party.rcodes.list(codes::rcode),
                latency: party.latency.as_ref().and_then(Quantiles::summary_ms),
            })
            .collect()
    }
}
