//! How many different values there were.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use super::FixedHash;

/// How exact a count is, and what it takes.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Values that are counted exactly.
    exact: usize,
    /// Registers of the estimate, as a power of two: the standard error is 1.04 / sqrt(registers).
    bits: u32,
}

const LARGE: Size = Size { exact: 4096, bits: 14 };
const SMALL: Size = Size { exact: 128, bits: 11 };

/// Number of distinct values: exact up to 4,096, then estimated by HyperLogLog (Flajolet et al. 2007) with a standard error of 0.8 %. There
/// is a [small](Self::small) form for tables of many.
pub struct Distinct {
    size: Size,
    hash: FixedHash,
    seen: HashSet<u64, FixedHash>,
    registers: Vec<u8>,
    /// Values that came, each time: there are never more different ones.
    added: u64,
}

impl Default for Distinct {
    fn default() -> Self {
        Self::new()
    }
}

impl Distinct {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::of(LARGE)
    }

    /// Nothing counted yet, in at most about 2.5 KiB: exact up to 128 values, then with a standard error of 2.3 %.
    pub fn small() -> Self {
        Self::of(SMALL)
    }

    fn of(size: Size) -> Self {
        Self {
            size,
            hash: FixedHash::default(),
            seen: HashSet::with_hasher(FixedHash::default()),
            registers: Vec::new(),
            added: 0,
        }
    }

    /// The same with values of which there are digests by [`FixedHash`].
    pub(super) fn of_digests(digests: impl Iterator<Item = u64>) -> Self {
        let mut all = Self::new();
        digests.for_each(|digest| {
            all.add_digest(digest);
        });
        all
    }

    /// Counts a value, unless it was there before. Whether it was new; always `false` once the count is an estimate.
    pub fn add(&mut self, value: &(impl Hash + ?Sized)) -> bool {
        self.add_digest(self.hash.hash_one(value))
    }

    /// The same with the digest of a value by [`FixedHash`].
    pub(super) fn add_digest(&mut self, hash: u64) -> bool {
        self.added = self.added.saturating_add(1);
        if !self.registers.is_empty() {
            self.register(hash);
            return false;
        }
        let new = self.seen.insert(hash);
        if self.seen.len() > self.size.exact {
            self.registers = vec![0; 1 << self.size.bits];
            for hash in std::mem::take(&mut self.seen) {
                self.register(hash);
            }
        }
        new
    }

    /// Takes a value that was added before, without hashing it.
    pub fn again(&mut self) {
        self.added = self.added.saturating_add(1);
    }

    fn register(&mut self, hash: u64) {
        let hash = mixed(hash);
        let bits = self.size.bits;
        let index = (hash as usize) & self.registers.len().wrapping_sub(1);
        // Of the remaining bits, the place of the first one that is set.
        let rank = ((hash >> bits) | (1 << (64 - bits))).trailing_zeros().saturating_add(1) as u8;
        if let Some(register) = self.registers.get_mut(index) {
            *register = rank.max(*register);
        }
    }

    /// How many there were: an estimate, too, is never more than came, nor less than were counted exactly.
    pub fn count(&self) -> u64 {
        if self.registers.is_empty() {
            return self.seen.len() as u64;
        }
        let registers = self.registers.len() as f64;
        let sum: f64 = self.registers.iter().map(|rank| 0.5_f64.powi(i32::from(*rank))).sum();
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        // Few values leave registers empty; then their number is the better estimate (linear counting).
        let better = if estimate <= 2.5 * registers && empty > 0 {
            registers * (registers / empty as f64).ln()
        } else {
            estimate
        };
        (better.round() as u64).max(self.size.exact as u64).min(self.added)
    }

    /// By which share of it the count is wrong, as a standard error; `None` when it is exact.
    pub fn standard_error(&self) -> Option<f64> {
        (!self.is_exact()).then(|| 1.04 / (self.registers.len() as f64).sqrt())
    }

    /// Whether the count is exact.
    pub fn is_exact(&self) -> bool {
        self.registers.is_empty()
    }
}

/// Spreads a hash over all of its bits, as the estimate needs it: the hash of short values such as addresses is not good enough in its
/// low ones. (The finalizer of MurmurHash3, by Austin Appleby, in the public domain.)
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use super::*;

    /// Addresses that follow each other, as in a sweep: what is hashed is almost the same each time.
    #[test]
    fn addresses_are_estimated_as_well() {
        let four = |n: u32| IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + n));
        let six = |n: u32| IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n)));
        for of in [four as fn(u32) -> IpAddr, six as fn(u32) -> IpAddr] {
            for many in [1000_u32, 10_000, 100_000] {
                let (mut small, mut large) = (Distinct::small(), Distinct::new());
                for address in (0..many).map(of) {
                    small.add(&address);
                    large.add(&address);
                }
                for distinct in [small, large] {
                    let off = distinct.count() as f64 / f64::from(many) - 1.0;
                    assert!(off.abs() <= 3.0 * distinct.standard_error().unwrap_or_default(), "{off} of {many}");
                }
            }
        }
    }

    #[test]
    fn an_estimate_is_never_more_than_came_nor_less_than_was_counted() {
        for make in [Distinct::small as fn() -> Distinct, Distinct::new] {
            for many in [100_u32, 129, 1000, 4097, 5000, 20_000] {
                let mut distinct = make();
                for n in 0..many {
                    distinct.add(&n);
                    assert!(distinct.is_exact() || n % 97 > 0 || distinct.count() <= u64::from(n) + 1, "{n}");
                }
                assert!(distinct.count() <= u64::from(many), "{many}");
            }
        }
        let mut distinct = Distinct::small();
        for n in 0..129_u32 {
            distinct.add(&n);
        }
        assert!(!distinct.is_exact() && (128..=129).contains(&distinct.count()));
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let mut distinct = Distinct::new();
        for n in 0..10_000_u32 {
            distinct.add(&(n % 4000));
        }
        assert_eq!((distinct.count(), distinct.is_exact()), (4000, true));
    }

    #[test]
    fn the_small_form_says_its_error() {
        let mut distinct = Distinct::small();
        (0..128_u32).for_each(|n| assert!(distinct.add(&n)));
        assert_eq!((distinct.count(), distinct.standard_error()), (128, None));
        for many in [1000_u32, 65_535, 300_000] {
            (0..many).for_each(|n| {
                distinct.add(&n);
            });
            let (count, error) = (distinct.count() as f64, distinct.standard_error().unwrap());
            assert!((0.022..0.024).contains(&error));
            assert!((count / f64::from(many) - 1.0).abs() < 3.0 * error, "{count} of {many}");
        }
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
