//! How many ports and hosts somebody tried: exact, or with its error.

use std::hash::Hash;

use mcpcap_analyzer::finding::Measure;
use mcpcap_analyzer::stats::{Distinct, PortSet};
use mcpcap_analyzer::text::at_least;

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

    /// Whether it is a lower bound. An estimate is none.
    fn is_at_least(&self) -> bool {
        self.at_least && self.error.is_none()
    }

    /// `12`, `at least 12`, or `about 1012 (standard error 2.3 %)`, which is no bound.
    pub fn words(&self) -> String {
        match self.error {
            Some(error) => format!("about {} (standard error {:.1} %)", self.count, error * 100.0),
            None => format!("{}{}", at_least(self.is_at_least()), self.count),
        }
    }

    /// The number as a measure, and its error as another where there is one.
    pub fn measures(&self, name: &'static str) -> Vec<Measure> {
        let error = self.error.map(|error| Measure::new("standard_error_share", error));
        [Some(Measure::count(name, self.count).or_more(self.is_at_least())), error].into_iter().flatten().collect()
    }
}

/// Something of which distinct values are counted.
pub trait Set<T> {
    /// Counts a value.
    fn add(&mut self, value: T);
    /// How many there were.
    fn many(&self, at_least: bool) -> Many;
}

impl Set<u16> for PortSet {
    fn add(&mut self, port: u16) {
        PortSet::add(self, port);
    }

    fn many(&self, at_least: bool) -> Many {
        Many::exact(self.len(), at_least)
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
