//! Collects the summary. Whatever the file holds, this stays small: lists and texts have limits, the rest is counted.

use crate::summary::{
    BlockCounts, CommentSummary, InterfaceSummary, PlacedText, SecretsCount, SectionSummary, Statistics, Summary,
};
use crate::time::Clock;
use crate::types::{Link, NO_TIME};

/// The longest list of sections, interfaces, statistics or texts.
pub(crate) const MAX_LISTED: usize = 1_000;
/// The longest text, in octets.
pub(crate) const MAX_TEXT: usize = 1_024;
/// The most types of secrets that are told apart.
const MAX_SECRET_TYPES: usize = 16;
/// The name under which those beyond are counted.
const OTHER_SECRETS: &str = "other";

/// The summary in the making.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    summary: Summary,
    texts: usize,
    statistics: usize,
    digits_differ: bool,
}

/// The kind of block that a comment is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Section,
    Interface,
    Statistics,
}

fn count(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

impl Facts {
    /// What is known so far.
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        if self.digits_differ {
            summary.time_digits = None;
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
        if self.summary.sections.len() < MAX_LISTED {
            self.summary.sections.push(section);
        } else {
            count(&mut self.summary.sections_left_out);
        }
    }

    /// Adds an interface.
    pub(crate) fn interface(&mut self, link: &Link, clock: Clock, mut interface: InterfaceSummary) {
        let first = self.summary.interfaces.is_empty();
        if first {
            self.summary.time_digits = Some(clock.digits);
        }
        self.digits_differ |= self.summary.time_digits != Some(clock.digits);
        if self.summary.interfaces.len() >= MAX_LISTED {
            count(&mut self.summary.interfaces_left_out);
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
        if let Some(interface) = self.summary.interfaces.get_mut(link as usize) {
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

    /// Adds statistics to the interface of a link.
    pub(crate) fn statistics(&mut self, link: u32, statistics: Statistics) {
        match self.summary.interfaces.get_mut(link as usize) {
            Some(interface) if self.statistics < MAX_LISTED => {
                self.statistics = self.statistics.saturating_add(1);
                interface.statistics.push(statistics);
            }
            _ => count(&mut self.summary.statistics_left_out),
        }
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

    /// Counts a comment that stands with its block; gives its text back unless there are too many.
    pub(crate) fn comment(&mut self, place: Place, octets: &[u8]) -> Option<String> {
        let counter = match place {
            Place::Section => &mut self.comments().section,
            Place::Interface => &mut self.comments().interface,
            Place::Statistics => &mut self.comments().statistics,
        };
        count(counter);
        self.admit_text().then(|| text(octets))
    }

    /// Counts a comment on a packet (with its frame number) or on another block, and keeps its text.
    pub(crate) fn placed_comment(&mut self, place: &'static str, frame: Option<u64>, octets: &[u8]) {
        count(if frame.is_some() { &mut self.comments().packet } else { &mut self.comments().other });
        if self.admit_text() {
            self.comments().texts.push(PlacedText { place, frame, text: text(octets) });
        }
    }

    fn admit_text(&mut self) -> bool {
        if self.texts < MAX_LISTED {
            self.texts = self.texts.saturating_add(1);
            return true;
        }
        count(&mut self.comments().texts_left_out);
        false
    }
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
    fn lists_are_bounded_and_the_rest_is_counted() {
        let mut facts = Facts::default();
        for id in 0..1_500 {
            let link = Link { interface_id: id, ..Link::default() };
            facts.interface(&link, Clock::MICROSECONDS, InterfaceSummary::default());
            facts.section(SectionSummary::default());
            facts.statistics(0, Statistics::default());
            facts.placed_comment("packet", Some(1), b"x");
            facts.secrets(&id.to_string());
        }
        assert_eq!(facts.comment(Place::Section, b"x"), None);
        let summary = facts.summary();
        assert_eq!((summary.interfaces.len(), summary.interfaces_left_out), (1_000, 500));
        assert_eq!((summary.sections.len(), summary.sections_left_out), (1_000, 500));
        assert_eq!((summary.interfaces[0].statistics.len(), summary.statistics_left_out), (1_000, 500));
        let comments = summary.comments.unwrap();
        assert_eq!(
            (comments.packet, comments.section, comments.texts.len(), comments.texts_left_out),
            (1_500, 1, 1_000, 501)
        );
        assert_eq!(summary.secrets.len(), 17);
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
