//! The tables `sip`, of messages, and `sip_calls`.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::{community, text, time};

use crate::calls::report::CallReport;
use crate::message::facts::Facts;
use crate::message::{Message, Start, number, sdp};
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
        /// VLAN of a datagram, and of TCP of the connection's first packet: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in other tables and in the logs of other tools.
        community_id: Cow<'static, str>,
        /// Number of the TCP connection, from 0.
        connection: Option<u64>,
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
        /// Each Via, the topmost first: the first 32.
        vias: Captured<Vec<String>>,
        /// Date.
        date: Option<Captured<String>>,
        /// Reply-To.
        reply_to: Option<Captured<String>>,
        /// Subject.
        subject: Option<Captured<String>>,
        /// Warning.
        warning: Option<Captured<String>>,
        /// User-Agent or Server.
        user_agent: Option<Captured<String>>,
        /// Content type of the body.
        content_type: Option<Captured<String>>,
        /// Size of the body by its own word (Content-Length).
        #[unit = "bytes"]
        content_length: Option<u64>,
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

mcpcap_analyzer::table! {
    /// A call: what one INVITE begins, with all that belongs to it.
    pub struct SipCall in "sip_calls" {
        /// Its first frame.
        frame: u64,
        /// Its last frame but for retransmissions.
        last_frame: u64,
        /// Time of the first frame.
        time: Option<Time>,
        /// Call-ID, as in `sip`.
        call_id: Captured<String>,
        /// User and host of From.
        caller: Captured<String>,
        /// User and host of To.
        callee: Captured<String>,
        /// Request URI of the first INVITE.
        request_uri: Option<Captured<String>>,
        /// Address of the caller's end of the first hop, which is its client.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Address of the callee's end of the first hop, which is its server.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// udp, tcp or ws.
        transport: &'static str,
        /// VLAN of its first datagram, and of TCP of the connection's first packet: the outer tag.
        vlan: Option<u16>,
        /// Community ID of the first hop, version 1.
        community_id: Cow<'static, str>,
        /// User-Agent of the caller.
        caller_agent: Option<Captured<String>>,
        /// User-Agent or Server of the callee.
        callee_agent: Option<Captured<String>>,
        /// answered, cancelled, busy (486, 600), rejected (other 4xx, 6xx), failed (5xx), redirected (3xx), challenged (401, 407 and nothing after), unanswered.
        outcome: &'static str,
        /// The final response to the last INVITE of the caller.
        final_code: Option<u16>,
        /// Its reason phrase.
        final_reason: Option<Captured<String>>,
        /// caller or callee: who sent BYE, CANCEL or the refusal.
        ended_by: Option<&'static str>,
        /// Reason header of BYE or CANCEL.
        end_reason: Option<Captured<String>>,
        /// From the first INVITE to the first 18x or 2xx.
        #[unit = "ms"]
        post_dial_delay_ms: Option<f64>,
        /// From the first 180 to the answer, the refusal or CANCEL.
        #[unit = "ms"]
        ring_ms: Option<f64>,
        /// From the first INVITE to its first 2xx.
        #[unit = "ms"]
        setup_ms: Option<f64>,
        /// From that 2xx to BYE.
        #[unit = "s"]
        talk_seconds: Option<f64>,
        /// Whether its INVITE is in the capture.
        seen_from_start: bool,
        /// Whether the answer was acknowledged.
        acknowledged: bool,
        /// Whether a 18x response has a session description.
        early_media: bool,
        /// 401 and 407 to the caller's INVITEs.
        challenges: u32,
        /// INVITEs within the call.
        reinvites: u32,
        /// Messages that were sent again.
        retransmissions: u32,
    }
}

/// Characters of a text.
const TEXT: usize = 500;
/// Vias of a message.
const VIAS: usize = 32;

/// Whether somebody wants the rows of messages. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<SipMessage>()
}

/// The same of calls.
pub fn calls_are_wanted() -> bool {
    table::is_wanted::<SipCall>()
}

/// The first hop of a call.
pub struct Hop {
    pub caller: SocketAddr,
    pub callee: SocketAddr,
    /// What carried its first message, and the outer VLAN of a datagram.
    pub carried: (Transport, Option<u16>),
    /// When that was captured.
    pub time: Option<u64>,
}

/// A transport's name, and its IP protocol.
fn of_transport(transport: Transport) -> (&'static str, u8) {
    match transport {
        Transport::Udp => ("udp", community::UDP),
        Transport::Tcp => ("tcp", community::TCP),
        Transport::Ws => ("ws", community::TCP),
    }
}

/// Gives the row of a call with this hop.
pub fn add_call(hop: &Hop, call: CallReport) {
    let Hop { caller, callee, carried: (transport, vlan), time } = *hop;
    let (transport, protocol) = of_transport(transport);
    table::add(|| SipCall {
        frame: call.frame,
        last_frame: call.last_frame,
        time: time.map(Time),
        call_id: Captured(call.call_id),
        caller: Captured(call.caller),
        callee: Captured(call.callee),
        request_uri: call.request_uri.map(Captured),
        client: caller.ip(),
        client_port: caller.port(),
        server: callee.ip(),
        server_port: callee.port(),
        transport,
        vlan,
        community_id: community::of_ends(protocol, caller, callee).into(),
        caller_agent: call.caller_agent.map(Captured),
        callee_agent: call.callee_agent.map(Captured),
        outcome: call.outcome,
        final_code: call.final_code,
        final_reason: call.final_reason.map(Captured),
        ended_by: call.ended_by,
        end_reason: call.end_reason.map(Captured),
        post_dial_delay_ms: call.post_dial_delay_ms,
        ring_ms: call.ring_ms,
        setup_ms: call.setup_ms,
        talk_seconds: call.talk_seconds,
        seen_from_start: call.seen_from_start,
        acknowledged: call.acknowledged,
        early_media: call.early_media,
        challenges: call.challenges,
        reinvites: call.reinvites,
        retransmissions: call.retransmissions,
    });
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
    let (transport, protocol) = of_transport(seen.transport);
    SipMessage {
        frame: seen.frame,
        time: seen.timestamp.map(Time),
        transport,
        source: seen.source.ip(),
        source_port: seen.source.port(),
        destination: seen.destination.ip(),
        destination_port: seen.destination.port(),
        vlan: seen.vlan,
        community_id: community::of_ends(protocol, seen.source, seen.destination).into(),
        connection: seen.connection,
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
        vias: Captured(message.list("via").take(VIAS).map(|via| text::printable(via, TEXT)).collect()),
        date: message.value("date").map(shown),
        reply_to: message.value("reply-to").map(shown),
        subject: message.value("subject").map(shown),
        warning: message.value("warning").map(shown),
        user_agent: facts.agent.map(shown),
        content_type: message.value("content-type").map(shown),
        content_length: message.value("content-length").and_then(number),
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
