//! Zone transfers (RFC 5936, RFC 1995): who asked whom, and what came.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::pair;
use crate::brief::{Brief, Outcome};
use crate::message::codes::{self, kind, response};
use crate::seen::Seen;

const RULE: Rule = Rule {
    name: "dns_zone_transfer",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "an AXFR or IXFR question, or a response to one; severity is low when no records came",
    false_alarm: "Secondary name servers fetch their zones in this way. It is a leak only when the client is not one of them.",
};

/// Pairs of ends and zones that are followed.
const TRANSFERS: usize = 64;

#[derive(Default)]
pub(super) struct Watch {
    transfers: Vec<Transfer>,
    evicted: u64,
}

struct Transfer {
    client: IpAddr,
    server: IpAddr,
    /// A hash of the zone; none when responses left it out and no query was seen.
    zone: Option<u64>,
    kind: u16,
    requests: u64,
    messages: u64,
    records: u64,
    rcode: Option<u16>,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn judged(&mut self, seen: &Seen, brief: &Brief, outcome: Outcome) {
        let of_query = match outcome {
            Outcome::Answered { kind } | Outcome::AnsweredAgain { kind, .. } => kind,
            _ => None,
        };
        let Some(kind) = brief.topic.kind().or(of_query).filter(|kind| matches!(*kind, kind::AXFR | kind::IXFR)) else {
            return;
        };
        let is_response = brief.is_response;
        let (client, server) = seen.parties(is_response);
        let zone = brief.topic.name();
        let same = |transfer: &Transfer| {
            transfer.client == client
                && transfer.server == server
                && transfer.kind == kind
                && (zone.is_none() || transfer.zone == zone)
        };
        let at = match self.transfers.iter().rposition(same) {
            Some(at) => at,
            None if self.transfers.len() < TRANSFERS => {
                let evidence = Evidence::default();
                self.transfers.push(Transfer {
                    client,
                    server,
                    zone,
                    kind,
                    requests: 0,
                    messages: 0,
                    records: 0,
                    rcode: None,
                    evidence,
                });
                self.transfers.len().saturating_sub(1)
            }
            None => {
                self.evicted = self.evicted.saturating_add(1);
                return;
            }
        };
        let Some(transfer) = self.transfers.get_mut(at) else { return };
        transfer.evidence.add(seen.frame);
        if is_response {
            transfer.messages = transfer.messages.saturating_add(1);
            transfer.records = transfer.records.saturating_add(brief.answers);
            transfer.rcode = Some(brief.rcode);
        } else {
            transfer.requests = transfer.requests.saturating_add(1);
        }
    }

    /// Messages of transfers for which there was no place.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |transfer: &Transfer| {
            let what = codes::record_type(transfer.kind);
            let came = match transfer.rcode {
                None => "no response".to_owned(),
                Some(response::NOERROR) => {
                    format!("{} in {}", counted(transfer.records, "record"), counted(transfer.messages, "message"))
                }
                Some(code) => format!("the response code {}", codes::rcode(code)),
            };
            let observation = format!(
                "{} asked {} for a zone: {}; {came}.",
                transfer.client,
                transfer.server,
                match transfer.requests {
                    0 => format!("the {what} request was not captured"),
                    requests => counted(requests, &format!("{what} request")),
                }
            );
            let measures = vec![
                Measure::count("requests", transfer.requests),
                Measure::count("messages", transfer.messages),
                Measure::count("records", transfer.records),
            ];
            // One SOA alone says that nothing is new (RFC 1995 §2).
            let severity = if transfer.records > 1 { RULE.severity } else { Severity::Low };
            let subject = pair(transfer.server, transfer.client);
            Finding { severity, ..RULE.finding(subject, observation, measures, &transfer.evidence) }
        };
        self.transfers.iter().map(finding).collect()
    }
}
