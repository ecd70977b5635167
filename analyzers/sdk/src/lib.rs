//! Everything an mcpcap analyzer needs besides its analysis.
//!
//! An analyzer is a component that takes packets and returns a report. With this crate it is one [`Tool`] implementation and
//! one line of [`component!`]; the crate does the rest:
//!
//! * [`decode`] is what a frame holds, from the link layer to the transport layer, as mcpcap's decoder has taken it apart,
//! * [`arguments`] are those that several tools have; [`Maximum`] is `max_packets`, [`Ending`] how reports end,
//! * [`application`] recognises application protocols by the form of their messages, and by ports,
//! * [`stream`] puts TCP streams together,
//! * [`zeek`] gives a connection Zeek's words, `conn_state` and `history`; `community`, with the feature `community-id`, the Community ID of a flow,
//! * [`hierarchy`] is the tree of protocols, as Wireshark has it,
//! * [`stats`] keeps tables, top lists and percentiles in bounded memory,
//! * [`table`](mod@table) gives what was found row by row, for SQL,
//! * [`finding`] is the form in which an analyzer says what an analyst would want to be told, [`burst`] finds many events within a short time,
//! * [`text`] makes captured text fit for a report,
//! * [`prompt`] writes what all prompts have in common,
//! * [`harness`] runs an analyzer natively over a capture, for unit tests.
//!
//! What it does not know: files, capture formats, MCP. The host deals with those.
//!
//! # An analyzer, whole
//!
//! Which ports of UDP are talked to, in bounded memory, with a finding that cites frames. `Arguments` and `Report` become the schemas that clients see, their
//! comments what a model reads. Besides this crate it needs `serde` with `derive`.
//!
#![cfg_attr(feature = "harness", doc = "```")]
#![cfg_attr(not(feature = "harness"), doc = "```ignore")]
//! use mcpcap_analyzer::decode::{Packet, Transport};
//! use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
//! use mcpcap_analyzer::stats::BoundedMap;
//! use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window, schemars};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! pub struct Arguments {
//!     /// Only ports below this one (default: all).
//!     pub below: Option<u16>,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! pub struct Port {
//!     /// The destination port.
//!     pub port: u16,
//!     /// Datagrams to it.
//!     pub datagrams: u64,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! pub struct Report {
//!     /// What an analyst would want to be told.
//!     pub findings: Vec<Finding>,
//!     /// The ports, each with how much it got.
//!     pub ports: Vec<Port>,
//!     /// Ports that were forgotten for want of room.
//!     pub evicted: u64,
//! }
//!
//! const DISCARD: Rule = Rule {
//!     name: "ports_discard",
//!     severity: Severity::Low,
//!     confidence: Confidence::Medium,
//!     threshold: "1 datagram to port 9",
//!     false_alarm: "wake-on-LAN uses this port too",
//! };
//!
//! pub struct Ports {
//!     below: u16,
//!     ports: BoundedMap<u16, u64>,
//!     discard: Evidence,
//! }
//!
//! impl Tool for Ports {
//!     const NAME: &'static str = "ports_table";
//!     const TITLE: &'static str = "Ports";
//!     const DESCRIPTION: &'static str = "Counts UDP datagrams by destination port. Use it to see which services are used.";
//!     type Arguments = Arguments;
//!     type Report = Report;
//!
//!     const WANTS: Wants = Wants::of(&[TransportKind::Udp]);
//!
//!     fn open(arguments: Arguments, _: Window) -> Result<Self, Problem> {
//!         let below = arguments.below.unwrap_or(u16::MAX);
//!         Ok(Self { below, ports: BoundedMap::new(1024), discard: Evidence::default() })
//!     }
//!
//!     fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
//!         if let Transport::Udp(udp) = &packet.transport {
//!             if udp.destination < self.below {
//!                 *self.ports.get_or_insert_with(udp.destination, || 0).0 += 1;
//!             }
//!             if udp.destination == 9 {
//!                 self.discard.add(frame.number);
//!             }
//!         }
//!         Ok(Flow::More)
//!     }
//!
//!     fn finish(self, _: &Capture) -> Result<Report, Problem> {
//!         let mut ports: Vec<Port> = self.ports.iter().map(|(port, datagrams)| Port { port: *port, datagrams: *datagrams }).collect();
//!         ports.sort_by_key(|port| port.port);
//!         let count = self.discard.total();
//!         let finding = (count > 0).then(|| {
//!             let measures = vec![Measure::count("datagrams", count)];
//!             DISCARD.finding("port 9".into(), "datagrams were sent to the discard port".into(), measures, &self.discard)
//!         });
//!         Ok(Report { findings: finding.into_iter().collect(), ports, evicted: self.ports.evicted() })
//!     }
//! }
//!
//! // Names the component and exports the contract's functions, when compiled to WebAssembly.
//! mcpcap_analyzer::component! { name: "ports", tools: [Ports], prompts: &[] }
//!
//! // In a unit test, natively: a capture in memory, and what must come out.
//! use mcpcap_analyzer::harness::{self, build};
//! # fn main() {
//! let query = build::udp(("192.0.2.1", 50_000), ("192.0.2.53", 53), b"a query");
//! let magic = build::udp(("192.0.2.1", 50_000), ("192.0.2.255", 9), b"wake up");
//! let capture = build::pcap(&[(0, query.clone()), (1_000, query), (2_000, magic)]);
//! let report = harness::run::<Ports>(&capture, &serde_json::json!({})).unwrap();
//! assert_eq!(report["ports"], serde_json::json!([{ "port": 9, "datagrams": 1 }, { "port": 53, "datagrams": 2 }]));
//! assert_eq!(report["findings"][0]["frames"], serde_json::json!([3]));
//! # }
//! ```
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod application;
pub mod arguments;
pub mod burst;
pub mod capture;
#[doc(hidden)]
pub mod columns;
#[cfg(feature = "community-id")]
pub mod community;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
pub mod decode;
pub mod describe;
mod digest;
mod ending;
pub mod faults;
#[cfg(any(target_arch = "wasm32", test, feature = "harness"))]
#[doc(hidden)]
pub mod feed;
pub mod finding;
pub mod frame;
#[cfg(any(test, feature = "harness"))]
pub mod harness;
pub mod hierarchy;
pub mod link_types;
#[doc(hidden)]
pub mod links;
mod maximum;
pub mod numbers;
mod place;
pub mod problem;
pub mod prompt;
mod quiet;
pub mod stats;
pub mod stream;
pub mod table;
pub mod text;
pub mod time;
mod tool;
pub mod vlans;
pub mod zeek;

pub use arguments::CountCopies;
pub use capture::Capture;
pub use ending::Ending;
pub use frame::{Frame, Link};
pub use maximum::Maximum;
pub use problem::Problem;
pub use quiet::{Answer, is_default};
pub use schemars::JsonSchema;
pub use stats::Window;
pub use tool::{Ends, Flow, Prompt, PromptArgument, PromptArguments, Run, Tool, ToolEntry, TransportKind, Wants};

#[doc(hidden)]
pub use {schemars, serde, serde_json};
