//! TLS: who talks to whom with which version, suite and certificate, and what is wrong with it.
//!
//! * [`tool`]: the tool `analyze_tls`, and its arguments
//! * [`prompts`]: the prompts
//! * `stream`: what a TCP connection carries. Records in it, messages in these, and what decrypts them are the crate `mcpcap-tls-records`
//! * `dtls`: the same in UDP datagrams
//! * `key_exchange`; `certificate`: X.509. Hellos, their fingerprints and names of numbers are the crate `mcpcap-tls-hello`
//! * `facts`: what is kept of connections; `out`: what comes out of these
//! * `analysis`: what is done with each connection, in `counts` and `findings`
//! * `rows`: the tables `tls` and `tls_certificates`
//! * `report` and `details`: the report; `limits`: how much is kept and listed
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

mod analysis;
mod certificate;
mod counts;
mod details;
mod dtls;
mod facts;
mod fault;
mod findings;
mod key_exchange;
mod limits;
mod out;
pub mod prompts;
mod report;
mod rows;
mod stream;
pub mod tool;

mcpcap_analyzer::component! { name: "tls", tools: [tool::Tls], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
