//! The order between both directions: what a segment acknowledges stands before its data.
//!
//! A segment's data waits until the data that it acknowledges was delivered or given up as a hole. Waiting ends: two segments that wait
//! for each other come out as they arrived, and nobody waits for long for an end of which nothing is in the capture.

use super::Event;
use super::half::{Half, Outlet};
use super::held::Piece;

/// Packets of the connection that a segment waits for data that it acknowledges and that its sender does not say it has sent.
const LATE: u64 = 16;

/// Packets of one end, without any of the other, after which no hole of it is waited for: nobody acknowledges in this capture.
/// Retransmissions come after a round trip, so this is more than [`LATE`].
const ALONE: u64 = 64;

/// Which of two directions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    A,
    B,
}

/// Delivers everything that waits for nothing.
pub(super) fn settle<F: FnMut(Event<'_>)>(a: &mut Half, b: &mut Half, out: &mut Outlet<'_, F>) {
    while let Some(which) = ready(a, b) {
        match which {
            Which::A => a.deliver_front(out),
            Which::B => b.deliver_front(out),
        }
    }
}

/// Whose first piece is to be delivered now.
fn ready(a: &Half, b: &Half) -> Option<Which> {
    match (a.front(), b.front()) {
        (None, None) => None,
        (Some(piece), None) => b.lacks(piece.acknowledgment).is_none().then_some(Which::A),
        (None, Some(piece)) => a.lacks(piece.acknowledgment).is_none().then_some(Which::B),
        (Some(of_a), Some(of_b)) => Some(first(a, of_a, b, of_b)),
    }
}

/// Which of two pieces is the first: the one that does not wait for the other, or the one that arrived earlier.
fn first(a: &Half, of_a: &Piece, b: &Half, of_b: &Piece) -> Which {
    let (a_waits, b_waits) = (b.lacks(of_a.acknowledgment).is_some(), a.lacks(of_b.acknowledgment).is_some());
    let a_first = if a_waits == b_waits { of_a.frame <= of_b.frame } else { b_waits };
    if a_first { Which::A } else { Which::B }
}

/// After a packet: delivers what may be delivered, and ends what has waited for too long.
pub(super) fn advance<F: FnMut(Event<'_>)>(a: &mut Half, b: &mut Half, packet: u64, out: &mut Outlet<'_, F>) {
    settle(a, b, out);
    while relieve(a, b, packet, out) || relieve(b, a, packet, out) {
        settle(a, b, out);
    }
}

/// Ends one wait of a direction that has become too long. Whether there was one.
fn relieve<F: FnMut(Event<'_>)>(half: &mut Half, other: &mut Half, packet: u64, out: &mut Outlet<'_, F>) -> bool {
    if let Some(end) = half.overdue(packet) {
        half.give_up(end, out);
        return true;
    }
    let Some((_, piece)) = half.held().first() else { return false };
    let (since, is_front) = (piece.packet, half.front().is_some());
    let waited = packet.saturating_sub(since);
    let is_alone = other.heard() < since;
    if is_front && waited >= LATE {
        if is_alone {
            other.set_absent();
        }
        half.deliver_front(out);
        return true;
    }
    if !is_front && is_alone && waited >= ALONE {
        half.skip_hole(out);
        return true;
    }
    false
}

/// Ends one wait of a direction that holds too much. Whether there was one.
pub(super) fn force<F: FnMut(Event<'_>)>(half: &mut Half, other: &mut Half, out: &mut Outlet<'_, F>) -> bool {
    if half.held().is_empty() {
        return false;
    }
    if half.front().is_some() {
        half.deliver_front(out);
    } else {
        half.skip_hole(out);
    }
    settle(half, other, out);
    true
}

/// Ends all waits. Holes are given up in the order of the connection.
pub(super) fn flush<F: FnMut(Event<'_>)>(a: &mut Half, b: &mut Half, out: &mut Outlet<'_, F>) {
    loop {
        settle(a, b, out);
        let which = match (a.held().first(), b.held().first()) {
            (None, None) => return,
            (Some(_), None) => Which::A,
            (None, Some(_)) => Which::B,
            (Some((_, of_a)), Some((_, of_b))) => first(a, of_a, b, of_b),
        };
        match which {
            Which::A => end_wait(a, b, out),
            Which::B => end_wait(b, a, out),
        }
    }
}

/// Gives the hole up that the first piece of a direction waits for: one of the other direction, or else the one before it.
fn end_wait<F: FnMut(Event<'_>)>(half: &mut Half, other: &mut Half, out: &mut Outlet<'_, F>) {
    let acknowledgment = half.held().first().and_then(|(_, piece)| piece.acknowledgment);
    let is_front = half.front().is_some();
    match other.lacks(acknowledgment) {
        Some(end) if is_front && other.may_be_fin(end) => half.deliver_front(out),
        // Where both wait for each other, the one that arrived earlier goes first.
        Some(end) if (is_front || other.held().is_empty()) && !other.may_be_fin(end) => other.give_up(end, out),
        _ => half.skip_hole(out),
    }
}
