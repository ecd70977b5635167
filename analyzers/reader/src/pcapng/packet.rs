//! Blocks that hold a packet: enhanced (section 4.3), simple (4.4) and the obsolete one (appendix A).

use crate::facts::{Facts, On};
use crate::pcapng::block::{Block, block_name, too_short};
use crate::pcapng::options::{Opt, Walk};
use crate::pcapng::state::{Interface, Pcapng};
use crate::types::{Frame, Index, NO_TIME};
use pcap_parser::OptionCode;

/// `epb_flags`, and `pack_flags` of the obsolete block: the same code, the same bits.
const FLAGS: OptionCode = OptionCode(2);
/// Octets in front of the packet in an enhanced and in an obsolete packet block.
const FIXED: usize = 20;

/// The fixed fields that enhanced and obsolete packet blocks share.
struct Header {
    interface: u32,
    ticks: u64,
    captured: u32,
    original: u32,
}

impl Pcapng {
    pub(crate) fn enhanced_packet(&self, block: &Block, frames: &mut Index, facts: &mut Facts) -> Result<(), String> {
        let mut fields = block.fields();
        let (Some(interface), Some(ticks), Some(captured), Some(original)) =
            (fields.u32(), fields.timestamp(), fields.u32(), fields.u32())
        else {
            return Err(too_short(block, FIXED));
        };
        self.full_packet(block, Header { interface, ticks, captured, original }, frames, facts)
    }

    pub(crate) fn packet(&self, block: &Block, frames: &mut Index, facts: &mut Facts) -> Result<(), String> {
        let mut fields = block.fields();
        let (Some(interface), Some(_drops), Some(ticks), Some(captured), Some(original)) =
            (fields.u16(), fields.u16(), fields.timestamp(), fields.u32(), fields.u32())
        else {
            return Err(too_short(block, FIXED));
        };
        self.full_packet(block, Header { interface: interface.into(), ticks, captured, original }, frames, facts)
    }

    /// Hot path: without options nothing is allocated.
    #[inline]
    fn full_packet(&self, block: &Block, header: Header, frames: &mut Index, facts: &mut Facts) -> Result<(), String> {
        let Header { interface, ticks, captured, original } = header;
        let interface = self.interface(interface, block)?;
        check_length(captured, interface, block)?;
        // The body's length is a multiple of four, so the padding fits where the packet does.
        let after = FIXED.saturating_add((captured as usize).next_multiple_of(4));
        let Some(options) = block.body.get(after..) else {
            let room = block.body.len().saturating_sub(FIXED);
            let name = block_name(block.kind);
            return Err(format!("this {name} holds a packet of {captured} bytes, but has room for {room}"));
        };
        let mut flags = 0;
        if !options.is_empty() {
            let options = Walk::new(options, block.order);
            let mut comments = false;
            for option in options {
                let option = option?;
                check_option(&option)?;
                match option.code {
                    FLAGS => flags = option.u32().unwrap_or(0),
                    OptionCode::Comment => comments = true,
                    _ => {}
                }
            }
            // Only now, since a comment on a packet that is not counted would stand nowhere.
            if comments {
                let frame = facts.next_frame();
                for option in options.flatten().filter(|option| option.code == OptionCode::Comment) {
                    facts.comment(On::Packet(frame), option.value);
                }
            }
        }
        let timestamp = interface.clock.nanoseconds(ticks);
        let offset = block.body_at.saturating_add(FIXED as u32);
        frames.push(Frame { timestamp, offset, captured, original, link: interface.link, flags });
        facts.frame(interface.link, timestamp);
        Ok(())
    }

    pub(crate) fn simple_packet(&self, block: &Block, frames: &mut Index, facts: &mut Facts) -> Result<(), String> {
        let mut fields = block.fields();
        let original = fields.u32().ok_or_else(|| too_short(block, 4))?;
        let interface = self.interface(0, block)?;
        // There is no captured length: it is what was sent, unless the snap length or the block is shorter.
        let snapped = match interface.snap_length {
            0 => original,
            snap_length => original.min(snap_length),
        };
        let captured = snapped.min(fields.rest().len() as u32);
        check_length(captured, interface, block)?;
        let (timestamp, link) = (NO_TIME, interface.link);
        let offset = block.body_at.saturating_add(4);
        frames.push(Frame { timestamp, offset, captured, original, link, flags: 0 });
        facts.frame(link, timestamp);
        Ok(())
    }

