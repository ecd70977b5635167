//! Challenges and credentials (RFC 3261 §22, RFC 8760, RFC 7617). Of credentials only what names somebody is read: no password, no
//! response.

use super::address::field;

/// A WWW-Authenticate or Proxy-Authenticate header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge<'a> {
    pub scheme: &'a [u8],
    pub realm: &'a [u8],
    /// MD5 when it is not said (RFC 3261 §22.4).
    pub algorithm: &'a [u8],
    /// Empty when the challenge names none: the weak form of RFC 2069.
    pub qop: &'a [u8],
    /// The credentials were right, the nonce was too old.
    pub stale: bool,
}

/// An Authorization or Proxy-Authorization header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials<'a> {
    pub scheme: &'a [u8],
    pub username: Vec<u8>,
    pub realm: &'a [u8],
    pub algorithm: &'a [u8],
    pub qop: &'a [u8],
    pub is_basic: bool,
}

impl<'a> Challenge<'a> {
    /// Reads a challenge.
    pub fn parse(value: &'a [u8]) -> Self {
        let (scheme, fields) = scheme(value);
        Self {
            scheme,
            realm: field(fields, "realm").unwrap_or_default(),
            algorithm: algorithm(scheme, fields),
            qop: field(fields, "qop").unwrap_or_default(),
            stale: field(fields, "stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")),
        }
    }
}

impl<'a> Credentials<'a> {
    /// Reads credentials.
    pub fn parse(value: &'a [u8]) -> Self {
        let (scheme, fields) = scheme(value);
        let is_basic = scheme.eq_ignore_ascii_case(b"basic");
        let username = if is_basic {
            let decoded = data_encoding::BASE64.decode(fields).unwrap_or_default();
            decoded.split(|octet| *octet == b':').next().unwrap_or_default().to_vec()
        } else {
            field(fields, "username").unwrap_or_default().to_vec()
        };
        Self {
            scheme,
            username,
            realm: field(fields, "realm").unwrap_or_default(),
            algorithm: algorithm(scheme, fields),
            qop: field(fields, "qop").unwrap_or_default(),
            is_basic,
        }
    }
}

/// The value of a header as it may be shown: what proves knowledge of a password is left out.
pub fn shown(value: &[u8]) -> Vec<u8> {
    let (scheme, fields) = scheme(value);
    let mut text = scheme.to_vec();
    if !scheme.eq_ignore_ascii_case(b"digest") {
        text.extend_from_slice(" …".as_bytes());
        return text;
    }
    for (n, piece) in super::address::elements(fields).enumerate() {
        text.extend_from_slice(if n == 0 { b" " } else { b", " });
        let (name, _) = super::split_at(piece, b'=').unwrap_or((piece, b""));
        if name.trim_ascii().eq_ignore_ascii_case(b"response") {
            text.extend_from_slice("response=…".as_bytes());
        } else {
            text.extend_from_slice(piece);
        }
    }
    text
}

fn scheme(value: &[u8]) -> (&[u8], &[u8]) {
    let at = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
    let (scheme, fields) = value.split_at_checked(at).unwrap_or((value, b""));
    (scheme, fields.trim_ascii())
}

fn algorithm<'a>(scheme: &[u8], fields: &'a [u8]) -> &'a [u8] {
    let implied: &[u8] = if scheme.eq_ignore_ascii_case(b"digest") { b"MD5" } else { b"" };
    field(fields, "algorithm").unwrap_or(implied)
}
