//! One direction of a connection.

use super::held::{Held, Piece};
use super::{Event, Side, Statistics};
use crate::decode::Tcp;

/// How far a segment may be from where the stream is; windows are at most 2^30 (RFC 7323 2.3).
const PLAUSIBLE: i64 = 1 << 30;

/// How far an acknowledgment may be ahead of all that is known of the direction. Few receivers take in more than this at once; what
/// forged segments acknowledge is farther away as a rule.
const STEP: u64 = 1 << 24;

/// Packets of the connection that a hole gets once both ends have shown that its bytes were on the wire: the receiver by acknowledging
/// them, the sender by going on behind them. Captures of several queues swap neighbouring packets.
const PATIENCE: u64 = 4;

/// Earlier attempts whose numbers are remembered.
const EARLIER: usize = 4;

/// Where streams begin that an end tried to open before, or that the other end says it did, the last one first.
pub(super) type Starts = [Option<u32>; EARLIER];

/// A segment's part in the stream.
pub(super) struct Segment<'a> {
    /// Sequence number of the first of `bytes`.
    pub(super) sequence: u32,
    pub(super) bytes: &'a [u8],
    /// Bytes behind `bytes` that are not in the capture.
    pub(super) missing: u64,
    /// The snap length cut its frame.
    pub(super) is_cut: bool,
    pub(super) fin: bool,
    /// What it acknowledges of the other direction.
    pub(super) acknowledgment: Option<u32>,
    pub(super) frame: u64,
    pub(super) timestamp: Option<u64>,
    /// The place of its packet in the connection, from 1.
    pub(super) packet: u64,
}

/// What of a stream is delivered at once.
struct Part<'a> {
    bytes: &'a [u8],
    /// Bytes behind `bytes` that are not in the capture.
    missing: u64,
    segment_start: bool,
    frame: u64,
    timestamp: Option<u64>,
    is_cut: bool,
}

/// Where events go.
pub(super) struct Outlet<'a, F> {
    /// The frame that is looked at.
    pub(super) frame: u64,
    pub(super) statistics: &'a mut Statistics,
    pub(super) sink: F,
}

/// One direction. Offsets count from the first byte of the stream and do not wrap.
pub(super) struct Half {
    side: Side,
    /// Sequence number of offset 0; `None` before anything was seen.
    base: Option<u32>,
    /// Whether `base` comes from a SYN.
    from_syn: bool,
    /// Where it begins if this end goes on with a SYN before the last one, which the other end answered instead.
    earlier: Starts,
    /// Offset of the next byte to deliver.
    next: u64,
    /// Where the first hole is: `next`, or the end of what is held from there on and waits for the other direction.
    whole: u64,
    held: Held,
    /// The highest offset that the other end acknowledged.
    acknowledged: u64,
    /// The highest offset at which one of its own packets stood.
    reached: u64,
    /// Up to this offset, both ends have shown that the bytes were on the wire; and the packet that showed it.
    confirmed: (u64, u64),
    /// The last holes that were given up: where each began and ended.
    given_up: [(u64, u64); 2],
    fin: Option<u64>,
    /// The frame of the FIN, until it was told.
    fin_frame: Option<u64>,
    /// The last packet from this end.
    heard: u64,
    /// Whether nothing comes from this end: it is not waited for.
    absent: bool,
}

