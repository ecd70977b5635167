//! Rules about probing: UDP scans that closed ports give away, and questions that only scanners ask.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::{at_least, counted};

use super::thresholds::{PROBES, UDP_SCAN_PORTS};
use crate::codes::kind;
use crate::limits;
use crate::many::{Ports, Room};
use crate::message::{Message, Version};

const UDP_SCAN: Rule = Rule {
    name: "icmp_udp_scan",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "15 or more different ports of one host reported unreachable to one other host",
    false_alarm: "A traceroute with UDP, which uses another port for each probe; answers to a client that has gone (DNS with new ports).",
};
const QUESTIONS: Rule = Rule {
    name: "icmp_timestamp_or_mask_request",
    severity: Severity::Info,
    confidence: Confidence::Medium,
    threshold: "one timestamp or address mask request or more",
    false_alarm: "Old equipment that still asks for its address mask; a scanner of one's own.",
};

/// What is kept.
pub struct Watch {
    ports: BoundedMap<(IpAddr, IpAddr), Closed>,
    room: Room,
    questions: BoundedMap<IpAddr, Evidence>,
}

#[derive(Default)]
struct Closed {
    ports: Ports,
    evidence: Evidence,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            ports: BoundedMap::new(limits::PARTIES),
            room: Room::new(limits::PORT_TABLES),
            questions: BoundedMap::new(limits::PARTIES),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.ports.evicted().saturating_add(self.questions.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64) {
        if message.version == Version::V4 && matches!(message.kind, kind::TIMESTAMP | kind::ADDRESS_MASK) {
            self.questions.get_or_insert_with(message.source, Evidence::default).0.add(frame);
        }
        let Some(quoted) = message.quoted.filter(|_| message.is_port_unreachable()) else { return };
        let Some((_, port)) = quoted.ports else { return };
        let (closed, gone) = self.ports.get_or_insert_with((quoted.source, quoted.destination), Closed::default);
        closed.evidence.add(frame);
        closed.ports.add(port, &mut self.room);
        if let Some((_, gone)) = gone {
            gone.ports.release(&mut self.room);
        }
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 2] {
        let scans = self.ports.iter().filter(|(_, closed)| closed.ports.count().value >= UDP_SCAN_PORTS);
        let scans = scans.map(|((source, target), closed)| {
            let count = closed.ports.count().or_more(self.ports.evicted() > 0);
            let observation = format!("{source} sent to {} different closed ports of {target}.", count.in_words());
            UDP_SCAN.finding(
                format!("{source} to {target}"),
                observation,
                vec![count.measure("ports")],
                &closed.evidence,
            )
        });
        let questions = self.questions.iter().filter(|(_, evidence)| evidence.total() >= PROBES);
        let questions = questions.map(|(source, evidence)| {
            let count = evidence.total();
            let gone = self.questions.evicted() > 0;
            let (least, times) = (at_least(gone), counted(count, "time"));
            let observation = format!("{source} asked {least}{times} for the time or the address mask.");
            let measure = Measure::count("requests", count).or_more(gone);
            QUESTIONS.finding(source.to_string(), observation, vec![measure], evidence)
        });
        [scans.collect(), questions.collect()]
    }
}
