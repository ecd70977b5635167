//! The general block structure (section 3.1) and what each kind of block leads to.

use crate::detect::section_order;
use crate::facts::Facts;
use crate::fields::padded;
use crate::pcapng::block::{Block, PB_MAGIC, Refusal, block_name, too_short};
use crate::pcapng::state::Pcapng;
use crate::types::{MAX_BLOCK, Problem, Progress};
use crate::window::{Stop, Window};
use pcap_parser::{
    CB_MAGIC, DCB_MAGIC, DSB_MAGIC, EPB_MAGIC, IDB_MAGIC, ISB_MAGIC, NRB_MAGIC, SHB_MAGIC, SJE_MAGIC, SPB_MAGIC,
};

/// Octets of type and length in front of a block's body.
const BLOCK_HEADER: usize = 8;
/// Octets of a block without a body.
const EMPTY_BLOCK: u64 = 12;

impl Pcapng {
    /// Finds the packets of the window. `position` is the window's offset in the file.
    pub(crate) fn index(
        &mut self,
        window: &mut Window,
        position: u64,
        progress: &mut Progress,
        facts: &mut Facts,
    ) -> Result<Stop, Problem> {
        loop {
            let block = match self.block(window) {
                Ok(block) => block,
                Err(stop) => return Ok(stop),
            };
            match self.take(&block, progress, facts) {
                Ok(()) => window.advance(block.length),
                // When not even the first section can be read, the file as a whole cannot.
                Err(Refusal::Unsupported(reason)) if self.sections == 0 => {
                    return Err(Problem::Input { offset: position.saturating_add(u64::from(window.at())), reason });
                }
                Err(Refusal::Damaged(reason) | Refusal::Unsupported(reason)) => return Ok(Stop::damaged(reason)),
            }
        }
    }

