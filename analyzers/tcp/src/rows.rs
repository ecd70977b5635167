//! The tables `tcp`, of connections, and `tcp_events`.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::table::{self, Time};
use mcpcap_analyzer::{community, time};

use crate::report::{ConnectionReport, SideReport};
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;
use crate::tracker::event::Event;
use crate::tracker::sequence::Flag;
use crate::tracker::told::Told;

mcpcap_analyzer::table! {
    /// A TCP connection, as far as the capture has it. The ends of `client_` and `server_` columns are those that sent what is counted.
    pub struct TcpConnection in "tcp" {
        /// Its number in the order of the first packets, from 0, as in other tables; `id` in reports.
        connection: u64,
        /// Its first frame.
        frame: u64,
        /// Its last frame.
        last_frame: u64,
        /// Time of its first packet.
        time: Option<Time>,
        /// From its first to its last packet.
        #[unit = "s"]
        duration: Option<f64>,
        /// From its first packet to the one with which both ends had ended it by FIN or RST, or to its last: Zeek's duration.
        #[unit = "s"]
        open_seconds: Option<f64>,
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
        /// VLAN of its first packet: the outer tag.
        vlan: Option<u16>,
        /// Community ID, version 1: the same in the logs of other tools.
        community_id: Cow<'static, str>,
        /// attempted, rejected, half_open, established, closing, closed, reset, or midstream (its beginning was not captured).
        state: &'static str,
        /// Zeek's conn_state.
        conn_state: &'static str,
        /// Zeek's history; capitals are the client's.
        history: Cow<'static, str>,
        /// What it carries: tls, http.
        application: Option<&'static str>,
        /// How that was recognised: signature, announced or port.
        application_by: Option<&'static str>,
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
        /// The sum of both: SYN to ACK.
        #[unit = "ms"]
        handshake_ms: Option<f64>,
        /// Packets of both ends.
        packets: u64,
        /// Bytes of their frames on the wire.
        #[unit = "bytes"]
        bytes: u64,
        /// Packets with SYN and without ACK.
        syn_count: u64,
        /// Packets with SYN and ACK.
        syn_ack_count: u64,
        /// Packets with ACK.
        ack_count: u64,
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
        /// Bytes of the client's frames on the wire.
        #[unit = "bytes"]
        client_bytes: u64,
        /// Bytes of the server's frames on the wire.
        #[unit = "bytes"]
        server_bytes: u64,
        /// Bytes of the client's IP packets, by their headers.
        #[unit = "bytes"]
        client_ip_bytes: u64,
        /// Bytes of the server's IP packets, by their headers.
        #[unit = "bytes"]
        server_ip_bytes: u64,
        /// Bytes that the client sent by its numbers and their acknowledgments, also those that the capture does not have: Zeek's orig_bytes.
        #[unit = "bytes"]
        client_stream: u64,
        /// Bytes that the server sent, likewise: Zeek's resp_bytes.
        #[unit = "bytes"]
        server_stream: u64,
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
        /// Bits of the window scale option in the client's SYN.
        client_window_scale: Option<u8>,
        /// Whether the client offers selective acknowledgments; absent when its SYN was not captured, as the next three.
        client_sack_permitted: Option<bool>,
        /// Whether the client offers timestamps.
        client_timestamps: Option<bool>,
        /// Whether the client's SYN has the option of TCP Fast Open.
        client_fast_open: Option<bool>,
        /// Whether the client offers Multipath TCP.
        client_multipath: Option<bool>,
        /// Segments of the client with selective acknowledgments.
        client_sack_packets: u64,
        /// Smallest window of the client after SYN, scaled where SYN was captured.
        #[unit = "bytes"]
        client_min_window: Option<u32>,
        /// Largest window of the client.
        #[unit = "bytes"]
        client_max_window: Option<u32>,
        /// How long the client's window was closed.
        #[unit = "s"]
        client_window_closed_seconds: f64,
        /// The shortest time until the client's data were acknowledged.
        #[unit = "ms"]
        client_min_rtt_ms: Option<f64>,
        /// The longest.
        #[unit = "ms"]
        client_max_rtt_ms: Option<f64>,
        /// Bits of the window scale option in the server's SYN-ACK.
        server_window_scale: Option<u8>,
        /// Whether the server offers selective acknowledgments; absent when its SYN-ACK was not captured, as the next three.
        server_sack_permitted: Option<bool>,
        /// Whether the server offers timestamps.
        server_timestamps: Option<bool>,
        /// Whether the server's SYN-ACK has the option of TCP Fast Open.
        server_fast_open: Option<bool>,
        /// Whether the server offers Multipath TCP.
        server_multipath: Option<bool>,
        /// Segments of the server with selective acknowledgments.
        server_sack_packets: u64,
        /// Smallest window of the server after SYN, scaled where SYN was captured.
        #[unit = "bytes"]
        server_min_window: Option<u32>,
        /// Largest window of the server.
        #[unit = "bytes"]
        server_max_window: Option<u32>,
        /// How long the server's window was closed.
        #[unit = "s"]
        server_window_closed_seconds: f64,
        /// The shortest time until the server's data were acknowledged.
        #[unit = "ms"]
        server_min_rtt_ms: Option<f64>,
        /// The longest.
        #[unit = "ms"]
        server_max_rtt_ms: Option<f64>,
        /// Frames with flags of Wireshark's tcp.analysis, or whose bytes stand out.
        events: u64,
    }
}

