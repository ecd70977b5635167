//! Domain names: reading them with compression, and writing them in presentation format.

use std::fmt::{self, Write};
use std::ops::Deref;

use super::fault::Malformed;

/// The most bytes of a name on the wire, length bytes and root included (RFC 1035 §2.3.4).
pub const LONGEST: usize = 255;

/// Each pointer of an honest name follows a label, and no name has more labels than this.
pub(super) const MOST_POINTERS: usize = 127;

/// A name, uncompressed: length bytes and labels as on the wire, without the root's zero byte. Case is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Name {
    wire: Vec<u8>,
}

/// A name as [`Name`] has it, in lower case.
#[derive(Debug, Clone)]
pub struct Folded {
    octets: [u8; LONGEST],
    length: usize,
}

impl Default for Folded {
    fn default() -> Self {
        Self { octets: [0; LONGEST], length: 0 }
    }
}

impl Deref for Folded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

impl Folded {
    /// Sets it to the valid name at `start` of a message. By lower case names compare (RFC 4343 §3: ASCII letters only).
    pub fn read(&mut self, message: &[u8], start: usize) {
        self.length = 0;
        let mut at = start;
        for _ in 0..=MOST_POINTERS {
            let from = at;
            let next = loop {
                #[cfg(test)]
                super::work::step();
                match message.get(at).copied().unwrap_or(0) {
                    length @ 1..=0x3f => at = at.saturating_add(1).saturating_add(length.into()),
                    other => break other,
                }
                if at.saturating_sub(from) >= LONGEST {
                    break 0;
                }
            };
            let end = self.length.saturating_add(at.saturating_sub(from));
            let (Some(room), Some(run)) = (self.octets.get_mut(self.length..end), message.get(from..at)) else { break };
            room.copy_from_slice(run);
            // Length bytes are below 64, so no letter can be one of them.
            room.make_ascii_lowercase();
            self.length = end;
            let Some(low) = message.get(at.saturating_add(1)).filter(|_| next >= 0xc0) else { break };
            at = (usize::from(next & 0x3f) << 8) | usize::from(*low);
        }
    }
}

/// How far a name goes in the place where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Right behind it.
    pub end: usize,
    /// What is wrong with it, where its end is known nevertheless.
    pub fault: Option<Malformed>,
}

/// Walks over the name at `start` and gives each label to `label`.
///
/// A pointer has to point before everything of this name that was read so far, so that each jump goes back and every walk
/// ends (RFC 1035 §4.1.4: "a prior occurrence"). Whatever is wrong behind a pointer leaves the name's own end known.
///
/// # Errors
/// When the name's end cannot be found.
pub fn walk(message: &[u8], start: usize, limit: usize, mut label: impl FnMut(&[u8])) -> Result<Extent, Malformed> {
    let mut at = start;
    let mut run_start = start;
    let mut end: Option<usize> = None;
    let mut octets = 1_usize;
    let mut pointers = 0_usize;
    let mut fault = None;
    loop {
        #[cfg(test)]
        super::work::step();
        // Behind a pointer the whole message may be read, before it only what the section or record data holds.
        let limit = if end.is_some() { message.len() } else { limit.min(message.len()) };
        let failed = |reason| end.map(|end| Extent { end, fault: Some(reason) }).ok_or(reason);
        if at >= limit {
            return failed(Malformed::EndsEarly);
        }
        let Some(&length) = message.get(at) else { return failed(Malformed::EndsEarly) };
        match length >> 6 {
            0 if length == 0 => {
                return Ok(Extent { end: end.unwrap_or(at.saturating_add(1)), fault });
            }
            0 => {
                let from = at.saturating_add(1);
                let to = from.saturating_add(usize::from(length));
                if to > limit {
                    return failed(Malformed::EndsEarly);
                }
                let Some(text) = message.get(from..to) else { return failed(Malformed::EndsEarly) };
                octets = octets.saturating_add(text.len()).saturating_add(1);
                if octets > LONGEST {
                    if end.is_some() {
                        return failed(Malformed::NameTooLong);
                    }
                    fault = Some(Malformed::NameTooLong);
                } else {
                    label(text);
                }
                at = to;
            }
            3 => {
                let low_at = at.saturating_add(1);
                if low_at >= limit {
                    return failed(Malformed::EndsEarly);
                }
                let Some(&low) = message.get(low_at) else { return failed(Malformed::EndsEarly) };
                let target = (usize::from(length & 0x3f) << 8) | usize::from(low);
                // Where nothing of the message is meant, nothing behind it is to be believed either.
                if end.is_none() && target >= message.len() {
                    return Err(Malformed::BadPointer);
                }
                let own_end = *end.get_or_insert(low_at.saturating_add(1));
                pointers = pointers.saturating_add(1);
                let broken = if fault.is_some() {
                    fault
                } else if target >= run_start || target < super::HEADER_LENGTH {
                    Some(Malformed::BadPointer)
                } else if pointers > MOST_POINTERS {
                    Some(Malformed::TooManyPointers)
                } else {
                    None
                };
                if broken.is_some() {
                    return Ok(Extent { end: own_end, fault: broken });
                }
                at = target;
                run_start = target;
            }
            _ => return failed(Malformed::BadLabelType),
        }
    }
}

