//! What an analyst would want to be told. Each rule has a file; its numbers are in [`thresholds`].

mod credentials;
mod enumeration;
mod flood;
mod guessing;
mod prefixes;
mod private_media;
mod scanner;
mod silent;
mod sweep;
pub mod thresholds;

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Finding, lower_bounds};
use mcpcap_analyzer::stats::Lists;

use crate::limits;
use crate::message::facts::Facts;
use crate::message::sdp::Media;
use crate::seen::Seen;
use crate::transactions::{Open, Outcome};

/// What the rules keep while messages come.
pub struct Watch {
    credentials: credentials::Watch,
    enumeration: enumeration::Watch,
    flood: flood::Watch,
    guessing: guessing::Watch,
    prefixes: prefixes::Watch,
    private_media: private_media::Watch,
    scanner: scanner::Watch,
    silent: silent::Watch,
    sweep: sweep::Watch,
}

/// A message as the rules see it.
struct View<'a> {
    seen: &'a Seen,
    facts: &'a Facts<'a>,
    /// Who sent the request.
    client: IpAddr,
    /// Who is to answer it.
    server: IpAddr,
    outcome: Outcome,
}

impl View<'_> {
    /// Whether it is a request that was not sent before.
    fn is_new_request(&self) -> bool {
        self.facts.is_request() && self.outcome == Outcome::Asked
    }

    /// Whether it is a request, not sent before, that belongs to no dialog.
    fn begins(&self) -> bool {
        self.is_new_request() && self.facts.to_tag.is_none() && !self.facts.is("ACK") && !self.facts.is("CANCEL")
    }

    /// The status of a first final response, and whether its request had credentials.
    fn completed(&self) -> Option<(u16, bool)> {
        match self.outcome {
            Outcome::Answered { is_final: true, authenticated, .. } => Some((self.facts.status?, authenticated)),
            _ => None,
        }
    }

    fn pair(&self) -> (IpAddr, IpAddr) {
        (self.client, self.server)
    }
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            credentials: credentials::Watch::new(),
            enumeration: enumeration::Watch::new(),
            flood: flood::Watch::new(),
            guessing: guessing::Watch::new(),
            prefixes: prefixes::Watch::new(),
            private_media: private_media::Watch::new(),
            scanner: scanner::Watch::new(),
            silent: silent::Watch::new(),
            sweep: sweep::Watch::new(),
        }
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, facts: &Facts<'_>, media: &[Media<'_>], outcome: Outcome) {
        let (source, destination) = (seen.source.ip(), seen.destination.ip());
        let (client, server) = if facts.is_request() { (source, destination) } else { (destination, source) };
        let view = View { seen, facts, client, server, outcome };
        self.credentials.take(&view);
        self.enumeration.take(&view);
        self.flood.take(&view);
        self.guessing.take(&view);
        self.prefixes.take(&view);
        self.private_media.take(&view, media);
        self.scanner.take(&view);
        self.silent.take(&view);
        self.sweep.take(&view);
    }

    /// Takes note of any packet from a host.
    pub fn hear(&mut self, source: IpAddr) {
        self.silent.hear(source);
    }

    /// Takes a request that got no response.
    pub fn unanswered(&mut self, open: &Open) {
        self.silent.unanswered(open);
    }

    /// Entries that had to make room.
    pub fn evicted(&self) -> u64 {
        [
            self.credentials.evicted(),
            self.enumeration.evicted(),
            self.flood.evicted(),
            self.guessing.evicted(),
            self.prefixes.evicted(),
            self.private_media.evicted(),
            self.scanner.evicted(),
            self.silent.evicted(),
            self.sweep.evicted(),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// The findings that are to be listed, the gravest first, and how many there are in all.
    pub fn finish(self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let [basic, digest] = self.credentials.findings();
        let [silent, unanswered] = self.silent.findings();
        let (gone, silent_gone) = (self.credentials.evicted(), self.silent.evicted());
        let rules = [
            lower_bounds(self.guessing.findings(), self.guessing.evicted()),
            lower_bounds(self.enumeration.findings(), self.enumeration.evicted()),
            lower_bounds(self.scanner.findings(), self.scanner.evicted()),
            lower_bounds(self.flood.findings(), self.flood.evicted()),
            lower_bounds(self.prefixes.findings(), self.prefixes.evicted()),
            lower_bounds(self.sweep.findings(), self.sweep.evicted()),
            lower_bounds(basic, gone),
            lower_bounds(digest, gone),
            lower_bounds(silent, silent_gone),
            lower_bounds(unanswered, silent_gone),
            lower_bounds(self.private_media.findings(), self.private_media.evicted()),
        ];
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), total)
    }
}

fn pair((client, server): &(IpAddr, IpAddr)) -> String {
    format!("{client} to {server}")
}
