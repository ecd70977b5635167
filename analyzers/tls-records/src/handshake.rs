//! Handshake messages that records carry (RFC 8446 §4), over the borders of records.

/// Bytes of a hello, a certificate message or a key exchange that are waited for. A hello has at most 128 KiB of lists and extensions.
pub const LONGEST: usize = 192 << 10;
/// Records of one message, above which it is counted as malformed: implementations fill records of 16 KiB, and evasions use a handful.
const RECORDS: u32 = 100;

/// Kinds of messages that are told apart.
#[allow(missing_docs, reason = "the names are those of IANA's registry")]
mod kinds {
    pub const CLIENT_HELLO: u8 = 1;
    pub const SERVER_HELLO: u8 = 2;
    pub const HELLO_VERIFY_REQUEST: u8 = 3;
    pub const END_OF_EARLY_DATA: u8 = 5;
    pub const HELLO_RETRY_REQUEST: u8 = 6;
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    pub const CERTIFICATE: u8 = 11;
    pub const SERVER_KEY_EXCHANGE: u8 = 12;
    pub const SERVER_HELLO_DONE: u8 = 14;
    pub const FINISHED: u8 = 20;
    pub const KEY_UPDATE: u8 = 24;
    pub const COMPRESSED_CERTIFICATE: u8 = 25;
}
pub use kinds::*;

/// Whether the content of a message is wanted.
pub fn is_read(kind: u8) -> bool {
    matches!(
        kind,
        CLIENT_HELLO
            | SERVER_HELLO
            | HELLO_RETRY_REQUEST
            | ENCRYPTED_EXTENSIONS
            | CERTIFICATE
            | SERVER_KEY_EXCHANGE
            | COMPRESSED_CERTIFICATE
    )
}

/// The letter that Zeek has for the kind of a message in `ssl_history`, as a server sends it.
pub fn letter(kind: u8) -> char {
    match kind {
        0 => 'h',
        CLIENT_HELLO => 'c',
        SERVER_HELLO => 's',
        HELLO_VERIFY_REQUEST => 'v',
        4 => 't',
        5 => 'e',
        HELLO_RETRY_REQUEST => 'j',
        8 => 'o',
        CERTIFICATE => 'x',
        SERVER_KEY_EXCHANGE => 'k',
        13 => 'r',
        SERVER_HELLO_DONE => 'n',
        15 => 'y',
        16 => 'g',
        20 => 'f',
        21 => 'w',
        22 => 'u',
        23 => 'a',
        24 => 'p',
        254 => 'm',
        _ => 'z',
    }
}

/// Whether it can be the kind of a message.
pub fn is_known(kind: u8) -> bool {
    matches!(kind, 0..=6 | 8 | 11..=16 | 20..=26 | 67 | 254)
}

/// Bytes of a message's header.
const HEADER: usize = 4;

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its kind.
    pub kind: u8,
    /// Its content, where it is read and there is room for it.
    pub body: &'a [u8],
    /// Bytes that it has by its header.
    pub length: u32,
    /// Whether it is in more than 100 records.
    pub many_records: bool,
}

impl Message<'_> {
    /// Whether all of it is here, as far as it is read.
    pub fn is_whole(&self) -> bool {
        !is_read(self.kind) || self.body.len() == self.length as usize
    }
}

/// Puts the messages of one direction together.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    header: [u8; HEADER],
    have: usize,
    /// Of a message that is begun, the bytes that are still to come.
    left: u32,
    buffer: Vec<u8>,
    /// Whether bytes of it are missing, so that nothing of it is kept.
    dropped: bool,
    /// Whether it was given already, as far as it is here.
    told: bool,
    records: u32,
    /// Whether it is not known where messages begin, until a record does with one.
    lost: bool,
}

impl Assembly {
    /// Whether a message is begun.
    pub fn is_within(&self) -> bool {
        self.have > 0
    }

    /// Kind and length of the message that is begun, once both are here.
    fn head(&self) -> Option<(u8, u32)> {
        let [kind, high, middle, low] = self.header;
        (self.have >= HEADER).then(|| (kind, u32::from_be_bytes([0, high, middle, low])))
    }

    /// A record begins, with so many bytes.
    pub fn record(&mut self) {
        self.records = self.records.saturating_add(1);
    }

