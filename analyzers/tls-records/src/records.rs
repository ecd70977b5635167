//! Records of a TCP stream (RFC 8446 §5.1), as their bytes come.

/// Bytes of a record's header.
const HEADER: usize = 5;
/// The longest record: TLS 1.2 allows 2 KiB above 16 KiB for encryption (RFC 5246 §6.2.3).
const LONGEST: u16 = (1 << 14) + (2 << 10);

/// Content types.
#[allow(missing_docs, reason = "the names are those of IANA's registry")]
mod kinds {
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    pub const ALERT: u8 = 21;
    pub const HANDSHAKE: u8 = 22;
    pub const APPLICATION_DATA: u8 = 23;
    pub const HEARTBEAT: u8 = 24;
}
pub use kinds::*;

/// The header of a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    /// Content type.
    pub kind: u8,
    /// `legacy_record_version`.
    pub version: u16,
    /// Bytes of its content.
    pub length: u16,
}

impl Head {
    /// Reads one, if it can be one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [kind, major, minor, high, low, ..] = bytes else { return None };
        let head = Self {
            kind: *kind,
            version: u16::from_be_bytes([*major, *minor]),
            length: u16::from_be_bytes([*high, *low]),
        };
        let fits = (CHANGE_CIPHER_SPEC..=HEARTBEAT).contains(kind) && *major == 3 && *minor <= 4;
        (fits && head.length <= LONGEST).then_some(head)
    }
}

/// What comes next in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The header of a record.
    Head(Head),
    /// Bytes of its content, and whether they are its last.
    Content(&'a [u8], bool),
    /// No header where one should be. What follows is not read, until [`Records::begin`].
    Bad,
}

/// Where a stream is.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Whether it is known where records begin.
    synced: bool,
    header: [u8; HEADER],
    have: usize,
    /// Bytes of the record that are still to come.
    left: u16,
    /// Whether a record is begun.
    within: bool,
}

impl Records {
    /// Whether it is known where records begin.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether a record is begun.
    pub fn is_within(&self) -> bool {
        self.within
    }

    /// A record begins with the next byte.
    pub fn begin(&mut self) {
        *self = Self { synced: true, ..Self::default() };
    }

    /// Forgets where records begin.
    pub fn lose(&mut self) {
        *self = Self::default();
    }

    /// The next part of the bytes, which it takes from them.
    pub fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Option<Part<'a>> {
        if !self.synced {
            *bytes = &[];
            return None;
        }
        if self.within {
            if bytes.is_empty() && self.left > 0 {
                return None;
            }
            let most = usize::from(self.left).min(bytes.len());
            let (content, rest) = bytes.split_at_checked(most)?;
            *bytes = rest;
            self.left = self.left.saturating_sub(u16::try_from(most).unwrap_or(u16::MAX));
            self.within = self.left > 0;
            return Some(Part::Content(content, !self.within));
        }
        let (head, rest) = bytes.split_at_checked(HEADER.saturating_sub(self.have).min(bytes.len()))?;
        *bytes = rest;
        let place = self.have..self.have.saturating_add(head.len());
        self.have = place.end;
        if let Some(place) = self.header.get_mut(place) {
            place.copy_from_slice(head);
        }
        if self.have < HEADER {
            return None;
        }
        self.have = 0;
        let Some(head) = Head::parse(&self.header) else {
            self.lose();
            return Some(Part::Bad);
        };
        (self.left, self.within) = (head.length, true);
        Some(Part::Head(head))
    }

    /// So many bytes are not here. Whether they were all of the record that is begun.
    pub fn skip(&mut self, missing: u64) -> bool {
        match u16::try_from(missing) {
            Ok(missing) if self.within && missing <= self.left => {
                self.left = self.left.saturating_sub(missing);
                // What is left has no end of its own: a header follows.
                self.within = self.left > 0;
                true
            }
            _ => {
                self.lose();
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"\x16\x03\x01\x00\x03abc\x17\x03\x03\x00\x00\x15\x03\x03\x00\x02\x01\x00";

    fn all(pieces: &[&[u8]]) -> (Vec<(u8, u16)>, Vec<u8>, usize) {
        let (mut records, mut heads, mut content, mut ends) = (Records::default(), Vec::new(), Vec::new(), 0);
        records.begin();
        for piece in pieces {
            let mut bytes = *piece;
            while let Some(part) = records.next(&mut bytes) {
                match part {
                    Part::Head(head) => heads.push((head.kind, head.length)),
                    Part::Content(bytes, end) => {
                        content.extend(bytes);
                        ends += usize::from(end);
                    }
                    Part::Bad => panic!("{pieces:?}"),
                }
            }
            assert!(bytes.is_empty());
        }
        (heads, content, ends)
    }

    #[test]
    fn records_are_the_same_however_segments_cut_them() {
        let expected = (vec![(22, 3), (23, 0), (21, 2)], b"abc\x01\x00".to_vec(), 3);
        for first in 0..STREAM.len() {
            for second in first..STREAM.len() {
                let pieces = [&STREAM[..first], &STREAM[first..second], &STREAM[second..]];
                assert_eq!(all(&pieces), expected, "{first} {second}");
            }
        }
    }

    #[test]
    fn a_gap_within_a_record_is_passed_and_one_beyond_it_is_not() {
        let mut records = Records::default();
        records.begin();
        let mut bytes = &STREAM[..6];
        while records.next(&mut bytes).is_some() {}
        let mut other = records.clone();
        assert!(records.skip(2) && records.is_synced());
        let mut bytes = &STREAM[8..];
        assert_eq!(records.next(&mut bytes), Some(Part::Head(Head { kind: 23, version: 0x0303, length: 0 })));
        assert!(!other.skip(3) && !other.is_synced());
    }

    #[test]
    fn what_is_no_header_ends_reading() {
        let mut records = Records::default();
        records.begin();
        let mut bytes = &b"GET / HTTP/1.1"[..];
        assert_eq!(records.next(&mut bytes), Some(Part::Bad));
        assert_eq!((records.next(&mut bytes), bytes.len()), (None, 0));
    }
}
