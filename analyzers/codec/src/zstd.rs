//! A zstd frame (RFC 8878 section 3.1.1): header, blocks, checksum.

use crate::buffers::{Gather, Input, Output};
use crate::detect::ZSTD;
use crate::fault::{Fault, Pause};
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::Read;

/// The largest window that is accepted: what RFC 8878 recommends to support, and what `zstd` needs up to level 19.
/// `--ultra` and `--long` may ask for more.
pub const MAX_ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// Octets of a block header, and the most of its content (section 3.1.1.2.4).
const BLOCK_HEADER: usize = 3;
const MAX_BLOCK: usize = 128 * 1024;

/// A raw block of no octets which is the last, and room for a checksum.
const LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

pub(crate) struct Zstd {
    stage: Stage,
    gather: Gather,
    decoder: FrameDecoder,
    has_checksum: bool,
    content_size: Option<u64>,
    /// Octets that came out of this frame.
    produced: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    BlockHeader,
    Block {
        length: usize,
        last: bool,
    },
    /// The last block has been decoded.
    Ending,
    Checksum,
    GivenUp,
}

impl Default for Zstd {
    fn default() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_ZSTD_WINDOW);
        let (stage, gather) = (Stage::Header, Gather::default());
        Self { stage, gather, decoder, has_checksum: false, content_size: None, produced: 0 }
    }
}

impl Zstd {
    /// Decodes a frame from behind its magic number; `Complete` at its end.
    pub(crate) fn run(&mut self, input: &mut Input, output: &mut Output) -> Result<Pause, Fault> {
        loop {
            // Nothing is decoded while something waits, so the window never holds more than one block beyond itself.
            if !self.flush(output)? {
                return Ok(Pause::Full);
            }
            match self.stage {
                Stage::Header => {
                    let Some([descriptor, ..]) = self.gather.whole(input, 1) else { return Ok(Pause::Hungry) };
                    let descriptor = *descriptor;
                    let Some(header) = self.gather.whole(input, header_length(descriptor)) else {
                        return Ok(Pause::Hungry);
                    };
                    self.decoder.reset(ZSTD.to_le_bytes().chain(header)).map_err(header_fault)?;
                    self.gather.clear();
                    self.has_checksum = descriptor & 0x04 != 0;
                    self.content_size = (descriptor & 0xe0 != 0).then(|| self.decoder.content_size());
                    self.produced = 0;
                    self.stage = Stage::BlockHeader;
                }
                Stage::BlockHeader => {
                    let Some([a, b, c, ..]) = self.gather.whole(input, BLOCK_HEADER) else { return Ok(Pause::Hungry) };
                    // Bit 0: last. Bits 1 and 2: raw, one octet repeated, compressed, reserved. Then the length.
                    let header = usize::from(*a) | usize::from(*b) << 8 | usize::from(*c) << 16;
                    let (kind, length) = (header >> 1 & 3, header >> 3);
                    if kind == 3 || length > MAX_BLOCK {
                        return Err(Fault::Damaged(format!("a block of kind {kind} and {length} bytes cannot be")));
                    }
                    let content = if kind == 1 { 1 } else { length };
                    self.stage = Stage::Block { length: content.saturating_add(BLOCK_HEADER), last: header & 1 == 1 };
                }
                Stage::Block { length, last } => {
                    let Some(block) = self.gather.whole(input, length) else { return Ok(Pause::Hungry) };
                    // The decoder takes the checksum with the last block. It gets zeros: the block is wanted even
                    // when the checksum is missing, and is compared here.
                    self.decoder
                        .decode_blocks(block.chain(&LAST_BLOCK[BLOCK_HEADER..]), BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(|error| Fault::Damaged(format!("a block is damaged ({error})")))?;
                    self.gather.clear();
                    self.stage = if last { Stage::Ending } else { Stage::BlockHeader };
                }
                Stage::Ending => {
                    if let Some(stated) = self.content_size.filter(|size| *size != self.produced) {
                        let produced = self.produced;
                        return Err(Fault::Damaged(format!(
                            "a frame states {stated} bytes of content, but has {produced}"
                        )));
                    }
                    if !self.has_checksum {
                        self.stage = Stage::Header;
                        return Ok(Pause::Complete);
                    }
                    self.stage = Stage::Checksum;
                }
                Stage::Checksum => {
                    let Some(checksum) = self.gather.array::<4>(input) else { return Ok(Pause::Hungry) };
                    if self.decoder.get_calculated_checksum() != Some(u32::from_le_bytes(checksum)) {
                        return Err(Fault::damaged("what came out of a frame does not have the checksum it states"));
                    }
                    self.stage = Stage::Header;
                    return Ok(Pause::Complete);
                }
                Stage::GivenUp => return Ok(Pause::Complete),
            }
        }
    }

    /// Puts out what the window need not keep; answers whether that was all.
    fn flush(&mut self, output: &mut Output) -> Result<bool, Fault> {
        let ready = self.decoder.can_collect();
        if ready > 0 && output.left() > 0 {
            let written = output
                .fill(ready, |room| self.decoder.read(room))
                .map_err(|error| Fault::Damaged(format!("its window cannot be read ({error})")))?;
            self.produced = self.produced.saturating_add(written as u64);
        }
        Ok(self.decoder.can_collect() == 0)
    }

    /// Puts out the window as well: after this no block is decoded.
    pub(crate) fn give_up(&mut self, output: &mut Output) {
        if matches!(self.stage, Stage::BlockHeader | Stage::Block { .. }) {
            // The decoder gives its window out only at the end of a frame, so it is told that this is one.
            let ended = self.decoder.decode_blocks(&LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1));
            self.stage = if ended.is_ok() { Stage::Ending } else { Stage::GivenUp };
        }
        if self.stage != Stage::GivenUp && self.stage != Stage::Header && self.flush(output).is_err() {
            self.stage = Stage::GivenUp;
        }
    }
}

