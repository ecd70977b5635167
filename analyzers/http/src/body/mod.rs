//! Bodies: how much of them was seen, and what they are. They are decoded only to be hashed and recognised; none is kept.

mod decode;
mod digest;
pub mod kind;

#[cfg(test)]
mod tests;

use decode::Decoder;
pub use digest::Known;

use crate::limits;

/// How a body is coded, by Content-Encoding (RFC 9110 §8.4.1).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    #[default]
    None,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    /// Another one, or several.
    Other,
}

impl Coding {
    /// What a header says.
    pub fn of(value: Option<&str>) -> Self {
        let Some(value) = value else { return Self::None };
        let named = |names: &[&str]| names.iter().any(|name| value.eq_ignore_ascii_case(name));
        match value {
            _ if named(&["identity", ""]) => Self::None,
            _ if named(&["gzip", "x-gzip"]) => Self::Gzip,
            _ if named(&["deflate"]) => Self::Deflate,
            _ if named(&["br"]) => Self::Brotli,
            _ if named(&["zstd"]) => Self::Zstd,
            _ => Self::Other,
        }
    }
}

/// Why a body was not decoded, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecoded {
    /// Its coding is unknown, or there are several.
    Unknown,
    /// It does not keep to its coding.
    Damaged,
    /// It expands to too much.
    TooLarge,
    /// There was no room for it.
    NoRoom,
    /// Bytes of it are not in the capture.
    Cut,
}

impl Undecoded {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_coding",
            Self::Damaged => "damaged",
            Self::TooLarge => "too_large",
            Self::NoRoom => "no_room",
            Self::Cut => "cut",
        }
    }
}

/// What all bodies that are being read may take up.
#[derive(Debug, Default)]
pub struct Pool {
    active: usize,
    decoders: usize,
    /// Bytes of bodies that are decoded at their end.
    held: usize,
    /// Bodies for which there was no room.
    pub left_out: u64,
}

/// What is known of a body.
#[derive(Default)]
pub struct Body {
    /// Bytes that were sent of it, without what chunks need.
    pub sent: u64,
    /// Bytes that are not in the capture.
    pub missing: u64,
    /// Whether it was sent in chunks.
    pub chunked: bool,
    /// How it is coded.
    pub coding: Coding,
    is_cut: bool,
    work: Work,
}

#[derive(Default)]
enum Work {
    /// Nothing came yet.
    #[default]
    None,
    Reading(Decoder),
    /// Nothing more is wanted.
    Done(Result<Box<Known>, Undecoded>),
}

impl Body {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8], pool: &mut Pool) {
        if matches!(self.work, Work::None) && !bytes.is_empty() {
            self.work = match self.missing {
                0 => self.begin(pool),
                _ => Work::Done(Err(Undecoded::Cut)),
            };
        }
        self.sent = self.sent.saturating_add(bytes.len() as u64);
        if let Work::Reading(decoder) = &mut self.work
            && let Err(reason) = decoder.push(bytes, self.sent, &mut pool.held)
        {
            self.stop(reason, pool);
        }
    }

    fn begin(&self, pool: &mut Pool) -> Work {
        let is_streamed = matches!(self.coding, Coding::Gzip | Coding::Deflate);
        if pool.active >= limits::BODIES || (is_streamed && pool.decoders >= limits::DECODERS) {
            pool.left_out = pool.left_out.saturating_add(1);
            return Work::Done(Err(Undecoded::NoRoom));
        }
        pool.active = pool.active.saturating_add(1);
        pool.decoders = pool.decoders.saturating_add(is_streamed.into());
        Work::Reading(Decoder::new(self.coding))
    }

    fn take_decoder(&mut self) -> Option<Decoder> {
        match std::mem::take(&mut self.work) {
            Work::Reading(decoder) => Some(decoder),
            other => {
                self.work = other;
                None
            }
        }
    }

    /// Gives the room of what was read back.
    fn release(&self, decoder: &Decoder, pool: &mut Pool) {
        pool.active = pool.active.saturating_sub(1);
        pool.decoders = pool.decoders.saturating_sub(matches!(self.coding, Coding::Gzip | Coding::Deflate).into());
        pool.held = pool.held.saturating_sub(decoder.held());
    }

    /// Ends the reading early. What was recognised so far stays.
    fn stop(&mut self, reason: Undecoded, pool: &mut Pool) {
        if let Some(mut decoder) = self.take_decoder() {
            self.release(&decoder, pool);
            if reason == Undecoded::NoRoom {
                pool.left_out = pool.left_out.saturating_add(1);
            }
            self.work = Work::Done(Ok(Box::new(decoder.cut(reason))));
        }
    }

    /// So many bytes are not in the capture.
    pub fn gap(&mut self, missing: u64, pool: &mut Pool) {
        self.sent = self.sent.saturating_add(missing);
        self.missing = self.missing.saturating_add(missing);
        self.stop(Undecoded::Cut, pool);
    }

    /// Its end was not seen.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Nothing more of it comes.
    pub fn finish(&mut self, pool: &mut Pool) {
        if self.is_cut {
            self.stop(Undecoded::Cut, pool);
        }
        if let Some(mut decoder) = self.take_decoder() {
            self.release(&decoder, pool);
            self.work = Work::Done(Ok(Box::new(decoder.finish())));
        }
    }

    /// Whether all of it was seen.
    pub fn is_complete(&self) -> bool {
        !self.is_cut && self.missing == 0
    }

    /// What was found out about it, once it is finished.
    pub fn known(&self) -> Option<&Known> {
        match &self.work {
            Work::Done(Ok(known)) => Some(known),
            _ => None,
        }
    }

    /// Why it was not decoded, or not to its end.
    pub fn undecoded(&self) -> Option<Undecoded> {
        match &self.work {
            Work::Done(Ok(known)) => known.undecoded,
            Work::Done(Err(reason)) => Some(*reason),
            Work::None | Work::Reading(_) => None,
        }
    }

    /// Memory that it takes besides itself once it is finished, in bytes.
    pub fn cost(&self) -> usize {
        self.known().map_or(0, |known| known.prefix.capacity().saturating_add(std::mem::size_of::<Known>()))
    }
}
