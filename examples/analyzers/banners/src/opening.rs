//! How a connection begins: who speaks first, and the first line of the server.

use mcpcap_analyzer::stream::{Event, Side};

// A capture decides how much there is to keep, so everything has a bound.
const BYTES: usize = 512;
const FRAMES: usize = 8;

/// The first line that a server sent, without its end, and the frames that carried it.
#[derive(Default)]
pub struct Line {
    pub bytes: Vec<u8>,
    pub frames: Vec<u64>,
}

/// The beginning of one connection.
#[derive(Default)]
pub struct Opening {
    /// Who sent the first bytes, and in which frame.
    pub first: Option<(Side, u64)>,
    pub line: Line,
    is_whole: bool,
}

impl Opening {
    /// Takes what an end sent, or what is missing of it.
    pub fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Data { from, bytes, frame, .. } => {
                self.first.get_or_insert((from, frame));
                if from == Side::Server && !self.is_whole {
                    self.text(bytes, frame);
                }
            }
            Event::Gap { from, frame, .. } => {
                self.first.get_or_insert((from, frame));
                // What stands behind it is another part of the text.
                self.is_whole |= from == Side::Server;
            }
            Event::Conflict { .. } | Event::Fin { .. } | Event::Closed { .. } => {}
        }
    }

    fn text(&mut self, bytes: &[u8], frame: u64) {
        let mut lines = bytes.split(|octet| *octet == b'\n');
        let (text, has_end) = (lines.next().unwrap_or_default(), lines.next().is_some());
        self.line.bytes.extend(text.iter().take(BYTES - self.line.bytes.len()));
        self.is_whole = has_end || self.line.bytes.len() == BYTES;
        if self.line.frames.len() < FRAMES {
            self.line.frames.push(frame);
        }
    }

    /// The frame in which the server sent the first bytes, if it did.
    pub fn server_first(&self) -> Option<u64> {
        self.first.filter(|(side, _)| *side == Side::Server).map(|(_, frame)| frame)
    }

    /// Whether the server tells something like `9.6` before it is asked. The version of SSH itself does not count (RFC 4253 section 4.2).
    pub fn tells_version(&self) -> bool {
        let text = self.line.bytes.strip_prefix(b"SSH-").map_or(&*self.line.bytes, |text| {
            let end = text.iter().position(|octet| *octet == b'-').unwrap_or(text.len());
            text.split_at(end).1
        });
        let is_number = |part: &[u8]| matches!(part, [a, b'.', b] if a.is_ascii_digit() && b.is_ascii_digit());
        self.server_first().is_some() && text.windows(3).any(is_number)
    }
}
