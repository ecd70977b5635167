//! Whether two hosts are heard in one VLAN or in several, of which each may hold hosts of its own with the same addresses.

use std::net::IpAddr;

use smallvec::SmallVec;

use crate::decode::Packet;
use crate::stats::BoundedMap;

/// The VLAN ids around a message, outermost first, as one number; 0 is untagged. Of more than four tags the inner ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vlans(u64);

impl Vlans {
    /// Those of a packet.
    pub fn of(packet: &Packet<'_>) -> Self {
        Self::from_ids(packet.vlans())
    }

    /// Those with these ids, outermost first.
    pub fn from_ids(ids: impl IntoIterator<Item = u16>) -> Self {
        // Thirteen bits for each: VLAN 0 (priority only) is a tag as well.
        Self(ids.into_iter().fold(0, |all, id| all.wrapping_shl(13) | u64::from(id | 0x1000)))
    }
}

/// In which VLANs a host asked another one, and in which it was answered.
///
/// Mirrored traffic may bear a tag for each direction, so that a request and its response in different VLANs belong together; but where both directions
/// are heard in each of two VLANs, there are two pairs of hosts.
#[derive(Debug, Clone, Default)]
pub struct Directions(SmallVec<[(Vlans, bool, bool); 1]>);

impl Directions {
    /// VLANs of which the directions are kept.
    const KEPT: usize = 16;

    /// Takes note of a request or a response.
    pub fn note(&mut self, vlans: Vlans, is_request: bool) {
        let is_full = self.0.len() >= Self::KEPT;
        match self.0.iter_mut().find(|(known, ..)| *known == vlans) {
            Some((_, asked, answered)) => {
                *asked |= is_request;
                *answered |= !is_request;
            }
            None if !is_full => self.0.push((vlans, is_request, !is_request)),
            None => {}
        }
    }

    /// Whether two VLANs hold hosts of their own: in both of them, requests and responses were heard.
    pub fn are_separate(&self, one: Vlans, other: Vlans) -> bool {
        let both_ways = |vlans| self.0.iter().any(|(known, asked, answered)| *known == vlans && *asked && *answered);
        one != other && both_ways(one) && both_ways(other)
    }
}

/// [`Directions`] of many pairs of hosts: who asks, and who is asked. Pairs that make room are known anew when they come again.
pub struct Pairs {
    pairs: BoundedMap<(IpAddr, IpAddr), Directions>,
    /// Whether a tag was seen. Without any there is nothing to keep apart.
    is_tagged: bool,
}

impl Pairs {
    /// None yet; up to so many.
    pub fn new(capacity: usize) -> Self {
        Self { pairs: BoundedMap::new(capacity), is_tagged: false }
    }

    /// Takes note of a request of the first to the second, or of a response to it.
    pub fn note(&mut self, pair: (IpAddr, IpAddr), vlans: Vlans, is_request: bool) {
        self.is_tagged |= vlans != Vlans::default();
        if self.is_tagged {
            self.pairs.get_or_insert_with(pair, Directions::default).0.note(vlans, is_request);
        }
    }

    /// Whether two VLANs hold hosts of their own with these addresses, as far as is known by now.
    pub fn are_separate(&self, pair: (IpAddr, IpAddr), one: Vlans, other: Vlans) -> bool {
        one != other && self.pairs.get(&pair).is_some_and(|directions| directions.are_separate(one, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[u16]) -> Vlans {
        Vlans::from_ids(ids.iter().copied())
    }

    #[test]
    fn tags_are_told_apart_by_their_ids_and_order() {
        let all = [&[][..], &[0], &[10], &[20], &[10, 20], &[20, 10], &[10, 20, 30, 40]].map(ids);
        for (nth, one) in all.iter().enumerate() {
            assert!(all.iter().skip(nth + 1).all(|other| other != one), "{nth}");
        }
        assert_eq!(all[0], Vlans::default());
    }

    #[test]
    fn vlans_are_separate_where_both_directions_use_each() {
        let pairs = [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")];
        for (one, other) in pairs.map(|(one, other)| (one.parse().unwrap(), other.parse().unwrap())) {
            for (a, b) in [(ids(&[10]), ids(&[20])), (ids(&[1, 10]), ids(&[1, 20])), (ids(&[]), ids(&[7]))] {
                let mut pairs = Pairs::new(4);
                pairs.note((one, other), ids(&[99]), true);
                let mut told = Vec::new();
                for (vlans, is_request) in [(a, true), (b, false), (b, true), (a, false)] {
                    pairs.note((one, other), vlans, is_request);
                    told.push(pairs.are_separate((one, other), a, b));
                }
                assert_eq!(told, [false, false, false, true]);
                // Of these hosts, in this direction, and no VLAN from itself.
                assert!(!pairs.are_separate((other, one), a, b) && !pairs.are_separate((one, other), a, a));
            }
        }
    }
}
