//! What an analyst would want to be told. Each rule has a file; its numbers are in [`thresholds`].

mod forgery;
mod generated;
mod llmnr;
mod nxdomain;
mod silent;
pub mod thresholds;
mod transfer;
mod tunnel;

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Severity};

use crate::domains::Domains;
use crate::limits;
use crate::message::Message;
use crate::message::codes::response;
use crate::parties::Parties;
use crate::question::Asked;
use crate::seen::{Seen, Service};
use crate::transactions::{Outcome, Transactions};

/// What the rules keep while messages come.
pub struct Watch {
    forgery: forgery::Watch,
    generated: generated::Watch,
    llmnr: llmnr::Watch,
    nxdomain: nxdomain::Watch,
    transfer: transfer::Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            forgery: forgery::Watch::new(),
            generated: generated::Watch::new(),
            llmnr: llmnr::Watch::new(),
            nxdomain: nxdomain::Watch::new(),
            transfer: transfer::Watch::default(),
        }
    }

    /// Takes a message. `domain` is the registered domain of the question.
    pub fn take(
        &mut self,
        seen: &Seen,
        message: &Message<'_>,
        asked: Option<&Asked>,
        domain: Option<&str>,
        outcome: Outcome,
    ) {
        match seen.service {
            Service::Dns => {
                self.forgery.take(seen, message, outcome);
                self.transfer.take(seen, message, asked, outcome);
                let first_answer = matches!(outcome, Outcome::Answered { .. } | Outcome::Unasked);
                if first_answer
                    && message.header.is_response()
                    && message.rcode() == response::NXDOMAIN
                    && let Some((asked, domain)) = asked.zip(domain)
                {
                    self.nxdomain.take(seen, asked);
                    self.generated.take(seen, domain);
                }
            }
            Service::Llmnr => self.llmnr.take(seen, message, asked),
            Service::Mdns => {}
        }
    }

    /// All findings, the gravest first.
    pub fn finish(self, domains: &Domains, servers: &Parties, transactions: &Transactions) -> Vec<Finding> {
        let mut all = Vec::new();
        for mut of_rule in [
            tunnel::findings(domains),
            self.generated.findings(),
            self.nxdomain.findings(),
            self.forgery.findings(transactions.evicted() > 0),
            self.transfer.findings(),
            self.llmnr.findings(),
            silent::findings(servers),
        ] {
            of_rule.sort_by(|a, b| {
                (a.rule, std::cmp::Reverse(a.frames_total)).cmp(&(b.rule, std::cmp::Reverse(b.frames_total)))
            });
            of_rule.truncate(limits::FINDINGS_OF_ONE_RULE);
            all.extend(of_rule);
        }
        all.sort_by(|a, b| {
            let key = |finding: &Finding| {
                (std::cmp::Reverse(finding.severity), finding.rule, std::cmp::Reverse(finding.frames_total))
            };
            (key(a), &a.subject).cmp(&(key(b), &b.subject))
        });
        all
    }
}

/// The fixed parts of a rule's findings.
struct Rule {
    name: &'static str,
    severity: Severity,
    confidence: Confidence,
    threshold: &'static str,
    false_alarm: &'static str,
}

impl Rule {
    fn finding(&self, subject: String, observation: String, measures: Vec<Measure>, evidence: &Evidence) -> Finding {
        // Messages that waited for their other direction are taken later than their frames came.
        let mut frames = evidence.frames().to_vec();
        frames.sort_unstable();
        frames.dedup();
        Finding {
            rule: self.name,
            subject,
            severity: self.severity,
            confidence: self.confidence,
            observation,
            measures,
            threshold: self.threshold,
            frames,
            frames_total: evidence.total(),
            false_alarm: self.false_alarm,
        }
    }
}

fn measure(name: &'static str, value: impl Into<f64>) -> Measure {
    Measure { name, value: value.into() }
}

fn count(name: &'static str, value: u64) -> Measure {
    Measure { name, value: value as f64 }
}

fn pair(server: IpAddr, client: IpAddr) -> String {
    format!("{server} to {client}")
}
