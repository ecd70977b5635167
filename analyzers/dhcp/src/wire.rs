//! Forms that options of DHCPv4 and DHCPv6 share.

use std::fmt::Write;

use mcpcap_analyzer::stats::Pool;
use mcpcap_analyzer::text;

use crate::limits;

/// The longest name (RFC 1035 §3.1).
const NAME: usize = 255;

/// Labels of the longest name, and so pointers between them.
const LABELS: usize = 128;

/// A name in DNS form without compression, and what follows it. Labels that go to the end stand for a name without its end, as RFC 4702 §2.3.1 allows.
pub fn labels(octets: &[u8]) -> Option<(String, &[u8])> {
    let mut name = String::new();
    let mut rest = octets;
    while let Some((&length, behind)) = rest.split_first() {
        if length == 0 {
            return Some((name, behind));
        }
        let (label, behind) = behind.split_at_checked(length.into()).filter(|_| length < 64)?;
        push(&mut name, label)?;
        rest = behind;
    }
    Some((name, rest))
}

/// A list of names in DNS form, in which later names may point into earlier ones (RFC 3397). Names beyond those that can be listed are empty.
pub fn name_list(octets: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < octets.len() {
        let (name, next) =
            if names.len() < Pool::MOST { name_at(octets, at)? } else { (String::new(), behind(octets, at)?) };
        names.push(name);
        at = next;
    }
    (!names.is_empty()).then_some(names)
}

/// Where the name behind the one at an offset begins.
fn behind(octets: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = *octets.get(at)?;
        at = match length {
            0 => return at.checked_add(1),
            1..=63 => at.checked_add(1)?.checked_add(length.into())?,
            0xc0..=0xff => return at.checked_add(2).filter(|next| *next <= octets.len()),
            _ => return None,
        };
    }
}

/// The name at an offset, and where the next one begins.
fn name_at(octets: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut at = start;
    let mut next = None;
    let mut pointers = 0_usize..LABELS;
    loop {
        let (&length, rest) = octets.get(at..)?.split_first()?;
        match length {
            0 => return Some((name, next.unwrap_or(at.checked_add(1)?))),
            1..=63 => {
                push(&mut name, rest.get(..usize::from(length))?)?;
                at = at.checked_add(1)?.checked_add(length.into())?;
            }
            0xc0..=0xff => {
                let target = usize::from(u16::from_be_bytes([length & 0x3f, *rest.first()?]));
                next = next.or(at.checked_add(2));
                pointers.next()?;
                // Only backwards, so that it ends.
                at = Some(target).filter(|target| *target < at)?;
            }
            _ => return None,
        }
    }
}

fn push(name: &mut String, label: &[u8]) -> Option<()> {
    if !name.is_empty() {
        name.push('.');
    }
    for octet in label {
        match octet {
            b'.' | b'\\' => name.extend(['\\', char::from(*octet)]),
            0x21..=0x7e => name.push(char::from(*octet)),
            // As master files have it (RFC 1035 §5.1).
            _ => write!(name, "\\{octet:03}").ok()?,
        }
    }
    (name.len() <= NAME.saturating_mul(4)).then_some(())
}

/// Strings, each behind a length of two bytes.
pub fn long_strings(mut octets: &[u8]) -> Option<Vec<String>> {
    let mut strings = Vec::new();
    while let Some((length, rest)) = octets.split_first_chunk::<2>() {
        let (string, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        strings.push(text::printable(string, limits::CHARACTERS));
        octets = rest;
    }
    (!strings.is_empty() && octets.is_empty()).then_some(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_only_lead_back() {
        assert_eq!(name_list(b"\xc0\x02\x00"), None);
        assert_eq!(name_list(b"\x01a\xc0\x00"), None);
        assert_eq!(name_list(b"\x01a\x00\x01b\xc0\x00"), Some(vec!["a".into(), "b.a".into()]));
    }

    #[test]
    fn all_names_are_counted_and_chains_of_pointers_have_an_end() {
        let list = [&b"\x01a\x00"[..], &b"\xc0\x00".repeat(1500)].concat();
        let names = name_list(&list).unwrap();
        assert_eq!((names.len(), names[1023].as_str(), names[1024].as_str()), (1501, "a", ""));
        assert_eq!(name_list(&list[..list.len() - 1]), None);
        // Each points to the one before it.
        let chain = (0..200_u16).flat_map(|n| (0xc000 | if n == 0 { 0 } else { 3 + 2 * (n - 1) }).to_be_bytes());
        let chain: Vec<u8> = b"\x01a\x00".iter().copied().chain(chain).collect();
        assert_eq!(name_list(&chain), None);
        assert!(name_list(&chain[..3 + 2 * 100]).unwrap().iter().all(|name| name == "a"));
    }

    #[test]
    fn octets_that_do_not_print_are_escaped() {
        assert_eq!(labels(b"\x03a.\x00\x00rest"), Some(("a\\.\\000".to_owned(), &b"rest"[..])));
        assert_eq!(labels(b"\x09short"), None);
        assert_eq!(labels(b"\x04host"), Some(("host".to_owned(), &b""[..])));
    }
}
