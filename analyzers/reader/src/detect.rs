//! Which format a file has, by its first octets. Names and extensions are not looked at.

use crate::fields::Order;
use crate::types::Problem;
use crate::window::Stop;
use pcap_parser::{BOM_MAGIC, SHB_MAGIC};

/// A format that this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// `pcap` section 4: microseconds or nanoseconds by the magic number.
    Pcap { order: Order, nanoseconds: bool },
    /// Alexey Kuznetzov's variant of 1999: eight more octets in each record header.
    ModifiedPcap { order: Order },
    /// pcapng section 4.1. The byte order comes with each section.
    Pcapng,
}

const PCAP: u32 = 0xa1b2_c3d4;
const PCAP_NANOSECONDS: u32 = 0xa1b2_3c4d;
const PCAP_MODIFIED: u32 = 0xa1b2_cd34;

/// Formats that are recognised in order to say what a file is instead.
const OTHERS: &[(&[u8], &str)] = &[
    (&[0x1f, 0x8b], "gzip-compressed data"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd-compressed data"),
    (&[0x04, 0x22, 0x4d, 0x18], "lz4-compressed data"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"snoop\0\0\0", "a Solaris snoop capture"),
    (b"btsnoop\0", "a btsnoop capture"),
    (b"iptrace ", "an AIX iptrace capture"),
    (b"TRSNIFF data", "a Sniffer capture"),
    (b"XCP\0", "a NetXray capture"),
    (b"RTSS", "a Microsoft Network Monitor 1 capture"),
    (b"GMBU", "a Microsoft Network Monitor 2 capture"),
    (b"\x7fver", "an EtherPeek or OmniPeek capture"),
    (&[0xac, 0x01, 0x00, 0x1c], "an Ixia lcap capture"),
    (&[0xab, 0x01, 0x00, 0x1c], "an Ixia lcap capture"),
    (&[0x1c, 0x00, 0x01, 0xac], "an Ixia lcap capture"),
    (&[0x1c, 0x00, 0x01, 0xab], "an Ixia lcap capture"),
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"%PDF", "a PDF document"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "an HTML document"),
    (b"<!doctype", "an HTML document"),
    (b"<html", "an HTML document"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
];

/// Finds the format. `Ok(Err(_))` asks for more octets.
pub(crate) fn detect(start: &[u8], last: bool) -> Result<Result<Format, Stop>, Problem> {
    let Some(magic) = start.first_chunk::<4>() else {
        if last {
            return Err(unknown(start));
        }
        return Ok(Err(Stop::Wanted { octets: 4, what: "magic number" }));
    };
    let pcap = |order, magic| match magic {
        PCAP => Some(Format::Pcap { order, nanoseconds: false }),
        PCAP_NANOSECONDS => Some(Format::Pcap { order, nanoseconds: true }),
        PCAP_MODIFIED => Some(Format::ModifiedPcap { order }),
        _ => None,
    };
    if let Some(format) =
        pcap(Order::Little, u32::from_le_bytes(*magic)).or_else(|| pcap(Order::Big, u32::from_be_bytes(*magic)))
    {
        return Ok(Ok(format));
    }
    if u32::from_le_bytes(*magic) == SHB_MAGIC {
        // The block type alone is not enough: 0a 0d 0d 0a is also what a text file might begin with.
        let Some(byte_order) = start.get(8..).and_then(<[u8]>::first_chunk::<4>) else {
            return Ok(Err(Stop::Wanted { octets: 12, what: "section header" }));
        };
        if section_order(*byte_order).is_some() {
            return Ok(Ok(Format::Pcapng));
        }
    }
    // More octets give a better name.
    if !last && start.len() < LOOKED_AT {
        return Ok(Err(Stop::Wanted { octets: LOOKED_AT, what: "file header" }));
    }
    Err(unknown(start))
}

/// Byte order of a section by its byte-order magic (pcapng section 4.1).
pub(crate) fn section_order(magic: [u8; 4]) -> Option<Order> {
    [Order::Little, Order::Big].into_iter().find(|order| order.u32(magic) == BOM_MAGIC)
}

const LOOKED_AT: usize = 24;

/// Says what kind of file it is instead, and nothing of its content: the caller may have named a file that is none of his business.
fn unknown(start: &[u8]) -> Problem {
    let start = start.get(..LOOKED_AT).unwrap_or(start);
    let found = if start.is_empty() {
        "the file is empty".to_owned()
    } else if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| start.starts_with(magic)) {
        format!("this looks like {name}")
    } else if start.len() < 4 {
        format!("the file has only {} bytes", start.len())
    } else if start.starts_with(&SHB_MAGIC.to_le_bytes()) {
        "the file begins as pcapng does, but has no byte-order magic".to_owned()
    } else if start.iter().all(|octet| matches!(octet, b'\t' | b'\n' | b'\r' | b' '..=b'~')) {
        "this looks like text".to_owned()
    } else if start.iter().all(|octet| *octet == 0) {
        "the file begins with zeros".to_owned()
    } else {
        "the file begins like no format that is known here".to_owned()
    };
    Problem::UnknownFormat(format!("{found}; pcap and pcapng are understood, also compressed with gzip, zstd or lz4"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(start: &[u8]) -> String {
        detect(start, true).unwrap_err().to_string()
    }

    #[test]
    fn magic_numbers_in_both_byte_orders() {
        let found = |magic: u32, octets: [u8; 4]| (detect(&octets, false).unwrap().unwrap(), magic).0;
        for (magic, nanoseconds) in [(PCAP, false), (PCAP_NANOSECONDS, true)] {
            assert_eq!(found(magic, magic.to_le_bytes()), Format::Pcap { order: Order::Little, nanoseconds });
            assert_eq!(found(magic, magic.to_be_bytes()), Format::Pcap { order: Order::Big, nanoseconds });
        }
        assert_eq!(found(0, PCAP_MODIFIED.to_be_bytes()), Format::ModifiedPcap { order: Order::Big });
    }

    #[test]
    fn a_section_header_needs_its_byte_order_magic() {
        let mut start = b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d".to_vec();
        assert_eq!(detect(&start, true), Ok(Ok(Format::Pcapng)));
        assert!(matches!(detect(&start[..11], false), Ok(Err(Stop::Wanted { octets: 12, .. }))));
        start[11] = 0;
        start.resize(40, 0);
        assert!(name(&start).contains("no byte-order magic"));
    }

    #[test]
    fn other_files_are_named() {
        assert!(name(b"").contains("empty"));
        assert!(name(&[0xd4, 0xc3, 0xb2]).contains("only 3 bytes;"));
        assert!(name(b"this is not a capture file, just text\n").contains("looks like text"));
        assert!(name(b"<html><body>").contains("HTML"));
        assert!(name(b"\x7fELF\x02\x01\x01").contains("ELF"));
        assert!(name(b"snoop\0\0\0\0\0\0\x02").contains("snoop"));
        assert!(name(&[0x1f, 0x8b, 8, 0]).contains("gzip"));
        assert!(name(&[0; 64]).contains("zeros"));
        assert!(name(&[0xff; 64]).contains("begins like no format that is known here; pcap and pcapng are understood"));
    }

    #[test]
    fn the_message_does_not_depend_on_the_window() {
        let text = b"this is not a capture file, just text\n";
        assert!(matches!(detect(&text[..5], false), Ok(Err(Stop::Wanted { octets: 24, .. }))));
        assert_eq!(detect(&text[..24], false), detect(text, true));
    }
}
