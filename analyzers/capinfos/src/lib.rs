//! The component `capinfos`: what a capture file is, what it says about itself, and how its packets are spread over time, sizes and
//! protocols. The tool is [`analysis::Capinfos`]; it keeps one small struct for each question and never a packet.

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

pub mod analysis;
mod clocks;
mod comments;
mod encapsulation;
mod file_type;
mod findings;
mod gaps;
mod interfaces;
mod lists;
mod precision;
mod prompts;
mod protocols;
mod rates;
mod report;
mod rows;
mod sections;
mod sizes;
mod summary;
mod times;

#[cfg(test)]
mod tests;

mcpcap_analyzer::component! {
    name: "capinfos",
    tools: [analysis::Capinfos],
    prompts: prompts::PROMPTS,
}
