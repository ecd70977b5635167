//! Reading a header without ever reading past what there is.

use super::Stop;

/// What is left of a frame, and how many octets behind it were on the wire and not captured. That decides what it means when
/// something is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
    pub(super) missing: usize,
}

impl<'a> Cursor<'a> {
    /// Whether the snap length cut octets off.
    pub(super) fn is_cut(&self) -> bool {
        self.missing > 0
    }

    /// The reason for something that should be there and is not.
    pub(super) fn shortage(&self) -> Stop {
        if self.is_cut() { Stop::Cut } else { Stop::Malformed }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.shortage())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.shortage())?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), Stop> {
        self.take(count).map(drop)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Stop> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Stop> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_be_bytes)
    }

    /// Leaves out octets that stood at the end on the wire. The snap length cut those first.
    pub(super) fn drop_tail(&mut self, count: usize) {
        let captured = count.saturating_sub(self.missing);
        self.missing = self.missing.saturating_sub(count);
        let kept = self.rest.len().saturating_sub(captured);
        self.rest = self.rest.get(..kept).unwrap_or_default();
    }

    pub(super) fn peek(&self, at: usize) -> Option<u8> {
        self.rest.get(at).copied()
    }

    /// Whether that much was there on the wire.
    pub(super) fn has(&self, count: usize) -> bool {
        count <= self.rest.len().saturating_add(self.missing)
    }

    /// Bounds what is left by what a header says follows it. What lies behind is padding; what is not there was cut off.
    pub(super) fn limit(&mut self, length: usize) {
        self.missing = length.saturating_sub(self.rest.len());
        self.rest = self.rest.get(..length).unwrap_or(self.rest);
    }
}
