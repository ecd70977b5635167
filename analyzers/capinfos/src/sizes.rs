//! How long packets are, on the wire and in the file.

use mcpcap_analyzer::stats::{Lists, Quantiles};
use mcpcap_analyzer::{Frame, JsonSchema, is_default, schemars};
use serde::Serialize;

use crate::lists::{self, Frames};
use crate::summary::Summary;
use mcpcap_analyzer::numbers::percent;

/// The least size of each class, in bytes: the classes of Wireshark's "Packet Lengths".
const CLASSES: [u32; 10] = [0, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120];

/// What is kept about sizes, in bytes. A packet's size is its original length, unless said otherwise.
#[derive(Default)]
pub struct Sizes {
    /// Packets.
    pub packets: u64,
    /// Sum of all sizes.
    pub original: u64,
    /// Sum of what was stored.
    pub captured: u64,
    /// Median and percentiles.
    pub quantiles: Quantiles,
    /// Packets of which not all was stored.
    pub cut: Frames,
    cut_captured: Option<(u32, u32)>,
    classes: [Class; CLASSES.len()],
}

#[derive(Clone, Copy, Default)]
struct Class {
    packets: u64,
    octets: u64,
}

impl Sizes {
    /// No packets yet.
    pub fn new(lists: &Lists) -> Self {
        Self { cut: Frames::new(lists::CUT, lists), ..Self::default() }
    }

    /// Takes a packet's sizes.
    pub fn add(&mut self, frame: &Frame<'_>) {
        // The host gives frames with 32-bit lengths.
        let captured = u32::try_from(frame.data.len()).unwrap_or(u32::MAX);
        let original = frame.original;
        self.packets = self.packets.saturating_add(1);
        self.original = self.original.saturating_add(original.into());
        self.captured = self.captured.saturating_add(captured.into());
        self.quantiles.add(original.into());
        let class = CLASSES.partition_point(|least| *least <= original).saturating_sub(1);
        if let Some(class) = self.classes.get_mut(class) {
            class.packets = class.packets.saturating_add(1);
            class.octets = class.octets.saturating_add(original.into());
        }
        if captured < original {
            self.cut.add(frame.number);
            let (least, most) = self.cut_captured.unwrap_or((captured, captured));
            self.cut_captured = Some((least.min(captured), most.max(captured)));
        }
    }

    /// What the file says about its snap length, and what its packets show of it.
    pub fn snap_length(&self, summary: &Summary, lists: &mut Lists) -> SnapLength {
        SnapLength {
            given: given(summary).filter(|octets| *octets > 0),
            inferred_min: self.cut_captured.map(|(least, _)| least),
            inferred_max: self.cut_captured.map(|(_, most)| most),
            packets_cut: self.cut.total(),
            first_frames_cut: self.cut.list(lists::CUT, lists),
            bytes_missing: self.original.saturating_sub(self.captured),
        }
    }

    /// The packets by size, without classes that have none.
    pub fn distribution(&self) -> Vec<SizeClass> {
        let ends = CLASSES.iter().skip(1).map(|next| Some(next.saturating_sub(1))).chain([None]);
        CLASSES
            .iter()
            .zip(ends)
            .zip(&self.classes)
            .filter(|(_, class)| class.packets > 0)
            .map(|((from, to), class)| SizeClass {
                from: *from,
                to,
                packets: class.packets,
                percent: percent(class.packets, self.packets),
                bytes: class.octets,
            })
            .collect()
    }
}

/// The header's snap length, or the one that all interfaces have; `None` where there are more than the reader lists.
fn given(summary: &Summary) -> Option<u32> {
    if summary.snap_length.is_some() || summary.interfaces_total() > summary.interfaces.len() as u64 {
        return summary.snap_length;
    }
    let first = summary.interfaces.first()?.snap_length;
    summary.interfaces.iter().all(|interface| interface.snap_length == first).then_some(first)
}

/// The most bytes of a packet that were to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapLength {
    /// What the file says, in bytes: its header (pcap), or all interfaces alike (pcapng). Absent when nothing is said, when
    /// interfaces differ (they are listed), and when there are more than 1,000 of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<u32>,
    /// The least that was stored of a packet that was cut, in bytes. Absent when none was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_min: Option<u32>,
    /// The most that was stored of a packet that was cut, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_max: Option<u32>,
    /// Packets that were cut: less was stored than was on the wire.
    #[serde(skip_serializing_if = "is_default")]
    pub packets_cut: u64,
    /// Their numbers.
    #[serde(skip_serializing_if = "is_default")]
    pub first_frames_cut: Vec<u64>,
    /// Bytes that were on the wire and not stored.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_missing: u64,
}

/// Packets of a range of sizes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SizeClass {
    /// Least size, in bytes.
    pub from: u32,
    /// Largest size, in bytes; absent in the last class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// Packets.
    pub packets: u64,
    /// Their share of all packets, in percent.
    pub percent: f64,
    /// Sum of their sizes, in bytes.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Interface;
    use mcpcap_analyzer::Link;

    fn sizes(lengths: &[(usize, u32)]) -> Sizes {
        let mut sizes = Sizes::default();
        let octets = [0; 6000];
        for (number, (captured, original)) in (1..).zip(lengths) {
            sizes.add(&Frame {
                number,
                timestamp: None,
                original: *original,
                data: &octets[..*captured],
                link: &Link::default(),
                link_index: 0,
                flags: 0,
                offset: 0,
            });
        }
        sizes
    }

    #[test]
    fn classes_are_those_of_wireshark() {
        let found = sizes(&[
            (0, 0),
            (19, 19),
            (20, 20),
            (1279, 1279),
            (1280, 1280),
            (5119, 5119),
            (5120, 5120),
            (60, u32::MAX),
        ]);
        let counts: Vec<_> = found.distribution().iter().map(|class| (class.from, class.to, class.packets)).collect();
        assert_eq!(
            counts,
            [
                (0, Some(19), 2),
                (20, Some(39), 1),
                (640, Some(1279), 1),
                (1280, Some(2559), 1),
                (2560, Some(5119), 1),
                (5120, None, 2)
            ]
        );
    }

    #[test]
    fn the_snap_length_is_inferred_from_packets_that_were_cut() {
        let found = sizes(&[(60, 60), (96, 1500), (128, 200), (300, 200)]);
        let snap = found.snap_length(&Summary::default(), &mut Lists::default());
        assert_eq!((snap.inferred_min, snap.inferred_max), (Some(96), Some(128)));
        assert_eq!((snap.packets_cut, snap.first_frames_cut, snap.given), (2, vec![2, 3], None));
        assert_eq!((found.original, found.captured), (1960, 584));
    }

    #[test]
    fn the_given_snap_length_is_the_headers_or_that_of_all_interfaces() {
        let with = |lengths: &[u32]| Summary {
            interfaces: lengths.iter().map(|l| Interface { snap_length: *l, ..Interface::default() }).collect(),
            ..Summary::default()
        };
        let given = |summary| Sizes::default().snap_length(&summary, &mut Lists::default()).given;
        assert_eq!(given(Summary { snap_length: Some(65_535), ..Summary::default() }), Some(65_535));
        assert_eq!((given(with(&[96, 96])), given(with(&[96, 0])), given(with(&[0, 0]))), (Some(96), None, None));
        assert_eq!(
            given(Summary {
                pages: vec![mcpcap_analyzer::stats::PageInfo::new("interfaces", 3, 0, 2)],
                ..with(&[96, 96])
            }),
            None
        );
    }
}
