//! Credentials that everybody on the path can read, or guess at.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::{View, pair};
use crate::limits;

const BASIC: Rule = Rule {
    name: "sip_basic_credentials",
    severity: Severity::High,
    confidence: Confidence::High,
    threshold: "a request with Basic credentials, which hold the password itself (deprecated by RFC 3261 section 22)",
    false_alarm: "A capture taken behind the end of a tunnel: then the path was protected.",
};

const DIGEST: Rule = Rule {
    name: "sip_digest_in_clear",
    severity: Severity::Info,
    confidence: Confidence::High,
    threshold: "a request with Digest credentials over an unencrypted transport: whoever reads it can try passwords offline",
    false_alarm: "Usual in closed networks, and in captures taken behind the end of a tunnel.",
};

pub(super) struct Watch {
    basic: BoundedMap<(IpAddr, IpAddr), Evidence>,
    digest: BoundedMap<(IpAddr, IpAddr), Evidence>,
}

impl Watch {
    pub(super) fn new() -> Self {
        Self { basic: BoundedMap::new(limits::PAIRS), digest: BoundedMap::new(limits::PAIRS) }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        if !view.is_new_request() {
            return;
        }
        for credentials in &view.facts.credentials {
            let pairs = match credentials.scheme {
                _ if credentials.is_basic => &mut self.basic,
                scheme if scheme.eq_ignore_ascii_case(b"digest") => &mut self.digest,
                _ => continue,
            };
            pairs.get_or_insert_with(view.pair(), Evidence::default).0.add(view.seen.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.basic.evicted().saturating_add(self.digest.evicted())
    }

    pub(super) fn findings(&self) -> [Vec<Finding>; 2] {
        let rules = [
            (&BASIC, &self.basic, "Basic credentials: the password in clear text"),
            (&DIGEST, &self.digest, "Digest credentials over an unencrypted transport"),
        ];
        rules.map(|(rule, pairs, what)| {
            let finding = |(ends, evidence): (&(IpAddr, IpAddr), &Evidence)| {
                let (many, (client, server)) = (evidence.total(), ends);
                let observation = format!("{client} sent {server} {} with {what}.", counted(many, "request"));
                rule.finding(pair(ends), observation, vec![Measure::count("requests", many)], evidence)
            };
            pairs.iter().map(finding).collect()
        })
    }
}
