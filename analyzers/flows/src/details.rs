//! The report on one flow.

use mcpcap_analyzer::{JsonSchema, community, is_default, time};
use serde::Serialize;

use crate::flow::Told;
use crate::key::{Address, Carrier, End};
use crate::table::Ended;

/// A flow: all packets between two ends.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FlowReport {
    /// Its place in the order of appearance, from 0.
    pub id: u64,
    /// What carries it: tcp, udp, icmp, icmpv6, sctp, arp, or another protocol of IP or of the link layer by its short name.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// The end that began it: address and port. Of ARP the address that asks, of protocols that are not IP the link-layer address.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// The other end.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: String,
    /// Only the ports, or nothing but who sent first, tell who is client.
    #[serde(skip_serializing_if = "is_default")]
    pub client_guessed: bool,
    /// Type of the client's messages, of ICMP and ICMPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_type: Option<u16>,
    /// Their code, where no other type answers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp_code: Option<u16>,
    /// What it carries: tls, dns. Absent where neither its form nor its port tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub application: Option<&'static str>,
    /// How that was recognised, as in `applications`: signature, announced or port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by: Option<&'static str>,
    /// Zeek's conn_state, of TCP and UDP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub conn_state: Option<&'static str>,
    /// The only end that sent packets: client or server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub one_sided: Option<&'static str>,
    /// What ICMP said of it: closed (port unreachable) or filtered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub icmp_error: Option<&'static str>,
    /// Packets both ways.
    pub packets: u64,
    /// Bytes of their frames on the wire.
    pub bytes: u64,
    /// Packets of the client.
    pub client_packets: u64,
    /// Packets of the server.
    pub server_packets: u64,
    /// Bytes of the client's frames.
    pub client_bytes: u64,
    /// Bytes of the server's frames.
    pub server_bytes: u64,
    /// Bytes of payload that the client sent, what was sent again counted again.
    pub client_payload: u64,
    /// Bytes of payload that the server sent, likewise.
    pub server_payload: u64,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// Time of its first packet: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// Time of its last packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub end_time: Option<String>,
    /// From its first to its last packet, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
    /// VLAN of its first packet: the outer tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// It has packets in other VLANs too.
    #[serde(skip_serializing_if = "is_default")]
    pub more_vlans: bool,
    /// Community ID, version 1, of IP: the same in the logs of other tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub community_id: Option<String>,
}

impl FlowReport {
    /// The report on a flow that ended. Its times have nine decimals.
    pub fn new(ended: &Ended<'_>) -> Self {
        let Ended { key, flow } = ended;
        let (client, server) = flow.roles(key);
        let (sent, got) = flow.by_role();
        let verdict = flow.application();
        let is_icmp = key.carrier.is_icmp();
        let answered = is_icmp && is_answered(key.carrier, client);
        let one_sided = match (sent.packets, got.packets) {
            (_, 0) => Some("client"),
            (0, _) => Some("server"),
            _ => None,
        };
        Self {
            id: flow.id,
            protocol: key.carrier.name(),
            client: end(client, key.carrier),
            server: end(server, key.carrier),
            client_guessed: key.carrier.has_ports() && !flow.client_known,
            icmp_type: client.port.filter(|_| is_icmp),
            icmp_code: server.port.filter(|_| is_icmp && !answered),
            application: verdict.map(|(protocol, _)| protocol.name()),
            by: verdict.map(|(_, by)| by.name()),
            conn_state: matches!(key.carrier, Carrier::TCP | Carrier::UDP).then(|| flow.conn_state(key.carrier).name()),
            one_sided,
            icmp_error: match flow.told {
                Told::Nothing => None,
                Told::Filtered => Some("filtered"),
                Told::Closed => Some("closed"),
            },
            packets: flow.packets(),
            bytes: flow.bytes(),
            client_packets: sent.packets,
            server_packets: got.packets,
            client_bytes: sent.bytes,
            server_bytes: got.bytes,
            client_payload: sent.payload,
            server_payload: got.payload,
            first_frame: flow.frames.0,
            last_frame: flow.frames.1,
            start_time: flow.times.map(|(first, _)| time::rfc3339(first, 9)),
            end_time: flow.times.map(|(_, last)| time::rfc3339(last, 9)),
            duration_seconds: flow.duration().map(time::seconds),
            vlan: flow.vlan,
            more_vlans: flow.more_vlans,
            community_id: community_id(key.carrier, client, server),
        }
    }
}

/// Whether a type of ICMP has another that answers it.
fn is_answered(carrier: Carrier, end: End) -> bool {
    let Carrier::Ip(protocol) = carrier else { return false };
    let kind = end.port.and_then(|kind| u8::try_from(kind).ok());
    kind.is_some_and(|kind| !community::icmp(protocol, kind, 0).2)
}

fn community_id(carrier: Carrier, client: End, server: End) -> Option<String> {
    let Carrier::Ip(protocol) = carrier else { return None };
    let (one, other) = (client.address.ip()?, server.address.ip()?);
    Some(community::id(protocol, (one, client.port), (other, server.port)))
}

/// Address and port, as they are written.
pub fn end(end: End, carrier: Carrier) -> String {
    match (end.address, end.port.filter(|_| carrier.has_ports())) {
        (Address::V6(address), Some(port)) => format!("[{address}]:{port}"),
        (address, Some(port)) => format!("{address}:{port}"),
        (address, None) => address.to_string(),
    }
}
