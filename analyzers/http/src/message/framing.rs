//! Where the body of a message ends (RFC 9112 §6.3).

use super::{Fault, Faults, Head};

/// Where the body of a message ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// Behind so many bytes.
    Length(u64),
    /// Behind the last chunk and the trailers.
    Chunked,
    /// With the connection.
    Close,
}

/// Where the body of a request ends.
pub fn of_request(head: &Head<'_>, faults: &mut Faults) -> Framing {
    match (transfer(head, faults), length(head, faults)) {
        (Some(true), _) => Framing::Chunked,
        (None, Some(0)) => Framing::None,
        (None, Some(length)) => Framing::Length(length),
        // A server must refuse the first; nothing tells where the body ends.
        (Some(false), _) | (None, None) => Framing::None,
    }
}

/// Where the body of a response ends. `method` is that of its request.
pub fn of_response(head: &Head<'_>, status: u16, method: Option<&str>, faults: &mut Faults) -> Framing {
    let (transfer, length) = (transfer(head, faults), length(head, faults));
    let has_none = method == Some("HEAD")
        || matches!(status, 100..=199 | 204 | 304)
        || (method == Some("CONNECT") && (200..300).contains(&status));
    match (transfer, length) {
        _ if has_none => Framing::None,
        (Some(true), _) => Framing::Chunked,
        (Some(false), _) | (None, None) => Framing::Close,
        (None, Some(0)) => Framing::None,
        (None, Some(length)) => Framing::Length(length),
    }
}

/// Whether the transfer is chunked; `None` without Transfer-Encoding.
fn transfer(head: &Head<'_>, faults: &mut Faults) -> Option<bool> {
    let mut values = head.values("transfer-encoding");
    let first = values.next()?;
    let is = |word: &[u8]| word.eq_ignore_ascii_case(b"chunked");
    let several = values.next().is_some();
    let codings = head.list("transfer-encoding").count();
    let chunked = head.list("transfer-encoding").filter(|coding| is(coding)).count();
    let ends = head.list("transfer-encoding").last().is_some_and(is);
    let known = |coding: &[u8]| {
        ["chunked", "gzip", "x-gzip", "deflate", "compress"]
            .iter()
            .any(|word| coding.eq_ignore_ascii_case(word.as_bytes()))
    };
    let is_odd = several || chunked != 1 || !ends || !head.list("transfer-encoding").all(known) || first.is_empty();
    // `identity` was in RFC 2616, and says nothing.
    let identity = codings == 1 && first.eq_ignore_ascii_case(b"identity");
    if identity {
        return None;
    }
    if is_odd {
        faults.add(Fault::OddTransferEncoding);
    }
    if head.value("content-length").is_some() {
        faults.add(Fault::ContentLengthWithTransferEncoding);
    }
    Some(ends)
}

/// Codings that the transfer added to those of the content (RFC 9112 §7.2), in the order in which they were applied.
pub fn codings<'h>(head: &'h Head<'_>) -> impl Iterator<Item = &'h str> {
    let all = head.list("transfer-encoding").filter(|coding| !coding.eq_ignore_ascii_case(b"chunked"));
    all.map(|coding| std::str::from_utf8(coding).unwrap_or("other"))
}

/// What Content-Length says; the first of several that differ.
fn length(head: &Head<'_>, faults: &mut Faults) -> Option<u64> {
    let mut found: Option<u64> = None;
    for element in head.list("content-length") {
        match (number(element), found) {
            (None, _) => faults.add(Fault::BadContentLength),
            (Some(length), Some(first)) if first != length => faults.add(Fault::ConflictingContentLength),
            (Some(length), _) => found = found.or(Some(length)),
        }
    }
    if found.is_none() && head.value("content-length").is_some() {
        faults.add(Fault::BadContentLength);
    }
    found
}

/// A number of decimal digits, below 2^63.
pub fn number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u64, digit: &u8| sum.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')));
    text.iter().try_fold(0, add).filter(|number| *number < 1 << 63)
}