mcpcap_analyzer::table! {
    /// A TCP packet that stands out: with one of Wireshark's flags, or whose bytes were sent again, late, or behind their ACK.
    pub struct TcpEvent in "tcp_events" {
        /// Its frame.
        frame: u64,
        /// When it was captured.
        time: Option<Time>,
        /// Number of its connection, as in `tcp`, where its client and server are.
        connection: u64,
        /// Who sent it.
        source: IpAddr,
        /// Its port.
        source_port: u16,
        /// To whom.
        destination: IpAddr,
        /// Its port.
        destination_port: u16,
        /// Outermost VLAN id.
        vlan: Option<u16>,
        /// Community ID, version 1.
        community_id: Cow<'static, str>,
        /// Wireshark's tcp.analysis flags: retransmission, fast_retransmission, spurious_retransmission, out_of_order, lost_segment, ack_lost_segment, duplicate_ack, keep_alive, keep_alive_ack, zero_window, zero_window_probe, zero_window_probe_ack, window_full, window_update, reused_ports.
        flags: Vec<&'static str>,
        /// Whether its bytes were sent before.
        is_sent_again: bool,
        /// Whether its bytes lie before others that came earlier, and the capture has them once.
        is_late: bool,
        /// Whether it stands behind the acknowledgment of its bytes.
        is_behind_its_ack: bool,
        /// Sequence number.
        sequence: u32,
        /// Size of its payload.
        #[unit = "bytes"]
        payload: usize,
    }
}

/// Gives the row of a segment of a connection, if it is an event and somebody wants it.
pub fn add_event(segment: &Segment<'_>, seen: &Seen<'_>) {
    let Segment { packet, tcp, .. } = segment;
    let (Some(event), Some(ip)) = (Event::of(packet.frame, seen.side, seen.found, seen.again), &packet.ip) else {
        return;
    };
    table::add(|| TcpEvent {
        frame: packet.frame,
        time: packet.timestamp.map(Time),
        connection: seen.connection.id,
        source: ip.source,
        source_port: tcp.source,
        destination: ip.destination,
        destination_port: tcp.destination,
        vlan: packet.vlans().next(),
        community_id: community::id(
            community::TCP,
            (ip.source, Some(tcp.source)),
            (ip.destination, Some(tcp.destination)),
        )
        .into(),
        flags: event.found.iter().map(Flag::name).collect(),
        is_sent_again: event.again.resent,
        is_late: event.again.late,
        is_behind_its_ack: event.again.acknowledged,
        sequence: tcp.sequence,
        payload: packet.payload_length,
    });
}

/// Whether somebody wants the rows of connections.
pub fn are_wanted() -> bool {
    table::is_wanted::<TcpConnection>()
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
    let told = connection.told.as_deref();
    let application = told.and_then(Told::application);
    let [client_ip_bytes, server_ip_bytes] = told.map_or([0; 2], |told| told.ip_bytes);
    let (client_stream, server_stream) = connection.history.sizes();
    TcpConnection {
        connection: report.id,
        frame: report.first_frame,
        last_frame: report.last_frame,
        time: connection.times.map(|(first, _)| Time(first)),
        duration: connection.duration().map(time::seconds),
        open_seconds: connection.open_time().map(time::seconds),
        client: client_end.address,
        client_port: client_end.port,
        server: server_end.address,
        server_port: server_end.port,
        client_known: report.client_known,
        vlan: connection.vlan,
        community_id: report.community_id.into(),
        state: report.state,
        conn_state: report.conn_state,
        history: report.history.into(),
        application: application.map(|(protocol, _)| protocol.name()),
        application_by: application.map(|(_, by)| by.name()),
        handshake: report.handshake,
        completeness: report.completeness,
        close_reason: report.close_reason,
        closed_by: report.closed_by,
        close_frame: report.close_frame,
        one_sided: report.one_sided,
        syn_to_syn_ack_ms: report.syn_to_syn_ack_ms,
        syn_ack_to_ack_ms: report.syn_ack_to_ack_ms,
        handshake_ms: report.handshake_ms,
        packets: report.packet_count,
        bytes: report.byte_count,
        syn_count: report.syn_count,
        syn_ack_count: report.syn_ack_count,
        ack_count: report.ack_count,
        rst_count: report.rst_count,
        fin_count: report.fin_count,
        data_packets: report.data_packets,
        retransmissions: report.retransmissions,
        late_packets: report.late_packets,
        client_packets: client.packets,
        server_packets: server.packets,
        client_bytes: client.bytes,
        server_bytes: server.bytes,
        client_ip_bytes,
        server_ip_bytes,
        client_stream,
        server_stream,
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
        client_window_scale: client.window_scale,
        client_sack_permitted: client.sack_permitted,
        client_timestamps: client.timestamps,
        client_fast_open: client.sack_permitted.map(|_| client.fast_open),
        client_multipath: client.sack_permitted.map(|_| client.multipath),
        client_sack_packets: client.sack_packets,
        client_min_window: client.min_window,
        client_max_window: client.max_window,
        client_window_closed_seconds: client.window_closed_seconds,
        client_min_rtt_ms: client.ack_rtt.as_ref().map(|rtt| rtt.min_ms),
        client_max_rtt_ms: client.ack_rtt.as_ref().map(|rtt| rtt.max_ms),
        server_window_scale: server.window_scale,
        server_sack_permitted: server.sack_permitted,
        server_timestamps: server.timestamps,
        server_fast_open: server.sack_permitted.map(|_| server.fast_open),
        server_multipath: server.sack_permitted.map(|_| server.multipath),
        server_sack_packets: server.sack_packets,
        server_min_window: server.min_window,
        server_max_window: server.max_window,
        server_window_closed_seconds: server.window_closed_seconds,
        server_min_rtt_ms: server.ack_rtt.as_ref().map(|rtt| rtt.min_ms),
        server_max_rtt_ms: server.ack_rtt.as_ref().map(|rtt| rtt.max_ms),
        events: connection.events_total,
    }
}
