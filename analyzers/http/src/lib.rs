//! HTTP: exchanges, what was transferred, and what is suspicious about it.
//!
//! * [`tool`]: the tool `analyze_http`, its arguments, and the way from packets to streams
//! * [`prompts`]: the prompts
//! * `message`: start line, headers, framing of HTTP/1
//! * `streams`: what a connection carries; `half` and `http1`: messages of HTTP/1 in it, and which belong together
//! * `http2`: frames, header blocks and streams of HTTP/2; `tls`: both in TLS, where a key log decrypts it
//! * `exchange`, `body` and `form`: what is kept of a request and its response; `secrets`: what is not
//! * `analysis`: what is done with each exchange, in `counts`, `files` and `findings`
//! * `signs`: strings that attack what reads them
//! * `rows`: the table `http`
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
mod body;
mod counts;
mod details;
mod early;
mod exchange;
mod files;
mod findings;
mod form;
mod half;
mod http1;
mod http2;
mod limits;
mod message;
pub mod prompts;
mod report;
mod rows;
mod secrets;
mod signs;
mod streams;
mod tls;
pub mod tool;

mcpcap_analyzer::component! { name: "http", tools: [tool::Http], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
