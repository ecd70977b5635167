//! The report on a connection.

use mcpcap_analyzer::{JsonSchema, community, is_default, time};
use serde::Serialize;

use super::{FileOrder, FlagCount};
use crate::totals::name;
use crate::tracker::connection::{Connection, State};
use crate::tracker::event::Event;
use crate::tracker::handshake::Shown;
use crate::tracker::sequence::Flag;
use crate::tracker::side::{Again, Sender};

/// A connection.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionReport {
    /// Its number among the packets that were chosen, from 0: with another host, port or time it is another.
    pub id: u64,
    /// `address:port` of the end that opened it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// Address and port of the end that was connected to.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: String,
    /// Whether SYN or SYN-ACK told who is client; otherwise it is a guess by port.
    pub client_known: bool,
    /// attempted, rejected, half_open, established, closing, closed, reset, or midstream (its beginning was not captured).
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub state: &'static str,
    /// Zeek's conn_state.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub conn_state: &'static str,
    /// Zeek's history; capitals are the client's.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub history: String,
    /// Letters of the history that found no place.
    #[serde(skip_serializing_if = "is_default")]
    pub history_letters_left_out: u64,
    /// Wireshark's tcp.completeness: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
    pub completeness: u8,
    /// Community ID, version 1: the same in the logs of other tools.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub community_id: String,
    /// Whether SYN, SYN-ACK and the ACK of it are in the capture, in whatever order.
    pub handshake_completed: bool,
    /// complete; syn_not_captured, syn_ack_not_captured or ack_not_captured (it was completed all the same); half_open, refused, unanswered;
    /// syn_ack_only; or not_captured.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub handshake: &'static str,
    /// normal (both ends sent FIN), reset, active (no end in the capture), or unknown.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub close_reason: &'static str,
    /// Who sent the first FIN or RST: client or server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub closed_by: Option<&'static str>,
    /// Frame that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_frame: Option<u64>,
    /// The only end that is in the capture, although both were heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub one_sided: Option<&'static str>,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// Time of the first frame: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// From its first to its last packet, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// SYN to the first SYN-ACK: to the server and back. Absent when the SYN was sent again and no timestamp tells which one was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syn_to_syn_ack_ms: Option<f64>,
    /// SYN-ACK to its ACK: to the client and back. Absent likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syn_ack_to_ack_ms: Option<f64>,
    /// The sum of both: SYN to ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_ms: Option<f64>,
    /// Packets of both ends.
    pub packet_count: u64,
    /// Bytes of the frames on the wire.
    pub byte_count: u64,
    /// Bytes of TCP payload of both ends, repeated ones counted again.
    pub payload_bytes: u64,
    /// SYN without ACK.
    pub syn_count: u64,
    /// Packets with SYN and ACK.
    pub syn_ack_count: u64,
    /// Packets with ACK.
    pub ack_count: u64,
    /// Packets with RST.
    pub rst_count: u64,
    /// Packets with FIN.
    pub fin_count: u64,
    /// Packets with payload.
    pub data_packets: u64,
    /// Segments sent again: with bytes, or a SYN or FIN, that the capture has more than once.
    pub retransmissions: u64,
    /// Segments with bytes that lie before others that came earlier, and that the capture has once: overtaken on the way, or sent again
    /// after the first copy was lost before the place of the capture.
    pub late_packets: u64,
    /// Signs that the order in the file is not that on the wire; absent without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_order: Option<FileOrder>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<ConnectionDetails>,
}

/// What `detailed` adds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConnectionDetails {
    /// What the client sent.
    pub client: SideReport,
    /// What the server sent.
    pub server: SideReport,
    /// Frames with flags or bytes that stand out, in the order of the file: the first 16, and pages of all. With `connection` set to this `id` they are
    /// the list `events`, too.
    pub events: Vec<EventReport>,
    /// Such frames in all.
    pub events_total: u64,
}

/// A frame with flags, or whose bytes stand out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventReport {
    /// Number of the frame.
    pub frame: u64,
    /// client or server.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
    /// Wireshark's tcp.analysis flags: its suspicions.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub flags: Vec<&'static str>,
    /// What its bytes say: sent_again, late, or behind_its_ack (in the file).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by_bytes: Vec<&'static str>,
}

