//! Whether segments that come again say the same, and whether their checksums are right (RFC 9293 §3.1).

use std::hash::BuildHasher;
use std::net::IpAddr;

use mcpcap_analyzer::decode::{Ip, Packet, Tcp};
use mcpcap_analyzer::finding::Evidence;
use smallvec::SmallVec;

use crate::limits;

/// What a checksum says of its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// The segment is as it was sent.
    Right,
    /// It is not, or its sender never computes one.
    Wrong,
    /// Left to the network card, or not to be seen: cut, fragmented, or in a tunnel that is not in the frame as it is.
    Unknown,
}

/// What is remembered of a segment's content.
#[derive(Debug, Clone, Copy)]
struct Content {
    sequence: u32,
    length: u32,
    hash: u64,
    frame: u64,
    checksum: Checksum,
    /// Whether its frame is among those that conflict.
    is_cited: bool,
}

/// The content of the last segments of one end.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    kept: SmallVec<[Content; 1]>,
    /// Segments with right checksums, and with wrong ones.
    sums: (u64, u64),
    /// Segments that came again with other bytes, both with checksums that are right or unknown.
    conflicts: u64,
    conflicting: Evidence,
    /// Those of which one has a wrong checksum, and the frames of the first.
    damaged: u64,
    damage: [u64; 2],
}

impl Contents {
    /// Compares a segment, none of which is cut, with an earlier one of the same place and length. What is `new` has none, although
    /// numbers come again after 4 GiB.
    pub fn compare(
        &mut self,
        packet: &Packet<'_>,
        tcp: &Tcp,
        header: &[u8],
        (sequence, length): (u32, u32),
        new: bool,
    ) {
        let checksum = verify(packet, tcp, header);
        match checksum {
            Checksum::Right => self.sums.0 = self.sums.0.saturating_add(1),
            Checksum::Wrong => self.sums.1 = self.sums.1.saturating_add(1),
            Checksum::Unknown => {}
        }
        let hash = foldhash::fast::FixedState::default().hash_one(packet.payload.as_ref());
        let frame = packet.frame;
        let Some(known) = self.kept.iter_mut().find(|known| known.sequence == sequence && known.length == length)
        else {
            if self.kept.len() >= limits::CONTENTS {
                self.kept.remove(0);
            }
            self.kept.push(Content { sequence, length, hash, frame, checksum, is_cited: false });
            return;
        };
        if new {
            *known = Content { sequence, length, hash, frame, checksum, is_cited: false };
            return;
        }
        if known.hash == hash {
            return;
        }
        if checksum == Checksum::Wrong || known.checksum == Checksum::Wrong {
            if self.damaged == 0 {
                self.damage = [known.frame, frame];
            }
            self.damaged = self.damaged.saturating_add(1);
        } else {
            self.conflicts = self.conflicts.saturating_add(1);
            if !std::mem::replace(&mut known.is_cited, true) {
                self.conflicting.add(known.frame);
            }
            self.conflicting.add(frame);
        }
        if known.checksum == Checksum::Wrong && checksum != Checksum::Wrong {
            // The receiver took this one.
            *known = Content { sequence, length, hash, frame, checksum, is_cited: false };
        }
    }

    /// Whether wrong checksums mean damage. An end that never has a right one does not compute them, or somebody changed addresses since.
    fn are_sums_computed(&self) -> bool {
        self.sums.0 > 0 && self.sums.0 >= self.sums.1
    }

    /// Segments that came again with other bytes that a receiver would take, and their frames.
    pub fn conflicts(&self) -> (u64, Evidence) {
        if self.are_sums_computed() || self.damaged == 0 {
            return (self.conflicts, self.conflicting.clone());
        }
        let mut damage = Evidence::default();
        self.damage.into_iter().for_each(|frame| damage.add(frame));
        (self.conflicts.saturating_add(self.damaged), self.conflicting.joined(&damage))
    }

    /// Segments that came again with other bytes, one of both damaged.
    pub fn damaged(&self) -> u64 {
        if self.are_sums_computed() { self.damaged } else { 0 }
    }
}

/// The TCP header of a packet whose payload lies in its frame; empty where it does not.
pub fn header<'a>(packet: &Packet<'_>, tcp: &Tcp, frame: &'a [u8]) -> &'a [u8] {
    let length = tcp.options.len().saturating_add(20);
    let payload = (packet.payload.as_ptr() as usize).checked_sub(frame.as_ptr() as usize);
    payload.and_then(|end| frame.get(end.checked_sub(length)?..end)).unwrap_or_default()
}

/// Whether a segment's checksum fits its header, payload and addresses.
fn verify(packet: &Packet<'_>, tcp: &Tcp, header: &[u8]) -> Checksum {
    let Some(ip) = &packet.ip else { return Checksum::Unknown };
    let (Some(&[a, b, c, d]), Some(&[high, low])) = (header.get(..4), header.get(16..18)) else {
        return Checksum::Unknown;
    };
    let is_header = u16::from_be_bytes([a, b]) == tcp.source && u16::from_be_bytes([c, d]) == tcp.destination;
    if packet.is_cut() || packet.stop.is_some() || !packet.fragments.is_empty() || !is_header {
        return Checksum::Unknown;
    }
    let length = header.len().saturating_add(packet.payload.len());
    let pseudo = pseudo_header(ip, length);
    if fold(pseudo.saturating_add(sum(header)).saturating_add(sum(packet.payload))) == 0xffff {
        return Checksum::Right;
    }
    // Offloading: the sender's stack leaves the sum of the pseudo-header, with the length or without, or nothing.
    let left = u16::from_be_bytes([high, low]);
    let without_length = fold(pseudo_header(ip, 0));
    if left == 0 || left == fold(pseudo) || left == without_length { Checksum::Unknown } else { Checksum::Wrong }
}

/// The sum of the pseudo-header: of IPv4 (RFC 9293 §3.1) and of IPv6 (RFC 8200 §8.1), which add up to the same but for the addresses.
fn pseudo_header(ip: &Ip, length: usize) -> u64 {
    let address = |address: IpAddr| match address {
        IpAddr::V4(address) => sum(&address.octets()),
        IpAddr::V6(address) => sum(&address.octets()),
    };
    let (protocol, length) = (6, length as u64);
    address(ip.source).saturating_add(address(ip.destination)).saturating_add(protocol).saturating_add(length)
}

/// The sum of 16-bit words, a missing last byte taken for 0.
fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(4);
    // 32 bits at once, since 2^16 is 1 modulo 2^16 - 1, and in the order that costs least: it turns the bytes of the sum (RFC 1071 §2).
    let word = |word: &[u8]| word.try_into().map_or(0, |word| u64::from(u32::from_le_bytes(word)));
    let all = words.by_ref().map(word).fold(0_u64, u64::wrapping_add);
    let mut last = [0; 4];
    last.iter_mut().zip(words.remainder()).for_each(|(to, from)| *to = *from);
    fold(all.wrapping_add(u32::from_le_bytes(last).into())).swap_bytes().into()
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum >> 16).wrapping_add(sum & 0xffff);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1071 §3's example: the words 0001 f203 f4f5 f6f7 add up to ddf2.
    #[test]
    fn the_sum_is_that_of_rfc_1071() {
        let words = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(sum(&words)), 0xddf2);
        assert_eq!(fold(sum(&words[..7])), fold(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0x00])));
    }
}
