//! Chooses the frames of a capture by address and port, so that every analyzer is given the same choice. [`Choice`] is plain Rust and
//! runs natively; on wasm it is wrapped as a component of the world `selector`.
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

pub use choice::Choice;
