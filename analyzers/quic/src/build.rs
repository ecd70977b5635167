//! Packets and datagrams made byte by byte, for unit tests, fuzzing and measuring.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what tests make fits"
)]

use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use mcpcap_analyzer::harness::build::{pcap, udp};
use mcpcap_analyzer::stream::Side;
use mcpcap_tls_hello::build::{client_hello, list, message, numbers, server_hello};

use crate::packet::Id;
pub use crate::packet::Kind;
use crate::packet::crypto::Keys;
use crate::packet::version::{TWO, form};

pub const CLIENT: (&str, u16) = ("192.0.2.10", 50_000);
pub const SERVER: (&str, u16) = ("198.51.100.20", 443);
/// Microseconds since 1970.
pub const START: u64 = 1_700_000_000_000_000;

/// Ids of the ends of these tests.
pub const ORIGINAL: &[u8] = &[0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08];
pub const OF_CLIENT: &[u8] = &[0xc1, 0xc2, 0xc3, 0xc4];
pub const OF_SERVER: &[u8] = &[0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58];

/// Bytes of hexadecimal digits.
pub fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<char> = digits.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

/// A number as QUIC writes it, in two bytes up to 16,383, else in four.
pub fn varint(number: usize) -> Vec<u8> {
    match number {
        0..=0x3fff => (number as u16 | 0x4000).to_be_bytes().to_vec(),
        _ => (number as u32 | 0x8000_0000).to_be_bytes().to_vec(),
    }
}

/// The first byte of a long header, and what is behind it up to the ids.
pub fn long(version: u32, kind: Kind, low: u8, destination: &[u8], source: &[u8]) -> Vec<u8> {
    let bits = match kind {
        Kind::Initial => 0,
        Kind::ZeroRtt => 1,
        Kind::Handshake => 2,
        _ => 3,
    };
    let bits = if version == TWO { (bits + 1) & 3 } else { bits };
    let mut header = vec![0xc0 | bits << 4 | low];
    header.extend(version.to_be_bytes());
    header.extend(list(1, destination));
    header.extend(list(1, source));
    header
}

/// Protects a packet: a header that ends with its number in so many bytes, and its frames.
pub fn sealed(keys: &Keys, header: &[u8], number: u64, number_bytes: usize, content: &[u8]) -> Vec<u8> {
    let mut nonce = keys.iv;
    nonce[4..].iter_mut().zip(number.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
    let mut packet = [header, content].concat();
    let (aad, protected) = packet.split_at_mut(header.len());
    let tag = Aes128Gcm::new(&keys.key.into()).encrypt_inout_detached(&nonce.into(), aad, protected.into()).unwrap();
    packet.extend(tag);
    let at = header.len() - number_bytes;
    let sample: [u8; 16] = packet[at + 4..at + 20].try_into().unwrap();
    let mut mask = sample.into();
    Aes128::new(&keys.header.into()).encrypt_block(&mut mask);
    packet[0] ^= mask[0] & 0x0f;
    for place in 0..number_bytes {
        packet[at + place] ^= mask[1 + place];
    }
    packet
}

/// An Initial to be.
#[derive(Clone)]
pub struct Initial<'a> {
    pub version: u32,
    pub from: Side,
    /// Of which the keys are made.
    pub secret: &'a [u8],
    pub destination: &'a [u8],
    pub source: &'a [u8],
    pub token: &'a [u8],
    pub number: u64,
    /// Bytes that the packet has at the least.
    pub size: usize,
}

impl Default for Initial<'_> {
    fn default() -> Self {
        Self {
            version: 1,
            from: Side::Client,
            secret: ORIGINAL,
            destination: ORIGINAL,
            source: OF_CLIENT,
            token: &[],
            number: 0,
            size: 1200,
        }
    }
}

impl Initial<'_> {
    /// The first one of a server.
    pub fn of_server() -> Self {
        Self { from: Side::Server, destination: OF_CLIENT, source: OF_SERVER, size: 100, ..Self::default() }
    }

    /// The packet with some frames.
    pub fn packet(&self, frames: &[u8]) -> Vec<u8> {
        let mut header = long(self.version, Kind::Initial, 3, self.destination, self.source);
        header.extend(varint(self.token.len()));
        header.extend(self.token);
        let content_bytes = frames.len().max(self.size.saturating_sub(header.len() + 2 + 4 + 16)).max(4);
        header.extend(varint(4 + content_bytes + 16));
        header.extend((self.number as u32).to_be_bytes());
        let mut content = frames.to_vec();
        content.resize(content_bytes, 0);
        let id = Id::new(self.secret).unwrap();
        let keys = Keys::initial(form(self.version).unwrap(), &id, self.from).unwrap();
        sealed(&keys, &header, self.number, 4, &content)
    }
}

