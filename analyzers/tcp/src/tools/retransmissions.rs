//! `analyze_tcp_retransmissions`: what was sent again, how often, and on which connections.

use std::num::NonZeroU64;

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window};
use serde::{Deserialize, Serialize};

use crate::core::{Core, Segment, View};
use crate::filter::{Filter, FilterReport};
use crate::limits::WORST_LISTED;
use crate::listing::{Row, Worst};
use crate::report::{FlagCount, Limits, share};
use crate::tracker::Seen;
use crate::tracker::connection::Connection;
use crate::tracker::sequence::Flag;

/// The threshold unless asked otherwise: a share at which throughput suffers noticeably.
const THRESHOLD: f64 = 0.02;

/// What may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Only connections with this IPv4 or IPv6 address at one end, in any notation. Empty: all.
    #[serde(default)]
    pub server_ip: Option<String>,
    /// Share of packets sent again above which a connection counts as bad (default 0.02).
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: Option<f64>,
    /// Analyse only the first so many TCP packets that fit, and read no further.
    #[serde(default)]
    pub max_packets: Option<NonZeroU64>,
    /// Count packets that were captured more than once each time. Default: once.
    #[serde(default)]
    pub count_copies: bool,
}

/// What `analyze_tcp_retransmissions` answers.
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
    /// Packets sent again: plain, fast and spurious retransmissions. Keep-alives and window probes are none.
    pub total_retransmissions: u64,
    /// total_retransmissions by tcp_packets_found.
    pub retransmission_rate: f64,
    pub threshold: f64,
    pub exceeds_threshold: bool,
    /// Retransmissions by kind, and what goes with loss: duplicate_ack, out_of_order, lost_segment, ack_lost_segment.
    pub analysis: Vec<FlagCount>,
    /// The connections with the highest rates.
    pub by_connection: Vec<ConnectionRate>,
    pub summary: Summary,
    pub findings: Vec<Finding>,
    pub limits: Limits,
    /// Says that `max_packets` ended reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a connection sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionRate {
    /// Its place in the order of appearance, as in analyze_tcp_connections.
    pub id: u64,
    /// `client <-> server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub connection: String,
    pub retrans_count: u64,
    pub total_packets: u64,
    /// retrans_count by total_packets.
    pub retrans_rate: f64,
    /// Sent again after a time-out.
    pub plain: u64,
    /// Sent again since duplicate ACKs asked for it.
    pub fast: u64,
    /// Sent again although it had been acknowledged.
    pub spurious: u64,
    /// The first frames that carry them.
    pub frames: Vec<u64>,
}

/// The rates in short.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    pub total_connections: u64,
    pub connections_with_retransmissions: u64,
    /// Empty when nothing was sent again.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub worst_connection: String,
    pub worst_retrans_rate: f64,
    pub connections_above_threshold: u64,
}

/// One run.
pub struct TcpRetransmissions {
    core: Core,
    rates: Rates,
}

struct Rates {
    threshold: f64,
    worst: Worst<f64>,
    with: u64,
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
        self.with = self.with.saturating_add(1);
        self.above = self.above.saturating_add((rate > self.threshold).into());
        self.worst.add(rate, connection);
    }
}

impl Tool for TcpRetransmissions {
    const NAME: &'static str = "analyze_tcp_retransmissions";
    const TITLE: &'static str = "TCP retransmissions";
    const DESCRIPTION: &'static str = "Measures how much TCP had to send again in a packet capture: plain, fast and spurious retransmissions as \
        Wireshark tells them apart, duplicate acknowledgments, reordering and lost segments, the rate over all packets, and the connections \
        with the highest rates with frame numbers. Use it for slow transfers and suspected packet loss.";
    type Arguments = Arguments;
    type Report = Report;

    fn open(arguments: Arguments, _: Window) -> Result<Self, Problem> {
        let threshold = arguments.threshold.unwrap_or(THRESHOLD);
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Problem::argument("threshold", "must be a share between 0 and 1, such as 0.02"));
        }
        let filter = Filter::new(arguments.server_ip.as_deref(), None)?;
        Ok(Self {
            core: Core::new(filter, arguments.max_packets, arguments.count_copies),
            rates: Rates { threshold, worst: Worst::new(WORST_LISTED), with: 0, above: 0 },
        })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        Ok(self.core.frame(frame, &mut self.rates))
    }

    fn finish(mut self, capture: &Capture) -> Result<Report, Problem> {
        self.core.finish(&mut self.rates);
        let Self { core, rates } = self;
        let resent = core.totals.resent();
        let rate = share(resent, core.found());
        let by_connection: Vec<_> = rates.worst.into_rows().map(|(rate, row)| ConnectionRate::new(rate, row)).collect();
        let worst = by_connection.first();
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
        Ok(Report {
            tcp_packets_found: core.found(),
            message: core.message(capture),
            copies: core.copies(),
            filter: core.filter.report(),
            total_retransmissions: resent,
            retransmission_rate: rate,
            threshold: rates.threshold,
            exceeds_threshold: rate > rates.threshold,
            analysis: kinds.into_iter().map(count).collect(),
            summary: Summary {
                total_connections: core.connections(),
                connections_with_retransmissions: rates.with,
                worst_connection: worst.map(|row| row.connection.clone()).unwrap_or_default(),
                worst_retrans_rate: worst.map_or(0.0, |row| row.retrans_rate),
                connections_above_threshold: rates.above,
            },
            by_connection,
            limits: core.limits(),
            note: core.note(),
            findings: core.watch.finish(),
        })
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
