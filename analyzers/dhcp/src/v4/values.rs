//! Values of options as text.

use std::net::Ipv4Addr;

use mcpcap_analyzer::text;

use super::names::{self, Form};
use super::type_name;
use crate::limits;
use crate::wire::{self, name_list};

/// All values of an option. What does not fit its form is hexadecimal digits.
pub fn values(code: u8, value: &[u8]) -> Vec<String> {
    let form = names::option(code).map_or(Form::Hex, |(_, form)| form);
    read(form, value).unwrap_or_else(|| vec![hex(value)])
}

fn hex(value: &[u8]) -> String {
    text::hexadecimal(value, "", limits::CHARACTERS)
}

fn string(value: &[u8]) -> String {
    text::printable(value, limits::CHARACTERS)
}

fn read(form: Form, value: &[u8]) -> Option<Vec<String>> {
    match form {
        Form::Addresses => all::<4>(value, |octets| Ipv4Addr::from(octets).to_string()),
        Form::AddressPairs => all::<8>(value, |[a, b, c, d, e, f, g, h]| {
            format!("{} {}", Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h))
        }),
        Form::Bytes => all::<1>(value, |[number]| number.to_string()),
        Form::Words => all::<2>(value, |octets| u16::from_be_bytes(octets).to_string()),
        Form::Longs => all::<4>(value, |octets| u32::from_be_bytes(octets).to_string()),
        Form::Signed => all::<4>(value, |octets| i32::from_be_bytes(octets).to_string()),
        Form::Flag => match value {
            [0] => Some(vec!["false".to_owned()]),
            [1] => Some(vec!["true".to_owned()]),
            _ => None,
        },
        Form::Text => {
            let end = value.iter().rposition(|octet| *octet != 0).map_or(0, |at| at.saturating_add(1));
            Some(vec![string(value.get(..end)?)])
        }
        Form::Hex => None,
        Form::ClientId => Some(vec![client_id(value)]),
        Form::MessageType => match value {
            [kind] => Some(vec![type_name(*kind).map_or_else(|| kind.to_string(), ToOwned::to_owned)]),
            _ => None,
        },
        Form::Routes => routes(value),
        Form::Relay => relay(value),
        Form::Fqdn => fqdn(value).map(|name| vec![name]),
        Form::Names => name_list(value),
        Form::Enterprises => enterprises(value),
        Form::Strings => Some(strings(value)),
        Form::SipServers => match value {
            [0, names @ ..] => name_list(names),
            [1, addresses @ ..] => read(Form::Addresses, addresses),
            _ => None,
        },
        Form::Uris => wire::long_strings(value),
    }
}

/// The values of an array, when its length fits.
fn all<const N: usize>(value: &[u8], write: impl Fn([u8; N]) -> String) -> Option<Vec<String>> {
    let (items, rest) = value.as_chunks::<N>();
    (!items.is_empty() && rest.is_empty()).then(|| items.iter().map(|item| write(*item)).collect())
}

/// A client identifier: a hardware address behind its type, or type 255 with an identity and a DUID (RFC 4361), or anything else.
pub fn client_id(value: &[u8]) -> String {
    match value {
        [1, mac @ ..] if mac.len() == 6 => text::hexadecimal(mac, ":", 6),
        [255, _, _, _, _, duid @ ..] => format!("DUID {}", hex(duid)),
        [0, name @ ..] if !name.is_empty() && name.iter().all(|octet| (0x20..0x7f).contains(octet)) => string(name),
        _ => text::hexadecimal(value, ":", limits::CHARACTERS),
    }
}

fn routes(mut value: &[u8]) -> Option<Vec<String>> {
    let mut routes = Vec::new();
    while let Some((&width, rest)) = value.split_first() {
        // As many bytes of the destination as the prefix needs.
        let octets = usize::from(width).div_ceil(8);
        let (destination, rest) = rest.split_at_checked(octets).filter(|_| width <= 32)?;
        let (router, rest) = rest.split_first_chunk::<4>()?;
        let mut network = [0; 4];
        network.iter_mut().zip(destination).for_each(|(octet, given)| *octet = *given);
        routes.push(format!("{}/{width} via {}", Ipv4Addr::from(network), Ipv4Addr::from(*router)));
        value = rest;
    }
    (!routes.is_empty()).then_some(routes)
}

/// The sub-options of option 82: code and value.
pub fn relay_parts(mut value: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut parts = Vec::new();
    while let [code, length, rest @ ..] = value {
        let (part, rest) = rest.split_at_checked((*length).into())?;
        parts.push((*code, part));
        value = rest;
    }
    value.is_empty().then_some(parts)
}

