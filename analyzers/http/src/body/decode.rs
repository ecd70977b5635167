//! Content codings (RFC 9110 §8.4.1), undone within bounds of memory and output.

use std::io::Write;

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use mcpcap_codings::{Failure, is_zlib};

use super::digest::{Digest, Known};
use super::{Coding, Codings, Undecoded};
use crate::limits;

/// What a body goes through.
pub enum Decoder {
    Plain(Box<Digest>),
    Gzip(Box<MultiGzDecoder<Digest>>),
    Zlib(Box<ZlibDecoder<Digest>>),
    Deflate(Box<DeflateDecoder<Digest>>),
    /// Not known yet which of both; the first byte of it.
    Either(Vec<u8>),
    /// Decoded at the end: brotli and zstd have large windows, and of several codings each is undone by itself.
    Held(Codings, Vec<u8>),
    Unknown,
}

/// Bytes that may come out of so many.
fn most(sent: u64) -> u64 {
    sent.saturating_mul(limits::EXPANSION).saturating_add(limits::EXPANDED)
}

impl Decoder {
    /// For codings.
    pub fn new(codings: Codings) -> Self {
        match codings.only() {
            Some(Coding::None) => Self::Plain(Box::default()),
            Some(Coding::Gzip) => Self::Gzip(Box::new(MultiGzDecoder::new(Digest::default()))),
            Some(Coding::Deflate) => Self::Either(Vec::new()),
            _ if codings.are_undone() => Self::Held(codings, Vec::new()),
            _ => Self::Unknown,
        }
    }

    /// Takes the next bytes, up to so many in all. `held` is what all bodies hold that are decoded at their end.
    pub fn push(&mut self, bytes: &[u8], sent: u64, held: &mut usize) -> Result<(), Undecoded> {
        match self {
            Self::Plain(digest) => {
                digest.push(bytes);
                Ok(())
            }
            Self::Gzip(decoder) => {
                decoder.get_mut().most = most(sent);
                let done = decoder.write_all(bytes);
                told(done.is_ok(), decoder.get_ref())
            }
            Self::Zlib(decoder) => {
                decoder.get_mut().most = most(sent);
                let done = decoder.write_all(bytes);
                told(done.is_ok(), decoder.get_ref())
            }
            Self::Deflate(decoder) => {
                decoder.get_mut().most = most(sent);
                let done = decoder.write_all(bytes);
                told(done.is_ok(), decoder.get_ref())
            }
            Self::Either(first) => {
                first.extend_from_slice(bytes);
                let [one, other, ..] = first.as_slice() else { return Ok(()) };
                let is_zlib = is_zlib(*one, *other);
                let first = std::mem::take(first);
                *self = if is_zlib {
                    Self::Zlib(Box::new(ZlibDecoder::new(Digest::default())))
                } else {
                    Self::Deflate(Box::new(DeflateDecoder::new(Digest::default())))
                };
                self.push(&first, sent, held)
            }
            Self::Held(_, all) => {
                if all.len().saturating_add(bytes.len()) > limits::HELD_BODY
                    || held.saturating_add(bytes.len()) > limits::HELD_BODIES
                {
                    return Err(Undecoded::NoRoom);
                }
                *held = held.saturating_add(bytes.len());
                all.extend_from_slice(bytes);
                Ok(())
            }
            Self::Unknown => Err(Undecoded::Unknown),
        }
    }

    /// Bytes that wait for the end.
    pub fn held(&self) -> usize {
        match self {
            Self::Held(_, all) => all.len(),
            _ => 0,
        }
    }

    /// What was found out of a body that is not whole.
    pub fn cut(&mut self, reason: Undecoded) -> Known {
        match self {
            Self::Plain(digest) => digest.known(Some(reason)),
            Self::Gzip(decoder) => decoder.get_mut().known(Some(reason)),
            Self::Zlib(decoder) => decoder.get_mut().known(Some(reason)),
            Self::Deflate(decoder) => decoder.get_mut().known(Some(reason)),
            Self::Held(codings, all) if reason == Undecoded::Cut => undone(*codings, std::mem::take(all), true),
            Self::Either(_) | Self::Held(..) | Self::Unknown => Known { undecoded: Some(reason), ..Known::default() },
        }
    }

    /// What was found out of a whole body.
    pub fn finish(&mut self) -> Known {
        match self {
            Self::Plain(digest) => digest.known(None),
            Self::Gzip(decoder) => {
                let done = decoder.try_finish().is_ok();
                finished(done, decoder.get_mut())
            }
            Self::Zlib(decoder) => {
                let done = decoder.try_finish().is_ok();
                finished(done, decoder.get_mut())
            }
            Self::Deflate(decoder) => {
                let done = decoder.try_finish().is_ok();
                finished(done, decoder.get_mut())
            }
            Self::Held(codings, all) => undone(*codings, std::mem::take(all), false),
            Self::Either(_) => Known { undecoded: Some(Undecoded::Damaged), ..Known::default() },
            Self::Unknown => Known { undecoded: Some(Undecoded::Unknown), ..Known::default() },
        }
    }
}

/// Undoes codings, the last that was applied first. What is cut is read as far as it goes.
fn undone(codings: Codings, all: Vec<u8>, is_cut: bool) -> Known {
    let most = most(all.len() as u64);
    let mut rest: Vec<Coding> = codings.all().collect();
    let mut bytes = all;
    while let Some(coding) = rest.pop() {
        if rest.is_empty() {
            let mut digest = Digest::up_to(most);
            let failed = undo(coding, &bytes, Undecoded::TooLarge, &mut |piece| digest.push(piece)).err();
            // What is here may be whole for the decoder: it has no hash all the same.
            return digest.known(if is_cut { Some(Undecoded::Cut) } else { failed });
        }
        let mut kept = Vec::new();
        let mut keep = |piece: &[u8]| {
            let has_room = kept.len().saturating_add(piece.len()) <= limits::HELD_BODY;
            if has_room {
                kept.extend_from_slice(piece);
            }
            has_room
        };
        if let Some(reason) = undo(coding, &bytes, Undecoded::NoRoom, &mut keep).err().filter(|_| !is_cut) {
            return Known { undecoded: Some(reason), ..Known::default() };
        }
        bytes = kept;
    }
    Known::default()
}

/// Undoes one coding; `refused` is what it means when no more is taken.
fn undo(
    coding: Coding,
    bytes: &[u8],
    refused: Undecoded,
    take: &mut impl FnMut(&[u8]) -> bool,
) -> Result<(), Undecoded> {
    let coding = match coding {
        Coding::Gzip => mcpcap_codings::Coding::Gzip,
        Coding::Deflate => mcpcap_codings::Coding::Deflate,
        Coding::Brotli => mcpcap_codings::Coding::Brotli,
        Coding::Zstd => mcpcap_codings::Coding::Zstd,
        Coding::None | Coding::Other => return Err(Undecoded::Unknown),
    };
    mcpcap_codings::undo(coding, bytes, take).map_err(|failure| match failure {
        Failure::Damaged => Undecoded::Damaged,
        Failure::LargeWindow => Undecoded::LargeWindow,
        Failure::Refused => refused,
    })
}

fn told(done: bool, digest: &Digest) -> Result<(), Undecoded> {
    match done {
        true => Ok(()),
        false if digest.is_over => Err(Undecoded::TooLarge),
        false => Err(Undecoded::Damaged),
    }
}

fn finished(done: bool, digest: &mut Digest) -> Known {
    let undecoded = told(done, digest).err();
    digest.known(undecoded)
}
