//! Where a message in a stream ends (RFC 3261 §18.3).

use super::{expanded, line, number, split_at};

/// Where the parts of a message are that is not whole yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Bytes up to the body.
    pub head: usize,
    /// Bytes of the body by Content-Length; 0 without one.
    pub body: u64,
}

/// How much of a message's header was looked at, so that a header in many segments is not read anew with each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Head {
    /// Where the first line begins that was not read.
    line: usize,
    /// So many bytes hold no further line end.
    searched: usize,
    length: Option<u64>,
    found: Option<Extent>,
}

impl Head {
    /// Whether the start line has no end yet.
    pub fn in_start_line(&self) -> bool {
        self.line == 0
    }

    /// Where the message ends that `octets` begin with; `None` when its blank line is not there yet. They are those of the last call, and
    /// more.
    pub fn advance(&mut self, octets: &[u8]) -> Option<Extent> {
        while self.found.is_none() {
            if octets.get(self.searched..).is_none_or(|fresh| !fresh.contains(&b'\n')) {
                self.searched = octets.len();
                return None;
            }
            let (text, rest, _) = line(octets.get(self.line..).unwrap_or_default());
            self.line = octets.len().saturating_sub(rest.len());
            self.searched = self.line;
            if text.is_empty() {
                self.found = Some(Extent { head: self.line, body: self.length.unwrap_or(0) });
            } else if let Some((name, value)) = split_at(text, b':')
                && self.length.is_none()
                && expanded(name.trim_ascii()).eq_ignore_ascii_case(b"content-length")
            {
                self.length = Some(number(value.trim_ascii()).unwrap_or(0));
            }
        }
        self.found
    }
}
