//! The interfaces that packets and their copies came over.

use std::collections::{BTreeMap, BTreeSet};

use crate::Frame;
use crate::stats::Distinct;
use crate::text::printable;

/// Interfaces, and names of them, that are kept.
pub(super) const KEPT: usize = 65_536;
/// Characters of an interface's name.
const NAME_MOST: usize = 64;

/// Interfaces in the order of their first appearance.
#[derive(Default)]
pub(super) struct Interfaces {
    /// Names of the links that had packets, by index.
    names: BTreeMap<u32, Box<str>>,
    /// The link of the last packet.
    last: Option<u32>,
    /// Link index and number of each.
    kept: Vec<(u32, u32)>,
    known: BTreeSet<(u32, u32)>,
    /// All of them, when there were more.
    all: Option<Box<Distinct>>,
}

impl Interfaces {
    /// Learns the name of the link that a frame came over.
    pub fn named(&mut self, frame: &Frame<'_>) {
        if self.last.replace(frame.link_index) == Some(frame.link_index) || self.names.len() >= KEPT {
            return;
        }
        if let Some(name) = &frame.link.name {
            let name = || printable(name.as_bytes(), NAME_MOST).into();
            self.names.entry(frame.link_index).or_insert_with(name);
        }
    }

    /// Adds one by its link's index and its number, which is 0 where it has none.
    pub fn add(&mut self, interface: (u32, u32)) {
        if self.known.contains(&interface) {
            return;
        }
        if self.kept.len() < KEPT {
            self.known.insert(interface);
            self.kept.push(interface);
            return;
        }
        let all = self.all.get_or_insert_with(|| {
            let mut all = Distinct::small();
            self.kept.iter().for_each(|kept| {
                all.add(kept);
            });
            Box::new(all)
        });
        all.add(&interface);
    }

    /// Those that are kept.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        self.kept.iter().copied()
    }

    /// How many there were, when there were more than are kept.
    pub fn total(&self) -> Option<u64> {
        self.all.as_ref().map(|all| all.count().max((KEPT as u64).saturating_add(1)))
    }

    /// The name of one.
    pub fn name(&self, (link_index, number): (u32, u32)) -> String {
        match self.names.get(&link_index) {
            _ if number != 0 => format!("interface {number}"),
            Some(name) => String::from(&**name),
            None => format!("interface {link_index}"),
        }
    }
}
