//! The reader's summary as `wit/README.md` gives it, with the fields that are used here. All may be absent.

use mcpcap_analyzer::Problem;
use mcpcap_analyzer::stats::PageInfo;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lists::INTERFACES;

/// What the file says about itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// `pcap`, `modified pcap` or `pcapng`.
    pub format: String,
    /// `little` or `big`, of the first section.
    pub byte_order: Option<String>,
    /// Version of the format, of the first section.
    pub version: Option<String>,
    /// Decimal digits of a second; absent where interfaces differ.
    pub time_digits: Option<u8>,
    /// Snap length of a classic file's header, in bytes.
    pub snap_length: Option<u32>,
    /// Sections of a pcapng file.
    pub sections: Vec<Section>,
    /// The n-th of all is the link with position n.
    pub interfaces: Vec<Interface>,
    /// What the statistics of all interfaces say of lost packets; absent without any.
    pub drops: Option<Drops>,
    /// Comments; absent in a classic file.
    pub comments: Option<Comments>,
    /// Number of blocks by kind.
    pub blocks: Map<String, Value>,
    /// Names in name resolution blocks; absent in a classic file.
    pub names: Option<Names>,
    /// Decryption secrets by type.
    pub secrets: Vec<Secret>,
    /// Lists that hold less than all.
    pub pages: Vec<PageInfo>,
}

/// A section of a pcapng file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Section {
    pub byte_order: String,
    pub version: String,
    pub hardware: Option<String>,
    pub operating_system: Option<String>,
    pub application: Option<String>,
}

/// An interface.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Interface {
    pub section: u32,
    pub id: u32,
    pub link_type: u16,
    pub snap_length: u32,
    pub fcs_length: Option<u8>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub filter: Option<String>,
    pub filter_instructions: Option<u32>,
    pub hardware: Option<String>,
    pub operating_system: Option<String>,
    pub mac_address: Option<String>,
    pub addresses: Vec<String>,
    pub speed_bps: Option<u64>,
    pub time_digits: u8,
    pub ticks_per_second: u64,
    pub time_offset_seconds: i64,
    pub frames: u64,
    pub statistics: Vec<Statistics>,
    #[serde(default)]
    pub statistics_total: u64,
}

/// An interface statistics block. Its counters run from the beginning of the capture. Times in nanoseconds since 1970.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Statistics {
    pub timestamp: Option<u64>,
    pub start: Option<u64>,
    pub end: Option<u64>,
    pub received: Option<u64>,
    pub dropped_by_interface: Option<u64>,
    pub accepted_by_filter: Option<u64>,
    pub dropped_by_os: Option<u64>,
    pub delivered: Option<u64>,
}

/// Packets that were lost, by the word of all interfaces.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Drops {
    pub interfaces_reporting: u64,
    pub received: Option<u64>,
    pub dropped_by_interface: Option<u64>,
    pub dropped_by_os: Option<u64>,
}

/// How many comments there are, and their texts.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Comments {
    pub section: u64,
    pub interface: u64,
    pub statistics: u64,
    pub packet: u64,
    pub other: u64,
    pub texts: Vec<PlacedText>,
}

/// The text of a comment.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PlacedText {
    /// `section`, `interface`, `interface_statistics`, `packet`, `name_resolution` or `decryption_secrets`.
    #[serde(rename = "where")]
    pub place: String,
    pub section: Option<u64>,
    pub interface: Option<u32>,
    pub frame: Option<u64>,
    pub text: String,
}

/// Names in name resolution blocks.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Names {
    pub ipv4: u64,
    pub ipv6: u64,
}

/// Decryption secrets of one type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Secret {
    #[serde(rename = "type")]
    pub kind: String,
    pub count: u64,
}

impl Summary {
    /// Reads the summary out of the capture's document.
    ///
    /// # Errors
    /// When it is not the object that the contract describes, which is a defect of the host or the reader.
    pub fn from_value(value: &Value) -> Result<Self, Problem> {
        if value.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(value).map_err(|error| Problem::Input {
            offset: None,
            frame: None,
            reason: format!("the reader's summary is not understood: {error}"),
        })
    }

    /// What part of a list is here, when it is not all of it.
    pub fn page(&self, list: &str) -> Option<&PageInfo> {
        self.pages.iter().find(|page| page.list == list)
    }

    /// All interfaces there are in the file.
    pub fn interfaces_total(&self) -> u64 {
        self.page(INTERFACES).map_or(self.interfaces.len() as u64, |page| page.total)
    }

    /// The interfaces that are here, each with its place among all.
    pub fn placed_interfaces(&self) -> impl Iterator<Item = (&Interface, usize)> {
        self.interfaces.iter().zip(self.page(INTERFACES).map_or(0, PageInfo::place)..)
    }

    /// Decimal digits of a second that the times of a link have.
    pub fn digits_of_link(&self, link: u32) -> u8 {
        let before = self.page(INTERFACES).map_or(0, |page| page.offset);
        let place = u64::from(link).checked_sub(before).and_then(|place| usize::try_from(place).ok());
        let listed = place.and_then(|place| self.interfaces.get(place));
        // Nine digits say nothing wrong about a time whose precision is not known.
        listed.map(|interface| interface.time_digits).or(self.time_digits).unwrap_or(9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absent_fields_are_empty_and_unknown_ones_are_ignored() {
        let summary =
            Summary::from_value(&json!({ "format": "pcap", "news": 1, "interfaces": [{ "link_type": 1 }] })).unwrap();
        assert_eq!((summary.format.as_str(), summary.interfaces.len()), ("pcap", 1));
        assert!(Summary::from_value(&Value::Null).unwrap().interfaces.is_empty());
        assert!(Summary::from_value(&json!({ "interfaces": 7 })).is_err());
    }

    #[test]
    fn the_precision_is_that_of_the_link() {
        let mut summary = Summary::default();
        assert_eq!(summary.digits_of_link(0), 9);
        summary.interfaces.push(Interface { time_digits: 3, ..Interface::default() });
        assert_eq!((summary.digits_of_link(0), summary.digits_of_link(1)), (3, 9));
        summary.pages.push(PageInfo::new(INTERFACES, 3000, 2000, 1));
        assert_eq!([0, 2000, 2001].map(|link| summary.digits_of_link(link)), [9, 3, 9]);
        assert_eq!(
            (summary.interfaces_total(), summary.placed_interfaces().next().map(|(_, place)| place)),
            (3000, Some(2000))
        );
    }
}
