//! Values of DHCPv6 options as text.

use std::net::Ipv6Addr;

use mcpcap_analyzer::text;

use super::{DhcpOption, code, status_name, walk};
use crate::limits;
use crate::v4::values::identifier;
use crate::wire;

fn hex(value: &[u8]) -> String {
    text::hexadecimal(value, "", limits::CHARACTERS)
}

/// All values of an option. What does not fit its form is hexadecimal digits.
pub fn values(code: u16, value: &[u8]) -> Vec<String> {
    read(code, value, 0).unwrap_or_else(|| vec![hex(value)])
}

fn read(code: u16, value: &[u8], depth: usize) -> Option<Vec<String>> {
    let one = |text: String| Some(vec![text]);
    match code {
        code::CLIENT_ID | code::SERVER_ID | 53 => one(duid(value)),
        code::IA_NA | code::IA_PD => {
            let ([a, b, c, d, times @ ..], rest) = value.split_first_chunk::<12>()?;
            let time = |at: usize| times.get(at..)?.first_chunk().map(|octets| u32::from_be_bytes(*octets));
            let head = format!("IAID {} T1 {} T2 {}", u32::from_be_bytes([*a, *b, *c, *d]), time(0)?, time(4)?);
            nested(head, rest, depth)
        }
        code::IA_TA => {
            let (id, rest) = value.split_first_chunk::<4>()?;
            nested(format!("IAID {}", u32::from_be_bytes(*id)), rest, depth)
        }
        code::IA_ADDRESS => {
            let (octets, rest) = value.split_first_chunk::<16>()?;
            let (times, rest) = rest.split_first_chunk::<8>()?;
            let [a, b, c, d, e, f, g, h] = *times;
            let (preferred, valid) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
            let head = format!("{} preferred {preferred} valid {valid}", Ipv6Addr::from(*octets));
            nested(head, rest, depth)
        }
        code::IA_PREFIX => {
            let ([a, b, c, d, e, f, g, h, width, octets @ ..], rest) = value.split_first_chunk::<25>()?;
            let octets: [u8; 16] = octets.first_chunk().copied()?;
            let (preferred, valid) = (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]));
            let head = format!("{}/{width} preferred {preferred} valid {valid}", Ipv6Addr::from(octets));
            nested(head, rest, depth)
        }
        code::OPTION_REQUEST | 43 => {
            let (codes, rest) = value.as_chunks::<2>();
            rest.is_empty().then(|| codes.iter().map(|code| u16::from_be_bytes(*code).to_string()).collect())
        }
        61 => {
            let (types, rest) = value.as_chunks::<2>();
            (rest.is_empty() && !types.is_empty())
                .then(|| types.iter().map(|kind| u16::from_be_bytes(*kind).to_string()).collect())
        }
        7 | 19 => value.iter().map(|octet| Some(octet.to_string())).collect(),
        8 => {
            let hundredths: [u8; 2] = value.try_into().ok()?;
            one(format!("{} ms", u32::from(u16::from_be_bytes(hundredths)).saturating_mul(10)))
        }
        32 | 46 | 82 | 83 => one(u32::from_be_bytes(value.try_into().ok()?).to_string()),
        12 | 22 | code::DNS | 27 | 28 | 31 | 34 | 40 | 48 | 52 | 80 | 88 => {
            let (addresses, rest) = value.as_chunks::<16>();
            (rest.is_empty() && !addresses.is_empty())
                .then(|| addresses.iter().map(|octets| Ipv6Addr::from(*octets).to_string()).collect())
        }
        code::STATUS => {
            let (code, message) = value.split_first_chunk::<2>()?;
            let code = u16::from_be_bytes(*code);
            let message = text::printable(message, limits::CHARACTERS);
            let separator = if message.is_empty() { "" } else { ": " };
            one(format!("{code} {}{separator}{message}", status_name(code)))
        }
        15 => wire::long_strings(value),
        code::VENDOR_CLASS | 17 => {
            let (number, data) = value.split_first_chunk::<4>()?;
            let mut found = vec![format!("enterprise {}", u32::from_be_bytes(*number))];
            if code == code::VENDOR_CLASS {
                found.extend(wire::long_strings(data).unwrap_or_else(|| vec![hex(data)]));
            } else {
                found.push(hex(data));
            }
            Some(found)
        }
        code::INTERFACE_ID | 38 => one(identifier(value)),
        code::REMOTE_ID => {
            let (number, data) = value.split_first_chunk::<4>()?;
            one(format!("enterprise {} {}", u32::from_be_bytes(*number), identifier(data)))
        }
        code::FQDN => one(wire::labels(value.get(1..)?)?.0),
        21 | 24 | 29 | 30 | 33 | 51 | 57 | 58 | 64 | 65 => wire::name_list(value),
        41 | 42 | 59 | 103 | 112 => one(text::printable(value, limits::CHARACTERS)),
        60 | 136 => wire::long_strings(value),
        code::LINK_LAYER => one(text::hexadecimal(value.get(2..)?, ":", 16)),
        code::RAPID_COMMIT | 20 => value.is_empty().then(Vec::new),
        _ => None,
    }
}

