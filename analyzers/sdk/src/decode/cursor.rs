//! Reading a header without ever reading past what there is.

use super::Stop;

/// What bounds a cursor. Where a header claims more than there is, this tells whom to believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The end of what was captured. A header may know of more: packet brokers cut frames and do not say so.
    Capture,
    /// The frame's length on the wire.
    Frame,
    /// The length in a header.
    Header,
}

/// What is left of a frame, and how many bytes behind it were on the wire and not captured. That decides what it means when
/// something is not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) rest: &'a [u8],
    pub(super) missing: usize,
    bound: Bound,
    /// Whether a header claimed more than the frame has.
    short: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(rest: &'a [u8], missing: usize, bound: Bound) -> Self {
        Self { rest, missing, bound, short: false }
    }

    /// Whether bytes were cut off: by the snap length, or before the frame was captured.
    pub(super) fn is_cut(&self) -> bool {
        self.missing > 0 || self.short
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

    /// Leaves out bytes that stood at the end on the wire. The snap length cut those first.
    pub(super) fn drop_tail(&mut self, count: usize) {
        let captured = count.saturating_sub(self.missing);
        self.missing = self.missing.saturating_sub(count);
        let kept = self.rest.len().saturating_sub(captured);
        self.rest = self.rest.get(..kept).unwrap_or_default();
    }

    pub(super) fn peek(&self, at: usize) -> Option<u8> {
        self.rest.get(at).copied()
    }

    pub(super) fn peek_u16(&self, at: usize) -> Option<u16> {
        self.rest.get(at..)?.first_chunk().map(|octets| u16::from_be_bytes(*octets))
    }

    /// What begins some bytes further on, if that was captured.
    pub(super) fn behind(&self, count: usize) -> Option<Self> {
        self.rest.get(count..).map(|rest| Self { rest, ..*self })
    }

    /// How much was there on the wire.
    pub(super) fn length(&self) -> usize {
        self.rest.len().saturating_add(self.missing)
    }

    /// Whether that much was there on the wire.
    pub(super) fn has(&self, count: usize) -> bool {
        count <= self.length()
    }

    /// Bounds what is left by what a header says follows it. What lies behind is padding. Where the header claims more than an
    /// outer one or the frame has, those are believed; where nothing bounds it yet, the rest was cut off.
    pub(super) fn limit(&mut self, length: usize) {
        if self.has(length) || self.bound == Bound::Capture {
            self.missing = length.saturating_sub(self.rest.len());
            self.rest = self.rest.get(..length).unwrap_or(self.rest);
        } else if self.bound == Bound::Frame {
            self.short = true;
        }
        self.bound = Bound::Header;
    }

    /// Takes back what bounds it: whoever sent this says that it cut the end off.
    pub(super) fn unbound(&mut self) {
        self.bound = Bound::Capture;
    }
}