/// What one end sent.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SideReport {
    /// Packets that it sent.
    pub packets: u64,
    /// Bytes of those frames on the wire.
    pub bytes: u64,
    /// Bytes of TCP payload, repeated ones counted again.
    pub payload_bytes: u64,
    /// Bytes of payload, each counted once.
    pub new_payload_bytes: u64,
    /// Bytes of payload that were sent again: the capture has them more than once. At least so many where `missing_bytes` lie in more than
    /// 16 holes. Keep-alives and window probes are neither.
    pub resent_payload_bytes: u64,
    /// Bytes between others that the capture does not have.
    pub missing_bytes: u64,
    /// New payload bytes per second, from its first to its last segment with data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodput_bytes_per_second: Option<f64>,
    /// Maximum segment size that its SYN or SYN-ACK gives, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mss: Option<u16>,
    /// Bits of its window scale option (RFC 7323).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_scale: Option<u8>,
    /// Whether it offered selective acknowledgments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sack_permitted: Option<bool>,
    /// Its SYN offers timestamps (RFC 7323). Absent when the SYN was not captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamps: Option<bool>,
    /// Its SYN has the option of TCP Fast Open (RFC 7413).
    #[serde(skip_serializing_if = "is_default")]
    pub fast_open: bool,
    /// Its SYN offers Multipath TCP (RFC 8684).
    #[serde(skip_serializing_if = "is_default")]
    pub multipath: bool,
    /// Segments with selective acknowledgments.
    pub sack_packets: u64,
    /// Smallest and largest window it advertised after SYN, in bytes; not scaled when the SYN was not captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_window: Option<u32>,
    /// The largest window that it announced, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_window: Option<u32>,
    /// How often it closed its window.
    pub window_closed_times: u64,
    /// How long its window was closed, in seconds.
    pub window_closed_seconds: f64,
    /// Time until its data were acknowledged, as seen from where the capture was made. Of more than 16 segments on the way the last 16 are measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_rtt: Option<RoundTripReport>,
    /// TTL or hop limit of its first segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hop_limit: Option<u8>,
    /// Its packets by Wireshark's tcp.analysis flags.
    pub analysis: Vec<FlagCount>,
}

/// Round-trip times of data segments that were sent once.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RoundTripReport {
    /// Measurements.
    pub count: u64,
    /// The shortest, in milliseconds.
    pub min_ms: f64,
    /// Their mean, in milliseconds.
    pub mean_ms: f64,
    /// The longest, in milliseconds.
    pub max_ms: f64,
}

impl ConnectionReport {
    /// The report on a connection. Its time has nine decimals.
    pub fn new(connection: &Connection, detailed: bool) -> Self {
        let Connection { client, server, .. } = connection;
        let both = |count: fn(&Sender) -> u64| count(client).saturating_add(count(server));
        Self {
            id: connection.id,
            client: client.endpoint.to_string(),
            server: server.endpoint.to_string(),
            client_known: connection.identity.client_known,
            state: state(connection.state()),
            conn_state: connection.conn_state().name(),
            history: connection.history.to_string(),
            history_letters_left_out: connection.history.left_out(),
            completeness: connection.handshake.completeness,
            community_id: community::id(
                community::TCP,
                (client.endpoint.address, Some(client.endpoint.port)),
                (server.endpoint.address, Some(server.endpoint.port)),
            ),
            handshake_completed: connection.handshake.is_complete(),
            handshake: handshake(connection),
            close_reason: close_reason(connection.state()),
            closed_by: connection.ended.map(|ended| name(ended.by)),
            close_frame: connection.ended.map(|ended| ended.frame),
            one_sided: connection.one_sided().map(name),
            first_frame: connection.frames.0,
            last_frame: connection.frames.1,
            start_time: connection.times.map(|(first, _)| time::rfc3339(first, 9)),
            duration_seconds: connection.duration().map(time::seconds),
            syn_to_syn_ack_ms: connection.handshake.syn_to_syn_ack().map(time::milliseconds),
            syn_ack_to_ack_ms: connection.handshake.syn_ack_to_ack().map(time::milliseconds),
            handshake_ms: connection.handshake.lasted().map(time::milliseconds),
            packet_count: connection.packets(),
            byte_count: connection.bytes(),
            payload_bytes: both(|sender| sender.payload),
            syn_count: both(|sender| sender.syn),
            syn_ack_count: both(|sender| sender.syn_ack),
            ack_count: both(|sender| sender.ack),
            rst_count: both(|sender| sender.rst),
            fin_count: both(|sender| sender.fin),
            data_packets: both(|sender| sender.data_packets),
            retransmissions: connection.resent(),
            late_packets: connection.late(),
            file_order: {
                let mut order = FileOrder::default();
                order.add(connection);
                order.told()
            },
            details: detailed.then(|| ConnectionDetails::new(connection)),
        }
    }
}

