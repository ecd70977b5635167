//! Takes frames apart, once for all analyzers of a pass, and chooses them by address and port. [`Decoding`] is plain Rust and runs natively; on wasm it
//! is wrapped as a component of the world `decoder`. The decoder itself is the SDK's.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
#![cfg_attr(target_arch = "wasm32", deny(unsafe_code))]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod choice;
#[cfg(target_arch = "wasm32")]
mod component;
mod decoding;

pub use choice::Choice;
pub use decoding::Decoding;