/// Where the labels of the name at `start` begin: behind pointers that have no label before them. Names that begin there are the same.
pub fn origin(message: &[u8], start: usize) -> usize {
    let mut at = start;
    for _ in 0..=MOST_POINTERS {
        let Some(&[high, low]) = message.get(at..at.saturating_add(2)) else { break };
        let target = (usize::from(high & 0x3f) << 8) | usize::from(low);
        if high < 0xc0 || target >= at {
            break;
        }
        at = target;
    }
    at
}

/// Right behind the name at `start`, which is known to be valid.
pub fn end(message: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        match message.get(at).copied().unwrap_or(0) {
            0 => return at.saturating_add(1),
            0xc0.. => return at.saturating_add(2),
            length => at = at.saturating_add(1).saturating_add(length.into()),
        }
    }
}

impl Name {
    /// Reads the name at `start`, which must end before `limit` where it stands; its end comes with it.
    ///
    /// # Errors
    /// When the name is not valid.
    pub fn read(message: &[u8], start: usize, limit: usize) -> Result<(Self, usize), Malformed> {
        let mut wire = Vec::new();
        let extent = walk(message, start, limit, |label| {
            wire.push(u8::try_from(label.len()).unwrap_or(0));
            wire.extend_from_slice(label);
        })?;
        match extent.fault {
            Some(reason) => Err(reason),
            None => Ok((Self { wire }, extent.end)),
        }
    }

    /// A name of bytes as it keeps them.
    pub fn of(wire: &[u8]) -> Self {
        Self { wire: wire.to_vec() }
    }

    /// Its bytes.
    pub fn wire(&self) -> &[u8] {
        &self.wire
    }

    /// The labels, the leftmost first.
    pub fn labels(&self) -> Labels<'_> {
        Labels { wire: &self.wire }
    }

    /// Whether it is the root.
    pub fn is_root(&self) -> bool {
        self.wire.is_empty()
    }

    /// Bytes on the wire, uncompressed.
    pub fn wire_length(&self) -> usize {
        self.wire.len().saturating_add(1)
    }
}

/// The labels of a name.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    wire: &'a [u8],
}

impl<'a> Labels<'a> {
    /// Of a name's bytes as [`Name`] has them.
    pub fn of(wire: &'a [u8]) -> Self {
        Self { wire }
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.wire.split_first()?;
        let (label, rest) = rest.split_at_checked(usize::from(*length))?;
        self.wire = rest;
        Some(label)
    }
}

/// Presentation format (RFC 1035 §5.1): `\.` for a dot inside a label, `\DDD` for what does not print, no dot at the end, and
/// `.` for the root. Other characters that zone files treat specially get a backslash, as every name server writes them.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, self.labels())
    }
}

/// Writes the labels of a name in presentation format.
pub fn write(out: &mut impl Write, labels: Labels<'_>) -> fmt::Result {
    if labels.wire.is_empty() {
        return out.write_char('.');
    }
    for (n, label) in labels.enumerate() {
        if n > 0 {
            out.write_char('.')?;
        }
        write_label(out, label)?;
    }
    Ok(())
}

/// Writes one label in presentation format.
pub fn write_label(out: &mut impl Write, label: &[u8]) -> fmt::Result {
    if let Ok(text) = std::str::from_utf8(label)
        && is_plain(label)
    {
        return out.write_str(text);
    }
    for &octet in label {
        match octet {
            b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$' => {
                out.write_char('\\')?;
                out.write_char(char::from(octet))?;
            }
            0x21..=0x7e => out.write_char(char::from(octet))?,
            _ => write_number(out, octet)?,
        }
    }
    Ok(())
}

/// Whether a label is written as it is.
pub fn is_plain(label: &[u8]) -> bool {
    let is_special = |octet: &u8| matches!(octet, b'.' | b'\\' | b'"' | b'(' | b')' | b';' | b'@' | b'$');
    label.iter().all(|octet| octet.is_ascii_graphic() && !is_special(octet))
}

/// Writes a byte as `\DDD`.
fn write_number(out: &mut impl Write, octet: u8) -> fmt::Result {
    out.write_char('\\')?;
    [octet / 100, octet / 10 % 10, octet % 10]
        .into_iter()
        .try_for_each(|digit| out.write_char(char::from(b'0' | digit)))
}

/// Writes a `<character-string>` in quotes, as zone files have it: `"` and `\` get a backslash, what does not print is `\DDD`.
pub fn write_quoted(out: &mut impl Write, text: &[u8]) -> fmt::Result {
    out.write_char('"')?;
    write_escaped(out, text)?;
    out.write_char('"')
}

