//! The handshake messages of one side, of CRYPTO frames in any order (RFC 9000 §7.5).

use std::collections::BTreeMap;

use crate::limits;

/// Bytes of a message's header.
const HEADER: usize = 4;
/// Memory of a piece that waits, besides its bytes.
const PIECE: usize = 64;

/// Kinds of messages that are read.
pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    pub kind: u8,
    pub body: &'a [u8],
    /// Whether all of it is here.
    pub is_complete: bool,
}

/// What is wrong with CRYPTO frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// They say different things of the same place.
    Contradiction,
    /// One is far behind what a hello may have, or its message is.
    Beyond,
    /// More pieces wait than are kept.
    Pieces,
    /// A message in more packets than are waited for.
    Packets,
}

/// Puts the messages of one side together. The first bytes that came for a place stay.
#[derive(Debug, Default)]
pub struct Messages {
    /// What is here from `base` on, without a hole.
    ready: Vec<u8>,
    /// Bytes of messages that were given.
    base: u64,
    /// What came before what is in front of it, by its place.
    waiting: BTreeMap<u64, Box<[u8]>>,
    /// Bytes in them.
    waiting_bytes: usize,
    /// Packets with a part of the message that is begun.
    packets: u32,
    /// Nothing more is read.
    is_over: bool,
}

impl Messages {
    /// A packet with some part begins.
    pub fn packet(&mut self) -> Result<(), Wrong> {
        self.packets = self.packets.saturating_add(1);
        if self.packets == limits::PACKETS_OF_MESSAGE.saturating_add(1) { Err(Wrong::Packets) } else { Ok(()) }
    }

    fn end(&self) -> u64 {
        self.base.saturating_add(self.ready.len() as u64)
    }

    /// Takes a part that begins at a place.
    pub fn push(&mut self, at: u64, bytes: &[u8]) -> Result<(), Wrong> {
        if self.is_over || bytes.is_empty() {
            return Ok(());
        }
        let last = at.saturating_add(bytes.len() as u64);
        if last > self.base.saturating_add(limits::MESSAGE as u64) {
            return Err(Wrong::Beyond);
        }
        let mut result = self.agrees(at, bytes);
        let mut from = at.max(self.end());
        // What is not there yet goes between the pieces that wait.
        while from < last {
            let covered = self.waiting.range(..=from).next_back().map(|(at, piece)| (*at, piece.as_ref()));
            if let Some((start, piece)) =
                covered.filter(|(start, piece)| start.saturating_add(piece.len() as u64) > from)
            {
                let until = start.saturating_add(piece.len() as u64).min(last);
                let (known, told) = (part(piece, start, from, until), part(bytes, at, from, until));
                if known != told {
                    result = Err(Wrong::Contradiction);
                }
                from = until;
                continue;
            }
            let next = self.waiting.range(from..).next().map_or(last, |(next, _)| last.min(*next));
            let Some(missing) = part(bytes, at, from, next) else { break };
            if from == self.end() {
                self.ready.extend_from_slice(missing);
            } else if self.waiting.len() >= limits::PIECES {
                return Err(Wrong::Pieces);
            } else {
                self.waiting_bytes = self.waiting_bytes.saturating_add(missing.len());
                self.waiting.insert(from, missing.into());
            }
            from = next;
        }
        self.join();
        result
    }

    /// Whether a part says the same as what is here without a hole.
    fn agrees(&self, at: u64, bytes: &[u8]) -> Result<(), Wrong> {
        let last = at.saturating_add(bytes.len() as u64);
        let (from, until) = (at.max(self.base), last.min(self.end()));
        let is_same = from >= until || part(&self.ready, self.base, from, until) == part(bytes, at, from, until);
        if is_same { Ok(()) } else { Err(Wrong::Contradiction) }
    }

    /// Takes over pieces to which there is no hole any more.
    fn join(&mut self) {
        while let Some(entry) = self.waiting.first_entry() {
            if *entry.key() > self.base.saturating_add(self.ready.len() as u64) {
                break;
            }
            let (at, piece) = entry.remove_entry();
            self.waiting_bytes = self.waiting_bytes.saturating_sub(piece.len());
            let end = self.end();
            if let Some(new) = part(&piece, at, end, at.saturating_add(piece.len() as u64)) {
                self.ready.extend_from_slice(new);
            }
        }
    }

