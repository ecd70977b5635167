//! One direction of a connection.

use std::collections::BTreeMap;

use super::{Event, Limits, Side, Statistics};
use crate::decode::Tcp;

/// How far a segment may be from where the stream is; windows are at most 2^30 (RFC 7323 2.3).
const PLAUSIBLE: i64 = 1 << 30;

/// Packets of the connection that a hole gets after it was acknowledged. Captures of several queues swap neighbouring packets, so the
/// acknowledgment may come before the segment.
const PATIENCE: u8 = 4;

/// A segment's part in the stream.
pub(super) struct Segment<'a> {
    /// Sequence number of the first octet of `bytes`.
    pub(super) sequence: u32,
    pub(super) bytes: &'a [u8],
    /// Octets behind `bytes` that the snap length cut off.
    pub(super) missing: u64,
    pub(super) fin: bool,
    pub(super) frame: u64,
    pub(super) timestamp: Option<u64>,
}

/// Octets that wait for a hole to fill.
struct Held {
    bytes: Vec<u8>,
    missing: u64,
    frame: u64,
    timestamp: Option<u64>,
    segment_start: bool,
}

/// One direction. Offsets count from the first octet of the stream and do not wrap.
#[derive(Default)]
pub(super) struct Half {
    /// Sequence number of offset 0; `None` before anything was seen.
    base: Option<u32>,
    /// Whether `base` comes from a SYN, or an acknowledgment of one.
    from_syn: bool,
    /// Offset of the next octet.
    next: u64,
    /// The highest offset that the other end acknowledged.
    acknowledged: u64,
    /// Packets since a hole was acknowledged.
    waited: u8,
    held: BTreeMap<u64, Held>,
    held_octets: usize,
    fin: Option<u64>,
}

impl Half {
    /// Octets that are held.
    pub(super) fn held(&self) -> usize {
        self.held_octets
    }

    /// Whether FIN and everything before it was seen.
    pub(super) fn is_finished(&self) -> bool {
        self.fin.is_some_and(|fin| self.next >= fin)
    }

    /// Whether a SYN with this sequence number begins another stream.
    pub(super) fn is_other_start(&self, sequence: u32) -> bool {
        self.base.is_some_and(|base| base != sequence.wrapping_add(1))
    }

    /// Learns where the stream begins from the direction's own packet, if that is not known.
    pub(super) fn start(&mut self, tcp: &Tcp) {
        if self.base.is_none() {
            self.from_syn = tcp.flags.syn();
            self.base = Some(tcp.sequence.wrapping_add(u32::from(tcp.flags.syn())));
        } else if tcp.flags.syn() && !self.from_syn && self.base == Some(tcp.sequence.wrapping_add(1)) {
            self.from_syn = true;
        }
    }

    /// Offset of a sequence number, near the place where the stream is.
    fn offset(&self, sequence: u32) -> Option<i64> {
        let here = self.base?.wrapping_add(self.next as u32);
        let distance = i64::from(sequence.wrapping_sub(here).cast_signed());
        if distance.abs() > PLAUSIBLE {
            return None;
        }
        i64::try_from(self.next).ok()?.checked_add(distance)
    }

    /// Learns what the other end has got. Where nothing was seen yet, the stream begins there.
    pub(super) fn acknowledge(&mut self, acknowledgment: u32) {
        if self.base.is_none() {
            self.base = Some(acknowledgment);
            return;
        }
        if let Some(offset) = self.offset(acknowledgment).and_then(|offset| u64::try_from(offset).ok()) {
            self.acknowledged = self.acknowledged.max(offset);
        }
    }

    pub(super) fn take(
        &mut self,
        segment: &Segment<'_>,
        side: Side,
        limits: &Limits,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        let length = (segment.bytes.len() as u64).saturating_add(segment.missing);
        if length == 0 && !segment.fin {
            return;
        }
        let Some(offset) = self.offset(segment.sequence) else {
            statistics.implausible = statistics.implausible.saturating_add(1);
            return;
        };
        let end = offset.saturating_add_unsigned(length);
        if segment.fin {
            self.fin = u64::try_from(end).ok().or(self.fin);
        }
        if length == 0 {
            return;
        }
        // What lies before the next octet has been delivered.
        let Ok(end) = u64::try_from(end) else {
            statistics.retransmitted = statistics.retransmitted.saturating_add(1);
            return;
        };
        if end <= self.next {
            statistics.retransmitted = statistics.retransmitted.saturating_add(1);
            return;
        }
        let skipped = i64::try_from(self.next).unwrap_or(i64::MAX).saturating_sub(offset).max(0).unsigned_abs();
        let start = offset.max(0).unsigned_abs().max(self.next);
        let known = usize::try_from(skipped).unwrap_or(usize::MAX).min(segment.bytes.len());
        let bytes = segment.bytes.get(known..).unwrap_or_default();
        let missing = end.saturating_sub(start).saturating_sub(bytes.len() as u64);
        if start > self.next {
            statistics.out_of_order = statistics.out_of_order.saturating_add(1);
            self.hold(start, bytes, missing, segment, statistics);
        } else if self.held.is_empty() {
            self.deliver(
                bytes,
                missing,
                skipped == 0,
                segment.frame,
                segment.frame,
                segment.timestamp,
                side,
                statistics,
                sink,
            );
        } else {
            // First arrival wins: only what is not held yet comes from this segment.
            self.hold(start, bytes, missing, segment, statistics);
            self.drain(segment.frame, side, statistics, sink);
        }
        while self.held_octets > limits.held && self.skip_hole(segment.frame, side, statistics, sink) {
            statistics.held_limit = statistics.held_limit.saturating_add(1);
        }
    }

