//! The table `tcp`: connections.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::table::{self, Time};
use mcpcap_analyzer::time;

use crate::report::{ConnectionReport, SideReport};
use crate::tracker::connection::Connection;

mcpcap_analyzer::table! {
    /// A TCP connection, as far as the capture has it. The ends of `client_` and `server_` columns are those that sent what is counted.
    pub struct TcpConnection in "tcp" {
        /// Its number in the order of the first packets, from 0, as `id` in reports.
        id: u64,
        /// Its first frame.
        frame: u64,
        /// Its last frame.
        last_frame: u64,
        /// Time of its first packet.
        time: Option<Time>,
        /// From its first to its last packet.
        #[unit = "s"]
        duration: Option<f64>,
        /// Who opened it.
        client: IpAddr,
        /// Its port.
        client_port: u16,
        /// Who was connected to.
        server: IpAddr,
        /// Its port.
        server_port: u16,
        /// Whether SYN or SYN-ACK told who is client; otherwise it is a guess by port.
        client_known: bool,
        /// Community ID, version 1: the same in the logs of other tools.
        community_id: Cow<'static, str>,
        /// attempted, rejected, half_open, established, closing, closed, reset, or midstream (its beginning was not captured).
        state: &'static str,
        /// Zeek's conn_state.
        conn_state: &'static str,
        /// Zeek's history; capitals are the client's.
        history: Cow<'static, str>,
        /// complete; syn_not_captured, syn_ack_not_captured, ack_not_captured (it was completed all the same); half_open, refused, unanswered; syn_ack_only; not_captured.
        handshake: &'static str,
        /// Wireshark's tcp.completeness: 1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST.
        completeness: u8,
        /// normal (both ends sent FIN), reset, active (no end in the capture), unknown.
        close_reason: &'static str,
        /// Who sent the first FIN or RST: client or server.
        closed_by: Option<&'static str>,
        /// Frame that ended it.
        close_frame: Option<u64>,
        /// The only end that is in the capture, although both were heard.
        one_sided: Option<&'static str>,
        /// SYN to the first SYN-ACK: to the server and back.
        #[unit = "ms"]
        syn_to_syn_ack_ms: Option<f64>,
        /// SYN-ACK to its ACK: to the client and back.
        #[unit = "ms"]
        syn_ack_to_ack_ms: Option<f64>,
        /// Packets of both ends.
        packets: u64,
        /// Bytes of their frames on the wire.
        #[unit = "bytes"]
        bytes: u64,
        /// Packets with SYN and without ACK.
        syn_count: u64,
        /// Packets with SYN and ACK.
        syn_ack_count: u64,
        /// Packets with RST.
        rst_count: u64,
        /// Packets with FIN.
        fin_count: u64,
        /// Packets with payload.
        data_packets: u64,
        /// Segments sent again: with bytes, or a SYN or FIN, that the capture has more than once.
        retransmissions: u64,
        /// Segments with bytes that lie before others that came earlier, and that the capture has once.
        late_packets: u64,
        /// Packets of the client.
        client_packets: u64,
        /// Packets of the server.
        server_packets: u64,
        /// Bytes of the client's payload, each counted once.
        #[unit = "bytes"]
        client_payload: u64,
        /// Bytes of the server's payload, each counted once.
        #[unit = "bytes"]
        server_payload: u64,
        /// Bytes of the client's payload that were sent again.
        #[unit = "bytes"]
        client_resent: u64,
        /// Bytes of the server's payload that were sent again.
        #[unit = "bytes"]
        server_resent: u64,
        /// Bytes of the client between others that the capture does not have.
        #[unit = "bytes"]
        client_missing: u64,
        /// Bytes of the server between others that the capture does not have.
        #[unit = "bytes"]
        server_missing: u64,
        /// New bytes of the client, from its first to its last segment with data.
        #[unit = "bytes/s"]
        client_goodput: Option<f64>,
        /// New bytes of the server, from its first to its last segment with data.
        #[unit = "bytes/s"]
        server_goodput: Option<f64>,
        /// Maximum segment size that the client's SYN gives.
        #[unit = "bytes"]
        client_mss: Option<u16>,
        /// Maximum segment size that the server's SYN-ACK gives.
        #[unit = "bytes"]
        server_mss: Option<u16>,
        /// Mean time until the client's data were acknowledged, as seen from where the capture was made.
        #[unit = "ms"]
        client_rtt_ms: Option<f64>,
        /// Mean time until the server's data were acknowledged, as seen from where the capture was made.
        #[unit = "ms"]
        server_rtt_ms: Option<f64>,
        /// How often the client closed its window.
        client_window_closed: u64,
        /// How often the server closed its window.
        server_window_closed: u64,
        /// TTL or hop limit of the client's first packet.
        client_hop_limit: Option<u8>,
        /// TTL or hop limit of the server's first packet.
        server_hop_limit: Option<u8>,
        /// Frames with flags of Wireshark's tcp.analysis, or whose bytes stand out.
        events: u64,
    }
}

/// Gives the row of a connection, if somebody wants it.
pub fn add(connection: &Connection) {
    table::add(|| row(connection));
}

fn row(connection: &Connection) -> TcpConnection {
    let report = ConnectionReport::new(connection, false);
    let [client, server] = [&connection.client, &connection.server].map(SideReport::new);
    let rtt = |side: &SideReport| side.ack_rtt.as_ref().map(|rtt| rtt.mean_ms);
    let (client_end, server_end) = (connection.client.endpoint, connection.server.endpoint);
    TcpConnection {
        id: report.id,
        frame: report.first_frame,
        last_frame: report.last_frame,
        time: connection.times.map(|(first, _)| Time(first)),
        duration: connection.duration().map(time::seconds),
        client: client_end.address,
        client_port: client_end.port,
        server: server_end.address,
        server_port: server_end.port,
        client_known: report.client_known,
        community_id: report.community_id.into(),
        state: report.state,
        conn_state: report.conn_state,
        history: report.history.into(),
        handshake: report.handshake,
        completeness: report.completeness,
        close_reason: report.close_reason,
        closed_by: report.closed_by,
        close_frame: report.close_frame,
        one_sided: report.one_sided,
        syn_to_syn_ack_ms: report.syn_to_syn_ack_ms,
        syn_ack_to_ack_ms: report.syn_ack_to_ack_ms,
        packets: report.packet_count,
        bytes: report.byte_count,
        syn_count: report.syn_count,
        syn_ack_count: report.syn_ack_count,
        rst_count: report.rst_count,
        fin_count: report.fin_count,
        data_packets: report.data_packets,
        retransmissions: report.retransmissions,
        late_packets: report.late_packets,
        client_packets: client.packets,
        server_packets: server.packets,
        client_payload: client.new_payload_bytes,
        server_payload: server.new_payload_bytes,
        client_resent: client.resent_payload_bytes,
        server_resent: server.resent_payload_bytes,
        client_missing: client.missing_bytes,
        server_missing: server.missing_bytes,
        client_goodput: client.goodput_bytes_per_second,
        server_goodput: server.goodput_bytes_per_second,
        client_mss: client.mss,
        server_mss: server.mss,
        client_rtt_ms: rtt(&client),
        server_rtt_ms: rtt(&server),
        client_window_closed: client.window_closed_times,
        server_window_closed: server.window_closed_times,
        client_hop_limit: client.hop_limit,
        server_hop_limit: server.hop_limit,
        events: connection.events_total,
    }
}
