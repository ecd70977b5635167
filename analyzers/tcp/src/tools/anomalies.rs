//! `analyze_tcp_anomalies`: patterns in numbers, without guesses at causes.

use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::{Finding, Measure};
use mcpcap_analyzer::stats::{Lists, Page, PageInfo, TopK};
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::{Answer, Capture, Flow, Frame, JsonSchema, Problem, Tool, Window, is_default};
use serde::{Deserialize, Serialize};

use crate::core::{Core, Segment, View};
use crate::filter::{Filter, FilterReport};
use crate::limits::PARTIES;
use crate::listing::{Ranked, Row};
use crate::patterns;
use crate::report::{ConnStateCount, FileOrder, FlagCount, Limits, share, text};
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};

/// What may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Only connections with this IPv4 or IPv6 address at one end.
    #[serde(default)]
    pub server_ip: Option<String>,
    /// Only connections with this port at one end, that of `server_ip`. 0: all.
    #[serde(default)]
    pub server_port: Option<u16>,
    /// Stop after so many TCP packets that fit; totals then cover only these.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count packets that were captured several times each time, not once.
    #[serde(default)]
    pub count_copies: bool,
}

/// What `analyze_tcp_anomalies` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets of the connections asked for.
    pub tcp_packets_found: u64,
    /// Packets that were captured more than once, of which only the first is counted. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub filter: FilterReport,
    pub statistics: Statistics,
    /// What differs from undisturbed traffic, each with its numbers.
    pub patterns: Vec<Pattern>,
    pub summary: Summary,
    /// Addresses that sent RST, the most frequent first.
    pub rst_by_source: Vec<AddressCount>,
    /// Connections with RST, in the order of their appearance. Of more than 4,096 the first 4,096 can be listed.
    pub connections_with_rst: Vec<ResetConnection>,
    /// Connections that sent again, those with most packets sent again first. Of more than 4,096 the first 4,096 can be listed.
    pub retransmissions_by_connection: Vec<ConnectionCount>,
    /// What parts of the three lists above these are, and of `findings` when there are more of them.
    pub pages: Vec<PageInfo>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// What was not kept, and what was not decoded. Absent when there is nothing to tell.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub note: Option<String>,
}

/// Numbers over all connections asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Connections.
    pub total_connections: u64,
    /// TCP packets.
    pub total_packets: u64,
    pub handshake: Handshakes,
    pub flags: FlagCounts,
    pub rst_distribution: Resets,
    pub retransmissions: Retransmissions,
    pub connection_states: States,
    /// Connections by Zeek's states.
    pub conn_states: Vec<ConnStateCount>,
    /// Wireshark's sequence analysis.
    pub analysis: Vec<FlagCount>,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
}

/// Connections that began in the capture.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Handshakes {
    /// SYN, SYN-ACK and the ACK of both.
    pub successful: u64,
    /// Their SYN was captured, and they were unanswered, refused or given up.
    pub failed: u64,
    /// SYN and SYN-ACK seen, and no acknowledgment of it.
    pub incomplete: u64,
    /// Established, although their SYN, SYN-ACK or ACK was not captured.
    pub established_with_parts_not_captured: u64,
}

/// Segments by control bits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlagCounts {
    /// SYN without ACK.
    pub syn: u64,
    /// Packets with SYN and ACK.
    pub syn_ack: u64,
    /// Packets with RST.
    pub rst: u64,
    /// Packets with FIN.
    pub fin: u64,
    /// Packets with ACK.
    pub ack: u64,
}

/// Who resets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resets {
    /// Addresses that sent RST; at least so many when `sources_exact` is false. `rst_by_source` lists them.
    pub sources: u64,
    /// Whether all of them were counted: up to 1,024.
    pub sources_exact: bool,
    /// Packets with RST by direction.
    pub by_direction: Directions,
    /// `connections_with_rst` lists them.
    pub connections_with_rst_total: u64,
}

/// An address and a number of packets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddressCount {
    /// Address that sent RST.
    pub address: IpAddr,
    /// Packets with RST.
    pub count: u64,
    /// By how much `count` may be too high; 0 unless more than 1,024 addresses sent RST.
    pub error: u64,
}

