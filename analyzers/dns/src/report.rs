//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{PageInfo, SummaryMs};
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default, stream};
use serde::Serialize;

use crate::counts::ServiceReport;
use crate::details::PacketDetails;
use crate::domains::{DomainReport, NameCount};
use crate::order::OrderReport;
use crate::parties::PartyReport;
use crate::seen::Transport;
use crate::transactions::Unanswered;

/// What `analyze_dns_packets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Messages of DNS, mDNS and LLMNR in the frames that were read. Absent when there are none.
    #[serde(skip_serializing_if = "is_default")]
    pub dns_packets_found: u64,
    /// How many of them were analysed: all.
    #[serde(skip_serializing_if = "is_default")]
    pub dns_packets_analyzed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub statistics: Statistics,
    /// What an analyst would want to be told; of each rule first the 20 findings with the most frames.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub findings_total: u64,
    /// Messages in the order in which they were complete: that of the capture, but for those that waited for a part or for a response.
    /// As far as `limit`, `offset` and `name` ask for them.
    pub packets: Vec<PacketDetails>,
    /// What part of `packets` this is, and of the lists that hold only their first entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Absent without messages.
    #[serde(flatten)]
    pub messages: Option<MessageStatistics>,
    /// Counts for each of DNS, mDNS and LLMNR that was seen.
    pub services: Vec<ServiceReport>,
}

/// What there is to count where there are messages.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MessageStatistics {
    /// Messages with QR 0, of all services.
    pub queries: u64,
    /// Messages with QR 1, of all services.
    pub responses: u64,
    /// Different names in questions of queries and responses; case does not matter.
    pub unique_domains_queried: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub unique_domains_is_exact: bool,
    /// These names, in lower case, in order of appearance, those beyond 4,096 in no order. Text from the capture.
    pub unique_domains: Vec<String>,
    pub transactions: TransactionsReport,
    /// Servers of plain DNS, the busiest first.
    pub servers: Vec<PartyReport>,
    /// Servers of plain DNS in all.
    pub servers_total: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub servers_total_is_exact: bool,
    /// Clients of plain DNS, the busiest first.
    pub clients: Vec<PartyReport>,
    /// Clients of plain DNS in all.
    pub clients_total: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub clients_total_is_exact: bool,
    /// Registered domains of plain DNS (by the public suffix list), the most asked for first.
    pub domains: Vec<DomainReport>,
    /// Registered domains in all.
    pub domains_total: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub domains_total_is_exact: bool,
    /// Names most asked for in plain DNS: the first 1,024 in order, all others behind them in no order.
    pub top_names: Vec<NameCount>,
    /// Whether the counts of the first 1,024 are exact; those of the others are.
    pub top_names_are_exact: bool,
}

/// Queries and their responses, of DNS. mDNS has no transactions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TransactionsReport {
    /// Queries, each once, however often it was sent. Also those whose question cannot be read.
    pub asked: u64,
    /// How many got a response.
    pub answered: u64,
    /// How many got none in the capture.
    pub unanswered: u64,
    /// How many of those waited for 5 s or more of the capture: they timed out. At least so many, where `limits.evicted.transactions` is
    /// there.
    pub unanswered_for_5_seconds: u64,
    /// Queries sent again before an answer, with the same identifier and ports, no more than 30 s after the last time.
    pub retransmitted: u64,
    /// Questions that the same client asked again before an answer, with another identifier, port or server, or more than 30 s later.
    pub asked_again: u64,
    /// First responses that came 5 s or more after the query.
    pub late_responses: u64,
    /// Further responses to the same query.
    pub duplicate_responses: u64,
    /// Further responses that say something else, although each query had a response already.
    pub conflicting_responses: u64,
    /// Responses without a query in the capture: it was not captured, or not sent.
    pub unasked_responses: u64,
    /// Responses with the addresses, ports and identifier of an open query that asks something else.
    pub responses_to_another_question: u64,
    /// Responses with the addresses, ports and identifier of a payload that is no message (`not_dns` or `header_too_short` under `malformed`).
    pub responses_to_other_payloads: u64,
    /// Truncated responses over UDP.
    pub truncated_responses: u64,
    /// How many of those questions came again over TCP.
    pub retried_over_tcp: u64,
    /// LLMNR questions. That most find no answer is normal: nobody has the name.
    pub llmnr_asked: u64,
    /// LLMNR questions with a response.
    pub llmnr_answered: u64,
    /// Time from the first transmission of a query to its first response.
    pub latency: Vec<LatencyReport>,
    /// Queries without a response; `unanswered` says how many there are. Those that had to make room come first, and then the others in the order of time.
    pub unanswered_queries: Vec<Unanswered>,
}

