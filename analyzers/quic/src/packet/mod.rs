//! Packets of a datagram (RFC 9000 §17, RFC 9369 §3).

pub mod crypto;
mod id;
pub mod version;

#[cfg(test)]
mod tests;

use mcpcap_tls_hello::wire::Cursor;

pub use id::Id;
use version::Form;

/// Bytes of the authentication tag of a packet, and of a Retry.
pub const TAG: usize = 16;
/// Bytes behind the packet number's place that a protected packet has at the least: the longest number, and what the mask of the header is made of.
const PROTECTED: usize = 4 + 16;

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Initial,
    ZeroRtt,
    Handshake,
    Retry,
    /// The one with a short header.
    OneRtt,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 5;

    /// Of a long header, by its two bits.
    fn of(form: Form, first: u8) -> Self {
        let bits = first >> 4 & 3;
        // Version 2 has them turned by one.
        match if form == Form::Two { bits.wrapping_sub(1) & 3 } else { bits } {
            0 => Self::Initial,
            1 => Self::ZeroRtt,
            2 => Self::Handshake,
            _ => Self::Retry,
        }
    }
}

/// What all versions have in a long header (RFC 8999 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Long<'a> {
    pub first: u8,
    pub version: u32,
    pub destination: Id,
    pub source: Id,
    /// What follows.
    pub rest: &'a [u8],
}

impl<'a> Long<'a> {
    /// Reads one, whose ids have up to 20 bytes as in all versions that there are.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let first = cursor.u8().filter(|first| first & 0x80 != 0)?;
        let version = cursor.u32()?;
        let destination = Id::new(cursor.vector(1)?)?;
        let source = Id::new(cursor.vector(1)?)?;
        Some(Self { first, version, destination, source, rest: cursor.rest() })
    }
}

/// A packet with a long header, of a version that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    pub kind: Kind,
    pub form: Form,
    pub version: u32,
    pub destination: Id,
    pub source: Id,
    /// Token of an Initial or a Retry.
    pub token: &'a [u8],
    /// All of it that was captured, from its first byte on.
    pub bytes: &'a [u8],
    /// Where its number is.
    pub number_at: usize,
    /// Whether all of it was captured.
    pub is_whole: bool,
}

/// What comes next in a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<'a> {
    Long(Packet<'a>),
    /// A packet with a short header, which goes on to the end.
    Short(&'a [u8]),
    /// Nothing but zeros: some fill datagrams so.
    Filler,
    /// No packet of this version, or one whose lengths lie.
    Wrong,
}

/// The packets of a datagram.
#[derive(Debug, Clone, Copy)]
pub struct Packets<'a> {
    rest: &'a [u8],
    /// Bytes on the wire that are left, of which the last ones may not have been captured.
    left: usize,
}

impl<'a> Packets<'a> {
    /// Those of a datagram that had so many bytes.
    pub fn new(payload: &'a [u8], length: usize) -> Self {
        Self { rest: payload, left: length.max(payload.len()) }
    }

    fn long(&mut self) -> Option<Packet<'a>> {
        let Long { first, version, destination, source, rest } = Long::parse(self.rest)?;
        let form = version::form(version).filter(|_| first & 0x40 != 0)?;
        let kind = Kind::of(form, first);
        let mut packet = Packet {
            kind,
            form,
            version,
            destination,
            source,
            token: &[],
            bytes: self.rest,
            number_at: 0,
            is_whole: self.left == self.rest.len(),
        };
        if kind == Kind::Retry {
            // It has no length: it ends with the datagram.
            packet.token = rest.get(..rest.len().checked_sub(TAG)?)?;
            (self.rest, self.left) = (&[], 0);
            return Some(packet);
        }
        let mut cursor = Cursor::new(rest);
        if kind == Kind::Initial {
            packet.token = cursor.varint_vector()?;
        }
        let length = usize::try_from(cursor.varint()?).ok()?;
        packet.number_at = self.rest.len().checked_sub(cursor.rest().len())?;
        let end = packet.number_at.checked_add(length)?;
        if length < PROTECTED || end > self.left {
            return None;
        }
        packet.is_whole = end <= self.rest.len();
        (packet.bytes, self.rest) = self.rest.split_at_checked(end.min(self.rest.len()))?;
        self.left = self.left.checked_sub(end)?;
        Some(packet)
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Next<'a>;

    fn next(&mut self) -> Option<Next<'a>> {
        let first = self.rest.first()?;
        if first & 0x80 != 0 {
            return Some(self.long().map_or_else(
                || {
                    self.rest = &[];
                    Next::Wrong
                },
                Next::Long,
            ));
        }
        let rest = std::mem::take(&mut self.rest);
        match () {
            () if first & 0x40 != 0 => Some(Next::Short(rest)),
            () if rest.iter().all(|byte| *byte == 0) => Some(Next::Filler),
            () => Some(Next::Wrong),
        }
    }
}

/// Whether a datagram is nothing but packets of one version for one id, at least one of them with a long header (RFC 9000 §12.2).
pub fn fits(payload: &[u8], length: usize) -> bool {
    let mut first: Option<(u32, Id)> = None;
    Packets::new(payload, length).all(|next| match next {
        Next::Long(packet) => {
            let this = (packet.version, packet.destination);
            *first.get_or_insert(this) == this
        }
        Next::Short(_) | Next::Filler => first.is_some(),
        Next::Wrong => false,
    }) && first.is_some()
}
