//! Bodies: how much of them was seen, and what they are. They are decoded only to be hashed and recognised; none is kept.

mod decode;
mod digest;
pub mod kind;

#[cfg(test)]
mod tests;

use decode::Decoder;
pub use digest::Known;

use crate::limits;

/// A coding of a body (RFC 9110 §8.4.1).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    #[default]
    None,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    /// Another one.
    Other,
}

impl Coding {
    /// By its name.
    fn of(name: &str) -> Self {
        let is_one_of = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        match () {
            () if is_one_of(&["identity", ""]) => Self::None,
            () if is_one_of(&["gzip", "x-gzip"]) => Self::Gzip,
            () if is_one_of(&["deflate"]) => Self::Deflate,
            () if is_one_of(&["br"]) => Self::Brotli,
            () if is_one_of(&["zstd"]) => Self::Zstd,
            () => Self::Other,
        }
    }
}

/// Codings of a body in the order in which they were applied, at most so many.
const CODINGS: usize = 3;

/// How a body is coded: by Content-Encoding, and on the way by Transfer-Encoding.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Codings([Coding; CODINGS]);

impl Codings {
    /// What headers say, in their order. More than are undone are another coding.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = [Coding::None; CODINGS];
        let mut places = all.iter_mut();
        let codings = names.into_iter().flat_map(|list| list.split(',')).map(|name| Coding::of(name.trim()));
        for coding in codings.filter(|coding| *coding != Coding::None) {
            match places.next() {
                Some(place) => *place = coding,
                None => return Self([Coding::Other, Coding::None, Coding::None]),
            }
        }
        Self(all)
    }

    /// Those that there are.
    fn all(&self) -> impl DoubleEndedIterator<Item = Coding> {
        self.0.into_iter().filter(|coding| *coding != Coding::None)
    }

    /// The one that all bytes that pass go through: the only one; several are undone at the end of the body.
    fn only(&self) -> Option<Coding> {
        let mut all = self.all();
        let first = all.next().unwrap_or_default();
        all.next().is_none().then_some(first)
    }

    /// Whether it has any, and all can be undone.
    pub fn are_undone(&self) -> bool {
        self.all().next().is_some() && self.all().all(|coding| coding != Coding::Other)
    }
}

#[cfg(test)]
impl From<Coding> for Codings {
    fn from(coding: Coding) -> Self {
        Self([coding, Coding::None, Coding::None])
    }
}

/// Why a body was not decoded, or not to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecoded {
    /// A coding of it is unknown.
    Unknown,
    /// It does not keep to its coding.
    Damaged,
    /// It expands to too much.
    TooLarge,
    /// There was no room for it.
    NoRoom,
    /// It refers back further than is kept of what came out.
    LargeWindow,
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
            Self::LargeWindow => "large_window",
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
    pub codings: Codings,
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
        let is_streamed = self.is_streamed();
        if pool.active >= limits::BODIES || (is_streamed && pool.decoders >= limits::DECODERS) {
            pool.left_out = pool.left_out.saturating_add(1);
            return Work::Done(Err(Undecoded::NoRoom));
        }
        pool.active = pool.active.saturating_add(1);
        pool.decoders = pool.decoders.saturating_add(is_streamed.into());
        Work::Reading(Decoder::new(self.codings))
    }

    /// Whether its decoder keeps a window while it waits.
    fn is_streamed(&self) -> bool {
        matches!(self.codings.only(), Some(Coding::Gzip | Coding::Deflate))
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
        pool.decoders = pool.decoders.saturating_sub(self.is_streamed().into());
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
