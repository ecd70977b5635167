//! One direction of a connection of HTTP/2: where frames end (RFC 9113 §4.1).

use crate::exchange::Mark;
use crate::limits;
use crate::streams::Segment;

/// The header of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Header {
    pub length: u32,
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
}

/// Kinds of frames.
pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const PUSH_PROMISE: u8 = 5;
pub const CONTINUATION: u8 = 9;

/// Flags of frames.
pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;
pub const PADDED: u8 = 8;
pub const PRIORITY: u8 = 0x20;

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// So many bytes of the preface.
    Preface(u32),
    Header,
    /// So many bytes of a frame that are needed together.
    Gather(Header),
    /// The length of the padding.
    Padding(Header),
    /// So many bytes of data, and of padding behind them.
    Data {
        header: Header,
        left: u32,
        padding: u32,
    },
    /// So many bytes that are passed over; whether data ends with them.
    Skip {
        header: Header,
        left: u32,
    },
    Lost,
}

/// One direction.
pub struct Half {
    step: Step,
    buffer: Vec<u8>,
    /// Where the frame begins.
    first: Mark,
}

/// What was taken of a segment.
pub enum Taken<'a> {
    More,
    /// A whole frame that is no data, and where it begins.
    Frame {
        header: Header,
        payload: Vec<u8>,
        first: Mark,
    },
    /// Bytes of data.
    Data {
        stream: u32,
        bytes: &'a [u8],
    },
    /// A frame of data ends, and with it perhaps its stream.
    DataEnd {
        stream: u32,
        ends: bool,
    },
    Skipped(u64),
    /// This is no frame.
    Bad,
}

impl Half {
    /// That begins with so many bytes of a preface.
    pub fn new(preface: u32) -> Self {
        let step = if preface == 0 { Step::Header } else { Step::Preface(preface) };
        Self { step, buffer: Vec::new(), first: Mark::default() }
    }

    /// Whether something can be taken without further bytes.
    pub fn is_due(&self) -> bool {
        matches!(self.step, Step::Data { left: 0, .. } | Step::Skip { left: 0, .. })
            || matches!(self.step, Step::Gather(header) if header.length == 0)
    }

