//! Numbers that are the same for the same seed.

use mcpcap_analyzer::harness;

pub struct Random(harness::Random);

impl Random {
    pub fn new(seed: u32) -> Self {
        Self(harness::Random::new(u64::from(seed) << 1))
    }

    /// A number below `limit`, or 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0.below(limit)
    }

    /// One of them.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        of.get(self.below(of.len())).copied()
    }
}
