//! Who asks and who answers.

use std::net::IpAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Quantiles, SummaryMs};
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::brief::Outcome;
use crate::code_counts::{CodeCount, CodeCounts};
use crate::limits;
use crate::message::{Message, codes};
use crate::recent::Recent;
use crate::seen::{Seen, Service};

/// Servers, or clients, of plain DNS.
pub struct Parties {
    /// The list of the report.
    list: &'static str,
    /// The list of response codes of each.
    rcodes: &'static str,
    table: BoundedMap<IpAddr, Party>,
    others: Others<IpAddr, Party>,
    recent: Recent,
    distinct: Distinct,
    with_percentiles: usize,
}

struct Party {
    messages: u64,
    octets: u64,
    queries: u64,
    responses: u64,
    asked: u64,
    answered: u64,
    retransmitted: u64,
    unasked: u64,
    other_question: u64,
    rcodes: CodeCounts,
    latency: Option<Quantiles>,
    evidence: Evidence,
    /// It may have been here before and made room.
    at_least: bool,
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
    /// Whether there may have been more before it made room.
    pub at_least: bool,
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
    /// Bytes of these messages.
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
    /// Responses with the addresses, ports and identifier of an open query, but another question.
    #[serde(skip_serializing_if = "is_default")]
    pub responses_to_another_question: u64,
    /// Response codes, extended by EDNS: the first 24 different ones, and pages of all by their numbers.
    pub rcodes: Vec<CodeCount>,
    /// Responses with other codes than those.
    #[serde(skip_serializing_if = "is_default")]
    pub responses_with_other_rcodes: u64,
    /// There were so many of its kind that it may have made room for others before: its numbers are at least these.
    #[serde(skip_serializing_if = "is_default")]
    pub at_least: bool,
    /// Time from a query to its response. Absent without answers, and for parties beyond the first 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<SummaryMs>,
}

impl Party {
    fn new(rcodes: &'static str) -> Self {
        Self {
            messages: 0,
            octets: 0,
            queries: 0,
            responses: 0,
            asked: 0,
            answered: 0,
            retransmitted: 0,
            unasked: 0,
            other_question: 0,
            rcodes: CodeCounts::keeping(rcodes, limits::PARTY_RCODES),
            latency: None,
            evidence: Evidence::default(),
            at_least: false,
        }
    }

    fn add(&mut self, message: &Message<'_>) {
        let is_response = message.header.is_response();
        one(&mut self.messages, true);
        self.octets = self.octets.saturating_add(message.octets().len() as u64);
        one(&mut self.queries, !is_response);
        one(&mut self.responses, is_response);
        if is_response {
            self.rcodes.add(message.rcode());
        }
    }

    fn judged(&mut self, frame: u64, outcome: &Outcome) {
        match outcome {
            Outcome::Asked => {
                one(&mut self.asked, true);
                self.evidence.add(frame);
            }
            Outcome::Retransmitted => one(&mut self.retransmitted, true),
            Outcome::AskedAnew => {
                self.retransmitted = self.retransmitted.saturating_sub(1);
                one(&mut self.asked, true);
                self.evidence.add(frame);
            }
            Outcome::Answered { .. } => one(&mut self.answered, true),
            Outcome::Unasked => one(&mut self.unasked, true),
            Outcome::OtherQuestion { .. } => one(&mut self.other_question, true),
            Outcome::AnsweredAgain { .. } | Outcome::OtherPayload { .. } | Outcome::Waiting | Outcome::Unpaired => {}
        }
    }
}

impl Parties {
    /// Nobody yet, of the list of the report with that name, each with the list of response codes with that name.
    pub fn new(list: &'static str, rcodes: &'static str, lists: &Lists) -> Self {
        Self {
            list,
            rcodes,
            table: BoundedMap::new(limits::PARTIES),
            others: Others::new(list, lists),
            recent: Recent::new(),
            distinct: Distinct::new(),
            with_percentiles: 0,
        }
    }

