//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default};
use serde::Serialize;

use crate::counts::CountsReport;
use crate::details::PacketDetails;
use crate::exchange::ExchangeReport;
use crate::exchanges::ExchangeSummary;
use crate::leases::LeaseReport;
use crate::parties::{ClientReport, RelayReport, ServerReport};

/// What `analyze_dhcp_packets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// DHCPv4, BOOTP and DHCPv6 messages in the frames that were read.
    pub dhcp_packets_found: u64,
    /// How many of them were analysed: all.
    pub dhcp_packets_analyzed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub statistics: Statistics,
    /// What an analyst would want to be told: first of each rule the 20 with most frames.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub findings_total: u64,
    /// Exchanges in the order of their last message, as far as `transaction_limit` and `transaction_offset` ask for them.
    pub transactions: Vec<ExchangeReport>,
    /// Messages in the order of the capture, as far as `limit`, `offset`, `client` and `message_type` ask for them.
    pub packets: Vec<PacketDetails>,
    /// What part of `packets` and of `transactions` this is, and of each list that is cut. Their `total` is what can be listed; what made room is in
    /// `limits`.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all messages. Each list holds up to 50 entries; the field with `total` or `unique` in its name says how many there are.
/// Counts of different ones are exact up to 4,096; beyond, they are estimates with a standard error of 0.8 %.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Different clients.
    pub unique_clients_count: u64,
    /// Different servers.
    pub unique_servers_count: u64,
    #[serde(flatten)]
    pub counts: CountsReport,
    pub exchanges: ExchangeSummary,
    /// Clients, those with most messages first.
    pub clients: Vec<ClientReport>,
    /// Servers, those with most messages first.
    pub servers: Vec<ServerReport>,
    /// Relays, those with most messages first.
    pub relays: Vec<RelayReport>,
    /// Different relays.
    pub relays_total: u64,
    /// Addresses and prefixes that were granted, in the order of their first grant.
    pub leases: Vec<LeaseReport>,
    /// Different clients and addresses.
    pub leases_total: u64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// Exchanges that made room before they ended. They are reported as they stood then; more messages of one count as another.
    #[serde(skip_serializing_if = "is_default")]
    pub exchanges_evicted: u64,
    /// Clients, servers and relays that made room.
    #[serde(skip_serializing_if = "is_default")]
    pub parties_evicted: u64,
    /// Leases that made room for others.
    #[serde(skip_serializing_if = "is_default")]
    pub leases_evicted: u64,
    /// Segments and addresses that made room in the tables of the findings.
    #[serde(skip_serializing_if = "is_default")]
    pub findings_evicted: u64,
    /// Messages whose time is before that of a message above them in the file. Exchanges are put together by time all the same.
    #[serde(skip_serializing_if = "is_default")]
    pub out_of_order_messages: u64,
    /// Those of them that stand more than 128 messages too late, and were taken as they came: times and outcomes of their exchanges may be wrong.
    #[serde(skip_serializing_if = "is_default")]
    pub too_late_messages: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
}
