//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

pub mod beacons;
mod floods;
mod habits;
mod many;
mod probe;
pub mod scans;
pub mod thresholds;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::flow::{Contact, Flow};
use crate::key::Key;
use crate::limits;
use crate::table::Ended;
use crate::top::Talkers;

/// What the rules keep.
pub struct Watch {
    scans: scans::Watch,
    floods: floods::Watch,
    beacons: beacons::Watch,
    habits: habits::Watch,
}

/// What the rules found.
pub struct Found {
    /// The findings that are to be listed, the gravest first.
    pub findings: Vec<Finding>,
    /// Scans and sweeps.
    pub scans: Vec<scans::ScanReport>,
    /// Regular contacts.
    pub beacons: Vec<beacons::BeaconReport>,
}

impl Watch {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            scans: scans::Watch::new(lists),
            floods: floods::Watch::new(),
            beacons: beacons::Watch::new(lists),
            habits: habits::Watch::default(),
        }
    }

    /// Entries of tables that made room, or found none.
    pub fn evicted(&self) -> u64 {
        let evicted = [self.scans.evicted(), self.floods.evicted(), self.beacons.evicted(), self.habits.left_out()];
        evicted.into_iter().fold(0, u64::saturating_add)
    }

    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        self.scans.ended(ended);
        self.floods.ended(ended);
        self.habits.ended(ended);
    }

    /// Takes a contact of a flow.
    pub fn contact(&mut self, key: &Key, flow: &Flow, contact: Contact) {
        self.beacons.contact(key, flow, contact);
    }

    /// What was found.
    pub fn finish(mut self, talkers: &Talkers, digits: u8, lists: &mut Lists) -> Found {
        let (scanned, scans) = self.scans.finish(digits, lists);
        let (beaconing, beacons) = self.beacons.finish(digits, lists);
        let rules = scanned.into_iter().chain(self.floods.findings()).chain([beaconing]);
        let rules = rules.chain(self.habits.findings(talkers.pairs()));
        Found { findings: lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), scans, beacons }
    }
}