/// RST by direction.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Directions {
    /// From clients to servers.
    pub to_server: u64,
    /// From servers to clients.
    pub from_server: u64,
    /// On connections whose beginning was not captured.
    pub unknown: u64,
}

/// A connection with RST.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResetConnection {
    /// Its place in the order of appearance, as in analyze_tcp_connections.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Frame of the first RST.
    pub frame: u64,
    /// Who sent it: client or server.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
}

/// What was sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Retransmissions {
    /// Packets with bytes, or a SYN or FIN, that the capture has more than once.
    pub total: u64,
    /// Packets with bytes that lie before others that came earlier, and that the capture has once.
    pub late_packets: u64,
    /// Connections with packets sent again; `retransmissions_by_connection` lists them.
    pub connections: u64,
    /// total by total_packets.
    pub rate: f64,
}

/// A connection and what it sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionCount {
    /// Its place in the order of appearance.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Packets sent again.
    pub count: u64,
    /// The first 20 frames that carry it. All: analyze_tcp_connections with `connection` set to `id`, list `events`.
    pub frames: Vec<u64>,
}

/// How connections stand at the end.
#[derive(Debug, Serialize, JsonSchema)]
pub struct States {
    /// Established, and not ended.
    pub established: u64,
    /// Ended or refused with RST.
    pub reset: u64,
    /// Both ends sent FIN.
    pub closed: u64,
    /// Unanswered, half open, or not captured from the beginning.
    pub unknown: u64,
}

/// A pattern.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Pattern {
    /// rst_directional_asymmetry, packet_retransmission, handshake_completion, abnormal_termination, syn_response_imbalance,
    /// closed_window, capture_gaps or file_order.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub pattern: &'static str,
    /// connection_termination, reliability, connection_establishment, connection_lifecycle, flow_control or capture_quality.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    /// The numbers of the pattern.
    pub observations: Vec<Measure>,
    /// The numbers in a sentence.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub description: String,
}

/// The patterns in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Patterns.
    pub total_patterns: u64,
    /// Patterns by category.
    pub by_category: Vec<CategoryCount>,
    /// What stands out most.
    pub notable_observations: Vec<Notable>,
}

/// Patterns of a category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CategoryCount {
    /// As in `patterns`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    /// Patterns of that category.
    pub count: u64,
}

/// Something that stands out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notable {
    /// strong_rst_asymmetry or high_retransmission.
    #[serde(rename = "type")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: &'static str,
    /// The numbers in a sentence.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub detail: String,
}

/// One run.
pub struct TcpAnomalies {
    core: Core,
    seen: Anomalies,
    lists: Lists,
}

struct Anomalies {
    sources: TopK<IpAddr>,
    directions: Directions,
    resets: Ranked<ResetConnection>,
    resent: Ranked<ConnectionCount>,
    window: Window,
}

impl View for Anomalies {
    fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        if !segment.tcp.flags.rst() {
            return;
        }
        if let Some(ip) = &segment.packet.ip {
            self.sources.add(ip.source, 1);
        }
        let count = match (seen.connection.identity.client_known, seen.side) {
            (false, _) => &mut self.directions.unknown,
            (true, Side::Client) => &mut self.directions.to_server,
            (true, Side::Server) => &mut self.directions.from_server,
        };
        *count = count.saturating_add(1);
    }

    fn ended(&mut self, connection: &Connection) {
        let first = [Side::Client, Side::Server]
            .into_iter()
            .filter_map(|side| connection.sender(side).reset.map(|(frame, _)| (frame, side)))
            .min_by_key(|(frame, _)| *frame);
        if let Some((frame, side)) = first {
            let id = connection.identity.id;
            let from = crate::totals::name(side);
            self.resets.add(0, id, || ResetConnection { id, connection: text(connection), frame, from });
        }
        let count = connection.resent();
        if count > 0 {
            self.resent.add(count, connection.identity.id, || {
                let Row { id, connection, frames, .. } = Row::new(connection);
                ConnectionCount { id, connection, count, frames }
            });
        }
    }
}

