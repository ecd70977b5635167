//! Classic pcap (draft-ietf-opsawg-pcap): one header, then records.
//!
//! The magic number alone says how records are laid out. Wireshark also guesses at layouts that some systems wrote in the
//! 1990s under the standard magic number (Red Hat 6.1, Nokia, AIX), and by that makes up packets in damaged files. That is
//! not done here.

use crate::facts::Facts;
use crate::fields::{Fields, Order};
use crate::summary::InterfaceSummary;
use crate::time::Clock;
use crate::types::{Frame, Index, Link, MAX_BLOCK, MAX_PACKET, Problem};
use crate::window::{Stop, Window};

/// Octets of the file header.
const HEADER: usize = 24;
/// Octets of a record header.
const RECORD: usize = 16;
/// Octets of a record header in the modified format: interface, protocol, packet type and padding follow.
const MODIFIED_RECORD: usize = 24;

/// How records are to be read.
#[derive(Debug)]
pub(crate) struct Classic {
    order: Order,
    record_header: usize,
    nanoseconds_per_tick: u64,
    lengths: Lengths,
    max_packet: u32,
}

/// The order of a record's two lengths. Captured comes before original since version 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    /// Version 2.3 was written both ways; the captured one is the smaller.
    SmallerIsCaptured,
}

/// The longest packet of a link type: Wireshark's limits (`wtap_max_snaplen_for_encap`), within [`MAX_BLOCK`].
pub(crate) fn max_packet(link_type: u16) -> u32 {
    match link_type {
        // USBPcap, D-Bus, Elektrobit High Speed Capture and Replay
        249 | 231 | 279 => MAX_BLOCK.saturating_sub(64),
        _ => MAX_PACKET,
    }
}

impl Classic {
    /// Reads the file header. `Ok(Err(_))` asks for more octets; an error means that no record can be read.
    pub(crate) fn open(
        order: Order,
        nanoseconds: bool,
        modified: bool,
        window: &mut Window,
        facts: &mut Facts,
    ) -> Result<Result<(Self, Link), Stop>, Problem> {
        let wanted = Stop::Wanted { octets: HEADER, what: "file header" };
        let Some(header) = window.rest().first_chunk::<HEADER>() else { return Ok(Err(wanted)) };
        let mut fields = Fields::new(header, order);
        let (Some(_magic), Some(major), Some(minor), Some(_zone_and_accuracy), Some(snap_length), Some(network)) =
            (fields.u32(), fields.u16(), fields.u16(), fields.take(8), fields.u32(), fields.u32())
        else {
            return Ok(Err(wanted));
        };
        if major < 2 {
            let reason = format!("pcap version {major}.{minor} is not supported, only 2.0 and later");
            return Err(Problem::Input { offset: 4, reason });
        }
        // Link type: low 16 bits; then 10 bits reserved; "f" says that the top 4 bits are the FCS length, in 16-bit units.
        if network & 0x03ff_0000 != 0 {
            let reason = format!("reserved bits of the link type field are set (0x{network:08x})");
            return Err(Problem::Input { offset: 20, reason });
        }
        let link = Link {
            link_type: network as u16,
            fcs_length: (network & 0x0400_0000 != 0)
                .then(|| ((network >> 28) as u8).saturating_mul(2))
                .filter(|octets| *octets <= 8),
            snap_length,
            ..Link::default()
        };
        let clock = if nanoseconds { Clock::NANOSECONDS } else { Clock::MICROSECONDS };
        let format = if modified { "modified pcap" } else { "pcap" };
        facts.pcap(format, order.name(), format!("{major}.{minor}"), snap_length);
        facts.interface(&link, clock, InterfaceSummary::default());
        window.advance(HEADER);
        let classic = Self {
            order,
            record_header: if modified { MODIFIED_RECORD } else { RECORD },
            nanoseconds_per_tick: if nanoseconds { 1 } else { 1_000 },
            lengths: match (major, minor) {
                // 543.0 is what DG/UX wrote.
                (2, 0..=2) | (543, _) => Lengths::OriginalFirst,
                (2, 3) => Lengths::SmallerIsCaptured,
                _ => Lengths::CapturedFirst,
            },
            max_packet: max_packet(link.link_type),
        };
        Ok(Ok((classic, link)))
    }

