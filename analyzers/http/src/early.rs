//! What a client sends behind CONNECT before it is told that it may.

use crate::exchange::Mark;
use crate::limits;
use crate::streams::Segment;

/// Bytes that wait for an answer, with the frames that carried them.
#[derive(Default)]
pub struct Early {
    parts: Vec<Part>,
    buffered: usize,
}

/// Bytes of one segment.
pub struct Part {
    bytes: Vec<u8>,
    starts: bool,
    mark: Mark,
}

impl Part {
    /// A copy of a segment.
    pub fn of(segment: &Segment<'_>) -> Self {
        Self { bytes: segment.bytes.to_vec(), starts: segment.starts, mark: segment.mark }
    }

    /// As they came.
    pub fn segment(&self) -> Segment<'_> {
        Segment { bytes: &self.bytes, starts: self.starts, mark: self.mark }
    }
}

impl Early {
    /// Keeps bytes. Whether there was room for them.
    pub fn add(&mut self, segment: &Segment<'_>) -> bool {
        let buffered = self.buffered.saturating_add(segment.bytes.len()).saturating_add(size_of::<Part>());
        if buffered > limits::EARLY {
            return false;
        }
        self.buffered = buffered;
        self.parts.push(Part::of(segment));
        true
    }

    /// Gives them away, in order.
    pub fn take(&mut self) -> Vec<Part> {
        self.buffered = 0;
        std::mem::take(&mut self.parts)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Memory of them, in bytes.
    pub fn buffered(&self) -> usize {
        self.buffered
    }
}
