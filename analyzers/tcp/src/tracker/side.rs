//! What one end of a connection sent.

use std::hash::BuildHasher;

use mcpcap_analyzer::decode::{Packet, Tcp};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stream::Endpoint;
use smallvec::SmallVec;

use super::coverage::Coverage;
use super::number;
use super::options::{self, Offer};
use super::sequence::{Direction, Flag, Flags};
use crate::limits;

/// One end, and what it sent.
pub struct Sender {
    /// Its address and port.
    pub endpoint: Endpoint,
    /// For the sequence analysis.
    pub direction: Direction,
    /// Segments.
    pub packets: u64,
    /// Octets of their frames on the wire.
    pub bytes: u64,
    /// Octets of payload, repeated ones again.
    pub payload: u64,
    /// Octets of payload, each once.
    pub new_payload: u64,
    /// Segments with payload.
    pub data_packets: u64,
    /// Segments with SYN and without ACK.
    pub syn: u64,
    /// Segments with SYN and ACK.
    pub syn_ack: u64,
    /// Segments with ACK.
    pub ack: u64,
    /// Segments with FIN.
    pub fin: u64,
    /// Segments with RST.
    pub rst: u64,
    /// Segments, other than RST, whose window field is 0.
    pub zero_windows: u64,
    /// Segments by [`Flag`], in the order of [`Flag::ALL`].
    pub flagged: [u32; Flag::ALL.len()],
    /// Frames of segments that were sent again.
    pub resent_frames: Evidence,
    /// Frames of segments that say that its window is closed.
    pub closed_frames: Evidence,
    /// Selective acknowledgments.
    pub sacks: u64,
    /// What its SYN or SYN-ACK offered.
    pub offer: Option<Offer>,
    /// The smallest and the largest window it advertised after the handshake, in octets as far as the scale is known.
    pub window: Option<(u32, u32)>,
    /// How long its window was closed.
    pub closed_window: ClosedWindow,
    /// Times of the first and the last segment with payload, in nanoseconds since 1970.
    pub data_times: Option<(u64, u64)>,
    /// The hop limit of its first segment other than RST, and how often it was another one.
    pub hop_limit: Option<u8>,
    /// Segments, other than RST, with another hop limit than the first one.
    pub other_hop_limits: u64,
    /// Frame and hop limit of its first RST.
    pub reset: Option<(u64, u8)>,
    /// Segments other than RST after its first RST.
    pub after_reset: u64,
    /// Frame and time of its first FIN.
    pub finished: Option<u64>,
    /// Segments that came again with other octets: frames of both.
    pub conflicts: SmallVec<[(u64, u64); 1]>,
    /// Times from a segment with data to its acknowledgment.
    pub round_trips: RoundTrips,
    coverage: Coverage,
    outstanding: SmallVec<[(u32, u64); 2]>,
    contents: SmallVec<[Content; 1]>,
}

/// What is remembered of a segment's content.
#[derive(Debug, Clone, Copy)]
struct Content {
    sequence: u32,
    length: u32,
    hash: u64,
    frame: u64,
}

/// How long a window was closed, in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClosedWindow {
    /// How often it closed.
    pub times: u64,
    /// In all.
    pub total: u64,
    /// The longest time.
    pub longest: u64,
    since: Option<u64>,
}

impl ClosedWindow {
    fn take(&mut self, closed: bool, time: u64) {
        match (closed, self.since) {
            (true, None) => {
                self.times = self.times.saturating_add(1);
                self.since = Some(time);
            }
            (false, Some(since)) => {
                let lasted = time.saturating_sub(since);
                self.total = self.total.saturating_add(lasted);
                self.longest = self.longest.max(lasted);
                self.since = None;
            }
            _ => {}
        }
    }

    /// Ends a time that is still running.
    pub fn finish(&mut self, time: u64) {
        self.take(false, time);
    }
}

/// Round-trip times in nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct RoundTrips {
    /// How many were measured.
    pub count: u64,
    /// The shortest.
    pub min: u64,
    /// The longest.
    pub max: u64,
    sum: u64,
}

impl RoundTrips {
    fn add(&mut self, lasted: u64) {
        self.min = if self.count == 0 { lasted } else { self.min.min(lasted) };
        self.max = self.max.max(lasted);
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.saturating_add(lasted);
    }

    /// The mean; `None` when nothing was measured.
    pub fn mean(&self) -> Option<u64> {
        self.sum.checked_div(self.count)
    }
}

