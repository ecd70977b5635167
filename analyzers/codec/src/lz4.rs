//! An lz4 frame (LZ4 Frame Format 1.6): descriptor, blocks, checksums.

use crate::buffers::{Gather, Input, Output};
use crate::fault::{Fault, Pause};
use lz4_flex::block::decompress_into_with_dict;
use std::hash::Hasher;
use std::ops::Range;
use twox_hash::XxHash32;

/// How far a block may look back into the blocks before.
const HISTORY: usize = 64 * 1024;

/// Bits of the flag octet.
const INDEPENDENT: u8 = 1 << 5;
const BLOCK_CHECKSUM: u8 = 1 << 4;
const CONTENT_SIZE: u8 = 1 << 3;
const CONTENT_CHECKSUM: u8 = 1 << 2;
const RESERVED: u8 = 1 << 1;
const DICTIONARY: u8 = 1;

#[derive(Default)]
pub(crate) struct Lz4 {
    stage: Stage,
    gather: Gather,
    flags: u8,
    max_block: usize,
    content_size: Option<u64>,
    /// The history, then the block that was decoded last.
    window: Vec<u8>,
    history: usize,
    /// The part of the window that has not been put out.
    pending: Range<usize>,
    /// Where the last block ends in the window.
    end: usize,
    hash: Option<XxHash32>,
    produced: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Descriptor,
    BlockLength,
    Block {
        length: usize,
        raw: bool,
    },
    ContentChecksum,
}

impl Lz4 {
    /// Decodes a frame from behind its magic number; `Complete` at its end.
    pub(crate) fn run(&mut self, input: &mut Input, output: &mut Output) -> Result<Pause, Fault> {
        loop {
            if !self.flush(output) {
                return Ok(Pause::Full);
            }
            match self.stage {
                Stage::Descriptor => {
                    let Some([flags, ..]) = self.gather.whole(input, 2) else { return Ok(Pause::Hungry) };
                    let flags = *flags;
                    let Some(descriptor) = self.gather.whole(input, descriptor_length(flags)) else {
                        return Ok(Pause::Hungry);
                    };
                    let (max_block, content_size) = read_descriptor(descriptor)?;
                    (self.flags, self.max_block, self.content_size) = (flags, max_block, content_size);
                    self.gather.clear();
                    self.hash = (flags & CONTENT_CHECKSUM != 0).then(|| XxHash32::with_seed(0));
                    self.window.resize(HISTORY.saturating_add(max_block), 0);
                    (self.history, self.produced) = (0, 0);
                    self.stage = Stage::BlockLength;
                }
                Stage::BlockLength => {
                    let Some(length) = self.gather.array::<4>(input) else { return Ok(Pause::Hungry) };
                    // The top bit says that the block is not compressed. Zero ends the frame.
                    let field = u32::from_le_bytes(length);
                    let (raw, length) = (field >> 31 == 1, (field & 0x7fff_ffff) as usize);
                    if field == 0 {
                        if let Some(stated) = self.content_size.filter(|size| *size != self.produced) {
                            let produced = self.produced;
                            let reason = format!("a frame states {stated} bytes of content, but has {produced}");
                            return Err(Fault::Damaged(reason));
                        }
                        self.stage = if self.hash.is_some() { Stage::ContentChecksum } else { Stage::Descriptor };
                        if self.stage == Stage::Descriptor {
                            return Ok(Pause::Complete);
                        }
                    } else if length > self.max_block {
                        let most = self.max_block;
                        return Err(Fault::Damaged(format!(
                            "a block has {length} bytes, and the frame states {most} at most"
                        )));
                    } else {
                        self.stage = Stage::Block { length, raw };
                    }
                }
                Stage::Block { length, raw } => {
                    let checksum = if self.flags & BLOCK_CHECKSUM == 0 { 0 } else { 4 };
                    if self.gather.whole(input, length.saturating_add(checksum)).is_none() {
                        return Ok(Pause::Hungry);
                    }
                    self.block(length, raw)?;
                    self.gather.clear();
                    self.stage = Stage::BlockLength;
                }
                Stage::ContentChecksum => {
                    let Some(checksum) = self.gather.array::<4>(input) else { return Ok(Pause::Hungry) };
                    if self.hash.take().is_some_and(|hash| hash.finish_32() != u32::from_le_bytes(checksum)) {
                        return Err(Fault::damaged("what came out of a frame does not have the checksum it states"));
                    }
                    self.stage = Stage::Descriptor;
                    return Ok(Pause::Complete);
                }
            }
        }
    }

