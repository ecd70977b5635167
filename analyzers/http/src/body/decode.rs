//! Content codings (RFC 9110 §8.4.1), undone within bounds of memory and output.

use std::io::{Read, Write};

use flate2::bufread;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

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

/// Whether DEFLATE has the header of zlib (RFC 1950 §2.2): servers send both what RFC 9110 asks for and what has none.
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31)
}

/// Where decoded bytes go.
trait Sink {
    /// Takes the next ones. Whether they are not too many.
    fn take(&mut self, bytes: &[u8]) -> bool;
}

impl Sink for Digest {
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.push(bytes)
    }
}

/// What one coding leaves for the one that was applied before it.
struct Kept {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Sink for Kept {
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.is_over = self.bytes.len().saturating_add(bytes.len()) > limits::HELD_BODY;
        if !self.is_over {
            self.bytes.extend_from_slice(bytes);
        }
        !self.is_over
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
            let done = undo(coding, &bytes, &mut digest);
            let failed = done.err().map(|reason| if digest.is_over { Undecoded::TooLarge } else { reason });
            // What is here may be whole for the decoder: it has no hash all the same.
            return digest.known(if is_cut { Some(Undecoded::Cut) } else { failed });
        }
        let mut kept = Kept { bytes: Vec::new(), is_over: false };
        let done = undo(coding, &bytes, &mut kept);
        if let Some(reason) = done.err().filter(|_| !is_cut) {
            let undecoded = Some(if kept.is_over { Undecoded::NoRoom } else { reason });
            return Known { undecoded, ..Known::default() };
        }
        bytes = kept.bytes;
    }
    Known::default()
}

/// Undoes one coding.
fn undo(coding: Coding, bytes: &[u8], sink: &mut impl Sink) -> Result<(), Undecoded> {
    match coding {
        Coding::Gzip => pass(bufread::MultiGzDecoder::new(bytes), sink),
        Coding::Deflate => match bytes {
            [one, other, ..] if is_zlib(*one, *other) => pass(bufread::ZlibDecoder::new(bytes), sink),
            _ => pass(bufread::DeflateDecoder::new(bytes), sink),
        },
        // The first byte tells the window (RFC 7932 §9.1): of 8 MiB, of 16, or of what is no longer brotli.
        Coding::Brotli
            if matches!(bytes, [0x11, ..]) || matches!(bytes.first().map(|first| first & 0x0f), Some(0x0d | 0x0f)) =>
        {
            Err(Undecoded::LargeWindow)
        }
        Coding::Brotli => pass(brotli_decompressor::Decompressor::new(bytes, 4096), sink),
        Coding::Zstd => frames(bytes, sink),
        Coding::None | Coding::Other => Err(Undecoded::Unknown),
    }
}

/// Undoes the frames of zstd, of which there may be several (RFC 8878 §3.1).
fn frames(mut bytes: &[u8], sink: &mut impl Sink) -> Result<(), Undecoded> {
    loop {
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] = bytes {
            // One that holds no data.
            let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
            bytes = rest.get(length..).ok_or(Undecoded::Damaged)?;
        } else {
            match StreamingDecoder::new_with_max_window_size(&mut bytes, limits::ZSTD_WINDOW) {
                Ok(decoder) => pass(decoder, sink)?,
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(Undecoded::LargeWindow),
                Err(_) => return Err(Undecoded::Damaged),
            }
        }
        if bytes.is_empty() {
            return Ok(());
        }
    }
}

/// Reads all that comes out of a decoder, which has to come to its end.
fn pass(mut decoder: impl Read, sink: &mut impl Sink) -> Result<(), Undecoded> {
    let mut room = [0; 8192];
    loop {
        match decoder.read(&mut room) {
            Ok(0) => return Ok(()),
            Ok(length) if sink.take(room.get(..length).unwrap_or_default()) => {}
            Ok(_) | Err(_) => return Err(Undecoded::Damaged),
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
