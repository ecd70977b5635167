//! Hashes that stand for names and questions: the same in each run, and of 64 bits, so that two rarely share one.

use std::hash::{DefaultHasher, Hasher};

use crate::message::name::Folded;

/// A hash of a message's valid name, folded.
pub fn of_name(message: &[u8], at: usize) -> u64 {
    let mut folded = Folded::default();
    folded.read(message, at);
    of(&folded)
}

/// A hash of bytes.
pub fn of(octets: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(octets);
    hasher.finish()
}
