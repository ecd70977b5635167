//! The tool: its arguments, what it keeps, its report.

use std::collections::BTreeSet;

use mcpcap_analyzer::decode::{Decoder, Header, Layer, Packet, Stop};
use mcpcap_analyzer::stats::{Page, PageInfo};
use mcpcap_analyzer::{Capture, Flow, Frame, JsonSchema, Problem, Tool, Window, schemars, time};
use serde::{Deserialize, Serialize};

use crate::dump;
use crate::fields::{Field, fields};

/// Frames that may be asked for at once.
const MOST_FRAMES: usize = 100;
/// Octets of a frame that are shown, unless asked otherwise and at most.
const HEX: (u16, u16) = (256, 4096);
/// Numbers of frames that are not there that are named.
const NOT_FOUND: usize = 100;

/// What may be asked of `get_frames`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    /// Numbers of the frames, counted from 1 as in every report and in Wireshark: up to 100.
    #[schemars(length(min = 1, max = 100))]
    pub frames: Vec<u64>,
    /// Octets of each frame to show as hexadecimal digits (default 256, at most 4096; 0: none).
    #[serde(default)]
    #[schemars(range(max = 4096))]
    pub hex_octets: Option<u16>,
}

/// What `get_frames` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// How many of the frames are there.
    pub frames_found: u64,
    /// Numbers that were asked for and are not in the capture, or not among the frames that other arguments choose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_found: Vec<u64>,
    /// The frames, in the order of the capture.
    pub packets: Vec<FrameReport>,
    /// What part of `packets` this is.
    pub pages: Vec<PageInfo>,
}

/// A frame.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FrameReport {
    /// Its number.
    pub frame: u64,
    /// UTC, RFC 3339.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Octets in the file.
    pub captured_length: u64,
    /// Octets on the wire.
    pub original_length: u32,
    /// Position of its interface in the capture, from 0.
    pub interface: u32,
    /// Name of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_name: Option<String>,
    /// Names of the layers, as in Wireshark: `eth:ip:udp`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocols: String,
    /// From the outside inwards.
    pub layers: Vec<LayerReport>,
    /// Why decoding ended before the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
    /// What it carries and is not looked into, although packets may be in it: `esp in udp`, `ethertype 0x88b5`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_looked_into: Option<String>,
    /// Frames of the other fragments, when this one completes a datagram.
    #[serde(rename = "fragment_frames", skip_serializing_if = "Vec::is_empty")]
    pub fragments: Vec<u64>,
    /// The frame that has the same packet first: this one is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<u64>,
    /// Octets behind the innermost header, as far as captured.
    pub payload_captured: u64,
    /// The same on the wire.
    pub payload_length: u64,
    /// Offset, hexadecimal digits and ASCII of the frame's octets, 16 in a line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hex: Vec<String>,
    /// Octets of the frame that are not shown.
    #[serde(skip_serializing_if = "is_zero")]
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
    /// Octets of the header.
    pub length: u64,
    /// Fields of the header.
    pub fields: Vec<Field>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One run of `get_frames`.
pub struct GetFrames {
    decoder: Decoder,
    wanted: BTreeSet<u64>,
    hex: usize,
    packets: Page<FrameReport>,
}

impl Tool for GetFrames {
    const NAME: &'static str = "get_frames";
    const TITLE: &'static str = "Single frames";
    const DESCRIPTION: &'static str = "Shows chosen frames of a packet capture, layer by layer with the fields of each header (Ethernet, VLAN, MPLS, \
        ARP, IPv4, IPv6, UDP, TCP, ICMP and what tunnels carry), with a bounded hex dump. Use it to look at the evidence: the frame numbers that \
        findings and lists of other tools cite. DNS, DHCP, SIP and ICMP messages are decoded by their tools, with first_frame and last_frame.";
    type Arguments = Arguments;
    type Report = Report;
    const PAGED: &'static [&'static str] = &["packets"];

    fn open(arguments: Arguments, window: Window) -> Result<Self, Problem> {
        let wanted: BTreeSet<u64> = arguments.frames.into_iter().collect();
        if wanted.is_empty() || wanted.len() > MOST_FRAMES || wanted.contains(&0) {
            return Err(Problem::argument(
                "frames",
                format!("must be 1 to {MOST_FRAMES} frame numbers, counted from 1"),
            ));
        }
        let hex = arguments.hex_octets.unwrap_or(HEX.0);
        if hex > HEX.1 {
            return Err(Problem::argument("hex_octets", format!("must be at most {}", HEX.1)));
        }
        Ok(Self { decoder: Decoder::new(), wanted, hex: hex.into(), packets: Page::new(window) })
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<Flow, Problem> {
        // All are decoded: fragments of a wanted datagram may be anywhere before.
        if self.wanted.contains(&frame.number) {
            let (packet, headers) = self.decoder.decode_with_headers(frame);
            let hex = self.hex;
            self.packets.push(|| report(frame, &packet, headers, hex));
            self.wanted.remove(&frame.number);
        } else {
            self.decoder.decode(frame);
        }
        let is_last = self.wanted.last().is_none_or(|last| *last <= frame.number);
        Ok(if is_last { Flow::Enough } else { Flow::More })
    }

    fn finish(self, capture: &Capture) -> Result<Report, Problem> {
        let digits = capture.time_digits();
        let info = self.packets.info("packets");
        let mut packets = self.packets.into_items();
        packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()).for_each(|text| time::shorten(text, digits));
        Ok(Report {
            frames_found: info.total,
            not_found: self.wanted.into_iter().take(NOT_FOUND).collect(),
            packets,
            pages: vec![info],
        })
    }
}

fn report(frame: &Frame<'_>, packet: &Packet<'_>, mut headers: Vec<Header>, hex: usize) -> FrameReport {
    // ARP has no header of its own: the message is all there is.
    if let Some(arp) = headers.last_mut().filter(|last| last.layer == Layer::Arp && last.octets.is_empty()) {
        arp.octets = packet.payload.iter().copied().take(28).collect();
    }
    let layer = |header: &Header| LayerReport {
        layer: header.layer.name(),
        offset: header.offset.map(|offset| offset as u64),
        length: header.octets.len() as u64,
        fields: fields(header),
    };
    let shown = frame.data.get(..hex).unwrap_or(frame.data);
    let names: Vec<&str> = packet.layers.iter().map(|layer| layer.name()).collect();
    FrameReport {
        frame: frame.number,
        timestamp: frame.timestamp.map(|timestamp| time::rfc3339(timestamp, 9)),
        captured_length: frame.data.len() as u64,
        original_length: frame.original,
        interface: frame.link_index,
        interface_name: frame.link.name.clone(),
        protocols: names.join(":"),
        layers: headers.iter().map(layer).collect(),
        stop: packet.stop,
        copy_of: packet.copy_of,
        not_looked_into: packet.unread.map(|unread| unread.name().into_owned()),
        fragments: packet.fragments.clone(),
        payload_captured: packet.payload.len() as u64,
        payload_length: packet.payload_length as u64,
        hex: dump::lines(shown),
        hex_left_out: (frame.data.len() as u64).saturating_sub(shown.len() as u64),
    }
}
