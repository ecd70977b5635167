//! One SIP message: start line, headers and body (RFC 3261 §7). Reads as far as it goes and says what is wrong; loses nothing.

pub mod address;
pub mod auth;
pub mod facts;
pub mod fault;
mod head;
pub mod sdp;
mod start;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use fault::Fault;
#[cfg(test)]
use head::Extent;
pub use head::Head;
pub use start::Start;

use crate::limits;

/// A header: its name, with compact forms expanded, and its value on one line.
#[derive(Debug, Clone)]
pub struct Header<'a> {
    /// As it is in the message; of compact forms the full name.
    pub name: &'a [u8],
    /// Without blanks at both ends; folded lines are joined by one space.
    pub value: Cow<'a, [u8]>,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    pub start: Start<'a>,
    /// The start line as it is.
    pub start_line: &'a [u8],
    /// What stands behind it.
    behind: &'a [u8],
    pub headers: Vec<Header<'a>>,
    /// How many there are; no more than [`limits::HEADERS`] are kept.
    pub headers_total: u64,
    /// What stands behind the blank line, up to Content-Length.
    pub body: &'a [u8],
    pub content_length: Option<u64>,
    /// What is wrong with it, each once, in the order of [`Fault::ALL`].
    pub faults: Vec<Fault>,
}

impl<'a> Message<'a> {
    /// Reads a message that begins with its start line. `cut`: more was on the wire than was captured. `framed`: Content-Length says
    /// where it ends (streams), otherwise the datagram does.
    ///
    /// # Errors
    /// When it does not begin with a start line.
    pub fn parse(octets: &'a [u8], cut: bool, framed: bool) -> Result<Self, Fault> {
        let (line, behind, _) = line(octets);
        let start = Start::parse(line)?;
        let mut faults = Vec::new();
        let mut headers: Vec<Header<'a>> = Vec::new();
        let mut headers_total = 0_u64;
        let (mut rest, mut ended) = (behind, false);
        while !rest.is_empty() {
            let (line, behind, whole) = self::line(rest);
            rest = behind;
            if line.is_empty() {
                ended = whole;
                break;
            }
            if !whole {
                // The end of the line is missing: so is the rest of the header.
                break;
            }
            let begins = header(line, &mut headers, limits::HEADERS, &mut faults);
            headers_total = headers_total.saturating_add(begins.into());
        }
        if !ended && !cut {
            faults.push(Fault::NoBlankLine);
        }
        let mut message =
            Self { start, start_line: line, behind, headers, headers_total, body: rest, content_length: None, faults };
        message.content_length = message.length(framed);
        message.limit_body(cut);
        message.check(cut && !ended);
        message.faults.sort_unstable();
        message.faults.dedup();
        Ok(message)
    }

    /// All headers, also those beyond [`limits::HEADERS`].
    pub fn every_header(&self) -> Cow<'_, [Header<'a>]> {
        if self.headers.len() as u64 == self.headers_total {
            return Cow::Borrowed(&self.headers);
        }
        let (mut rest, mut headers) = (self.behind, Vec::new());
        loop {
            let (line, behind, whole) = line(rest);
            rest = behind;
            if line.is_empty() || !whole {
                return Cow::Owned(headers);
            }
            header(line, &mut headers, usize::MAX, &mut Vec::new());
        }
    }

    /// All values of a header, in order. `name` in lower case.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        values(&self.headers, name)
    }

    /// The first value of a header.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The elements of a header that is a list, from all its lines: Via, Contact, Route.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        list(&self.headers, name)
    }

    fn length(&mut self, framed: bool) -> Option<u64> {
        let lengths: Vec<Option<u64>> = self.values("content-length").map(number).collect();
        let Some(&first) = lengths.first() else {
            if framed {
                self.faults.push(Fault::NoContentLength);
            }
            return None;
        };
        if lengths.iter().any(|other| *other != first) {
            self.faults.push(Fault::ConflictingContentLength);
        }
        if first.is_none() {
            self.faults.push(Fault::BadContentLength);
        }
        first
    }

    fn limit_body(&mut self, cut: bool) {
        let Some(length) = self.content_length else { return };
        match usize::try_from(length).ok().and_then(|length| self.body.get(..length)) {
            Some(body) => {
                // Line ends behind it are harmless, and some senders add them.
                if self.body.get(body.len()..).is_some_and(|rest| keep_alive(rest) < rest.len()) {
                    self.faults.push(Fault::OctetsBehindBody);
                }
                self.body = body;
            }
            None if !cut => self.faults.push(Fault::BodyTooShort),
            None => {}
        }
    }

    /// What every message must have (RFC 3261 §8.1.1). Of one that was cut nobody can tell.
    fn check(&mut self, cut: bool) {
        if cut {
            return;
        }
        for (name, fault) in [
            ("call-id", Fault::NoCallId),
            ("cseq", Fault::NoCSeq),
            ("from", Fault::NoFrom),
            ("to", Fault::NoTo),
            ("via", Fault::NoVia),
        ] {
            let first = self.value(name);
            if first.is_none() {
                self.faults.push(fault);
            } else if name != "via" && self.values(name).any(|other| Some(other) != first) {
                self.faults.push(Fault::RepeatedHeader);
            }
        }
        if let Some(value) = self.value("cseq") {
            match (facts::cseq(value), &self.start) {
                (None, _) => self.faults.push(Fault::BadCSeq),
                (Some((_, of)), Start::Request { method, .. }) if of != *method => {
                    self.faults.push(Fault::CSeqOfOtherMethod);
                }
                _ => {}
            }
        }
    }
}

