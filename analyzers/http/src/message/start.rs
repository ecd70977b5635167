//! Start lines (RFC 9112 §3 and §4).

use super::Fault;
use crate::limits;

/// A version: `HTTP/1.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8, pub u8);

impl Version {
    /// Before HTTP/1.0, where requests named none.
    pub const SIMPLE: Self = Self(0, 9);
}

/// The target of a request of HTTP/0.9 (RFC 1945 §5), which is nothing but a line. Protocols with such commands have no such targets.
pub fn simple_target(segment: &[u8]) -> Option<&[u8]> {
    let line = segment.strip_prefix(b"GET ")?.strip_suffix(b"\n")?;
    let target = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_end();
    let fits = target.starts_with(b"/") || target.starts_with(b"http://");
    let is_one = target.len() <= limits::START_LINE && target.iter().all(|octet| octet.is_ascii_graphic());
    (fits && is_one).then_some(target)
}

/// The first line of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    Request { method: &'a [u8], target: &'a [u8], version: Version },
    Response { version: Version, status: u16, reason: &'a [u8] },
}

/// Whether bytes begin a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// A request, with the end of its first line.
    Request,
    /// A response, likewise.
    Response,
    /// So far they could, and more bytes tell.
    Perhaps,
    /// They do not.
    No,
}

/// The longest method that is believed.
const METHOD: usize = 24;

/// Whether bytes begin a message of HTTP/1.
pub fn begins(bytes: &[u8]) -> Begins {
    let status = b"HTTP/1.";
    let length = bytes.len().min(status.len());
    if !bytes.is_empty() && bytes.get(..length) == status.get(..length) {
        return match line(bytes) {
            Some(line) if matches!(Start::parse(line), Ok(Start::Response { .. })) => Begins::Response,
            None if bytes.len() <= limits::START_LINE => Begins::Perhaps,
            _ => Begins::No,
        };
    }
    // Methods are tokens, but those that are in use are upper case: nothing else is waited for.
    let method = bytes.iter().take_while(|octet| octet.is_ascii_uppercase() || matches!(octet, b'-' | b'_')).count();
    if method == 0 || method > METHOD {
        return Begins::No;
    }
    match (line(bytes), bytes.get(method..)) {
        (Some(line), _) => match Start::parse(line) {
            Ok(Start::Request { .. }) => Begins::Request,
            _ => Begins::No,
        },
        (None, Some([])) => Begins::Perhaps,
        (None, Some([b' ', target @ ..])) if bytes.len() <= limits::START_LINE => {
            // Text of other protocols has no such targets.
            let fits = matches!(target, [] | [b'/' | b'*' | b'h' | b'H', ..]) || bytes.starts_with(b"CONNECT ");
            let text = target.strip_suffix(b"\r").unwrap_or(target);
            let printable = text.iter().take(256).all(|octet| *octet >= b' ');
            if fits && printable { Begins::Perhaps } else { Begins::No }
        }
        _ => Begins::No,
    }
}

/// What stands behind line ends, which say nothing between messages (RFC 9112 §2.2).
pub fn behind_line_ends(mut bytes: &[u8]) -> &[u8] {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// The first line without its end, when that is there.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    let within = bytes.get(..limits::START_LINE).unwrap_or(bytes);
    let end = within.iter().position(|octet| *octet == b'\n')?;
    let line = within.get(..end)?;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

impl<'a> Start<'a> {
    /// Reads a first line.
    pub fn parse(line: &'a [u8]) -> Result<Self, Fault> {
        if let Some((version, rest)) = version(line) {
            let rest = rest.trim_ascii_start();
            let (digits, reason) = rest.split_at_checked(3).ok_or(Fault::NoStartLine)?;
            let is_code = digits.iter().all(u8::is_ascii_digit) && reason.first().is_none_or(|octet| *octet == b' ');
            let status = digits
                .iter()
                .fold(0_u16, |sum, digit| sum.saturating_mul(10).saturating_add(u16::from(digit.saturating_sub(b'0'))));
            return match status {
                100..=999 if is_code => Ok(Self::Response { version, status, reason: reason.trim_ascii() }),
                _ => Err(Fault::NoStartLine),
            };
        }
        let line = line.trim_ascii_end();
        let method = line.iter().position(|octet| *octet == b' ').ok_or(Fault::NoStartLine)?;
        let last = line.iter().rposition(|octet| *octet == b' ').ok_or(Fault::NoStartLine)?;
        let (method, rest) = line.split_at_checked(method).ok_or(Fault::NoStartLine)?;
        let word = line.get(last.saturating_add(1)..).unwrap_or_default();
        let Some((version, [])) = version(word) else { return Err(Fault::NoStartLine) };
        let target = rest.get(..rest.len().saturating_sub(word.len())).unwrap_or_default().trim_ascii();
        let is_method = !method.is_empty() && method.len() <= METHOD && method.iter().all(|octet| is_token(*octet));
        if !is_method || target.is_empty() {
            return Err(Fault::NoStartLine);
        }
        Ok(Self::Request { method, target, version })
    }
}

/// `HTTP/`, a digit, a dot, a digit; and what stands behind.
fn version(bytes: &[u8]) -> Option<(Version, &[u8])> {
    match bytes.strip_prefix(b"HTTP/")? {
        [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', rest @ ..] => {
            Some((Version(major.saturating_sub(b'0'), minor.saturating_sub(b'0')), rest))
        }
        _ => None,
    }
}

/// Whether a character may stand in a token (RFC 9110 §5.6.2).
pub fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}
