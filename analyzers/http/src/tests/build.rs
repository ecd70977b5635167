//! Connections made byte by byte.

use mcpcap_analyzer::harness::talk::together;
pub use mcpcap_analyzer::harness::talk::{START, Talk};
use serde_json::{Value, json};

pub const CLIENT: (&str, u16) = ("192.0.2.10", 40_000);
pub const SERVER: (&str, u16) = ("198.51.100.20", 8081);

/// Connections between the ends of these tests.
pub trait Tested {
    /// Opens a connection.
    fn open() -> Self;
    /// The report on it.
    fn report(self) -> Value;
}

impl Tested for Talk {
    fn open() -> Self {
        Self::between(CLIENT, SERVER, START)
    }

    fn report(self) -> Value {
        super::run(&self.capture(), &json!({}))
    }
}

/// The report on several connections.
pub fn report(talks: impl IntoIterator<Item = Talk>) -> Value {
    super::run(&together(talks), &json!({}))
}
