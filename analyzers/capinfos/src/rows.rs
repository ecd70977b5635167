//! The table `packets`: each frame with its packet.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::decode::{Packet, TcpFlags, Transport};
use mcpcap_analyzer::table::{self, Captured, Time};
use mcpcap_analyzer::{Frame, Link, community};

mcpcap_analyzer::table! {
    /// A frame, with the innermost packet in it: behind link layers, tags and tunnels. Of a fragmented datagram, the frame that completes it has it.
    pub struct PacketRow in "packets" {
        /// Its number.
        frame: u64,
        /// When it was captured.
        time: Option<Time>,
        /// Size of the frame on the wire.
        #[unit = "bytes"]
        bytes: u32,
        /// How much of it was captured.
        #[unit = "bytes"]
        captured: usize,
        /// Position of its interface among all of the file, from 0.
        interface: u32,
        /// Name of the interface.
        interface_name: Option<Captured<String>>,
        /// Layers by Wireshark's names, outermost first, as eth:vlan:ip:udp.
        layers: Cow<'static, str>,
        /// Outermost VLAN id.
        vlan: Option<u16>,
        /// Source address.
        source: Option<IpAddr>,
        /// Source port of TCP or UDP.
        source_port: Option<u16>,
        /// Destination address.
        destination: Option<IpAddr>,
        /// Destination port of TCP or UDP.
        destination_port: Option<u16>,
        /// Community ID, version 1, of IP: the same in other tables and in the logs of other tools. A fragment that waits for others has none.
        community_id: Option<Cow<'static, str>>,
        /// tcp, udp, icmp or icmpv6.
        transport: Option<&'static str>,
        /// Number of the IP protocol.
        ip_protocol: Option<u8>,
        /// Time to live or hop limit.
        hop_limit: Option<u8>,
        /// Differentiated services code point.
        dscp: Option<u8>,
        /// Identification of IPv4, or of a fragment of IPv6.
        ip_id: Option<u32>,
        /// Whether the frame carries a fragment.
        is_fragment: bool,
        /// Size of what the transport header carries, by the headers' word.
        #[unit = "bytes"]
        payload: usize,
        /// Flags of TCP, as SYN ACK.
        tcp_flags: Option<Cow<'static, str>>,
        /// Sequence number of TCP.
        tcp_sequence: Option<u32>,
        /// Acknowledgment number of TCP, where it is one.
        tcp_acknowledgment: Option<u32>,
        /// Window of TCP, not scaled.
        tcp_window: Option<u16>,
        /// Type of ICMP.
        icmp_type: Option<u8>,
        /// Code of ICMP.
        icmp_code: Option<u8>,
        /// Addresses of tunnels around it, outermost first, as source and destination in turn.
        tunnels: Captured<Vec<String>>,
        /// The frame that has the same packet first, when this one was captured again.
        copy_of: Option<u64>,
    }
}

/// Whether somebody wants the table. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<PacketRow>()
}

/// Gives the row of a frame.
pub fn add(frame: &Frame<'_>, packet: &Packet<'_>) {
    table::add(|| row(frame, packet));
}

fn row(frame: &Frame<'_>, packet: &Packet<'_>) -> PacketRow {
    let Link { name, .. } = frame.link;
    let ip = packet.ip.as_ref();
    let ports = packet.ports();
    let tcp = if let Transport::Tcp(tcp) = &packet.transport { Some(tcp) } else { None };
    let (transport, icmp) = match &packet.transport {
        Transport::Tcp(_) => (Some("tcp"), None),
        Transport::Udp(_) => (Some("udp"), None),
        Transport::Icmp(icmp) => (Some("icmp"), Some(icmp)),
        Transport::Icmpv6(icmp) => (Some("icmpv6"), Some(icmp)),
        _ => (None, None),
    };
    let layers: Vec<&str> = packet.layers.iter().map(|layer| layer.name()).collect();
    PacketRow {
        frame: frame.number,
        time: frame.timestamp.map(Time),
        bytes: frame.original,
        captured: frame.data.len(),
        interface: frame.link_index,
        interface_name: name.clone().map(Captured),
        layers: layers.join(":").into(),
        vlan: packet.vlans().next(),
        source: ip.map(|ip| ip.source),
        source_port: ports.map(|(source, _)| source),
        destination: ip.map(|ip| ip.destination),
        destination_port: ports.map(|(_, destination)| destination),
        community_id: community::of_packet(packet).map(|hash| community::text(&hash).into()),
        transport,
        ip_protocol: ip.map(|ip| ip.protocol),
        hop_limit: ip.map(|ip| ip.hop_limit),
        dscp: ip.map(|ip| ip.traffic_class >> 2),
        ip_id: ip.map(|ip| ip.identification),
        is_fragment: ip.is_some_and(|ip| ip.fragment),
        payload: packet.payload_length,
        tcp_flags: tcp.map(|tcp| flags(tcp.flags).into()),
        tcp_sequence: tcp.map(|tcp| tcp.sequence),
        tcp_acknowledgment: tcp.filter(|tcp| tcp.flags.ack()).map(|tcp| tcp.acknowledgment),
        tcp_window: tcp.map(|tcp| tcp.window),
        icmp_type: icmp.map(|icmp| icmp.kind),
        icmp_code: icmp.map(|icmp| icmp.code),
        tunnels: Captured(
            packet
                .tunnels
                .iter()
                .flat_map(|(source, destination)| [source.to_string(), destination.to_string()])
                .collect(),
        ),
        copy_of: packet.copy_of,
    }
}

fn flags(flags: TcpFlags) -> String {
    flags.names().collect::<Vec<_>>().join(" ")
}
