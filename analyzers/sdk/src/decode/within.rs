//! IP packets within the payload of another protocol: what a tunnel that has no name carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest header in front of a packet that is looked behind: a tunnel's own, or Ethernet's.
const OFFSET: usize = 64;

/// A packet within a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    /// Where it begins.
    pub at: usize,
    /// Who sent it.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Its protocol; of IPv6, the first next header.
    pub protocol: u8,
}

impl Within {
    /// The IP packet that a payload holds, at its start or behind a header of up to 64 bytes. `on_wire`: how long the payload was. An IPv4
    /// header must have the right checksum (RFC 791 §3.1), an IPv6 packet end with the payload.
    pub fn find(payload: &[u8], on_wire: usize) -> Option<Self> {
        // The shortest IP header.
        let last = payload.len().checked_sub(20)?.min(OFFSET);
        let firsts = payload.get(..=last)?.iter().enumerate();
        firsts.filter(|(_, first)| matches!(*first >> 4, 4 | 6)).find_map(|(at, first)| {
            let (rest, on_wire) = (payload.get(at..)?, on_wire.checked_sub(at)?);
            let (source, destination, protocol) =
                if first >> 4 == 4 { ipv4(rest, on_wire) } else { ipv6(rest, on_wire) }?;
            Some(Self { at, source, destination, protocol })
        })
    }
}

type Ends = (IpAddr, IpAddr, u8);

fn ipv4(rest: &[u8], on_wire: usize) -> Option<Ends> {
    let fixed = rest.first_chunk::<20>()?;
    let [first, _, high, low, _, _, _, _, hops, protocol, _, _, addresses @ ..] = fixed;
    let header = usize::from(first & 0x0f).saturating_mul(4);
    let total = usize::from(u16::from_be_bytes([*high, *low]));
    if header < 20 || total < header || total > on_wire || *hops == 0 {
        return None;
    }
    let words = rest.get(..header)?.as_chunks::<2>().0.iter();
    let sum: u32 = words.map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let [a, b, c, d, e, f, g, h] = *addresses;
    let ends = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
    // Ones' complement: carries are added again.
    ((sum & 0xffff).saturating_add(sum >> 16) == 0xffff).then(|| (ends.0.into(), ends.1.into(), *protocol))
}

fn ipv6(rest: &[u8], on_wire: usize) -> Option<Ends> {
    let fixed = rest.first_chunk::<40>()?;
    let [_, _, _, _, high, low, next, hops, addresses @ ..] = fixed;
    let total = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(40);
    // Extension headers, upper layers that are in use, and tunnels.
    let is_known = matches!(next, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 60 | 89 | 132);
    if total != on_wire || !is_known || *hops == 0 {
        return None;
    }
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    let destination: [u8; 16] = destination.first_chunk().copied()?;
    Some((Ipv6Addr::from(*source).into(), Ipv6Addr::from(destination).into(), *next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::build;

    #[test]
    fn a_packet_is_found_behind_a_header_of_its_carrier() {
        let frame = build::udp(("10.0.0.1", 4000), ("10.0.0.2", 53), b"query");
        let packet = frame.get(14..).unwrap();
        for header in [0, 5, 64] {
            let payload = [&vec![7; header][..], packet].concat();
            let found = Within::find(&payload, payload.len()).unwrap();
            assert_eq!((found.at, found.source.to_string().as_str(), found.protocol), (header, "10.0.0.1", 17));
        }
        let mut damaged = packet.to_vec();
        damaged[10] ^= 1;
        assert_eq!(Within::find(&damaged, damaged.len()), None);
        assert_eq!(Within::find(b"abcdefghijklmnopqrstuvwabcdefghi", 32), None);
    }
}