/// Latency over one transport.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LatencyReport {
    /// What carried the messages.
    pub transport: Transport,
    #[serde(flatten)]
    pub summary: SummaryMs,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Limits {
    /// Frames that do not stand in the order of time.
    #[serde(skip_serializing_if = "is_default")]
    pub order: OrderReport,
    /// Entries that had to make room in tables of fixed size. Absent, and without
    /// `order.responses_given_up`: everything above is over the whole capture.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted: Evicted,
    /// Messages on other ports that look like DNS, without a matching message of the other direction. They are not counted above.
    #[serde(skip_serializing_if = "is_default")]
    pub unconfirmed_candidates: u64,
    /// Their frames, in the order of the file; those beyond 4,096 follow as they come.
    #[serde(skip_serializing_if = "is_default")]
    pub unconfirmed_frames: Vec<u64>,
    /// Messages over TCP whose end is not in the capture. Those whose header is there are counted as messages, with `tcp_hole` or
    /// `cut_by_snap_length` under `malformed`.
    #[serde(skip_serializing_if = "is_default")]
    pub incomplete_over_tcp: u64,
    /// Bytes of DNS connections that belong to no message that could be found.
    #[serde(skip_serializing_if = "is_default")]
    pub skipped_tcp_octets: u64,
    /// How often codes came that found no place in the lists of codes of services, which hold the first 256 different ones. Their pages have all.
    #[serde(skip_serializing_if = "is_default")]
    pub codes_not_kept: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
    /// How TCP streams were put together. Absent when nothing was amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassembly: Option<stream::Statistics>,
}

/// Entries that had to make room.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Queries that made room before a response came; a later one counts as unasked.
    #[serde(skip_serializing_if = "is_default")]
    pub transactions: u64,
    /// Payloads that are no messages; a response to one counts as unasked.
    #[serde(skip_serializing_if = "is_default")]
    pub other_payloads: u64,
    /// Questions that were open; `asked_again` is at least what it says.
    #[serde(skip_serializing_if = "is_default")]
    pub open_questions: u64,
    /// Truncated responses and questions over TCP; `retried_over_tcp` is at least what it says.
    #[serde(skip_serializing_if = "is_default")]
    pub retries: u64,
    /// Servers. Those that come again count from 0, and say `at_least`.
    #[serde(skip_serializing_if = "is_default")]
    pub servers: u64,
    /// Clients. Those that come again count from 0, and say `at_least`.
    #[serde(skip_serializing_if = "is_default")]
    pub clients: u64,
    /// Domains. Those that come again count from 0, and say `at_least`.
    #[serde(skip_serializing_if = "is_default")]
    pub domains: u64,
    /// Names whose second coming counts as new; `distinct_names` of domains is at most what it says.
    #[serde(skip_serializing_if = "is_default")]
    pub names: u64,
    /// Messages on other ports that look like DNS. They are among `unconfirmed_candidates`.
    #[serde(skip_serializing_if = "is_default")]
    pub candidates: u64,
    /// Servers on other ports that were known; their messages wait for the other direction again.
    #[serde(skip_serializing_if = "is_default")]
    pub confirmed_servers: u64,
    /// Hosts that asked mDNS from another port; responses to them may count as DNS.
    #[serde(skip_serializing_if = "is_default")]
    pub one_shot_queriers: u64,
    /// In the tables of the rules: a finding may be missing, or have numbers that are too low. Absent when there are none.
    #[serde(skip_serializing_if = "is_default")]
    pub rules: RuleTables,
}

/// Entries that had to make room in the tables of the rules.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuleTables {
    /// Clients and servers with conflicting responses.
    #[serde(skip_serializing_if = "is_default")]
    pub conflicts: u64,
    /// Hosts with responses.
    #[serde(skip_serializing_if = "is_default")]
    pub response_hosts: u64,
    /// Clients and servers with responses to another question.
    #[serde(skip_serializing_if = "is_default")]
    pub other_questions: u64,
    /// Clients that were told of names that do not exist.
    #[serde(skip_serializing_if = "is_default")]
    pub nxdomain_clients: u64,
    /// Clients that were told of domains that do not exist.
    #[serde(skip_serializing_if = "is_default")]
    pub generated_clients: u64,
    /// Hosts that answer LLMNR.
    #[serde(skip_serializing_if = "is_default")]
    pub llmnr_responders: u64,
    /// Clients and servers of which names are looked at.
    #[serde(skip_serializing_if = "is_default")]
    pub name_pairs: u64,
    /// Messages of zone transfers beyond the first 64 of different ends and zones.
    #[serde(skip_serializing_if = "is_default")]
    pub transfers: u64,
}
