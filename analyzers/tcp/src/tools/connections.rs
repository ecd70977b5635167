//! `analyze_tcp_connections`: each connection, from its handshake to its end.

use std::num::NonZeroU64;
use std::ops::Range;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{Lists, PageInfo, Part};
use mcpcap_analyzer::table::{Row, Table};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
    is_default, time,
};
use serde::{Deserialize, Serialize};

use super::events::Events;
use crate::core::{Core, View};
use crate::filter::{Filter, FilterReport};
use crate::limits;
use crate::report::{
    ConnStateCount, ConnectionReport, EventReport, FileOrder, FlagCount, HandshakeTimes, Limits, SegmentCounts, counted,
};
use crate::rows::{self, TcpConnection, TcpEvent};
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};
use crate::tracker::sequence::Flag;

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
    /// Tell what each end sent: bytes, windows, times, flagged frames.
    #[serde(default)]
    pub detailed: Option<bool>,
    /// List only the connection with this `id`, and its flagged frames as `events`.
    #[serde(default)]
    pub connection: Option<u64>,
    /// Stop after so many TCP packets that fit.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// What `analyze_tcp_connections` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets of the connections asked for.
    pub tcp_packets_found: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    #[serde(skip_serializing_if = "is_default")]
    pub filter: FilterReport,
    pub summary: Summary,
    /// What stands out, as numbers in sentences.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub issues: Vec<String>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// Connections in the order of their first packet.
    pub connections: Vec<ConnectionReport>,
    /// With the argument `connection`: its frames with Wireshark's tcp.analysis flags, or whose bytes were sent again, late, or behind their ACK.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventReport>,
    /// What parts of `connections` and `events` these are, and of other lists that have more entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all connections asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Connections.
    pub total_connections: u64,
    /// SYN, SYN-ACK and the ACK of both, by their numbers.
    pub successful_handshakes: u64,
    /// Connections whose SYN was captured, and that were not established: unanswered, refused, given up or half open.
    pub failed_handshakes: u64,
    /// Established, although their SYN was not captured: SYN-ACK and its ACK were.
    pub handshakes_without_syn: u64,
    /// Established, although their SYN-ACK, or the ACK of it, was not captured: later acknowledgments show it.
    pub handshakes_without_syn_ack_or_ack: u64,
    /// The three together: successful_handshakes and the two above.
    pub established_connections: u64,
    /// Ended by RST after they were established.
    pub reset_connections: u64,
    /// SYN answered with RST.
    pub rejected_connections: u64,
    /// Both ends sent FIN.
    pub normal_close: u64,
    /// Established or midstream without an end in the capture, or with the FIN of one end only.
    pub active_connections: u64,
    /// SYN without an answer.
    pub unanswered_connections: u64,
    /// SYN and SYN-ACK without the last ACK.
    pub half_open_connections: u64,
    /// Their beginning was not captured, and no end.
    pub midstream_connections: u64,
    /// One direction of them is in the capture, although there were both.
    pub one_sided_connections: u64,
    /// Connections by Zeek's states.
    pub conn_states: Vec<ConnStateCount>,
    /// Packets of all connections.
    pub packets: SegmentCounts,
    /// Wireshark's sequence analysis, of all packets.
    pub analysis: Vec<FlagCount>,
    pub handshake_times: HandshakeTimes,
    /// Packets with bytes, or a SYN or FIN, that the capture has more than once.
    pub retransmissions: u64,
    /// Packets with bytes that lie before others that came earlier, and that the capture has once.
    pub late_packets: u64,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
}

/// One run.
pub struct TcpConnections {
    core: Core,
    page: Page,
    lists: Lists,
}

/// The connections of the page, kept until the run ends.
struct Page {
    listed: Range<u64>,
    /// The only one wanted.
    only: Option<u64>,
    /// Whether that one is there.
    found: bool,
    kept: Vec<ConnectionReport>,
    /// Its flagged frames.
    events: Events,
    /// Those of the first connection that is listed, where a page of them is asked for.
    of_first: Option<Events>,
    detailed: bool,
}

/// The flagged frames of each connection.
const EVENTS: &str = "connections[].details.events";

impl Page {
    fn lists(&self, connection: &Connection) -> bool {
        match self.only {
            // It is the first of one.
            Some(only) => only == connection.id && self.listed.contains(&0),
            None => self.listed.contains(&connection.identity.id),
        }
    }
}

impl View for Page {
    fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        rows::add_event(segment, seen);
        if self.only == Some(seen.connection.id) {
            self.events.take(segment, seen);
        }
        if self.of_first.is_some() && self.lists(seen.connection) {
            self.of_first.iter_mut().for_each(|events| events.take(segment, seen));
        }
    }

    fn ended(&mut self, connection: &Connection) {
        rows::add(connection);
        self.found |= self.only == Some(connection.id);
        if self.lists(connection) {
            self.kept.push(ConnectionReport::new(connection, self.detailed));
        }
    }
}

