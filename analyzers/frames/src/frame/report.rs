//! What is told of a frame.

use mcpcap_analyzer::decode::{Header, Layer, Packet, Stop};
use mcpcap_analyzer::{Frame, JsonSchema, community, is_default, schemars, time};
use serde::Serialize;

use super::fields::{Field, fields};
use super::{Hex, Part, Shown, dump};
use crate::escape::escaped;
use crate::says;

/// A frame.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct FrameReport {
    /// Its number.
    pub frame: u64,
    /// UTC, RFC 3339.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Who sent it: the innermost IP address with its port, or else the hardware address.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// To whom, likewise.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The innermost protocol; above TCP and UDP only where the bytes have its form.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// What it says. `Seq` and `Ack` count from the beginning of the connection, `Win` is scaled where the capture has the SYN.
    pub info: String,
    /// Bytes on the wire.
    pub original_length: u32,
    /// Bytes in the file, where that is less, or with `detail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captured_length: Option<u64>,
    /// The TCP connection's `id`, as in analyze_tcp_connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// VLANs and tunnels around the innermost packet.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The frame that has the same packet first: this one is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<u64>,
    /// What the innermost header carries, as text. Bytes other than printable ASCII are written \xNN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// Captured bytes of the payload behind those in `payload`.
    #[serde(skip_serializing_if = "is_default")]
    pub payload_left_out: u64,
    /// With `detail`: position of its interface in the capture, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<u32>,
    /// With `detail`: name of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_name: Option<String>,
    /// With `detail`: names of the layers, as in Wireshark: `eth:ip:udp`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocols: Option<String>,
    /// With `detail`: Community ID of its flow (version 1, seed 0), as Zeek and Suricata log it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community_id: Option<String>,
    /// With `detail`: the layers, from the outside inwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerReport>,
    /// With `detail`: why decoding ended before the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// With `detail`: what it carries and is not looked into, although packets may be in it: `esp in udp`, `ethertype 0x88b5`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_looked_into: Option<String>,
    /// Frames of the other fragments, when this one completes a datagram.
    #[serde(rename = "fragment_frames", skip_serializing_if = "Vec::is_empty")]
    pub fragments: Vec<u64>,
    /// With `detail`: bytes behind the innermost header, as far as captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_captured: Option<u64>,
    /// With `detail`: the same on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_length: Option<u64>,
    /// Offset, hexadecimal digits and ASCII of the bytes, 16 in a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hex: Vec<String>,
    /// Captured bytes behind those in `hex`.
    #[serde(skip_serializing_if = "is_default")]
    pub hex_left_out: u64,
}

/// A layer of a frame.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LayerReport {
    /// Name, as in Wireshark.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub layer: &'static str,
    /// Where its header begins in the frame; absent within a datagram that was put together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Bytes of the header.
    pub length: u64,
    /// Fields of the header.
    pub fields: Vec<Field>,
}

/// Tells of a frame what is to be shown. `segment` is the connection of its TCP segment, and what that says.
pub(super) fn frame(
    frame: &Frame<'_>,
    packet: &Packet<'_>,
    mut headers: Vec<Header>,
    segment: Option<(u64, Option<String>)>,
    shown: Shown,
) -> FrameReport {
    // ARP has no header of its own: the message is all there is.
    if let Some(arp) = headers.last_mut().filter(|last| last.layer == Layer::Arp && last.octets.is_empty()) {
        arp.octets = packet.payload.iter().copied().take(28).collect();
    }
    let (connection, segment) = segment.map_or((None, None), |(id, line)| (Some(id), line));
    let line = says::line(packet, &headers, segment);
    let captured = frame.data.len() as u64;
    let is_cut = captured < u64::from(frame.original);
    let mut report = FrameReport {
        frame: frame.number,
        timestamp: frame.timestamp.map(|timestamp| time::rfc3339(timestamp, 9)),
        source: line.source,
        destination: line.destination,
        protocol: line.protocol.into_owned(),
        info: line.info,
        original_length: frame.original,
        captured_length: (is_cut || shown.detail).then_some(captured),
        connection,
        via: line.via,
        copy_of: packet.copy_of,
        fragments: packet.fragments.to_vec(),
        ..FrameReport::default()
    };
    if shown.payload && !packet.payload.is_empty() {
        let (text, held) = escaped(start(packet.payload, shown.bytes));
        report.payload = Some(text);
        report.payload_left_out = packet.payload.len().saturating_sub(held) as u64;
    }
    if shown.detail {
        detail(&mut report, frame, packet, &headers);
    }
    let dumped = match shown.hex {
        Hex::Frame(false) => return report,
        Hex::Frame(true) => frame.data,
        Hex::Part(Part::Payload) => packet.payload,
    };
    let dump = start(dumped, shown.bytes);
    report.hex = dump::lines(dump);
    report.hex_left_out = dumped.len().saturating_sub(dump.len()) as u64;
    report
}

fn start(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}

fn detail(report: &mut FrameReport, frame: &Frame<'_>, packet: &Packet<'_>, headers: &[Header]) {
    let layer = |header: &Header| LayerReport {
        layer: header.layer.name(),
        offset: header.offset.map(|offset| offset as u64),
        length: header.octets.len() as u64,
        fields: fields(header),
    };
    let names: Vec<&str> = packet.layers.iter().map(|layer| layer.name()).collect();
    report.interface = Some(frame.link_index);
    report.interface_name = frame.link.name.clone();
    report.protocols = Some(names.join(":"));
    report.community_id = community::of_packet(packet).as_ref().map(community::text);
    report.layers = headers.iter().map(layer).collect();
    report.stop = packet.stop;
    report.not_looked_into = packet.unread.map(|unread| unread.name().into_owned());
    report.payload_captured = Some(packet.payload.len() as u64);
    report.payload_length = Some(packet.payload_length as u64);
}