fn relay(value: &[u8]) -> Option<Vec<String>> {
    let parts = relay_parts(value)?;
    let write = |(code, part): (u8, &[u8])| {
        let name = names::relay(code).map_or_else(|| format!("suboption_{code}"), ToOwned::to_owned);
        let value = match (code, part) {
            (5 | 11, [a, b, c, d]) => Ipv4Addr::new(*a, *b, *c, *d).to_string(),
            _ => identifier(part),
        };
        format!("{name} {value}")
    };
    Some(parts.into_iter().map(write).collect())
}

/// An identifier that is text where it looks like text, and hexadecimal digits otherwise.
pub fn identifier(value: &[u8]) -> String {
    let is_text = !value.is_empty() && value.iter().all(|octet| (0x20..0x7f).contains(octet));
    if is_text { string(value) } else { hex(value) }
}

/// The name of option 81, in DNS form when its flag E says so.
pub fn fqdn(value: &[u8]) -> Option<String> {
    let [flags, _, _, name @ ..] = value else { return None };
    if flags & 0x04 == 0 {
        return Some(string(name));
    }
    Some(wire::labels(name)?.0)
}

fn enterprises(mut value: &[u8]) -> Option<Vec<String>> {
    let mut found = Vec::new();
    while let Some((number, rest)) = value.split_first_chunk::<4>() {
        let (&length, rest) = rest.split_first()?;
        let (data, rest) = rest.split_at_checked(length.into())?;
        found.push(format!("enterprise {}: {}", u32::from_be_bytes(*number), identifier(data)));
        value = rest;
    }
    (!found.is_empty() && value.is_empty()).then_some(found)
}

fn strings(value: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((&length, behind)) = rest.split_first() {
        match behind.split_at_checked(length.into()) {
            Some((part, behind)) if length > 0 => {
                found.push(string(part));
                rest = behind;
            }
            // Many clients send plain text instead.
            _ => return vec![string(value)],
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u8, value: &[u8], expected: &[&str]) {
        assert_eq!(values(code, value), expected);
    }

    #[test]
    fn values_have_the_form_of_their_option() {
        check(3, &[192, 0, 2, 1, 192, 0, 2, 2], &["192.0.2.1", "192.0.2.2"]);
        check(51, &[0, 0, 0x0e, 0x10], &["3600"]);
        check(2, &[0xff, 0xff, 0xff, 0xff], &["-1"]);
        check(19, &[1], &["true"]);
        check(12, b"printer\0", &["printer"]);
        check(53, &[5], &["ACK"]);
        check(55, &[1, 3, 6], &["1", "3", "6"]);
        check(61, &[1, 2, 0, 0, 0, 0, 1], &["02:00:00:00:00:01"]);
        check(81, b"\x00\x00\x00host.example", &["host.example"]);
        check(81, b"\x04\x00\x00\x04host\x07example\x00", &["host.example"]);
        check(77, b"\x03abc\x02de", &["abc", "de"]);
        check(77, b"plain", &["plain"]);
        check(119, b"\x07example\x03com\x00\x04test\xc0\x00", &["example.com", "test.example.com"]);
        check(125, b"\x00\x00\x0d\xe9\x03abc", &["enterprise 3561: abc"]);
        check(120, &[1, 192, 0, 2, 5], &["192.0.2.5"]);
        check(143, b"\x00\x05a://b", &["a://b"]);
    }

    /// The examples of RFC 3442.
    #[test]
    fn routes_are_written_with_their_router() {
        check(
            121,
            &[24, 10, 17, 0, 192, 0, 2, 1, 0, 192, 0, 2, 2],
            &["10.17.0.0/24 via 192.0.2.1", "0.0.0.0/0 via 192.0.2.2"],
        );
        check(121, &[33, 1, 2, 3, 4, 5], &["210102030405"]);
    }

    #[test]
    fn relays_name_their_parts() {
        check(
            82,
            b"\x01\x04eth1\x02\x03\x00\x01\x02\x05\x04\xc0\x00\x02\x00",
            &["circuit_id eth1", "remote_id 000102", "link_selection 192.0.2.0"],
        );
    }

    #[test]
    fn what_does_not_fit_its_form_is_shown_as_it_is() {
        check(3, &[192, 0, 2], &["c00002"]);
        check(3, &[], &[""]);
        check(200, &[1, 2], &["0102"]);
        check(119, &[0xc0, 0x00], &["c000"]);
        check(82, &[1, 9, 1], &["010901"]);
    }
}