impl ConnectionDetails {
    fn new(connection: &Connection) -> Self {
        Self {
            client: SideReport::new(&connection.client),
            server: SideReport::new(&connection.server),
            events: connection.events.iter().map(EventReport::new).collect(),
            events_total: connection.events_total,
        }
    }
}

impl EventReport {
    /// The report on an event.
    pub fn new(event: &Event) -> Self {
        let Again { resent, late, acknowledged } = event.again;
        let by_bytes = [(resent, "sent_again"), (late, "late"), (acknowledged, "behind_its_ack")];
        Self {
            frame: event.frame,
            from: name(event.from),
            flags: event.found.iter().map(Flag::name).collect(),
            by_bytes: by_bytes.into_iter().filter_map(|(is, name)| is.then_some(name)).collect(),
        }
    }
}

impl SideReport {
    /// The report on what an end sent.
    pub fn new(sender: &Sender) -> Self {
        let offer = sender.offer;
        let lasted = sender.data_times.map(|(first, last)| last.saturating_sub(first)).filter(|lasted| *lasted > 0);
        let trips = &sender.round_trips;
        let counts = Flag::ALL.into_iter().map(|flag| FlagCount { name: flag.name(), count: sender.count(flag) });
        Self {
            packets: sender.packets,
            bytes: sender.bytes,
            payload_bytes: sender.payload,
            new_payload_bytes: sender.new_payload,
            resent_payload_bytes: sender.resent_payload,
            missing_bytes: sender.missing(),
            goodput_bytes_per_second: lasted.map(|lasted| sender.new_payload as f64 / time::seconds(lasted)),
            mss: offer.and_then(|offer| offer.mss),
            window_scale: offer.and_then(|offer| offer.window_scale),
            sack_permitted: offer.map(|offer| offer.sack),
            timestamps: offer.map(|offer| offer.timestamps),
            fast_open: offer.is_some_and(|offer| offer.fast_open),
            multipath: offer.is_some_and(|offer| offer.multipath),
            sack_packets: sender.sacks,
            min_window: sender.window.map(|(min, _)| min),
            max_window: sender.window.map(|(_, max)| max),
            window_closed_times: sender.closed_window.times,
            window_closed_seconds: time::seconds(sender.closed_window.total),
            ack_rtt: trips.mean().map(|mean| RoundTripReport {
                count: trips.count,
                min_ms: time::milliseconds(trips.min),
                mean_ms: time::milliseconds(mean),
                max_ms: time::milliseconds(trips.max),
            }),
            hop_limit: sender.hop_limit,
            analysis: counts.filter(|entry| entry.count > 0).collect(),
        }
    }
}

/// The name of a state.
pub fn state(state: State) -> &'static str {
    match state {
        State::Attempted => "attempted",
        State::Rejected => "rejected",
        State::HalfOpen => "half_open",
        State::Established => "established",
        State::Closing => "closing",
        State::Closed => "closed",
        State::Reset => "reset",
        State::Midstream => "midstream",
    }
}

/// What the capture has of a handshake, in a word.
fn handshake(connection: &Connection) -> &'static str {
    match connection.handshake.shown() {
        Shown::Complete => "complete",
        Shown::WithoutSyn => "syn_not_captured",
        Shown::WithoutSynAck => "syn_ack_not_captured",
        Shown::WithoutAck => "ack_not_captured",
        Shown::HalfOpen if !connection.is_failed() => "ack_not_captured",
        Shown::HalfOpen => "half_open",
        Shown::SynOnly if connection.state() == State::Rejected => "refused",
        Shown::SynOnly if !connection.is_failed() => "syn_ack_not_captured",
        Shown::SynOnly => "unanswered",
        Shown::SynAckOnly => "syn_ack_only",
        Shown::Nothing => "not_captured",
    }
}

fn close_reason(state: State) -> &'static str {
    match state {
        State::Closed => "normal",
        State::Reset | State::Rejected => "reset",
        State::Established | State::Closing | State::Midstream => "active",
        State::Attempted | State::HalfOpen => "unknown",
    }
}
