//! gzip (RFC 1952): members one after another, each with a header, a deflate stream (RFC 1951), and two checks.

use crate::buffers::{Gather, Input, Output};
use crate::detect::GZIP;
use crate::fault::{Fault, Pause};
use crc32fast::Hasher;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_HAS_MORE_INPUT};

/// A power of two, at least the 32 KiB that a deflate stream may look back.
const WINDOW: usize = 64 * 1024;

/// Header flags (section 2.3.1).
const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;

pub(crate) struct Gzip {
    stage: Stage,
    gather: Gather,
    /// Flags of the header whose parts have not been read yet.
    flags: u8,
    inflate: Box<DecompressorOxide>,
    window: Vec<u8>,
    /// Where the next octet goes in the window.
    at: usize,
    /// What has been decoded into the window but not put out: it ends at `at` (or at the end of the window, for 0).
    pending: std::ops::Range<usize>,
    crc: Hasher,
    /// Octets of the member, modulo 2^32.
    length: u32,
    first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Magic,
    Header,
    ExtraLength,
    Skip(usize),
    /// A text that ends with a zero octet.
    Text,
    HeaderCrc,
    Deflate,
    Checks,
}

impl Gzip {
    /// Begins with the octets that told the format: at most four.
    pub(crate) fn new(start: &[u8]) -> Self {
        let mut gzip = Self {
            stage: Stage::Magic,
            gather: Gather::default(),
            flags: 0,
            inflate: Box::default(),
            window: vec![0; WINDOW],
            at: 0,
            pending: 0..0,
            crc: Hasher::new(),
            length: 0,
            first: true,
        };
        gzip.gather.whole(&mut Input::new(start), start.len());
        gzip
    }

    pub(crate) fn run(&mut self, input: &mut Input, output: &mut Output) -> Result<Pause, Fault> {
        loop {
            if !self.flush(output) {
                return Ok(Pause::Full);
            }
            match self.stage {
                Stage::Magic => {
                    let Some(magic) = self.gather.whole(input, 2) else { return Ok(self.between()) };
                    if !magic.starts_with(&GZIP) {
                        // Zeros from a tape, or anything else: gzip(1) ignores what is no member.
                        return Ok(Pause::Complete);
                    }
                    self.first = false;
                    self.stage = Stage::Header;
                }
                Stage::Header => {
                    let Some([_, _, method, flags, ..]) = self.gather.array::<10>(input) else {
                        return Ok(Pause::Hungry);
                    };
                    if method != 8 {
                        return Err(Fault::Damaged(format!("its compression method is {method}, not 8 (deflate)")));
                    }
                    if flags & 0xe0 != 0 {
                        return Err(Fault::Damaged(format!("reserved flags are set in its header (0x{flags:02x})")));
                    }
                    self.flags = flags;
                    self.next_part();
                }
                Stage::ExtraLength => {
                    let Some(length) = self.gather.array::<2>(input) else { return Ok(Pause::Hungry) };
                    self.stage = Stage::Skip(u16::from_le_bytes(length).into());
                }
                Stage::Skip(left) => match left.saturating_sub(input.take(left).len()) {
                    0 => self.next_part(),
                    left => {
                        self.stage = Stage::Skip(left);
                        return Ok(Pause::Hungry);
                    }
                },
                Stage::Text => {
                    let rest = input.rest();
                    let end = rest.iter().position(|octet| *octet == 0);
                    input.take(end.map_or(rest.len(), |end| end.saturating_add(1)));
                    if end.is_none() {
                        return Ok(Pause::Hungry);
                    }
                    self.next_part();
                }
                // The header's CRC is not checked, as gzip(1) does not either.
                Stage::HeaderCrc => match self.gather.array::<2>(input) {
                    Some(_) => self.next_part(),
                    None => return Ok(Pause::Hungry),
                },
                Stage::Deflate => {
                    if let Some(pause) = self.deflate(input)? {
                        return Ok(pause);
                    }
                }
                Stage::Checks => {
                    let Some([a, b, c, d, e, f, g, h]) = self.gather.array::<8>(input) else {
                        return Ok(Pause::Hungry);
                    };
                    if u32::from_le_bytes([a, b, c, d]) != std::mem::take(&mut self.crc).finalize() {
                        return Err(Fault::damaged("what came out of it does not have the CRC it states"));
                    }
                    if u32::from_le_bytes([e, f, g, h]) != std::mem::take(&mut self.length) {
                        return Err(Fault::damaged("what came out of it does not have the length it states"));
                    }
                    self.stage = Stage::Magic;
                }
            }
        }
    }

    /// Less than a magic number is left.
    fn between(&self) -> Pause {
        match self.gather.octets() {
            [] | [0x1f] => Pause::Hungry,
            _ => Pause::Complete,
        }
    }

