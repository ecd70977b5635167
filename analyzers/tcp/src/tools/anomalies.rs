//! `analyze_tcp_anomalies`: patterns in numbers, without guesses at causes.

use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::{Finding, Measure};
use mcpcap_analyzer::stats::TopK;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window};
use serde::{Deserialize, Serialize};

use crate::core::{Core, Segment, View};
use crate::filter::{Filter, FilterReport};
use crate::limits::{LISTED, PARTIES, WORST_LISTED};
use crate::listing::Worst;
use crate::patterns;
use crate::report::{ConnStateCount, FlagCount, Limits, share, text};
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};

/// What may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Only connections with this IPv4 or IPv6 address at one end, in any notation. Empty: all.
    #[serde(default)]
    pub server_ip: Option<String>,
    /// Only connections with this port at one end, the same end as `server_ip`. 0: all.
    #[serde(default)]
    pub server_port: Option<u16>,
    /// Analyse only the first so many TCP packets that fit, and read no further.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count packets that were captured more than once each time. Default: once.
    #[serde(default)]
    pub count_copies: bool,
}

/// What `analyze_tcp_anomalies` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets of the connections asked for.
    pub tcp_packets_found: u64,
    /// Says that there are none, when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub message: Option<String>,
    /// Packets that were captured more than once, of which only the first is counted. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    pub filter: FilterReport,
    pub statistics: Statistics,
    /// What differs from undisturbed traffic, each with its numbers.
    pub patterns: Vec<Pattern>,
    pub summary: Summary,
    pub findings: Vec<Finding>,
    pub limits: Limits,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Numbers over all connections asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    pub total_connections: u64,
    /// TCP packets.
    pub total_packets: u64,
    pub handshake: Handshakes,
    pub flags: FlagCounts,
    pub rst_distribution: Resets,
    pub retransmissions: Retransmissions,
    pub connection_states: States,
    pub conn_states: Vec<ConnStateCount>,
    /// Wireshark's sequence analysis.
    pub analysis: Vec<FlagCount>,
}

/// Connections that began in the capture.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Handshakes {
    /// SYN, SYN-ACK and the ACK of both.
    pub successful: u64,
    /// Unanswered, refused or given up.
    pub failed: u64,
    /// SYN-ACK seen, and not its ACK.
    pub incomplete: u64,
}

/// Segments by control bits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FlagCounts {
    /// SYN without ACK.
    pub syn: u64,
    pub syn_ack: u64,
    pub rst: u64,
    pub fin: u64,
    pub ack: u64,
}

/// Who resets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resets {
    /// Addresses that sent RST, the most frequent first.
    pub by_source: Vec<AddressCount>,
    pub by_direction: Directions,
    /// The first of them.
    pub connections_with_rst: Vec<ResetConnection>,
    pub connections_with_rst_total: u64,
}

/// An address and a number of packets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AddressCount {
    pub address: IpAddr,
    pub count: u64,
}

/// RST by direction.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct Directions {
    pub to_server: u64,
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
    /// Plain, fast and spurious ones.
    pub total: u64,
    /// The connections with most of them.
    pub by_connection: Vec<ConnectionCount>,
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
    pub count: u64,
    /// The first frames that carry it.
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
    /// closed_window or capture_gaps.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub pattern: &'static str,
    /// connection_termination, reliability, connection_establishment, connection_lifecycle, flow_control or capture_quality.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    pub observations: Vec<Measure>,
    /// The numbers in a sentence.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub description: String,
}

/// The patterns in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub total_patterns: u64,
    pub by_category: Vec<CategoryCount>,
    pub notable_observations: Vec<Notable>,
}

/// Patterns of a category.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CategoryCount {
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub category: &'static str,
    pub count: u64,
}

/// Something that stands out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Notable {
    /// strong_rst_asymmetry or high_retransmission.
    #[serde(rename = "type")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: &'static str,
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub detail: String,
}

/// One run.
pub struct TcpAnomalies {
    core: Core,
    seen: Anomalies,
}

struct Anomalies {
    sources: TopK<IpAddr>,
    directions: Directions,
    resets: Vec<ResetConnection>,
    with_reset: u64,
    resent: Worst<u64>,
}

impl View for Anomalies {
    fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        if !segment.tcp.flags.rst() {
            return;
        }
        if let Some(ip) = &segment.packet.ip {
            self.sources.add(ip.source, 1);
        }
        let count = match (seen.connection.client_known, seen.side) {
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
            self.with_reset = self.with_reset.saturating_add(1);
            let entry = ResetConnection {
                id: connection.id,
                connection: text(connection),
                frame,
                from: crate::totals::name(side),
            };
            // Connections end in another order than they begin.
            let place = self.resets.partition_point(|known| known.id < entry.id);
            self.resets.insert(place, entry);
            self.resets.truncate(LISTED);
        }
        if connection.resent() > 0 {
            self.resent.add(connection.resent(), connection);
        }
    }
}

impl Tool for TcpAnomalies {
    const NAME: &'static str = "analyze_tcp_anomalies";
    const TITLE: &'static str = "TCP anomalies";
    const DESCRIPTION: &'static str = "Counts what differs from undisturbed TCP in a packet capture, without guessing at causes: failed and \
        incomplete handshakes, resets by source and direction, retransmissions, connection states, SYN without answer, closed windows, segments \
        that the capture lacks. Each pattern comes with its numbers, each finding (floods, scans, sweeps, unusual flags, injected resets, \
        conflicting data) with frame numbers and threshold. Use it to judge a network or a server as a whole.";
    type Arguments = Arguments;
    type Report = Report;

    fn open(arguments: Arguments, _: Window) -> Result<Self, Problem> {
        let filter = Filter::new(arguments.server_ip.as_deref(), arguments.server_port)?;
        let seen = Anomalies {
            sources: TopK::new(PARTIES),
            directions: Directions::default(),
            resets: Vec::new(),
            with_reset: 0,
            resent: Worst::new(WORST_LISTED),
        };
        Ok(Self { core: Core::new(filter, arguments.max_packets, arguments.count_copies), seen })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        Ok(self.core.frame(frame, &mut self.seen))
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        self.core.finish(&mut self.seen);
        let Self { core, seen } = self;
        let patterns = patterns::all(&core, seen.directions, seen.with_reset);
        Ok(Report {
            tcp_packets_found: core.found(),
            message: core.message(capture),
            copies: core.copies(),
            filter: core.filter.report(),
            summary: patterns::summary(&patterns),
            patterns,
            limits: core.limits(),
            note: core.note(),
            statistics: statistics(&core, seen),
            findings: core.watch.finish(),
        })
    }
}

fn statistics(core: &Core, seen: Anomalies) -> Statistics {
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
            by_source: seen
                .sources
                .top(LISTED)
                .into_iter()
                .map(|top| AddressCount { address: top.key, count: top.count })
                .collect(),
            by_direction: seen.directions,
            connections_with_rst: seen.resets,
            connections_with_rst_total: seen.with_reset,
        },
        retransmissions: Retransmissions {
            total: totals.resent(),
            by_connection: seen
                .resent
                .into_rows()
                .map(|(count, row)| ConnectionCount {
                    id: row.id,
                    connection: row.connection,
                    count,
                    frames: row.frames,
                })
                .collect(),
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
    }
}

/// How the handshakes went.
pub fn handshakes(core: &Core) -> Handshakes {
    let incomplete = core.totals.in_state(State::HalfOpen);
    Handshakes { successful: core.totals.handshakes, failed: core.totals.failed.saturating_sub(incomplete), incomplete }
}
