//! Requests whose end two servers may see at different places.

use mcpcap_analyzer::finding::{Confidence, Finding, Rule, Severity};
use mcpcap_analyzer::text::counted;

use super::tally::Tallies;
use crate::exchange::Exchange;
use crate::message::Fault;

const RULE: Rule = Rule {
    name: "http_request_smuggling",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "a request with Content-Length and Transfer-Encoding, with several that differ, or with an odd one of either (RFC 9112 section 11.2), or of HTTP/2 with another length than its own",
    false_alarm: "Old or home-made clients; it matters where a proxy stands before the server.",
};

/// What makes two servers disagree.
const SIGNS: [Fault; 5] = [
    Fault::ContentLengthWithTransferEncoding,
    Fault::ConflictingContentLength,
    Fault::OddTransferEncoding,
    Fault::BadContentLength,
    Fault::WrongContentLength,
];

/// What is kept.
#[derive(Default)]
pub struct Watch {
    pairs: Tallies<()>,
}

impl Watch {
    pub fn take(&mut self, exchange: &Exchange) {
        let Some(request) = &exchange.request else { return };
        if SIGNS.into_iter().any(|fault| request.faults.has(fault)) {
            self.pairs.add(exchange, (), false);
        }
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    pub fn findings(&self) -> Vec<Finding> {
        self.pairs.findings(|(), tally| {
            Some((&RULE, format!("{} whose lengths contradict each other", counted(tally.requests, "request"))))
        })
    }
}
