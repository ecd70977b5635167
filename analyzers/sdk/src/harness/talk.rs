//! TCP connections made segment by segment.

use super::build::{pcap, tcp};

const SYN: u16 = 0x02;
const ACK: u16 = 0x10;
const FIN: u16 = 0x01;
const RST: u16 = 0x04;

/// An address and a port.
pub type End = (&'static str, u16);

/// When captures begin, in microseconds: 2023-11-14.
pub const START: u64 = 1_700_000_000_000_000;

/// A connection to be: a frame each millisecond.
pub struct Talk {
    client: End,
    server: End,
    next: [u32; 2],
    frames: Vec<(u64, Vec<u8>)>,
    time: u64,
}

impl Talk {
    /// Opens a connection at a time, in microseconds since 1970. Its handshake takes the first three frames.
    pub fn between(client: End, server: End, time: u64) -> Self {
        let mut talk = Self { time, ..Self::midway(client, server) };
        talk.add(tcp(client, server, SYN, (1000, 0), b""));
        talk.add(tcp(server, client, SYN | ACK, (5000, 1001), b""));
        talk.add(tcp(client, server, ACK, (1001, 5001), b""));
        talk
    }

    /// In the middle of a connection.
    pub fn midway(client: End, server: End) -> Self {
        Self { client, server, next: [1001, 5001], frames: Vec::new(), time: START }
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
    #[must_use]
    pub fn ask(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.send(true, ACK, bytes.as_ref());
        self
    }

    /// The server sends a segment.
    #[must_use]
    pub fn tell(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.send(false, ACK, bytes.as_ref());
        self
    }

    /// So many bytes of the server are not in the capture.
    #[must_use]
    pub fn lose(mut self, bytes: u32) -> Self {
        self.next[1] += bytes;
        self
    }

    /// So many bytes of the client are not in the capture.
    #[must_use]
    pub fn lose_asked(mut self, bytes: u32) -> Self {
        self.next[0] += bytes;
        self
    }

    /// Nothing for so many microseconds.
    #[must_use]
    pub fn wait(mut self, microseconds: u64) -> Self {
        self.time += microseconds;
        self
    }

    /// The server says that nothing more comes from it.
    #[must_use]
    pub fn finish(mut self) -> Self {
        self.send(false, ACK | FIN, b"");
        self
    }

    /// Both ends close, the server first.
    #[must_use]
    pub fn close(self) -> Self {
        let mut this = self.finish();
        this.send(true, ACK | FIN, b"");
        this
    }

    /// The server resets.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.send(false, ACK | RST, b"");
        self
    }

    /// Its frames with their times.
    pub fn frames(self) -> Vec<(u64, Vec<u8>)> {
        self.frames
    }

    /// The capture of it.
    pub fn capture(self) -> Vec<u8> {
        pcap(&self.frames)
    }
}

/// The capture of several connections.
pub fn together(talks: impl IntoIterator<Item = Talk>) -> Vec<u8> {
    let mut frames: Vec<(u64, Vec<u8>)> = talks.into_iter().flat_map(Talk::frames).collect();
    frames.sort_by_key(|(time, _)| *time);
    pcap(&frames)
}
