//! Messages in TCP streams: a length of two octets in front of each (RFC 1035 §4.2.2).

use std::net::SocketAddr;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stream::{Connection, Event, Side};

use crate::candidates::{Held, strict};
use crate::limits;
use crate::message::fault::Malformed;
use crate::message::{HEADER_LENGTH, Message, header_of};
use crate::seen::{Seen, Service, Transport};

/// Messages of a connection on other ports that wait for the other direction.
const HELD_MESSAGES: usize = 8;

/// What a stream yields.
pub enum Yield<'a> {
    /// A message.
    Message(Seen, &'a [u8]),
    /// A length that cannot be one.
    Malformed(Seen, Malformed),
}

/// What is kept of a connection.
#[derive(Default)]
pub struct Framing {
    verdict: Verdict,
    client: Direction,
    server: Direction,
    held: Vec<Held>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    #[default]
    Unseen,
    /// On ports of no known protocol: DNS when both directions agree.
    Undecided,
    Known(Service),
    Other,
}

#[derive(Default)]
struct Direction {
    buffer: Vec<u8>,
    /// Of the buffer.
    carrier: Carrier,
    step: Step,
    /// Whether any message was found.
    any: bool,
}

/// Whether it is known where messages begin.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Nothing came yet.
    #[default]
    Start,
    /// The next octet, behind so many that belong to a message with a hole, begins a message.
    In(u64),
    /// The buffer began with a segment, and is a message if it parses strictly.
    Trying,
    /// Unknown until a segment begins.
    Lost,
}

/// Counts over all streams.
#[derive(Default)]
pub struct Totals {
    /// Messages whose end is not in the capture.
    pub incomplete: u64,
    /// Octets of DNS streams that belong to no message that was found.
    pub skipped: u64,
    /// Octets that wait in buffers now.
    pub buffered: usize,
    /// Messages on other ports without a counterpart in the other direction.
    pub unconfirmed: Evidence,
}

/// A message as its direction gives it.
struct Found {
    octets: Vec<u8>,
    carrier: Carrier,
}

/// The segment that came last of those which carry a message. When a hole before it was given up later, it is still the one.
#[derive(Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Carrier {
    frame: u64,
    timestamp: Option<u64>,
}

