//! Packets that were captured more than once: by a mirror port for both of its sides, by the interface `any`, on both sides of a
//! router or bridge.
//!
//! A copy has the addresses, identification, fragment offset, length and content of a packet a few milliseconds before it. Time to
//! live, type of service, checksums of IP, TCP and UDP (a sender's own capture has those that its network card completes) and
//! everything of the link layer may differ. A packet that a host sends again has another identification (RFC 6864 section 4), or
//! comes later. IPv6 and packets with identification 0 (RFC 6864 allows it with "don't fragment") have nothing to tell the two
//! apart, so more is asked of them; see [`Copies::take`].
//!
//! Copies of frames without IP, such as ARP, are not looked for: they have nothing that tells a copy from the same question asked again.
//!
//! Of packets that the snap length cut at different places, the length on the wire and what both have must be the same. The first
//! one counts, unless it was cut within the transport header, or it is a piece that a datagram can only be made of when it is whole.
//!
//! The digest is not a cryptographic one: who can make two packets with the same digest within [`WINDOW`] hides the second from
//! analysis, but not from the count of copies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::content::{Content, Sight};
use super::interfaces::{self, Interfaces};
use super::recent::{Place, Recent, Recents, WINDOW};
use super::{Layer, Packet, Stop, TcpFlags, Transport};
use crate::Frame;
use crate::digest::Digest;
use crate::finding::{Evidence, Frames};
use crate::stats::{Lists, Part, Window};

/// How long after a packet its copies come, in nanoseconds, when they have no identification and differ in nothing: a switch mirrors
/// within microseconds, and hosts repeat nothing of TCP before two milliseconds (RFC 8985 section 7.2).
const WINDOW_UNIDENTIFIED: u64 = 1_000_000;

/// How often a packet without identification, other than a bare acknowledgment, is captured at one place: at both sides of two
/// mirrored ports. Those that come beyond that within [`WINDOW_UNIDENTIFIED`] are a flood.
const AT_ONE_PLACE: u8 = 4;

/// Copies, and frames of the packet with most of them, that the report names.
const NAMED: usize = 10;

const FIRST: &str = "copies.first";
const OF_MOST: &str = "copies.frames_of_most";
/// The lists of [`CopyReport`] that are cut, where a tool's report has it as `copies`.
pub(crate) const CUT: [&str; 3] = [FIRST, OF_MOST, interfaces::LIST];

/// How much evidence of a mirror there is at the most, and how much lets bare acknowledgments pass for copies.
const MIRRORED_MOST: u8 = 16;
const MIRRORED_ENOUGH: u8 = 2;

/// Copies that differ from the packet in something besides their time. One copy may count in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CopyDifferences {
    /// Another interface.
    pub interface: u64,
    /// Other headers in front of IP: MAC addresses, VLAN tags, tunnels, direction.
    pub link_header: u64,
    /// Another time to live or hop limit: a router was between.
    pub hop_limit: u64,
    /// Cut elsewhere by the snap length.
    pub cut: u64,
    /// Nothing at all, as from a mirror port.
    pub nothing: u64,
}

/// A copy and what it is a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copy {
    /// Number of the frame that is left out.
    pub frame: u64,
    /// Number of the frame that has the packet first.
    pub copy_of: u64,
}

/// Packets that are in the capture more than once. Copies have the same addresses, IP identification (or, without one, transport
/// header), length and content, as far as both were captured, as a packet at most 5 ms before them. Checksums of TCP and UDP may differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(
    description = "Packets that were captured more than once, of which only the first is counted. Absent when there are none."
)]
pub struct CopyReport {
    /// Frames that are copies. They are left out of all other numbers. Copies of frames without IP, such as ARP, are not looked for.
    pub frames: u64,
    /// Packets that they are copies of.
    pub packets: u64,
    /// Whether there may be more copies: so many packets came within 5 ms that some were forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
    /// The most copies of one packet.
    pub most_of_one_packet: u64,
    /// The most copies of one packet that each had another time to live than the one before: many are a packet that goes round in a loop.
    pub most_by_hop_limit: u64,
    /// The first frames of that packet; none where no router was between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames_of_most: Vec<u64>,
    /// In what copies differ from their packets.
    pub differ_in: CopyDifferences,
    /// Interfaces that packets and copies came over, by name or number, in order of appearance, those beyond 65,536 in no order. Text from the capture.
    pub interfaces: Vec<String>,
    /// Interfaces in all, where there are more than 65,536: an estimate with a standard error of 0.8 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interfaces_total: Option<u64>,
    /// The first copies.
    pub first: Vec<Copy>,
    /// Copies and what they are copies of, rising: as many as a finding cites.
    #[serde(skip)]
    pub cited: Frames,
}

