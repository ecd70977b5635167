//! Scanners that name themselves.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::View;
use crate::limits;
use crate::message::facts::Facts;

const RULE: Rule = Rule {
    name: "sip_scanner_user_agent",
    severity: Severity::Medium,
    confidence: Confidence::High,
    threshold: "a request whose User-Agent, display name or user is that of a known scanning or attack tool",
    false_alarm: "An authorised test; sipsak and SIP probes of nmap also serve monitoring. The absence of such a name means nothing.",
};

/// Parts of names, in lower case. `friendly-scanner` is the default of SIPVicious, the others are defaults of the tools they name.
const TOOLS: [&str; 16] = [
    "friendly-scanner",
    "friendly-request",
    "sipvicious",
    "sipcli",
    "sipsak",
    "sip-scan",
    "sipscan",
    "sundayddr",
    "vaxsipuseragent",
    "pplsip",
    "iwar",
    "smap",
    "mr.sip",
    "sipptk",
    "siparmyknife",
    "gulp",
];

pub(super) struct Watch {
    clients: BoundedMap<(IpAddr, &'static str), Client>,
}

#[derive(Default)]
struct Client {
    requests: u64,
    evidence: Evidence,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { clients: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        if !view.is_new_request() {
            return;
        }
        if let Some(tool) = tool(view.facts) {
            let (client, _) = self.clients.get_or_insert_with((view.client, tool), Client::default);
            client.requests = client.requests.saturating_add(1);
            client.evidence.add(view.seen.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.clients.evicted()
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let finding = |((address, tool), client): (&(IpAddr, &'static str), &Client)| {
            RULE.finding(
                address.to_string(),
                format!("{address} sent {} that carry the name {tool}.", counted(client.requests, "request")),
                vec![Measure::count("requests", client.requests)],
                &client.evidence,
            )
        };
        self.clients.iter().map(finding).collect()
    }
}

fn tool(facts: &Facts<'_>) -> Option<&'static str> {
    let agent = facts.agent.unwrap_or_default().to_ascii_lowercase();
    let display = facts.from.display.to_ascii_lowercase();
    let named = TOOLS.into_iter().find(|tool| contains(&agent, tool.as_bytes()) || contains(&display, tool.as_bytes()));
    // The probe of nmap's service detection: OPTIONS sip:nm, From sip:nm@nm.
    let nmap = facts.from.uri.user == b"nm" && facts.from.uri.host == b"nm";
    named.or(nmap.then_some("nmap"))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