    /// Takes bytes of a record, and gives each message that is complete. `starts`: they are the record's first.
    pub fn push(&mut self, mut bytes: &[u8], starts: bool, sink: &mut impl FnMut(Message<'_>)) {
        if self.lost {
            let begins = starts && matches!(bytes, [kind, 0..=2, ..] if is_known(*kind));
            if !begins {
                return;
            }
            self.forget();
        }
        while !bytes.is_empty() {
            if self.have < HEADER {
                if self.have == 0 {
                    self.records = 1;
                }
                let (head, rest) =
                    bytes.split_at_checked(HEADER.saturating_sub(self.have).min(bytes.len())).unwrap_or_default();
                bytes = rest;
                let place = self.have..self.have.saturating_add(head.len());
                self.have = place.end;
                if let Some(place) = self.header.get_mut(place) {
                    place.copy_from_slice(head);
                }
                let Some((kind, length)) = self.head() else { return };
                self.left = length;
                let is_long = length as usize > LONGEST;
                self.dropped = !is_read(kind) || is_long;
                if is_read(kind) && is_long {
                    // It may never end.
                    self.told = true;
                    sink(Message { kind, body: &[], length, many_records: false });
                }
                if length > 0 {
                    continue;
                }
            }
            let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            let (part, rest) = bytes.split_at_checked(most).unwrap_or_default();
            bytes = rest;
            self.left = self.left.saturating_sub(u32::try_from(most).unwrap_or(u32::MAX));
            let Some((kind, length)) = self.head() else { return };
            let many_records = self.records > RECORDS;
            if self.left > 0 {
                if !self.dropped {
                    self.buffer.extend_from_slice(part);
                }
                return;
            }
            if self.told {
                // The part before the hole was given.
            } else if self.buffer.is_empty() {
                let body = if self.dropped { &[] } else { part };
                sink(Message { kind, body, length, many_records });
            } else {
                self.buffer.extend_from_slice(part);
                sink(Message { kind, body: &self.buffer, length, many_records });
            }
            self.forget();
        }
    }

    /// Begins anew with the next byte.
    fn forget(&mut self) {
        *self = Self::default();
    }

    /// So many bytes of records are not here: gives what is there of the message that is begun.
    pub fn skip(&mut self, missing: u64, sink: &mut impl FnMut(Message<'_>)) {
        let fits = self.head().is_some() && missing <= u64::from(self.left);
        self.cut(sink);
        if fits && missing < u64::from(self.left) {
            self.left = self.left.saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX));
            (self.buffer, self.dropped) = (Vec::new(), true);
        } else if fits {
            self.forget();
        } else {
            *self = Self { lost: true, ..Self::default() };
        }
    }

    /// Nothing more comes: gives what is there of a message that is begun.
    pub fn cut(&mut self, sink: &mut impl FnMut(Message<'_>)) {
        if let Some((kind, length)) = self.head()
            && !self.buffer.is_empty()
        {
            let many_records = self.records > RECORDS;
            sink(Message { kind, body: &self.buffer, length, many_records });
            self.told = true;
        }
        self.buffer = Vec::new();
    }

    /// Gives up what waits, for want of room.
    pub fn give_up(&mut self) {
        (self.buffer, self.dropped) = (Vec::new(), true);
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.buffer.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLIGHT: &[u8] = b"\x02\x00\x00\x03abc\x0e\x00\x00\x00\x0b\x00\x00\x02de\x14\x00\x00\x01f";

    fn all(records: &[&[u8]]) -> Vec<(u8, Vec<u8>, u32)> {
        let (mut assembly, mut found) = (Assembly::default(), Vec::new());
        for record in records {
            assembly.record();
            assembly
                .push(record, true, &mut |message| found.push((message.kind, message.body.to_vec(), message.length)));
        }
        found
    }

    #[test]
    fn messages_are_the_same_however_records_cut_them() {
        let expected = all(&[FLIGHT]);
        assert_eq!(expected, [(2, b"abc".to_vec(), 3), (14, vec![], 0), (11, b"de".to_vec(), 2), (20, vec![], 1)]);
        for first in 0..FLIGHT.len() {
            for second in first..FLIGHT.len() {
                assert_eq!(all(&[&FLIGHT[..first], &FLIGHT[first..second], &FLIGHT[second..]]), expected);
            }
        }
    }

    #[test]
    fn a_hole_ends_a_message_and_the_next_is_found() {
        let (mut assembly, mut found) = (Assembly::default(), Vec::new());
        let mut sink = |message: Message<'_>| found.push((message.kind, message.body.to_vec(), message.length));
        assembly.push(b"\x01\x00\x00\x0aabcd", true, &mut sink);
        assembly.skip(4, &mut sink);
        assembly.push(b"ij\x0e\x00\x00\x00", false, &mut sink);
        assert_eq!(found, [(1, b"abcd".to_vec(), 10), (14, vec![], 0)]);
    }
}