/// Remembers what came within the last milliseconds.
pub(super) struct Copies {
    recents: Recents,
    mirrored: u8,
    frames: u64,
    packets: u64,
    most: u32,
    most_hops: u32,
    /// The packet that has most of them.
    of_most: OfMost,
    differences: CopyDifferences,
    /// Those that packets and copies came over.
    interfaces: Interfaces,
    /// The copies that are asked for.
    part: Part,
    first: Vec<Copy>,
    evidence: Evidence,
}

/// What a copy is counted with.
struct Known {
    frame: u64,
    place: Place,
    copies: u32,
    hops: u32,
    /// Whether the copy was cut elsewhere.
    cut: bool,
}

impl Known {
    fn of(known: &Recent, content: &Content) -> Self {
        let Recent { frame, place, copies, hops, .. } = *known;
        Self { frame, place, copies, hops, cut: known.content.captured != content.captured }
    }
}

/// Frames of the packet with most copies by hop limit.
struct OfMost {
    /// Its first frame.
    packet: u64,
    total: usize,
    /// Those that are asked for.
    part: Part,
    frames: Vec<u64>,
}

impl OfMost {
    fn add(&mut self, frame: u64) {
        if (self.part.offset..self.part.end()).contains(&self.total) {
            self.frames.push(frame);
        }
        self.total = self.total.saturating_add(1);
    }
}

impl Copies {
    pub(super) fn new() -> Self {
        Self {
            recents: Recents::new(),
            mirrored: 0,
            frames: 0,
            packets: 0,
            most: 0,
            most_hops: 0,
            of_most: OfMost { packet: 0, total: 0, part: Part { offset: 0, limit: NAMED }, frames: Vec::new() },
            differences: CopyDifferences::default(),
            interfaces: Interfaces::new(&Lists::default()),
            part: Part { offset: 0, limit: NAMED },
            first: Vec::new(),
            evidence: Evidence::default(),
        }
    }

    /// Names the copies, and frames of the packet with most of them, that are asked for.
    pub(super) fn listing(&mut self, window: &Window) {
        let lists = Lists::new(window.clone());
        self.part = lists.part(FIRST, NAMED);
        self.of_most.part = lists.part(OF_MOST, NAMED);
        self.interfaces = Interfaces::new(&lists);
    }

    /// What was found; `None` when there is no copy.
    pub(super) fn report(&self, lists: &mut Lists) -> Option<CopyReport> {
        if self.frames == 0 {
            return None;
        }
        lists.told(FIRST, usize::try_from(self.frames).unwrap_or(usize::MAX), self.part);
        let interfaces = self.interfaces.list(lists);
        lists.told(OF_MOST, self.of_most.total, self.of_most.part);
        Some(CopyReport {
            frames: self.frames,
            packets: self.packets,
            at_least: self.recents.forgotten,
            most_of_one_packet: u64::from(self.most),
            most_by_hop_limit: u64::from(self.most_hops),
            frames_of_most: self.of_most.frames.clone(),
            differ_in: self.differences,
            interfaces,
            interfaces_total: self.interfaces.total(),
            first: self.first.clone(),
            cited: self.evidence.cited(),
        })
    }

