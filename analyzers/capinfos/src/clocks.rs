//! Whether the interfaces of a capture have the same clock.

use crate::times::Stamp;

/// Interfaces that are compared.
pub const COMPARED: usize = 64;
/// Distance in time that interfaces whose packets alternate in the file do not have, in nanoseconds.
pub const APART: u64 = 60_000_000_000;

/// The times of each interface's packets.
#[derive(Debug, Default)]
pub struct Clocks {
    links: Vec<Option<Span>>,
}

/// The packets of an interface, in time and in the file.
#[derive(Debug, Clone, Copy)]
struct Span {
    earliest: Stamp,
    latest: Stamp,
    first_frame: u64,
    last_frame: u64,
}

/// Two interfaces whose packets alternate in the file, and are far from each other in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// The earlier one's last packet.
    pub before: Stamp,
    /// The later one's first packet.
    pub after: Stamp,
    /// The time between them, in nanoseconds.
    pub nanoseconds: u64,
}

impl Clocks {
    /// Takes a packet's time.
    pub fn add(&mut self, stamp: Stamp) {
        let at = stamp.link as usize;
        if at >= COMPARED {
            return;
        }
        if self.links.len() <= at {
            self.links.resize(at.saturating_add(1), None);
        }
        let Some(link) = self.links.get_mut(at) else { return };
        let new = Span { earliest: stamp, latest: stamp, first_frame: stamp.frame, last_frame: stamp.frame };
        let span = link.get_or_insert(new);
        span.last_frame = stamp.frame;
        if stamp.nanoseconds < span.earliest.nanoseconds {
            span.earliest = stamp;
        }
        if stamp.nanoseconds > span.latest.nanoseconds {
            span.latest = stamp;
        }
    }

    /// The two interfaces that are farthest apart, of those whose packets alternate in the file; and how many such pairs there are.
    pub fn apart(&self) -> Option<(Apart, u64)> {
        let spans: Vec<&Span> = self.links.iter().flatten().collect();
        let mut farthest: Option<Apart> = None;
        let mut pairs = 0_u64;
        for (nth, one) in spans.iter().enumerate() {
            for other in spans.iter().skip(nth.saturating_add(1)) {
                let alternate = one.first_frame < other.last_frame && other.first_frame < one.last_frame;
                let (before, after) =
                    if one.earliest.nanoseconds <= other.earliest.nanoseconds { (one, other) } else { (other, one) };
                let nanoseconds = after.earliest.nanoseconds.saturating_sub(before.latest.nanoseconds);
                if !alternate || nanoseconds < APART {
                    continue;
                }
                pairs = pairs.saturating_add(1);
                if farthest.is_none_or(|far| nanoseconds > far.nanoseconds) {
                    farthest = Some(Apart { before: before.latest, after: after.earliest, nanoseconds });
                }
            }
        }
        farthest.map(|farthest| (farthest, pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apart(packets: &[(u32, u64)]) -> Option<(u64, u64, u64)> {
        let mut clocks = Clocks::default();
        for (frame, (link, seconds)) in (1..).zip(packets) {
            clocks.add(Stamp { frame, nanoseconds: seconds * 1_000_000_000, link: *link });
        }
        clocks.apart().map(|(apart, pairs)| (apart.before.frame, apart.after.frame, pairs))
    }

    #[test]
    fn interfaces_that_alternate_far_apart_are_told() {
        assert_eq!(apart(&[(0, 0), (1, 1_000), (0, 1), (1, 1_001)]), Some((3, 2, 1)));
        assert_eq!(apart(&[(0, 0), (1, 61), (0, 1), (1, 62)]), Some((3, 2, 1)));
    }

    #[test]
    fn interfaces_one_behind_the_other_or_close_are_not() {
        assert_eq!(apart(&[(0, 0), (0, 1), (1, 1_000), (1, 1_001)]), None);
        assert_eq!(apart(&[(0, 0), (1, 59), (0, 1), (1, 60)]), None);
        assert_eq!(apart(&[(0, 0), (1, 1_000), (0, 2_000), (1, 3_000)]), None);
    }

    #[test]
    fn a_million_interfaces_take_no_more_room_than_those_compared() {
        let mut clocks = Clocks::default();
        (0..1_000_000).for_each(|link| clocks.add(Stamp { frame: u64::from(link), nanoseconds: 0, link }));
        assert_eq!(clocks.links.len(), COMPARED);
    }
}
