//! What is asked and answered. The comments are what a model reads.

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::{Deserialize, Serialize};

/// What may be asked.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// List only servers with connections in which this end sent the first bytes (default: all).
    #[serde(default)]
    pub speaks_first: Option<Speaker>,
}

/// Who speaks first.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Speaker {
    Server,
    Client,
}

/// What is answered.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Report {
    /// TCP connections of which the capture has the beginning.
    pub connections: u64,
    /// Connections that began before the capture: they tell nothing here, and are only counted.
    pub connections_without_start: u64,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// Servers, in the order of their addresses and ports.
    pub servers: Vec<Entry>,
    /// Which part of its long lists the report holds.
    pub pages: Vec<PageInfo>,
    /// What there was no room for.
    pub limits: Limits,
}

/// A server.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Entry {
    /// IP address of the server.
    // Written by this analyzer, and not a text from the capture.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub address: String,
    /// TCP port of the server.
    pub port: u16,
    /// Connections to it.
    pub connections: u64,
    /// Connections in which the server sent the first bytes.
    pub server_first: u64,
    /// Connections in which the client did. In all others nobody sent any.
    pub client_first: u64,
    /// The first line that it sent, in the first connection that has one: 120 characters at most. Captured text.
    pub banner: String,
    /// Frames that carried this line, the first 8.
    pub frames: Vec<u64>,
}

/// What there was no room for.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Limits {
    /// Connections to servers for which there was no room.
    pub connections_left_out: u64,
    /// Findings beyond the first 100 of a rule.
    pub findings_left_out: u64,
}
