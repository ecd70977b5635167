//! The table `conversations`: flows.

use std::borrow::Cow;
use std::net::IpAddr;

use mcpcap_analyzer::table::{self, Time};
use mcpcap_analyzer::time;

use crate::details::FlowReport;
use crate::key::{Address, Carrier, End};
use crate::table::Ended;

mcpcap_analyzer::table! {
    /// A flow: all packets between two ends over one protocol. A TCP connection between ends that were used before is a flow of its own.
    pub struct Conversation in "conversations" {
        /// Its place in the order of appearance, from 0; `id` in reports.
        flow: u64,
        /// Its first frame.
        frame: u64,
        /// Its last frame.
        last_frame: u64,
        /// Time of its first packet.
        time: Option<Time>,
        /// Time of its last packet.
        last_time: Option<Time>,
        /// From its first to its last packet.
        #[unit = "s"]
        duration: Option<f64>,
        /// What carries it: tcp, udp, icmp, icmpv6, sctp, arp, or another protocol of IP or of the link layer by its short name.
        protocol: Cow<'static, str>,
        /// Number of the protocol that IP carries.
        ip_protocol: Option<u8>,
        /// The end that began it; of ARP the address that asks.
        client: Option<IpAddr>,
        /// Its port.
        client_port: Option<u16>,
        /// The other end.
        server: Option<IpAddr>,
        /// Its port.
        server_port: Option<u16>,
        /// Link-layer address of the client, where there is no IP.
        client_link: Option<Cow<'static, str>>,
        /// Link-layer address of the server, where there is no IP.
        server_link: Option<Cow<'static, str>>,
        /// Whether a SYN told who is client, where there are ports; otherwise it is a guess by port, or who sent first.
        client_known: Option<bool>,
        /// VLAN of its first packet: the outer tag.
        vlan: Option<u16>,
        /// Whether it has packets in other VLANs too.
        more_vlans: bool,
        /// Community ID, version 1, of IP: the same in other tables and in the logs of other tools.
        community_id: Option<Cow<'static, str>>,
        /// Type of the client's messages, of ICMP and ICMPv6.
        icmp_type: Option<u16>,
        /// Their code, where no other type answers them.
        icmp_code: Option<u16>,
        /// What it carries: tls, dns.
        application: Option<&'static str>,
        /// How that was recognised: signature, announced or port.
        application_by: Option<&'static str>,
        /// Zeek's conn_state, of TCP and UDP.
        conn_state: Option<&'static str>,
        /// Zeek's history, of TCP and UDP; capitals are the client's.
        history: Option<Cow<'static, str>>,
        /// The only end that sent packets: client or server.
        one_sided: Option<&'static str>,
        /// What ICMP said of it: closed (port unreachable) or filtered.
        icmp_error: Option<&'static str>,
        /// Packets both ways.
        packets: u64,
        /// Bytes of their frames on the wire.
        #[unit = "bytes"]
        bytes: u64,
        /// Packets of the client.
        client_packets: u64,
        /// Packets of the server.
        server_packets: u64,
        /// Bytes of the client's frames.
        #[unit = "bytes"]
        client_bytes: u64,
        /// Bytes of the server's frames.
        #[unit = "bytes"]
        server_bytes: u64,
        /// Bytes of the client's IP packets, by their headers.
        #[unit = "bytes"]
        client_ip_bytes: u64,
        /// Bytes of the server's IP packets, by their headers.
        #[unit = "bytes"]
        server_ip_bytes: u64,
        /// Bytes of payload that the client sent, what was sent again counted again.
        #[unit = "bytes"]
        client_payload: u64,
        /// Bytes of payload that the server sent, likewise.
        #[unit = "bytes"]
        server_payload: u64,
    }
}

/// Whether somebody wants the table. Then nobody reads the report.
pub fn are_wanted() -> bool {
    table::is_wanted::<Conversation>()
}

/// Gives the row of a flow that ended.
pub fn add(ended: &Ended<'_>) {
    table::add(|| row(ended));
}

fn row(ended: &Ended<'_>) -> Conversation {
    let Ended { key, flow } = ended;
    let report = FlowReport::new(ended);
    let (client, server) = flow.roles(key);
    let has_ports = key.carrier.has_ports();
    let (sent, received) = flow.by_role();
    let port = |end: End| end.port.filter(|_| has_ports);
    let link = |end: End| match end.address {
        Address::Mac(_) => Some(Cow::Owned(end.address.to_string())),
        Address::V4(_) | Address::V6(_) | Address::None => None,
    };
    Conversation {
        flow: report.id,
        frame: report.first_frame,
        last_frame: report.last_frame,
        time: flow.times.map(|(first, _)| Time(first)),
        last_time: flow.times.map(|(_, last)| Time(last)),
        duration: flow.duration().map(time::seconds),
        protocol: report.protocol.into(),
        ip_protocol: if let Carrier::Ip(number) = key.carrier { Some(number) } else { None },
        client: client.address.ip(),
        client_port: port(client),
        server: server.address.ip(),
        server_port: port(server),
        client_link: link(client),
        server_link: link(server),
        client_known: has_ports.then_some(flow.client_known),
        vlan: report.vlan,
        more_vlans: report.more_vlans,
        community_id: report.community_id.map(Cow::Owned),
        icmp_type: report.icmp_type,
        icmp_code: report.icmp_code,
        application: report.application,
        application_by: report.by,
        conn_state: report.conn_state,
        history: flow.history(key.carrier),
        one_sided: report.one_sided,
        icmp_error: report.icmp_error,
        packets: report.packets,
        bytes: report.bytes,
        client_packets: report.client_packets,
        server_packets: report.server_packets,
        client_bytes: report.client_bytes,
        server_bytes: report.server_bytes,
        client_ip_bytes: sent.ip_bytes,
        server_ip_bytes: received.ip_bytes,
        client_payload: report.client_payload,
        server_payload: report.server_payload,
    }
}
