//! Collects the summary. Whatever the file holds, this stays small: of lists there are parts, and texts have a limit; the rest is counted.

use crate::page::{INTERFACES, Part, Parts, SECTIONS, TEXTS};
use crate::summary::{
    BlockCounts, CommentSummary, Counters, Drops, InterfaceSummary, Page, PlacedText, SecretsCount, SectionSummary,
    Statistics, Summary,
};
use crate::time::Clock;
use crate::types::{Link, NO_TIME};

/// The longest text, in octets.
pub(crate) const MAX_TEXT: usize = 1_024;
/// The most types of secrets that are told apart.
const MAX_SECRET_TYPES: usize = 16;
/// The name under which those beyond are counted.
const OTHER_SECRETS: &str = "other";
/// Statistics of an interface that the summary usually holds: the last ones, since their counters run from the capture's beginning.
const LAST_STATISTICS: usize = 3;

/// The summary in the making.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    summary: Summary,
    /// The parts of lists that it is to hold, and how long these are.
    parts: Parts,
    sections: u64,
    interfaces: u64,
    texts: u64,
    digits_differ: bool,
}

/// What a comment is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// A section, by its number.
    Section(u32),
    /// An interface, by its section and its number there.
    Interface(u32, u32),
    /// Statistics about an interface.
    Statistics(u32, u32),
    /// A packet, by the number of its frame.
    Packet(u64),
    NameResolution,
    DecryptionSecrets,
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

