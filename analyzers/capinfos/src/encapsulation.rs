//! The link layers of packets and of the file.

use std::collections::BTreeMap;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, link_types, schemars};
use serde::Serialize;

use crate::lists;
use crate::summary::Summary;

/// Encapsulations that a report lists first.
const LISTED: usize = 50;

/// Counts packets by link type. There are 65,536 link types at most, so this stays small.
#[derive(Debug, Default)]
pub struct Encapsulations {
    packets: BTreeMap<u16, u64>,
}

impl Encapsulations {
    /// Counts a packet.
    pub fn add(&mut self, link_type: u16) {
        let packets = self.packets.entry(link_type).or_default();
        *packets = packets.saturating_add(1);
    }

    /// The encapsulations that packets have, the most frequent first, and how many there are in all.
    pub fn list(&self, lists: &mut Lists) -> (Vec<Encapsulation>, u64) {
        let mut all: Vec<_> = self.packets.iter().collect();
        // Stable, so equal ones stay in the order of their numbers.
        all.sort_by_key(|(_, packets)| std::cmp::Reverse(**packets));
        let total = all.len() as u64;
        let listed = lists.cut(lists::ENCAPSULATIONS, LISTED, all.into_iter()).map(|(number, packets)| Encapsulation {
            name: link_types::name(*number),
            short_name: link_types::short_name(*number),
            link_type: *number,
            packets: *packets,
        });
        (listed.collect(), total)
    }

    /// The encapsulation of the file: the one that all interfaces have, with packets or without, else `Per packet`.
    pub fn of_file(&self, summary: &Summary) -> String {
        let mut link_types =
            summary.interfaces.iter().map(|interface| interface.link_type).chain(self.packets.keys().copied());
        let Some(first) = link_types.next() else { return "Unknown".into() };
        // Several numbers stand for the same encapsulation.
        let short_name = link_types::short_name(first);
        if link_types.all(|other| other == first || link_types::short_name(other) == short_name) {
            link_types::name(first)
        } else {
            "Per packet".into()
        }
    }
}

/// A link layer, and how many packets have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Encapsulation {
    /// As capinfos prints it: `Ethernet`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: String,
    /// Wireshark's short name: `ether`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub short_name: String,
    /// Value of the LINKTYPE_ registry.
    pub link_type: u16,
    /// Packets.
    pub packets: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Interface;

    fn file(interfaces: &[u16], packets: &[u16]) -> String {
        let interfaces = interfaces.iter().map(|n| Interface { link_type: *n, ..Interface::default() }).collect();
        let mut found = Encapsulations::default();
        packets.iter().for_each(|number| found.add(*number));
        found.of_file(&Summary { interfaces, ..Summary::default() })
    }

    #[test]
    fn the_file_has_the_encapsulation_of_all_its_interfaces() {
        assert_eq!(file(&[1], &[]), "Ethernet");
        assert_eq!(file(&[1, 101], &[1]), "Per packet");
        assert_eq!(file(&[12, 101], &[12]), "Raw IP");
        assert_eq!(file(&[1], &[300]), "Per packet");
        assert_eq!((file(&[], &[]), file(&[300], &[300])), ("Unknown".into(), "linktype 300".into()));
    }

    #[test]
    fn the_most_frequent_come_first_and_all_are_counted() {
        let mut found = Encapsulations::default();
        (1000..1060).for_each(|number| found.add(number));
        found.add(1059);
        let (list, total) = found.list(&mut Lists::default());
        assert_eq!((list[0].link_type, list[0].packets, list[1].link_type), (1059, 2, 1000));
        assert_eq!((list.len(), total), (50, 60));
    }
}
