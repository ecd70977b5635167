//! Messages made octet by octet.

use mcpcap_analyzer::harness::build;
pub use mcpcap_analyzer::harness::build::tagged;

/// An Ethernet frame with an ICMP (or, between IPv6 addresses, ICMPv6) message: type, code, and everything behind the checksum.
pub fn icmp(source: &str, destination: &str, kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
    let v6 = source.contains(':');
    // A UDP datagram whose header becomes the first eight octets of the message.
    let (head, data) = body.split_at(4);
    let mut frame = build::udp((source, 0), (destination, 0), data);
    let (protocol, header, number) = if v6 { (20, 54, 58) } else { (23, 34, 1) };
    frame[protocol] = number;
    frame[header..header + 4].copy_from_slice(&[kind, code, 0xab, 0xcd]);
    frame[header + 4..header + 8].copy_from_slice(head);
    frame
}

/// An echo request or reply.
pub fn echo(source: &str, destination: &str, reply: bool, numbers: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let kind = match (source.contains(':'), reply) {
        (false, false) => 8,
        (false, true) => 0,
        (true, false) => 128,
        (true, true) => 129,
    };
    let body = [&numbers.0.to_be_bytes()[..], &numbers.1.to_be_bytes(), payload].concat();
    icmp(source, destination, kind, 0, &body)
}

/// The IP packet of a frame, to be quoted.
pub fn packet(frame: &[u8]) -> &[u8] {
    &frame[14..]
}

/// Sets the TTL or hop limit of a frame.
pub fn hops(mut frame: Vec<u8>, hops: u8) -> Vec<u8> {
    let at = if frame[14] >> 4 == 6 { 21 } else { 22 };
    frame[at] = hops;
    frame
}

/// Frames one after the other, so many microseconds apart.
pub fn every(microseconds: u64, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    (0..).map(|n| 1_700_000_000_000_000 + n * microseconds).zip(frames).collect()
}
