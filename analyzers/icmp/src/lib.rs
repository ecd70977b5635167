//! ICMP and ICMPv6: echoes, errors, paths, neighbours and routers, and what is suspicious about them.
//!
//! * [`tool`]: the tool `analyze_icmp_packets`, its arguments, and the way from frames to messages
//! * [`prompts`]: the prompts
//! * `message` and `codes`: the wire format and its names
//! * `echo`, `errors`, `paths`, `neighbours`: what is done with each message
//! * `findings`: what an analyst would want to be told
//! * `report` and `details`: the report; `limits`: how much is kept and listed
#![deny(unsafe_code)]

mod codes;
mod details;
mod echo;
mod errors;
mod findings;
mod limits;
mod message;
mod neighbours;
mod paths;
pub mod prompts;
mod report;
pub mod tool;

mcpcap_analyzer::component! { name: "icmp", tools: [tool::IcmpPackets], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