    /// Counts a message of a party.
    pub fn add(&mut self, address: IpAddr, seen: &Seen, message: &Message<'_>) {
        if seen.service != Service::Dns {
            return;
        }
        let room = self.with_percentiles < limits::PARTIES_WITH_PERCENTILES;
        let (may_have_been_here, rcodes) = (self.table.evicted() > 0, self.rcodes);
        let (mut is_new, mut gives_up_percentiles) = (false, false);
        let make = || {
            is_new = true;
            Party { latency: room.then(Quantiles::new), at_least: may_have_been_here, ..Party::new(rcodes) }
        };
        let gone = |_, gone: Party| gives_up_percentiles = gone.latency.is_some();
        let party = self.table.get_or_insert_near(self.recent.of(address), address, make, gone);
        self.with_percentiles = self
            .with_percentiles
            .saturating_add(usize::from(is_new && room))
            .saturating_sub(usize::from(gives_up_percentiles));
        // What is in the table was counted before.
        if is_new {
            self.distinct.add(&address);
        } else {
            self.distinct.again();
        }
        party.add(message);
        if let Some((_, other)) = self.others.entry(&address, || address, || Party::new(rcodes)) {
            other.add(message);
        }
    }

    /// Counts what a message of a party turned out to be.
    pub fn judged(&mut self, address: IpAddr, seen: &Seen, outcome: Outcome) {
        if seen.service != Service::Dns {
            return;
        }
        // One that made room in the meantime stays away.
        if let Some(party) = self.table.get_near(self.recent.of(address), &address) {
            party.judged(seen.frame, &outcome);
        }
        if let Some(other) = self.others.get_mut(&address) {
            other.judged(seen.frame, &outcome);
        }
    }

    /// Takes the time from a query to its response.
    pub fn waited(&mut self, address: IpAddr, latency: u64) {
        let party = self.table.get_near(self.recent.of(address), &address);
        if let Some(quantiles) = party.and_then(|party| party.latency.as_mut()) {
            quantiles.add(latency);
        }
    }

    /// What each of them did.
    pub fn iter(&self) -> impl Iterator<Item = Activity<'_>> {
        self.table.iter().map(|(address, party)| Activity {
            address: *address,
            queries: party.queries,
            asked: party.asked,
            responses: party.responses,
            at_least: party.at_least,
            evidence: &party.evidence,
        })
    }

    /// How many there were, and whether that is exact.
    pub fn total(&self) -> (u64, bool) {
        (self.distinct.count(), self.distinct.is_exact())
    }

    /// How many had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// The busiest ones.
    pub fn busiest(&self, lists: &mut Lists) -> Vec<PartyReport> {
        let mut all: Vec<(&IpAddr, &Party)> = self.table.iter().collect();
        all.sort_by_key(|(address, party)| (std::cmp::Reverse(party.messages), **address));
        let places = lists.place(self.list)..;
        let (total, has) = (self.distinct.count(), |address: &IpAddr| self.table.get(address).is_some());
        let listed = self.others.list(all, limits::LISTED, total, has, lists);
        places
            .zip(listed)
            .map(|(place, (address, party))| PartyReport {
                address: *address,
                messages: party.messages,
                octets: party.octets,
                queries: party.queries,
                responses: party.responses,
                asked: party.asked,
                answered: party.answered,
                retransmitted: party.retransmitted,
                unasked_responses: party.unasked,
                responses_to_another_question: party.other_question,
                rcodes: party.rcodes.list(codes::rcode, &[place], lists),
                responses_with_other_rcodes: party.rcodes.others(),
                at_least: party.at_least,
                latency: party.latency.as_ref().and_then(Quantiles::summary_ms),
            })
            .collect()
    }
}

fn one(count: &mut u64, when: bool) {
    *count = count.saturating_add(u64::from(when));
}
