//! One direction of a TCP stream: where its messages end, and where the next one begins behind a hole.

use crate::limits;
use crate::message::{Head, could_begin, keep_alive};
use crate::websocket::{self, Frames};

/// Counts over all streams.
#[derive(Default)]
pub struct Totals {
    /// Messages whose end is not in the capture.
    pub incomplete: u64,
    /// Bytes of SIP connections that belong to no message that was found.
    pub skipped: u64,
    /// Connections on the ports of SIP that begin with TLS.
    pub encrypted: u64,
    /// Line ends between messages, as pings and pongs of RFC 5626.
    pub keep_alives: u64,
    /// WebSockets with the subprotocol `sip`.
    pub websockets: u64,
    /// Messages in WebSockets that are compressed or too long.
    pub unreadable: u64,
    /// Bytes that wait in buffers now.
    pub buffered: usize,
}

/// The longest header that is waited for.
const HEAD_OCTETS: usize = 64 << 10;
/// The longest start line that is waited for.
const START_LINE_OCTETS: usize = 8 << 10;

/// What is kept of one direction.
#[derive(Default)]
pub struct Direction {
    pub buffer: Vec<u8>,
    /// The segment that came last of those in the buffer.
    pub carrier: Carrier,
    pub step: Step,
    /// Bytes of a body that are passed over.
    skip: u64,
    /// The message at the front is not whole with fewer bytes.
    wanted: usize,
    /// How much of the buffer's first message was looked at.
    head: Head,
    pub frames: Frames,
}

/// Whether it is known where messages begin.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The buffer begins with a message, if the stream was seen from its start.
    #[default]
    Start,
    In,
    /// It may be an HTTP message.
    Http,
    /// Unknown until a segment begins with a message.
    Lost,
}

/// The segment that completes a message.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carrier {
    pub frame: u64,
    pub timestamp: Option<u64>,
}

/// What a direction gives: a message, whether it is cut; or `None` for what is none.
pub type Found = Vec<(Carrier, Option<(Vec<u8>, bool)>)>;

/// Bytes of one segment.
pub struct Segment<'a> {
    pub bytes: &'a [u8],
    /// Whether they are the segment's first.
    pub starts: bool,
    pub carrier: Carrier,
}

impl Direction {
    /// Adds bytes without looking at them.
    pub fn append(&mut self, segment: &Segment<'_>) {
        self.carrier = if self.buffer.is_empty() { segment.carrier } else { self.carrier.max(segment.carrier) };
        self.buffer.extend_from_slice(segment.bytes);
    }

    /// Forgets bytes at the front.
    pub fn consume(&mut self, octets: usize) {
        if octets >= self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..octets);
        }
        self.wanted = 0;
    }

    /// Takes bytes and adds the messages that they complete to `found`. `from_start`: the stream was seen from its start. `sip`: what
    /// is no message is worth telling.
    pub fn push(&mut self, segment: &Segment<'_>, from_start: bool, sip: bool, totals: &mut Totals, found: &mut Found) {
        let mut segment = Segment { ..*segment };
        if self.skip > 0 {
            let skipped = self.skip.min(segment.bytes.len() as u64);
            self.skip = self.skip.saturating_sub(skipped);
            segment.bytes = usize::try_from(skipped).ok().and_then(|at| segment.bytes.get(at..)).unwrap_or_default();
            if segment.bytes.is_empty() {
                return;
            }
            segment.starts = false;
        }
        let known = match self.step {
            Step::Start => from_start,
            Step::In | Step::Http => true,
            Step::Lost => false,
        };
        if !known {
            let begins = segment.bytes.get(keep_alive(segment.bytes)..).unwrap_or_default();
            let fits = could_begin(begins) || websocket::could_be_handshake(begins);
            if !segment.starts || begins.is_empty() || !fits {
                totals.skipped = totals.skipped.saturating_add(segment.bytes.len() as u64);
                self.step = Step::Lost;
                return;
            }
        }
        self.step = if self.step == Step::Http { Step::Http } else { Step::In };
        let began_before = !self.buffer.is_empty();
        self.append(&segment);
        if self.buffer.len() < self.wanted || self.step == Step::Http || self.messages(segment.carrier, totals, found) {
            return;
        }
        if websocket::could_be_handshake(&self.buffer) {
            self.step = Step::Http;
            return;
        }
        self.lose(totals);
        let resumes = began_before && segment.starts && could_begin(segment.bytes);
        if resumes {
            // What came before this segment was wrong; the segment itself begins with a message.
            totals.skipped = totals.skipped.saturating_sub(segment.bytes.len() as u64);
            self.step = Step::In;
            self.append(&segment);
            self.messages(segment.carrier, totals, found);
        } else if sip && known {
            found.push((segment.carrier, None));
        }
    }

    /// Takes whole messages from the buffer. `false` when it does not begin with one.
    fn messages(&mut self, last: Carrier, totals: &mut Totals, found: &mut Found) -> bool {
        let mut at = 0_usize;
        let fits = loop {
            let blank = keep_alive(self.buffer.get(at..).unwrap_or_default());
            if blank > 0 && self.head.in_start_line() {
                totals.keep_alives = totals.keep_alives.saturating_add(1);
                at = at.saturating_add(blank);
            }
            let Some(rest) = self.buffer.get(at..).filter(|rest| !rest.is_empty()) else { break true };
            if self.head.in_start_line() && !could_begin(rest) {
                break false;
            }
            let Some(extent) = self.head.advance(rest) else {
                let most = if self.head.in_start_line() { START_LINE_OCTETS } else { HEAD_OCTETS };
                break rest.len() <= most;
            };
            let whole = usize::try_from(extent.body).unwrap_or(usize::MAX).saturating_add(extent.head);
            if whole > limits::MESSAGE_OCTETS {
                // The body is not waited for.
                let here = rest.len().min(whole);
                self.skip = (whole as u64).saturating_sub(here as u64);
                found.push((self.carrier, rest.get(..here).map(|octets| (octets.to_vec(), true))));
                at = at.saturating_add(here);
            } else if let Some(octets) = rest.get(..whole) {
                found.push((self.carrier, Some((octets.to_vec(), false))));
                at = at.saturating_add(whole);
            } else {
                self.consume(at);
                self.wanted = whole;
                return true;
            }
            self.head = Head::default();
            // What stands behind a message came with the last segment.
            self.carrier = last;
        };
        self.consume(at);
        fits
    }

    /// So many bytes are not in the capture.
    pub fn gap(&mut self, missing: u64, totals: &mut Totals) {
        if self.skip > 0 {
            if missing > self.skip {
                self.step = Step::Lost;
            }
            self.skip = self.skip.saturating_sub(missing);
            return;
        }
        // A hole inside a body whose length is known does not hide where the next message begins.
        let left = Head::default()
            .advance(&self.buffer)
            .map(|extent| extent.body.saturating_add(extent.head as u64).saturating_sub(self.buffer.len() as u64));
        self.lose(totals);
        if let Some(left) = left.filter(|left| missing <= *left) {
            self.skip = left.saturating_sub(missing);
            self.step = Step::In;
        }
    }

    /// Forgets where messages begin, and what was buffered.
    pub fn lose(&mut self, totals: &mut Totals) {
        if !self.buffer.is_empty() {
            totals.skipped = totals.skipped.saturating_add(self.buffer.len() as u64);
            totals.incomplete = totals.incomplete.saturating_add(u64::from(could_begin(&self.buffer)));
        }
        *self = Self { step: Step::Lost, ..Self::default() };
    }
}
