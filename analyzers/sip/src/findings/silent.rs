//! Servers that never answer.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;

use super::View;
use super::thresholds::SILENT_REQUESTS;
use crate::limits;

const RULE: Rule = Rule {
    name: "sip_silent_server",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "5 or more requests (without ACK and retransmissions) to a host that sends no SIP message in the whole capture",
    false_alarm: "A capture of one direction, or one that ends too early; an address that was never a server.",
};

pub(super) struct Watch {
    servers: BoundedMap<IpAddr, Server>,
}

#[derive(Default)]
struct Server {
    requests: u64,
    speaks: bool,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { servers: BoundedMap::new(limits::PARTIES) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        self.servers.get_or_insert_with(view.seen.source.ip(), Server::default).0.speaks = true;
        if view.is_new_request() && !view.facts.is("ACK") {
            let (server, _) = self.servers.get_or_insert_with(view.server, Server::default);
            server.requests = server.requests.saturating_add(1);
            server.evidence.add(view.seen.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.servers.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        // Who made room may have spoken before.
        if self.evicted() > 0 {
            return Vec::new();
        }
        let silent = |server: &Server| server.requests >= SILENT_REQUESTS && !server.speaks;
        let finding = |(address, server): (&IpAddr, &Server)| {
            RULE.finding(
                address.to_string(),
                format!("{} requests, and no message back.", server.requests),
                vec![Measure::count("requests", server.requests)],
                &server.evidence,
            )
        };
        self.servers.iter().filter(|(_, server)| silent(server)).map(finding).collect()
    }
}
