//! Fingerprints of hellos.
//!
//! JA3 and JA3S (salesforce/ja3, BSD-3-Clause) are an MD5 over the numbers of a hello in its order. JA4 (FoxIO-LLC/ja4, BSD-3-Clause for the client's
//! fingerprint alone; the rest of JA4+ has another licence and is not here) sorts them.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::Sha256;

use crate::registry::is_grease;
use crate::wire::codes;
use crate::{ClientHello, ServerHello, extension};

/// JA3 of a ClientHello.
pub fn ja3(hello: &ClientHello<'_>) -> [u8; 16] {
    let mut text = format!("{},", hello.version);
    numbers(&mut text, codes(hello.suites));
    text.push(',');
    numbers(&mut text, hello.extensions.iter().map(|(code, _)| *code));
    text.push(',');
    numbers(&mut text, codes(hello.groups));
    text.push(',');
    numbers(&mut text, hello.point_formats.iter().map(|format| u16::from(*format)));
    Md5::digest(text).into()
}

/// JA3S of a ServerHello.
pub fn ja3s(hello: &ServerHello<'_>) -> [u8; 16] {
    let mut text = format!("{},{},", hello.legacy_version, hello.suite);
    numbers(&mut text, hello.extensions.iter().map(|(code, _)| *code));
    Md5::digest(text).into()
}

/// Numbers with `-` between them, without GREASE.
fn numbers(text: &mut String, all: impl Iterator<Item = u16>) {
    let mut separator = "";
    for number in all.filter(|number| !is_grease(*number)) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{number}");
        separator = "-";
    }
}

/// What carries a hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Records of TLS in a TCP connection.
    Tcp,
    /// Records of DTLS in datagrams.
    Dtls,
    /// CRYPTO frames of QUIC.
    Quic,
}

/// JA4 of a ClientHello.
pub fn ja4(hello: &ClientHello<'_>, carrier: Carrier) -> String {
    let suites: Vec<u16> = codes(hello.suites).filter(|code| !is_grease(*code)).collect();
    let extensions: Vec<u16> =
        hello.extensions.iter().map(|(code, _)| *code).filter(|code| !is_grease(*code)).collect();
    let carrier = match carrier {
        Carrier::Tcp => 't',
        Carrier::Dtls => 'd',
        Carrier::Quic => 'q',
    };
    let version = version(hello);
    let name = if extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
    let [first, last] = alpn(hello.alpn().next());
    let (suites_count, extensions_count) = (suites.len().min(99), extensions.len().min(99));
    let suites_hash = if suites.is_empty() { NOTHING.to_owned() } else { hash(&sorted(suites)) };
    let kept = extensions.iter().copied().filter(|code| !matches!(*code, extension::SERVER_NAME | extension::ALPN));
    let mut listed = sorted(kept.collect());
    // Of extensions that are all left out there is nothing to hash.
    let is_empty = listed.is_empty() && hello.schemes.is_empty();
    let mut separator = '_';
    for scheme in codes(hello.schemes).filter(|code| !is_grease(*code)) {
        let _ = write!(listed, "{separator}{scheme:04x}");
        separator = ',';
    }
    let extensions_hash = if is_empty { NOTHING.to_owned() } else { hash(&listed) };
    format!(
        "{carrier}{version}{name}{suites_count:02}{extensions_count:02}{first}{last}_{suites_hash}_{extensions_hash}"
    )
}

const NOTHING: &str = "000000000000";

/// The highest version that is offered.
fn version(hello: &ClientHello<'_>) -> &'static str {
    // Versions of DTLS count down.
    let rank = |version: &u16| if version >> 8 == 0xfe { u16::MAX.wrapping_sub(*version) } else { *version };
    let highest = hello.offered_versions().filter(|version| !is_grease(*version)).max_by_key(rank);
    match highest {
        Some(0x0002) => "s2",
        Some(0x0300) => "s3",
        Some(0x0301) => "10",
        Some(0x0302) => "11",
        Some(0x0303) => "12",
        Some(0x0304) => "13",
        Some(0xfeff) => "d1",
        Some(0xfefd) => "d2",
        Some(0xfefc) => "d3",
        _ => "00",
    }
}

/// First and last character of a protocol; where one of these bytes is no letter or digit, of its hexadecimal digits.
fn alpn(first: Option<&[u8]>) -> [char; 2] {
    let Some((first, last)) = first.and_then(|name| Some((*name.first()?, *name.last()?))) else { return ['0', '0'] };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(first), char::from(last)];
    }
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    [digit(first >> 4), digit(last & 0x0f)]
}

/// Numbers as four hexadecimal digits, in rising order.
fn sorted(mut all: Vec<u16>) -> String {
    all.sort_unstable();
    let mut text = String::new();
    let mut separator = "";
    for number in all {
        let _ = write!(text, "{separator}{number:04x}");
        separator = ",";
    }
    text
}

/// The first twelve digits of the SHA-256.
fn hash(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.iter().take(6).fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
