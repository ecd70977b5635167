//! The table `sip`: messages.

use std::net::IpAddr;

use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::{text, time};

use crate::message::facts::Facts;
use crate::message::{Message, Start, sdp};
use crate::seen::{Seen, Transport};
use crate::transactions::Outcome;

mcpcap_analyzer::table! {
    /// A SIP message.
    pub struct SipMessage in "sip" {
        /// The frame that completed it.
        frame: u64,
        /// When that was captured.
        time: Option<Time>,
        /// udp, tcp or ws.
        transport: &'static str,
        /// Who sent it.
        source: IpAddr,
        /// Its port.
        source_port: u16,
        /// Who was to get it.
        destination: IpAddr,
        /// Its port.
        destination_port: u16,
        /// Of a request its method, of a response that of its CSeq.
        method: Captured<String>,
        /// Status code of a response.
        status: Option<u16>,
        /// Its reason, in the sender's words.
        reason: Option<Captured<String>>,
        /// Request URI.
        uri: Option<Captured<String>>,
        /// Call-ID.
        call_id: Captured<String>,
        /// Number of the CSeq.
        cseq: Option<u64>,
        /// From, as it is.
        from_header: Captured<String>,
        /// To, as it is.
        to_header: Captured<String>,
        /// Tag of From.
        from_tag: Option<Captured<String>>,
        /// Tag of To.
        to_tag: Option<Captured<String>>,
        /// Branch of the topmost Via.
        branch: Captured<String>,
        /// User-Agent or Server.
        user_agent: Option<Captured<String>>,
        /// Content type of the body.
        content_type: Option<Captured<String>>,
        /// Size of the body.
        #[unit = "bytes"]
        body: usize,
        /// How many media its session description has.
        media: usize,
        /// Whether a request carries credentials.
        has_credentials: bool,
        /// Whether a response asks for credentials.
        is_challenge: bool,
        /// Frame of the request that it answers.
        request_frame: Option<u64>,
        /// From that request to it.
        #[unit = "ms"]
        latency_ms: Option<f64>,
        /// Frame of the same message before, when it was sent again.
        retransmission_of: Option<u64>,
        /// Whether something is wrong with it.
        is_malformed: bool,
    }
}

/// Characters of a text.
const TEXT: usize = 500;

/// Whether somebody wants the table. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<SipMessage>()
}

/// Gives the row of a message.
pub fn add(seen: &Seen, message: &Message<'_>, facts: &Facts<'_>, media: &[sdp::Media<'_>], outcome: Outcome) {
    table::add(|| row(seen, message, facts, media, outcome));
}

fn row(
    seen: &Seen,
    message: &Message<'_>,
    facts: &Facts<'_>,
    media: &[sdp::Media<'_>],
    outcome: Outcome,
) -> SipMessage {
    let shown = |octets: &[u8]| Captured(text::printable(octets, TEXT));
    let (uri, reason) = match message.start {
        Start::Request { uri, .. } => (Some(uri), None),
        Start::Response { reason, .. } => (None, Some(reason)),
    };
    let (request_frame, latency) = match outcome {
        Outcome::Answered { request, latency, .. } => (Some(request), latency),
        _ => (None, None),
    };
    SipMessage {
        frame: seen.frame,
        time: seen.timestamp.map(Time),
        transport: match seen.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Ws => "ws",
        },
        source: seen.source.ip(),
        source_port: seen.source.port(),
        destination: seen.destination.ip(),
        destination_port: seen.destination.port(),
        method: shown(facts.method),
        status: facts.status,
        reason: reason.map(shown),
        uri: uri.map(shown),
        call_id: shown(facts.call_id),
        cseq: facts.cseq,
        from_header: shown(message.value("from").unwrap_or_default()),
        to_header: shown(message.value("to").unwrap_or_default()),
        from_tag: facts.from_tag.map(shown),
        to_tag: facts.to_tag.map(shown),
        branch: shown(facts.branch),
        user_agent: facts.agent.map(shown),
        content_type: message.value("content-type").map(shown),
        body: message.body.len(),
        media: media.len(),
        has_credentials: !facts.credentials.is_empty(),
        is_challenge: !facts.challenges.is_empty(),
        request_frame,
        latency_ms: latency.map(time::milliseconds),
        retransmission_of: if let Outcome::Again(first) = outcome { Some(first) } else { None },
        is_malformed: !message.faults.is_empty(),
    }
}
