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

use mcpcap_analyzer::finding::{self, Finding};

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
        let rules = [
            tunnel::findings(domains),
            self.generated.findings(),
            self.nxdomain.findings(),
            self.forgery.findings(transactions.evicted() > 0),
            self.transfer.findings(),
            self.llmnr.findings(),
            silent::findings(servers),
        ];
        finding::ranked(rules, limits::FINDINGS_OF_ONE_RULE)
    }
}

fn pair(server: IpAddr, client: IpAddr) -> String {
    format!("{server} to {client}")
}
