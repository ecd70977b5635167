//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod agents;
mod credentials;
mod executables;
mod fronting;
mod guessing;
mod health;
mod injection;
mod regular;
mod resets;
mod searching;
mod smuggling;
mod tally;
pub mod thresholds;
mod tunnels;
mod uploads;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::exchange::Exchange;
use crate::limits;

/// What the rules keep.
pub struct Watch {
    agents: agents::Watch,
    credentials: credentials::Watch,
    executables: executables::Watch,
    fronting: fronting::Watch,
    guessing: guessing::Watch,
    health: health::Watch,
    injection: injection::Watch,
    regular: regular::Watch,
    resets: resets::Watch,
    searching: searching::Watch,
    smuggling: smuggling::Watch,
    tunnels: tunnels::Watch,
    uploads: uploads::Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            agents: agents::Watch::default(),
            credentials: credentials::Watch::default(),
            executables: executables::Watch::new(),
            fronting: fronting::Watch::new(),
            guessing: guessing::Watch::new(),
            health: health::Watch::new(),
            injection: injection::Watch::default(),
            regular: regular::Watch::new(),
            resets: resets::Watch::new(),
            searching: searching::Watch::new(),
            smuggling: smuggling::Watch::default(),
            tunnels: tunnels::Watch::default(),
            uploads: uploads::Watch::new(),
        }
    }

    /// Takes an exchange.
    pub fn take(&mut self, exchange: &Exchange) {
        self.agents.take(exchange);
        self.credentials.take(exchange);
        self.executables.take(exchange);
        self.fronting.take(exchange);
        self.guessing.take(exchange);
        self.health.take(exchange);
        self.injection.take(exchange);
        self.regular.take(exchange);
        self.resets.take(exchange);
        self.searching.take(exchange);
        self.smuggling.take(exchange);
        self.tunnels.take(exchange);
        self.uploads.take(exchange);
    }

    /// Entries of the rules' tables that had to make room.
    pub fn evicted(&self) -> u64 {
        [
            self.agents.evicted(),
            self.credentials.evicted(),
            self.executables.evicted(),
            self.fronting.evicted(),
            self.guessing.evicted(),
            self.health.evicted(),
            self.injection.evicted(),
            self.regular.evicted(),
            self.resets.evicted(),
            self.searching.evicted(),
            self.smuggling.evicted(),
            self.tunnels.evicted(),
            self.uploads.evicted(),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// The findings that are to be listed, the gravest first, and how many there are in all.
    pub fn finish(&self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let rules: Vec<Vec<Finding>> = [self.agents.findings(), self.credentials.findings()]
            .into_iter()
            .flatten()
            .chain(self.executables.findings())
            .chain([self.fronting.findings(), self.guessing.findings()])
            .chain(self.health.findings())
            .chain(self.injection.findings())
            .chain([
                self.regular.findings(),
                self.resets.findings(),
                self.searching.findings(),
                self.smuggling.findings(),
            ])
            .chain(self.tunnels.findings())
            .chain([self.uploads.findings()])
            .collect();
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), total)
    }
}
