//! What an analyst would want to be told. Each rule has a file; its numbers are in [`thresholds`].

mod direct;
mod forgery;
mod generated;
mod llmnr;
mod nxdomain;
mod other_question;
mod silent;
pub mod thresholds;
mod transfer;
mod tunnel;

use std::net::IpAddr;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::brief::{Brief, Outcome, Settled};
use crate::domains::Domains;
use crate::limits;
use crate::message::Message;
use crate::message::codes::response;
use crate::parties::Parties;
use crate::question::Asked;
use crate::report::RuleTables;
use crate::seen::{Seen, Service};
use crate::transactions::Transactions;

/// What the rules keep while messages come.
pub struct Watch {
    direct: direct::Watch,
    forgery: forgery::Watch,
    generated: generated::Watch,
    llmnr: llmnr::Watch,
    nxdomain: nxdomain::Watch,
    other_question: other_question::Watch,
    transfer: transfer::Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            direct: direct::Watch::new(),
            forgery: forgery::Watch::new(),
            generated: generated::Watch::new(),
            llmnr: llmnr::Watch::new(),
            nxdomain: nxdomain::Watch::new(),
            other_question: other_question::Watch::new(),
            transfer: transfer::Watch::default(),
        }
    }

    /// Takes a message when it comes.
    pub fn sees(&mut self, seen: &Seen, message: &Message<'_>) {
        if seen.service == Service::Dns {
            self.forgery.sees(seen, message);
        }
    }

    /// Takes a message that is whole, when it comes.
    pub fn take(&mut self, seen: &Seen, message: &Message<'_>, asked: &Asked, outcome: Outcome) {
        match seen.service {
            Service::Dns => {
                self.direct.take(seen, message, asked);
                let first_answer = matches!(outcome, Outcome::Answered { .. } | Outcome::Waiting);
                if first_answer && message.rcode() == response::NXDOMAIN {
                    self.nxdomain.take(seen, asked);
                    self.generated.take(seen, asked);
                }
            }
            Service::Llmnr => self.llmnr.take(seen, message, asked),
            Service::Mdns => {}
        }
    }

    /// Takes what a message turned out to be, which may be known long after it came.
    pub fn judged(&mut self, seen: &Seen, brief: &Brief, outcome: Outcome) {
        if seen.service == Service::Dns {
            self.forgery.judged(seen, brief, outcome);
            self.other_question.judged(seen, outcome);
            self.transfer.judged(seen, brief, outcome);
        }
    }

    /// Takes a query all of whose responses are known.
    pub fn settled(&mut self, settled: &Settled) {
        self.forgery.settled(settled);
    }

    /// Entries of the rules' tables that had to make room.
    pub fn evicted(&self) -> RuleTables {
        let (conflicts, response_hosts) = self.forgery.evicted();
        RuleTables {
            conflicts,
            response_hosts,
            other_questions: self.other_question.evicted(),
            nxdomain_clients: self.nxdomain.evicted(),
            generated_clients: self.generated.evicted(),
            llmnr_responders: self.llmnr.evicted(),
            name_pairs: self.direct.evicted(),
            transfers: self.transfer.evicted(),
        }
    }

    /// The findings, the gravest first, and how many there are.
    pub fn finish(
        self,
        domains: &Domains,
        servers: &Parties,
        transactions: &Transactions,
        lists: &mut Lists,
    ) -> (Vec<Finding>, u64) {
        let [conflicts, unasked, floods] = self.forgery.findings(transactions.evicted().queries);
        let rules = [
            tunnel::findings(domains),
            self.direct.findings(),
            self.generated.findings(),
            self.nxdomain.findings(),
            conflicts,
            unasked,
            floods,
            self.other_question.findings(),
            self.transfer.findings(),
            self.llmnr.findings(),
            silent::findings(servers),
        ];
        let total = rules.iter().map(|found| found.len() as u64).sum();
        (lists.findings(rules, limits::LISTED), total)
    }
}

/// Where responses come from, and whom they go to.
fn pair(server: IpAddr, client: IpAddr) -> String {
    format!("{server} to {client}")
}
