//! Connections made segment by segment.

use mcpcap_analyzer::decode::TcpFlags;
use mcpcap_analyzer::harness::build;

pub const SYN: u16 = TcpFlags::SYN;
pub const ACK: u16 = TcpFlags::ACK;
pub const FIN: u16 = TcpFlags::FIN;
pub const RST: u16 = TcpFlags::RST;

/// A capture in the making: segments between two ends, one millisecond after the other.
pub struct Talk {
    client: (String, u16),
    server: (String, u16),
    frames: Vec<(u64, Vec<u8>)>,
    now: u64,
}

impl Talk {
    pub fn new() -> Self {
        Self::between("192.0.2.1:4000", "192.0.2.2:80")
    }

    pub fn between(client: &str, server: &str) -> Self {
        let end = |text: &str| {
            let (address, port) = text.rsplit_once(':').unwrap();
            (address.trim_matches(['[', ']']).to_owned(), port.parse().unwrap())
        };
        Self { client: end(client), server: end(server), frames: Vec::new(), now: 1_700_000_000_000_000 }
    }

    /// Lets time pass, in milliseconds.
    pub fn wait(mut self, milliseconds: u64) -> Self {
        self.now += milliseconds * 1000;
        self
    }

    /// Turns time back, in microseconds.
    pub fn back(mut self, microseconds: u64) -> Self {
        self.now -= microseconds;
        self
    }

    /// A segment of the client: control bits, sequence and acknowledgment number, payload.
    pub fn c(self, flags: u16, numbers: (u32, u32), payload: &[u8]) -> Self {
        let frame =
            build::tcp((&self.client.0, self.client.1), (&self.server.0, self.server.1), flags, numbers, payload);
        self.push(frame)
    }

    /// A segment of the server.
    pub fn s(self, flags: u16, numbers: (u32, u32), payload: &[u8]) -> Self {
        let frame =
            build::tcp((&self.server.0, self.server.1), (&self.client.0, self.client.1), flags, numbers, payload);
        self.push(frame)
    }

    /// SYN, SYN-ACK, ACK; the client's numbers begin at 1000, the server's at 5000.
    pub fn handshake(self) -> Self {
        self.c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b"").c(ACK, (1001, 5001), b"")
    }

    /// Sets the window of the last segment.
    pub fn window(mut self, window: u16) -> Self {
        let (_, frame) = self.frames.last_mut().unwrap();
        // Behind Ethernet and IPv4 headers, at offset 14 of the TCP header.
        frame[48..50].copy_from_slice(&window.to_be_bytes());
        self
    }

    /// Sets the time to live of the last segment.
    pub fn hops(mut self, hops: u8) -> Self {
        self.frames.last_mut().unwrap().1[22] = hops;
        self
    }

    /// Gives the last segment, of IPv4 and without payload, a timestamps option.
    pub fn stamps(mut self, value: u32, echo: u32) -> Self {
        let (_, frame) = self.frames.last_mut().unwrap();
        let option = [[1, 1, 8, 10].as_slice(), &value.to_be_bytes(), &echo.to_be_bytes()].concat();
        frame.truncate(54);
        frame.extend(option);
        frame[16..18].copy_from_slice(&52_u16.to_be_bytes());
        frame[46] = 8 << 4;
        self
    }

    /// Gives the frames one VLAN tag and two by turns: mirrored traffic has such.
    pub fn tagged(mut self) -> Self {
        for (n, (_, frame)) in self.frames.iter_mut().enumerate() {
            let tags: &[u8] = if n % 2 == 0 { &[0x81, 0, 0, 10] } else { &[0x88, 0xa8, 0, 20, 0x81, 0, 0, 11] };
            frame.splice(12..12, tags.iter().copied());
        }
        self
    }

    /// Makes the checksum of the last segment wrong.
    pub fn damage(mut self) -> Self {
        let (_, frame) = self.frames.last_mut().unwrap();
        let at = tcp_offset(frame);
        frame[at + 17] ^= 0x40;
        self
    }

    /// Leaves in the last segment what a stack leaves for the network card: the sum of the pseudo-header.
    pub fn offload(mut self) -> Self {
        let (_, frame) = self.frames.last_mut().unwrap();
        let at = tcp_offset(frame);
        let addresses = if at == 34 { 26..34 } else { 22..54 };
        let words = frame[addresses].chunks(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
        let mut sum = words.sum::<u32>() + 6 + u32::try_from(frame.len() - at).unwrap();
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        frame[at + 16..at + 18].copy_from_slice(&u16::try_from(sum).unwrap().to_be_bytes());
        self
    }

    fn push(mut self, frame: Vec<u8>) -> Self {
        self.frames.push((self.now, frame));
        self.now += 1000;
        self
    }

    pub fn frames(self) -> Vec<(u64, Vec<u8>)> {
        self.frames
    }
}

/// Where the TCP header begins, behind Ethernet and IPv4 or IPv6.
fn tcp_offset(frame: &[u8]) -> usize {
    if frame[12..14] == [0x08, 0x00] { 34 } else { 54 }
}
