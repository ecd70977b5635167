//! LLMNR responders that answer for names of others (RFC 4795 §5.1 tells the risk).

use std::collections::BTreeSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::at_least;

use super::thresholds::LLMNR_NAMES;
use crate::message::{Message, Section};
use crate::question::Asked;
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "llmnr_answers_for_many_names",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "one host answers LLMNR questions for 3 or more different names",
    false_alarm: "A host with several names, or a cluster address that stands for several services.",
};

const RESPONDERS: usize = 512;
const NAMES: usize = 64;

pub(super) struct Watch {
    responders: BoundedMap<IpAddr, Responder>,
}

#[derive(Default)]
struct Responder {
    names: BTreeSet<u64>,
    /// There were others.
    more: bool,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { responders: BoundedMap::new(RESPONDERS) }
    }

    pub(super) fn take(&mut self, seen: &Seen, message: &Message<'_>, asked: &Asked) {
        if !message.header.is_response() || message.section(Section::Answer).next().is_none() {
            return;
        }
        let (responder, _) = self.responders.get_or_insert_with(seen.source.address, Responder::default);
        let hash = asked.name.hash();
        if responder.names.len() < NAMES {
            responder.names.insert(hash);
        } else {
            responder.more |= !responder.names.contains(&hash);
        }
        responder.evidence.add(seen.frame);
    }

    /// Entries that had to make room.
    pub(super) fn evicted(&self) -> u64 {
        self.responders.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let found = self.responders.iter().filter(|(_, responder)| responder.names.len() >= LLMNR_NAMES);
        let finding = |(address, responder): (&IpAddr, &Responder)| {
            let names = responder.names.len();
            let is_least = responder.more || self.evicted() > 0;
            let observation =
                format!("{address} answered LLMNR questions for {}{names} different names.", at_least(is_least));
            RULE.finding(
                address.to_string(),
                observation,
                vec![Measure::count("names", names as u64).or_more(is_least)],
                &responder.evidence,
            )
        };
        found.map(finding).collect()
    }
}
