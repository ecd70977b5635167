//! `analyze_traffic_flow`: what goes to a server, and what comes back.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{Lists, Page, PageInfo, Part, Ranked};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
};
use serde::{Deserialize, Serialize};

use crate::core::{Core, View};
use crate::filter::Filter;
use crate::limits::RESETS_LISTED;
use crate::report::{FileOrder, FlagCount, Limits, SegmentCounts, counted, text};
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;
use crate::tracker::sequence::Flag;

/// How much more one direction must have than the other to be the heavier one.
const HEAVIER: f64 = 1.2;
/// Lists of frames with RST, to the server and from it.
const RESETS_TO: &str = "client_to_server.rst_frames";
const RESETS_FROM: &str = "server_to_client.rst_frames";

/// What may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// IPv4 or IPv6 address of the server.
    pub server_ip: String,
    /// Its port. 0: any.
    #[serde(default)]
    pub server_port: Option<u16>,
    /// Stop after so many TCP packets that fit.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// What `analyze_traffic_flow` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets to and from the server.
    pub tcp_packets_found: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// `address:port`, or `address:any`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: String,
    /// What clients sent to the server.
    pub client_to_server: DirectionReport,
    /// What the server sent.
    pub server_to_client: DirectionReport,
    pub analysis: Analysis,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
    /// The connections, those with most bytes first; those beyond 4,096 follow as they come.
    pub largest_connections: Vec<ConnectionBytes>,
    /// The frames with RST, in the order of the file.
    pub resets: Vec<ResetFrame>,
    /// What parts of `largest_connections` and `resets` these are, and of other lists that have more entries.
    pub pages: Vec<PageInfo>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// One direction, of all connections together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DirectionReport {
    /// Packets.
    pub packet_count: u64,
    /// Bytes of the frames on the wire.
    pub byte_count: u64,
    /// Bytes of TCP payload, repeated ones counted again.
    pub payload_bytes: u64,
    /// SYN without ACK.
    pub syn_count: u64,
    /// Packets with SYN and ACK.
    pub syn_ack_count: u64,
    /// Packets with RST.
    pub rst_count: u64,
    /// Packets with FIN.
    pub fin_count: u64,
    /// Packets with payload.
    pub data_packets: u64,
    /// Packets sent again: with bytes, or a SYN or FIN, that the capture has more than once.
    pub retransmissions: u64,
    /// Packets with bytes that lie before others that came earlier, and that the capture has once.
    pub late_packets: u64,
    /// Wireshark's sequence analysis.
    pub analysis: Vec<FlagCount>,
    /// The first frames with RST, up to 10; `resets` lists all.
    pub rst_frames: Vec<u64>,
}

/// Both directions compared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Analysis {
    /// Packets to the server by packets from it; absent when it sent none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asymmetry_ratio: Option<f64>,
    /// Payload bytes to the server by those from it; absent when it sent none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_ratio: Option<f64>,
    /// By payload: client_heavy, server_heavy (more than 1.2 times the other), balanced, client_only, server_only, or none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub data_flow_direction: &'static str,
    /// Who sent more RST: client, server, balanced, or none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub primary_rst_source: &'static str,
    /// The numbers in words.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub interpretation: String,
}

/// A frame with RST.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResetFrame {
    /// Number of the frame.
    pub frame: u64,
    /// `id` of its connection.
    pub connection: u64,
    /// Whether it goes to the server.
    pub to_server: bool,
}

/// A connection with its bytes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionBytes {
    /// Its place in the order of appearance.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Bytes of its frames on the wire, both directions.
    pub bytes: u64,
    /// Packets of both directions.
    pub packets: u64,
}

/// One run.
pub struct TrafficFlow {
    core: Core,
    flows: Flows,
    lists: Lists,
}

struct Flows {
    server: Filter,
    to: Direction,
    from: Direction,
    largest: Ranked<ConnectionBytes>,
    resets: Page<ResetFrame>,
}

struct Direction {
    counts: SegmentCounts,
    flagged: [u64; Flag::ALL.len()],
    resent: u64,
    late: u64,
    resets: Page<u64>,
    resets_part: Part,
}

impl View for Flows {
    fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        let Some(ip) = &segment.packet.ip else { return };
        let (source, destination) = Endpoint::pair(ip, segment.tcp);
        // Between two ends that both fit, the one that was connected to is the server.
        let to_server = match (self.server.is(source), self.server.is(destination)) {
            (true, true) => destination == seen.connection.server.endpoint,
            (_, to_server) => to_server,
        };
        let direction = if to_server { &mut self.to } else { &mut self.from };
        direction.counts.add(segment);
        for flag in seen.found.iter() {
            if let Some(count) = direction.flagged.get_mut(flag as usize) {
                *count = count.saturating_add(1);
            }
        }
        direction.resent = direction.resent.saturating_add(seen.again.resent.into());
        direction.late = direction.late.saturating_add(seen.again.late.into());
        if segment.tcp.flags.rst() {
            let frame = segment.packet.frame;
            direction.resets.push(|| frame);
            self.resets.push(|| ResetFrame { frame, connection: seen.connection.id, to_server });
        }
    }

    fn ended(&mut self, connection: &Connection) {
        let (id, bytes, packets) = (connection.id, connection.bytes(), connection.packets());
        self.largest.add(bytes, id, || ConnectionBytes { id, connection: text(connection), bytes, packets });
    }
}

