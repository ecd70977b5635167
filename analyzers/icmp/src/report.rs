//! The report.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{JsonSchema, decode};
use serde::Serialize;

use crate::details::PacketDetails;
use crate::echo::{EchoReport, PairReport};
use crate::errors::{MtuReport, RedirectReport, UnreachableReport};
use crate::neighbours::NeighbourReport;
use crate::paths::PathReport;

/// What `analyze_icmp_packets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// ICMP and ICMPv6 messages in the frames that were read.
    pub icmp_packets_found: u64,
    /// How many of them were analysed: all.
    pub icmp_packets_analyzed: u64,
    /// Says that no messages were found, and where was looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message: Option<String>,
    /// Packets that were captured more than once, of which only the first is counted. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub statistics: Statistics,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// Messages in the order of the capture, as far as `limit`, `offset`, `host` and `icmp_type` ask for them.
    pub packets: Vec<PacketDetails>,
    /// What part of `packets` this is.
    pub pages: Vec<PageInfo>,
    pub limits: Limits,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Numbers over all messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Messages by version, type and code.
    pub icmp_type_counts: Vec<TypeCount>,
    pub unique_sources_count: u64,
    pub unique_destinations_count: u64,
    /// The first sources, in order of appearance.
    pub unique_sources: Vec<IpAddr>,
    pub unique_destinations: Vec<IpAddr>,
    /// Pairs of requester and target that exchanged echoes.
    pub echo_sessions: u64,
    pub echo: EchoReport,
    /// Echoes by requester and target, the most frequent first.
    pub echo_pairs: Vec<PairReport>,
    /// Different destinations that packets did not reach.
    pub unreachable_destinations_count: u64,
    /// Destinations that packets did not reach, the most frequent first.
    pub unreachable_destinations: Vec<UnreachableReport>,
    pub unreachable_destinations_total: u64,
    /// Paths that traceroutes found.
    pub paths: Vec<PathReport>,
    pub paths_total: u64,
    pub path_mtus: Vec<MtuReport>,
    pub redirects: Vec<RedirectReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neighbour_discovery: Option<NeighbourReport>,
}

/// Messages of a type and code.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TypeCount {
    /// 4 for ICMP, 6 for ICMPv6.
    pub ip_version: u8,
    #[serde(rename = "type")]
    pub kind: u8,
    pub code: u8,
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub type_name: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub code_name: Option<Cow<'static, str>>,
    pub count: u64,
}

/// What was not kept, and what was not decoded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Limits {
    /// Entries that had to make room in tables of fixed size. All 0: everything above is over the whole capture.
    pub evicted: Evicted,
    /// Messages that end before their header of eight octets does.
    pub short_messages: u64,
    pub decoding: decode::Statistics,
}

/// Entries that had to make room.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Evicted {
    /// Echo requests that made room before a reply came; a later one counts as a reply without request.
    pub echo_requests: u64,
    pub echo_pairs: u64,
    pub probes: u64,
    pub paths: u64,
    pub errors: u64,
    pub neighbours: u64,
    pub sources: u64,
}
