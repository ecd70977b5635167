//! What the reports of several tools have in common.

mod connection;

pub use connection::{ConnectionReport, EventReport, SideReport};

use mcpcap_analyzer::stats::SummaryMs;
use mcpcap_analyzer::{JsonSchema, decode, is_default};
use serde::Serialize;

use crate::tracker::connection::Connection;

/// Segments by their control bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SegmentCounts {
    /// Packets.
    pub packets: u64,
    /// Bytes of the frames on the wire.
    pub bytes: u64,
    /// Bytes of TCP payload, repeated ones counted again.
    pub payload_bytes: u64,
    /// Segments with payload.
    pub data_packets: u64,
    /// SYN without ACK.
    pub syn: u64,
    /// Packets with SYN and ACK.
    pub syn_ack: u64,
    /// Packets with ACK.
    pub ack: u64,
    /// Packets with FIN.
    pub fin: u64,
    /// Packets with RST.
    pub rst: u64,
    /// Segments, other than RST, whose window field is 0.
    pub zero_window: u64,
}

/// Segments with one of Wireshark's `tcp.analysis` flags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FlagCount {
    /// As in `tcp.analysis.NAME`. `retransmission` is without fast and spurious ones, which have their own entries.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: &'static str,
    /// Packets with it.
    pub count: u64,
}

/// Connections in one of Zeek's states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConnStateCount {
    /// Zeek's conn_state: S0, S1, SF, REJ, S2, S3, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR or OTH.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub state: &'static str,
    /// Connections in that state.
    pub count: u64,
}

/// Times of handshakes, as seen from where the capture was made. A SYN or SYN-ACK that was sent again counts only where timestamps tell
/// which one was answered (Karn's rule).
#[derive(Debug, Serialize, JsonSchema)]
pub struct HandshakeTimes {
    /// SYN to the first SYN-ACK: to the server and back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syn_to_syn_ack: Option<SummaryMs>,
    /// SYN-ACK to its ACK: to the client and back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syn_ack_to_ack: Option<SummaryMs>,
    /// The sum of both: SYN to ACK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake: Option<SummaryMs>,
}

/// Signs that the order in the file is not that on the wire. What then looks like loss, gaps or retransmissions in `analysis` is none of these.
#[derive(Debug, Clone, Copy, Default, Serialize, JsonSchema)]
pub struct FileOrder {
    /// Connections with one of the signs below.
    pub connections: u64,
    /// Connections whose SYN stands behind its SYN-ACK, or SYN-ACK behind its ACK.
    pub reversed_handshakes: u64,
    /// Segments whose bytes are in the file once, behind their acknowledgment. A few may be copies whose first one was not captured.
    pub data_behind_its_ack: u64,
    /// Segments whose time is before that of the segment before on the same connection.
    pub time_goes_back: u64,
    /// The order in the file is not the order on the wire.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub note: &'static str,
}

impl FileOrder {
    /// Counts a connection.
    pub fn add(&mut self, connection: &Connection) {
        let add = |count: &mut u64, more: u64| *count = count.saturating_add(more);
        add(&mut self.connections, connection.is_disordered().into());
        add(&mut self.reversed_handshakes, connection.handshake.reversed.into());
        add(&mut self.data_behind_its_ack, connection.order.acknowledged);
        add(&mut self.time_goes_back, connection.order.earlier);
    }

    /// What is to be told: nothing when there are no signs.
    pub fn told(self) -> Option<Self> {
        let note = "The order in the file is not the order on the wire";
        (self.connections > 0).then_some(Self { note, ..self })
    }
}

/// Entries that made room.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Connections that made room for others before they ended. Each counts as it stood then; more segments of it count as another one.
    #[serde(skip_serializing_if = "is_default")]
    pub connections: u64,
    /// Addresses that made room in the tables of the findings.
    #[serde(skip_serializing_if = "is_default")]
    pub parties: u64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// Entries that had to make room in tables of fixed size. Absent: everything above is over the whole capture.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted: Evicted,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
}

/// `client <-> server`.
pub fn text(connection: &Connection) -> String {
    format!("{} <-> {}", connection.client.endpoint, connection.server.endpoint)
}

/// A number and what is counted: `1 segment`, `2 segments`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
