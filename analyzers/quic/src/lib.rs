//! QUIC: who talks to whom with which version and for what, whether it works, and what is wrong with it.
//!
//! * [`tool`]: the tool `analyze_quic`, and its arguments
//! * `packet`: headers, versions, and how Initial packets are protected; `frames` in these
//! * `messages`: the handshake in CRYPTO frames. Hellos, their fingerprints and names of numbers are the crate `mcpcap-tls-hello`
//! * `parameters` and `errors`: transport parameters and error codes by their names
//! * `table`: to which connection a datagram belongs; `connection`: what its packets tell
//! * `facts` and `ids`: what is kept of connections; `out`: what comes out of these
//! * `analysis`: what is done with each connection, in `counts` and `findings`
//! * `rows`: the table `quic`
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
#[cfg(any(test, feature = "harness"))]
pub mod build;
mod connection;
mod counts;
mod details;
mod errors;
mod facts;
mod fault;
mod findings;
mod frames;
mod ids;
mod limits;
mod messages;
mod out;
mod packet;
mod parameters;
mod report;
mod rows;
mod table;
pub mod tool;

mcpcap_analyzer::component! { name: "quic", tools: [tool::Quic], prompts: &[] }

#[cfg(test)]
mod tests;