    /// Decodes the block that has been collected, with its checksum if it has one.
    fn block(&mut self, length: usize, raw: bool) -> Result<(), Fault> {
        self.keep_history();
        let (block, checksum) = self.gather.octets().split_at_checked(length).unwrap_or_default();
        if checksum.first_chunk().is_some_and(|stated| XxHash32::oneshot(0, block) != u32::from_le_bytes(*stated)) {
            return Err(Fault::damaged("a block does not have the checksum it states"));
        }
        let (past, room) = self.window.split_at_mut_checked(self.history).unwrap_or_default();
        let room = room.get_mut(..self.max_block).unwrap_or_default();
        let written = if raw {
            room.get_mut(..length).unwrap_or_default().copy_from_slice(block);
            length
        } else {
            decompress_into_with_dict(block, room, past)
                .map_err(|error| Fault::Damaged(format!("a block is damaged ({error})")))?
        };
        self.end = self.history.saturating_add(written);
        self.pending = self.history..self.end;
        self.produced = self.produced.saturating_add(written as u64);
        if let Some(hash) = &mut self.hash {
            hash.write(self.window.get(self.pending.clone()).unwrap_or_default());
        }
        Ok(())
    }

    /// Moves the end of what has been decoded to the beginning of the window, where the next block may look back at it.
    fn keep_history(&mut self) {
        let start = self.end.saturating_sub(HISTORY);
        if self.flags & INDEPENDENT != 0 || self.produced == 0 {
            self.history = 0;
        } else {
            self.window.copy_within(start..self.end, 0);
            self.history = self.end.saturating_sub(start);
        }
    }

    /// Puts out what has been decoded; answers whether that was all.
    pub(crate) fn flush(&mut self, output: &mut Output) -> bool {
        let put = output.put(self.window.get(self.pending.clone()).unwrap_or_default());
        self.pending.start = self.pending.start.saturating_add(put);
        self.pending.is_empty()
    }
}

/// Octets of the descriptor with its checksum, by the flags.
fn descriptor_length(flags: u8) -> usize {
    let content_size = if flags & CONTENT_SIZE == 0 { 0 } else { 8 };
    let dictionary = if flags & DICTIONARY == 0 { 0 } else { 4 };
    3_usize.saturating_add(content_size).saturating_add(dictionary)
}

