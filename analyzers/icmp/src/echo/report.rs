//! Echoes as the report has them.

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::SummaryMs;
use serde::Serialize;

/// Echo requests and replies of the whole capture.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EchoReport {
    /// Echo requests.
    pub requests: u64,
    /// Echo replies.
    pub replies: u64,
    /// Requests that got a reply: same addresses, identifier and sequence number, and not later than the reply by their times (where no time fits, by
    /// the order in the file). Their VLANs may differ, as mirrored traffic bears a tag for each direction, unless requests and replies were
    /// heard in both VLANs.
    pub answered: u64,
    /// Requests without a reply in the capture.
    pub unanswered: u64,
    /// unanswered by requests.
    pub loss: f64,
    /// Requests with the numbers of an earlier one.
    pub sent_again: u64,
    /// Further replies to the same request.
    pub duplicate_replies: u64,
    /// Replies of other hosts to a request to a broadcast or multicast address.
    pub replies_to_broadcast: u64,
    /// Replies to nothing that is in the capture.
    pub replies_without_request: u64,
    /// Replies that came 1 s or more after the request.
    pub late_replies: u64,
    /// Replies whose payload is not that of the request (RFC 792 wants it returned).
    pub replies_unlike_request: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt: Option<SummaryMs>,
}
