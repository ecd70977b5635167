//! Conversations: who talks to whom over whatever protocol, how much, when, and what is suspicious about it.
//!
//! * [`tool`]: the tool `analyze_conversations`, its arguments, and the way from packets to flows
//! * [`prompts`]: the prompts
//! * `key`, `flow`, `table`: what tells flows apart, what is kept of each, and all of them
//! * `totals`, `ranking` with `top`, `timeline`: what is counted when flows end, and over time
//! * `addresses`: what kind of address it is
//! * `findings`: what an analyst would want to be told
//! * `report` and `details`: the report; `rows`: the table `conversations`; `limits`: how much is kept and listed
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

mod addresses;
mod details;
mod findings;
mod flow;
mod key;
mod limits;
pub mod prompts;
mod ranking;
mod report;
mod rows;
mod table;
mod timeline;
pub mod tool;
mod top;
mod totals;

mcpcap_analyzer::component! { name: "flows", tools: [tool::Conversations], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
