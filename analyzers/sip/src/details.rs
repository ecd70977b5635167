//! One message as the report lists it.

use std::net::IpAddr;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::described::{self, OF_PACKETS};
use crate::limits;
use crate::media::MediaReport;
use crate::message::sdp::Description;
use crate::message::{self, Fault, Header, Message, Start, auth};
use crate::seen::{PORT, Seen, TLS_PORT, Transport};
use crate::words::{text, word};

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
    /// The first 256, as far as the texts of all messages have room, and pages of all.
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
    /// The path so far, the last hop first; likewise.
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
    /// Headers in all. The first 256 are listed of one message, as far as the texts of all messages have room, and pages have all.
    #[serde(skip_serializing_if = "is_default")]
    pub headers_total: u64,
    /// Media of the session description in the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaReport>,
    /// Media in all. The first 256 are listed of one message, 2,000 of all, and pages have all.
    #[serde(skip_serializing_if = "is_default")]
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

/// The lists of each message.
pub const CONTACT: &str = "packets[].contact";
/// See [`CONTACT`].
pub const VIA: &str = "packets[].via";
/// See [`CONTACT`].
pub const HEADERS: &str = "packets[].headers";

/// What the lists of a message may hold.
pub struct Room<'a> {
    /// Of all messages.
    pub budget: &'a mut Budget,
    /// Which parts of lists are asked for.
    pub lists: &'a mut Lists,
    /// The message's place among those that can be listed.
    pub place: usize,
}

/// Describes a message, which has this session description.
pub fn describe(seen: &Seen, message: &Message<'_>, described: &Description<'_>, room: &mut Room<'_>) -> PacketDetails {
    let one = |name| message.value(name).map(text);
    let every = message.every_header();
    let (contact, contact_total) = listed(&every, ("contact", CONTACT), room);
    let (via, via_total) = listed(&every, ("via", VIA), room);
    let (method, request_uri, status_code, reason_phrase) = match message.start {
        Start::Request { method, uri } => (Some(word(method)), Some(text(uri)), None, None),
        Start::Response { status, reason } => (None, None, Some(status), Some(text(reason))),
    };
    let mut malformed = message.faults.clone();
    malformed.extend(described.goes_on.then_some(Fault::LongSessionDescription));
    let media = media(message, described, room);
    let all = if room.budget.headers { headers(&every, room) } else { Vec::new() };
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
        contact_total,
        user_agent: one("user-agent"),
        server: one("server"),
        via,
        via_total,
        content_type: one("content-type"),
        content_length: message.content_length,
        body_length: message.body.len(),
        known_sip_port: seen.has_port(PORT) || seen.has_port(TLS_PORT),
        headers: all,
        headers_total: if room.budget.headers { message.headers_total } else { 0 },
        media,
        media_total: described.total,
        malformed,
        retransmission_of: None,
        request_frame: None,
        response_frame: None,
        latency_ms: None,
    }
}

fn media(message: &Message<'_>, described: &Description<'_>, room: &mut Room<'_>) -> Vec<MediaReport> {
    let Room { budget, lists, place } = room;
    let other = described::of_packet(message, lists);
    let media = &other.as_ref().unwrap_or(described).media;
    let media: Vec<MediaReport> = media.iter().take(budget.media).map(MediaReport::of).collect();
    budget.media = budget.media.saturating_sub(media.len());
    let part = described::media_of_packet(lists);
    lists.told_within(OF_PACKETS.media, &[*place], described.total, part, media.len());
    media.iter().enumerate().for_each(|(nth, media)| OF_PACKETS.tell([*place, nth], media, lists));
    media
}

/// The elements of a header that is a list, and how many there are.
fn listed(headers: &[Header<'_>], (name, list): (&str, &str), room: &mut Room<'_>) -> (Vec<String>, u64) {
    let part = room.lists.part_within(list, limits::VIAS_LISTED);
    let mut found = Vec::new();
    for element in message::list(headers, name).skip(part.offset).take(part.limit).map(text) {
        let Some(left) = room.budget.hops.checked_sub(element.len()) else { break };
        room.budget.hops = left;
        found.push(element);
    }
    let total = message::list(headers, name).count() as u64;
    room.lists.told_within(list, &[room.place], total, part, found.len());
    (found, total)
}

fn headers(every: &[Header<'_>], room: &mut Room<'_>) -> Vec<HeaderDetails> {
    let part = room.lists.part_within(HEADERS, limits::HEADERS);
    let mut listed = Vec::new();
    for header in every.iter().skip(part.offset).take(part.limit) {
        let secret = [b"authorization".as_slice(), b"proxy-authorization"];
        let value = match secret.iter().any(|name| header.name.eq_ignore_ascii_case(name)) {
            true => text(&auth::shown(&header.value)),
            false => text(&header.value),
        };
        let entry = HeaderDetails { name: word(header.name), value };
        let length = entry.name.len().saturating_add(entry.value.len());
        let Some(left) = room.budget.characters.checked_sub(length) else { break };
        room.budget.characters = left;
        listed.push(entry);
    }
    room.lists.told_within(HEADERS, &[room.place], every.len() as u64, part, listed.len());
    listed
}

fn is_one_or_none(count: &u64) -> bool {
    *count <= 1
}
