//! The report.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default};
use serde::Serialize;

use crate::details::PacketDetails;
use crate::echo::EchoReport;
use crate::errors::{MtuReport, RedirectReport, UnreachableReport};
use crate::inner::TunnelReport;
use crate::neighbours::NeighbourReport;
use crate::paths::PathReport;
use crate::session::PairReport;

/// What `analyze_icmp_packets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// ICMP and ICMPv6 messages in the frames that were read.
    pub icmp_packets_found: u64,
    /// How many of them were analysed: all.
    pub icmp_packets_analyzed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub statistics: Statistics,
    /// What an analyst would want to be told: first of each rule the 20 with most frames.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub findings_total: u64,
    /// Messages in the order of the capture, as far as `limit`, `offset`, `host` and `icmp_type` ask for them.
    pub packets: Vec<PacketDetails>,
    /// What part of `packets` this is, and of each list that is cut. Their `total` is what can be listed; what made room is in `limits`.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all messages. Each list holds up to 20 entries; the field with `total` in its name beside it says how many there are.
/// Counts of different ones are exact up to 4,096; beyond, they are estimates with a standard error of 0.8 %.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Messages by version, type and code.
    pub icmp_type_counts: Vec<TypeCount>,
    /// Different source addresses.
    pub unique_sources_count: u64,
    /// Different destination addresses.
    pub unique_destinations_count: u64,
    /// Whether both counts of addresses are exact.
    pub unique_counts_exact: bool,
    /// Sources in order of appearance, those beyond 4,096 in no order. `unique_sources_count` says how many there are.
    pub unique_sources: Vec<IpAddr>,
    /// Destinations in order of appearance, likewise; `unique_destinations_count` says how many there are.
    pub unique_destinations: Vec<IpAddr>,
    /// Different pairs of requester and target that exchanged echoes.
    pub echo_sessions: u64,
    pub echo: EchoReport,
    /// Echoes by requester and target, the most frequent first.
    pub echo_pairs: Vec<PairReport>,
    /// How many there are: `echo_sessions`.
    pub echo_pairs_total: u64,
    /// IP packets within the payloads of echoes: what an ICMP tunnel carries, those with most packets first.
    pub tunnels: Vec<TunnelReport>,
    /// Tunnels in all; at least so many where pairs made room (`limits.evicted.echo_pairs`). Those that did are on further pages, in no order.
    pub tunnels_total: u64,
    /// Different destinations that packets did not reach.
    pub unreachable_destinations_count: u64,
    /// Destinations that packets did not reach, the most frequent first.
    pub unreachable_destinations: Vec<UnreachableReport>,
    /// Different destinations, codes and reporters.
    pub unreachable_destinations_total: u64,
    /// Paths that traceroutes found, in the order of their first frames; those that made room follow in no order.
    pub paths: Vec<PathReport>,
    /// Paths in all; at least so many where some made room (`limits.evicted.paths`).
    pub paths_total: u64,
    /// Paths on which packets were too big, with the MTU that routers report, in the order of their addresses.
    pub path_mtus: Vec<MtuReport>,
    /// Such paths in all.
    pub path_mtus_total: u64,
    /// Redirects to another gateway, the most frequent first.
    pub redirects: Vec<RedirectReport>,
    /// Redirects by router, gateway and destination in all.
    pub redirects_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neighbour_discovery: Option<NeighbourReport>,
}

/// Messages of a type and code.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TypeCount {
    /// 4 for ICMP, 6 for ICMPv6.
    pub ip_version: u8,
    /// Number of the type.
    #[serde(rename = "type")]
    pub kind: u8,
    /// Number of the code.
    pub code: u8,
    /// Name of the type.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub type_name: Cow<'static, str>,
    /// Name of the code, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub code_name: Option<Cow<'static, str>>,
    /// Messages.
    pub count: u64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// Entries that had to make room in tables of fixed size. Absent: everything above is over the whole capture.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted: Evicted,
    /// Messages that end before their header of eight bytes does.
    #[serde(skip_serializing_if = "is_default")]
    pub short_messages: u64,
    /// Messages whose time is before that of a message above them in the file. Echoes are paired by time all the same, as far as replies that
    /// stand before their request find room to wait (`evicted.echo_replies`).
    #[serde(skip_serializing_if = "is_default")]
    pub out_of_order_messages: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
}

/// Entries that had to make room.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Echo requests that made room before a reply came; a later one counts as a reply without request.
    #[serde(skip_serializing_if = "is_default")]
    pub echo_requests: u64,
    /// Replies that made room before a request came that stands behind them in the file; such a request counts as unanswered.
    #[serde(skip_serializing_if = "is_default")]
    pub echo_replies: u64,
    /// Requests with their reply that made room; a further reply to one counts as a reply without request.
    #[serde(skip_serializing_if = "is_default")]
    pub echo_answered: u64,
    /// Requests to broadcast and multicast addresses; later replies to them count as replies without request.
    #[serde(skip_serializing_if = "is_default")]
    pub echo_to_many: u64,
    /// Pairs of requester and target. One that comes again begins anew.
    #[serde(skip_serializing_if = "is_default")]
    pub echo_pairs: u64,
    /// Packets that may be probes of a traceroute; answers to them are in no path, and where there is none they are not counted at their hops.
    #[serde(skip_serializing_if = "is_default")]
    pub probes: u64,
    /// Paths of traceroutes.
    #[serde(skip_serializing_if = "is_default")]
    pub paths: u64,
    /// Destinations, MTUs and redirects in errors.
    #[serde(skip_serializing_if = "is_default")]
    pub errors: u64,
    /// Neighbours and routers.
    #[serde(skip_serializing_if = "is_default")]
    pub neighbours: u64,
    /// Hosts in the tables of the findings.
    #[serde(skip_serializing_if = "is_default")]
    pub sources: u64,
}
