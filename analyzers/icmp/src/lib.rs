//! ICMP and ICMPv6: echoes, errors, paths, neighbours and routers, and what is suspicious about them.
//!
//! * [`tool`]: the tool `analyze_icmp_packets`, its arguments, and the way from frames to messages
//! * [`prompts`]: the prompts
//! * `message`: the wire format
//! * `echo` (with `waiting` and `session`), `errors`, `paths` (with `quoted_paths` and `hops`), `neighbours` (with
//!   `advertisement`): what is done with each message
//! * `inner`: packets that echoes carry; `many`: counts of different ones
//! * `findings`: what an analyst would want to be told
//! * `rows`: the table `icmp`
//! * `report` and `details`: the report; `limits`: how much is kept and listed
#![deny(unsafe_code)]

mod advertisement;
mod details;
mod echo;
mod errors;
mod findings;
mod hops;
mod inner;
mod limits;
mod many;
mod message;
mod neighbours;
mod paths;
pub mod prompts;
mod quoted_paths;
mod report;
mod rows;
mod session;
pub mod tool;
mod waiting;

use mcpcap_analyzer::decode::icmp as codes;

mcpcap_analyzer::component! { name: "icmp", tools: [tool::IcmpPackets], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
