//! `analyze_tcp_retransmissions`: what was sent again, how often, and on which connections.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::finding::{Finding, Frames};
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{Lists, PageInfo, Ranked};
use mcpcap_analyzer::{
    Answer, Capture, CountCopies, Ending, Ends, Flow, Frame, JsonSchema, Problem, Tool, TransportKind, Wants, Window,
    is_default,
};
use serde::{Deserialize, Serialize};

use crate::core::{Core, View};
use crate::filter::{Filter, FilterReport};
use crate::listing::{Row, key};
use crate::report::{FileOrder, FlagCount, Limits, text};
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;
use crate::tracker::sequence::Flag;

/// The threshold unless asked otherwise: a share at which throughput suffers noticeably.
const THRESHOLD: f64 = 0.02;

/// What may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Only connections with this IPv4 or IPv6 address at one end.
    #[serde(default)]
    pub server_ip: Option<String>,
    /// Share of packets sent again above which it is bad (default 0.02).
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: Option<f64>,
    /// Stop after so many TCP packets that fit.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    #[serde(default)]
    pub count_copies: CountCopies,
}

/// What `analyze_tcp_retransmissions` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// TCP packets of the connections asked for.
    pub tcp_packets_found: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    #[serde(skip_serializing_if = "is_default")]
    pub filter: FilterReport,
    /// Packets sent again: with bytes, or a SYN or FIN, that the capture has more than once. Keep-alives and window probes are none.
    pub total_retransmissions: u64,
    /// Packets with bytes that lie before others that came earlier, and that the capture has once: overtaken on the way, or sent again
    /// after the first copy was lost before the place of the capture.
    pub late_packets: u64,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
    /// total_retransmissions by tcp_packets_found.
    pub retransmission_rate: f64,
    /// The argument `threshold`, or its default.
    pub threshold: f64,
    /// Whether `retransmission_rate` is above it.
    pub exceeds_threshold: bool,
    /// What Wireshark suspects: retransmissions by kind, and what goes with loss: duplicate_ack, out_of_order, lost_segment,
    /// ack_lost_segment. It calls some packets retransmissions that are late, or that stand behind their ACK in the file.
    pub analysis: Vec<FlagCount>,
    /// The connections that sent again, those with the highest rates first; those beyond 4,096 follow as they come.
    pub by_connection: Vec<ConnectionRate>,
    /// What part of `by_connection` this is, and of `findings` when there are more of them.
    pub pages: Vec<PageInfo>,
    pub summary: Summary,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// What a connection sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionRate {
    /// Its place in the order of appearance, as in analyze_tcp_connections.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    /// Packets sent again.
    pub retrans_count: u64,
    /// Packets of both ends.
    pub total_packets: u64,
    /// retrans_count by total_packets.
    pub retrans_rate: f64,
    /// Sent again, neither fast nor spurious: mostly after a time-out.
    pub plain: u64,
    /// Sent again since duplicate ACKs asked for it.
    pub fast: u64,
    /// Sent again although it had been acknowledged.
    pub spurious: u64,
    /// Frames that carry them, rising. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

/// The rates in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// Connections.
    pub total_connections: u64,
    /// Connections that sent again.
    pub connections_with_retransmissions: u64,
    /// Empty when nothing was sent again.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub worst_connection: String,
    /// Rate of that connection: a share from 0 to 1.
    pub worst_retrans_rate: f64,
    /// Connections whose rate is above the threshold.
    pub connections_above_threshold: u64,
}

/// The list of frames of each connection.
const FRAMES: &str = "by_connection[].frames";

/// One run.
pub struct TcpRetransmissions {
    core: Core,
    rates: Rates,
    lists: Lists,
}

struct Rates {
    threshold: f64,
    worst: Ranked<ConnectionRate>,
    /// The highest rate, and its connection, the first one of several.
    highest: Option<(f64, u64, String)>,
    above: u64,
}

impl View for Rates {
    fn segment(&mut self, _: &Segment<'_>, _: &Seen<'_>) {}

    fn ended(&mut self, connection: &Connection) {
        let resent = connection.resent();
        if resent == 0 {
            return;
        }
        let rate = share(resent, connection.packets());
        self.above = self.above.saturating_add((rate > self.threshold).into());
        let id = connection.id;
        if self.highest.as_ref().is_none_or(|(highest, first, _)| rate > *highest || (rate == *highest && id < *first))
        {
            self.highest = Some((rate, id, text(connection)));
        }
        self.worst.add(key(rate), id, || ConnectionRate::new(rate, Row::new(connection)));
    }
}

