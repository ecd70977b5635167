//! What a segment's sequence numbers say: Wireshark's `tcp.analysis` flags, by the conditions and the precedence that its User's Guide
//! gives (chapter "TCP Analysis"), version 4.0.
//!
//! Each direction keeps the few numbers that the conditions look at. Nothing here allocates.

use mcpcap_analyzer::decode::TcpFlags;

use super::number;

/// How long after the last duplicate acknowledgment a resent segment counts as its answer.
const FAST_RETRANSMISSION: u64 = 20_000_000;
/// How long after the highest segment an earlier one counts as out of order, when the round-trip time is not known.
const OUT_OF_ORDER: u64 = 3_000_000;

/// What can be said about a segment. The names are Wireshark's, as in `tcp.analysis.retransmission`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Flag {
    /// Sent again after a time-out, or for another reason than those below.
    Retransmission,
    /// Sent again at once, since duplicate acknowledgments asked for it.
    FastRetransmission,
    /// Sent again although it had been acknowledged.
    SpuriousRetransmission,
    /// Overtaken by a later segment.
    OutOfOrder,
    /// Bytes before it are not in the capture (Wireshark: previous segment not captured).
    LostSegment,
    /// It acknowledges bytes that are not in the capture (Wireshark: ACKed unseen segment).
    AckLostSegment,
    /// It repeats the last acknowledgment.
    DuplicateAck,
    /// It asks whether the other end is still there.
    KeepAlive,
    /// The answer to that.
    KeepAliveAck,
    /// The sender takes no more data.
    ZeroWindow,
    /// One byte, to learn whether a closed window is open again.
    ZeroWindowProbe,
    /// The answer to that: still closed.
    ZeroWindowProbeAck,
    /// The data reach to the end of the receiver's window.
    WindowFull,
    /// Nothing but another window.
    WindowUpdate,
    /// A connection begins between ends that had another one.
    ReusedPorts,
}

impl Flag {
    /// All, in the order of reports.
    pub const ALL: [Self; 15] = [
        Self::Retransmission,
        Self::FastRetransmission,
        Self::SpuriousRetransmission,
        Self::OutOfOrder,
        Self::LostSegment,
        Self::AckLostSegment,
        Self::DuplicateAck,
        Self::KeepAlive,
        Self::KeepAliveAck,
        Self::ZeroWindow,
        Self::ZeroWindowProbe,
        Self::ZeroWindowProbeAck,
        Self::WindowFull,
        Self::WindowUpdate,
        Self::ReusedPorts,
    ];

    /// The name behind `tcp.analysis.`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmission",
            Self::FastRetransmission => "fast_retransmission",
            Self::SpuriousRetransmission => "spurious_retransmission",
            Self::OutOfOrder => "out_of_order",
            Self::LostSegment => "lost_segment",
            Self::AckLostSegment => "ack_lost_segment",
            Self::DuplicateAck => "duplicate_ack",
            Self::KeepAlive => "keep_alive",
            Self::KeepAliveAck => "keep_alive_ack",
            Self::ZeroWindow => "zero_window",
            Self::ZeroWindowProbe => "zero_window_probe",
            Self::ZeroWindowProbeAck => "zero_window_probe_ack",
            Self::WindowFull => "window_full",
            Self::WindowUpdate => "window_update",
            Self::ReusedPorts => "reused_ports",
        }
    }
}

/// A set of [`Flag`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(u16);

impl Flags {
    /// Adds a flag.
    pub fn set(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u8;
    }

    /// Whether a flag is in it.
    pub fn has(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u8) != 0
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The flags in it, in the order of reports.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.has(*flag))
    }

    /// Whether the segment was sent again, for whatever reason.
    pub fn is_resent(self) -> bool {
        self.has(Flag::Retransmission) || self.has(Flag::FastRetransmission) || self.has(Flag::SpuriousRetransmission)
    }
}

