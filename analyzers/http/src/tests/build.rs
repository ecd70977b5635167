//! Connections made byte by byte.

use mcpcap_analyzer::harness::build::{pcap, tcp};
use serde_json::{Value, json};

pub const CLIENT: (&str, u16) = ("192.0.2.10", 40_000);
pub const SERVER: (&str, u16) = ("198.51.100.20", 8081);

const SYN: u16 = 0x02;
const ACK: u16 = 0x10;
const FIN: u16 = 0x01;
const RST: u16 = 0x04;

/// A connection to be. Its handshake takes the first three frames.
pub struct Talk {
    client: (&'static str, u16),
    server: (&'static str, u16),
    next: [u32; 2],
    frames: Vec<(u64, Vec<u8>)>,
    time: u64,
}

/// When captures begin, in microseconds.
pub const START: u64 = 1_700_000_000_000_000;

impl Talk {
    /// Opens a connection.
    pub fn open() -> Self {
        Self::between(CLIENT, SERVER, START)
    }

    /// Opens a connection between two ends at a time.
    pub fn between(client: (&'static str, u16), server: (&'static str, u16), time: u64) -> Self {
        let mut talk = Self { client, server, next: [1001, 5001], frames: Vec::new(), time };
        talk.add(tcp(client, server, SYN, (1000, 0), b""));
        talk.add(tcp(server, client, SYN | ACK, (5000, 1001), b""));
        talk.add(tcp(client, server, ACK, (1001, 5001), b""));
        talk
    }

    /// In the middle of a connection.
    pub fn midway() -> Self {
        Self { client: CLIENT, server: SERVER, next: [1001, 5001], frames: Vec::new(), time: START }
    }

    fn add(&mut self, frame: Vec<u8>) {
        self.frames.push((self.time, frame));
        self.time += 1000;
    }

    fn send(&mut self, from_client: bool, flags: u16, bytes: &[u8]) {
        let [client, server] = self.next;
        let frame = if from_client {
            tcp(self.client, self.server, flags, (client, server), bytes)
        } else {
            tcp(self.server, self.client, flags, (server, client), bytes)
        };
        self.add(frame);
        self.next[usize::from(!from_client)] += bytes.len() as u32 + u32::from(flags & FIN);
    }

    /// The client sends a segment.
    pub fn ask(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.send(true, ACK, bytes.as_ref());
        self
    }

    /// The server sends a segment.
    pub fn tell(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.send(false, ACK, bytes.as_ref());
        self
    }

    /// So many bytes of the server are not in the capture.
    pub fn lose(mut self, bytes: u32) -> Self {
        self.next[1] += bytes;
        self
    }

    /// So many bytes of the client are not in the capture.
    pub fn lose_asked(mut self, bytes: u32) -> Self {
        self.next[0] += bytes;
        self
    }

    /// Nothing for so many microseconds.
    pub fn wait(mut self, microseconds: u64) -> Self {
        self.time += microseconds;
        self
    }

    /// Both ends close.
    pub fn close(mut self) -> Self {
        self.send(false, ACK | FIN, b"");
        self.send(true, ACK | FIN, b"");
        self
    }

    /// The server resets.
    pub fn reset(mut self) -> Self {
        self.send(false, ACK | RST, b"");
        self
    }

    /// Its frames with their times.
    pub fn frames(self) -> Vec<(u64, Vec<u8>)> {
        self.frames
    }

    /// The report on it.
    pub fn report(self) -> Value {
        super::run(&pcap(&self.frames), &json!({}))
    }
}

/// The report on several connections.
pub fn report(talks: impl IntoIterator<Item = Talk>) -> Value {
    let mut frames: Vec<(u64, Vec<u8>)> = talks.into_iter().flat_map(Talk::frames).collect();
    frames.sort_by_key(|(time, _)| *time);
    super::run(&pcap(&frames), &json!({}))
}
