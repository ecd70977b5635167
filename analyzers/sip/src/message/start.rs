//! The start line (RFC 3261 §7.1 and §7.2).

use super::{Fault, number};

const VERSION: &[u8] = b"SIP/2.0";

/// Request line or status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    Request { method: &'a [u8], uri: &'a [u8] },
    Response { status: u16, reason: &'a [u8] },
}

impl<'a> Start<'a> {
    /// Reads a start line without its end.
    ///
    /// # Errors
    /// [`Fault::NoStartLine`] for what is none, [`Fault::BadStartLine`] for what means to be one.
    pub fn parse(line: &'a [u8]) -> Result<Self, Fault> {
        let line = line.trim_ascii_end();
        if let Some(rest) = strip_version(line) {
            let rest = rest.strip_prefix(b" ").ok_or(Fault::BadStartLine)?;
            let (code, reason) = rest.split_at_checked(3).ok_or(Fault::BadStartLine)?;
            // Some leave out the blank when there is no reason; then the line tells nothing else from noise.
            let reason = reason.strip_prefix(b" ").unwrap_or(reason);
            let status = number(code).and_then(|code| u16::try_from(code).ok());
            let status = status.filter(|status| (100..700).contains(status)).ok_or(Fault::BadStartLine)?;
            return Ok(Self::Response { status, reason: reason.trim_ascii() });
        }
        let (method, rest) = super::split_at(line, b' ').ok_or(Fault::NoStartLine)?;
        if !is_token(method) {
            return Err(Fault::NoStartLine);
        }
        let at = rest.len().checked_sub(VERSION.len()).ok_or(Fault::NoStartLine)?;
        let (uri, version) = rest.split_at_checked(at).ok_or(Fault::NoStartLine)?;
        if !version.eq_ignore_ascii_case(VERSION) {
            return Err(Fault::NoStartLine);
        }
        let uri = uri.strip_suffix(b" ").ok_or(Fault::NoStartLine)?.trim_ascii();
        if uri.is_empty() {
            return Err(Fault::BadStartLine);
        }
        Ok(Self::Request { method, uri })
    }

    /// Whether bytes without a line end can be the beginning of a start line.
    pub fn could_become(octets: &[u8]) -> bool {
        // The line's end may have come halfway.
        let octets = octets.strip_suffix(b"\r").unwrap_or(octets);
        let known = octets.len().min(VERSION.len());
        let begins = octets.get(..known).zip(VERSION.get(..known));
        if begins.is_some_and(|(octets, version)| octets.eq_ignore_ascii_case(version)) {
            return true;
        }
        match super::split_at(octets, b' ') {
            // URIs have a scheme, and OPTIONS may ask `*`.
            Some((method, uri)) => is_token(method) && !uri.iter().any(u8::is_ascii_control) && !uri.starts_with(b"/"),
            None => octets.len() <= 32 && octets.iter().all(|octet| is_token_octet(*octet)),
        }
    }
}

fn strip_version(line: &[u8]) -> Option<&[u8]> {
    let (version, rest) = line.split_at_checked(VERSION.len())?;
    version.eq_ignore_ascii_case(VERSION).then_some(rest)
}

fn is_token(octets: &[u8]) -> bool {
    !octets.is_empty() && octets.len() <= 64 && octets.iter().all(|octet| is_token_octet(*octet))
}

/// RFC 3261 §25.1: token.
pub(super) fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&octet)
}