/// What the analysis needs of a segment.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number, with ACK.
    pub acknowledgment: Option<u32>,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as it is in the header.
    pub window: u16,
    /// Bytes of payload on the wire.
    pub length: u32,
    /// Nanoseconds since 1970; 0 when the file gives no time.
    pub time: u64,
}

impl Segment {
    /// Bytes of sequence space that SYN or FIN take.
    fn control(&self) -> u32 {
        u32::from(self.flags.syn() || self.flags.fin())
    }

    /// Whether none of SYN, FIN and RST is set.
    fn is_ordinary(&self) -> bool {
        !(self.flags.syn() || self.flags.fin() || self.flags.rst())
    }
}

/// How windows of a direction are scaled (RFC 7323 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// The SYN was not captured.
    #[default]
    Unknown,
    /// One of the ends did not offer it.
    NotUsed,
    /// By so many bits.
    Shift(u8),
}

/// What one direction keeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direction {
    /// The number behind the highest byte.
    next: Option<u32>,
    next_time: u64,
    /// The number behind the highest byte that is there without a hole before it.
    acknowledgeable: Option<u32>,
    /// The last acknowledgment number that it sent, and when.
    acknowledged: Option<u32>,
    acknowledged_time: u64,
    duplicates: Duplicates,
    /// The window of its last segment, as it is in the header.
    window: Option<u16>,
    /// How its windows are scaled.
    pub scale: Scale,
    /// A SYN was seen, and no acknowledgment after it: windows are not scaled yet.
    unscaled: bool,
    last: Flags,
}

/// Duplicate acknowledgments in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duplicates {
    Count(u32),
    /// The other direction acknowledged what this one is not known to have sent.
    BeyondSeen,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl Direction {
    /// The number behind the highest byte.
    pub fn next(&self) -> Option<u32> {
        self.next
    }

    /// The window that is advertised now, in bytes, as far as its scale is known.
    fn scaled_window(&self) -> Option<u32> {
        let shift = match self.scale {
            Scale::Unknown => return None,
            Scale::Shift(shift) if !self.unscaled => shift,
            Scale::NotUsed | Scale::Shift(_) => 0,
        };
        Some(u32::from(self.window?) << shift.min(14))
    }
}

/// Both directions: the segment's own, and the other one. `round_trip` is the handshake's round-trip time, once it is known.
pub fn analyse(
    own: &mut Direction,
    other: &mut Direction,
    segment: &Segment,
    round_trip: Option<u64>,
    reused: bool,
) -> Flags {
    let mut found = Flags::default();
    if reused {
        found.set(Flag::ReusedPorts);
    }
    window_and_acknowledgment(own, other, segment, &mut found);
    if segment.acknowledgment != own.acknowledged {
        own.duplicates = Duplicates::Count(0);
    }
    acknowledged_unseen(other, segment, &mut found);
    if segment.length > 0 || segment.control() > 0 {
        resent(own, other, segment, round_trip, &mut found);
    }
    remember(own, segment, found);
    found
}

/// Flags about windows, probes and acknowledgments. The first answer to a probe that fits ends the search.
fn window_and_acknowledgment(own: &mut Direction, other: &Direction, segment: &Segment, found: &mut Flags) {
    let expected = own.next == Some(segment.sequence);
    if segment.length == 1 && expected && other.window == Some(0) {
        found.set(Flag::ZeroWindowProbe);
        return;
    }
    if segment.window == 0 && segment.is_ordinary() {
        found.set(Flag::ZeroWindow);
    }
    if own.next.is_some_and(|next| number::after(segment.sequence, next)) && !segment.flags.rst() {
        found.set(Flag::LostSegment);
    }
    if !segment.is_ordinary() {
        return;
    }
    if segment.length <= 1 && own.next == Some(segment.sequence.wrapping_add(1)) {
        found.set(Flag::KeepAlive);
    }
    let end = segment.sequence.wrapping_add(segment.length);
    let edge = other.acknowledged.zip(other.scaled_window()).map(|(from, window)| from.wrapping_add(window));
    if segment.length > 0 && edge == Some(end) {
        found.set(Flag::WindowFull);
    }
    if segment.length > 0 || !expected || segment.acknowledgment != own.acknowledged {
        return;
    }
    if Some(segment.window) != own.window {
        if segment.window != 0 {
            found.set(Flag::WindowUpdate);
        }
    } else if segment.window == 0 {
        if other.last.has(Flag::ZeroWindowProbe) {
            found.set(Flag::ZeroWindowProbeAck);
        }
    } else if other.last.has(Flag::KeepAlive) {
        found.set(Flag::KeepAliveAck);
    } else {
        own.duplicates = match own.duplicates {
            Duplicates::Count(count) => Duplicates::Count(count.saturating_add(1)),
            Duplicates::BeyondSeen => Duplicates::Count(1),
        };
        found.set(Flag::DuplicateAck);
    }
}

