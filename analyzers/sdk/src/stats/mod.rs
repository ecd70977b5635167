//! Tables, top lists and percentiles in bounded memory.
//!
//! A capture decides how many addresses, names and flows there are, so everything here has a limit, and says when it was reached.
//! Everything is deterministic: hashes have a fixed key and lists a fixed order. The key is public, so a capture can be made whose keys
//! collide; tables bound what that costs (`index.rs` says how).

mod beyond;
mod bounded_map;
mod count;
mod distinct;
mod index;
mod keyed;
mod lists;
mod others;
mod page;
mod ports;
mod quantiles;
mod ranked;
mod sequence;
mod several;
mod top_k;
mod unique;
mod uses;
pub(crate) mod within;

pub use beyond::Beyond;
pub use bounded_map::{BoundedMap, Iter, Place};
pub use count::{Count, TextCount};
pub use distinct::Distinct;
pub use keyed::Keyed;
pub use lists::{Lists, Part};
pub use others::Others;
pub use page::{Page, PageInfo, Window};
pub use ports::PortSet;
pub use quantiles::{Quantiles, Summary, SummaryMs};
pub use ranked::{Away, Best, Ranked};
pub use sequence::Sequence;
pub use several::{Pool, Several};
pub use top_k::{Top, TopK};
pub use unique::Unique;
pub use within::Within;

/// The hasher of all tables here: fast, and the same in each run. Whoever writes the capture can make keys that collide, so a standard
/// map with it may only hold a few.
pub type FixedHash = foldhash::fast::FixedState;

/// Shannon entropy of some bytes, in bits per byte (0 to 8).
pub fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for octet in bytes {
        if let Some(count) = counts.get_mut(usize::from(*octet)) {
            *count = count.saturating_add(1);
        }
    }
    let all = bytes.len() as f64;
    let parts = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / all);
    // Adding 0 turns the -0 of one single value into 0.
    -parts.map(|p| p * p.log2()).sum::<f64>() + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_the_distribution() {
        assert_eq!(entropy(b""), 0.0);
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert_eq!(entropy(b"abcdefgh"), 3.0);
    }
}
