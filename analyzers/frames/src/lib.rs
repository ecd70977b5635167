//! The component `frames`: chosen frames in one line each, layer by layer, or byte by byte ([`frame::GetFrames`]); and what both ends of a
//! conversation sent ([`stream::GetStream`]).

#![deny(missing_docs)]
#![deny(unsafe_code)]
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

mod escape;
pub mod frame;
mod says;
pub mod stream;

#[cfg(test)]
mod tests;

mcpcap_analyzer::component! { name: "frames", tools: [frame::GetFrames, stream::GetStream], prompts: &[] }
