//! Interfaces: how each was captured, and what it reports as received and dropped.

use mcpcap_analyzer::stats::{Lists, Page, Window};
use mcpcap_analyzer::{JsonSchema, is_default, link_types, schemars, time};
use serde::Serialize;

use crate::precision;
use crate::summary::{self, Summary};

/// Statistics blocks of an interface that a report lists: the last ones, since their counters run from the capture's beginning.
const STATISTICS_LISTED: usize = 3;
/// The list of them of each interface.
pub const STATISTICS: &str = "interfaces[].statistics";

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
    /// Statistics blocks about it; at least so many, where `drops` has `statistics_left_out`.
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
    /// Statistics blocks that were too many to be read: the numbers may be too low. Absent when there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statistics_left_out: Option<u64>,
}

/// All interfaces there are in the file.
pub fn count(summary: &Summary) -> u64 {
    (summary.interfaces.len() as u64).saturating_add(summary.interfaces_left_out)
}

/// The page of them that is asked for. The reader keeps the first ones only, so that a page can be had of these.
pub fn page(summary: &Summary, window: Window, lists: &mut Lists) -> Page<Interface> {
    let mut page = Page::new(window);
    for (place, interface) in summary.interfaces.iter().enumerate() {
        page.push(|| Interface::of(interface, place, lists));
    }
    page
}

/// What all interfaces report as dropped; `None` without statistics.
pub fn drops(summary: &Summary) -> Option<Drops> {
    let reporting = summary.interfaces.iter().filter(|interface| !interface.statistics.is_empty());
    let all = reporting.fold(Drops::default(), |all, interface| {
        let own = interface_drops(interface);
        Drops {
            interfaces_reporting: all.interfaces_reporting.saturating_add(1),
            received: sum(all.received, own.received),
            dropped_by_interface: sum(all.dropped_by_interface, own.dropped_by_interface),
            dropped_by_os: sum(all.dropped_by_os, own.dropped_by_os),
            dropped: sum(all.dropped, own.dropped),
            statistics_left_out: None,
        }
    });
    let left_out = Some(summary.statistics_left_out).filter(|blocks| *blocks > 0);
    (all.interfaces_reporting > 0 || left_out.is_some()).then_some(Drops { statistics_left_out: left_out, ..all })
}

/// What one interface reports as dropped. Its counters only grow, so the largest is the last word.
pub fn interface_drops(interface: &summary::Interface) -> Drops {
    let most = |field: fn(&summary::Statistics) -> Option<u64>| interface.statistics.iter().filter_map(field).max();
    let dropped_by_interface = most(|block| block.dropped_by_interface);
    let dropped_by_os = most(|block| block.dropped_by_os);
    Drops {
        interfaces_reporting: 1,
        received: most(|block| block.received),
        dropped_by_interface,
        dropped_by_os,
        dropped: sum(dropped_by_interface, dropped_by_os),
        statistics_left_out: None,
    }
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b),
    }
}

impl Interface {
    fn of(interface: &summary::Interface, place: usize, lists: &mut Lists) -> Self {
        let blocks = &interface.statistics;
        let shown = lists.last_within(STATISTICS, &[place], STATISTICS_LISTED, blocks);
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
            addresses: interface.addresses.clone(),
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
            statistics_count: blocks.len() as u64,
            statistics: shown.iter().map(|block| Statistics::of(block, interface.time_digits)).collect(),
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

    fn summary(interfaces: serde_json::Value) -> Summary {
        Summary::from_value(&json!({ "interfaces": interfaces })).unwrap()
    }

    #[test]
    fn counters_are_cumulative_so_only_the_largest_of_each_interface_counts() {
        let found = summary(json!([
            { "statistics": [{ "received": 10, "dropped_by_interface": 1 }, { "received": 30, "dropped_by_interface": 4 }] },
            { "statistics": [{ "received": 5, "dropped_by_os": 2 }] },
            {},
        ]));
        let drops = drops(&found).unwrap();
        assert_eq!((drops.interfaces_reporting, drops.received, drops.dropped), (2, Some(35), Some(6)));
        assert_eq!((drops.dropped_by_interface, drops.dropped_by_os), (Some(4), Some(2)));
    }

    #[test]
    fn without_statistics_nothing_is_said_about_drops() {
        assert_eq!(drops(&summary(json!([{}]))), None);
        let silent = drops(&summary(json!([{ "statistics": [{ "received": 7 }] }]))).unwrap();
        assert_eq!((silent.dropped, silent.received), (None, Some(7)));
    }

    #[test]
    fn an_interface_shows_its_last_statistics_with_its_own_precision() {
        let blocks: Vec<_> = (1..=5).map(|n| json!({ "timestamp": n * 1_000_000_000_u64, "received": n })).collect();
        let found = summary(json!([{ "link_type": 1, "time_digits": 3, "snap_length": 0, "statistics": blocks }]));
        let shown = &page(&found, Window::default(), &mut Lists::default()).into_items()[0];
        assert_eq!(
            (shown.encapsulation.as_str(), shown.time_precision, shown.snap_length),
            ("Ethernet", "milliseconds", None)
        );
        assert_eq!((shown.statistics_count, shown.statistics.len()), (5, 3));
        assert_eq!(shown.statistics[2].time.as_deref(), Some("1970-01-01T00:00:05.000Z"));
    }
}
