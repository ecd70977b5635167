//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod echoes;
mod probing;
mod routing;
pub mod thresholds;

use mcpcap_analyzer::finding::{self, Finding};

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
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { echoes: echoes::Watch::new(), probing: probing::Watch::new() }
    }

    /// Entries of tables that made room.
    pub fn evicted(&self) -> u64 {
        self.echoes.evicted().saturating_add(self.probing.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, message: &Message<'_>, frame: u64, outcome: Option<Outcome>) {
        self.echoes.take(message, frame, outcome);
        self.probing.take(message, frame);
    }

    /// All findings, the gravest first.
    pub fn finish(
        &self,
        echoes: &Echoes,
        errors: &Errors,
        neighbours: &Neighbours,
        paths: &[PathReport],
    ) -> Vec<Finding> {
        let rules = self.echoes.findings(echoes).into_iter();
        let rules = rules.chain(routing::findings(errors, neighbours, paths)).chain(self.probing.findings());
        finding::ranked(rules, limits::FINDINGS_OF_ONE_RULE)
    }
}
