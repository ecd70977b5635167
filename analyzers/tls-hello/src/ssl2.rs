//! Hellos of SSL 2.0 (draft-hickman-netscape-ssl-00 §2.5), which clients up to TLS 1.2 could also send to ask for newer versions (RFC 5246 appendix E.2).

use crate::wire::Cursor;

/// CLIENT-HELLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ssl2Client<'a> {
    /// The highest version that is offered.
    pub version: u16,
    /// Three bytes each; those that begin with 0 are cipher suites of TLS.
    pub ciphers: &'a [u8],
}

/// SERVER-HELLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ssl2Server<'a> {
    /// The version.
    pub version: u16,
    /// X.509 certificate.
    pub certificate: &'a [u8],
    /// Ciphers that both have, three bytes each.
    pub ciphers: &'a [u8],
}

/// The message of a record with a header of two bytes, and what is behind it.
fn message(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [high, low, rest @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([high & 0x7f, *low]));
    (high & 0x80 != 0).then(|| rest.split_at_checked(length)).flatten()
}

impl<'a> Ssl2Client<'a> {
    /// Reads one at the beginning of a segment; all of its lengths have to fit. What is behind it follows.
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (message, rest) = message(bytes)?;
        let mut cursor = Cursor::new(message);
        let (kind, version) = (cursor.u8()?, cursor.u16()?);
        let [ciphers, session, challenge] = [cursor.u16()?, cursor.u16()?, cursor.u16()?].map(usize::from);
        let is_version = version == 2 || (0x0300..=0x0303).contains(&version);
        let is_hello = kind == 1 && is_version && ciphers > 0 && ciphers.is_multiple_of(3);
        let fits = matches!(session, 0 | 16) && (16..=32).contains(&challenge);
        let ciphers = cursor.take(ciphers)?;
        cursor.take(session)?;
        cursor.take(challenge)?;
        (is_hello && fits && cursor.is_empty()).then_some((Self { version, ciphers }, rest))
    }
}

impl<'a> Ssl2Server<'a> {
    /// Likewise.
    pub fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (message, rest) = message(bytes)?;
        let mut cursor = Cursor::new(message);
        let (kind, _hit, certificate_kind, version) = (cursor.u8()?, cursor.u8()?, cursor.u8()?, cursor.u16()?);
        let [certificate, ciphers, session] = [cursor.u16()?, cursor.u16()?, cursor.u16()?].map(usize::from);
        let is_hello = kind == 4 && version == 2 && certificate_kind <= 1 && ciphers.is_multiple_of(3);
        let certificate = cursor.take(certificate)?;
        let ciphers = cursor.take(ciphers)?;
        cursor.take(session)?;
        (is_hello && cursor.is_empty()).then_some((Self { version, certificate, ciphers }, rest))
    }
}
