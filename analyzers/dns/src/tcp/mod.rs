//! Messages in TCP streams: a length of two bytes in front of each (RFC 1035 §4.2.2).

mod direction;

use mcpcap_analyzer::stream::{Connection, Event, Side};
use mcpcap_analyzer::vlans::Vlans;

use crate::candidates::{Held, Unconfirmed, strict};
use crate::limits;
use crate::message::Short;
use crate::message::fault::Malformed;
use crate::seen::{Seen, Service, Transport};
use direction::{Carrier, Direction, Found, Segment, Step};

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

/// Counts over all streams.
#[derive(Default)]
pub struct Totals {
    /// Messages whose end is not in the capture.
    pub incomplete: u64,
    /// Bytes of DNS streams that belong to no message that was found.
    pub skipped: u64,
    /// Bytes that wait in buffers now.
    pub buffered: usize,
    /// Messages on other ports without a counterpart in the other direction.
    pub unconfirmed: Unconfirmed,
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
            Event::Data { from, bytes, frame, timestamp, segment_start, .. } => {
                let segment = Segment { bytes, starts: segment_start, carrier: Carrier { frame, timestamp } };
                self.data(connection, from, &segment, totals, sink);
            }
            Event::Gap { from, missing, frame, is_cut, .. } => {
                self.gap(connection, (from, missing, is_cut.then_some(frame)), totals, sink);
            }
            Event::Conflict { .. } | Event::Fin { .. } => {}
            Event::Closed { .. } => self.close(connection, totals, sink),
        }
        totals.buffered = totals.buffered.saturating_sub(before).saturating_add(self.buffered());
        if totals.buffered > limits::TCP_BUFFERED {
            // The connection that made it too much starts anew.
            totals.buffered = totals.buffered.saturating_sub(self.buffered());
            self.give_up(connection, totals, sink);
        }
    }

    fn seen(&self, connection: &Connection, from: Side, carrier: Carrier, short: Option<Short>) -> Seen {
        let service = if let Verdict::Known(service) = self.verdict { service } else { Service::Dns };
        let Carrier { frame, timestamp } = carrier;
        let (source, destination) = (connection.endpoint(from), connection.endpoint(from.other()));
        let number = Some(connection.number);
        Seen {
            service,
            transport: Transport::Tcp,
            source,
            destination,
            frame,
            timestamp,
            short,
            vlan: connection.vlan,
            connection: number,
            vlans: Vlans::default(),
        }
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
            self.yields(connection, from, &found, sink);
            if let Some(reason) = broken {
                sink(Yield::Malformed(self.seen(connection, from, segment.carrier, None), reason));
            }
            return;
        }
        // What is skipped on a connection that is no DNS concerns nobody.
        let broken = direction.push(segment, false, &mut Totals::default(), &mut found);
        let lost = direction.step == Step::Lost;
        for Found { octets, carrier, .. } in found {
            if octets.len() > limits::CANDIDATE_OCTETS || self.held.len() >= HELD_MESSAGES {
                return self.reject(totals);
            }
            let seen = self.seen(connection, from, carrier, None);
            self.held.push(Held { seen, octets });
        }
        if self.agree() {
            self.verdict = Verdict::Known(Service::Dns);
            std::mem::take(&mut self.held).iter().for_each(|held| sink(Yield::Message(held.seen, &held.octets)));
        } else if lost || broken.is_some() {
            self.reject(totals);
        }
    }

    fn yields(&self, connection: &Connection, from: Side, found: &[Found], sink: &mut impl FnMut(Yield<'_>)) {
        for Found { octets, carrier, short } in found {
            sink(Yield::Message(self.seen(connection, from, *carrier, *short), octets));
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

    fn gap(
        &mut self,
        connection: &Connection,
        (from, missing, cut): (Side, u64, Option<u64>),
        totals: &mut Totals,
        sink: &mut impl FnMut(Yield<'_>),
    ) {
        let mut found = Vec::new();
        let direction = match from {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        };
        if self.verdict == Verdict::Undecided {
            // A hole says nothing against DNS: what comes behind it decides.
            return direction.gap(missing, cut, &mut Totals::default(), &mut found);
        }
        direction.gap(missing, cut, totals, &mut found);
        self.yields(connection, from, &found, sink);
    }

    fn close(&mut self, connection: &Connection, totals: &mut Totals, sink: &mut impl FnMut(Yield<'_>)) {
        if matches!(self.verdict, Verdict::Known(_)) {
            self.cut_off(connection, totals, sink);
        }
        self.leave_unconfirmed(totals);
    }

    fn give_up(&mut self, connection: &Connection, totals: &mut Totals, sink: &mut impl FnMut(Yield<'_>)) {
        if self.verdict == Verdict::Undecided {
            return self.reject(totals);
        }
        self.cut_off(connection, totals, sink);
    }

    /// Gives what is there of messages whose end is not known.
    fn cut_off(&mut self, connection: &Connection, totals: &mut Totals, sink: &mut impl FnMut(Yield<'_>)) {
        for from in [Side::Client, Side::Server] {
            let direction = match from {
                Side::Client => &mut self.client,
                Side::Server => &mut self.server,
            };
            let mut found = Vec::new();
            direction.cut_off(Malformed::TcpHole, totals, &mut found);
            self.yields(connection, from, &found, sink);
        }
    }

    fn buffered(&self) -> usize {
        let held: usize = self.held.iter().map(|held| held.octets.len()).sum();
        self.client.buffer.capacity().saturating_add(self.server.buffer.capacity()).saturating_add(held)
    }
}