    /// Takes the next part of a segment.
    pub fn take<'a>(&mut self, segment: &mut Segment<'a>) -> Taken<'a> {
        match self.step {
            Step::Preface(left) => {
                let taken = first(segment, left).len() as u32;
                let left = left.saturating_sub(taken);
                self.step = if left == 0 { Step::Header } else { Step::Preface(left) };
                Taken::More
            }
            Step::Header => self.header(segment),
            Step::Gather(header) => {
                let missing = header.length.saturating_sub(self.buffer.len() as u32);
                let bytes = first(segment, missing);
                self.buffer.extend_from_slice(bytes);
                if (self.buffer.len() as u32) < header.length {
                    return Taken::More;
                }
                self.step = Step::Header;
                Taken::Frame { header, payload: std::mem::take(&mut self.buffer), first: self.first }
            }
            Step::Padding(header) => {
                let padding = first(segment, 1).first().copied().unwrap_or_default();
                let length = header.length.saturating_sub(1);
                let Some(left) = length.checked_sub(padding.into()) else { return Taken::Bad };
                self.step = Step::Data { header, left, padding: padding.into() };
                Taken::More
            }
            Step::Data { header, left: 0, padding: 0 } => {
                self.step = Step::Header;
                Taken::DataEnd { stream: header.stream, ends: header.flags & END_STREAM != 0 }
            }
            Step::Data { header, left: 0, padding } => {
                self.step = Step::Skip { header, left: padding };
                Taken::More
            }
            Step::Data { header, left, padding } => {
                let bytes = first(segment, left);
                self.step = Step::Data { header, left: left.saturating_sub(bytes.len() as u32), padding };
                Taken::Data { stream: header.stream, bytes }
            }
            Step::Skip { header, left: 0 } => {
                self.step = Step::Header;
                let is_data = header.kind == DATA;
                Taken::DataEnd { stream: header.stream, ends: is_data && header.flags & END_STREAM != 0 }
            }
            Step::Skip { header, left } => {
                let taken = first(segment, left).len() as u32;
                self.step = Step::Skip { header, left: left.saturating_sub(taken) };
                Taken::More
            }
            Step::Lost => Taken::Skipped(std::mem::take(&mut segment.bytes).len() as u64),
        }
    }

    fn header<'a>(&mut self, segment: &mut Segment<'a>) -> Taken<'a> {
        if self.buffer.is_empty() {
            self.first = segment.mark;
        }
        let missing = 9_usize.saturating_sub(self.buffer.len()) as u32;
        self.buffer.extend_from_slice(first(segment, missing));
        if self.buffer == b"PRI * HTT" {
            // The server spoke first. As a frame this would be larger than any may be.
            self.buffer.clear();
            self.step = Step::Preface(15);
            return Taken::More;
        }
        let [a, b, c, kind, flags, stream @ ..] = self.buffer.as_slice() else { return Taken::More };
        let Ok(stream) = <[u8; 4]>::try_from(stream) else { return Taken::More };
        let header = Header {
            length: u32::from_be_bytes([0, *a, *b, *c]),
            kind: *kind,
            flags: *flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        };
        self.buffer.clear();
        self.step = match header.kind {
            DATA if header.flags & PADDED != 0 && header.length > 0 => Step::Padding(header),
            DATA => Step::Data { header, left: header.length, padding: 0 },
            HEADERS | PUSH_PROMISE | CONTINUATION if header.length <= limits::HEADER_BLOCK => Step::Gather(header),
            HEADERS | PUSH_PROMISE | CONTINUATION => return Taken::Bad,
            RST_STREAM if header.length == 4 => Step::Gather(header),
            // SETTINGS, PING, GOAWAY and so on; and kinds that nobody knows, which must be ignored (RFC 9113 §5.5).
            _ => Step::Skip { header, left: header.length },
        };
        Taken::More
    }

    /// So many bytes are not here. Of which stream they are data; `None` when it is not known where frames begin behind them.
    pub fn pass(&mut self, missing: u64) -> Option<Option<u32>> {
        match &mut self.step {
            Step::Data { header, left, .. } if missing <= u64::from(*left) => {
                *left = left.saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX));
                Some(Some(header.stream))
            }
            Step::Skip { left, .. } if missing <= u64::from(*left) => {
                *left = left.saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX));
                Some(None)
            }
            _ => None,
        }
    }

    /// Nothing further can be read.
    pub fn lose(&mut self) {
        self.step = Step::Lost;
        self.buffer = Vec::new();
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.buffer.capacity()
    }
}

/// The first bytes of a segment, so many at the most.
fn first<'a>(segment: &mut Segment<'a>, most: u32) -> &'a [u8] {
    let (bytes, rest) = segment.bytes.split_at_checked((most as usize).min(segment.bytes.len())).unwrap_or_default();
    segment.bytes = rest;
    bytes
}

/// The part of a header block in HEADERS or PUSH_PROMISE, without padding and priority; with the stream that is promised.
pub fn fragment<'p>(header: &Header, payload: &'p [u8]) -> Option<(&'p [u8], Option<u32>)> {
    let mut rest = payload;
    if header.flags & PADDED != 0 {
        let (padding, behind) = rest.split_first()?;
        rest = behind.get(..behind.len().checked_sub(usize::from(*padding))?)?;
    }
    if header.kind == PUSH_PROMISE {
        let (promised, behind) = rest.split_at_checked(4)?;
        let promised = u32::from_be_bytes(promised.try_into().ok()?) & 0x7fff_ffff;
        return Some((behind, Some(promised)));
    }
    if header.flags & PRIORITY != 0 {
        rest = rest.get(5..)?;
    }
    Some((rest, None))
}