impl Tool for TcpConnections {
    const NAME: &'static str = "analyze_tcp_connections";
    const TITLE: &'static str = "TCP connections";
    const DESCRIPTION: &'static str = "Lists TCP connections: who opened each one, whether the handshake completed \
        and how long it took, who ended it and how, packets and bytes, Zeek's conn_state and history, Community ID, \
        Wireshark's analysis flags. Use it to see who talks to whom, and for connections that fail, hang or are \
        slow. Findings: SYN floods, port scans, host sweeps, silent and refusing servers, stalled receivers, \
        injected resets.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["connections", "events"];
    const CUT: &'static [&'static str] = &["findings", EVENTS];

    const TABLES: &'static [&'static Table] = &[TcpConnection::TABLE, TcpEvent::TABLE];

    const WANTS: Wants = Wants::of(&[TransportKind::Tcp]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let filter = Filter::new(arguments.server_ip.as_deref(), arguments.server_port)?;
        let limit = window.limit.min(Window::MOST);
        let listed = window.offset..window.offset.saturating_add(limit as u64);
        let part = Part { offset: usize::try_from(window.offset).unwrap_or(usize::MAX), limit };
        let is_asked = window.within.as_ref().is_some_and(|within| within.list == EVENTS);
        let lists = Lists::new(window);
        let of_first = is_asked.then(|| Events::new(lists.part_within(EVENTS, limits::EVENTS)));
        Ok(Self {
            core: Core::new(filter, arguments.max_packets, &lists),
            lists,
            page: Page {
                listed,
                only: arguments.connection,
                found: false,
                kept: Vec::new(),
                events: Events::new(part),
                of_first,
                detailed: arguments.detailed.unwrap_or(false),
            },
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(self.core.packet(frame, packet, &mut self.page))
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.core.finish(&mut self.page);
        let Self { core, page, mut lists } = self;
        if let Some(message) = core.message(capture) {
            return Ok(Answer::nothing(message));
        }
        let mut connections = page.kept;
        connections.sort_by_key(|connection| connection.id);
        let digits = capture.time_digits();
        for text in connections.iter_mut().filter_map(|connection| connection.start_time.as_mut()) {
            time::shorten(text, digits);
        }
        for (place, connection) in connections.iter_mut().enumerate() {
            let Some(details) = &mut connection.details else { continue };
            if let Some(events) = page.of_first.as_ref().filter(|_| place == 0) {
                details.events = events.reports();
            }
            let place = usize::try_from(page.listed.start).unwrap_or(usize::MAX).saturating_add(place);
            let part = lists.part_within(EVENTS, limits::EVENTS);
            lists.told_within(EVENTS, &[place], details.events_total, part, details.events.len());
        }
        let total = match page.only {
            Some(_) => page.found.into(),
            None => core.connections(),
        };
        let info = PageInfo::new("connections", total, page.listed.start, connections.len());
        let (found, copies) = (core.found(), capture.decoder.copies(&mut lists));
        let (note, filter) = (core.note(), core.filter.report());
        let (summary, issues) = (summary(&core), issues(&core));
        let (findings, limits) = core.findings(capture, &mut lists);
        let events = page.events.reports();
        let mut pages = vec![info, PageInfo::new("events", page.events.total(), page.listed.start, events.len())];
        pages.extend(lists.into_pages());
        Ok(Answer::from(Report {
            tcp_packets_found: found,
            copies,
            filter,
            summary,
            issues,
            findings,
            connections,
            events,
            pages,
            ending: Ending { limits, note },
        }))
    }
}

fn summary(core: &Core) -> Summary {
    let totals = &core.totals;
    let [without_syn, without_answer] = totals.handshakes_without;
    let active = [State::Established, State::Closing, State::Midstream];
    Summary {
        total_connections: totals.connections,
        successful_handshakes: totals.handshakes,
        failed_handshakes: totals.failed,
        handshakes_without_syn: without_syn,
        handshakes_without_syn_ack_or_ack: without_answer,
        established_connections: totals.established(),
        reset_connections: totals.in_state(State::Reset),
        rejected_connections: totals.in_state(State::Rejected),
        normal_close: totals.in_state(State::Closed),
        active_connections: active.iter().map(|state| totals.in_state(*state)).sum(),
        unanswered_connections: totals.in_state(State::Attempted),
        half_open_connections: totals.in_state(State::HalfOpen),
        midstream_connections: totals.in_state(State::Midstream),
        one_sided_connections: totals.one_sided,
        conn_states: totals.conn_states(),
        packets: totals.counts,
        analysis: totals.analysis(),
        handshake_times: totals.handshake_times(),
        retransmissions: totals.resent(),
        late_packets: totals.late(),
        file_order: totals.order(),
    }
}

fn issues(core: &Core) -> Vec<String> {
    let totals = &core.totals;
    let reset = totals.in_state(State::Reset).saturating_add(totals.in_state(State::Rejected));
    let closed = totals.flagged(Flag::ZeroWindow);
    let connections = |count| counted(count, "connection", "connections");
    let disordered = totals.order().map_or(0, |order| order.connections);
    [
        (reset, format!("{} ended by RST", connections(reset))),
        (totals.resent(), format!("{} sent again", counted(totals.resent(), "packet", "packets"))),
        (totals.failed, format!("{} not completed", counted(totals.failed, "handshake", "handshakes"))),
        (disordered, format!("{} whose order in the file is not the order on the wire", connections(disordered))),
        (closed, format!("{} a closed window", counted(closed, "packet announces", "packets announce"))),
        (totals.one_sided, format!("{} of which the capture has one direction only", connections(totals.one_sided))),
    ]
    .into_iter()
    .filter_map(|(count, text)| (count > 0).then_some(text))
    .collect()
}