impl Tool for TrafficFlow {
    const NAME: &'static str = "analyze_traffic_flow";
    const TITLE: &'static str = "TCP traffic to and from a server";
    const DESCRIPTION: &'static str = "Compares what clients send to one TCP server with what it sends back: \
        packets, bytes, payload, SYN, FIN and RST, retransmissions and window flags in each direction, who resets \
        connections, and the largest connections. Use it when it matters which side sends, resets or stays silent. \
        Needs the server's address.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["largest_connections", "resets"];
    const CUT: &'static [&'static str] = &["findings", RESETS_TO, RESETS_FROM];

    const WANTS: Wants = Wants::of(&[TransportKind::Tcp]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        if arguments.server_ip.trim().is_empty() {
            return Err(Problem::argument("server_ip", "must be the address of the server"));
        }
        let filter = Filter::new(Some(&arguments.server_ip), arguments.server_port)?;
        let lists = Lists::new(window.clone());
        let flows = Flows {
            server: filter,
            to: Direction::new(lists.part(RESETS_TO, RESETS_LISTED)),
            from: Direction::new(lists.part(RESETS_FROM, RESETS_LISTED)),
            largest: Ranked::of_page(&window),
            resets: Page::new(window.clone()),
        };
        Ok(Self { core: Core::new(filter, arguments.max_packets, &lists), flows, lists })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(self.core.packet(frame, packet, &mut self.flows))
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.core.finish(&mut self.flows);
        let Self { core, flows, mut lists } = self;
        if let Some(message) = core.message(capture) {
            return Ok(Answer::nothing(message));
        }
        let (largest_connections, page) = flows.largest.finish("largest_connections");
        let mut pages = vec![page, flows.resets.info("resets")];
        let (found, copies) = (core.found(), capture.decoder.copies(&mut lists));
        let (note, server) = (core.note(), core.filter.text());
        let file_order = core.totals.order();
        let (findings, limits) = core.findings(capture, &mut lists);
        let analysis = Analysis::new(&flows.to.counts, &flows.from.counts);
        let client_to_server = flows.to.report(RESETS_TO, &mut lists);
        let server_to_client = flows.from.report(RESETS_FROM, &mut lists);
        pages.extend(lists.into_pages());
        Ok(Answer::from(Report {
            tcp_packets_found: found,
            copies,
            server,
            client_to_server,
            server_to_client,
            analysis,
            file_order,
            largest_connections,
            resets: flows.resets.into_items(),
            pages,
            ending: Ending { limits, note },
            findings,
        }))
    }
}

impl Direction {
    /// Nothing seen yet; of the frames with RST a `part` is listed.
    fn new(part: Part) -> Self {
        let window = Window { offset: part.offset as u64, limit: part.limit, ..Window::default() };
        Self {
            counts: SegmentCounts::default(),
            flagged: [0; Flag::ALL.len()],
            resent: 0,
            late: 0,
            resets: Page::new(window),
            resets_part: part,
        }
    }

    /// The report, whose frames with RST are the list named `resets`.
    fn report(self, resets: &'static str, lists: &mut Lists) -> DirectionReport {
        lists.told(resets, usize::try_from(self.resets.total()).unwrap_or(usize::MAX), self.resets_part);
        let count = |flag: Flag| self.flagged.get(flag as usize).copied().unwrap_or_default();
        let analysis = Flag::ALL.into_iter().map(|flag| FlagCount { name: flag.name(), count: count(flag) });
        DirectionReport {
            packet_count: self.counts.packets,
            byte_count: self.counts.bytes,
            payload_bytes: self.counts.payload_bytes,
            syn_count: self.counts.syn,
            syn_ack_count: self.counts.syn_ack,
            rst_count: self.counts.rst,
            fin_count: self.counts.fin,
            data_packets: self.counts.data_packets,
            retransmissions: self.resent,
            late_packets: self.late,
            analysis: analysis.filter(|entry| entry.count > 0).collect(),
            rst_frames: self.resets.into_items(),
        }
    }
}

impl Analysis {
    fn new(to: &SegmentCounts, from: &SegmentCounts) -> Self {
        let ratio = |to: u64, from: u64| (from > 0).then(|| share(to, from));
        let heavier = |a: u64, b: u64| a as f64 > b as f64 * HEAVIER;
        let data_flow_direction = match (to.payload_bytes, from.payload_bytes) {
            (0, 0) => "none",
            (_, 0) => "client_only",
            (0, _) => "server_only",
            (to, from) if heavier(to, from) => "client_heavy",
            (to, from) if heavier(from, to) => "server_heavy",
            _ => "balanced",
        };
        let primary_rst_source = match (to.rst, from.rst) {
            (0, 0) => "none",
            (to, from) if to > from => "client",
            (to, from) if from > to => "server",
            _ => "balanced",
        };
        let (packets, bytes) = (|n| counted(n, "packet", "packets"), |n| counted(n, "byte", "bytes"));
        let interpretation = format!(
            "Clients sent {} with {} of payload and {} RST; the server sent {} with {} of payload and {} RST.",
            packets(to.packets),
            bytes(to.payload_bytes),
            to.rst,
            packets(from.packets),
            bytes(from.payload_bytes),
            from.rst
        );
        Self {
            asymmetry_ratio: ratio(to.packets, from.packets),
            payload_ratio: ratio(to.payload_bytes, from.payload_bytes),
            data_flow_direction,
            primary_rst_source,
            interpretation,
        }
    }
}
