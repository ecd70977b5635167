//! Compression that is undone within bounds of memory and output. Nothing here trusts a length that compressed bytes claim.

#![deny(missing_docs)]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

use std::io::Read;

use flate2::bufread;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::FrameDecoderError;

/// Bytes of the largest window of zstd (RFC 9659). That of brotli may have 4 MiB, the usual one, not 16.
const ZSTD_WINDOW: u64 = 8 << 20;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// RFC 1952, also several members.
    Gzip,
    /// RFC 1950.
    Zlib,
    /// RFC 1951, or RFC 1950: senders of what HTTP calls "deflate" send both.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878, also several frames.
    Zstd,
}

/// Why not all could be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It is no such compression, or was cut.
    Damaged,
    /// It needs a window of more than 4 MiB of brotli, or 8 MiB of zstd.
    LargeWindow,
    /// Who takes it wanted no more.
    Refused,
}

/// Undoes one coding. What comes out is given to `take` in pieces of up to 8 KiB, until that says `false`.
///
/// # Errors
/// When the end was not reached. What was taken until then is right.
pub fn undo(coding: Coding, bytes: &[u8], take: &mut impl FnMut(&[u8]) -> bool) -> Result<(), Failure> {
    match coding {
        Coding::Gzip => pass(bufread::MultiGzDecoder::new(bytes), take),
        Coding::Zlib => pass(bufread::ZlibDecoder::new(bytes), take),
        Coding::Deflate => match bytes {
            [one, other, ..] if is_zlib(*one, *other) => pass(bufread::ZlibDecoder::new(bytes), take),
            _ => pass(bufread::DeflateDecoder::new(bytes), take),
        },
        // The first byte tells the window (RFC 7932 §9.1): of 8 MiB, of 16, or of what is no longer brotli.
        Coding::Brotli
            if matches!(bytes, [0x11, ..]) || matches!(bytes.first().map(|first| first & 0x0f), Some(0x0d | 0x0f)) =>
        {
            Err(Failure::LargeWindow)
        }
        Coding::Brotli => pass(brotli_decompressor::Decompressor::new(bytes, 4096), take),
        Coding::Zstd => frames(bytes, take),
    }
}

/// Whether DEFLATE has the header of zlib (RFC 1950 §2.2): servers send both what RFC 9110 asks for and what has none.
pub fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)).is_multiple_of(31)
}

/// Undoes the frames of zstd, of which there may be several (RFC 8878 §3.1).
fn frames(mut bytes: &[u8], take: &mut impl FnMut(&[u8]) -> bool) -> Result<(), Failure> {
    loop {
        if let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, rest @ ..] = bytes {
            // One that holds no data.
            let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
            bytes = rest.get(length..).ok_or(Failure::Damaged)?;
        } else {
            match StreamingDecoder::new_with_max_window_size(&mut bytes, ZSTD_WINDOW) {
                Ok(decoder) => pass(decoder, take)?,
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(Failure::LargeWindow),
                Err(_) => return Err(Failure::Damaged),
            }
        }
        if bytes.is_empty() {
            return Ok(());
        }
    }
}

/// Reads all that comes out of a decoder, which has to come to its end.
fn pass(mut decoder: impl Read, take: &mut impl FnMut(&[u8]) -> bool) -> Result<(), Failure> {
    let mut room = [0; 8192];
    loop {
        match decoder.read(&mut room) {
            Ok(0) => return Ok(()),
            Ok(length) if take(room.get(..length).unwrap_or_default()) => {}
            Ok(_) => return Err(Failure::Refused),
            Err(_) => return Err(Failure::Damaged),
        }
    }
}