    /// Finds the records of the window. This is the hot path: no allocation but the columns.
    pub(crate) fn index(&self, window: &mut Window, frames: &mut Index, facts: &mut Facts) -> Stop {
        loop {
            let rest = window.rest();
            let mut fields = Fields::new(rest, self.order);
            let (Some(seconds), Some(fraction), Some(first), Some(second)) =
                (fields.u32(), fields.u32(), fields.u32(), fields.u32())
            else {
                return Stop::Wanted { octets: self.record_header, what: "packet record header" };
            };
            let (captured, original) = match self.lengths {
                Lengths::CapturedFirst => (first, second),
                Lengths::OriginalFirst => (second, first),
                Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
            };
            // Before anything is waited for: a length like this one never comes.
            if captured > self.max_packet {
                let limit = self.max_packet;
                return Stop::damaged(format!("this packet has {captured} bytes, more than the {limit} there can be"));
            }
            let record = self.record_header.saturating_add(captured as usize);
            if rest.len() < record {
                return Stop::Wanted { octets: record, what: "packet record" };
            }
            // A fraction of a second and more is added as it is, as Wireshark does. 64 bits hold any sum.
            let timestamp = u64::from(seconds)
                .saturating_mul(1_000_000_000)
                .saturating_add(u64::from(fraction).saturating_mul(self.nanoseconds_per_tick));
            let offset = window.at().saturating_add(self.record_header as u32);
            frames.push(Frame { timestamp, offset, captured, original, link: 0, flags: 0 });
            facts.frame(0, timestamp);
            window.advance(record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{File, Row, read, refused};
    use crate::types::BreakKind::{CutShort, Damaged};

    const MICRO: u32 = 0xa1b2_c3d4;
    const NANO: u32 = 0xa1b2_3c4d;
    const MODIFIED: u32 = 0xa1b2_cd34;

    fn little() -> File {
        File::pcap(MICRO, Order::Little, 1)
    }

    #[test]
    fn both_byte_orders_and_resolutions() {
        for order in [Order::Little, Order::Big] {
            for (magic, nanoseconds, digits) in [(MICRO, 1_123_456_000, 6), (NANO, 1_000_123_456, 9)] {
                let outcome = read(&File::pcap(magic, order, 101).record(1, 123_456, b"packet").octets);
                let row = Row { timestamp: nanoseconds, offset: 40, captured: 6, original: 6, link: 0, flags: 0 };
                assert_eq!(outcome.frames, [row]);
                assert_eq!((outcome.links[0].link_type, outcome.links[0].snap_length), (101, 65_535));
                let summary = outcome.summary;
                assert_eq!((summary.format, summary.byte_order), (Some("pcap"), Some(order.name())));
                assert_eq!((summary.time_digits, summary.snap_length), (Some(digits), Some(65_535)));
                assert_eq!((summary.version.as_deref(), summary.frames), (Some("2.4"), 1));
                assert_eq!(summary.interfaces[0].frames, 1);
                assert_eq!(outcome.end, None);
            }
        }
    }

    #[test]
    fn the_modified_format_has_longer_record_headers() {
        for order in [Order::Little, Order::Big] {
            let record = |file: File| file.u32(1).u32(2).u32(3).u32(60).u32(7).u16(0x800).raw(&[0, 0]).raw(b"abc");
            let outcome = read(&record(record(File::pcap(MODIFIED, order, 1))).octets);
            let row = Row { timestamp: 1_000_002_000, offset: 48, captured: 3, original: 60, link: 0, flags: 0 };
            assert_eq!(outcome.frames, [row, Row { offset: 75, ..row }]);
            assert_eq!(outcome.summary.format, Some("modified pcap"));
        }
    }

    #[test]
    fn a_header_alone_is_a_capture_without_frames() {
        let outcome = read(&little().octets);
        assert_eq!((outcome.frames.len(), outcome.links.len(), outcome.end), (0, 1, None));
    }

    #[test]
    fn fcs_bits_are_taken_off_the_link_type() {
        let link = |network| read(&File::pcap(MICRO, Order::Little, network).octets).links.remove(0);
        assert_eq!((link(0x2400_0001).link_type, link(0x2400_0001).fcs_length), (1, Some(4)));
        assert_eq!(link(0x0400_0001).fcs_length, Some(0));
        assert_eq!(link(0x2000_0093).fcs_length, None);
        assert_eq!(link(0xf400_0001).fcs_length, None);
    }

    #[test]
    fn the_captured_length_came_second_before_version_2_3() {
        let lengths = |major, minor, first, second| {
            let file = File::pcap_version(MICRO, Order::Little, 1, major, minor);
            let outcome = read(&file.u32(0).u32(0).u32(first).u32(second).raw(b"abc").octets);
            (outcome.frames[0].captured, outcome.frames[0].original)
        };
        assert_eq!(lengths(2, 4, 3, 60), (3, 60));
        assert_eq!(lengths(2, 2, 60, 3), (3, 60));
        assert_eq!(lengths(543, 0, 60, 3), (3, 60));
        assert_eq!(lengths(2, 3, 60, 3), (3, 60));
        assert_eq!(lengths(2, 3, 3, 60), (3, 60));
        // A captured length above the original one, or above the snap length, is taken as it is.
        assert_eq!(lengths(2, 4, 3, 1), (3, 1));
    }

    #[test]
    fn a_fraction_above_a_second_is_added() {
        let outcome = read(&little().record(10, 2_500_000, b"").record(u32::MAX, u32::MAX, b"").octets);
        assert_eq!(outcome.times(), [12_500_000_000, 4_294_967_295_000_000_000 + 4_294_967_295_000]);
    }

    #[test]
    fn times_may_go_back() {
        let outcome = read(&little().record(10, 0, b"a").record(0, 0, b"b").record(5, 0, b"c").octets);
        assert_eq!(outcome.times(), [10_000_000_000, 0, 5_000_000_000]);
    }

    #[test]
    fn a_capture_cut_short_gives_the_frames_before_and_the_place() {
        let whole = little().record(1, 0, b"first").record(2, 0, b"second").octets;
        let cut = |octets: usize| read(&whole[..octets]);
        assert_eq!(cut(45).end, None);
        for (octets, reason) in [
            (54, "the file ends after 9 of the 16 bytes of this packet record header"),
            (61, "the file ends after 16 of the 22 bytes of this packet record"),
            (66, "the file ends after 21 of the 22 bytes of this packet record"),
        ] {
            let outcome = cut(octets);
            assert_eq!(outcome.frames.len(), 1);
            assert_eq!(outcome.broken(), (CutShort, 45, reason));
        }
        let header = cut(15);
        assert_eq!(header.broken(), (CutShort, 0, "the file ends after 15 of the 24 bytes of this file header"));
        assert_eq!(header.links.len(), 0);
    }

    #[test]
    fn a_length_that_cannot_be_is_damage_and_nothing_behind_it_is_read() {
        let huge = little().record(1, 0, b"x").u32(2).u32(0).u32(0x7fff_ffff).u32(0x7fff_ffff).record(3, 0, b"y");
        let outcome = read(&huge.octets);
        assert_eq!(outcome.frames.len(), 1);
        let reason = "this packet has 2147483647 bytes, more than the 262144 there can be";
        assert_eq!(outcome.broken(), (Damaged, 41, reason));
        let most = vec![0; 262_144];
        assert_eq!(read(&little().record(1, 0, &most).octets).end, None);
        assert_eq!(read(&little().record(1, 0, &vec![0; 262_145]).octets).broken().0, Damaged);
        // USBPcap, D-Bus and EBHSCR have larger ones.
        for network in [249, 231, 279] {
            assert_eq!(read(&File::pcap(MICRO, Order::Big, network).record(1, 0, &[0; 262_145]).octets).end, None);
        }
    }

    #[test]
    fn headers_that_cannot_be_read() {
        let version =
            |major, minor| File::pcap_version(MICRO, Order::Little, 1, major, minor).record(1, 0, b"x").octets;
        let problem = refused(&version(1, 4));
        assert_eq!(problem.to_string(), "at offset 4: pcap version 1.4 is not supported, only 2.0 and later");
        assert_eq!(read(&version(3, 0)).frames.len(), 1);
        let problem = refused(&File::pcap(MICRO, Order::Little, 0x0001_0001).octets);
        assert!(matches!(problem, Problem::Input { offset: 20, .. }));
    }
}
