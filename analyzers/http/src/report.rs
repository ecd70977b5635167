//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::faults::FaultCount;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{PageInfo, SummaryMs};
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default, stream};
use serde::Serialize;

use crate::details::ExchangeReport;
use crate::files::FileReport;
use crate::message::Fault;
use mcpcap_tls_records::DecryptionReport;

/// What `analyze_http` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// What an analyst would want to be told: first of each rule the 20 with most frames.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub findings_total: u64,
    /// What was transferred whole, each once: programs first, then archives, documents and all others, the largest first; those that made room among
    /// 1,024 follow in no order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileReport>,
    /// How many: exact up to 4,096, beyond an estimate with a standard error of 0.8 %.
    #[serde(skip_serializing_if = "is_default")]
    pub files_total: u64,
    /// What of TLS was decrypted. Absent without a key log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decryption: Option<DecryptionReport>,
    pub statistics: Statistics,
    /// Requests with their responses, in the order in which they were complete.
    pub exchanges: Vec<ExchangeReport>,
    /// What part of `exchanges` this is, and of each other list that has more entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all exchanges.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Totals {
    /// TCP connections with HTTP.
    pub connections: u64,
    /// Requests.
    pub requests: u64,
    /// Responses, interim ones (1xx) too.
    pub responses: u64,
    /// Requests without a response in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub unanswered: u64,
    /// Responses without their request in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub unasked: u64,
    /// Responses with status 400 to 499.
    #[serde(skip_serializing_if = "is_default")]
    pub client_errors: u64,
    /// Responses with status 500 and above.
    #[serde(skip_serializing_if = "is_default")]
    pub server_errors: u64,
    /// Bytes of bodies of requests, as they were sent.
    pub request_body_bytes: u64,
    /// Bytes of bodies of responses, likewise.
    pub response_body_bytes: u64,
    /// Bodies of which a part is not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub incomplete_bodies: u64,
    /// Connections that became something else, by CONNECT or an upgrade.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnels: u64,
    /// From the last byte of a request to the first of its response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_first_byte: Option<SummaryMs>,
    /// From the first byte of a request to the last of its response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<SummaryMs>,
}

/// What came how often. Lists hold the 20 first entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Requests by method.
    pub methods: Vec<Count>,
    /// Responses by status.
    pub status_codes: Vec<CodeCount>,
    /// Requests by host.
    pub hosts: Vec<Count>,
    /// Requests by host and path, without the query.
    pub paths: Vec<Count>,
    /// Requests by User-Agent.
    pub user_agents: Vec<Count>,
    /// Responses by Server.
    pub servers: Vec<Count>,
    /// Responses by the type that Content-Type says.
    pub content_types: Vec<Count>,
    /// Whether the lists above are exact; otherwise counts may be too high by `too_high_by`, and rare entries are missing.
    pub lists_are_exact: bool,
    /// What failed how often: status, host and path of responses with status 400 and above, and of requests without a response.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
    /// Exchanges that took longest, from the first byte of the request to the last of the response.
    pub slowest: Vec<Slow>,
    /// What is wrong with messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<FaultCount<Fault>>,
}

/// A text and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// What was counted.
    pub name: String,
    /// How often it came.
    pub count: u64,
    /// The count may be too high by up to so many.
    #[serde(skip_serializing_if = "is_default")]
    pub too_high_by: u64,
}

/// A status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeCount {
    /// The status.
    pub code: u16,
    /// Responses with it.
    pub count: u64,
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failed {
    /// The status. Absent where there was no response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Host and path, without the query.
    pub url: String,
    /// How often.
    pub count: u64,
    /// The count may be too high by up to so many.
    #[serde(skip_serializing_if = "is_default")]
    pub too_high_by: u64,
}

/// What took long.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Slow {
    /// The frame of its request.
    pub frame: u64,
    /// Host and path, without the query.
    pub url: String,
    /// The status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the last byte of the request to the first of the response, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_first_byte_ms: Option<f64>,
    /// From the first byte of the request to the last of the response, in milliseconds.
    pub duration_ms: f64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Limits {
    /// Exchanges that were given away before they were complete, because too many were open.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_exchanges: u64,
    /// Files that made room for others, those that were not seen for longest. One that comes again begins anew; a further page has it whole.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_files: u64,
    /// Entries of the rules' tables, such as pairs of client and server, that made room: findings may be missing, and numbers in them too low.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_parties: u64,
    /// Bodies that were only measured, not hashed and recognised, because there was no room to read them.
    #[serde(skip_serializing_if = "is_default")]
    pub bodies_not_read: u64,
    /// Connections of HTTP/2 that were not read, because 128 others were open.
    #[serde(skip_serializing_if = "is_default")]
    pub http2_connections_not_read: u64,
    /// Tunnels of proxies whose bytes were only counted, because they were more than three deep, or 512 streams of HTTP/2 were tunnels.
    #[serde(skip_serializing_if = "is_default")]
    pub tunnels_not_read: u64,
    /// Bytes of HTTP connections that belong to no message that could be found.
    #[serde(skip_serializing_if = "is_default")]
    pub skipped_bytes: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
    /// How TCP streams were put together. Absent when nothing was amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassembly: Option<stream::Statistics>,
}
