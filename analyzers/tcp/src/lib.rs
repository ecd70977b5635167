//! TCP: connections, how they begin and end, what was lost, and what is suspicious about them.
//!
//! * [`tools`]: the four tools, with their arguments and reports
//! * [`prompts`]: the prompts
//! * `core`: what all tools do with each `segment`; `filter`: which connections are asked for
//! * `tracker`: connections: sequence analysis as Wireshark's, states and history as Zeek's, handshake, options, windows
//! * `totals`, `report`, `listing`: what reports are made of
//! * `rows`: the table `tcp`
//! * `findings`: what an analyst would want to be told; `limits`: how much is kept and listed
#![deny(unsafe_code)]

mod core;
mod filter;
mod findings;
mod limits;
mod listing;
pub mod prompts;
mod report;
mod rows;
mod segment;
pub mod tools;
mod totals;
mod tracker;

mcpcap_analyzer::component! {
    name: "tcp",
    tools: [
        tools::connections::TcpConnections,
        tools::anomalies::TcpAnomalies,
        tools::retransmissions::TcpRetransmissions,
        tools::flow::TrafficFlow,
    ],
    prompts: prompts::PROMPTS,
}

#[cfg(test)]
mod tests;
