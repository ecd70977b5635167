//! How many different ones there were, for many parties at once, in bounded memory.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Evidence, Measure};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};
use mcpcap_analyzer::text::at_least;

use crate::limits;

/// A number, and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Number {
    /// Its value.
    pub value: u64,
    /// What it is worth.
    pub worth: Worth,
}

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Worth {
    /// It is right.
    #[default]
    Exact,
    /// An estimate with a standard error of 0.8 % ([`Distinct`]).
    Estimate,
    /// There was no room to count further.
    AtLeast,
}

impl Number {
    /// An exact number as a lower bound, where others made room: who comes again is counted anew.
    #[must_use]
    pub fn or_more(self, others_made_room: bool) -> Self {
        let worth = if others_made_room && self.worth == Worth::Exact { Worth::AtLeast } else { self.worth };
        Self { worth, ..self }
    }

    /// For example `20`, `at least 64`.
    pub fn in_words(self) -> String {
        match self.worth {
            Worth::Estimate => format!("about {} (standard error 0.8 %)", self.value),
            Worth::Exact | Worth::AtLeast => format!("{}{}", at_least(self.worth == Worth::AtLeast), self.value),
        }
    }

    /// The measure.
    pub fn measure(self, name: &'static str) -> Measure {
        Measure::count(name, self.value).or_more(self.worth == Worth::AtLeast)
    }
}

/// How many parties of a rule may still have a large table.
pub struct Room(usize);

impl Room {
    /// Room for so many.
    pub fn new(tables: usize) -> Self {
        Self(tables)
    }
}

/// Different values: exact while few, then with a table of their own as far as there is room for one.
#[derive(Default)]
pub struct Many {
    few: BTreeSet<u64>,
    table: Option<Box<Distinct>>,
    is_full: bool,
}

impl Many {
    /// Counts a value, unless it was there before.
    pub fn add(&mut self, value: &(impl Hash + ?Sized), room: &mut Room) {
        let hash = foldhash::fast::FixedState::default().hash_one(value);
        if let Some(table) = &mut self.table {
            table.add(&hash);
            return;
        }
        if self.is_full || self.few.contains(&hash) {
            return;
        }
        if self.few.len() < limits::FEW {
            self.few.insert(hash);
        } else if room.0 > 0 {
            room.0 = room.0.saturating_sub(1);
            let table = self.table.insert(Box::default());
            std::mem::take(&mut self.few).iter().chain([&hash]).for_each(|hash| {
                table.add(hash);
            });
        } else {
            self.is_full = true;
        }
    }

    /// Gives the room of its table back.
    pub fn release(&mut self, room: &mut Room) {
        room.0 = room.0.saturating_add(self.table.take().is_some().into());
        *self = Self::default();
    }

    /// How many there were.
    pub fn count(&self) -> Number {
        match &self.table {
            None if self.is_full => Number { value: self.few.len() as u64, worth: Worth::AtLeast },
            None => Number { value: self.few.len() as u64, worth: Worth::Exact },
            Some(table) if table.is_exact() => Number { value: table.count(), worth: Worth::Exact },
            Some(table) => Number { value: table.count(), worth: Worth::Estimate },
        }
    }
}

/// The others of a party.
#[derive(Default)]
pub struct Crowd {
    hosts: Many,
    /// Messages between the party and them.
    pub messages: u64,
    /// Their frames.
    pub evidence: Evidence,
}

impl Crowd {
    /// How many different ones there are.
    pub fn hosts(&self) -> Number {
        self.hosts.count()
    }
}

/// Parties, each with its crowd.
pub struct Crowds {
    parties: BoundedMap<IpAddr, Crowd>,
    room: Room,
}

impl Crowds {
    /// Nobody yet.
    pub fn new() -> Self {
        Self { parties: BoundedMap::new(limits::PARTIES), room: Room::new(limits::LARGE_TABLES) }
    }

    /// Takes a message between a party and another.
    pub fn add(&mut self, party: IpAddr, other: IpAddr, frame: u64) {
        let (crowd, gone) = self.parties.get_or_insert_with(party, Crowd::default);
        crowd.messages = crowd.messages.saturating_add(1);
        crowd.evidence.add(frame);
        crowd.hosts.add(&other, &mut self.room);
        if let Some((_, mut gone)) = gone {
            gone.hosts.release(&mut self.room);
        }
    }

    /// All parties.
    pub fn iter(&self) -> impl Iterator<Item = (&IpAddr, &Crowd)> {
        self.parties.iter()
    }

    /// Parties that made room.
    pub fn evicted(&self) -> u64 {
        self.parties.evicted()
    }
}

/// Different numbers of 16 bits: a list while few, then one bit for each as far as there is room.
#[derive(Default)]
pub struct Ports {
    few: Vec<u16>,
    bits: Vec<u64>,
    count: u64,
    is_full: bool,
}

impl Ports {
    /// Counts a port, unless it was there before.
    pub fn add(&mut self, port: u16, room: &mut Room) {
        if self.bits.is_empty() {
            match self.few.binary_search(&port) {
                Ok(_) => return,
                Err(place) if self.few.len() < limits::FEW => {
                    self.few.insert(place, port);
                    self.count = self.count.saturating_add(1);
                    return;
                }
                Err(_) if room.0 == 0 => {
                    self.is_full = true;
                    return;
                }
                Err(_) => {
                    room.0 = room.0.saturating_sub(1);
                    self.bits = vec![0; 1024];
                    self.count = 0;
                    std::mem::take(&mut self.few).into_iter().for_each(|known| self.set(known));
                }
            }
        }
        self.set(port);
    }

    fn set(&mut self, port: u16) {
        let bit = 1_u64 << (port & 63);
        if let Some(word) = self.bits.get_mut(usize::from(port >> 6))
            && *word & bit == 0
        {
            *word |= bit;
            self.count = self.count.saturating_add(1);
        }
    }

    /// Gives the room of its table back.
    pub fn release(self, room: &mut Room) {
        room.0 = room.0.saturating_add((!self.bits.is_empty()).into());
    }

    /// How many different ones there were.
    pub fn count(&self) -> Number {
        Number { value: self.count, worth: if self.is_full { Worth::AtLeast } else { Worth::Exact } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_exactly_all_65536_of_them() {
        let count = |tables: usize| {
            let (mut room, mut ports) = (Room(tables), Ports::default());
            (0..=u16::MAX).rev().chain(0..1000).for_each(|port| ports.add(port, &mut room));
            ports.count()
        };
        assert_eq!(count(1), Number { value: 65_536, worth: Worth::Exact });
        assert_eq!(count(0), Number { value: 64, worth: Worth::AtLeast });
    }

    #[test]
    fn a_crowd_is_exact_then_an_estimate_and_without_room_a_lower_bound() {
        let count = |many: u64, room: usize| {
            let (mut room, mut counted) = (Room(room), Many::default());
            (0..many).chain(0..many).for_each(|n| counted.add(&n, &mut room));
            counted.count()
        };
        assert_eq!(count(64, 0), Number { value: 64, worth: Worth::Exact });
        assert_eq!(count(1000, 1), Number { value: 1000, worth: Worth::Exact });
        assert_eq!(count(1000, 0), Number { value: 64, worth: Worth::AtLeast });
        assert_eq!(count(1000, 0).in_words(), "at least 64");
        let estimate = count(50_000, 1);
        assert_eq!(estimate.worth, Worth::Estimate);
        assert!(estimate.value.abs_diff(50_000) < 1600, "{estimate:?}");
    }
}
