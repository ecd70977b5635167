//! Frames made one by one.

use mcpcap_analyzer::decode::TcpFlags;
use mcpcap_analyzer::harness::build;

pub const SYN: u16 = TcpFlags::SYN;
pub const ACK: u16 = TcpFlags::ACK;
pub const FIN: u16 = TcpFlags::FIN;
pub const RST: u16 = TcpFlags::RST;

/// When captures begin, in microseconds.
pub const START: u64 = 1_700_000_000_000_000;

/// Frames one after the other, so many microseconds apart.
pub fn every(microseconds: u64, frames: impl IntoIterator<Item = Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
    (0..).map(|n| START + n * microseconds).zip(frames).collect()
}

/// An Ethernet frame with an ICMP message (between IPv6 addresses ICMPv6): type, code, and everything behind the checksum.
pub fn icmp(source: &str, destination: &str, kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
    let v6 = source.contains(':');
    let (head, data) = body.split_at(4);
    let mut frame = build::udp((source, 0), (destination, 0), data);
    let (protocol, header, number) = if v6 { (20, 54, 58) } else { (23, 34, 1) };
    frame[protocol] = number;
    frame[header..header + 4].copy_from_slice(&[kind, code, 0xab, 0xcd]);
    frame[header + 4..header + 8].copy_from_slice(head);
    frame
}

/// Who has the target? Or the answer of the target.
pub fn arp(sender: [u8; 4], target: [u8; 4], reply: bool) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, sender[3], 8, 6, 0, 1, 8, 0, 6, 4, 0, if reply { 2 } else { 1 }]);
    frame.extend([2, 0, 0, 0, 0, sender[3]]);
    frame.extend(sender);
    frame.extend([0; 6]);
    frame.extend(target);
    frame
}

/// A segment of IPv4 with exactly these control bits.
pub fn bits(source: (&str, u16), destination: (&str, u16), flags: u8) -> Vec<u8> {
    let mut frame = build::tcp(source, destination, 0, (1000, 0), b"");
    frame[47] = flags;
    frame
}

/// A whole connection: the client sends `request`, the server `answer`.
pub fn connection(client: (&str, u16), server: (&str, u16), request: &[u8], answer: &[u8]) -> Vec<Vec<u8>> {
    let (asked, told) = (1001 + request.len() as u32, 5001 + answer.len() as u32);
    vec![
        build::tcp(client, server, SYN, (1000, 0), b""),
        build::tcp(server, client, SYN | ACK, (5000, 1001), b""),
        build::tcp(client, server, ACK, (1001, 5001), b""),
        build::tcp(client, server, ACK, (1001, 5001), request),
        build::tcp(server, client, ACK, (5001, asked), answer),
        build::tcp(client, server, FIN | ACK, (asked, told), b""),
        build::tcp(server, client, FIN | ACK, (told, asked + 1), b""),
        build::tcp(client, server, ACK, (asked + 1, told + 1), b""),
    ]
}
