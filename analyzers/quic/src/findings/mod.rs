//! What an analyst would want to be told.

mod blocked;
mod handshakes;
mod rules;

use std::collections::BTreeMap;

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, Rule, lower_bounds};
use mcpcap_analyzer::numbers::rounded;
use mcpcap_analyzer::stats::{BoundedMap, Lists};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::text::counted;

use crate::facts::{Facts, Mark};
use crate::fault::Fault;
use crate::limits;
use crate::out::Asked;
use crate::packet::version;

/// What can be seen in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum What {
    Obsolete(u32),
    Retry,
    Negotiation,
    Amplification,
}

impl What {
    fn rule(self) -> &'static Rule {
        match self {
            Self::Obsolete(_) => &rules::OBSOLETE,
            Self::Retry => &rules::FORGED_RETRY,
            Self::Negotiation => &rules::FORGED_NEGOTIATION,
            Self::Amplification => &rules::AMPLIFYING,
        }
    }
}

/// How often it was seen of a server.
#[derive(Default)]
struct Tally {
    connections: u64,
    /// Of amplification, bytes of client and server where their ratio was largest.
    bytes: (u64, u64),
    evidence: Evidence,
}

/// What is kept.
pub struct Watch {
    seen: BoundedMap<(What, Endpoint), Tally>,
    handshakes: handshakes::Handshakes,
    blocked: blocked::Blocked,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            seen: BoundedMap::new(limits::PARTIES),
            handshakes: handshakes::Handshakes::new(),
            blocked: blocked::Blocked::new(),
        }
    }

    /// Takes a client's first packet.
    pub fn asked(&mut self, asked: &Asked) {
        self.blocked.asked(asked);
    }

    /// Takes a TCP segment with SYN; `is_answer`: with ACK.
    pub fn syn(&mut self, source: Endpoint, destination: Endpoint, is_answer: bool, mark: Mark) {
        self.blocked.syn(source, destination, is_answer, mark);
    }

    /// Takes a connection.
    pub fn take(&mut self, facts: &Facts) {
        self.handshakes.take(facts);
        self.blocked.take(facts);
        if facts.is_obsolete() {
            self.add(What::Obsolete(facts.version()), facts, facts.first.frame);
        }
        for (fault, frame) in &facts.faults {
            match fault {
                Fault::RetryTag => self.add(What::Retry, facts, *frame),
                Fault::NegotiationListsVersion => self.add(What::Negotiation, facts, *frame),
                _ => {}
            }
        }
        if facts.amplification().is_some() {
            self.add(What::Amplification, facts, facts.first.frame);
        }
    }

    fn add(&mut self, what: What, facts: &Facts, frame: u64) {
        let (tally, _) = self.seen.get_or_insert_with((what, facts.server), Tally::default);
        tally.connections = tally.connections.saturating_add(1);
        tally.evidence.add(frame);
        if let Some(bytes) = facts.amplification().filter(|bytes| ratio(*bytes) > ratio(tally.bytes)) {
            tally.bytes = bytes;
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        [self.seen.evicted(), self.handshakes.evicted(), self.blocked.evicted()]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// The findings that are to be listed, the gravest first, and how many there are in all.
    pub fn finish(&self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let mut by_rule: BTreeMap<&'static str, Vec<Finding>> = BTreeMap::new();
        for ((what, server), tally) in self.seen.iter() {
            by_rule.entry(what.rule().name).or_default().push(finding(*what, *server, tally));
        }
        let handshakes = self.handshakes.findings(|client| self.blocked.has(client));
        let others = handshakes.into_iter().chain([self.blocked.findings()]);
        let seen = by_rule.into_values().map(|found| lower_bounds(found, self.seen.evicted()));
        let rules: Vec<Vec<Finding>> = seen.chain(others).collect();
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), total)
    }
}

/// How many times the first number the second one is.
fn ratio((client, server): (u64, u64)) -> f64 {
    if client == 0 { 0.0 } else { rounded(server as f64 / client as f64, 1) }
}

fn finding(what: What, server: Endpoint, tally: &Tally) -> Finding {
    let times = counted(tally.connections, "connection");
    let mut measures = vec![Measure::count("connections", tally.connections)];
    let observation = match what {
        What::Obsolete(code) => format!("{times} with {server} of {}.", version::name(code)),
        What::Retry => format!("A Retry in the name of {server} has a tag that does not fit, in {times}."),
        What::Negotiation => {
            format!("Version negotiation in the name of {server} lists the version that was asked for, in {times}.")
        }
        What::Amplification => {
            let (client, sent) = tally.bytes;
            measures.extend([
                Measure::count("client_bytes", client),
                Measure::count("server_bytes", sent),
                Measure::new("ratio", ratio(tally.bytes)),
            ]);
            format!(
                "{server} sent up to {} times what it had got from a client that had not proved its address, in {times}.",
                ratio(tally.bytes)
            )
        }
    };
    what.rule().finding(server.to_string(), observation, measures, &tally.evidence)
}
