//! The head of a message: start line and headers.

use std::borrow::Cow;

use super::{Fault, Faults, Start, repair};
use crate::limits;

/// Name and value of a header.
type Header<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// A head that was read.
#[derive(Debug)]
pub struct Head<'a> {
    /// The first line.
    pub start: Start<'a>,
    headers: Vec<Header<'a>>,
    /// What is wrong.
    pub faults: Faults,
}

/// How many bytes a head has, with its blank line; `None` when that is not there. Nothing is looked for before `from`, up to where an earlier call
/// looked.
pub fn end(bytes: &[u8], from: usize) -> Option<usize> {
    // The blank line may have begun in what was looked at.
    let mut at = from.saturating_sub(3);
    loop {
        let found = bytes.get(at..)?.iter().position(|octet| *octet == b'\n')?;
        at = at.saturating_add(found).saturating_add(1);
        match bytes.get(at..) {
            Some([b'\n', ..]) => return Some(at.saturating_add(1)),
            Some([b'\r', b'\n', ..]) => return Some(at.saturating_add(2)),
            _ => {}
        }
    }
}

impl<'a> Head<'a> {
    /// Reads a whole head, with its blank line.
    ///
    /// # Errors
    /// When its first line is none.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Fault> {
        let line = bytes.iter().position(|octet| *octet == b'\n').ok_or(Fault::NoStartLine)?;
        let (line, rest) = bytes.split_at_checked(line.saturating_add(1)).ok_or(Fault::NoStartLine)?;
        let start = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line);
        let mut head = Self { start: Start::parse(start)?, headers: Vec::new(), faults: Faults::default() };
        if !line.ends_with(b"\r\n") {
            head.faults.add(Fault::BareLineFeed);
        }
        head.headers(rest);
        Ok(head)
    }

    fn headers(&mut self, block: &'a [u8]) {
        let mut found = [httparse::EMPTY_HEADER; limits::HEADERS];
        match httparse::parse_headers(block, &mut found) {
            Ok(httparse::Status::Complete((_, headers))) => {
                self.headers =
                    headers.iter().map(|header| (header.name.as_bytes().into(), header.value.into())).collect();
            }
            _ => {
                let (mended, faults) = repair::mended(block);
                self.faults.join(faults);
                let mut found = [httparse::EMPTY_HEADER; limits::HEADERS];
                if let Ok(httparse::Status::Complete((_, headers))) = httparse::parse_headers(&mended, &mut found) {
                    let owned = |header: &httparse::Header<'_>| {
                        (Cow::Owned(header.name.as_bytes().to_vec()), Cow::Owned(header.value.to_vec()))
                    };
                    self.headers = headers.iter().map(owned).collect();
                }
            }
        }
    }

    /// The values of a header, in order. `name` is in lower case or not.
    pub fn values(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        let fits = move |header: &&Header<'a>| header.0.eq_ignore_ascii_case(name.as_bytes());
        self.headers.iter().filter(fits).map(|(_, value)| value.trim_ascii())
    }

    /// The first value of a header.
    pub fn value(&self, name: &'static str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The elements of a header that is a list, of all its lines.
    pub fn list(&self, name: &'static str) -> impl Iterator<Item = &[u8]> {
        let elements = self.values(name).flat_map(|value| value.split(|octet| *octet == b','));
        elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
    }

    /// Whether a list holds a word.
    pub fn holds(&self, name: &'static str, word: &str) -> bool {
        self.list(name).any(|element| element.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// All headers.
    pub fn all(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }
}
