//! One message as the report lists it.

use std::net::IpAddr;

use mcpcap_analyzer::text::printable;
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use crate::limits;
use crate::message::{Fault, Message, Start, auth, sdp};
use crate::report::{MediaReport, is_zero};
use crate::seen::{PORT, Seen, TLS_PORT, Transport};

/// A message. Texts are from the capture.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PacketDetails {
    /// Number of the frame that completed the message.
    pub frame: u64,
    /// UTC, RFC 3339. Absent when the capture gives no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub timestamp: Option<String>,
    /// Sender's address.
    pub source_ip: IpAddr,
    /// Sender's port.
    pub source_port: u16,
    /// Receiver's address.
    pub destination_ip: IpAddr,
    /// Receiver's port.
    pub destination_port: u16,
    /// What carried the message.
    pub transport: Transport,
    /// `request` or `response`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message_type: &'static str,
    /// The first line.
    pub start_line: String,
    /// Method of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Request-URI of a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri: Option<String>,
    /// Status code of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<u16>,
    /// Reason phrase of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_phrase: Option<String>,
    /// Call-ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// CSeq: number and method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cseq: Option<String>,
    /// From header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// As far as the texts of the page have room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<String>,
    /// How many, when there are several.
    #[serde(skip_serializing_if = "is_one_or_none")]
    pub contact_total: u64,
    /// User-Agent header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Server header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The path so far, the last hop first; as far as the texts of the page have room.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<String>,
    /// How many, when there are several.
    #[serde(skip_serializing_if = "is_one_or_none")]
    pub via_total: u64,
    /// Content-Type header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// As the header says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Bytes of the body.
    pub body_length: usize,
    /// Whether a port is 5060 or 5061.
    pub known_sip_port: bool,
    /// All headers, when `headers` asks for them. Proofs of passwords are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<HeaderDetails>,
    /// Headers in all. 256 are listed of one message; where a page has too many, `limit` 1 with the following cursor gives those of one.
    #[serde(skip_serializing_if = "is_zero")]
    pub headers_total: u64,
    /// Media of the session description in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaReport>,
    /// Media in all. 256 are listed of one message and 2,000 in a page; `limit` 1 with the following cursor gives those of one message.
    #[serde(skip_serializing_if = "is_zero")]
    pub media_total: u64,
    /// What is wrong with the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<Fault>,
    /// Frame in which the same request or response was first sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retransmission_of: Option<u64>,
    /// Frame of the request that this answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_frame: Option<u64>,
    /// Frame of the final response to this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_frame: Option<u64>,
    /// Milliseconds since the request was first sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
}

/// A header.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct HeaderDetails {
    /// Compact forms are written out.
    pub name: String,
    /// Folded lines are joined.
    pub value: String,
}

/// A short text from the capture, such as a method or tag.
pub fn word(octets: &[u8]) -> String {
    printable(octets, limits::WORD)
}

/// A text from the capture.
pub fn text(octets: &[u8]) -> String {
    printable(octets, limits::TEXT)
}

/// What listed messages may still take up.
pub struct Budget {
    /// With all headers.
    headers: bool,
    characters: usize,
    /// Characters of Via and Contact headers.
    hops: usize,
    media: usize,
}

impl Budget {
    /// Nothing listed yet. `headers`: with all headers.
    pub fn new(headers: bool) -> Self {
        Self {
            headers,
            characters: limits::DETAIL_CHARACTERS,
            hops: limits::DETAIL_CHARACTERS,
            media: limits::LISTED_MEDIA,
        }
    }
}

/// Describes a message.
pub fn describe(seen: &Seen, message: &Message<'_>, budget: &mut Budget) -> PacketDetails {
    let one = |name| message.value(name).map(text);
    let total = |name| message.list(name).count() as u64;
    let (contact, via) = (listed(message, "contact", budget), listed(message, "via", budget));
    let (method, request_uri, status_code, reason_phrase) = match message.start {
        Start::Request { method, uri } => (Some(word(method)), Some(text(uri)), None, None),
        Start::Response { status, reason } => (None, None, Some(status), Some(text(reason))),
    };
    let described = sdp::of_body(message.value("content-type").unwrap_or_default(), message.body);
    let mut malformed = message.faults.clone();
    malformed.extend(described.goes_on.then_some(Fault::LongSessionDescription));
    let media = described.media;
    let media_total = described.total;
    let media: Vec<MediaReport> = media.iter().take(budget.media).map(MediaReport::of).collect();
    budget.media = budget.media.saturating_sub(media.len());
    let all = if budget.headers { headers(message, &mut budget.characters) } else { Vec::new() };
    PacketDetails {
        frame: seen.frame,
        // Shortened to the capture's precision once the reader's summary tells it.
        timestamp: seen.timestamp.map(|timestamp| time::rfc3339(timestamp, 9)),
        source_ip: seen.source.ip(),
        source_port: seen.source.port(),
        destination_ip: seen.destination.ip(),
        destination_port: seen.destination.port(),
        transport: seen.transport,
        message_type: if method.is_some() { "request" } else { "response" },
        start_line: text(message.start_line),
        method,
        request_uri,
        status_code,
        reason_phrase,
        call_id: one("call-id"),
        cseq: one("cseq"),
        from: one("from"),
        to: one("to"),
        contact,
        contact_total: total("contact"),
        user_agent: one("user-agent"),
        server: one("server"),
        via,
        via_total: total("via"),
        content_type: one("content-type"),
        content_length: message.content_length,
        body_length: message.body.len(),
        known_sip_port: seen.has_port(PORT) || seen.has_port(TLS_PORT),
        headers: all,
        headers_total: if budget.headers { message.headers_total } else { 0 },
        media,
        media_total,
        malformed,
        retransmission_of: None,
        request_frame: None,
        response_frame: None,
        latency_ms: None,
    }
}

/// The elements of a header that is a list.
fn listed(message: &Message<'_>, name: &str, budget: &mut Budget) -> Vec<String> {
    let mut found = Vec::new();
    for element in message.list(name).take(limits::VIAS_LISTED).map(text) {
        let Some(left) = budget.hops.checked_sub(element.len()) else { break };
        budget.hops = left;
        found.push(element);
    }
    found
}

fn headers(message: &Message<'_>, left: &mut usize) -> Vec<HeaderDetails> {
    let mut listed = Vec::new();
    for header in message.headers.iter().take(limits::HEADERS) {
        let secret = [b"authorization".as_slice(), b"proxy-authorization"];
        let value = match secret.iter().any(|name| header.name.eq_ignore_ascii_case(name)) {
            true => text(&auth::shown(&header.value)),
            false => text(&header.value),
        };
        let entry = HeaderDetails { name: word(header.name), value };
        let Some(rest) = left.checked_sub(entry.name.len().saturating_add(entry.value.len())) else { break };
        *left = rest;
        listed.push(entry);
    }
    listed
}

fn is_one_or_none(count: &u64) -> bool {
    *count <= 1
}