    /// Takes a packet, or a fragment of one. Returns the frame that has it first, if this one is a copy.
    ///
    /// With an identification, or another interface, link header or hop limit, equal packets are copies. Without identification and
    /// at the same place they are when they come at once, up to the fourth; bare acknowledgments and resets, which hosts do repeat at
    /// once, are when the packets around them were copied too.
    ///
    /// `batch` has the bytes that the frame lies in, if they stay until [`Copies::settle`] is called.
    pub(super) fn take(
        &mut self,
        frame: &Frame<'_>,
        packet: &Packet<'_>,
        sight: &Sight<'_>,
        batch: Option<&[u8]>,
    ) -> Option<u64> {
        let time = frame.timestamp?;
        self.interfaces.named(frame);
        self.recents.go_on(time);
        let mut content = Content::of(sight);
        let place = Self::place(frame, packet, sight);
        let identified = sight.ip.source.is_ipv4() && sight.ip.identification != 0;
        let bare = sight.piece.is_none() && is_bare(packet);
        let mirrored = self.mirrored;
        let may_be = |known: &Recent| {
            let apart = time.abs_diff(known.time);
            let unidentified = || apart < WINDOW_UNIDENTIFIED && (!bare || mirrored >= MIRRORED_ENOUGH);
            apart <= WINDOW && (identified || known.place != place || unidentified())
        };
        if let Some(known) = self.recents.find(&mut content, sight, batch, may_be) {
            if !identified && known.place == place && !bare {
                known.repeated = known.repeated.saturating_add(1);
                if known.repeated >= AT_ONE_PLACE {
                    return None;
                }
            }
            known.copies = known.copies.saturating_add(1);
            let is_forwarded = known.hop_limit != place.hop_limit;
            if is_forwarded {
                // Each hop takes its own time.
                (known.hop_limit, known.time) = (place.hop_limit, time);
                known.hops = known.hops.saturating_add(1);
            }
            let known = Known::of(known, &content);
            if is_forwarded {
                self.recents.moved();
            }
            self.count(frame, &known, place, bare);
            return Some(known.frame);
        }
        if !bare {
            self.mirrored = self.mirrored.saturating_sub(1);
        }
        if matches!((&packet.transport, packet.stop), (Transport::None, Some(Stop::Cut))) {
            // Nothing but addresses can be read of it: one that is cut less counts.
            return None;
        }
        // The one that came first gives its place away.
        self.recents.add((frame.number, time), content, place, sight, batch);
        None
    }

    /// Says that the bytes of a batch go.
    pub(super) fn settle(&mut self, batch: &[u8]) {
        self.recents.settle(batch);
    }

    fn count(&mut self, frame: &Frame<'_>, known: &Known, place: Place, bare: bool) {
        self.frames = self.frames.saturating_add(1);
        self.packets = self.packets.saturating_add(u64::from(known.copies == 1));
        self.most = self.most.max(known.copies);
        if known.hops > self.most_hops {
            self.most_hops = known.hops;
            if self.of_most.packet != known.frame {
                let part = self.of_most.part;
                self.of_most = OfMost { packet: known.frame, total: 0, part, frames: Vec::new() };
                self.of_most.add(known.frame);
            }
            self.of_most.add(frame.number);
        }
        let count = |which: &mut u64, differs: bool| *which = which.saturating_add(u64::from(differs));
        let interface = (known.place.link_index, known.place.interface) != (place.link_index, place.interface);
        count(&mut self.differences.interface, interface);
        count(&mut self.differences.link_header, known.place.before != place.before && !interface);
        count(&mut self.differences.hop_limit, known.place.hop_limit != place.hop_limit);
        count(&mut self.differences.cut, known.cut);
        count(&mut self.differences.nothing, known.place == place && !known.cut);
        if known.place == place && !bare {
            self.mirrored = self.mirrored.saturating_add(2).min(MIRRORED_MOST);
        }
        for seen in [known.place, place] {
            self.interfaces.add((seen.link_index, seen.interface));
        }
        if known.copies == 1 {
            self.evidence.add(known.frame);
        }
        self.evidence.add(frame.number);
        let before = usize::try_from(self.frames).unwrap_or(usize::MAX).saturating_sub(1);
        if (self.part.offset..self.part.end()).contains(&before) {
            self.first.push(Copy { frame: frame.number, copy_of: known.frame });
        }
    }

    fn place(frame: &Frame<'_>, packet: &Packet<'_>, sight: &Sight<'_>) -> Place {
        let plain = matches!(
            packet.layers.first(),
            Some(Layer::Ethernet | Layer::LinuxCooked | Layer::LinuxCooked2 | Layer::Loopback | Layer::RawIp)
        );
        let mut before = Digest::default();
        if plain && packet.tunnels.is_empty() {
            before.bytes(sight.before);
        } else {
            // Radio headers and those of tunnels have numbers of their own that differ from packet to packet.
            packet.layers.iter().for_each(|layer| before.word(layer.code()));
        }
        let interface = match (packet.layers.first(), sight.before) {
            // Behind the protocol and a reserved field (LINKTYPE_LINUX_SLL2).
            (Some(Layer::LinuxCooked2), [_, _, _, _, a, b, c, d, ..]) => u32::from_be_bytes([*a, *b, *c, *d]),
            _ => 0,
        };
        Place { link_index: frame.link_index, interface, before: before.finish(), hop_limit: sight.ip.hop_limit }
    }
}

/// Whether it is a TCP segment without payload, SYN and FIN.
fn is_bare(packet: &Packet<'_>) -> bool {
    match &packet.transport {
        Transport::Tcp(tcp) => !tcp.flags.has(TcpFlags::SYN | TcpFlags::FIN) && packet.payload_length == 0,
        _ => false,
    }
}