/// Octets of a frame header behind the magic number, by its first one (section 3.1.1.1).
fn header_length(descriptor: u8) -> usize {
    let single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!single_segment);
    let dictionary = match descriptor & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        1 => 2,
        2 => 4,
        _ => 8_usize,
    };
    content_size.saturating_add(dictionary).saturating_add(window).saturating_add(1)
}

fn header_fault(error: FrameDecoderError) -> Fault {
    match error {
        FrameDecoderError::WindowSizeTooBig { requested, max } => Fault::Limit {
            limit: "zstd window",
            reason: format!(
                "this zstd data needs a window of {requested} bytes, and the limit is {max}; \
                 compress it again without --long and --ultra"
            ),
        },
        FrameDecoderError::DictNotProvided { dict_id } => Fault::Damaged(format!("it needs the dictionary {dict_id}")),
        error => Fault::Damaged(format!("a frame header is damaged ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;
    use crate::testing::{content, decode, decode_in};

    /// A frame with these raw blocks. A window descriptor of 0 stands for 1 KiB.
    fn raw_blocks(descriptor: u8, header: &[u8], blocks: &[&[u8]]) -> Vec<u8> {
        let mut octets = ZSTD.to_le_bytes().to_vec();
        octets.push(descriptor);
        octets.extend(header);
        for (number, block) in blocks.iter().enumerate() {
            let field = (block.len() << 3) as u32 | u32::from(number + 1 == blocks.len());
            octets.extend(&field.to_le_bytes()[..3]);
            octets.extend(*block);
        }
        octets
    }

    #[test]
    fn raw_and_repeated_blocks() {
        let mut file = raw_blocks(0, &[0], &[b"abc", b"", b"def"]);
        assert_eq!(decode(&file).data, b"abcdef");
        file = raw_blocks(0, &[8 << 3], &[b"abc"]);
        // Not the last any more; then "x" 100,000 times.
        file[6] &= !1;
        file.extend(&((100_000_u32 << 3) | 0b011).to_le_bytes()[..3]);
        file.push(b'x');
        for step in [1, usize::MAX] {
            let outcome = decode_in(&file, step, 1_000);
            assert_eq!((outcome.data.len(), outcome.data.last()), (100_003, Some(&b'x')));
        }
    }

    #[test]
    fn skippable_frames_before_between_and_behind() {
        let skippable = |length: u32| {
            [&0x184d_2a5a_u32.to_le_bytes()[..], &length.to_le_bytes(), &vec![7; length as usize]].concat()
        };
        let frame = raw_blocks(0, &[0], &[b"abc"]);
        let file = [skippable(4), skippable(0), frame.clone(), skippable(1_000), frame, skippable(9)].concat();
        for step in [1, 2, 9, usize::MAX] {
            assert_eq!(decode_in(&file, step, usize::MAX).data, b"abcabc");
        }
        assert!(decode(&file[..file.len() - 1]).reason().contains("a skippable frame"));
        assert_eq!(decode(include_bytes!("../fixtures/pzstd.zst")).data, content());
    }

    #[test]
    fn what_follows_must_be_a_frame() {
        let outcome = decode(&[&raw_blocks(0, &[0], &[b"abc"])[..], b"garbage"].concat());
        assert_eq!(outcome.data, b"abc");
        assert!(outcome.reason().contains("no frame (it begins with 0x62726167)"), "{}", outcome.reason());
    }

    #[test]
    fn a_window_beyond_the_limit_is_refused() {
        let outcome = decode(include_bytes!("../fixtures/long.zst"));
        assert!(matches!(outcome.problem, Some(Problem::Limit { limit: "zstd window", .. })));
        assert!(outcome.reason().contains("134217728 bytes, and the limit is 8388608"));
        // 8 MiB is accepted, one eighth more is not.
        assert_eq!(decode(&raw_blocks(0, &[13 << 3], &[b"abc"])).data, b"abc");
        assert!(matches!(decode(&raw_blocks(0, &[13 << 3 | 1], &[b"abc"])).problem, Some(Problem::Limit { .. })));
        // A single segment states its content instead.
        assert!(matches!(decode(&raw_blocks(0xa0, &[0, 0, 0, 1], &[b"abc"])).problem, Some(Problem::Limit { .. })));
    }

    #[test]
    fn headers_and_blocks_that_cannot_be() {
        assert!(decode(&raw_blocks(1, &[0, 77], &[b"abc"])).reason().ends_with("it needs the dictionary 77"));
        assert!(
            decode(&raw_blocks(0x20, &[4], &[b"abc"]))
                .reason()
                .ends_with("a frame states 4 bytes of content, but has 3")
        );
        let mut reserved = raw_blocks(0, &[0], &[b"abc"]);
        reserved[6] |= 0b110;
        assert!(decode(&reserved).reason().ends_with("a block of kind 3 and 3 bytes cannot be"));
        let checksum = [&raw_blocks(4, &[0], &[b"abc"])[..], &[1, 2, 3, 4]].concat();
        let outcome = decode(&checksum);
        assert_eq!(outcome.data, b"abc");
        assert!(outcome.reason().ends_with("does not have the checksum it states"));
    }

    #[test]
    fn header_lengths() {
        assert_eq!(
            [0x00, 0x20, 0x01, 0x02, 0x03, 0x40, 0x80, 0xc0, 0xe3].map(header_length),
            [2, 2, 3, 4, 6, 4, 6, 10, 13]
        );
    }
}