/// The capture of a conversation made of any bytes: they are the frames of its Initials, which so can be decrypted, and say how these are cut.
pub fn of_frames(mut bytes: &[u8]) -> Vec<u8> {
    let mut wire = Wire::default();
    for number in 0..64 {
        let [how, length, rest @ ..] = bytes else { break };
        let (frames, rest) = rest.split_at((usize::from(*length) * 5).min(rest.len()));
        bytes = rest;
        let version = if how & 2 == 0 { 1 } else { TWO };
        wire = if how & 1 == 0 {
            wire.ask(Initial { version, number, ..Initial::default() }.packet(frames))
        } else {
            wire.tell(Initial { version, number, ..Initial::of_server() }.packet(frames))
        };
    }
    wire.capture()
}

/// A CRYPTO frame.
pub fn crypto(at: usize, content: &[u8]) -> Vec<u8> {
    [vec![6], varint(at), varint(content.len()), content.to_vec()].concat()
}

/// CONNECTION_CLOSE.
pub fn close(code: usize, reason: &str) -> Vec<u8> {
    [vec![0x1c], varint(code), vec![6], varint(reason.len()), reason.as_bytes().to_vec()].concat()
}

/// A ClientHello with its message's header.
pub fn hello(name: &str, alpn: &str) -> Vec<u8> {
    hello_with(name, alpn, OF_CLIENT, &[])
}

/// The same with further extensions.
pub fn hello_with(name: &str, alpn: &str, source: &[u8], more: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let names = list(2, &[vec![0], list(2, name.as_bytes())].concat());
    let parameters = [vec![1, 4, 0x80, 0, 0x75, 0x30, 0x0f, source.len() as u8], source.to_vec()].concat();
    let extensions = [
        (0, names),
        (10, numbers(2, &[29])),
        (13, numbers(2, &[0x0804])),
        (16, list(2, &list(1, alpn.as_bytes()))),
        (43, numbers(1, &[0x0304])),
        (51, list(2, &[vec![0, 29], list(2, &[7; 32])].concat())),
        (57, parameters),
    ];
    message(1, &client_hello(0x0303, &[0x1301, 0x1302], &[&extensions[..], more].concat()))
}

/// A ServerHello with its message's header.
pub fn answer() -> Vec<u8> {
    let share = [vec![0, 29], list(2, &[8; 32])].concat();
    message(2, &server_hello(0x0303, 0x1301, &[(43, vec![3, 4]), (51, share)]))
}

/// A packet of a kind whose content nobody can read.
pub fn encrypted(kind: Kind, destination: &[u8], source: &[u8], content: usize) -> Vec<u8> {
    [long(1, kind, 0, destination, source), varint(content), vec![0xee; content]].concat()
}

/// A packet with a short header.
pub fn short(destination: &[u8], content: usize) -> Vec<u8> {
    [&[0x41][..], destination, &vec![0xdd; content]].concat()
}

/// A Retry.
pub fn retry(source: &[u8], token: &[u8], tag: &[u8]) -> Vec<u8> {
    [long(1, Kind::Retry, 0, OF_CLIENT, source), token.to_vec(), tag.to_vec()].concat()
}

/// Version negotiation.
pub fn negotiation(versions: &[u32]) -> Vec<u8> {
    let mut packet = vec![0x8a, 0, 0, 0, 0];
    packet.extend(list(1, OF_CLIENT));
    packet.extend(list(1, ORIGINAL));
    versions.iter().for_each(|version| packet.extend(version.to_be_bytes()));
    packet
}

/// Datagrams one behind the other, a millisecond apart.
#[derive(Default)]
pub struct Wire {
    frames: Vec<(u64, Vec<u8>)>,
    wait: u64,
}

impl Wire {
    /// Any frame.
    pub fn frame(mut self, frame: Vec<u8>) -> Self {
        let time = START + self.frames.len() as u64 * 1_000 + self.wait;
        self.frames.push((time, frame));
        self
    }

    /// Nothing for so many microseconds.
    pub fn wait(mut self, microseconds: u64) -> Self {
        self.wait += microseconds;
        self
    }

    /// From the client to the server.
    pub fn ask(self, payload: impl AsRef<[u8]>) -> Self {
        self.frame(udp(CLIENT, SERVER, payload.as_ref()))
    }

    /// Back.
    pub fn tell(self, payload: impl AsRef<[u8]>) -> Self {
        self.frame(udp(SERVER, CLIENT, payload.as_ref()))
    }

    /// A whole handshake: six datagrams.
    pub fn handshake(self, name: &str, alpn: &str) -> Self {
        let flight =
            [Initial::of_server().packet(&crypto(0, &answer())), encrypted(Kind::Handshake, OF_CLIENT, OF_SERVER, 900)];
        self.ask(Initial::default().packet(&crypto(0, &hello(name, alpn))))
            .tell(flight.concat())
            .tell(short(OF_CLIENT, 60))
            .ask(encrypted(Kind::Handshake, OF_SERVER, OF_CLIENT, 60))
            .ask(short(OF_SERVER, 80))
            .tell(short(OF_CLIENT, 200))
    }

    /// The capture.
    pub fn capture(self) -> Vec<u8> {
        pcap(&self.frames)
    }
}
