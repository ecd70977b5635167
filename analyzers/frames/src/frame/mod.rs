//! `get_frames`: its arguments, what it keeps, its report.

mod dump;
mod fields;
mod report;

use std::collections::BTreeSet;

use mcpcap_analyzer::decode::{Header, Packet, Transport};
use mcpcap_analyzer::schemars::{Schema, SchemaGenerator, json_schema};
use mcpcap_analyzer::stats::{Page, PageInfo};
use mcpcap_analyzer::stream::{Endpoint, Tracker};
use mcpcap_analyzer::text::counted;
use mcpcap_analyzer::{Capture, Ends, Flow, Frame, JsonSchema, Problem, Tool, Wants, Window, schemars, time};
use serde::{Deserialize, Serialize};

use crate::says::tcp::Connection;
use report::FrameReport;

/// Frames that may be asked for by number at once.
const MOST_FRAMES: usize = 100;
/// Bytes of a frame that are shown, unless asked otherwise and at most.
const BYTES: (u16, u16) = (256, 4096);

/// What may be asked of `get_frames`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Frame numbers, at most 100.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub frames: Option<Vec<u64>>,
    /// A TCP connection's `id`.
    #[serde(default)]
    pub connection: Option<u64>,
    /// Add payloads as text.
    #[serde(default)]
    pub payload: Option<bool>,
    /// Add all header fields.
    #[serde(default)]
    pub detail: Option<bool>,
    /// Add a hex dump: of the frame (true) or its payload.
    #[serde(default)]
    #[schemars(schema_with = "hex")]
    pub hex: Hex,
    /// Most bytes of either; default 256.
    #[serde(default)]
    #[schemars(range(max = 4096))]
    pub max_bytes: Option<u16>,
}

/// What a hex dump is wanted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "must be true, false or \"payload\"")]
pub enum Hex {
    /// The whole frame, or nothing.
    Frame(bool),
    /// Its payload.
    Part(Part),
}

/// A part of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What the innermost header carries.
    Payload,
}

impl Default for Hex {
    fn default() -> Self {
        Self::Frame(false)
    }
}

/// A short schema: what a model reads of a tool costs room in each conversation.
fn hex(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "enum": ["payload"] }] })
}

/// What `get_frames` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// How many frames were chosen.
    pub frames_found: u64,
    /// There are more: reading ended behind this page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// Says that there are none, when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message: Option<String>,
    /// Numbers that were asked for and are not in the capture, or not among the frames that other arguments choose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<u64>,
    /// The frames, in the order of the capture.
    pub packets: Vec<FrameReport>,
    /// What part of `packets` this is.
    pub pages: Vec<PageInfo>,
}

/// What of each frame is shown besides its line.
#[derive(Debug, Clone, Copy)]
struct Shown {
    payload: bool,
    detail: bool,
    hex: Hex,
    bytes: usize,
}

/// One run of `get_frames`.
pub struct GetFrames {
    connections: Tracker<Connection>,
    /// Those asked for by number that did not come yet.
    wanted: Option<BTreeSet<u64>>,
    connection: Option<u64>,
    shown: Shown,
    packets: Page<FrameReport>,
    /// Reading ended because the page was full.
    at_least: bool,
}

impl Tool for GetFrames {
    const NAME: &'static str = "get_frames";
    const TITLE: &'static str = "Frames";
    const DESCRIPTION: &'static str = "Lists packets, one line each: time, ends, protocol and what it says (TCP flags and relative numbers, DNS question and \
        answer, first line of HTTP or SIP, TLS server name). Use it to read frames that other tools cite, or those of a host, \
        port, time or connection. get_stream shows a connection's data.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["packets"];

    const WANTS: Wants = Wants { headers: true, ..Wants::ALL };
    const ENDS: Ends = Ends::Always;

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let wanted: Option<BTreeSet<u64>> = arguments.frames.map(|frames| frames.into_iter().collect());
        let is_usable = |wanted: &BTreeSet<u64>| (1..=MOST_FRAMES).contains(&wanted.len()) && !wanted.contains(&0);
        if wanted.as_ref().is_some_and(|wanted| !is_usable(wanted)) {
            return Err(Problem::argument(
                "frames",
                format!("must be 1 to {MOST_FRAMES} frame numbers, counted from 1"),
            ));
        }
        let bytes = arguments.max_bytes.unwrap_or(BYTES.0);
        if bytes > BYTES.1 {
            return Err(Problem::argument("max_bytes", format!("must be at most {}", BYTES.1)));
        }
        let (payload, detail) = (arguments.payload.unwrap_or(false), arguments.detail.unwrap_or(false));
        Ok(Self {
            connections: Tracker::new(),
            wanted,
            connection: arguments.connection,
            shown: Shown { payload, detail, hex: arguments.hex, bytes: bytes.into() },
            packets: Page::new(window),
            at_least: false,
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        // All are looked at: fragments of a wanted datagram, and the beginning of its connection, may be anywhere before.
        let asked = self.wanted.as_mut().is_none_or(|wanted| wanted.remove(&frame.number));
        let is_shown = asked && self.packets.wants_next();
        // Of other frames of a connection, no headers are needed.
        let has_headers = is_shown && (self.connection.is_none() || self.shown.detail);
        let headers: Vec<Header> = if has_headers { packet.headers.iter().collect() } else { Vec::new() };
        let mut segment = None;
        if let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) {
            let place = if packet.copy_of.is_some() {
                let side = |connection: &Connection| connection.identity.side(Endpoint::pair(ip, tcp).0);
                self.connections.current(ip, tcp).map(|connection| (side(connection), connection))
            } else {
                let (connection, taken) = self.connections.push(ip, tcp, frame.number, &mut |_| {});
                connection.take(tcp, taken);
                Some((taken.side, connection))
            };
            segment = place.map(|(side, connection)| {
                let line = is_shown.then(|| connection.line(tcp, side, packet.payload_length));
                (connection.identity.id, line)
            });
        }
        let id = segment.as_ref().map(|(id, _)| *id);
        if asked && (self.connection.is_none() || self.connection == id) {
            let shown = self.shown;
            self.packets.push(|| report::frame(frame, packet, headers, segment, shown));
            // One frame behind the page tells that there are more.
            if self.wanted.is_none() && self.packets.is_exceeded() {
                self.at_least = true;
                return Ok(Flow::Enough);
            }
        }
        let is_last = |wanted: &BTreeSet<u64>| wanted.last().is_none_or(|last| *last <= frame.number);
        Ok(if self.wanted.as_ref().is_some_and(is_last) { Flow::Enough } else { Flow::More })
    }

    fn finish(self, capture: &Capture) -> Result<Report, Problem> {
        let digits = capture.time_digits();
        let info = self.packets.info("packets");
        let message = (info.total == 0).then(|| match self.connection {
            Some(id) if self.connections.seen() > 0 && self.wanted.is_none() => {
                let seen = self.connections.seen();
                format!("There is no connection {id} among the {}, counted from 0", counted(seen, "TCP connection"))
            }
            _ => {
                let found = || capture.nothing_found("frames", &capture.decoder.decoding);
                capture.nothing_chosen().unwrap_or_else(found)
            }
        });
        let mut packets = self.packets.into_items();
        packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()).for_each(|text| time::shorten(text, digits));
        Ok(Report {
            frames_found: info.total,
            at_least: self.at_least,
            message,
            not_found: self.wanted.into_iter().flatten().collect(),
            packets,
            pages: vec![info],
        })
    }
}
