//! Captures from a seed, and what is measured with them. `make bench` runs it; the benches in `benches/` use its captures too.

#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod figures;
pub mod generate;
pub mod goals;
pub mod measure;
pub mod native;
pub mod page;
pub mod plot;
pub mod runner;
pub mod session;
pub mod tools;

#[cfg(test)]
mod tests;
