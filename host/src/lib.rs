//! mcpcap: questions about packet captures, answered over MCP, without a byte of a capture being parsed by native code.
//!
//! The path of a capture, one room each:
//!
//! ```text
//! capture (path or URL) -> pipeline: reader component -> batches -> analyzer component -> report -> mcp
//! ```
//!
//! * [`capture`] opens or fetches a file and yields its bytes; it does not look into them,
//! * [`sandbox`] runs components under limits; only it knows the engine,
//! * [`batch`] checks what the reader says,
//! * [`pipeline`] is the control flow of a run,
//! * [`contract`] knows what a tool is and makes its report the server's answer, [`answer`] says what went wrong,
//! * [`catalog`] knows which tools and prompts there are, [`analyzers`] where those of others come from,
//! * [`service`] answers questions, whoever asks,
//! * [`export`] writes rows for other programs,
//! * [`mcp`] speaks the protocol; only it knows rmcp,
//! * [`text`] makes text harmless wherever it leaves the program.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::todo,
    clippy::unimplemented,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects
    )
)]

mod alive;
pub mod analyzers;
pub mod answer;
pub mod batch;
mod bindings;
pub mod capture;
pub mod catalog;
pub mod cli;
pub mod contract;
pub mod digest;
pub mod effort;
pub mod export;
pub mod harden;
pub mod library;
pub mod mcp;
mod network;
mod packets;
pub mod pipeline;
pub mod progress;
mod recent;
pub mod rows;
pub mod sandbox;
pub mod selection;
pub mod service;
pub mod settings;
mod streams;
pub mod tables;
pub mod text;
pub mod watch;
