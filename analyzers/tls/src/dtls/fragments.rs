//! Handshake messages of DTLS, whose fragments come in any order and more than once (RFC 6347 §4.2.3).

use std::collections::BTreeMap;

use crate::facts::Mark;
use mcpcap_tls_hello::wire::Cursor;
use mcpcap_tls_records::handshake::{LONGEST, Message, is_read};

/// Bytes of a fragment's header.
pub const HEADER: usize = 12;
/// Messages of a direction that wait for fragments.
const WAITING: usize = 8;
/// Pieces of a message that are apart from each other.
const PIECES: usize = 64;

/// The header of a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    pub kind: u8,
    /// Bytes of the whole message.
    pub length: u32,
    /// Number of the message in its direction.
    pub number: u16,
    /// Where the fragment begins in it.
    pub offset: u32,
}

impl Header {
    /// Reads one, with its fragment.
    pub fn parse(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut cursor = Cursor::new(bytes);
        let kind = cursor.u8()?;
        let length = cursor.u24()?;
        let number = cursor.u16()?;
        let offset = cursor.u24()?;
        let fragment = cursor.vector(3)?;
        let end = offset.checked_add(u32::try_from(fragment.len()).ok()?)?;
        (end <= length).then_some((Self { kind, length, number, offset }, fragment))
    }
}

/// A message of which fragments are missing.
struct Partial {
    kind: u8,
    length: u32,
    begun: Mark,
    /// From the beginning on; what is not there yet is 0.
    bytes: Vec<u8>,
    /// What is there: where pieces begin and end.
    pieces: BTreeMap<u32, u32>,
}

/// The messages of a direction.
#[derive(Default)]
pub struct Fragments {
    waiting: BTreeMap<u16, Partial>,
    /// Those that are complete, of the first 128.
    done: u128,
}

impl Fragments {
    fn is_done(&self, number: u16) -> bool {
        1_u128.checked_shl(number.into()).is_some_and(|bit| self.done & bit != 0)
    }

    /// Takes a fragment, and gives its message when that is complete, once. `None` when it contradicts others.
    pub fn take(
        &mut self,
        header: &Header,
        fragment: &[u8],
        mark: Mark,
        sink: &mut impl FnMut(Message<'_>, Mark),
    ) -> Option<()> {
        let Header { kind, length, number, offset } = *header;
        if self.is_done(number) {
            return Some(());
        }
        let mut give = |body: &[u8], begun| sink(Message { kind, body, length, many_records: false }, begun);
        if !is_read(kind) || length as usize > LONGEST {
            // Its content is not wanted: its first fragment stands for it.
            if offset == 0 {
                self.complete(number);
                give(&[], mark);
            }
            return Some(());
        }
        if fragment.len() == length as usize {
            self.complete(number);
            give(fragment, mark);
            return Some(());
        }
        if !self.waiting.contains_key(&number) && self.waiting.len() >= WAITING {
            self.waiting.pop_first();
        }
        let fresh = || Partial { kind, length, begun: mark, bytes: Vec::new(), pieces: BTreeMap::new() };
        let partial = self.waiting.entry(number).or_insert_with(fresh);
        if (partial.kind, partial.length) != (kind, length) || partial.pieces.len() >= PIECES {
            return None;
        }
        partial.add(offset, fragment)?;
        if partial.pieces.get(&0) == Some(&length)
            && let Some(partial) = self.waiting.remove(&number)
        {
            self.complete(number);
            give(&partial.bytes, partial.begun);
        }
        Some(())
    }

    fn complete(&mut self, number: u16) {
        self.waiting.remove(&number);
        self.done |= 1_u128.checked_shl(number.into()).unwrap_or_default();
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.waiting.values().map(|partial| partial.bytes.capacity()).fold(0, usize::saturating_add)
    }
}

impl Partial {
    fn add(&mut self, offset: u32, fragment: &[u8]) -> Option<()> {
        let (from, end) = (offset as usize, (offset as usize).checked_add(fragment.len())?);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        self.bytes.get_mut(from..end)?.copy_from_slice(fragment);
        let (mut from, mut end) = (offset, u32::try_from(end).ok()?);
        // Joined with those that it touches.
        let touching: Vec<u32> =
            self.pieces.range(..=end).filter(|(_, other)| **other >= from).map(|(at, _)| *at).collect();
        for at in touching {
            from = from.min(at);
            end = end.max(self.pieces.remove(&at).unwrap_or_default());
        }
        self.pieces.insert(from, end);
        Some(())
    }
}