    /// The block at the beginning of the rest.
    fn block<'a>(&self, window: &Window<'a>) -> Result<Block<'a>, Stop> {
        let rest = window.rest();
        let (Some(kind), Some(stated)) = (rest.first_chunk::<4>(), rest.get(4..).and_then(<[u8]>::first_chunk::<4>))
        else {
            return Err(Stop::Wanted { octets: EMPTY_BLOCK as usize, what: "block" });
        };
        // A section header reads the same in both byte orders, and sets the order for what follows.
        let order = if u32::from_le_bytes(*kind) == SHB_MAGIC {
            let Some(magic) = rest.get(BLOCK_HEADER..).and_then(<[u8]>::first_chunk::<4>) else {
                return Err(Stop::Wanted { octets: 28, what: "section header block" });
            };
            section_order(*magic).ok_or_else(|| {
                Stop::damaged(format!(
                    "the byte-order magic of this section header is 0x{:08x}",
                    u32::from_be_bytes(*magic)
                ))
            })?
        } else {
            self.order
        };
        let kind = order.u32(*kind);
        // A length should be a multiple of four. Wireshark rounds it up, since there are writers that do not pad it.
        let stated = order.u32(*stated);
        let length = padded(stated);
        let name = block_name(kind);
        if length < EMPTY_BLOCK {
            return Err(Stop::damaged(format!(
                "this {name} has {stated} bytes, less than the {EMPTY_BLOCK} of an empty one"
            )));
        }
        if length > u64::from(MAX_BLOCK) {
            return Err(Stop::damaged(format!("this {name} has {stated} bytes, more than the limit of {MAX_BLOCK}")));
        }
        let length = length as usize;
        let content = rest.get(BLOCK_HEADER..length).and_then(<[u8]>::split_last_chunk::<4>);
        let Some((body, trailer)) = content else {
            return Err(Stop::Wanted { octets: length, what: name });
        };
        let repeated = order.u32(*trailer);
        if padded(repeated) != padded(stated) {
            let reason = format!("the length of this {name} is {stated} at its beginning, but {repeated} at its end");
            return Err(Stop::damaged(reason));
        }
        Ok(Block { kind, order, body, length, body_at: window.at().saturating_add(BLOCK_HEADER as u32) })
    }

    fn take(&mut self, block: &Block, progress: &mut Progress, facts: &mut Facts) -> Result<(), Refusal> {
        match block.kind {
            EPB_MAGIC => self.enhanced_packet(block, &mut progress.frames, facts)?,
            SPB_MAGIC => self.simple_packet(block, &mut progress.frames, facts)?,
            PB_MAGIC => self.packet(block, &mut progress.frames, facts)?,
            SHB_MAGIC => self.section_header(block, facts)?,
            IDB_MAGIC => {
                let link = self.interface_description(block, facts)?;
                progress.links.push(link);
            }
            ISB_MAGIC => self.interface_statistics(block, facts)?,
            NRB_MAGIC => self.name_resolution(block, facts)?,
            DSB_MAGIC => progress.key_logs.extend(self.decryption_secrets(block, facts)?),
            CB_MAGIC | DCB_MAGIC => {
                let pen = block.fields().u32();
                pen.ok_or_else(|| too_short(block, 4))?;
            }
            _ => {}
        }
        let blocks = facts.blocks();
        let counter = match block.kind {
            EPB_MAGIC => &mut blocks.enhanced_packet,
            SPB_MAGIC => &mut blocks.simple_packet,
            PB_MAGIC => &mut blocks.packet,
            SHB_MAGIC => &mut blocks.section_header,
            IDB_MAGIC => &mut blocks.interface_description,
            ISB_MAGIC => &mut blocks.interface_statistics,
            NRB_MAGIC => &mut blocks.name_resolution,
            DSB_MAGIC => &mut blocks.decryption_secrets,
            SJE_MAGIC => &mut blocks.systemd_journal,
            CB_MAGIC | DCB_MAGIC => &mut blocks.custom,
            _ => &mut blocks.other,
        };
        *counter = counter.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::Order;
    use crate::summary::BlockCounts;
    use crate::testing::{File, read, refused};
    use crate::types::BreakKind::{CutShort, Damaged};

    fn start() -> File {
        File::section(Order::Little, &[]).interface(1, 0, &[])
    }

    /// Offset of what follows `start()`.
    const START: u64 = 28 + 20;

    #[test]
    fn every_kind_of_block_is_counted_and_unknown_ones_are_stepped_over() {
        let file = start()
            .block(0x0bad, b"\0\0\0\x01custom")
            .block(0x4000_0bad, b"\0\0\0\x01")
            .block(9, b"__REALTIME_TIMESTAMP=0\n")
            .block(0x8000_0001, b"process information")
            .block(0x1234, b"")
            .enhanced(0, 7, b"packet", &[]);
        let outcome = read(&file.octets);
        assert_eq!((outcome.frames.len(), outcome.end), (1, None));
        let expected = BlockCounts {
            section_header: 1,
            interface_description: 1,
            enhanced_packet: 1,
            custom: 2,
            systemd_journal: 1,
            other: 2,
            ..BlockCounts::default()
        };
        assert_eq!(outcome.summary.blocks, Some(expected));
    }

    #[test]
    fn a_block_cut_short_gives_its_offset() {
        let whole = start().enhanced(0, 1, b"first", &[]).enhanced(0, 2, b"second", &[]).octets;
        let second = START + 40;
        for left in [1, 7, 8, 30, 39] {
            let outcome = read(&whole[..second as usize + left]);
            assert_eq!((outcome.frames.len(), outcome.broken().0, outcome.broken().1), (1, CutShort, second));
        }
        let reason = "the file ends after 30 of the 40 bytes of this enhanced packet block";
        assert_eq!(read(&whole[..second as usize + 30]).broken().2, reason);
        assert_eq!(read(&whole[..11]).broken().1, 0);
        assert_eq!(read(&whole[..27]).broken().0, CutShort);
    }

    #[test]
    fn lengths_that_cannot_be() {
        let after = |octets: &File| read(&octets.octets).broken().2.to_owned();
        let reason = after(&start().u32(6).u32(8).u32(8));
        assert_eq!(reason, "this enhanced packet block has 8 bytes, less than the 12 of an empty one");
        let reason = after(&start().u32(0x99).u32(MAX_BLOCK + 1));
        assert_eq!(reason, "this block has 16777217 bytes, more than the limit of 16777216");
        let reason = after(&start().u32(5).u32(16).u32(0).u32(20));
        assert_eq!(reason, "the length of this interface statistics block is 16 at its beginning, but 20 at its end");
        let outcome = read(&start().u32(0xffff_fff0).u32(u32::MAX).octets);
        assert_eq!((outcome.broken().0, outcome.broken().1), (Damaged, START));
    }

    #[test]
    fn a_length_that_is_not_padded_is_rounded_up() {
        let file = start().u32(0x99).u32(13).raw(b"1234").u32(13).enhanced(0, 1, b"x", &[]);
        assert_eq!(read(&file.octets).frames.len(), 1);
    }

    #[test]
    fn fixed_parts_must_fit() {
        for (kind, body) in [(1, 4), (2, 16), (3, 0), (5, 8), (6, 16), (10, 4), (0x0bad, 0)] {
            let outcome = read(&start().block(kind, &vec![0; body]).octets);
            let (broken, offset, reason) = outcome.broken();
            assert_eq!((broken, offset), (Damaged, START), "{kind}");
            assert!(reason.contains(&format!("has {body} bytes in it, less than the")), "{reason}");
        }
        let section = File::section(Order::Little, &[]).u32(0x0a0d_0d0a).u32(16).u32(0x1a2b_3c4d).u32(16);
        assert_eq!(read(&section.octets).broken().1, 28);
    }

    #[test]
    fn a_section_after_damage_is_not_looked_for() {
        let file = start().enhanced(9, 0, b"x", &[]).next_section(Order::Big, &[]).interface(1, 0, &[]).enhanced(
            0,
            0,
            b"y",
            &[],
        );
        let outcome = read(&file.octets);
        assert_eq!((outcome.frames.len(), outcome.links.len()), (0, 1));
        assert_eq!(outcome.broken().1, START);
    }

    #[test]
    fn a_version_that_is_not_known() {
        let with_version =
            |file: File, minor: u16| file.body(0x0a0d_0d0a, |b| b.u32(0x1a2b_3c4d).u16(1).u16(minor).raw(&[0; 8]));
        let empty = || {
            let mut file = start();
            file.octets.clear();
            file
        };
        assert_eq!(read(&with_version(empty(), 2).octets).summary.version.as_deref(), Some("1.2"));
        let reason = refused(&with_version(empty(), 3).octets).to_string();
        assert_eq!(reason, "at offset 0: pcapng version 1.3 is not supported, only 1.0 and 1.2");
        // Further on it is a break: what came before can be used.
        assert_eq!(read(&with_version(start(), 3).octets).broken().1, START);
        let reason = read(&start().body(0x0a0d_0d0a, |b| b.u32(0x1122_3344).raw(&[0; 12])).octets).end.unwrap().reason;
        assert_eq!(reason, "the byte-order magic of this section header is 0x44332211");
    }
}