    #[inline]
    fn interface(&self, id: u32, block: &Block) -> Result<&Interface, String> {
        self.interfaces.get(id as usize).ok_or_else(|| {
            let (name, declared) = (block_name(block.kind), self.interfaces.len());
            format!("this {name} names interface {id}, but its section has declared {declared} so far")
        })
    }
}

#[inline]
fn check_length(captured: u32, interface: &Interface, block: &Block) -> Result<(), String> {
    if captured > interface.max_packet {
        let (name, limit) = (block_name(block.kind), interface.max_packet);
        return Err(format!("this {name} holds a packet of {captured} bytes, more than the {limit} there can be"));
    }
    Ok(())
}

/// Sizes that section 4.3 fixes. Wireshark stops at a packet that breaks them, so a count that is to agree must as well.
fn check_option(option: &Opt) -> Result<(), String> {
    let (code, length) = (option.code.0, option.value.len());
    let sound = match (code, option.value) {
        // epb_flags, epb_queue
        (2 | 6, value) => value.len() == 4,
        // epb_dropcount, epb_packetid
        (4 | 5, value) => value.len() == 8,
        // epb_hash; epb_verdict of the kinds 1 and 2 (eBPF TC and XDP) is a 64-bit number
        (7, [1 | 2, verdict @ ..]) => verdict.len() == 8,
        (3 | 7, value) => !value.is_empty(),
        // Custom options begin with an enterprise number.
        (2988 | 2989 | 19372 | 19373, value) => value.len() >= 4,
        _ => true,
    };
    if sound { Ok(()) } else { Err(format!("option {code} of this packet is {length} bytes long, which it cannot be")) }
}

#[cfg(test)]
mod tests {
    use crate::fields::Order;
    use crate::testing::{File, Row, Value, read};
    use crate::types::{BreakKind::Damaged, NO_TIME};

    const ORDERS: [Order; 2] = [Order::Little, Order::Big];

    fn start(order: Order) -> File {
        File::section(order, &[]).interface(1, 96, &[])
    }

    #[test]
    fn enhanced_packets() {
        for order in ORDERS {
            let ticks = 1_700_000_000_123_456;
            let file = start(order).enhanced(0, ticks, b"12345", &[]).enhanced(0, ticks + 1, b"", &[]);
            let outcome = read(&file.octets);
            let row = Row { timestamp: ticks * 1_000, offset: 48 + 28, captured: 5, original: 5, link: 0, flags: 0 };
            let next = Row { timestamp: ticks * 1_000 + 1_000, offset: 76 + 12 + 28, captured: 0, original: 0, ..row };
            assert_eq!(outcome.frames, [row, next]);
        }
    }

    #[test]
    fn flags_and_comments() {
        for order in ORDERS {
            let options = [(1, Value::Text("one")), (2, Value::U32(0x0001_0082)), (1, Value::Text("two"))];
            let file = start(order).enhanced(0, 0, b"a", &[]).enhanced(0, 0, b"b", &options).enhanced(0, 0, b"c", &[]);
            let outcome = read(&file.octets);
            assert_eq!(outcome.frames.iter().map(|frame| frame.flags).collect::<Vec<_>>(), [0, 0x0001_0082, 0]);
            let comments = outcome.summary.comments.unwrap();
            assert_eq!(comments.packet, 2);
            let texts: Vec<_> =
                comments.texts.iter().map(|text| (text.place, text.frame, text.text.as_str())).collect();
            assert_eq!(texts, [("packet", Some(2), "one"), ("packet", Some(2), "two")]);
        }
    }

    #[test]
    fn obsolete_packets() {
        for order in ORDERS {
            let file = start(order).interface(101, 0, &[]).body(2, |body| {
                body.u16(1)
                    .u16(3)
                    .u32(1)
                    .u32(5)
                    .u32(3)
                    .u32(60)
                    .raw(b"abc\0")
                    .options(&[(2, Value::U32(1)), (1, Value::Text("old"))])
            });
            let outcome = read(&file.octets);
            let timestamp = ((1 << 32) + 5) * 1_000;
            assert_eq!(
                outcome.frames,
                [Row { timestamp, offset: 68 + 28, captured: 3, original: 60, link: 1, flags: 1 }]
            );
            assert_eq!(outcome.summary.comments.unwrap().texts[0].text, "old");
            assert_eq!(outcome.summary.blocks.unwrap().packet, 1);
        }
    }