/// The longest block, and the content's size if it is stated.
fn read_descriptor(descriptor: &[u8]) -> Result<(usize, Option<u64>), Fault> {
    let [flags, sizes, rest @ .., checksum] = descriptor else {
        return Err(Fault::damaged("a frame header is too short"));
    };
    let covered = descriptor.get(..descriptor.len().saturating_sub(1)).unwrap_or_default();
    if (XxHash32::oneshot(0, covered) >> 8) as u8 != *checksum {
        return Err(Fault::damaged("a frame header does not have the checksum it states"));
    }
    let max_block = match sizes >> 4 & 7 {
        4 => 64 * 1024,
        5 => 256 * 1024,
        6 => 1024 * 1024,
        7 => 4 * 1024 * 1024,
        size => return Err(Fault::Damaged(format!("a frame header has the block size number {size}"))),
    };
    if flags >> 6 != 1 || flags & RESERVED != 0 || sizes & 0x8f != 0 {
        return Err(Fault::Damaged(format!("a frame header has flags that are not known (0x{flags:02x}{sizes:02x})")));
    }
    if flags & DICTIONARY != 0 {
        return Err(Fault::damaged("it needs a dictionary"));
    }
    let content_size = rest.first_chunk::<8>().filter(|_| flags & CONTENT_SIZE != 0);
    Ok((max_block, content_size.map(|octets| u64::from_le_bytes(*octets))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::LZ4;
    use crate::testing::{decode, decode_in};

    fn frame(flags: u8, sizes: u8, rest: &[u8], blocks: &[(u32, &[u8])]) -> Vec<u8> {
        let descriptor = [&[flags, sizes], rest].concat();
        let mut octets = LZ4.to_le_bytes().to_vec();
        octets.extend(&descriptor);
        octets.push((XxHash32::oneshot(0, &descriptor) >> 8) as u8);
        for (length, block) in blocks {
            octets.extend(length.to_le_bytes());
            octets.extend(*block);
        }
        octets.extend([0; 4]);
        octets
    }

    const RAW: u32 = 0x8000_0000;

    #[test]
    fn a_linked_block_looks_back_into_the_one_before() {
        // One literal "-", then 4 + 6 octets from 11 back; five literals at the end.
        let back = [0x16, b'-', 11, 0, 0x50, b'v', b'w', b'x', b'y', b'z'];
        let blocks = [(RAW | 10, &b"0123456789"[..]), (10, &back)];
        let file = frame(0x40, 0x40, b"", &blocks);
        for step in [1, 3, usize::MAX] {
            assert_eq!(decode_in(&file, step, 4).data, b"0123456789-0123456789vwxyz");
        }
        let outcome = decode(&frame(0x60, 0x40, b"", &blocks));
        assert_eq!(outcome.data, b"0123456789");
        assert!(outcome.reason().contains("a block is damaged"), "{}", outcome.reason());
    }

    #[test]
    fn a_frame_does_not_look_back_into_the_one_before() {
        let back = [0x16, b'-', 11, 0, 0x50, b'v', b'w', b'x', b'y', b'z'];
        let file =
            [frame(0x40, 0x40, b"", &[(RAW | 10, b"0123456789")]), frame(0x40, 0x40, b"", &[(10, &back)])].concat();
        let outcome = decode(&file);
        assert_eq!(outcome.data, b"0123456789");
        assert!(outcome.reason().contains("a block is damaged"));
    }

    #[test]
    fn headers_and_blocks_that_cannot_be() {
        let reason = |file: Vec<u8>| decode(&file).reason().to_owned();
        let block = [(RAW | 3, &b"abc"[..])];
        assert!(reason(frame(0x40, 0x30, b"", &block)).contains("block size number 3"));
        assert!(reason(frame(0x80, 0x40, b"", &block)).contains("flags that are not known (0x8040)"));
        assert!(reason(frame(0x41, 0x40, &[1, 0, 0, 0], &block)).contains("needs a dictionary"));
        assert!(
            reason(frame(0x48, 0x40, &[4, 0, 0, 0, 0, 0, 0, 0], &block))
                .contains("states 4 bytes of content, but has 3")
        );
        assert!(reason(frame(0x40, 0x40, b"", &[(65_537, b"")])).contains("a block has 65537 bytes"));
        let mut header = frame(0x40, 0x40, b"", &block);
        header[6] ^= 1;
        assert!(reason(header).contains("frame header does not have the checksum"));
        let checked = [(RAW | 3, &b"abc\0\0\0\0"[..])];
        assert!(reason(frame(0x50, 0x40, b"", &checked)).contains("a block does not have the checksum"));
        let content = [&frame(0x44, 0x40, b"", &block)[..], &[0; 4]].concat();
        assert!(reason(content).contains("what came out of a frame"));
    }
}
