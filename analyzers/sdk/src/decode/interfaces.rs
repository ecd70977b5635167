//! The interfaces that packets and their copies came over.

use std::collections::BTreeMap;

use crate::Frame;
use crate::stats::{Lists, Unique};
use crate::text::printable;

/// Interfaces that are listed in the order of their appearance, and names of interfaces that are kept.
pub(super) const KEPT: usize = 65_536;
/// Interfaces that the report names.
const NAMED: usize = 32;
/// Their list.
pub(super) const LIST: &str = "copies.interfaces";
/// Characters of an interface's name.
const NAME_MOST: usize = 64;

/// Interfaces.
pub(super) struct Interfaces {
    /// Names of the links that had packets, by index.
    names: BTreeMap<u32, Box<str>>,
    /// The link of the last packet.
    last: Option<u32>,
    /// Link index and number of each.
    unique: Unique<(u32, u32)>,
}

impl Interfaces {
    /// None yet; `lists` tells which will be listed.
    pub fn new(lists: &Lists) -> Self {
        Self { names: BTreeMap::new(), last: None, unique: Unique::new(LIST, NAMED, KEPT, lists) }
    }

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
        self.unique.add(&interface, || interface);
    }

    /// The names of those that are listed.
    pub fn list(&self, lists: &mut Lists) -> Vec<String> {
        self.unique.list(lists).into_iter().map(|interface| self.name(interface)).collect()
    }

    /// How many there were, when that is an estimate.
    pub fn total(&self) -> Option<u64> {
        (!self.unique.is_exact()).then(|| self.unique.count())
    }

    fn name(&self, (link_index, number): (u32, u32)) -> String {
        match self.names.get(&link_index) {
            _ if number != 0 => format!("interface {number}"),
            Some(name) => String::from(&**name),
            None => format!("interface {link_index}"),
        }
    }
}
