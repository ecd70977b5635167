//! The component `frames`: chosen frames, layer by layer, with their octets. The tool is [`tool::GetFrames`].

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

mod dump;
mod fields;
pub mod tool;

#[cfg(test)]
mod tests;

mcpcap_analyzer::component! { name: "frames", tools: [tool::GetFrames], prompts: &[] }
