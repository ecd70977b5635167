//! Everything an mcpcap analyzer needs besides its analysis.
//!
//! An analyzer is a component that takes frames and returns a report. With this crate it is one [`Tool`] implementation and
//! one line of [`component!`]; the crate does the rest:
//!
//! * [`decode`] takes a frame apart from the link layer to the transport layer and puts IP fragments together,
//! * [`stream`] puts TCP streams together,
//! * [`stats`] keeps tables, top lists and percentiles in bounded memory,
//! * [`finding`] is the form in which an analyzer says what an analyst would want to be told, [`burst`] finds many events within a short time,
//! * [`text`] makes captured text fit for a report,
//! * [`prompt`] writes what all prompts have in common,
//! * [`harness`] runs an analyzer natively over a capture, for unit tests.
//!
//! What it does not know: files, capture formats, MCP. The host deals with those.
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod burst;
pub mod capture;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod component;
pub mod decode;
pub mod describe;
pub mod finding;
pub mod frame;
#[cfg(any(test, feature = "harness"))]
pub mod harness;
mod maximum;
pub mod problem;
pub mod prompt;
pub mod stats;
pub mod stream;
pub mod text;
pub mod time;
mod tool;

pub use capture::Capture;
pub use frame::{Frame, Link};
pub use maximum::Maximum;
pub use problem::Problem;
pub use schemars::JsonSchema;
pub use stats::Window;
pub use tool::{Flow, Prompt, PromptArgument, PromptArguments, Run, Tool, ToolEntry};

#[doc(hidden)]
pub use {schemars, serde, serde_json};
