//! SIP: messages, calls, registrations, media, and what is suspicious about them.
//!
//! * [`tool`]: the tool `analyze_sip_packets` with its `arguments`, and the way from frames to messages
//! * [`prompts`]: the prompts
//! * `message`: start line, headers, addresses, credentials, session descriptions
//! * `tcp` and `websocket`: messages in streams
//! * `waiting`: responses that stand before their requests
//! * `analysis`: what is done with each message, in `counts`, `transactions`, `calls`, `registrations`, `authentication`, `parties`,
//!   `findings` and `details`
//! * `rows`: the tables `sip` and `sip_calls`
//! * `report`: the report, with `media` and `tallies`; `words`: text in it; `limits`: how much is kept and listed
#![deny(unsafe_code)]

mod analysis;
mod arguments;
mod authentication;
mod calls;
mod counts;
mod described;
mod details;
mod direction;
mod filter;
mod findings;
mod limits;
mod media;
mod message;
mod parties;
pub mod prompts;
mod registrations;
mod report;
mod rows;
mod seen;
mod tallies;
mod tcp;
pub mod tool;
mod transactions;
mod waiting;
mod websocket;
mod words;

mcpcap_analyzer::component! { name: "sip", tools: [tool::SipPackets], prompts: prompts::PROMPTS }

#[cfg(test)]
mod tests;
