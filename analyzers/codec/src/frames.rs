//! Frames one after another: zstd (RFC 8878 section 3.1) and lz4 share the way they follow each other and what is skipped.

use crate::buffers::{Gather, Input, Output};
use crate::detect::{LZ4, ZSTD, is_skippable};
use crate::fault::{Fault, Pause};
use crate::lz4::Lz4;
use crate::zstd::Zstd;

#[derive(Default)]
pub(crate) struct Frames {
    stage: Stage,
    gather: Gather,
    zstd: Zstd,
    lz4: Lz4,
    /// Whether the last frame that was no skippable one was lz4.
    is_lz4: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Magic,
    SkipLength,
    Skip(u32),
    Zstd,
    Lz4,
}

impl Frames {
    /// Begins with the octets that told the format: at most four.
    pub(crate) fn new(start: &[u8]) -> Self {
        let mut frames = Self::default();
        frames.gather.whole(&mut Input::new(start), start.len());
        frames
    }

    pub(crate) fn run(&mut self, input: &mut Input, output: &mut Output) -> Result<Pause, Fault> {
        loop {
            match self.stage {
                Stage::Magic => {
                    let Some(magic) = self.gather.array::<4>(input) else { return Ok(Pause::Hungry) };
                    self.stage = match u32::from_le_bytes(magic) {
                        ZSTD => Stage::Zstd,
                        LZ4 => Stage::Lz4,
                        magic if is_skippable(magic) => Stage::SkipLength,
                        magic => {
                            return Err(Fault::Damaged(format!(
                                "what follows is no frame (it begins with 0x{magic:08x})"
                            )));
                        }
                    };
                    self.is_lz4 = self.stage == Stage::Lz4 || (self.is_lz4 && self.stage != Stage::Zstd);
                }
                Stage::SkipLength => {
                    let Some(length) = self.gather.array::<4>(input) else { return Ok(Pause::Hungry) };
                    self.stage = Stage::Skip(u32::from_le_bytes(length));
                }
                Stage::Skip(0) => self.stage = Stage::Magic,
                Stage::Skip(left) => {
                    let skipped = input.take(usize::try_from(left).unwrap_or(usize::MAX)).len();
                    if skipped == 0 {
                        return Ok(Pause::Hungry);
                    }
                    self.stage = Stage::Skip(left.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX)));
                }
                Stage::Zstd | Stage::Lz4 => {
                    let pause = match self.stage {
                        Stage::Zstd => self.zstd.run(input, output)?,
                        _ => self.lz4.run(input, output)?,
                    };
                    if pause != Pause::Complete {
                        return Ok(pause);
                    }
                    self.stage = Stage::Magic;
                }
            }
        }
    }

    /// Puts out what is held back, since no more will come.
    pub(crate) fn give_up(&mut self, output: &mut Output) {
        match self.stage {
            Stage::Zstd => self.zstd.give_up(output),
            Stage::Lz4 => _ = self.lz4.flush(output),
            _ => {}
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        if self.is_lz4 { "lz4" } else { "zstd" }
    }

    /// What the input ended in the middle of.
    pub(crate) fn unfinished(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Magic if self.gather.len() == 0 => None,
            Stage::Magic => Some("a magic number"),
            Stage::SkipLength | Stage::Skip(_) => Some("a skippable frame"),
            Stage::Zstd | Stage::Lz4 => Some("a frame"),
        }
    }
}
