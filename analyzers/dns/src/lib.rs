//! DNS, mDNS and LLMNR: messages, transactions, names, and what is suspicious about them.
//!
//! * [`tool`]: the tool `analyze_dns_packets`, and the way from frames to messages; [`arguments`]: its arguments
//! * [`prompts`]: the prompts
//! * `message`: the wire format
//! * `tcp`, `mdns` and `candidates`: messages in TCP streams, on the port of mDNS, and on ports of their own
//! * `analysis`: what is done with each message, in `counts`, `transactions`, `parties`, `domains`, `findings` and `details`;
//!   `names` and `recent`: what came before, and where the tables have it
//! * `rows`: the table `dns`
//! * `report`: the report; `limits`: how much is kept and listed; `lists`: which lists hold only their first entries
#![deny(unsafe_code)]

mod analysis;
pub mod arguments;
mod brief;
mod candidates;
mod code_counts;
mod counts;
mod details;
mod digest;
mod domains;
mod findings;
mod hashes;
mod limits;
mod lists;
mod mdns;
mod message;
mod names;
mod order;
mod parties;
mod pattern;
pub mod prompts;
mod question;
mod recent;
mod registered;
mod report;
mod rows;
mod seen;
mod tcp;
pub mod tool;
mod transactions;

mcpcap_analyzer::component! { name: "dns", tools: [tool::DnsPackets], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
