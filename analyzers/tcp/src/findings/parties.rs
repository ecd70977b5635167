//! How many ports and hosts somebody tried: exact, or with its error.

use std::hash::Hash;

use mcpcap_analyzer::finding::Measure;
use mcpcap_analyzer::stats::Distinct;

/// The words before numbers of which some may be missing.
pub fn at_least(is: bool) -> &'static str {
    if is { "at least " } else { "" }
}

/// How many of something there were, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Many {
    /// The number.
    pub count: u64,
    /// Its standard error as a share of it; `None` when it is exact.
    error: Option<f64>,
    /// Whether others made room before, so that there may have been more.
    at_least: bool,
}

impl Many {
    /// An exact number, unless `at_least`.
    pub fn exact(count: u64, at_least: bool) -> Self {
        Self { count, error: None, at_least }
    }

    /// The number of distinct values.
    pub fn of(distinct: &Distinct, at_least: bool) -> Self {
        Self { count: distinct.count(), error: distinct.standard_error(), at_least }
    }

    /// `12`, `at least 12`, or `about 1012 (standard error 2.3 %)`, which is no bound.
    pub fn words(&self) -> String {
        match self.error {
            Some(error) => format!("about {} (standard error {:.1} %)", self.count, error * 100.0),
            None => format!("{}{}", at_least(self.at_least), self.count),
        }
    }

    /// The number as a measure, and its error as another where there is one.
    pub fn measures(&self, name: &'static str) -> Vec<Measure> {
        let error = self.error.map(|error| Measure::new("standard_error_share", error));
        [Some(Measure::count(name, self.count)), error].into_iter().flatten().collect()
    }
}

/// Something of which distinct values are counted.
pub trait Set<T> {
    /// Counts a value.
    fn add(&mut self, value: T);
    /// How many there were.
    fn many(&self, at_least: bool) -> Many;
}

/// Ports, counted exactly: a list of few, then a bit for each.
pub enum Ports {
    /// Up to [`Self::FEW`], rising.
    Few(Vec<u16>),
    /// All of them, and how many are set.
    All(Box<[u64; 1024]>, u64),
}

impl Ports {
    const FEW: usize = 64;
}

impl Set<u16> for Ports {
    fn add(&mut self, port: u16) {
        match self {
            Self::Few(few) => match few.binary_search(&port) {
                Ok(_) => {}
                Err(place) if few.len() < Self::FEW => few.insert(place, port),
                Err(_) => {
                    let few = std::mem::take(few);
                    *self = Self::All(Box::new([0; 1024]), 0);
                    few.into_iter().chain([port]).for_each(|port| self.add(port));
                }
            },
            Self::All(bits, count) => {
                if let Some(word) = bits.get_mut(usize::from(port >> 6)) {
                    let bit = 1 << (port & 63);
                    *count = count.saturating_add((*word & bit == 0).into());
                    *word |= bit;
                }
            }
        }
    }

    fn many(&self, at_least: bool) -> Many {
        let count = match self {
            Self::Few(few) => few.len() as u64,
            Self::All(_, count) => *count,
        };
        Many::exact(count, at_least)
    }
}

impl<T: Hash> Set<T> for Distinct {
    fn add(&mut self, value: T) {
        Distinct::add(self, &value);
    }

    fn many(&self, at_least: bool) -> Many {
        Many::of(self, at_least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_counted_exactly() {
        for many in [1_u32, 64, 65, 1000, 65_535, 65_536] {
            let mut ports = Ports::Few(Vec::new());
            (0..many).rev().chain(0..many).for_each(|port| ports.add(port as u16));
            assert_eq!(ports.many(false), Many::exact(many.into(), false));
        }
    }

    #[test]
    fn numbers_say_how_sure_they_are() {
        assert_eq!(Many::exact(12, false).words(), "12");
        assert_eq!(Many::exact(12, true).words(), "at least 12");
        let mut hosts = Distinct::small();
        (0..1000_u32).for_each(|host| Set::add(&mut hosts, host));
        let many: Many = Set::<u32>::many(&hosts, false);
        assert!(many.words().starts_with("about ") && many.words().ends_with("(standard error 2.3 %)"));
        assert_eq!(many.measures("hosts").len(), 2);
        assert_eq!(Set::<u32>::many(&hosts, true).words(), many.words());
        assert!(many.count <= 1000);
    }
}
