//! One direction of a connection of HTTP/1: where heads, bodies and chunks end.

use crate::exchange::Mark;
use crate::limits;
use crate::message::{self, Begins, Fault, begins};
use crate::streams::Segment;

/// What comes next.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A head.
    #[default]
    Start,
    /// A head behind an interim response.
    Interim,
    /// So many bytes of a body.
    Length(u64),
    /// The line with a chunk's size.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The line end behind a chunk.
    DataEnd,
    /// Trailers, and the blank line behind them.
    Trailers,
    /// A body that ends with the connection.
    Close,
    /// A response that may have no head: the request was of HTTP/0.9.
    Simple,
    /// Something else.
    Tunnel,
    /// Unknown, until a segment begins a message.
    Lost,
}

/// One direction.
#[derive(Default)]
pub struct Half {
    pub step: Step,
    /// Whether its end said that nothing more comes (FIN).
    pub is_over: bool,
    /// A head or a line that is not whole yet.
    buffer: Vec<u8>,
    /// Where that begins.
    first: Mark,
    /// So many bytes of it hold no end.
    searched: usize,
    /// Whether its first line is whole and right.
    has_line: bool,
}

/// What was taken of a segment.
pub enum Taken<'a> {
    /// Something that waits for more.
    More,
    /// A whole head, and where it begins.
    Head { head: Vec<u8>, first: Mark },
    /// A response without a head begins.
    Simple,
    /// Bytes of a body.
    Body(&'a [u8]),
    /// The message is whole.
    End,
    /// Bytes of something else.
    Tunnelled(&'a [u8]),
    /// Bytes that belong to nothing.
    Skipped(u64),
    /// What is here cannot be read.
    Fault(Fault),
}

impl Half {
    /// Takes the next part of a segment.
    pub fn take<'a>(&mut self, segment: &mut Segment<'a>) -> Taken<'a> {
        match self.step {
            Step::Start | Step::Interim => self.head(segment),
            Step::Length(left) => {
                if left == 0 {
                    return self.ended();
                }
                let bytes = first(segment, left);
                self.step = Step::Length(left.saturating_sub(bytes.len() as u64));
                Taken::Body(bytes)
            }
            Step::Size => self.size(segment),
            Step::Data(left) => {
                let bytes = first(segment, left);
                let left = left.saturating_sub(bytes.len() as u64);
                self.step = if left == 0 { Step::DataEnd } else { Step::Data(left) };
                Taken::Body(bytes)
            }
            Step::DataEnd => match self.line(segment) {
                Line::More => Taken::More,
                Line::Whole(line) if line.is_empty() => {
                    self.step = Step::Size;
                    Taken::More
                }
                Line::Whole(_) | Line::Long => Taken::Fault(Fault::BadChunk),
            },
            Step::Trailers => match self.line(segment) {
                Line::More => Taken::More,
                Line::Whole(line) if line.is_empty() => self.ended(),
                Line::Whole(_) => Taken::More,
                Line::Long => Taken::Fault(Fault::LongHead),
            },
            // Most servers answer as if it were of HTTP/1.0.
            Step::Simple if b"HTTP/".starts_with(segment.bytes.get(..5).unwrap_or(segment.bytes)) => {
                self.step = Step::Start;
                Taken::More
            }
            Step::Simple => {
                self.step = Step::Close;
                Taken::Simple
            }
            Step::Close => Taken::Body(std::mem::take(&mut segment.bytes)),
            Step::Tunnel => Taken::Tunnelled(std::mem::take(&mut segment.bytes)),
            Step::Lost => {
                if segment.starts
                    && matches!(begins(message::behind_line_ends(segment.bytes)), Begins::Request | Begins::Response)
                {
                    self.step = Step::Start;
                    return Taken::More;
                }
                Taken::Skipped(std::mem::take(&mut segment.bytes).len() as u64)
            }
        }
    }

    fn ended<'a>(&mut self) -> Taken<'a> {
        self.step = Step::Start;
        Taken::End
    }

    fn head<'a>(&mut self, segment: &mut Segment<'a>) -> Taken<'a> {
        if self.buffer.is_empty() {
            // Line ends between messages say nothing (RFC 9112 §2.2).
            segment.bytes = message::behind_line_ends(segment.bytes);
            if segment.bytes.is_empty() {
                return Taken::More;
            }
            self.first = segment.mark;
        }
        let had = self.buffer.len();
        let room = limits::HEAD.saturating_sub(had);
        let fresh = segment.bytes.get(..room).unwrap_or(segment.bytes);
        self.buffer.extend_from_slice(fresh);
        if !self.has_line && (had < 64 || fresh.contains(&b'\n') || self.buffer.len() > limits::START_LINE) {
            match begins(&self.buffer) {
                Begins::No => {
                    // A segment may begin a message where what was before it was wrong.
                    segment.starts &= had > 0;
                    self.buffer = Vec::new();
                    return Taken::Fault(Fault::NoStartLine);
                }
                Begins::Perhaps => {}
                Begins::Request | Begins::Response => self.has_line = true,
            }
        }
        if let Some(end) = message::end(&self.buffer, self.searched) {
            segment.bytes = segment.bytes.get(end.saturating_sub(had)..).unwrap_or_default();
            let mut head = std::mem::take(&mut self.buffer);
            head.truncate(end);
            (self.searched, self.has_line) = (0, false);
            return Taken::Head { head, first: self.first };
        }
        self.searched = self.buffer.len();
        if self.buffer.len() >= limits::HEAD {
            segment.starts = false;
            return Taken::Fault(Fault::LongHead);
        }
        segment.bytes = &[];
        Taken::More
    }

    /// Reads the size of a chunk (RFC 9112 §7.1).
    fn size<'a>(&mut self, segment: &mut Segment<'a>) -> Taken<'a> {
        let line = match self.line(segment) {
            Line::More => return Taken::More,
            Line::Long => return Taken::Fault(Fault::BadChunk),
            Line::Whole(line) => line,
        };
        let size = line.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
        let add = |sum: u64, digit: &u8| {
            let digit = char::from(*digit).to_digit(16)?;
            (sum < 1 << 59).then(|| (sum << 4) | u64::from(digit))
        };
        match size.iter().try_fold(0_u64, add).filter(|_| !size.is_empty()) {
            None => Taken::Fault(Fault::BadChunk),
            Some(0) => {
                self.step = Step::Trailers;
                Taken::More
            }
            Some(size) => {
                self.step = Step::Data(size);
                Taken::More
            }
        }
    }

    /// Takes a line.
    fn line(&mut self, segment: &mut Segment<'_>) -> Line {
        let end = segment.bytes.iter().position(|octet| *octet == b'\n');
        let bytes = end.map_or(segment.bytes.len(), |end| end.saturating_add(1));
        if self.buffer.len().saturating_add(bytes) > limits::CHUNK_LINE {
            return Line::Long;
        }
        let (line, rest) = segment.bytes.split_at_checked(bytes).unwrap_or_default();
        self.buffer.extend_from_slice(line);
        segment.bytes = rest;
        if end.is_none() {
            return Line::More;
        }
        let mut line = std::mem::take(&mut self.buffer);
        line.pop();
        line.pop_if(|last| *last == b'\r');
        Line::Whole(line)
    }

    /// So many bytes of a body are not here. Whether they were its last.
    pub fn pass(&mut self, missing: u64) -> bool {
        match &mut self.step {
            Step::Length(left) => {
                *left = left.saturating_sub(missing);
                let ends = *left == 0;
                if ends {
                    self.step = Step::Start;
                }
                ends
            }
            Step::Data(left) => {
                *left = left.saturating_sub(missing);
                if *left == 0 {
                    self.step = Step::DataEnd;
                }
                false
            }
            _ => false,
        }
    }

    /// Forgets where messages begin.
    pub fn lose(&mut self) {
        *self = Self { step: Step::Lost, ..Self::default() };
    }

    /// Gives away what waits.
    pub fn forget(&mut self) -> Vec<u8> {
        let waited = std::mem::take(&mut self.buffer);
        *self = Self { step: self.step, ..Self::default() };
        waited
    }

    /// Whether no message was begun.
    pub fn is_between(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.buffer.capacity()
    }
}

enum Line {
    More,
    Whole(Vec<u8>),
    Long,
}

/// The first bytes of a segment, so many at the most.
fn first<'a>(segment: &mut Segment<'a>, most: u64) -> &'a [u8] {
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(segment.bytes.len());
    let (bytes, rest) = segment.bytes.split_at_checked(most).unwrap_or_default();
    segment.bytes = rest;
    bytes
}
