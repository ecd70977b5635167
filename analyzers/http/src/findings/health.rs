//! Servers that fail, are slow or do not answer.

use std::net::SocketAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::thresholds::{FAILURES, FAILURES_PERCENT, SLOW};
use crate::exchange::Exchange;
use crate::limits;
use crate::message::Fault;

const ERRORS: Rule = Rule {
    name: "http_server_errors",
    severity: Severity::Low,
    confidence: Confidence::High,
    threshold: "5 or more responses of one server with status 500 and above, 10 % of all",
    false_alarm: "Scanners provoke errors that nobody else sees.",
};
const SLOWNESS: Rule = Rule {
    name: "http_slow_server",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "5 or more responses of one server that began 3 s or more after the request, 10 % of all",
    false_alarm: "Long polling and large reports are slow by design.",
};
const SILENCE: Rule = Rule {
    name: "http_unanswered_requests",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "5 or more requests to one server without a response in the capture, 10 % of all, where others have responses",
    false_alarm: "A capture that ends early, lacks packets or one direction; long polling.",
};
/// In place of a rule that cannot be applied.
const NOTHING: Rule = Rule { name: "", ..SILENCE };
const CUT: Rule = Rule {
    name: "http_cut_responses",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "5 or more responses of one server whose connection ended before their end, 10 % of all",
    false_alarm: "People who leave a page, players that skip.",
};

#[derive(Default)]
struct Server {
    requests: u64,
    failures: [(u64, Evidence); 4],
}

/// What is kept.
pub struct Watch {
    servers: BoundedMap<SocketAddr, Server>,
    has_responses: bool,
}

impl Watch {
    pub fn new() -> Self {
        Self { servers: BoundedMap::new(limits::PARTIES), has_responses: false }
    }

    pub fn take(&mut self, exchange: &Exchange) {
        self.has_responses |= exchange.response.is_some();
        if exchange.request.is_none() {
            return;
        }
        let (server, _) = self.servers.get_or_insert_with(exchange.server, Server::default);
        server.requests = server.requests.saturating_add(1);
        let response = exchange.response.as_ref();
        let is_failure = [
            exchange.status().is_some_and(|status| status >= 500),
            exchange.waited().is_some_and(|waited| waited >= SLOW),
            response.is_none(),
            response.is_some_and(|response| response.faults.has(Fault::CutMessage)),
        ];
        for (failure, is_one) in server.failures.iter_mut().zip(is_failure) {
            if is_one {
                failure.0 = failure.0.saturating_add(1);
                failure.1.add(exchange.frame());
            }
        }
    }

    pub fn evicted(&self) -> u64 {
        self.servers.evicted()
    }

    pub fn findings(&self) -> Vec<Vec<Finding>> {
        // A capture of one direction lacks all responses.
        let silence = if self.has_responses { &SILENCE } else { &NOTHING };
        let rules = [
            (&ERRORS, "answered", "with status 500 and above"),
            (&SLOWNESS, "answered", "3 s or more later"),
            (silence, "did not answer", "in this capture"),
            (&CUT, "answered", "with a response that was cut"),
        ];
        let of = |(nth, (rule, did, how)): (usize, (&Rule, &str, &str))| {
            let found = |(address, server): (&SocketAddr, &Server)| {
                let (count, evidence) = server.failures.get(nth)?;
                let is_one = *count >= FAILURES
                    && count.saturating_mul(100) >= server.requests.saturating_mul(FAILURES_PERCENT)
                    && !rule.name.is_empty();
                let observation = format!("{address} {did} {count} of {} {how}.", counted(server.requests, "request"));
                let measures = vec![Measure::count("failures", *count), Measure::count("requests", server.requests)];
                is_one.then(|| rule.finding(address.to_string(), observation, measures, evidence))
            };
            lower_bounds(self.servers.iter().filter_map(found).collect(), self.evicted())
        };
        rules.into_iter().enumerate().map(of).collect()
    }
}