/// Whether the segment acknowledges what the other direction is not known to have sent. Told once for each hole.
fn acknowledged_unseen(other: &mut Direction, segment: &Segment, found: &mut Flags) {
    let Some((acknowledgment, known)) = segment.acknowledgment.zip(other.acknowledgeable) else { return };
    if !number::after(acknowledgment, known) {
        return;
    }
    match other.next {
        Some(next) if number::after(next, known) => {
            other.acknowledgeable = Some(next);
            found.set(Flag::AckLostSegment);
        }
        _ => {
            if other.duplicates == Duplicates::Count(0) {
                found.set(Flag::AckLostSegment);
            }
            other.duplicates = Duplicates::BeyondSeen;
        }
    }
}

/// Whether a segment with data, SYN or FIN was there before, or comes late.
fn resent(own: &Direction, other: &Direction, segment: &Segment, round_trip: Option<u64>, found: &mut Flags) {
    if found.has(Flag::KeepAlive) {
        return;
    }
    let end = segment.sequence.wrapping_add(segment.length);
    if segment.length > 0 && other.acknowledged.is_some_and(|known| !number::after(end, known)) {
        found.set(Flag::SpuriousRetransmission);
        return;
    }
    let Some(next) = own.next else { return };
    // The byte before may have been a probe of a closed window, which did not count.
    let behind_probe = segment.length > 1 && next.wrapping_sub(1) == segment.sequence;
    if !number::after(next, segment.sequence) || behind_probe {
        return;
    }
    let since = |time: u64| segment.time.checked_sub(time);
    let asked_for = matches!(other.duplicates, Duplicates::Count(2..)) && other.acknowledged == Some(segment.sequence);
    if asked_for && since(other.acknowledged_time).is_some_and(|time| time < FAST_RETRANSMISSION) {
        found.set(Flag::FastRetransmission);
        return;
    }
    let soon = since(own.next_time).is_some_and(|time| time < round_trip.unwrap_or(OUT_OF_ORDER));
    let ends_below = next != end.wrapping_add(segment.control());
    if soon && ends_below {
        found.set(Flag::OutOfOrder);
        return;
    }
    found.set(Flag::Retransmission);
}

fn remember(own: &mut Direction, segment: &Segment, found: Flags) {
    let end = segment.sequence.wrapping_add(segment.length);
    let next = end.wrapping_add(segment.control());
    // A reset that answers a SYN has the number 0 (RFC 9293 §3.5.2), which says nothing about the segments to come.
    let out_of_nothing = segment.flags.rst() && own.next.is_none();
    if !found.has(Flag::ZeroWindowProbe) && !out_of_nothing {
        if own.next.is_none_or(|known| number::after(next, known)) {
            own.next = Some(next);
            own.next_time = segment.time;
        }
        if own.acknowledgeable.is_none_or(|known| known == segment.sequence) {
            own.acknowledgeable = own.next;
        }
    }
    own.window = Some(segment.window);
    own.acknowledged = segment.acknowledgment;
    own.acknowledged_time = segment.time;
    own.last = found;
    if segment.flags.syn() {
        own.unscaled = true;
    } else if segment.flags.ack() {
        own.unscaled = false;
    }
}
