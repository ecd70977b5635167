//! SIP over WebSocket (RFC 7118): the HTTP upgrade, and messages in frames (RFC 6455 §5).

use crate::limits;
use crate::message::{line, split_at};

/// The longest header of an opening handshake that is waited for.
const HANDSHAKE_OCTETS: usize = 16 << 10;

/// What an HTTP message of an opening handshake says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// Its header is not whole yet.
    Incomplete,
    /// It offers, or takes, the subprotocol `sip`; so many bytes are its header.
    Sip(usize),
    /// Anything else.
    Other,
}

/// Whether bytes begin as a request or response of an opening handshake does.
pub fn could_be_handshake(octets: &[u8]) -> bool {
    ["GET /".as_bytes(), b"HTTP/1.1 101"].into_iter().any(|start| {
        let length = octets.len().min(start.len());
        length > 0 && octets.get(..length) == start.get(..length)
    })
}

/// Reads a request or response of an opening handshake.
pub fn handshake(octets: &[u8]) -> Handshake {
    let (mut rest, mut is_first, mut sip) = (octets, true, false);
    loop {
        let (text, behind, whole) = line(rest);
        if !whole {
            return if octets.len() > HANDSHAKE_OCTETS { Handshake::Other } else { Handshake::Incomplete };
        }
        rest = behind;
        if std::mem::take(&mut is_first) {
            continue;
        }
        if text.is_empty() {
            let length = octets.len().saturating_sub(rest.len());
            return if sip { Handshake::Sip(length) } else { Handshake::Other };
        }
        if let Some((name, value)) = split_at(text, b':') {
            let is_protocol = name.trim_ascii().eq_ignore_ascii_case(b"sec-websocket-protocol");
            let mut offered = value.split(|octet| *octet == b',');
            sip |= is_protocol && offered.any(|one| one.trim_ascii().eq_ignore_ascii_case(b"sip"));
        }
    }
}

/// One direction of a WebSocket.
#[derive(Default)]
pub struct Frames {
    /// The message that its frames make up so far.
    message: Vec<u8>,
    /// Whether the message so far is compressed or too long, and will be left out.
    unreadable: bool,
    /// Bytes of a frame that are passed over.
    skip: u64,
}

/// What a buffer begins with.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A whole message; so many bytes are used up.
    Message(usize, Vec<u8>),
    /// So many bytes are used up that complete no message.
    Used(usize),
    /// A message was used up that cannot be read: compressed, or too long.
    Unreadable(usize),
    /// More is needed.
    More,
}

impl Frames {
    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.message.capacity()
    }

    /// Takes the next frame from a buffer.
    pub fn next(&mut self, buffer: &[u8]) -> Next {
        if buffer.is_empty() {
            return Next::More;
        }
        if self.skip > 0 {
            let used = self.skip.min(buffer.len() as u64);
            self.skip = self.skip.saturating_sub(used);
            return Next::Used(usize::try_from(used).unwrap_or(buffer.len()));
        }
        let Some(frame) = Frame::parse(buffer) else { return Next::More };
        let is_data = frame.opcode < 8;
        let held = self.message.len() as u64;
        if frame.length.saturating_add(held) > limits::MESSAGE_OCTETS as u64 {
            self.skip = frame.length;
            self.unreadable |= is_data;
            self.message = Vec::new();
            return self.ended(is_data && frame.is_last, frame.head);
        }
        let end = frame.head.saturating_add(frame.length as usize);
        let Some(payload) = buffer.get(frame.head..end) else { return Next::More };
        if !is_data {
            return Next::Used(end);
        }
        if frame.opcode != 0 {
            self.message.clear();
            self.unreadable = false;
        }
        self.unreadable |= frame.compressed;
        match frame.mask {
            Some(mask) => self.message.extend(payload.iter().zip(mask.iter().cycle()).map(|(octet, key)| octet ^ key)),
            None => self.message.extend_from_slice(payload),
        }
        self.ended(frame.is_last, end)
    }

    fn ended(&mut self, is_last: bool, used: usize) -> Next {
        if !is_last {
            return Next::Used(used);
        }
        let message = std::mem::take(&mut self.message);
        if std::mem::take(&mut self.unreadable) { Next::Unreadable(used) } else { Next::Message(used, message) }
    }
}

struct Frame {
    is_last: bool,
    compressed: bool,
    opcode: u8,
    mask: Option<[u8; 4]>,
    /// Bytes of its header.
    head: usize,
    length: u64,
}

impl Frame {
    fn parse(buffer: &[u8]) -> Option<Self> {
        let ([first, second], rest) = buffer.split_first_chunk::<2>()?;
        let (length, rest) = match second & 0x7f {
            126 => rest.split_first_chunk::<2>().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?,
            127 => rest.split_first_chunk::<8>().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
            short => (u64::from(short), rest),
        };
        let (mask, rest) = match second & 0x80 {
            0 => (None, rest),
            _ => rest.split_first_chunk::<4>().map(|(mask, rest)| (Some(*mask), rest))?,
        };
        Some(Self {
            is_last: first & 0x80 != 0,
            compressed: first & 0x40 != 0,
            opcode: first & 0x0f,
            mask,
            head: buffer.len().saturating_sub(rest.len()),
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masked_and_fragmented_messages_are_put_together() {
        let mut frames = Frames::default();
        // RFC 6455 §5.7: a masked "Hello".
        let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(frames.next(&masked), Next::Message(11, b"Hello".to_vec()));
        assert_eq!(frames.next(&masked[..9]), Next::More);
        assert_eq!(frames.next(b"\x01\x03Hel\x89\x00\x80\x02lo"), Next::Used(5));
        assert_eq!(frames.next(b"\x89\x00\x80\x02lo"), Next::Used(2), "a ping in between");
        assert_eq!(frames.next(b"\x80\x02lo"), Next::Message(4, b"Hello".to_vec()));
        assert_eq!(frames.next(b"\xc1\x01x"), Next::Unreadable(3));
        assert_eq!(frames.next(b"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00abc"), Next::Unreadable(10));
        assert_eq!(frames.next(b"abc"), Next::Used(3));
    }

    #[test]
    fn handshakes_name_the_subprotocol() {
        let request = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: xmpp, SIP\r\n\r\n";
        assert_eq!(handshake(request), Handshake::Sip(request.len()));
        assert_eq!(handshake(&request[..40]), Handshake::Incomplete);
        assert_eq!(handshake(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Handshake::Other);
    }
}
