//! One direction of a stream: where messages begin, and what is there of them.

use super::Totals;
use crate::message::fault::Malformed;
use crate::message::{HEADER_LENGTH, Message, Short, header_of};

#[derive(Default)]
pub(super) struct Direction {
    pub(super) buffer: Vec<u8>,
    /// Of the buffer.
    carrier: Carrier,
    pub(super) step: Step,
    /// Whether any message was found.
    any: bool,
}

/// Whether it is known where messages begin.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing came yet.
    #[default]
    Start,
    /// The next byte, behind so many that belong to a message with a hole, begins a message.
    In(u64),
    /// The buffer began with a segment, and is a message if it parses strictly.
    Trying,
    /// Unknown until a segment begins.
    Lost,
}

/// A message as its direction gives it.
pub(super) struct Found {
    pub(super) octets: Vec<u8>,
    pub(super) carrier: Carrier,
    /// Why its end is not there, when it is not.
    pub(super) short: Option<Short>,
}

/// The segment that came last of those which carry a message. When a hole before it was given up later, it is still the one.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Carrier {
    pub(super) frame: u64,
    pub(super) timestamp: Option<u64>,
}

/// Bytes of one segment.
pub(super) struct Segment<'a> {
    pub(super) bytes: &'a [u8],
    /// Whether they are the segment's first.
    pub(super) starts: bool,
    pub(super) carrier: Carrier,
}

impl Direction {
    /// Takes bytes and adds the messages that they complete to `found`. `from_start`: the stream's first byte is known to be one of
    /// a DNS stream. What is wrong when something else stood where a message should.
    pub(super) fn push(
        &mut self,
        segment: &Segment<'_>,
        from_start: bool,
        totals: &mut Totals,
        found: &mut Vec<Found>,
    ) -> Option<Malformed> {
        let Segment { mut bytes, starts, carrier } = *segment;
        let mut broken = None;
        match self.step {
            Step::Start => self.step = if from_start { Step::In(0) } else { Step::Lost },
            Step::In(skip) if skip > 0 => {
                let skipped = skip.min(bytes.len() as u64);
                totals.skipped = totals.skipped.saturating_add(skipped);
                self.step = Step::In(skip.saturating_sub(skipped));
                bytes = usize::try_from(skipped).ok().and_then(|skipped| bytes.get(skipped..)).unwrap_or_default();
            }
            _ => {}
        }
        if self.step == Step::Lost {
            if !starts {
                totals.skipped = totals.skipped.saturating_add(bytes.len() as u64);
                return None;
            }
            self.step = Step::Trying;
        }
        let restart = bytes;
        let began_before = !self.buffer.is_empty();
        self.carrier = if began_before { self.carrier.max(carrier) } else { carrier };
        self.buffer.extend_from_slice(bytes);
        if self.step == Step::Trying && self.messages(carrier, found).is_err() {
            // What was tried before this segment was wrong; the segment itself may begin with a message.
            self.lose(totals);
            if began_before && starts {
                totals.skipped = totals.skipped.saturating_sub(restart.len() as u64);
                self.step = Step::Trying;
                self.carrier = carrier;
                self.buffer.extend_from_slice(restart);
                if self.messages(carrier, found).is_err() {
                    self.lose(totals);
                }
            }
        } else if matches!(self.step, Step::In(_))
            && let Err(reason) = self.messages(carrier, found)
        {
            broken = Some(reason);
            self.lose(totals);
        }
        broken
    }

    /// Takes whole messages from the buffer.
    ///
    /// # Errors
    /// When something else stands where a message should.
    fn messages(&mut self, last: Carrier, found: &mut Vec<Found>) -> Result<(), Malformed> {
        let mut rest = self.buffer.as_slice();
        let mut fine = Ok(());
        while let Some((length, message)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length));
            let trying = self.step == Step::Trying;
            if length < HEADER_LENGTH || (trying && message.len() >= HEADER_LENGTH && !is_plausible(message)) {
                fine = Err(Malformed::BadTcpLength);
                break;
            }
            // Once there were messages, a strange one is one of them.
            if !self.any && header_of(message).is_some_and(|header| !header.is_plausible(length)) {
                fine = Err(Malformed::NotDns);
                break;
            }
            let Some((message, behind)) = message.split_at_checked(length) else { break };
            if trying && !Message::parse(message, None).is_ok_and(|message| message.is_strict()) {
                fine = Err(Malformed::BadTcpLength);
                break;
            }
            self.any = true;
            self.step = Step::In(0);
            found.push(Found { octets: message.to_vec(), carrier: self.carrier, short: None });
            // What stands behind a message came with the last segment.
            self.carrier = last;
            rest = behind;
        }
        let consumed = self.buffer.len().saturating_sub(rest.len());
        if consumed == self.buffer.len() {
            self.buffer = Vec::new();
        } else {
            self.buffer.drain(..consumed);
        }
        fine
    }

    /// So many bytes are not in the capture. `cut` is the frame that the snap length cut, if it did.
    pub(super) fn gap(&mut self, missing: u64, cut: Option<u64>, totals: &mut Totals, found: &mut Vec<Found>) {
        let Step::In(skip) = self.step else { return self.lose(totals) };
        if skip > 0 {
            self.step = if missing <= skip { Step::In(skip.saturating_sub(missing)) } else { Step::Lost };
            return;
        }
        // A hole inside a message whose length is known does not hide where the next one begins.
        let left = self
            .buffer
            .split_first_chunk::<2>()
            .map(|(length, message)| u64::from(u16::from_be_bytes(*length)).saturating_sub(message.len() as u64));
        let is_cut = cut == Some(self.carrier.frame);
        self.cut_off(if is_cut { Malformed::CutBySnapLength } else { Malformed::TcpHole }, totals, found);
        if let Some(left) = left.filter(|left| missing <= *left) {
            self.step = Step::In(left.saturating_sub(missing));
        }
    }

    /// Gives what is there of a message whose end is not, when that is a header at least, and forgets where the next one begins.
    pub(super) fn cut_off(&mut self, reason: Malformed, totals: &mut Totals, found: &mut Vec<Found>) {
        if let (Step::In(_), Some((length, message))) = (self.step, self.buffer.split_first_chunk::<2>())
            && message.len() >= HEADER_LENGTH
        {
            let whole = usize::from(u16::from_be_bytes(*length));
            found.push(Found { octets: message.to_vec(), carrier: self.carrier, short: Some(Short { whole, reason }) });
            totals.incomplete = totals.incomplete.saturating_add(1);
            self.buffer = Vec::new();
        }
        self.lose(totals);
    }

    /// Forgets where messages begin, and what was buffered.
    fn lose(&mut self, totals: &mut Totals) {
        if !self.buffer.is_empty() {
            totals.skipped = totals.skipped.saturating_add(self.buffer.len() as u64);
            if matches!(self.step, Step::In(_)) {
                totals.incomplete = totals.incomplete.saturating_add(1);
            }
        }
        self.buffer = Vec::new();
        self.step = Step::Lost;
    }
}

/// Whether a message may begin with this header. Messages after the first of a zone transfer have no question.
fn is_plausible(message: &[u8]) -> bool {
    let octet = |at: usize| message.get(at).copied().unwrap_or(u8::MAX);
    let no_question = octet(4) == 0 && octet(5) == 0 && octet(2) & 0x80 != 0;
    let opcode = (octet(2) >> 3) & 0xf;
    matches!(opcode, 0 | 4 | 5) && octet(3) & 0x40 == 0 && octet(4) == 0 && (octet(5) == 1 || no_question)
}
