//! Digests of packets and keys: by one multiplication for eight bytes, which costs the same in the sandbox as outside. Two that differ have the same digest
//! by chance once in 2^64; who writes the capture can make two that have.

use std::hash::{BuildHasherDefault, Hasher};

/// Odd, without pattern: 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
/// Bits by which the upper half of a product is let down on the lower one, so that the next multiplication spreads all of it.
const DOWN: u32 = 32;

/// Bytes that are digested side by side.
const LANES: usize = 4;

fn mixed(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(FACTOR);
    product ^ product >> DOWN
}

/// The words of some bytes; the last one is filled up.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (whole, rest) = bytes.as_chunks::<8>();
    whole.iter().map(|word| u64::from_le_bytes(*word)).chain((!rest.is_empty()).then(|| last(rest)))
}

fn last(rest: &[u8]) -> u64 {
    rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// A digest of few bytes.
#[derive(Clone, Copy)]
pub(crate) struct Digest(u64);

/// Hashes the keys of a table that bounds what keys cost that were made to collide.
pub(crate) type KeyHash = BuildHasherDefault<Digest>;

impl Default for Digest {
    fn default() -> Self {
        Self(FACTOR)
    }
}

impl Digest {
    pub(crate) fn word(&mut self, word: u64) {
        self.0 = mixed(self.0, word);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        words(bytes).for_each(|word| self.word(word));
    }

    pub(crate) fn finish(self) -> u64 {
        mixed(mixed(self.0, FACTOR), 0)
    }
}

/// Each number is a word, whatever its size: none is gathered with others, which takes shifts of 128 bits that WebAssembly does not have.
impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.bytes(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.word(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.word(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.word(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.word(number);
    }

    fn write_u128(&mut self, number: u128) {
        self.word((number >> 64) as u64);
        self.word(number as u64);
    }

    fn write_usize(&mut self, number: usize) {
        self.word(number as u64);
    }

    fn finish(&self) -> u64 {
        Digest::finish(*self)
    }
}

/// A digest of many bytes, of which several words are digested side by side.
#[derive(Clone, Copy)]
pub(crate) struct Long {
    lanes: [u64; LANES],
    length: u64,
}

impl Default for Long {
    fn default() -> Self {
        Self { lanes: [1, 2, 3, 4], length: 0 }
    }
}

impl Long {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let Self { lanes: [a, b, c, d], length } = self;
        *length = length.saturating_add(bytes.len() as u64);
        let (blocks, rest) = bytes.as_chunks::<32>();
        for block in blocks {
            if let ([one, two, three, four], _) = block.as_chunks::<8>() {
                *a = mixed(*a, u64::from_le_bytes(*one));
                *b = mixed(*b, u64::from_le_bytes(*two));
                *c = mixed(*c, u64::from_le_bytes(*three));
                *d = mixed(*d, u64::from_le_bytes(*four));
            }
        }
        words(rest).for_each(|word| *a = mixed(*a, word));
    }

    /// The digest so far; more may follow.
    pub(crate) fn finish(&self) -> u64 {
        let [a, b, c, d] = self.lanes;
        [a, b, c, d, self.length, 0].into_iter().fold(FACTOR, mixed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;
    use std::net::Ipv4Addr;

    use super::*;

    fn long(bytes: &[u8]) -> u64 {
        let mut long = Long::default();
        long.bytes(bytes);
        long.finish()
    }

    fn short(bytes: &[u8]) -> u64 {
        let mut digest = Digest::default();
        digest.bytes(bytes);
        digest.finish()
    }

    #[test]
    fn whatever_differs_in_one_bit_or_in_length_has_another_digest() {
        for digest in [long, short] {
            let mut seen = HashSet::new();
            for length in 0..200 {
                let mut bytes = vec![0; length];
                assert!(seen.insert(digest(&bytes)), "{length} bytes");
                for bit in 0..length * 8 {
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    assert!(seen.insert(digest(&bytes)), "bit {bit} of {length} bytes");
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
            }
        }
    }

    /// Addresses and ports of a network follow each other: as keys they must not meet.
    #[test]
    fn keys_that_follow_each_other_are_spread() {
        let hash = KeyHash::default();
        let mut seen = HashSet::new();
        let mut buckets = vec![0_u32; 4096];
        for address in 0..64_u32 {
            for port in 0..512_u16 {
                let key = hash.hash_one((Ipv4Addr::from_bits(0xc000_0200 + address), port));
                assert!(seen.insert(key), "{address} {port}");
                buckets[(key >> 52) as usize] += 1;
            }
        }
        // Eight in each on average; of numbers without pattern one in a thousand million has more than 30.
        assert!(buckets.iter().all(|bucket| *bucket <= 30), "{:?}", buckets.iter().max());
    }

    #[test]
    fn words_that_are_exchanged_have_another_digest() {
        let bytes: Vec<u8> = (0..96).collect();
        let mut seen = HashSet::new();
        for a in 0..12 {
            for b in a..12 {
                let mut other = bytes.clone();
                (0..8).for_each(|at| other.swap(a * 8 + at, b * 8 + at));
                let is_new = seen.insert(long(&other));
                assert!(is_new || a == b, "{a} {b}");
            }
        }
    }
}
