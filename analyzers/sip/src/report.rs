//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::faults::FaultCount;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default, stream};
use serde::Serialize;

use crate::authentication::AuthenticationReport;
use crate::calls::report::{CallReport, CallsReport};
use crate::details::PacketDetails;
use crate::message::Fault;
use crate::parties::PartyReport;
use crate::registrations::report::{RegistrationReport, RegistrationsReport};
use crate::seen::Transport;
use crate::tallies::{CodeCount, Count, NamedCount};
use crate::transactions::{TransactionReport, Unanswered};

/// What `analyze_sip_packets` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// Messages in the frames that were read.
    pub sip_packets_found: u64,
    /// How many of them were analysed: all.
    pub sip_packets_analyzed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub statistics: Statistics,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// Findings in all. Of each rule the 100 with most frames come first, the others on further pages.
    pub findings_total: u64,
    /// Calls in the order in which their first messages were complete, as far as `limit`, `offset`, `call_id` and `user` ask for them.
    pub calls: Vec<CallReport>,
    /// Who registered which account where, those with most requests first, as far as `user` asks for them; those that had to make room among 2,048
    /// follow in no order.
    pub registrations: Vec<RegistrationReport>,
    /// Messages in the order in which they were complete: that of the capture, but for those that waited for a part. As far as `limit`,
    /// `offset` and the filters ask for them.
    pub packets: Vec<PacketDetails>,
    /// What part of `calls` and `packets` this is, and of each other list that has more entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all messages. Lists hold the 20 first entries; how many there are in all stands beside each.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Requests.
    pub requests: u64,
    /// Responses.
    pub responses: u64,
    /// Requests by method.
    pub methods: Vec<Count>,
    /// Different methods of requests.
    pub methods_total: u64,
    /// Responses by class: `2xx`.
    pub response_classes: Vec<NamedCount>,
    /// Responses by status code.
    pub status_codes: Vec<CodeCount>,
    /// Different status codes.
    pub status_codes_total: u64,
    /// All messages by the method in CSeq.
    pub cseq_methods: Vec<Count>,
    /// Different methods in CSeq.
    pub cseq_methods_total: u64,
    /// Messages by what carried them.
    pub transports: Vec<TransportCount>,
    /// Different Call-IDs.
    pub unique_call_ids: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub unique_call_ids_is_exact: bool,
    /// Call-IDs with most messages; `unique_call_ids` tells how many there are.
    pub call_ids: Vec<Count>,
    /// User-Agent headers.
    pub user_agents: Vec<Count>,
    /// Different User-Agent headers.
    pub user_agents_total: u64,
    /// Server headers.
    pub servers: Vec<Count>,
    /// Different Server headers.
    pub servers_total: u64,
    /// First four characters of dialled numbers with seven digits or more, in new INVITEs.
    pub dialled_prefixes: Vec<Count>,
    /// Different prefixes.
    pub dialled_prefixes_total: u64,
    /// Whether the counts in the lists above are exact. Otherwise those of the most frequent entries may be too high by `too_high_by`, all other entries follow in
    /// no order, and a total above 4,096 is an estimate with a standard error of 0.8 %.
    pub lists_are_exact: bool,
    /// Requests and their responses, by method; the first 64 methods.
    pub transactions: Vec<TransactionReport>,
    /// Requests of methods that came after 64 others: they are not among `transactions`.
    pub requests_of_other_methods: u64,
    /// Requests without a response; those that had to make room come first.
    pub unanswered_requests: Vec<Unanswered>,
    /// Requests without a response, without ACK; at most so many when `limits.evicted.transactions` is there.
    pub unanswered_requests_total: u64,
    /// Requests that were sent again. Not counted as new anywhere.
    pub retransmitted_requests: u64,
    /// Responses that were sent again.
    pub retransmitted_responses: u64,
    /// Responses without their request in the capture.
    pub unasked_responses: u64,
    pub calls: CallsReport,
    pub registrations: RegistrationsReport,
    pub authentication: AuthenticationReport,
    /// Addresses, the busiest first.
    pub endpoints: Vec<PartyReport>,
    /// Different addresses.
    pub endpoints_total: u64,
    /// Whether that number is exact; otherwise it is an estimate with a standard error of 0.8 %.
    pub endpoints_total_is_exact: bool,
    /// Messages and payloads with something wrong.
    pub malformed: Vec<FaultCount<Fault>>,
    /// Different faults.
    pub malformed_total: u64,
    /// TCP connections on the ports of SIP that begin with TLS: their messages cannot be seen.
    pub encrypted_connections: u64,
    /// WebSockets with the subprotocol `sip`.
    pub websockets: u64,
    /// Keep-alives: line ends alone, and payloads of at most 8 bytes on port 5060.
    pub keep_alives: u64,
}

/// Messages over one transport.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct TransportCount {
    /// What carried the messages.
    pub transport: Transport,
    /// Messages.
    pub count: u64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// Entries that had to make room in tables of fixed size. Absent: everything above is over the whole capture.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted: Evicted,
    /// Requests that stand more than 64 messages behind a response to them, since the file is not in the order of time: those responses
    /// count as unasked, and these requests as unanswered unless other responses follow. At least so many, when there are more than 4,096
    /// responses without a request.
    #[serde(skip_serializing_if = "is_default")]
    pub requests_behind_their_responses: u64,
    /// Responses of transactions that had more than 8 different ones; when these are sent again, they count as new.
    #[serde(skip_serializing_if = "is_default")]
    pub responses_not_told_apart: u64,
    /// Messages over TCP whose end is not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub incomplete_over_tcp: u64,
    /// Bytes of SIP connections that belong to no message that could be found.
    #[serde(skip_serializing_if = "is_default")]
    pub skipped_tcp_octets: u64,
    /// Messages in WebSockets that are compressed or too long.
    #[serde(skip_serializing_if = "is_default")]
    pub unreadable_websocket_messages: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
    /// How TCP streams were put together. Absent when nothing was amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassembly: Option<stream::Statistics>,
}

/// Entries that had to make room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Requests that made room before a response came.
    #[serde(skip_serializing_if = "is_default")]
    pub transactions: u64,
    /// Calls that were judged before the capture ended; what comes later counts as another call.
    #[serde(skip_serializing_if = "is_default")]
    pub calls: u64,
    /// Registrations. One that comes again begins anew; a further page has it whole.
    #[serde(skip_serializing_if = "is_default")]
    pub registrations: u64,
    /// Addresses.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoints: u64,
    /// Challenges and credentials.
    #[serde(skip_serializing_if = "is_default")]
    pub authentication: u64,
    /// Entries of the rules, such as pairs of client and server: findings may be missing, and numbers in findings too low.
    #[serde(skip_serializing_if = "is_default")]
    pub pairs: u64,
}
