//! Interfaces: how each was captured, and what it reports as received and dropped.

use std::collections::BTreeMap;

use mcpcap_analyzer::stats::{Lists, PageInfo};
use mcpcap_analyzer::{JsonSchema, is_default, link_types, schemars, time};
use serde::Serialize;

use crate::lists::{self, INTERFACES};
use crate::precision;
use crate::summary::{self, Summary};

/// An interface. A classic pcap file has exactly one. The texts are from the capture.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Interface {
    /// Section of a pcapng file, from 0.
    pub section: u32,
    /// Number within the section, from 0.
    pub id: u32,
    /// For example `eth0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The capture filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Instructions of a capture filter that is there as a BPF program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_instructions: Option<u32>,
    /// The interface's hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Operating system of the machine it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Its MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub mac_address: Option<String>,
    /// Its IP addresses with mask or prefix length.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub addresses: Vec<String>,
    /// Its speed, in bits per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_bps: Option<u64>,
    /// Link layer, as capinfos prints it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub encapsulation: String,
    /// Value of the LINKTYPE_ registry.
    pub link_type: u16,
    /// The most bytes of a packet that were to be stored; absent when no limit is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snap_length: Option<u32>,
    /// Bytes of frame check sequence behind each packet, where the file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fcs_length: Option<u8>,
    /// Unit of the last decimal of its times.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time_precision: &'static str,
    /// Decimals of a second that its times have.
    pub time_precision_digits: u8,
    /// Ticks of its clock in a second.
    pub ticks_per_second: u64,
    /// Seconds that the file wants added to its times; they have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_offset_seconds: Option<i64>,
    /// Packets of this interface.
    pub packets: u64,
    /// Statistics blocks about it.
    #[serde(skip_serializing_if = "is_default")]
    pub statistics_count: u64,
    /// The last three of them, the latest last. Pages begin with the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statistics: Vec<Statistics>,
}

/// What was counted from the beginning of the capture until a moment. A field is absent when the file does not give it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Statistics {
    /// When it was counted: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// Beginning of the capture: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// End of the capture: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub end_time: Option<String>,
    /// Packets that the interface received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// Packets that the interface dropped for lack of resources.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_interface: Option<u64>,
    /// Packets that the capture filter accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_by_filter: Option<u64>,
    /// Packets that the operating system dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_os: Option<u64>,
    /// Packets that were delivered to the capturing program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered: Option<u64>,
}

/// Packets that were lost on the way into the file, by the word of the interfaces' statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Drops {
    /// Interfaces that have statistics.
    pub interfaces_reporting: u64,
    /// Packets received, where interfaces say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<u64>,
    /// Packets dropped by interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_interface: Option<u64>,
    /// Packets dropped by the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped_by_os: Option<u64>,
    /// All packets dropped. Absent when no interface says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<u64>,
}

/// Those that are listed.
pub fn list(summary: &Summary, lists: &mut Lists) -> Vec<Interface> {
    let listed =
        lists::of_reader(INTERFACES, lists::MOST, summary.interfaces_total(), summary.placed_interfaces(), lists);
    let within: BTreeMap<&str, &PageInfo> = summary.pages.iter().map(|page| (&*page.list, page)).collect();
    listed.map(|(interface, place)| Interface::of(interface, place, &within, lists)).collect()
}

/// What all interfaces report as dropped; `None` without statistics. Their counters only grow, so of each the largest is the last word.
pub fn drops(summary: &Summary) -> Option<Drops> {
    let drops = summary.drops?;
    Some(Drops {
        interfaces_reporting: drops.interfaces_reporting,
        received: drops.received,
        dropped_by_interface: drops.dropped_by_interface,
        dropped_by_os: drops.dropped_by_os,
        dropped: sum(drops.dropped_by_interface, drops.dropped_by_os),
    })
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}

impl Interface {
    fn of(interface: &summary::Interface, place: usize, within: &BTreeMap<&str, &PageInfo>, lists: &mut Lists) -> Self {
        for list in ["addresses", "statistics"] {
            let page = within.get(format!("{INTERFACES}[{place}].{list}").as_str());
            page.into_iter().for_each(|page| lists.add((*page).clone()));
        }
        let (addresses, blocks) = (&interface.addresses, &interface.statistics);
        Self {
            section: interface.section,
            id: interface.id,
            name: interface.name.clone(),
            description: interface.description.clone(),
            filter: interface.filter.clone(),
            filter_instructions: interface.filter_instructions,
            hardware: interface.hardware.clone(),
            operating_system: interface.operating_system.clone(),
            mac_address: interface.mac_address.clone(),
            addresses: addresses.clone(),
            speed_bps: interface.speed_bps,
            encapsulation: link_types::name(interface.link_type),
            link_type: interface.link_type,
            snap_length: Some(interface.snap_length).filter(|octets| *octets > 0),
            fcs_length: interface.fcs_length,
            time_precision: precision::name(interface.time_digits),
            time_precision_digits: interface.time_digits,
            ticks_per_second: interface.ticks_per_second,
            time_offset_seconds: Some(interface.time_offset_seconds).filter(|seconds| *seconds != 0),
            packets: interface.frames,
            statistics_count: interface.statistics_total,
            statistics: blocks.iter().map(|block| Statistics::of(block, interface.time_digits)).collect(),
        }
    }
}

impl Statistics {
    fn of(block: &summary::Statistics, digits: u8) -> Self {
        let shown = |nanoseconds: Option<u64>| nanoseconds.map(|nanoseconds| time::rfc3339(nanoseconds, digits));
        Self {
            time: shown(block.timestamp),
            start_time: shown(block.start),
            end_time: shown(block.end),
            received: block.received,
            dropped_by_interface: block.dropped_by_interface,
            accepted_by_filter: block.accepted_by_filter,
            dropped_by_os: block.dropped_by_os,
            delivered: block.delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn drops_are_those_by_interfaces_and_by_the_system() {
        let drops = |reader: serde_json::Value| drops(&Summary::from_value(&json!({ "drops": reader })).unwrap());
        let both = drops(json!({ "interfaces_reporting": 2, "dropped_by_interface": 4, "dropped_by_os": 2 })).unwrap();
        assert_eq!((both.interfaces_reporting, both.received, both.dropped), (2, None, Some(6)));
        let silent = drops(json!({ "interfaces_reporting": 1, "received": 7 })).unwrap();
        assert_eq!((silent.dropped, silent.received), (None, Some(7)));
        assert_eq!(drops(serde_json::Value::Null), None);
    }

    #[test]
    fn statistics_have_the_precision_of_their_interface() {
        let block = json!({ "timestamp": 5_000_000_000_u64, "received": 5 });
        let pages = json!([{ "list": "interfaces[0].statistics", "total": 9, "offset": 0, "returned": 1, "next": 0 }]);
        let interface =
            json!({ "link_type": 1, "time_digits": 3, "snap_length": 0, "statistics": [block], "statistics_total": 9 });
        let found = Summary::from_value(&json!({ "interfaces": [interface], "pages": pages })).unwrap();
        let mut lists = Lists::default();
        let shown = &list(&found, &mut lists)[0];
        assert_eq!(
            (shown.encapsulation.as_str(), shown.time_precision, shown.snap_length),
            ("Ethernet", "milliseconds", None)
        );
        assert_eq!((shown.statistics_count, lists.into_pages()), (9, found.pages.clone()));
        assert_eq!(shown.statistics[0].time.as_deref(), Some("1970-01-01T00:00:05.000Z"));
    }
}