    #[test]
    fn simple_packets_have_no_time_and_are_as_long_as_can_be() {
        let simple = |snap_length, original: u32, octets: &[u8]| {
            let file = File::section(Order::Big, &[]).interface(1, snap_length, &[]);
            let file = file.body(3, |body| body.u32(original).raw(octets));
            let outcome = read(&file.octets);
            assert_eq!(outcome.summary.frames_without_time, 1);
            let frame = outcome.frames[0];
            assert_eq!((frame.timestamp, frame.offset, frame.original), (NO_TIME, 48 + 12, original));
            frame.captured
        };
        // The padding is no part of the packet.
        assert_eq!(simple(96, 5, b"12345"), 5);
        assert_eq!(simple(4, 60, b"1234"), 4);
        assert_eq!(simple(0, 5, b"12345"), 5);
        assert_eq!(simple(96, 60, b"12345678"), 8);
    }

    #[test]
    fn packets_of_interfaces_that_were_not_declared() {
        let outcome = read(&start(Order::Little).enhanced(0, 0, b"x", &[]).enhanced(3, 0, b"y", &[]).octets);
        assert_eq!(outcome.frames.len(), 1);
        let reason = "this enhanced packet block names interface 3, but its section has declared 1 so far";
        assert_eq!(outcome.broken(), (Damaged, 84, reason));
        let bare = || File::section(Order::Little, &[]);
        for file in [bare().enhanced(0, 0, b"x", &[]), bare().block(3, &[0; 4]), bare().block(2, &[0; 20])] {
            assert_eq!(read(&file.octets).broken().1, 28);
        }
    }

    #[test]
    fn captured_lengths_that_cannot_be() {
        let packet = |captured| {
            let file =
                start(Order::Little).body(6, |body| body.u32(0).u32(0).u32(0).u32(captured).u32(9).raw(b"12345678"));
            read(&file.octets).broken().2.to_owned()
        };
        assert_eq!(packet(9), "this enhanced packet block holds a packet of 9 bytes, but has room for 8");
        assert_eq!(packet(262_144), "this enhanced packet block holds a packet of 262144 bytes, but has room for 8");
        for captured in [262_145, u32::MAX - 4, u32::MAX] {
            assert!(packet(captured).ends_with("more than the 262144 there can be"));
        }
    }

    #[test]
    fn a_packet_with_damaged_options_is_not_counted_nor_are_its_comments() {
        let options = |octets: &[u8]| {
            let fixed = |body: File| body.u32(0).u32(0).u32(0).u32(0).u32(0);
            let outcome = read(&start(Order::Big).body(6, |body| fixed(body).raw(octets)).octets);
            let comments = outcome.summary.comments.clone().unwrap();
            (outcome.frames.len() as u64 + comments.packet, outcome.end.map(|end| end.reason).unwrap_or_default())
        };
        let comment = b"\0\x01\0\x02hi\0\0";
        assert_eq!(options(comment), (2, String::new()));
        let (counted, reason) = options(&[&comment[..], b"\0\x01\x10\0"].concat());
        assert_eq!(counted, 0);
        assert!(reason.starts_with("option 1 is 4096 bytes long"), "{reason}");
        for (octets, code) in [
            (&b"\0\x02\0\x08\0\0\0\0\0\0\0\0"[..], 2),
            (b"\0\x03\0\0", 3),
            (b"\0\x04\0\x04\0\0\0\0", 4),
            (b"\0\x05\0\x04\0\0\0\0", 5),
            (b"\0\x06\0\x08\0\0\0\0\0\0\0\0", 6),
            (b"\0\x07\0\x04\x01\0\0\0", 7),
            (b"\x0b\xac\0\x02\0\0\0\0", 2988),
        ] {
            let (counted, reason) = options(octets);
            assert_eq!(counted, 0, "{code}");
            assert!(reason.starts_with(&format!("option {code} of this packet is ")), "{reason}");
        }
        assert_eq!(options(b"\0\x07\0\x01\0\0\0\0").0, 1);
        assert_eq!(options(b"\0\x07\0\x09\x02\0\0\0\0\0\0\0\x01\0\0\0").0, 1);
    }
}
