//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod echoes;
mod neighbours;
mod probing;
mod routing;
pub mod thresholds;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::echo::{Echoes, Outcome};
use crate::errors::Errors;
use crate::limits;
use crate::message::Message;
use crate::neighbours::Neighbours;
use crate::paths::PathReport;

/// What the rules keep while messages come.
pub struct Watch {
    echoes: echoes::Watch,
    probing: probing::Watch,
    neighbours: neighbours::Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { echoes: echoes::Watch::new(), probing: probing::Watch::new(), neighbours: neighbours::Watch::new() }
    }

    /// Entries of tables that made room.
    pub fn evicted(&self) -> u64 {
        self.echoes.evicted().saturating_add(self.probing.evicted()).saturating_add(self.neighbours.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, time: Option<u64>, outcome: Option<Outcome>) {
        self.echoes.take(message, frame, outcome);
        self.probing.take(message, frame);
        self.neighbours.take(message, frame, time);
    }

    /// Findings, the gravest first; and how many there are in all.
    pub fn finish(
        &mut self,
        echoes: &Echoes,
        errors: &Errors,
        neighbours: &Neighbours,
        (paths, paths_evicted): (&[PathReport], u64),
        lists: &mut Lists,
    ) -> (Vec<Finding>, u64) {
        let rules = self.echoes.findings(echoes).into_iter();
        let routing = routing::findings(errors, neighbours, paths, paths_evicted);
        let rules = rules.chain(routing).chain(self.probing.findings());
        let rules: Vec<_> = rules.chain([self.neighbours.findings()]).collect();
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::LIST_ENTRIES), total)
    }
}
