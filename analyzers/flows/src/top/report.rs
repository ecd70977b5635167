//! The reports on endpoints, pairs, ports, networks, VLANs and applications.

use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use crate::flow::Sent;
use crate::ranking::Volume;

/// What somebody sent and received.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct VolumeReport {
    /// Packets that it sent: an endpoint, or `a` of a pair.
    pub packets_sent: u64,
    /// Packets that it received.
    pub packets_received: u64,
    /// Bytes of the frames that it sent.
    pub bytes_sent: u64,
    /// Bytes of the frames that it received.
    pub bytes_received: u64,
    /// Flows that it had.
    pub flows: u64,
    /// Its first frame.
    pub first_frame: u64,
    /// Its last frame.
    pub last_frame: u64,
    /// Time of its first packet: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// From its first to its last packet, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

impl VolumeReport {
    pub(super) fn new(volume: &Volume, digits: u8) -> Self {
        let Sent { packets, bytes, .. } = volume.sent;
        Self {
            packets_sent: packets,
            packets_received: volume.got.packets,
            bytes_sent: bytes,
            bytes_received: volume.got.bytes,
            flows: volume.flows,
            first_frame: volume.frames.0,
            last_frame: volume.frames.1,
            start_time: volume.times.map(|(first, _)| time::rfc3339(first, digits)),
            duration_seconds: volume.times.map(|(first, last)| time::seconds(last.saturating_sub(first))),
        }
    }
}

/// A host: what it sent and received.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct EndpointReport {
    /// Its IP address; of protocols other than IP its link-layer address. ARP counts for none.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub address: String,
    #[serde(flatten)]
    pub volume: VolumeReport,
    /// Different addresses that it exchanged packets with; at least so many, where `limits.evicted.rankings` says that pairs had to make room.
    pub peers: u64,
}

/// Two hosts: what `a` sent to `b` and received from it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PairReport {
    /// The host that began the first of their flows.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub a: String,
    /// The other host.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub b: String,
    #[serde(flatten)]
    pub volume: VolumeReport,
}

/// A port of servers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PortReport {
    /// tcp, udp, sctp.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// The server's port.
    pub port: u16,
    /// What the port is registered for, or in common use. What really goes over it, `applications` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub registered: Option<&'static str>,
    /// Flows to it.
    pub flows: u64,
    /// Packets both ways.
    pub packets: u64,
    /// Bytes of their frames.
    pub bytes: u64,
}

/// A network of neighbouring addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NetworkReport {
    /// A /24 of IPv4, or a /64 of IPv6.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub network: String,
    /// Packets that its hosts sent. Of flows within it, those of the client.
    pub packets_sent: u64,
    /// Packets that its hosts received.
    pub packets_received: u64,
    /// Bytes that its hosts sent.
    pub bytes_sent: u64,
    /// Bytes that its hosts received.
    pub bytes_received: u64,
    /// Flows from, to or within it.
    pub flows: u64,
}

/// A VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct VlanReport {
    /// The id of the outer tag.
    pub vlan: u16,
    /// The id of the tag within, where there are two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inner: Option<u16>,
    /// Packets with it.
    pub packets: u64,
    /// Bytes of their frames.
    pub bytes: u64,
}

/// Who talks most, those with most bytes first; those that had to make room among 4,096 follow in no order, with exact numbers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Top {
    /// Pairs of hosts.
    pub pairs: Vec<PairReport>,
    /// Pairs in all.
    pub pairs_total: u64,
    /// Ports of servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortReport>,
    /// Ports in all.
    #[serde(skip_serializing_if = "is_default")]
    pub ports_total: u64,
    /// Networks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkReport>,
    /// Networks in all.
    #[serde(skip_serializing_if = "is_default")]
    pub networks_total: u64,
    /// VLANs. Packets without a tag are in none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vlans: Vec<VlanReport>,
}

/// What UDP or TCP flows carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ApplicationReport {
    /// The protocol; data: neither its form nor its port tells.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub application: &'static str,
    /// tcp or udp.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub over: &'static str,
    /// How it was recognised. signature: by the form of its first bytes, on whatever port. announced: another flow told of it. port: only by its port, so
    /// it may be something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by: Option<&'static str>,
    /// Flows that carry it.
    pub flows: u64,
    /// All of their packets, also those without payload.
    pub packets: u64,
    /// Bytes of their frames.
    pub bytes: u64,
    /// The first frame.
    pub first_frame: u64,
    /// The five ports of servers with most flows, likely ones where there are more than 32; pages have all ports.
    pub ports: Vec<u16>,
    /// Ports of servers in all.
    #[serde(skip_serializing_if = "is_default")]
    pub ports_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub ports_total_is_estimate: bool,
}
