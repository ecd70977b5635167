//! The report of `analyze_capinfos`.

use mcpcap_analyzer::decode::{CopyReport, Statistics as Decoding};
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{PageInfo, Summary as SizeSummary};
use mcpcap_analyzer::{JsonSchema, is_default, schemars};
use serde::Serialize;

use crate::comments::Comments;
use crate::encapsulation::Encapsulation;
use crate::gaps::TimeGaps;
use crate::interfaces::{Drops, Interface};
use crate::protocols::ProtocolPackets;
use crate::sections::Section;
use crate::sizes::{SizeClass, SnapLength};
use crate::times::{Moment, OutOfOrder};
use mcpcap_analyzer::hierarchy::ProtocolHierarchy;

/// What a capture is and holds. Sizes are in bytes, and original (wire) lengths unless they say captured.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// Base name of the file, or the URL it came from.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub filename: String,
    /// Size of the file on disk, in bytes.
    pub file_size_bytes: u64,
    /// How the file is compressed: `gzip`, `zstd` or `lz4`. Absent when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub compression: Option<String>,
    /// Size of a compressed file's content, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncompressed_size_bytes: Option<u64>,
    /// SHA-256 of the file on disk. Absent when the file was not read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha256: Option<String>,
    /// SHA-1 of the file on disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha1: Option<String>,
    /// Format, as capinfos prints it: `Wireshark/tcpdump/... - pcap`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub file_type: &'static str,
    /// Format, as Wireshark's short name: `pcap`, `nsecpcap`, `modpcap`, `pcapng`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub file_type_key: &'static str,
    /// Version of the format: `2.4`. Of the first section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub format_version: Option<String>,
    /// `little` or `big` endian. Of the first section.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub byte_order: Option<String>,
    /// Link layer of all interfaces, as capinfos prints it: `Ethernet`. `Per packet` when interfaces differ.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub file_encapsulation: String,
    /// Link layers that packets have, the most frequent first.
    pub encapsulations: Vec<Encapsulation>,
    /// Link layers in all.
    pub encapsulations_total: u64,
    /// Unit of the last decimal of times: `microseconds`. `per packet` when interfaces differ, `unknown` without any.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time_precision: &'static str,
    /// Decimals of a second that times have. Absent when interfaces differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_precision_digits: Option<u8>,
    /// Snap length: what the file says, and what its packets show.
    #[serde(skip_serializing_if = "is_default")]
    pub snap_length: SnapLength,
    /// Packets (frames) in the file.
    pub packet_count: u64,
    /// Sum of original lengths.
    pub data_size_bytes: u64,
    /// Sum of captured lengths.
    pub captured_size_bytes: u64,
    /// Which protocols are there, those with most packets first, each with the tool to call next. A packet counts once, at its innermost protocol;
    /// those of `protocol_hierarchy.packets_not_placed` at the protocol that carries too many others.
    pub protocols: Vec<ProtocolPackets>,
    /// Protocols in all.
    pub protocols_total: u64,
    /// Time of the earliest packet: RFC 3339, UTC. Absent when no packet has a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub first_packet_time: Option<String>,
    /// The same in seconds since 1970-01-01T00:00:00Z, exact to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub first_packet_epoch: Option<String>,
    /// Its frame number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_packet_frame: Option<u64>,
    /// Time of the latest packet: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub last_packet_time: Option<String>,
    /// The same in seconds since 1970-01-01T00:00:00Z, exact to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub last_packet_epoch: Option<String>,
    /// Its frame number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_packet_frame: Option<u64>,
    /// The first packet of the file that has a time. Differs from the earliest when packets are out of order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_record: Option<Moment>,
    /// The last packet of the file that has a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_record: Option<Moment>,
    /// From the earliest to the latest packet, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture_duration_seconds: Option<f64>,
    /// The same as a decimal number, exact to the nanosecond.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub capture_duration_exact: Option<String>,
    /// Whether no packet is earlier than the one before it. Absent when packets without a time leave that open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_time_order: Option<bool>,
    /// Packets that are earlier than the one before them. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_of_order: Option<OutOfOrder>,
    /// Packets whose time the file does not give.
    #[serde(skip_serializing_if = "is_default")]
    pub packets_without_time: u64,
    /// Gaps in time that no single recording has. Absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_gaps: Option<TimeGaps>,
    /// Bytes per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_rate_bytes: Option<f64>,
    /// Bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_rate_bits: Option<f64>,
    /// Packets per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_packet_rate: Option<f64>,
    /// Why the three rates are absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub rates_absent_because: Option<String>,
    /// Mean of original lengths. Absent without packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_packet_size_bytes: Option<f64>,
    /// Median, percentiles and extremes of original lengths. Absent without packets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_size: Option<SizeSummary>,
    /// Packets by original length, in the classes of Wireshark's "Packet Lengths"; without classes that have none.
    #[serde(skip_serializing_if = "is_default")]
    pub packet_size_distribution: Vec<SizeClass>,
    /// Packets dropped before they reached the file. Absent when the file has no statistics: then it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drops: Option<Drops>,
    /// Which protocols carry which, from the link layer to the application. Packets quoted in ICMP errors are not counted.
    pub protocol_hierarchy: ProtocolHierarchy,
    /// How many packets could be taken apart, and why others could not.
    pub decoding: Decoding,
    /// Packets that were captured more than once. Absent when there are none. The counts of this report include the copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// Interfaces in the file.
    pub interface_count: u64,
    /// The interfaces, the first 1,000; further ones are on pages.
    #[serde(skip_serializing_if = "is_default")]
    pub interfaces: Vec<Interface>,
    /// Sections in the file; 0 in classic pcap.
    #[serde(skip_serializing_if = "is_default")]
    pub section_count: u64,
    /// The sections, the first 1,000; further ones are on pages.
    #[serde(skip_serializing_if = "is_default")]
    pub sections: Vec<Section>,
    /// Comments. Absent in classic pcap, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<Comments>,
    /// pcapng blocks by kind, without kinds that do not occur.
    #[serde(skip_serializing_if = "is_default")]
    pub blocks: Vec<Count>,
    /// Names for addresses that the file brings along. Absent in classic pcap, which has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_resolution: Option<NameResolution>,
    /// Decryption secrets that the file brings along, in blocks by type. Their content is not read.
    #[serde(skip_serializing_if = "is_default")]
    pub decryption_secrets: Vec<Count>,
    /// What an analyst would want to be told.
    pub findings: Vec<Finding>,
    /// What had to be forgotten for want of room.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// What is here of the lists that hold less than all.
    pub pages: Vec<PageInfo>,
}

/// What had to be forgotten for want of room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Limits {
    /// Entries of tables that made room for others.
    pub evicted: Evicted,
}

/// Entries of tables that made room for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Conversations of UDP and TCP, beyond 32,768 at a time. Their packets are counted; those that came later were looked at as of a new
    /// conversation, and may count as another protocol or as `data`.
    #[serde(skip_serializing_if = "is_default")]
    pub conversations: u64,
    /// Announced conversations of FTP, TFTP and multicast searches, beyond 1,024. They may count as `data`.
    #[serde(skip_serializing_if = "is_default")]
    pub announcements: u64,
}

/// How many there are of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Count {
    /// Of what.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: String,
    /// How many.
    pub count: u64,
}

/// Names in name resolution blocks. A name given twice counts twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NameResolution {
    /// Names for IPv4 addresses.
    #[serde(skip_serializing_if = "is_default")]
    pub ipv4: u64,
    /// Names for IPv6 addresses.
    #[serde(skip_serializing_if = "is_default")]
    pub ipv6: u64,
}
