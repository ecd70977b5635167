//! What the report of `analyze_tcp_anomalies` holds.

use std::net::IpAddr;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::{Finding, Frames, Measure};
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Ending, JsonSchema, is_default};
use serde::Serialize;

use crate::filter::FilterReport;
use crate::report::{ConnStateCount, FileOrder, FlagCount, Limits};

/// What `analyze_tcp_anomalies` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets of the connections asked for.
    pub tcp_packets_found: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    #[serde(skip_serializing_if = "is_default")]
    pub filter: FilterReport,
    pub statistics: Statistics,
    /// What differs from undisturbed traffic, each with its numbers.
    pub patterns: Vec<Pattern>,
    pub summary: Summary,
    /// Addresses that sent RST, the most frequent first; behind the first 1,024 in no order, with exact counts.
    pub rst_by_source: Vec<AddressCount>,
    /// Connections with RST, in the order of their appearance; of those beyond 4,096 in that of their end.
    pub connections_with_rst: Vec<ResetConnection>,
    /// Connections that sent again, those with most packets sent again first; those beyond 4,096 follow as they come.
    pub retransmissions_by_connection: Vec<ConnectionCount>,
    /// What parts of the three lists above these are, and of `findings` when there are more of them.
    pub pages: Vec<PageInfo>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all connections asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Connections.
    pub total_connections: u64,
    /// TCP packets.
    pub total_packets: u64,
    pub handshake: Handshakes,
    pub flags: FlagCounts,
    pub rst_distribution: Resets,
    pub retransmissions: Retransmissions,
    pub connection_states: States,
    /// Connections by Zeek's states.
    pub conn_states: Vec<ConnStateCount>,
    /// Wireshark's sequence analysis.
    pub analysis: Vec<FlagCount>,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
}

/// Connections that began in the capture.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Handshakes {
    /// SYN, SYN-ACK and the ACK of both.
    pub successful: u64,
    /// Their SYN was captured, and they were unanswered, refused or given up.
    pub failed: u64,
    /// SYN and SYN-ACK seen, and no acknowledgment of it.
    pub incomplete: u64,
    /// Established, although their SYN, SYN-ACK or ACK was not captured.
    pub established_with_parts_not_captured: u64,
}

/// Segments by control bits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlagCounts {
    /// SYN without ACK.
    pub syn: u64,
    /// Packets with SYN and ACK.
    pub syn_ack: u64,
    /// Packets with RST.
    pub rst: u64,
    /// Packets with FIN.
    pub fin: u64,
    /// Packets with ACK.
    pub ack: u64,
}

/// Who resets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resets {
    /// Addresses that sent RST; above 4,096 an estimate with a standard error of 0.8 %. `rst_by_source` lists them.
    pub sources: u64,
    /// Whether the counts of the first 1,024 are exact.
    pub sources_exact: bool,
    /// Packets with RST by direction.
    pub by_direction: Directions,
    /// `connections_with_rst` lists them.
    pub connections_with_rst_total: u64,
}

/// An address and a number of packets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddressCount {
    /// Address that sent RST.
    pub address: IpAddr,
    /// Packets with RST.
    pub count: u64,
    /// By how much `count` may be too high; 0 unless more than 1,024 addresses sent RST.
    pub error: u64,
}

/// RST by direction.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Directions {
    /// From clients to servers.
    pub to_server: u64,
    /// From servers to clients.
    pub from_server: u64,
    /// On connections whose beginning was not captured.
    pub unknown: u64,
}

/// A connection with RST.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResetConnection {
    /// Its place in the order of appearance, as in analyze_tcp_connections.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Frame of the first RST.
    pub frame: u64,
    /// Who sent it: client or server.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
}

/// What was sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Retransmissions {
    /// Packets with bytes, or a SYN or FIN, that the capture has more than once.
    pub total: u64,
    /// Packets with bytes that lie before others that came earlier, and that the capture has once.
    pub late_packets: u64,
    /// Connections with packets sent again; `retransmissions_by_connection` lists them.
    pub connections: u64,
    /// total by total_packets.
    pub rate: f64,
}

/// A connection and what it sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionCount {
    /// Its place in the order of appearance.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Packets sent again.
    pub count: u64,
    /// Frames that carry it, rising. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// How connections stand at the end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct States {
    /// Established, and not ended.
    pub established: u64,
    /// Ended or refused with RST.
    pub reset: u64,
    /// Both ends sent FIN.
    pub closed: u64,
    /// Unanswered, half open, or not captured from the beginning.
    pub unknown: u64,
}

/// A pattern.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pattern {
    /// rst_directional_asymmetry, packet_retransmission, handshake_completion, abnormal_termination, syn_response_imbalance,
    /// closed_window, capture_gaps or file_order.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub pattern: &'static str,
    /// connection_termination, reliability, connection_establishment, connection_lifecycle, flow_control or capture_quality.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    /// The numbers of the pattern.
    pub observations: Vec<Measure>,
    /// The numbers in a sentence.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub description: String,
}

/// The patterns in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Patterns.
    pub total_patterns: u64,
    /// Patterns by category.
    pub by_category: Vec<CategoryCount>,
    /// What stands out most.
    pub notable_observations: Vec<Notable>,
}

/// Patterns of a category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CategoryCount {
    /// As in `patterns`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    /// Patterns of that category.
    pub count: u64,
}

/// Something that stands out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notable {
    /// strong_rst_asymmetry or high_retransmission.
    #[serde(rename = "type")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: &'static str,
    /// The numbers in a sentence.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub detail: String,
}
