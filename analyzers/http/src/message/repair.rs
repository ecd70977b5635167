//! Headers that break the rules, mended as servers that take them read them, so that a strict parser reads the rest.

use super::start::is_token;
use super::{Fault, Faults};
use crate::limits;

/// The headers as they are meant, with the blank line, and what was wrong with them.
pub fn mended(block: &[u8]) -> (Vec<u8>, Faults) {
    let (mut mended, mut faults, mut headers) = (Vec::with_capacity(block.len()), Faults::default(), 0_usize);
    for line in block.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if headers > limits::HEADERS {
            continue;
        }
        if matches!(line, [b' ' | b'\t', ..]) && headers > 0 {
            faults.add(Fault::FoldedHeader);
            // The value goes on behind a blank (RFC 9112 §5.2).
            mended.truncate(mended.len().saturating_sub(2));
            mended.push(b' ');
            value(&mut mended, line.trim_ascii(), &mut faults);
            mended.extend_from_slice(b"\r\n");
            continue;
        }
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            faults.add(Fault::LineWithoutColon);
            continue;
        };
        let (name, rest) = line.split_at_checked(colon).unwrap_or_default();
        if name.last().is_some_and(u8::is_ascii_whitespace) {
            faults.add(Fault::BlankBeforeColon);
        }
        let trimmed = name.trim_ascii();
        if trimmed.is_empty() {
            faults.add(Fault::BadHeader);
            continue;
        }
        headers = headers.saturating_add(1);
        if headers > limits::HEADERS {
            faults.add(Fault::TooManyHeaders);
            continue;
        }
        for octet in trimmed {
            if !is_token(*octet) {
                faults.add(Fault::BadHeader);
            }
            mended.push(if is_token(*octet) { *octet } else { b'_' });
        }
        mended.push(b':');
        value(&mut mended, rest.get(1..).unwrap_or_default().trim_ascii(), &mut faults);
        mended.extend_from_slice(b"\r\n");
    }
    mended.extend_from_slice(b"\r\n");
    (mended, faults)
}

/// A value without control characters.
fn value(mended: &mut Vec<u8>, value: &[u8], faults: &mut Faults) {
    for octet in value {
        let is_fine = *octet >= b' ' && *octet != 0x7f || *octet == b'\t';
        if !is_fine {
            faults.add(Fault::BadHeader);
        }
        mended.push(if is_fine { *octet } else { b'?' });
    }
}
