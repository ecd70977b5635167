//! `analyze_tcp_anomalies`: patterns in numbers, without guesses at causes.

mod patterns;
mod report;

use std::net::IpAddr;
use std::num::NonZeroU64;

use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{Lists, Ranked, TopK};
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
};
use serde::Deserialize;

use crate::core::{Core, View};
use crate::filter::Filter;
use crate::limits::PARTIES;
use crate::listing::Row;
use crate::report::text;
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};
pub use report::Report;
use report::{
    AddressCount, ConnectionCount, Directions, FlagCounts, ResetConnection, Resets, Retransmissions, States, Statistics,
};

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
    /// Stop after so many TCP packets that fit.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
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
}

/// The list of addresses that sent RST, and how many of them a report holds first.
const SOURCES: &str = "rst_by_source";
/// See [`SOURCES`].
const SOURCES_LISTED: usize = 50;
/// The list of frames of each connection.
const FRAMES: &str = "retransmissions_by_connection[].frames";

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
            let id = connection.id;
            let from = crate::totals::name(side);
            self.resets.add(0, id, || ResetConnection { id, connection: text(connection), frame, from });
        }
        let count = connection.resent();
        if count > 0 {
            self.resent.add(count, connection.id, || {
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
    const PAGED: &'static [&'static str] = &["connections_with_rst", "retransmissions_by_connection"];
    const CUT: &'static [&'static str] = &["findings", FRAMES, SOURCES];

    const WANTS: Wants = Wants::of(&[TransportKind::Tcp]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let filter = Filter::new(arguments.server_ip.as_deref(), arguments.server_port)?;
        let lists = Lists::new(window.clone());
        let seen = Anomalies {
            sources: TopK::of(SOURCES, PARTIES, &lists),
            directions: Directions::default(),
            resets: Ranked::of_page(&window),
            resent: Ranked::of_page(&window),
        };
        Ok(Self { core: Core::new(filter, arguments.max_packets, &lists), seen, lists })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(self.core.packet(frame, packet, &mut self.seen))
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.core.finish(&mut self.seen);
        let Self { core, seen, mut lists } = self;
        if let Some(message) = core.message(capture) {
            return Ok(Answer::nothing(message));
        }
        let patterns = patterns::all(&core, seen.directions, seen.resets.total());
        let statistics = statistics(&core, &seen);
        let sources = seen.sources.list(SOURCES_LISTED, &mut lists).into_iter();
        let rst_by_source =
            sources.map(|top| AddressCount { address: top.key, count: top.count, error: top.error }).collect();
        let (connections_with_rst, resets) = seen.resets.finish("connections_with_rst");
        let (mut retransmissions_by_connection, resent) = seen.resent.finish("retransmissions_by_connection");
        for (place, row) in (resent.place()..).zip(&mut retransmissions_by_connection) {
            lists.frames(FRAMES, place, &mut row.frames, row.count);
        }
        let (found, copies) = (core.found(), capture.decoder.copies(&mut lists));
        let (note, filter) = (core.note(), core.filter.report());
        let (findings, limits) = core.findings(capture, &mut lists);
        let mut pages = vec![resets, resent];
        pages.extend(lists.into_pages());
        Ok(Answer::from(Report {
            tcp_packets_found: found,
            copies,
            filter,
            summary: patterns::summary(&patterns),
            patterns,
            pages,
            rst_by_source,
            connections_with_rst,
            retransmissions_by_connection,
            ending: Ending { limits, note },
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
        handshake: patterns::handshakes(core),
        flags: FlagCounts {
            syn: totals.counts.syn,
            syn_ack: totals.counts.syn_ack,
            rst: totals.counts.rst,
            fin: totals.counts.fin,
            ack: totals.counts.ack,
        },
        rst_distribution: Resets {
            sources: seen.sources.different(),
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
