//! TCP options by name (IANA registry "TCP Option Kind Numbers").

use mcpcap_analyzer::decode::TcpOptions;
use mcpcap_analyzer::text::{hexadecimal, plural};

/// Bytes of a value that are shown.
const VALUE: usize = 20;

/// The options in one line: `MSS 1460, SACK permitted, timestamps 1 echo 0, NOP, window scale 7 (x128)`. What cannot be read is told as
/// bytes. `None` without any.
pub fn named(options: &[u8]) -> Option<String> {
    let mut reader = TcpOptions::new(options);
    let mut told: Vec<String> = Vec::new();
    for (kind, value) in reader.by_ref() {
        told.push(option(kind, value));
    }
    if !reader.unread().is_empty() {
        told.push(format!("malformed: {}", hexadecimal(reader.unread(), " ", VALUE)));
    }
    (!told.is_empty()).then(|| told.join(", "))
}

fn option(kind: u8, value: &[u8]) -> String {
    match (kind, value) {
        (1, _) => "NOP".into(),
        (2, [high, low]) => format!("MSS {}", u16::from_be_bytes([*high, *low])),
        // More than 14 counts as 14 (RFC 7323 §2.3).
        (3, [shift]) => format!("window scale {shift} (x{})", 1_u32 << (*shift).min(14)),
        (4, []) => "SACK permitted".into(),
        (5, blocks) if !blocks.is_empty() && blocks.len().is_multiple_of(8) => {
            let edges = |[a, b, c, d, e, f, g, h]: &[u8; 8]| {
                format!("{}-{}", u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))
            };
            let blocks: Vec<String> = blocks.as_chunks::<8>().0.iter().map(edges).collect();
            format!("SACK {} {}", plural(blocks.len() as u64, "block"), blocks.join(" "))
        }
        (8, [a, b, c, d, e, f, g, h]) => {
            let (own, echo) = (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]));
            format!("timestamps {own} echo {echo}")
        }
        (19, digest) => format!("MD5 signature {}", hexadecimal(digest, "", VALUE)),
        (28, [high, low]) => {
            let word = u16::from_be_bytes([*high, *low]);
            format!("user timeout {} {}", word & 0x7fff, if word & 0x8000 == 0 { "s" } else { "min" })
        }
        (29, value) => format!("TCP-AO {}", hexadecimal(value, "", VALUE)),
        (30, [first, ..]) => {
            let name = match first >> 4 {
                0 => "MP_CAPABLE",
                1 => "MP_JOIN",
                2 => "DSS",
                3 => "ADD_ADDR",
                4 => "REMOVE_ADDR",
                5 => "MP_PRIO",
                6 => "MP_FAIL",
                7 => "MP_FASTCLOSE",
                8 => "MP_TCPRST",
                _ => "subtype unknown",
            };
            format!("MPTCP {name}")
        }
        (34, []) => "Fast Open cookie request".into(),
        (34, cookie) => format!("Fast Open cookie {}", hexadecimal(cookie, "", VALUE)),
        (kind, []) => format!("option {kind}"),
        (kind, value) => format!("option {kind}: {}", hexadecimal(value, "", VALUE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_have_their_names() {
        let syn = [2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7];
        let expected = "MSS 1460, SACK permitted, timestamps 1 echo 0, NOP, window scale 7 (x128)";
        assert_eq!(named(&syn).as_deref(), Some(expected));
        let sack = [1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
        assert_eq!(named(&sack).as_deref(), Some("NOP, NOP, SACK blocks 1-2 3-4"));
        let rest = [19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 30, 4, 0x10, 0, 34, 2, 253, 3, 9];
        let expected =
            "MD5 signature 0102030405060708090a0b0c0d0e0f10, MPTCP MP_JOIN, Fast Open cookie request, option 253: 09";
        assert_eq!(named(&rest).as_deref(), Some(expected));
        assert_eq!(named(&[2, 4, 5]).as_deref(), Some("malformed: 02 04 05"));
        assert_eq!(named(&[0, 0]), None);
    }
}