impl Half {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            base: None,
            from_syn: false,
            earlier: Starts::default(),
            next: 0,
            whole: 0,
            held: Held::default(),
            acknowledged: 0,
            reached: 0,
            confirmed: (0, 0),
            given_up: [(0, 0); 2],
            fin: None,
            fin_frame: None,
            heard: 0,
            absent: true,
        }
    }

    pub(super) fn held(&self) -> &Held {
        &self.held
    }

    /// Whether FIN and everything before it was delivered.
    pub(super) fn is_finished(&self) -> bool {
        self.fin.is_some_and(|fin| self.next >= fin)
    }

    /// Where the streams begin that this end tried to open and has sent nothing of.
    pub(super) fn starts(&self) -> Starts {
        let [first, second, third, _] = self.earlier;
        let is_attempt = self.from_syn && self.next == 0 && self.held.is_empty();
        if is_attempt { [self.base, first, second, third] } else { Starts::default() }
    }

    pub(super) fn set_earlier(&mut self, starts: Starts) {
        self.earlier = starts;
    }

    /// Takes what a SYN-ACK acknowledges. It may be forged: the stream begins there only if this end sends from there.
    pub(super) fn answered(&mut self, acknowledgment: u32) {
        let first = Some(acknowledgment);
        if self.from_syn && self.base != first && !self.earlier.contains(&first) {
            self.earlier.rotate_right(1);
            if let Some(start) = self.earlier.first_mut() {
                *start = first;
            }
        }
    }

    /// Whether anything is known of it.
    pub(super) fn is_known(&self) -> bool {
        self.base.is_some()
    }

    /// Whether a SYN with this sequence number begins another stream.
    pub(super) fn is_other_start(&self, sequence: u32) -> bool {
        self.base.is_some_and(|base| base != sequence.wrapping_add(1))
    }

    /// Whether data at a sequence number cannot belong to the stream that FIN has ended.
    pub(super) fn is_behind_fin(&self, sequence: u32) -> bool {
        let offset = self.offset(sequence);
        self.fin.is_some_and(|fin| offset.is_none_or(|offset| u64::try_from(offset).is_ok_and(|offset| offset > fin)))
    }

    /// Counts a segment of a connection that has ended.
    pub(super) fn count_closed(&self, tcp: &Tcp, length: usize, statistics: &mut Statistics) {
        if length == 0 || tcp.flags.rst() {
            return;
        }
        let sequence = tcp.sequence.wrapping_add(u32::from(tcp.flags.syn()));
        let end = self.offset(sequence).map(|offset| offset.saturating_add_unsigned(length as u64));
        let known = end.is_some_and(|end| u64::try_from(end).unwrap_or_default() <= self.next);
        add(if known { &mut statistics.retransmitted } else { &mut statistics.implausible });
    }

    /// The last packet that came from this end.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// Not to be waited for until a packet comes from this end.
    pub(super) fn set_absent(&mut self) {
        self.absent = true;
    }

    /// Takes note of a packet from this end: it is there, where its stream begins if that is not known, and how far it has come.
    pub(super) fn hear(&mut self, tcp: &Tcp, has_data: bool, packet: u64) {
        (self.heard, self.absent) = (packet, false);
        // Forged resets have made up numbers.
        if tcp.flags.rst() {
            return;
        }
        let first = tcp.sequence.wrapping_add(u32::from(tcp.flags.syn()));
        match self.base {
            None => (self.base, self.from_syn) = (Some(first), tcp.flags.syn()),
            Some(base) if tcp.flags.syn() => self.from_syn |= base == first,
            Some(base) => self.begin_elsewhere(base, first, has_data),
        }
        if let Some(offset) = self.offset(first) {
            self.reached = self.reached.max(u64::try_from(offset).unwrap_or_default());
        }
    }

    /// Where a stream begins is guessed while nothing was delivered of it. Guessed from an acknowledgment, it begins with its first data,
    /// which may stand later in the file; guessed from a keep-alive, one byte later (RFC 9293 3.8.4).
    fn begin_elsewhere(&mut self, base: u32, first: u32, has_data: bool) {
        if self.next > 0 || !self.held.is_empty() {
            return;
        }
        if let Some(start) = self.earlier.iter_mut().find(|start| **start == Some(first)) {
            (*start, self.base) = (self.base, Some(first));
            (self.acknowledged, self.reached, self.confirmed) = (0, 0, (0, 0));
            (self.fin, self.fin_frame) = (None, None);
        }
        if self.from_syn {
            return;
        }
        let later = i64::from(first.wrapping_sub(base).cast_signed());
        if later != 1 && (!has_data || !(-PLAUSIBLE..=-2).contains(&later)) {
            return;
        }
        let moved = |offset: u64| offset.saturating_add_signed(later.saturating_neg());
        self.base = Some(first);
        self.acknowledged = moved(self.acknowledged);
        self.reached = moved(self.reached);
        self.fin = self.fin.map(moved);
        self.confirmed = (0, 0);
    }

    /// How far a sequence number is ahead of the next byte to deliver.
    fn ahead(&self, sequence: u32) -> Option<i64> {
        let here = self.base?.wrapping_add(self.next as u32);
        let distance = i64::from(sequence.wrapping_sub(here).cast_signed());
        (distance.abs() <= PLAUSIBLE).then_some(distance)
    }

    /// Offset of a sequence number, near the place where the stream is.
    fn offset(&self, sequence: u32) -> Option<i64> {
        i64::try_from(self.next).ok()?.checked_add(self.ahead(sequence)?)
    }

    /// Learns what the other end has got. Where nothing was seen yet, the stream begins there.
    pub(super) fn acknowledge(&mut self, acknowledgment: u32) {
        if self.base.is_none() {
            self.base = Some(acknowledgment);
            return;
        }
        let Some(offset) = self.offset(acknowledgment).and_then(|offset| u64::try_from(offset).ok()) else { return };
        let known = self.next.max(self.acknowledged).max(self.reached);
        if offset <= known.saturating_add(STEP) {
            self.acknowledged = self.acknowledged.max(offset);
        }
    }

    /// An offset that was learned from a packet, without the number that FIN takes and that is no byte of the stream.
    fn before_fin(&self, offset: u64) -> u64 {
        self.fin.map_or(offset, |fin| offset.min(fin))
    }

    /// Up to where this direction has to be delivered before a segment of the other one that acknowledges so much; `None` if that has
    /// been done, or is not waited for.
    pub(super) fn lacks(&self, acknowledgment: Option<u32>) -> Option<u64> {
        if self.absent {
            return None;
        }
        let ahead = u64::try_from(self.ahead(acknowledgment?)?).ok()?;
        let end = self.before_fin(self.next.saturating_add(ahead).min(self.acknowledged));
        (end > self.next).then_some(end)
    }

    /// The first piece that waits, if only the other direction keeps it from being delivered.
    pub(super) fn front(&self) -> Option<&Piece> {
        self.held.first().filter(|(at, _)| *at <= self.next).map(|(_, piece)| piece)
    }

    /// Takes a segment: delivers it, or holds it behind a hole or behind `other`.
    pub(super) fn take<F: FnMut(Event<'_>)>(&mut self, segment: &Segment<'_>, other: &Self, out: &mut Outlet<'_, F>) {
        let length = (segment.bytes.len() as u64).saturating_add(segment.missing);
        if length == 0 && !segment.fin {
            return;
        }
        let Some(offset) = self.offset(segment.sequence) else {
            add(&mut out.statistics.implausible);
            return;
        };
        let end = offset.saturating_add_unsigned(length);
        // What stands before the next byte is old, or made up.
        if let Some(end) = u64::try_from(end).ok().filter(|end| segment.fin && *end >= self.next) {
            let is_first = self.fin.is_none();
            (self.fin, self.fin_frame) = (Some(end), self.fin_frame.or(is_first.then_some(segment.frame)));
            self.tell_fin(out);
        }
        if length == 0 {
            return;
        }
        // What lies before the next byte has been delivered.
        let Some(end) = u64::try_from(end).ok().filter(|end| *end > self.next) else {
            let filled = |(from, to): &(u64, u64)| {
                i64::try_from(*to).is_ok_and(|to| offset < to) && end > i64::try_from(*from).unwrap_or(i64::MAX)
            };
            let is_late = self.given_up.iter().any(filled);
            add(if is_late { &mut out.statistics.late } else { &mut out.statistics.retransmitted });
            return;
        };
        let skipped = i64::try_from(self.next).unwrap_or(i64::MAX).saturating_sub(offset).max(0).unsigned_abs();
        let start = offset.max(0).unsigned_abs().max(self.next);
        let known = usize::try_from(skipped).unwrap_or(usize::MAX).min(segment.bytes.len());
        let bytes = segment.bytes.get(known..).unwrap_or_default();
        let missing = end.saturating_sub(start).saturating_sub(bytes.len() as u64);
        if start > self.whole {
            add(&mut out.statistics.out_of_order);
        } else if end > self.whole {
            // The stream goes on, so what is missing may as well come.
            self.confirmed.1 = segment.packet;
        }
        if start == self.next && self.held.is_empty() && other.lacks(segment.acknowledgment).is_none() {
            let Segment { frame, timestamp, is_cut, .. } = *segment;
            self.deliver(&Part { bytes, missing, segment_start: skipped == 0, frame, timestamp, is_cut }, out);
            return;
        }
        let fit = self.held.insert(start, bytes, missing, segment);
        out.statistics.retransmitted = out.statistics.retransmitted.saturating_add(u64::from(fit.known));
        out.statistics.conflicting = out.statistics.conflicting.saturating_add(u64::from(fit.conflicts));
        self.whole = self.held.end_of_run(self.whole);
        if fit.conflicts {
            let (position, length, frame) = (start, end.saturating_sub(start), segment.frame);
            (out.sink)(Event::Conflict { from: self.side, position, length, frame });
        }
    }

    fn deliver<F: FnMut(Event<'_>)>(&mut self, part: &Part<'_>, out: &mut Outlet<'_, F>) {
        let Part { bytes, missing, segment_start, frame, timestamp, is_cut } = *part;
        let position = self.next;
        self.next = position.saturating_add(bytes.len() as u64);
        if !bytes.is_empty() {
            (out.sink)(Event::Data { from: self.side, bytes, position, frame, timestamp, segment_start });
        }
        self.gap(self.next.saturating_add(missing), (frame, is_cut), out);
    }

    /// Delivers the first piece.
    pub(super) fn deliver_front<F: FnMut(Event<'_>)>(&mut self, out: &mut Outlet<'_, F>) {
        if self.front().is_some()
            && let Some(piece) = self.held.pop()
        {
            let Piece { ref bytes, missing, segment_start, frame, timestamp, is_cut, .. } = piece;
            self.deliver(&Part { bytes, missing, segment_start, frame, timestamp, is_cut }, out);
        }
    }

    /// Gives up what is not there before an offset, or before the first piece.
    pub(super) fn give_up<F: FnMut(Event<'_>)>(&mut self, to: u64, out: &mut Outlet<'_, F>) {
        let (from, to) = (self.next, self.held.first().map_or(to, |(first, _)| to.min(first)));
        self.gap(to, (out.frame, false), out);
        self.given_up = [(from, to), self.given_up[0]];
        self.whole = self.held.end_of_run(self.whole);
    }

    /// Gives the hole before the first piece up.
    pub(super) fn skip_hole<F: FnMut(Event<'_>)>(&mut self, out: &mut Outlet<'_, F>) {
        if let Some((first, _)) = self.held.first() {
            self.give_up(first, out);
        }
    }

    /// Tells that what is before an offset is not there. `shown`: which frame shows it, and whether it is the one that the snap length cut.
    fn gap<F: FnMut(Event<'_>)>(&mut self, to: u64, shown: (u64, bool), out: &mut Outlet<'_, F>) {
        let (position, missing) = (self.next, to.saturating_sub(self.next));
        self.next = position.saturating_add(missing);
        self.whole = self.whole.max(self.next);
        if missing > 0 {
            add(&mut out.statistics.gaps);
            out.statistics.missing_octets = out.statistics.missing_octets.saturating_add(missing);
            let (frame, is_cut) = shown;
            (out.sink)(Event::Gap { from: self.side, missing, position, frame, is_cut });
        }
        self.tell_fin(out);
    }

    /// Tells the FIN once everything before was given. Where the stream begins is guessed until it is known from SYN or data was given.
    fn tell_fin<F: FnMut(Event<'_>)>(&mut self, out: &mut Outlet<'_, F>) {
        if (self.from_syn || self.next > 0) && self.is_finished() {
            self.tell_fin_now(out);
        }
    }

    fn tell_fin_now<F: FnMut(Event<'_>)>(&mut self, out: &mut Outlet<'_, F>) {
        if let Some(frame) = self.fin_frame.take() {
            (out.sink)(Event::Fin { from: self.side, position: self.next, frame });
        }
    }

    /// Up to where holes are to be given up now, because both ends have shown [`PATIENCE`] packets ago that the bytes were on the wire.
    pub(super) fn overdue(&mut self, packet: u64) -> Option<u64> {
        let (end, since) = self.confirmed;
        if end > self.whole {
            let is_over = self.whole == self.next && packet.saturating_sub(since) >= PATIENCE && !self.may_be_fin(end);
            return is_over.then_some(end);
        }
        let confirmed = self.before_fin(self.acknowledged.min(self.reached));
        if confirmed > self.whole {
            self.confirmed = (confirmed, packet);
        }
        None
    }

    /// Nothing more comes: what was acknowledged and is not there is a gap.
    pub(super) fn end<F: FnMut(Event<'_>)>(&mut self, out: &mut Outlet<'_, F>) {
        let end = self.before_fin(self.acknowledged);
        if !self.may_be_fin(end) {
            self.gap(end, (out.frame, false), out);
        }
        if self.is_finished() {
            self.tell_fin_now(out);
        }
    }

    /// Whether what is missing up to an offset may be the number of a FIN that is not in the capture, instead of a byte.
    pub(super) fn may_be_fin(&self, end: u64) -> bool {
        self.fin.is_none() && self.held.is_empty() && end <= self.next.saturating_add(1)
    }
}

fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}
