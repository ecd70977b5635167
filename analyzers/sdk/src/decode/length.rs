//! How long IP packets are.

use std::net::IpAddr;

use super::{Ip, Packet, Transport};

/// Bytes of IP headers without options or extensions.
const V4: usize = 20;
const V6: usize = 40;
/// Bytes of the longest header of IPv4, and of IPv6 with the extensions that are looked for.
const LONGEST_V4: usize = 60;
const LONGEST_V6: usize = 40 + 32 * 8;
/// Bytes of a fragment header of IPv6.
const FRAGMENT: usize = 8;

impl Packet<'_> {
    /// Bytes of the innermost IP packet, with its header, on the wire: what its total length says. 0 without IP. Of a datagram that was put together, those of
    /// all of its fragments. `frame` is the data of its frame, where the header is looked for; where it is not found, it is taken for one without options.
    pub fn ip_bytes(&self, frame: &[u8]) -> u64 {
        let Some(ip) = &self.ip else { return 0 };
        let transport = match &self.transport {
            Transport::None => 0,
            Transport::Udp(_) => 8,
            Transport::Tcp(tcp) => tcp.options.len().saturating_add(20),
            Transport::Icmp(_) | Transport::Icmpv6(_) => 4,
        };
        let carried = transport.saturating_add(self.payload_length);
        let headers = if self.fragments.is_empty() {
            let payload = (self.payload.as_ptr() as usize).checked_sub(frame.as_ptr() as usize);
            let before = payload.and_then(|at| frame.get(..at.checked_sub(transport)?)).unwrap_or_default();
            header(ip, before)
        } else {
            let one = if ip.source.is_ipv4() { V4 } else { V6 + FRAGMENT };
            one.saturating_mul(self.fragments.len())
        };
        carried.saturating_add(headers) as u64
    }
}

/// Bytes of the IP header that ends these, by its version and addresses.
fn header(ip: &Ip, before: &[u8]) -> usize {
    let (shortest, longest, step) = if ip.source.is_ipv4() { (V4, LONGEST_V4, 4) } else { (V6, LONGEST_V6, 8) };
    let mut lengths = (shortest..=longest).step_by(step);
    let found = lengths.find(|length| {
        let start = before.len().checked_sub(*length);
        start.and_then(|start| before.get(start..)).is_some_and(|header| is_header(ip, header))
    });
    found.unwrap_or(shortest)
}

/// Whether bytes begin with the header, and it can be as long as they are.
fn is_header(ip: &Ip, bytes: &[u8]) -> bool {
    match (ip.source, ip.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let words = bytes.len() / 4;
            bytes.first().is_some_and(|first| usize::from(*first) == 0x40 | words)
                && bytes.get(12..16) == Some(&source.octets())
                && bytes.get(16..20) == Some(&destination.octets())
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            bytes.first().is_some_and(|first| first >> 4 == 6)
                && bytes.get(8..24) == Some(&source.octets())
                && bytes.get(24..40) == Some(&destination.octets())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::Flow;
    use crate::decode::Decoder;
    use crate::harness::{self, build};

    fn bytes(frame: Vec<u8>) -> u64 {
        let (mut decoder, mut found) = (Decoder::new(), 0);
        harness::frames(&build::pcap(&[(0, frame)]), |frame| {
            found = decoder.decode(frame).ip_bytes(frame.data);
            Ok(Flow::More)
        })
        .unwrap();
        found
    }

    #[test]
    fn packets_are_as_long_as_their_headers_say() {
        assert_eq!(bytes(build::udp(("192.0.2.1", 4000), ("192.0.2.2", 53), b"12345")), 20 + 8 + 5);
        assert_eq!(bytes(build::udp(("2001:db8::1", 4000), ("2001:db8::2", 53), b"12345")), 40 + 8 + 5);
        assert_eq!(bytes(build::tcp(("192.0.2.1", 4000), ("192.0.2.2", 80), 0x10, (1, 1), b"")), 20 + 20);
        // Padding of Ethernet is no part of it.
        let mut padded = build::tcp(("192.0.2.1", 4000), ("192.0.2.2", 80), 0x10, (1, 1), b"");
        padded.extend([0; 6]);
        assert_eq!(bytes(padded), 40);
        assert_eq!(bytes(vec![0; 60]), 0);
    }

    #[test]
    fn options_of_ip_count() {
        let mut frame = build::udp(("192.0.2.1", 4000), ("192.0.2.2", 53), b"12345");
        // Four bytes of no operation behind a header at 14.
        frame[14] = 0x46;
        let total = u16::from_be_bytes([frame[16], frame[17]]) + 4;
        frame[16..18].copy_from_slice(&total.to_be_bytes());
        frame.splice(34..34, [1, 1, 1, 0]);
        assert_eq!(bytes(frame), 24 + 8 + 5);
    }
}