    /// Goes on to the next part of the header that its flags announce.
    fn next_part(&mut self) {
        for (flag, stage) in [
            (HAS_EXTRA, Stage::ExtraLength),
            (HAS_NAME, Stage::Text),
            (HAS_COMMENT, Stage::Text),
            (HAS_HEADER_CRC, Stage::HeaderCrc),
        ] {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.stage = stage;
                return;
            }
        }
        self.inflate.init();
        self.at = 0;
        self.stage = Stage::Deflate;
    }

    /// Decodes into the window. What came of it is put out before this is called again.
    fn deflate(&mut self, input: &mut Input) -> Result<Option<Pause>, Fault> {
        let before = self.at;
        let (status, used, written) =
            decompress(&mut self.inflate, input.rest(), &mut self.window, before, TINFL_FLAG_HAS_MORE_INPUT);
        input.take(used);
        self.pending = before..before.saturating_add(written);
        self.at = self.pending.end & (WINDOW - 1);
        self.crc.update(self.window.get(self.pending.clone()).unwrap_or_default());
        self.length = self.length.wrapping_add(written as u32);
        match status {
            TINFLStatus::Done => self.stage = Stage::Checks,
            TINFLStatus::NeedsMoreInput if self.pending.is_empty() => return Ok(Some(Pause::Hungry)),
            TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => {}
            _ => return Err(Fault::damaged("its deflate stream is damaged")),
        }
        Ok(None)
    }

    /// Puts out what has been decoded; answers whether that was all.
    pub(crate) fn flush(&mut self, output: &mut Output) -> bool {
        let put = output.put(self.window.get(self.pending.clone()).unwrap_or_default());
        self.pending.start = self.pending.start.saturating_add(put);
        self.pending.is_empty()
    }

    /// What the input ended in the middle of.
    pub(crate) fn unfinished(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Magic if self.gather.len() == 0 && !self.first => None,
            Stage::Deflate => Some("compressed data"),
            Stage::Checks => Some("a checksum"),
            _ => Some("a header"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{decode, decode_in};
    use miniz_oxide::deflate::compress_to_vec;

    fn member(flags: u8, parts: &[u8], content: &[u8]) -> Vec<u8> {
        let mut octets = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        octets.extend(parts);
        octets.extend(compress_to_vec(content, 6));
        octets.extend(crc32fast::hash(content).to_le_bytes());
        octets.extend((content.len() as u32).to_le_bytes());
        octets
    }

    #[test]
    fn every_part_of_a_header_is_passed_over() {
        let parts = b"\x05\0extraname\0a comment\0\xaa\xbb";
        let file = member(0b1_1111, parts, b"content");
        for step in 1..file.len() {
            assert_eq!(decode_in(&file, step, 3).data, b"content");
        }
        assert_eq!(decode(&member(0b100, b"\0\0", b"x")).data, b"x");
    }

    #[test]
    fn members_follow_each_other() {
        let file = [member(0, b"", b"one"), member(0b1000, b"name\0", b""), member(0, b"", b"three")].concat();
        for step in 1..file.len() {
            assert_eq!(decode_in(&file, step, 2).data, b"onethree");
        }
    }

    #[test]
    fn what_is_no_member_is_ignored_behind_one() {
        for garbage in [&[0; 512][..], b"garbage", b"\x1f\x00", b"\0"] {
            let file = [&member(0, b"", b"content"), garbage].concat();
            for step in [1, 2, 3, usize::MAX] {
                let outcome = decode_in(&file, step, usize::MAX);
                assert_eq!((outcome.problem, outcome.data), (None, b"content".to_vec()));
            }
        }
    }

    #[test]
    fn a_member_that_begins_must_be_whole() {
        for start in [&b"\x1f"[..], b"\x1f\x8b", b"\x1f\x8b\x08\0"] {
            let outcome = decode(&[&member(0, b"", b"content"), start].concat());
            assert_eq!(outcome.data, b"content");
            assert!(outcome.reason().ends_with("it ends in the middle of a header"));
        }
    }

    #[test]
    fn checks_and_headers_that_are_wrong() {
        let good = member(0, b"", b"content");
        let broken = |position: usize| {
            let mut file = good.clone();
            file[position] ^= 0x80;
            decode(&file)
        };
        let crc = broken(good.len() - 8);
        assert_eq!(crc.data, b"content");
        let length = good.len();
        assert_eq!(
            crc.reason(),
            format!(
                "the gzip data cannot be read beyond its offset {length}: what came out of it does not have the CRC it states"
            )
        );
        assert!(broken(good.len() - 1).reason().contains("the length it states"));
        assert!(broken(2).reason().contains("compression method is 136"));
        assert!(broken(3).reason().contains("reserved flags"));
    }
}