/// A head, and the options within as further values.
fn nested(head: String, rest: &[u8], depth: usize) -> Option<Vec<String>> {
    let mut options: Vec<DhcpOption> = Vec::new();
    let broken = walk(rest, &mut options, false).is_some();
    let mut found = vec![head];
    if broken || depth >= limits::DEPTH {
        found.push(hex(rest));
        return Some(found);
    }
    for option in options {
        let name =
            super::names::option(option.code).map_or_else(|| format!("option_{}", option.code), ToOwned::to_owned);
        let values =
            read(option.code, &option.value, depth.saturating_add(1)).unwrap_or_else(|| vec![hex(&option.value)]);
        found.push(format!("{name} {}", values.join(", ")));
    }
    Some(found)
}

/// A DUID: its kind, its link-layer address or number, and all of its bytes otherwise (RFC 8415 §11).
pub fn duid(value: &[u8]) -> String {
    match value {
        [0, 1, _, _, _, _, _, _, mac @ ..] if !mac.is_empty() => {
            format!("LLT {} {}", text::hexadecimal(mac, ":", 16), hex(value))
        }
        [0, 2, a, b, c, d, id @ ..] => format!("EN {} {}", u32::from_be_bytes([*a, *b, *c, *d]), hex(id)),
        [0, 3, _, _, mac @ ..] if !mac.is_empty() => format!("LL {}", text::hexadecimal(mac, ":", 16)),
        [0, 4, uuid @ ..] => format!("UUID {}", hex(uuid)),
        _ => hex(value),
    }
}

/// The link-layer address within a DUID.
pub fn duid_mac(value: &[u8]) -> Option<String> {
    let mac = match value {
        [0, 1, _, _, _, _, _, _, mac @ ..] | [0, 3, _, _, mac @ ..] if !mac.is_empty() => mac,
        _ => return None,
    };
    Some(text::hexadecimal(mac, ":", 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u16, value: &[u8], expected: &[&str]) {
        assert_eq!(values(code, value), expected);
    }

    #[test]
    fn values_have_the_form_of_their_option() {
        check(1, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1], &["LL 02:00:00:00:00:01"]);
        check(2, &[0, 1, 0, 1, 9, 9, 9, 9, 2, 0, 0, 0, 0, 2], &["LLT 02:00:00:00:00:02 0001000109090909020000000002"]);
        check(6, &[0, 23, 0, 24], &["23", "24"]);
        check(8, &[0, 100], &["1000 ms"]);
        check(13, b"\x00\x02none", &["2 NoAddrsAvail: none"]);
        check(14, b"", &[]);
        check(16, b"\x00\x00\x01\x37\x00\x03abc", &["enterprise 311", "abc"]);
        check(24, b"\x07example\x03com\x00", &["example.com"]);
        check(39, b"\x00\x04host\x07example\x00", &["host.example"]);
        check(999, &[1, 2], &["0102"]);
        check(23, &[1, 2], &["0102"]);
    }

    #[test]
    fn what_associations_hold_is_shown() {
        let mut value = vec![0, 0, 0, 7, 0, 0, 0, 30, 0, 0, 0, 50, 0, 5, 0, 24];
        value.extend_from_slice(&"2001:db8::9".parse::<Ipv6Addr>().unwrap().octets());
        value.extend_from_slice(&[0, 0, 0, 60, 0, 0, 0, 120]);
        check(3, &value, &["IAID 7 T1 30 T2 50", "ia_address 2001:db8::9 preferred 60 valid 120"]);
        check(3, &[0; 13], &["IAID 0 T1 0 T2 0", "00"]);
    }
}