fn values<'h>(headers: &'h [Header<'_>], name: &str) -> impl Iterator<Item = &'h [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|header| header.value.as_ref())
}

/// The elements of a header that is a list, from all its lines among these.
pub fn list<'h>(headers: &'h [Header<'_>], name: &str) -> impl Iterator<Item = &'h [u8]> {
    values(headers, name).flat_map(address::elements)
}

/// Bytes in front of a message that are nothing but line ends (RFC 3261 §7.5, keep-alives of RFC 5626 §3.5.1).
pub fn keep_alive(octets: &[u8]) -> usize {
    octets.iter().take_while(|octet| matches!(octet, b'\r' | b'\n')).count()
}

/// Whether bytes can be the start of a message: a whole start line, or the beginning of one.
pub fn could_begin(octets: &[u8]) -> bool {
    // Cheap first: every payload on every port comes by here.
    if !octets.first().is_some_and(|octet| start::is_token_octet(*octet)) {
        return false;
    }
    let (first, _, whole) = line(octets);
    if whole { Start::parse(first).is_ok() } else { Start::could_become(first) }
}

/// Takes a line of the header, of which `most` are kept. Whether it begins one, or goes on with the last.
fn header<'a>(line: &'a [u8], headers: &mut Vec<Header<'a>>, most: usize, faults: &mut Vec<Fault>) -> bool {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        match headers.last_mut() {
            Some(last) => {
                let value = last.value.to_mut();
                value.push(b' ');
                value.extend_from_slice(line.trim_ascii());
            }
            None => faults.push(Fault::LineWithoutColon),
        }
        return false;
    }
    let Some((name, value)) = split_at(line, b':') else {
        faults.push(Fault::LineWithoutColon);
        return false;
    };
    if headers.len() >= most {
        faults.push(Fault::TooManyHeaders);
    } else {
        headers.push(Header { name: expanded(name.trim_ascii()), value: Cow::Borrowed(value.trim_ascii()) });
    }
    true
}

/// The full name of a compact form (IANA's registry of SIP header fields).
fn expanded(name: &[u8]) -> &[u8] {
    let [letter] = name else { return name };
    match letter.to_ascii_lowercase() {
        b'a' => b"Accept-Contact",
        b'b' => b"Referred-By",
        b'c' => b"Content-Type",
        b'd' => b"Request-Disposition",
        b'e' => b"Content-Encoding",
        b'f' => b"From",
        b'i' => b"Call-ID",
        b'j' => b"Reject-Contact",
        b'k' => b"Supported",
        b'l' => b"Content-Length",
        b'm' => b"Contact",
        b'n' => b"Identity-Info",
        b'o' => b"Event",
        b'r' => b"Refer-To",
        b's' => b"Subject",
        b't' => b"To",
        b'u' => b"Allow-Events",
        b'v' => b"Via",
        b'x' => b"Session-Expires",
        b'y' => b"Identity",
        _ => name,
    }
}

/// The first line without its end (CR LF, or LF alone), what follows, and whether the end was there.
pub(crate) fn line(octets: &[u8]) -> (&[u8], &[u8], bool) {
    match split_at(octets, b'\n') {
        Some((line, rest)) => (line.strip_suffix(b"\r").unwrap_or(line), rest, true),
        None => (octets, &[], false),
    }
}

/// What stands before and behind the first `separator`.
pub(crate) fn split_at(octets: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = octets.iter().position(|octet| *octet == separator)?;
    let (before, behind) = octets.split_at_checked(at)?;
    Some((before, behind.get(1..)?))
}

/// A number of decimal digits alone.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}
