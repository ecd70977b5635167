//! `analyze_tcp_connections`: each connection, from its handshake to its end.

use std::num::NonZeroU64;
use std::ops::Range;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window, time};
use serde::{Deserialize, Serialize};

use crate::core::{Core, Segment, View};
use crate::filter::{Filter, FilterReport};
use crate::report::{ConnStateCount, ConnectionReport, FlagCount, HandshakeTimes, Limits, SegmentCounts};
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};
use crate::tracker::sequence::Flag;

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
    /// Tell of each listed connection what both ends sent, its windows, times and flagged frames.
    #[serde(default)]
    pub detailed: Option<bool>,
    /// List only the connection with this `id`. Summary and findings are those of all.
    #[serde(default)]
    pub connection: Option<u64>,
    /// Analyse only the first so many TCP packets that fit, and read no further.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count packets that were captured more than once each time. Default: once.
    #[serde(default)]
    pub count_copies: bool,
}

/// What `analyze_tcp_connections` answers.
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
    pub summary: Summary,
    /// What stands out, as numbers in sentences.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub issues: Vec<String>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// Connections in the order of their first packet.
    pub connections: Vec<ConnectionReport>,
    /// What part of `connections` this is.
    pub pages: Vec<PageInfo>,
    pub limits: Limits,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Numbers over all connections asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub total_connections: u64,
    /// SYN, SYN-ACK and the ACK of both, by their numbers.
    pub successful_handshakes: u64,
    /// Connections that began in the capture without a complete handshake.
    pub failed_handshakes: u64,
    /// As successful_handshakes.
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
    pub conn_states: Vec<ConnStateCount>,
    pub packets: SegmentCounts,
    /// Wireshark's sequence analysis, of all packets.
    pub analysis: Vec<FlagCount>,
    pub handshake_times: HandshakeTimes,
}

/// One run.
pub struct TcpConnections {
    core: Core,
    page: Page,
}

/// The connections of the page, kept until the run ends.
struct Page {
    listed: Range<u64>,
    /// The only one wanted.
    only: Option<u64>,
    kept: Vec<ConnectionReport>,
    detailed: bool,
}

impl View for Page {
    fn segment(&mut self, _: &Segment<'_>, _: &Seen<'_>) {}

    fn ended(&mut self, connection: &Connection) {
        let listed = match self.only {
            // It is the first of one.
            Some(only) => only == connection.id && self.listed.contains(&0),
            None => self.listed.contains(&connection.id),
        };
        if listed {
            self.kept.push(ConnectionReport::new(connection, self.detailed));
        }
    }
}

impl Tool for TcpConnections {
    const NAME: &'static str = "analyze_tcp_connections";
    const TITLE: &'static str = "TCP connections";
    const DESCRIPTION: &'static str = "Lists the TCP connections of a packet capture, IPv4 and IPv6: who opened them, whether the handshake \
        completed and how long it took, how they ended and who ended them, packets and octets each way, Zeek's conn_state and history, \
        Community ID, Wireshark's retransmission and window flags. Reports findings with frame numbers: SYN floods, port scans, host sweeps, \
        silent and refusing servers, stalled receivers, injected resets. Use it first for connections that fail, hang, end early or \
        are slow, and to see who talks to whom. `detailed` adds what each end sent.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["connections"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let filter = Filter::new(arguments.server_ip.as_deref(), arguments.server_port)?;
        let listed = window.offset..window.offset.saturating_add(window.limit.min(Window::MOST) as u64);
        Ok(Self {
            core: Core::new(filter, arguments.max_packets, arguments.count_copies),
            page: Page {
                listed,
                only: arguments.connection,
                kept: Vec::new(),
                detailed: arguments.detailed.unwrap_or(false),
            },
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        Ok(self.core.frame(frame, &mut self.page))
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        self.core.finish(&mut self.page);
        let Self { core, page } = self;
        let mut connections = page.kept;
        connections.sort_by_key(|connection| connection.id);
        let digits = capture.time_digits();
        for text in connections.iter_mut().filter_map(|connection| connection.start_time.as_mut()) {
            time::shorten(text, digits);
        }
        let info = PageInfo {
            list: "connections",
            total: match page.only {
                Some(only) => u64::from(only < core.connections()),
                None => core.connections(),
            },
            offset: page.listed.start,
            returned: connections.len() as u64,
        };
        Ok(Report {
            tcp_packets_found: core.found(),
            message: core.message(capture),
            copies: core.copies(),
            filter: core.filter.report(),
            summary: summary(&core),
            issues: issues(&core),
            limits: core.limits(),
            note: core.note(),
            findings: core.watch.finish(),
            connections,
            pages: vec![info],
        })
    }
}

fn summary(core: &Core) -> Summary {
    let totals = &core.totals;
    let active = [State::Established, State::Closing, State::Midstream];
    Summary {
        total_connections: totals.connections,
        successful_handshakes: totals.handshakes,
        failed_handshakes: totals.failed,
        established_connections: totals.handshakes,
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
    }
}

fn issues(core: &Core) -> Vec<String> {
    let totals = &core.totals;
    let reset = totals.in_state(State::Reset).saturating_add(totals.in_state(State::Rejected));
    let closed = totals.flagged(Flag::ZeroWindow);
    [
        (reset, format!("{reset} connections ended by RST")),
        (totals.resent(), format!("{} packets sent again", totals.resent())),
        (totals.failed, format!("{} handshakes not completed", totals.failed)),
        (closed, format!("{closed} packets announce a closed window")),
        (totals.one_sided, format!("{} connections of which the capture has one direction only", totals.one_sided)),
    ]
    .into_iter()
    .filter_map(|(count, text)| (count > 0).then_some(text))
    .collect()
}
