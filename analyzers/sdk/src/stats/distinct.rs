//! How many different values there were.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use super::FixedHash;

/// Values that are counted exactly.
const EXACT: usize = 4096;
/// Registers of the estimate: the standard error is 1.04 / sqrt(registers), 0.8 %.
const REGISTERS: usize = 1 << 14;

/// Number of distinct values: exact up to 4,096, then estimated by HyperLogLog (Flajolet et al. 2007) with a standard error of 0.8 %.
pub struct Distinct {
    hash: FixedHash,
    seen: HashSet<u64, FixedHash>,
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self::new()
    }
}

impl Distinct {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self { hash: FixedHash::default(), seen: HashSet::with_hasher(FixedHash::default()), registers: Vec::new() }
    }

    /// Counts a value, unless it was there before. Whether it was new; always `false` once the count is an estimate.
    pub fn add(&mut self, value: &(impl Hash + ?Sized)) -> bool {
        let hash = self.hash.hash_one(value);
        if !self.registers.is_empty() {
            self.register(hash);
            return false;
        }
        let new = self.seen.insert(hash);
        if self.seen.len() > EXACT {
            self.registers = vec![0; REGISTERS];
            for hash in std::mem::take(&mut self.seen) {
                self.register(hash);
            }
        }
        new
    }

    fn register(&mut self, hash: u64) {
        let index = (hash as usize) & (REGISTERS - 1);
        // Of the remaining 50 bits, the place of the first one that is set.
        let rank = ((hash >> 14) | (1 << 50)).trailing_zeros().saturating_add(1) as u8;
        if let Some(register) = self.registers.get_mut(index) {
            *register = rank.max(*register);
        }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        if self.registers.is_empty() {
            return self.seen.len() as u64;
        }
        let registers = REGISTERS as f64;
        let sum: f64 = self.registers.iter().map(|rank| 0.5_f64.powi(i32::from(*rank))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        // Few values leave registers empty; then their number is the better estimate (linear counting).
        let better = if estimate <= 2.5 * registers && empty > 0 {
            registers * (registers / empty as f64).ln()
        } else {
            estimate
        };
        better.round() as u64
    }

    /// Whether the count is exact.
    pub fn is_exact(&self) -> bool {
        self.registers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_counted_exactly() {
        let mut distinct = Distinct::new();
        for n in 0..10_000_u32 {
            distinct.add(&(n % 4000));
        }
        assert_eq!((distinct.count(), distinct.is_exact()), (4000, true));
    }

    #[test]
    fn many_values_are_estimated_within_three_percent() {
        for many in [5_000_u64, 50_000, 500_000] {
            let mut distinct = Distinct::new();
            for n in 0..many {
                distinct.add(&format!("host-{n}"));
            }
            let count = distinct.count();
            assert!(!distinct.is_exact());
            assert!(count.abs_diff(many) * 100 <= many * 3, "{count} of {many}");
        }
    }
}