    /// Keeps what is not held yet of a segment.
    fn hold(&mut self, start: u64, bytes: &[u8], missing: u64, segment: &Segment<'_>, statistics: &mut Statistics) {
        let end = start.saturating_add(bytes.len() as u64).saturating_add(missing);
        let (mut at, mut conflict, mut pieces) = (start, false, Vec::new());
        let before = self.held.range(..start).next_back();
        for (held_at, held) in before.into_iter().chain(self.held.range(start..end)) {
            let held_end = held_at.saturating_add(held.bytes.len() as u64).saturating_add(held.missing);
            if held_end <= at {
                continue;
            }
            conflict |= differs(*held_at, &held.bytes, start, bytes);
            if *held_at > at {
                pieces.push((at, *held_at));
            }
            at = at.max(held_end);
        }
        if at < end {
            pieces.push((at, end));
        }
        statistics.conflicting = statistics.conflicting.saturating_add(u64::from(conflict));
        if pieces.is_empty() {
            statistics.retransmitted = statistics.retransmitted.saturating_add(1);
        }
        for (from, to) in pieces {
            let slice = part(bytes, from.saturating_sub(start), to.saturating_sub(start));
            let missing = to.saturating_sub(from).saturating_sub(slice.len() as u64);
            self.held_octets = self.held_octets.saturating_add(slice.len());
            let held = Held {
                bytes: slice.to_vec(),
                missing,
                frame: segment.frame,
                timestamp: segment.timestamp,
                segment_start: from == start && bytes.len() == segment.bytes.len(),
            };
            self.held.insert(from, held);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one event, from two sources")]
    fn deliver(
        &mut self,
        bytes: &[u8],
        missing: u64,
        segment_start: bool,
        frame: u64,
        segment_frame: u64,
        timestamp: Option<u64>,
        side: Side,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        self.waited = 0;
        self.next = self.next.saturating_add(bytes.len() as u64);
        if !bytes.is_empty() {
            sink(Event::Data { from: side, bytes, frame, segment_frame, timestamp, segment_start });
        }
        if missing > 0 {
            self.gap(missing, frame, side, statistics, sink);
        }
    }

    fn gap(
        &mut self,
        missing: u64,
        frame: u64,
        side: Side,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        self.next = self.next.saturating_add(missing);
        self.waited = 0;
        statistics.gaps = statistics.gaps.saturating_add(1);
        statistics.missing_octets = statistics.missing_octets.saturating_add(missing);
        sink(Event::Gap { from: side, missing, frame });
    }

    /// Delivers what is held and has no hole before it.
    fn drain(&mut self, frame: u64, side: Side, statistics: &mut Statistics, sink: &mut impl FnMut(Event<'_>)) {
        while let Some(entry) = self.held.first_entry() {
            if *entry.key() > self.next {
                return;
            }
            let held = entry.remove();
            self.held_octets = self.held_octets.saturating_sub(held.bytes.len());
            self.deliver(
                &held.bytes,
                held.missing,
                held.segment_start,
                frame,
                held.frame,
                held.timestamp,
                side,
                statistics,
                sink,
            );
        }
    }

    /// Gives the first hole up and delivers what is behind it. Whether there was one.
    fn skip_hole(
        &mut self,
        frame: u64,
        side: Side,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) -> bool {
        let Some((first, _)) = self.held.first_key_value() else { return false };
        let missing = first.saturating_sub(self.next);
        if missing > 0 {
            self.gap(missing, frame, side, statistics, sink);
        }
        self.drain(frame, side, statistics, sink);
        true
    }

    /// Gives a hole up that the other end has acknowledged, so that it was on the wire and is not in the capture.
    pub(super) fn give_up_acknowledged(
        &mut self,
        frame: u64,
        side: Side,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        // A FIN takes a number of its own, which is no octet of the stream.
        let octets = self.fin.map_or(self.acknowledged, |fin| self.acknowledged.min(fin));
        if octets <= self.next {
            self.waited = 0;
            return;
        }
        self.waited = self.waited.saturating_add(1);
        if self.waited <= PATIENCE {
            return;
        }
        let hole_end = self.held.first_key_value().map_or(octets, |(first, _)| octets.min(*first));
        self.gap(hole_end.saturating_sub(self.next), frame, side, statistics, sink);
        self.drain(frame, side, statistics, sink);
    }

    /// Gives all holes up.
    pub(super) fn flush(
        &mut self,
        frame: u64,
        side: Side,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(Event<'_>),
    ) {
        while self.skip_hole(frame, side, statistics, sink) {}
    }
}

/// Whether two pieces of the stream say different things about the octets that both have.
fn differs(a_at: u64, a: &[u8], b_at: u64, b: &[u8]) -> bool {
    let from = a_at.max(b_at);
    let to = a_at.saturating_add(a.len() as u64).min(b_at.saturating_add(b.len() as u64));
    from < to
        && part(a, from.saturating_sub(a_at), to.saturating_sub(a_at))
            != part(b, from.saturating_sub(b_at), to.saturating_sub(b_at))
}

/// `bytes[from..to]`, as far as it is there.
fn part(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(index(from)..index(to)).unwrap_or_default()
}