    /// Gives each message that is complete. An error when one is longer than what is read.
    pub fn give(&mut self, sink: &mut impl FnMut(Message<'_>)) -> Result<(), Wrong> {
        let mut given = 0_usize;
        let mut result = Ok(());
        while let Some([kind, high, middle, low, rest @ ..]) = self.ready.get(given..) {
            let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize;
            if length.saturating_add(HEADER) > limits::MESSAGE {
                result = Err(Wrong::Beyond);
                break;
            }
            let Some(body) = rest.get(..length) else { break };
            sink(Message { kind: *kind, body, is_complete: true });
            given = given.saturating_add(HEADER).saturating_add(length);
        }
        if result.is_err() {
            self.give_up();
        } else if given > 0 {
            self.base = self.base.saturating_add(given as u64);
            self.ready.drain(..given);
            // Room that is not used counts too.
            self.ready.shrink_to_fit();
            self.packets = 0;
        }
        result
    }

    /// Nothing more comes: gives what is here of a message that is begun. Whether there was one.
    pub fn cut(&mut self, sink: &mut impl FnMut(Message<'_>)) -> bool {
        let is_begun = !self.is_over && (!self.ready.is_empty() || !self.waiting.is_empty());
        if let [kind, _, _, _, body @ ..] = self.ready.as_slice()
            && is_begun
        {
            sink(Message { kind: *kind, body, is_complete: false });
        }
        self.give_up();
        is_begun
    }

    /// Reads no more of it.
    pub fn give_up(&mut self) {
        *self = Self { is_over: true, ..Self::default() };
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        let pieces = self.waiting.len().saturating_mul(PIECE).saturating_add(self.waiting_bytes);
        self.ready.capacity().saturating_add(pieces)
    }
}

/// The part between two places of bytes that begin at a third one.
fn part(bytes: &[u8], at: u64, from: u64, until: u64) -> Option<&[u8]> {
    let place = |place: u64| place.checked_sub(at).and_then(|place| usize::try_from(place).ok());
    bytes.get(place(from)?..place(until)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let message = |kind: u8, body: &[u8]| [&[kind, 0, 0, body.len() as u8][..], body].concat();
        [message(1, b"the first one"), message(1, b""), message(1, b"another")].concat()
    }

    fn given(messages: &mut Messages) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        messages.give(&mut |message| found.push(message.body.to_vec())).unwrap();
        found
    }

    #[test]
    fn messages_are_the_same_in_whatever_order_their_parts_come() {
        let whole = stream();
        let mut random = mcpcap_analyzer::harness::Random::new(3);
        for _ in 0..2_000 {
            let mut messages = Messages::default();
            let mut found = Vec::new();
            let mut parts: Vec<(usize, usize)> = (0..12)
                .map(|_| (random.below(whole.len()), random.below(whole.len())))
                .map(|(one, other)| (one.min(other), one.max(other)))
                .collect();
            parts.extend([(0, 9), (9, 20), (20, whole.len())]);
            while !parts.is_empty() {
                let (from, to) = parts.remove(random.below(parts.len()));
                assert_eq!(messages.push(from as u64, &whole[from..to]), Ok(()));
                found.extend(given(&mut messages));
            }
            assert_eq!(found, [b"the first one".to_vec(), b"".to_vec(), b"another".to_vec()]);
            assert_eq!(messages.buffered(), 0);
            assert!(!messages.cut(&mut |_| panic!("nothing is left")));
        }
    }

    #[test]
    fn parts_that_contradict_are_told_and_the_first_one_stays() {
        let whole = stream();
        let mut messages = Messages::default();
        assert_eq!(messages.push(8, &whole[8..12]), Ok(()));
        assert_eq!(messages.push(6, b"--lies--"), Err(Wrong::Contradiction));
        assert_eq!(messages.push(0, &whole[..6]), Ok(()));
        assert_eq!(messages.push(2, b"lies"), Err(Wrong::Contradiction));
        assert_eq!(messages.push(14, &whole[14..]), Ok(()));
        // What stood where nothing had been is that of the lie.
        let first = [&whole[4..6], b"--", &whole[8..12], b"--", &whole[14..17]].concat();
        assert_eq!(given(&mut messages)[0], first);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut messages = Messages::default();
        assert_eq!(messages.push(limits::MESSAGE as u64, &[0]), Err(Wrong::Beyond));
        assert_eq!(messages.push(u64::MAX, &[0]), Err(Wrong::Beyond));
        for place in 0..limits::PIECES as u64 {
            assert_eq!(messages.push(2 * place + 1, &[0]), Ok(()));
        }
        assert_eq!(messages.push(3_000, &[0]), Err(Wrong::Pieces));
        assert!(messages.buffered() < 100 * limits::PIECES);
        // A length beyond what is read ends it.
        let mut messages = Messages::default();
        messages.push(0, &[1, 0xff, 0xff, 0xff, 0]).unwrap();
        assert_eq!(messages.give(&mut |_| panic!("not complete")), Err(Wrong::Beyond));
        assert_eq!((messages.push(5, &[0]), messages.buffered()), (Ok(()), 0));
    }

    #[test]
    fn what_is_here_of_a_cut_message_is_given() {
        let whole = stream();
        let mut messages = Messages::default();
        messages.push(0, &whole[..10]).unwrap();
        messages.push(12, &whole[12..14]).unwrap();
        let mut found = Vec::new();
        assert!(messages.cut(&mut |message| found.push((message.body.to_vec(), message.is_complete))));
        assert_eq!(found, [(b"the fi".to_vec(), false)]);
    }
}