/// Writes what stands between those quotes.
pub fn write_escaped(out: &mut impl Write, text: &[u8]) -> fmt::Result {
    for &octet in text {
        match octet {
            b'"' | b'\\' => {
                out.write_char('\\')?;
                out.write_char(char::from(octet))?;
            }
            0x20..=0x7e => out.write_char(char::from(octet))?,
            _ => write_number(out, octet)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts a name behind twelve bytes of header.
    fn after_header(name: &[u8]) -> Vec<u8> {
        let mut message = vec![0; super::super::HEADER_LENGTH];
        message.extend_from_slice(name);
        message
    }

    #[track_caller]
    fn check(name: &[u8], expected: Result<&str, Malformed>) {
        let message = after_header(name);
        let read = Name::read(&message, 12, message.len()).map(|(name, _)| name.to_string());
        assert_eq!(read.as_deref().map_err(|reason| *reason), expected);
    }

    #[test]
    fn names_are_written_in_presentation_format() {
        check(b"\x00", Ok("."));
        check(b"\x03www\x07Example\x03COM\x00", Ok("www.Example.COM"));
        check(b"\x05a.b\x00c\x03com\x00", Ok("a\\.b\\000c.com"));
        check(b"\x04\xff\xfe\x80\x81\x03com\x00", Ok("\\255\\254\\128\\129.com"));
        check(b"\x06a\\b @$\x00", Ok("a\\\\b\\032\\@\\$"));
    }

    #[test]
    fn names_that_cannot_be_are_refused_by_reason() {
        check(b"", Err(Malformed::EndsEarly));
        check(b"\x03ab", Err(Malformed::EndsEarly));
        check(b"\x03abc", Err(Malformed::EndsEarly));
        check(b"\xc0", Err(Malformed::EndsEarly));
        check(b"\xc0\x0c", Err(Malformed::BadPointer)); // to itself
        check(b"\x01a\xc0\x0c", Err(Malformed::BadPointer)); // a loop over a label
        check(b"\xc0\x20\x00", Err(Malformed::BadPointer)); // forward
        check(b"\xc0\x02\x00", Err(Malformed::BadPointer)); // into the header
        check(b"\x80aaa\x00", Err(Malformed::BadLabelType));
        check(b"\x41aaa\x00", Err(Malformed::BadLabelType));
    }

    #[test]
    fn a_name_has_at_most_255_octets() {
        let label =
            |length: u8| std::iter::once(length).chain(std::iter::repeat_n(b'a', length.into())).collect::<Vec<u8>>();
        let mut name = [label(63), label(63), label(63), label(61)].concat();
        name.push(0);
        assert_eq!(name.len(), 255);
        check(&name, Ok([63, 63, 63, 61].map(|n| "a".repeat(n)).join(".").as_str()));
        let mut name = [label(63), label(63), label(63), label(62)].concat();
        name.push(0);
        check(&name, Err(Malformed::NameTooLong));
        let message = after_header(&name);
        let extent = walk(&message, 12, message.len(), |_| ()).unwrap();
        assert_eq!((extent.end, extent.fault), (message.len(), Some(Malformed::NameTooLong)));
    }

    #[test]
    fn a_pointer_may_lead_to_a_pointer_and_ends_the_name() {
        let message = after_header(b"\x03com\x00\x01a\xc0\x0c\xc0\x11\xff");
        let (name, end) = Name::read(&message, 21, message.len()).unwrap();
        assert_eq!((name.to_string().as_str(), end), ("a.com", 23));
    }

    #[test]
    fn many_pointers_in_a_row_are_refused_and_the_end_is_still_known() {
        let mut message = after_header(b"\x00");
        let mut previous = 12_u16;
        for _ in 0..200 {
            let at = u16::try_from(message.len()).unwrap();
            message.extend_from_slice(&(0xc000 | previous).to_be_bytes());
            previous = at;
        }
        let at = usize::from(previous);
        let extent = walk(&message, at, message.len(), |_| ()).unwrap();
        assert_eq!((extent.end, extent.fault), (message.len(), Some(Malformed::TooManyPointers)));
        assert!(Name::read(&message, 12 + 1 + 2 * 100, message.len()).is_ok());
    }

    #[test]
    fn folding_lowers_ascii_letters_only() {
        let message = after_header(b"\x04aB\xc4Z\x00\x01X\xc0\x0c");
        for (at, expected) in [(12, "ab\\196z"), (18, "x.ab\\196z"), (20, "ab\\196z")] {
            let mut folded = Folded::default();
            folded.read(&message, at);
            assert_eq!(Name::of(&folded).to_string(), expected);
        }
    }

    #[test]
    fn character_strings_are_quoted() {
        let mut out = String::new();
        write_quoted(&mut out, b"v=spf1 \"x\" \\ \n").unwrap();
        assert_eq!(out, "\"v=spf1 \\\"x\\\" \\\\ \\010\"");
    }
}