impl Tool for TcpAnomalies {
    const NAME: &'static str = "analyze_tcp_anomalies";
    const TITLE: &'static str = "TCP anomalies";
    const DESCRIPTION: &'static str = "Judges the TCP traffic of a network or server as a whole: failed and \
        incomplete handshakes, resets by source and direction, retransmissions, connection states, closed windows, \
        gaps in the capture, as numbers without guesses at causes. Findings: SYN floods, port scans, host sweeps, \
        unusual flags, injected resets, conflicting data.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["rst_by_source", "connections_with_rst", "retransmissions_by_connection"];
    const CUT: &'static [&'static str] = &["findings"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let filter = Filter::new(arguments.server_ip.as_deref(), arguments.server_port)?;
        let lists = Lists::new(window.clone());
        let seen = Anomalies {
            sources: TopK::new(PARTIES),
            directions: Directions::default(),
            resets: Ranked::new(window.clone()),
            resent: Ranked::new(window.clone()),
            window: window.clone(),
        };
        Ok(Self { core: Core::new(filter, arguments.max_packets, arguments.count_copies, &window), seen, lists })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        Ok(self.core.frame(frame, &mut self.seen))
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.core.finish(&mut self.seen);
        let Self { core, seen, mut lists } = self;
        if let Some(message) = core.message(capture) {
            return Ok(Answer::nothing(message));
        }
        let patterns = patterns::all(&core, seen.directions, seen.resets.total());
        let statistics = statistics(&core, &seen);
        let mut sources = Page::new(seen.window);
        for top in seen.sources.top(PARTIES) {
            sources.push(|| AddressCount { address: top.key, count: top.count, error: top.error });
        }
        let (connections_with_rst, resets) = seen.resets.finish("connections_with_rst");
        let (retransmissions_by_connection, resent) = seen.resent.finish("retransmissions_by_connection");
        let (found, copies) = (core.found(), core.copies(&mut lists));
        let (note, filter) = (core.note(), core.filter.report());
        let (findings, limits) = core.findings(&mut lists);
        let mut pages = vec![sources.info("rst_by_source"), resets, resent];
        pages.extend(lists.into_pages());
        Ok(Answer::from(Report {
            tcp_packets_found: found,
            copies,
            filter,
            summary: patterns::summary(&patterns),
            patterns,
            pages,
            rst_by_source: sources.into_items(),
            connections_with_rst,
            retransmissions_by_connection,
            limits,
            note,
            statistics,
            findings,
        }))
    }
}

fn statistics(core: &Core, seen: &Anomalies) -> Statistics {
    let totals = &core.totals;
    let sum = |states: &[State]| states.iter().map(|state| totals.in_state(*state)).sum();
    Statistics {
        total_connections: totals.connections,
        total_packets: core.found(),
        handshake: handshakes(core),
        flags: FlagCounts {
            syn: totals.counts.syn,
            syn_ack: totals.counts.syn_ack,
            rst: totals.counts.rst,
            fin: totals.counts.fin,
            ack: totals.counts.ack,
        },
        rst_distribution: Resets {
            sources: seen.sources.len() as u64,
            sources_exact: seen.sources.is_exact(),
            by_direction: seen.directions,
            connections_with_rst_total: seen.resets.total(),
        },
        retransmissions: Retransmissions {
            total: totals.resent(),
            late_packets: totals.late(),
            connections: seen.resent.total(),
            rate: share(totals.resent(), core.found()),
        },
        connection_states: States {
            established: sum(&[State::Established, State::Closing]),
            reset: sum(&[State::Reset, State::Rejected]),
            closed: sum(&[State::Closed]),
            unknown: sum(&[State::Attempted, State::HalfOpen, State::Midstream]),
        },
        conn_states: totals.conn_states(),
        analysis: totals.analysis(),
        file_order: totals.order(),
    }
}

/// How the handshakes went.
pub fn handshakes(core: &Core) -> Handshakes {
    let totals = &core.totals;
    Handshakes {
        successful: totals.handshakes,
        failed: totals.failed.saturating_sub(totals.half_open),
        incomplete: totals.half_open,
        established_with_parts_not_captured: totals.established().saturating_sub(totals.handshakes),
    }
}