impl Facts {
    /// Nothing yet; of its lists, the summary will hold these parts.
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts, ..Self::default() }
    }

    /// What is known so far.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        if self.digits_differ {
            summary.time_digits = None;
        }
        let texts = summary.comments.as_ref().map_or(0, |comments| comments.texts.len());
        let listed = [
            (SECTIONS, self.sections, self.parts.sections, summary.sections.len()),
            (INTERFACES, self.interfaces, self.parts.interfaces, summary.interfaces.len()),
            (TEXTS, self.texts, self.parts.texts, texts),
        ];
        let whole = listed.into_iter().map(|(list, total, part, returned)| Page {
            list: list.into(),
            total,
            offset: part.offset,
            returned: returned as u64,
            next: None,
        });
        summary.pages = whole.filter(|page| page.returned < page.total).collect();
        for (interface, place) in summary.interfaces.iter().zip(self.parts.interfaces.offset..) {
            let (addresses, statistics) = (interface.addresses.len(), interface.statistics.len());
            let of_addresses = goes_on(interface.addresses_total, self.parts.addresses, addresses);
            // The last ones stand on the pages of all once more.
            let of_statistics = match self.parts.statistics {
                Some(part) => goes_on(interface.statistics_total, part, statistics),
                None => (interface.statistics_total > statistics as u64).then_some(0),
            };
            let inner = [
                ("addresses", interface.addresses_total, addresses, of_addresses),
                ("statistics", interface.statistics_total, statistics, of_statistics),
            ];
            summary.pages.extend(inner.into_iter().filter_map(|(name, total, returned, next)| {
                let list = format!("{INTERFACES}[{place}].{name}");
                Some(Page { list, total, offset: 0, returned: returned as u64, next: Some(next?) })
            }));
        }
        summary
    }

    /// Begins a classic file.
    pub(crate) fn pcap(&mut self, format: &'static str, byte_order: &'static str, version: String, snap_length: u32) {
        self.summary.format = Some(format);
        self.summary.byte_order = Some(byte_order);
        self.summary.version = Some(version);
        self.summary.snap_length = Some(snap_length);
    }

    /// Adds a section, the first of which begins a pcapng file.
    pub(crate) fn section(&mut self, section: SectionSummary) {
        if self.summary.format.is_none() {
            self.summary.format = Some("pcapng");
            self.summary.byte_order = Some(section.byte_order);
            self.summary.version = Some(section.version.clone());
        }
        if self.parts.sections.has(self.sections) {
            self.summary.sections.push(section);
        }
        count(&mut self.sections);
    }

    /// Adds an interface.
    pub(crate) fn interface(&mut self, link: &Link, clock: Clock, mut interface: InterfaceSummary) {
        if self.interfaces == 0 {
            self.summary.time_digits = Some(clock.digits);
        }
        self.digits_differ |= self.summary.time_digits != Some(clock.digits);
        let nth = self.interfaces;
        count(&mut self.interfaces);
        if !self.parts.interfaces.has(nth) {
            return;
        }
        interface.section = link.section;
        interface.id = link.interface_id;
        interface.link_type = link.link_type;
        interface.snap_length = link.snap_length;
        interface.fcs_length = link.fcs_length;
        interface.name.clone_from(&link.name);
        interface.time_digits = clock.digits;
        interface.ticks_per_second = clock.ticks_per_second;
        interface.time_offset_seconds = clock.offset;
        self.summary.interfaces.push(interface);
    }

    /// Counts frames of a link.
    #[inline]
    pub(crate) fn frame(&mut self, link: u32, timestamp: u64) {
        self.summary.frames = self.summary.frames.saturating_add(1);
        if timestamp == NO_TIME {
            count(&mut self.summary.frames_without_time);
        }
        let place = self.parts.interfaces.place(link.into());
        if let Some(interface) = self.summary.interfaces.get_mut(place) {
            count(&mut interface.frames);
        }
    }

    /// Number that the next frame will have.
    pub(crate) fn next_frame(&self) -> u64 {
        self.summary.frames.saturating_add(1)
    }

    /// Counts of blocks.
    pub(crate) fn blocks(&mut self) -> &mut BlockCounts {
        self.summary.blocks.get_or_insert_default()
    }

    /// Adds statistics to the interface of a link. `most`: the largest of each of its counters so far.
    pub(crate) fn statistics(&mut self, link: u32, statistics: &Statistics, most: &mut Counters) {
        let drops = self.summary.drops.get_or_insert_default();
        drops.add(statistics, most);
        let (part, place) = (self.parts.statistics, self.parts.interfaces.place(link.into()));
        let Some(interface) = self.summary.interfaces.get_mut(place) else { return };
        let nth = interface.statistics_total;
        count(&mut interface.statistics_total);
        if part.is_none() && interface.statistics.len() >= LAST_STATISTICS {
            interface.statistics.remove(0);
        }
        if part.is_none_or(|part| part.has(nth)) {
            interface.statistics.push(statistics.clone());
        }
    }

    /// The addresses of an interface that are listed.
    pub(crate) fn addresses(&self) -> Part {
        self.parts.addresses
    }

    /// Counts names.
    pub(crate) fn names(&mut self, ipv4: u64, ipv6: u64) {
        let names = self.summary.names.get_or_insert_default();
        names.ipv4 = names.ipv4.saturating_add(ipv4);
        names.ipv6 = names.ipv6.saturating_add(ipv6);
    }

    /// Counts secrets.
    pub(crate) fn secrets(&mut self, kind: &str) {
        let secrets = &mut self.summary.secrets;
        let known = secrets.iter().position(|entry| entry.kind == kind);
        let entry = match known {
            Some(position) => secrets.get_mut(position),
            None if secrets.len() < MAX_SECRET_TYPES => {
                secrets.push(SecretsCount { kind: kind.to_owned(), count: 0 });
                secrets.last_mut()
            }
            // Further ones together, not as one of those that are known.
            None => match secrets.iter().position(|entry| entry.kind == OTHER_SECRETS) {
                Some(position) => secrets.get_mut(position),
                None => {
                    secrets.push(SecretsCount { kind: OTHER_SECRETS.into(), count: 0 });
                    secrets.last_mut()
                }
            },
        };
        if let Some(entry) = entry {
            count(&mut entry.count);
        }
    }

    /// Declares that the file has comments, names and blocks at all, so that zeros are shown.
    pub(crate) fn has_blocks(&mut self) {
        self.comments();
        self.summary.names.get_or_insert_default();
    }

    fn comments(&mut self) -> &mut CommentSummary {
        self.summary.comments.get_or_insert_default()
    }

    /// Counts a comment, and keeps its text when it is in the part that is listed.
    pub(crate) fn comment(&mut self, on: On, octets: &[u8]) {
        let (nth, is_listed) = (self.texts, self.parts.texts.has(self.texts));
        self.texts = nth.saturating_add(1);
        let comments = self.comments();
        count(match on {
            On::Section(_) => &mut comments.section,
            On::Interface(..) => &mut comments.interface,
            On::Statistics(..) => &mut comments.statistics,
            On::Packet(_) => &mut comments.packet,
            On::NameResolution | On::DecryptionSecrets => &mut comments.other,
        });
        if is_listed {
            comments.texts.push(PlacedText::new(on, text(octets)));
        }
    }
}