impl Sender {
    /// Nothing sent yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            direction: Direction::default(),
            packets: 0,
            bytes: 0,
            payload: 0,
            new_payload: 0,
            data_packets: 0,
            syn: 0,
            syn_ack: 0,
            ack: 0,
            fin: 0,
            rst: 0,
            zero_windows: 0,
            flagged: [0; Flag::ALL.len()],
            resent_frames: Evidence::default(),
            closed_frames: Evidence::default(),
            sacks: 0,
            offer: None,
            window: None,
            closed_window: ClosedWindow::default(),
            data_times: None,
            hop_limit: None,
            other_hop_limits: 0,
            reset: None,
            after_reset: 0,
            finished: None,
            conflicts: SmallVec::new(),
            round_trips: RoundTrips::default(),
            coverage: Coverage::default(),
            outstanding: SmallVec::new(),
            contents: SmallVec::new(),
        }
    }

    /// Octets that are not in the capture, between others that are.
    pub fn missing(&self) -> u64 {
        self.coverage.missing()
    }

    /// How often a flag was found.
    pub fn count(&self, flag: Flag) -> u64 {
        self.flagged.get(flag as usize).copied().unwrap_or_default().into()
    }

    /// Segments that were sent again, for whatever reason.
    pub fn resent(&self) -> u64 {
        self.count(Flag::Retransmission)
            .saturating_add(self.count(Flag::FastRetransmission))
            .saturating_add(self.count(Flag::SpuriousRetransmission))
    }

    /// Counts a segment. `length` is that of the payload on the wire, `wire` that of the frame.
    pub fn take(&mut self, packet: &Packet<'_>, tcp: &Tcp, found: Flags, length: u32, wire: u32, time: u64) {
        let flags = tcp.flags;
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(wire.into());
        self.payload = self.payload.saturating_add(length.into());
        for (count, is) in [
            (&mut self.data_packets, length > 0),
            (&mut self.syn, flags.syn() && !flags.ack()),
            (&mut self.syn_ack, flags.syn() && flags.ack()),
            (&mut self.ack, flags.ack()),
            (&mut self.fin, flags.fin()),
            (&mut self.rst, flags.rst()),
            (&mut self.zero_windows, tcp.window == 0 && !flags.rst()),
        ] {
            *count = count.saturating_add(is.into());
        }
        for flag in found.iter() {
            if let Some(count) = self.flagged.get_mut(flag as usize) {
                *count = count.saturating_add(1);
            }
        }
        if found.is_resent() {
            self.resent_frames.add(packet.frame);
        }
        if found.has(Flag::ZeroWindow) {
            self.closed_frames.add(packet.frame);
        }
        if options::sack_blocks(&tcp.options) > 0 {
            self.sacks = self.sacks.saturating_add(1);
        }
        let hop_limit = packet.ip.map_or(0, |ip| ip.hop_limit);
        if flags.rst() {
            self.reset.get_or_insert((packet.frame, hop_limit));
        } else {
            if *self.hop_limit.get_or_insert(hop_limit) != hop_limit {
                self.other_hop_limits = self.other_hop_limits.saturating_add(1);
            }
            if self.reset.is_some() && !flags.syn() {
                self.after_reset = self.after_reset.saturating_add(1);
            }
        }
        if flags.syn() {
            self.offer.get_or_insert_with(|| options::offer(&tcp.options));
            self.coverage.begin(tcp.sequence.wrapping_add(1));
        }
        if flags.fin() {
            self.finished.get_or_insert(packet.frame);
        }
        if !flags.syn() {
            // Behind FIN and RST nothing is to come, so that a window says nothing.
            self.closed_window.take(tcp.window == 0 && !flags.rst() && !flags.fin(), time);
        }
        if length > 0 && !flags.rst() {
            self.data(packet, tcp, found, length, time);
        }
    }

    /// Notes the window of a segment in octets, once the scale is known.
    pub fn note_window(&mut self, octets: u32) {
        let (smallest, largest) = self.window.unwrap_or((octets, octets));
        self.window = Some((smallest.min(octets), largest.max(octets)));
    }

    fn data(&mut self, packet: &Packet<'_>, tcp: &Tcp, found: Flags, length: u32, time: u64) {
        let sequence = tcp.sequence.wrapping_add(u32::from(tcp.flags.syn()));
        self.data_times = Some((self.data_times.map_or(time, |(first, _)| first), time));
        if found.has(Flag::KeepAlive) || found.has(Flag::ZeroWindowProbe) {
            return;
        }
        let new = self.coverage.add(sequence, length);
        self.new_payload = self.new_payload.saturating_add(new.into());
        if found.is_resent() || found.has(Flag::OutOfOrder) {
            // Which transmission an acknowledgment answers is not known (Karn and Partridge 1987).
            let end = sequence.wrapping_add(length);
            self.outstanding.retain(|(waiting, _)| number::after(*waiting, end));
        } else {
            if self.outstanding.len() >= limits::OUTSTANDING {
                self.outstanding.remove(0);
            }
            self.outstanding.push((sequence.wrapping_add(length), time));
        }
        if !packet.is_cut() {
            self.compare(packet, sequence, length);
        }
    }

    /// Compares a segment with an earlier one of the same place and length.
    fn compare(&mut self, packet: &Packet<'_>, sequence: u32, length: u32) {
        let hash = foldhash::fast::FixedState::default().hash_one(packet.payload.as_ref());
        let same = self.contents.iter().find(|known| known.sequence == sequence && known.length == length);
        match same {
            Some(known) if known.hash != hash => {
                if self.conflicts.len() < limits::CONFLICTS {
                    self.conflicts.push((known.frame, packet.frame));
                }
            }
            Some(_) => {}
            None => {
                if self.contents.len() >= limits::CONTENTS {
                    self.contents.remove(0);
                }
                self.contents.push(Content { sequence, length, hash, frame: packet.frame });
            }
        }
    }

    /// Takes an acknowledgment that the other end sent.
    pub fn acknowledge(&mut self, acknowledgment: u32, time: u64) {
        let mut newest = None;
        self.outstanding.retain(|(end, sent)| {
            let done = !number::after(*end, acknowledgment);
            if done {
                newest = Some(*sent);
            }
            !done
        });
        // One acknowledgment answers the newest of the segments it covers; the others waited for it.
        if let Some(lasted) = newest.and_then(|sent| time.checked_sub(sent)) {
            self.round_trips.add(lasted);
        }
    }
}