impl Tool for TcpRetransmissions {
    const NAME: &'static str = "analyze_tcp_retransmissions";
    const TITLE: &'static str = "TCP retransmissions";
    const DESCRIPTION: &'static str = "Measures TCP retransmissions, for slow transfers and suspected packet loss: \
        the rate over all packets and by connection, worst first, with frame numbers; plain, fast and spurious \
        retransmissions; packets that came late; duplicate ACKs, reordering and lost segments as Wireshark flags \
        them. Tells when the order in the file is not the order on the wire.";
    type Arguments = Arguments;
    type Report = Answer<Report>;
    const PAGED: &'static [&'static str] = &["by_connection"];
    const CUT: &'static [&'static str] = &["findings", FRAMES];

    const WANTS: Wants = Wants::of(&[TransportKind::Tcp]);
    const ENDS: Ends = Ends::With(&["max_packets"]);

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let threshold = arguments.threshold.unwrap_or(THRESHOLD);
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Problem::argument("threshold", "must be a share between 0 and 1, such as 0.02"));
        }
        let filter = Filter::new(arguments.server_ip.as_deref(), None)?;
        let lists = Lists::new(window.clone());
        Ok(Self {
            core: Core::new(filter, arguments.max_packets, &lists),
            lists,
            rates: Rates { threshold, worst: Ranked::of_page(&window), highest: None, above: 0 },
        })
    }

    fn packet(&mut self, frame: &Frame<'_>, packet: &Packet<'_>) -> Result<Flow, Problem> {
        Ok(self.core.packet(frame, packet, &mut self.rates))
    }

    fn finish(mut self, capture: &Capture) -> Result<Answer<Report>, Problem> {
        self.core.finish(&mut self.rates);
        let Self { core, rates, mut lists } = self;
        if let Some(message) = core.message(capture) {
            return Ok(Answer::nothing(message));
        }
        let resent = core.totals.resent();
        let rate = share(resent, core.found());
        let with = rates.worst.total();
        let (mut by_connection, page) = rates.worst.finish("by_connection");
        for (place, row) in (page.place()..).zip(&mut by_connection) {
            lists.frames(FRAMES, place, &mut row.frames, row.retrans_count);
        }
        let worst = rates.highest;
        let kinds = [
            Flag::Retransmission,
            Flag::FastRetransmission,
            Flag::SpuriousRetransmission,
            Flag::OutOfOrder,
            Flag::LostSegment,
            Flag::AckLostSegment,
            Flag::DuplicateAck,
        ];
        let count = |flag: Flag| FlagCount { name: flag.name(), count: core.totals.flagged(flag) };
        let analysis = kinds.into_iter().map(count).collect();
        let (found, copies) = (core.found(), capture.decoder.copies(&mut lists));
        let (note, filter) = (core.note(), core.filter.report());
        let (late_packets, file_order) = (core.totals.late(), core.totals.order());
        let total_connections = core.connections();
        let (findings, limits) = core.findings(capture, &mut lists);
        let mut pages = vec![page];
        pages.extend(lists.into_pages());
        Ok(Answer::from(Report {
            tcp_packets_found: found,
            copies,
            filter,
            total_retransmissions: resent,
            late_packets,
            file_order,
            retransmission_rate: rate,
            threshold: rates.threshold,
            exceeds_threshold: rate > rates.threshold,
            analysis,
            summary: Summary {
                total_connections,
                connections_with_retransmissions: with,
                worst_retrans_rate: worst.as_ref().map_or(0.0, |(rate, ..)| *rate),
                worst_connection: worst.map(|(.., connection)| connection).unwrap_or_default(),
                connections_above_threshold: rates.above,
            },
            by_connection,
            pages,
            ending: Ending { limits, note },
            findings,
        }))
    }
}

impl ConnectionRate {
    fn new(rate: f64, row: Row) -> Self {
        let [plain, fast, spurious] = row.resent;
        Self {
            id: row.id,
            retrans_count: row.resent(),
            connection: row.connection,
            total_packets: row.packets,
            retrans_rate: rate,
            plain,
            fast,
            spurious,
            frames: row.frames,
        }
    }
}