impl PlacedText {
    fn new(on: On, text: String) -> Self {
        let (place, section, interface, frame) = match on {
            On::Section(section) => ("section", Some(section), None, None),
            On::Interface(section, id) => ("interface", Some(section), Some(id), None),
            On::Statistics(section, id) => ("interface_statistics", Some(section), Some(id), None),
            On::Packet(frame) => ("packet", None, None, Some(frame)),
            On::NameResolution => ("name_resolution", None, None, None),
            On::DecryptionSecrets => ("decryption_secrets", None, None, None),
        };
        Self { place, section, interface, frame, text }
    }
}

impl Drops {
    /// Adds what a block counts beyond the blocks before it about the same interface: counters run from the capture's beginning.
    fn add(&mut self, statistics: &Statistics, most: &mut Counters) {
        if !std::mem::replace(&mut most.is_reporting, true) {
            count(&mut self.interfaces_reporting);
        }
        for (sum, most, counter) in [
            (&mut self.received, &mut most.received, statistics.received),
            (&mut self.dropped_by_interface, &mut most.dropped_by_interface, statistics.dropped_by_interface),
            (&mut self.dropped_by_os, &mut most.dropped_by_os, statistics.dropped_by_os),
        ] {
            let Some(counter) = counter else { continue };
            let more = counter.saturating_sub(*most);
            *most = counter.max(*most);
            *sum = Some(sum.unwrap_or_default().saturating_add(more));
        }
    }
}

/// Where a list goes on of which a part holds so many values; `None` where it has no more.
fn goes_on(total: u64, part: Part, returned: usize) -> Option<u64> {
    let end = part.offset.saturating_add(returned as u64);
    (end < total && returned > 0).then_some(end)
}

/// Text of an option: UTF-8 up to a zero octet, if there is one, and up to the limit. What is not UTF-8 is replaced.
pub(crate) fn text(octets: &[u8]) -> String {
    let octets = octets.split(|octet| *octet == 0).next().unwrap_or_default();
    // A little more than the limit, so that a character at the limit is still whole.
    let octets = octets.get(..MAX_TEXT.saturating_add(4)).unwrap_or(octets);
    let mut text = String::from_utf8_lossy(octets).into_owned();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    text
}

/// As [`text`]; `None` when there is none.
pub(crate) fn some_text(octets: &[u8]) -> Option<String> {
    Some(text(octets)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_zero_and_at_the_limit() {
        assert_eq!(text(b"eth0\0rest"), "eth0");
        assert_eq!(text(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(some_text(b"\0"), None);
        let long = "é".repeat(600);
        assert_eq!(text(long.as_bytes()), "é".repeat(512));
        assert_eq!(text(format!("x{long}").as_bytes()).len(), 1023);
    }

    #[test]
    fn types_of_secrets_beyond_those_told_apart_are_counted_together() {
        let mut facts = Facts::default();
        (0..1_500).for_each(|kind| facts.secrets(&kind.to_string()));
        let summary = facts.summary();
        assert_eq!((summary.secrets.len(), summary.secrets[16].kind.as_str()), (17, OTHER_SECRETS));
        assert_eq!(summary.secrets.iter().map(|entry| entry.count).sum::<u64>(), 1_500);
    }

    #[test]
    fn time_digits_are_absent_when_interfaces_differ() {
        let mut facts = Facts::default();
        facts.interface(&Link::default(), Clock::MICROSECONDS, InterfaceSummary::default());
        assert_eq!(facts.summary().time_digits, Some(6));
        facts.interface(&Link::default(), Clock::NANOSECONDS, InterfaceSummary::default());
        facts.interface(&Link::default(), Clock::MICROSECONDS, InterfaceSummary::default());
        assert_eq!(facts.summary().time_digits, None);
    }
}