impl Framing {
    /// Takes an event of the connection.
    pub fn take(
        &mut self,
        connection: &Connection,
        event: Event<'_>,
        totals: &mut Totals,
        sink: &mut impl FnMut(Yield<'_>),
    ) {
        if self.verdict == Verdict::Unseen {
            let (client, server) = (connection.client.port, connection.server.port);
            self.verdict = Service::of_ports(client, server, Transport::Tcp).map_or(Verdict::Undecided, Verdict::Known);
        }
        if self.verdict == Verdict::Other {
            return;
        }
        let before = self.buffered();
        match event {
            Event::Data { from, bytes, segment_frame, timestamp, segment_start, .. } => {
                let segment =
                    Segment { bytes, starts: segment_start, carrier: Carrier { frame: segment_frame, timestamp } };
                self.data(connection, from, &segment, totals, sink);
            }
            Event::Gap { from, missing, .. } => self.gap(from, missing, totals),
            Event::Closed { .. } => self.close(totals),
        }
        totals.buffered = totals.buffered.saturating_sub(before).saturating_add(self.buffered());
        if totals.buffered > limits::TCP_BUFFERED {
            // The connection that made it too much starts anew.
            totals.buffered = totals.buffered.saturating_sub(self.buffered());
            self.give_up(totals);
        }
    }

    fn seen(&self, connection: &Connection, from: Side, carrier: Carrier) -> Seen {
        let end = |side: Side| {
            let end = connection.endpoint(side);
            SocketAddr::new(end.address, end.port)
        };
        let service = if let Verdict::Known(service) = self.verdict { service } else { Service::Dns };
        let Carrier { frame, timestamp } = carrier;
        let (source, destination) = (end(from), end(from.other()));
        Seen { service, transport: Transport::Tcp, source, destination, frame, timestamp, short: None }
    }

    fn data(
        &mut self,
        connection: &Connection,
        from: Side,
        segment: &Segment<'_>,
        totals: &mut Totals,
        sink: &mut impl FnMut(Yield<'_>),
    ) {
        let known = matches!(self.verdict, Verdict::Known(_));
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        let mut found = Vec::new();
        if known {
            let broken = direction.push(segment, connection.client_known, totals, &mut found);
            for Found { octets, carrier } in &found {
                sink(Yield::Message(self.seen(connection, from, *carrier), octets));
            }
            if let Some(reason) = broken {
                sink(Yield::Malformed(self.seen(connection, from, segment.carrier), reason));
            }
            return;
        }
        // What is skipped on a connection that is no DNS concerns nobody.
        let broken = direction.push(segment, false, &mut Totals::default(), &mut found);
        let lost = direction.step == Step::Lost;
        for Found { octets, carrier } in found {
            if octets.len() > limits::CANDIDATE_OCTETS || self.held.len() >= HELD_MESSAGES {
                return self.reject(totals);
            }
            let seen = self.seen(connection, from, carrier);
            self.held.push(Held { seen, octets });
        }
        if self.agree() {
            self.verdict = Verdict::Known(Service::Dns);
            std::mem::take(&mut self.held).iter().for_each(|held| sink(Yield::Message(held.seen, &held.octets)));
        } else if lost || broken.is_some() {
            self.reject(totals);
        }
    }

    /// Whether a query and its response are among the held messages.
    fn agree(&self) -> bool {
        let parsed: Vec<_> =
            self.held.iter().filter_map(|held| Some((held.seen.source, strict(&held.octets)?))).collect();
        parsed.iter().any(|(asker, (is_response, id, question))| {
            !is_response && parsed.iter().any(|(answerer, other)| asker != answerer && *other == (true, *id, *question))
        })
    }

    fn reject(&mut self, totals: &mut Totals) {
        self.leave_unconfirmed(totals);
        *self = Self { verdict: Verdict::Other, ..Self::default() };
    }

    /// Counts what looked like DNS and found no counterpart.
    fn leave_unconfirmed(&mut self, totals: &mut Totals) {
        for held in self.held.drain(..).filter(|held| strict(&held.octets).is_some()) {
            totals.unconfirmed.add(held.seen.frame);
        }
    }

    fn gap(&mut self, from: Side, missing: u64, totals: &mut Totals) {
        // A hole says nothing against DNS: what comes behind it decides.
        let mut none = Totals::default();
        let totals = if self.verdict == Verdict::Undecided { &mut none } else { totals };
        match from {
            Side::Client => self.client.gap(missing, totals),
            Side::Server => self.server.gap(missing, totals),
        }
    }

    fn close(&mut self, totals: &mut Totals) {
        if matches!(self.verdict, Verdict::Known(_)) {
            self.client.lose(totals);
            self.server.lose(totals);
        }
        self.leave_unconfirmed(totals);
    }

    fn give_up(&mut self, totals: &mut Totals) {
        if self.verdict == Verdict::Undecided {
            return self.reject(totals);
        }
        self.client.lose(totals);
        self.server.lose(totals);
    }

    fn buffered(&self) -> usize {
        let held: usize = self.held.iter().map(|held| held.octets.len()).sum();
        self.client.buffer.capacity().saturating_add(self.server.buffer.capacity()).saturating_add(held)
    }
}

/// Octets of one segment.
struct Segment<'a> {
    bytes: &'a [u8],
    /// Whether they are the segment's first.
    starts: bool,
    carrier: Carrier,
}

impl Direction {
    /// Takes octets and adds the messages that they complete to `found`. `from_start`: the stream's first octet is known to be one of
    /// a DNS stream. What is wrong when something else stood where a message should.
    fn push(
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
            found.push(Found { octets: message.to_vec(), carrier: self.carrier });
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

    /// So many octets are not in the capture.
    fn gap(&mut self, missing: u64, totals: &mut Totals) {
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
        self.lose(totals);
        if let Some(left) = left.filter(|left| missing <= *left) {
            self.step = Step::In(left.saturating_sub(missing));
        }
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
