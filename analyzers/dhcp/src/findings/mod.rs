//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod clients;
mod servers;
pub mod thresholds;

use std::fmt;
use std::net::IpAddr;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::limits;
use crate::seen::{Family, Seen};

/// A segment for one family.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Place {
    family: Family,
    vlan: Option<u16>,
    relay: Option<IpAddr>,
}

fn place(seen: &Seen) -> Place {
    Place { family: seen.family, vlan: seen.segment.vlan, relay: seen.segment.relay }
}

/// For example "on VLAN 5" or "behind relay 192.0.2.1".
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.relay, self.vlan) {
            (Some(relay), _) => write!(f, "behind relay {relay}"),
            (None, Some(vlan)) => write!(f, "on VLAN {vlan}"),
            (None, None) => write!(f, "on the captured link"),
        }
    }
}

/// What the rules keep while messages come.
pub struct Watch {
    servers: servers::Watch,
    clients: clients::Watch,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { servers: servers::Watch::new(), clients: clients::Watch::new() }
    }

    /// Entries of tables that made room.
    pub fn evicted(&self) -> u64 {
        self.servers.evicted().saturating_add(self.clients.evicted())
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        self.servers.take(seen);
        self.clients.take(seen);
    }

    /// Findings, the gravest first; and how many there are in all.
    pub fn finish(&self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let rules: Vec<_> = self.servers.findings().into_iter().chain(self.clients.findings()).collect();
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), total)
    }
}
