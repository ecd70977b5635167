//! Content codings (RFC 9110 §8.4.1), undone within bounds of memory and output.

use std::io::{Read, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::digest::{Digest, Known};
use super::{Coding, Undecoded};
use crate::limits;

/// What a body goes through.
pub enum Decoder {
    Plain(Box<Digest>),
    Gzip(Box<MultiGzDecoder<Digest>>),
    Zlib(Box<ZlibDecoder<Digest>>),
    Deflate(Box<DeflateDecoder<Digest>>),
    /// Not known yet which of both; the first byte of it.
    Either(Vec<u8>),
    /// Decoded at the end: these have large windows.
    Brotli(Vec<u8>),
    Zstd(Vec<u8>),
    Unknown,
}

/// Bytes that may come out of so many.
fn most(sent: u64) -> u64 {
    sent.saturating_mul(limits::EXPANSION).saturating_add(limits::EXPANDED)
}

impl Decoder {
    /// For a coding.
    pub fn new(coding: Coding) -> Self {
        match coding {
            Coding::None => Self::Plain(Box::default()),
            Coding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(Digest::default()))),
            Coding::Deflate => Self::Either(Vec::new()),
            Coding::Brotli => Self::Brotli(Vec::new()),
            Coding::Zstd => Self::Zstd(Vec::new()),
            Coding::Other => Self::Unknown,
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
                // Servers send both what RFC 9110 asks for and DEFLATE without the header of zlib (RFC 1950 §2.2).
                let is_zlib = one & 0x0f == 8 && (u16::from(*one) << 8 | u16::from(*other)).is_multiple_of(31);
                let first = std::mem::take(first);
                *self = if is_zlib {
                    Self::Zlib(Box::new(ZlibDecoder::new(Digest::default())))
                } else {
                    Self::Deflate(Box::new(DeflateDecoder::new(Digest::default())))
                };
                self.push(&first, sent, held)
            }
            Self::Brotli(all) | Self::Zstd(all) => {
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
            Self::Brotli(all) | Self::Zstd(all) => all.len(),
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
            Self::Brotli(_) | Self::Zstd(_) if reason == Undecoded::Cut => {
                Known { undecoded: Some(reason), ..self.finish() }
            }
            Self::Either(_) | Self::Brotli(_) | Self::Zstd(_) | Self::Unknown => {
                Known { undecoded: Some(reason), ..Known::default() }
            }
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
            // The first byte tells the window (RFC 7932 §9.1): of 8 MiB, of 16, or of what is no longer brotli.
            Self::Brotli(all)
                if matches!(all.first().map(|first| first & 0x0f), Some(0x0d | 0x0f)) || all.first() == Some(&0x11) =>
            {
                Known { undecoded: Some(Undecoded::NoRoom), ..Known::default() }
            }
            Self::Brotli(all) => {
                let mut digest = Digest::up_to(most(all.len() as u64));
                let decoder = brotli_decompressor::Decompressor::new(all.as_slice(), 4096);
                let done = pass(decoder, &mut digest);
                finished(done, &mut digest)
            }
            Self::Zstd(all) => {
                let mut digest = Digest::up_to(most(all.len() as u64));
                let decoder =
                    ruzstd::decoding::StreamingDecoder::new_with_max_window_size(all.as_slice(), limits::ZSTD_WINDOW);
                let done = decoder.is_ok_and(|decoder| pass(decoder, &mut digest));
                finished(done, &mut digest)
            }
            Self::Either(_) => Known { undecoded: Some(Undecoded::Damaged), ..Known::default() },
            Self::Unknown => Known { undecoded: Some(Undecoded::Unknown), ..Known::default() },
        }
    }
}

/// Reads all that comes out of a decoder. Whether it came to its end.
fn pass(mut decoder: impl Read, digest: &mut Digest) -> bool {
    let mut room = [0; 8192];
    loop {
        match decoder.read(&mut room) {
            Ok(0) => return true,
            Ok(length) if digest.push(room.get(..length).unwrap_or_default()) => {}
            Ok(_) | Err(_) => return false,
        }
    }
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
