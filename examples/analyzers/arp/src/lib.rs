//! The analyzer `arp`: which hardware address claims which IPv4 address, who announces itself, and who is asked for in vain.
#![deny(unsafe_code)]

mod findings;
mod message;
mod prompts;
mod report;
mod table;

#[cfg(test)]
mod tests;

mcpcap_analyzer::component! { name: "arp", tools: [table::ArpTable], prompts: prompts::PROMPTS }
