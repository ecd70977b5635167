//! DHCPv4, BOOTP and DHCPv6: exchanges, clients, servers, relays, leases, and what is suspicious about them.
//!
//! * [`tool`]: the tool `analyze_dhcp_packets`, its arguments, and the way from frames to messages
//! * [`prompts`]: the prompts
//! * `v4`, `v6` and `wire`: the wire formats, names of options, values as text
//! * `seen`: a message of either family, as everything below needs it
//! * `reorder`: messages in the order of time
//! * `counts`, `exchanges` (each an `exchange`), `parties`, `leases`: what is done with each message; `findings`: what an analyst would want to be told
//! * `rows`: the table `dhcp`
//! * `report` and `details`: the report; `limits`: how much is kept and listed
#![deny(unsafe_code)]

mod counts;
mod details;
mod exchange;
mod exchanges;
mod findings;
mod leases;
mod limits;
mod parties;
pub mod prompts;
mod reorder;
mod report;
mod rows;
mod seen;
pub mod tool;
mod v4;
mod v6;
mod wire;

mcpcap_analyzer::component! { name: "dhcp", tools: [tool::DhcpPackets], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
