//! What the file says about itself: the JSON document of `wit/README.md`, "The reader's summary".

use serde::Serialize;

/// The summary. Fields without a value are absent from the JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// `pcap`, `modified pcap` or `pcapng`; absent before the header has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// `little` or `big`, of the first section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte_order: Option<&'static str>,
    /// Version of the format, of the first section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Decimal digits of a second that timestamps have; absent where interfaces differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_digits: Option<u8>,
    /// Snap length of the file header (classic pcap only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snap_length: Option<u32>,
    /// Sections of a pcapng file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<SectionSummary>,
    /// Interfaces in order of appearance: the n-th of all has link position n.
    pub interfaces: Vec<InterfaceSummary>,
    /// What the statistics of all interfaces say of packets that were lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drops: Option<Drops>,
    /// Comments of all blocks (pcapng only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<CommentSummary>,
    /// How many blocks of each kind there are (pcapng only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<BlockCounts>,
    /// Names in name resolution blocks (pcapng only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<NameCounts>,
    /// Decryption secrets by type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretsCount>,
    /// Frames found.
    pub frames: u64,
    /// Frames whose timestamp is [`crate::NO_TIME`].
    pub frames_without_time: u64,
    /// Lists that hold less than all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<Page>,
}

/// What part of a list the summary holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// Its name; of one within an entry, with the entry's place: `interfaces[3].addresses`.
    pub list: String,
    /// Entries in all.
    pub total: u64,
    /// Entries before the first one here.
    pub offset: u64,
    /// Entries here.
    pub returned: u64,
    /// Where the next page of a list within an entry begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// Packets that were lost by the word of all interface statistics, of each interface the largest of each counter. A field is absent where no interface says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Drops {
    /// Interfaces that have statistics.
    pub interfaces_reporting: u64,
    /// `isb_ifrecv`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// `isb_ifdrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_interface: Option<u64>,
    /// `isb_osdrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_os: Option<u64>,
}

/// The largest of each counter in the statistics of one interface.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counters {
    pub is_reporting: bool,
    pub received: u64,
    pub dropped_by_interface: u64,
    pub dropped_by_os: u64,
}

/// A section (pcapng section 4.1).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SectionSummary {
    /// `little` or `big`.
    pub byte_order: &'static str,
    /// For example `1.0`.
    pub version: String,
    /// `shb_hardware`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// `shb_os`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// `shb_userappl`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}

/// An interface (pcapng section 4.2), or the one of a classic file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InterfaceSummary {
    /// Section, from 0.
    pub section: u32,
    /// Number within the section, from 0.
    pub id: u32,
    /// LINKTYPE_ value.
    pub link_type: u16,
    /// 0 where no limit was stated.
    pub snap_length: u32,
    /// Octets of frame check sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fcs_length: Option<u8>,
    /// `if_name`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `if_description`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `if_filter`, where it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Instructions of an `if_filter` that is a BPF program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_instructions: Option<u32>,
    /// `if_hardware`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// `if_os`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// `if_MACaddr`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// `if_IPv4addr` with its mask and `if_IPv6addr` with its prefix length: the first 16, unless others are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// How many there are.
    #[serde(skip)]
    pub(crate) addresses_total: u64,
    /// `if_speed`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_bps: Option<u64>,
    /// Decimal digits of a second that timestamps have, at most 9.
    pub time_digits: u8,
    /// Ticks of the timestamps in a second.
    pub ticks_per_second: u64,
    /// `if_tsoffset`: has been added to the timestamps.
    pub time_offset_seconds: i64,
    /// Frames of this interface.
    pub frames: u64,
    /// Interface statistics blocks, in order: the last three, unless others are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<Statistics>,
    /// How many there are, on whichever page they stand.
    #[serde(skip_serializing_if = "is_none")]
    pub statistics_total: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// One interface statistics block (pcapng section 4.6).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// When they were taken, in nanoseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// `isb_starttime`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// `isb_endtime`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// `isb_ifrecv`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// `isb_ifdrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_interface: Option<u64>,
    /// `isb_filteraccept`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by_filter: Option<u64>,
    /// `isb_osdrop`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_os: Option<u64>,
    /// `isb_usrdeliv`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
}

/// Comments: how many by the kind of block, and their texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CommentSummary {
    /// On section headers.
    pub section: u64,
    /// On interface descriptions.
    pub interface: u64,
    /// On interface statistics.
    pub statistics: u64,
    /// On packets.
    pub packet: u64,
    /// On other blocks.
    pub other: u64,
    /// Their texts, in the order of the file.
    pub texts: Vec<PlacedText>,
}

/// A comment's text, and where it is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlacedText {
    /// `section`, `interface`, `interface_statistics`, `packet`, `name_resolution` or `decryption_secrets`.
    #[serde(rename = "where")]
    pub place: &'static str,
    /// Number of the section, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<u32>,
    /// Number of the interface within its section, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<u32>,
    /// Number of the frame, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// The text, cut to 1,024 octets.
    pub text: String,
}

/// Blocks by kind (pcapng section 4).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct BlockCounts {
    pub section_header: u64,
    pub interface_description: u64,
    pub enhanced_packet: u64,
    pub simple_packet: u64,
    pub packet: u64,
    pub name_resolution: u64,
    pub interface_statistics: u64,
    pub decryption_secrets: u64,
    pub systemd_journal: u64,
    pub custom: u64,
    pub other: u64,
}

/// Names in name resolution blocks. A name given twice counts twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct NameCounts {
    pub ipv4: u64,
    pub ipv6: u64,
}

/// Decryption secrets of one type.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecretsCount {
    /// For example `TLS key log`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Blocks of this type.
    pub count: u64,
}
