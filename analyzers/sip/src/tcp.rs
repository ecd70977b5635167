//! Messages in TCP streams: Content-Length says where each ends (RFC 3261 §18.3), or WebSocket frames do (RFC 7118).

use std::net::SocketAddr;

use mcpcap_analyzer::stream::{Connection, Event, Side};
use mcpcap_analyzer::vlans::Vlans;

use crate::direction::{Carrier, Direction, Found, Segment, Step, Totals};
use crate::limits;
use crate::message::keep_alive;
use crate::seen::{OTHER_PORT, PORT, Seen, TLS_PORT, Transport};
use crate::websocket::{self, Handshake, Next};

/// What a stream yields.
pub enum Yield<'a> {
    /// A message; the flag tells that Content-Length framed it.
    Message(Seen, &'a [u8], bool),
    /// Something else where a message should begin, on a connection of SIP.
    Malformed(Seen),
}

/// What is kept of a connection.
#[derive(Default)]
pub struct Framing {
    kind: Kind,
    client: Direction,
    server: Direction,
    tries: u8,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    #[default]
    Undecided,
    Sip,
    /// One end asked for a WebSocket with SIP.
    Offered(Side),
    WebSocket,
    Other,
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
        if self.kind == Kind::Other {
            return;
        }
        let before = self.buffered();
        match event {
            Event::Data { from, bytes, frame, timestamp, segment_start, .. } => {
                let carrier = Carrier { frame, timestamp };
                let segment = Segment { bytes, starts: segment_start, carrier };
                self.data(connection, from, &segment, totals, sink);
            }
            Event::Gap { from, missing, .. } => self.gap(from, missing, totals),
            Event::Conflict { .. } | Event::Fin { .. } => {}
            Event::Closed { .. } => self.lose(totals),
        }
        totals.buffered = totals.buffered.saturating_sub(before).saturating_add(self.buffered());
        if totals.buffered > limits::TCP_BUFFERED {
            // The connection that made it too much starts anew.
            totals.buffered = totals.buffered.saturating_sub(self.buffered());
            self.give_up(totals);
        }
    }

    fn direction(&mut self, side: Side) -> &mut Direction {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
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
        let has_port = |port| connection.client.port == port || connection.server.port == port;
        let expected = has_port(PORT) || has_port(TLS_PORT) || has_port(OTHER_PORT);
        if self.kind == Kind::Undecided && expected && segment.bytes.starts_with(&[0x16, 3]) && segment.starts {
            totals.encrypted = totals.encrypted.saturating_add(1);
            *self = Self { kind: Kind::Other, ..Self::default() };
            return;
        }
        let mut found = Found::new();
        match self.kind {
            Kind::Other => return,
            Kind::Offered(_) | Kind::WebSocket => self.direction(from).append(segment),
            Kind::Undecided | Kind::Sip => {
                let sip = self.kind == Kind::Sip || has_port(PORT);
                let from_start = connection.client_known;
                // What is skipped on a connection that is no SIP concerns nobody.
                let mut none = Totals::default();
                let counted = if self.kind == Kind::Sip { &mut *totals } else { &mut none };
                let direction = self.direction(from);
                direction.push(segment, from_start, sip, counted, &mut found);
                let (http, lost) = (direction.step == Step::Http, direction.step == Step::Lost);
                let keep_alives = none.keep_alives;
                if found.iter().any(|(_, message)| message.is_some()) {
                    self.kind = Kind::Sip;
                    totals.keep_alives = totals.keep_alives.saturating_add(keep_alives);
                } else if self.kind == Kind::Undecided {
                    self.tries = self.tries.saturating_add(u8::from(!expected && lost));
                    if http {
                        self.offer(from);
                    } else if self.tries >= limits::TRIES {
                        *self = Self { kind: Kind::Other, ..Self::default() };
                    }
                }
            }
        }
        self.answer(totals);
        let transport = if self.kind == Kind::WebSocket { Transport::Ws } else { Transport::Tcp };
        if self.kind == Kind::WebSocket {
            // Also of the other side: what it sent with the handshake waited for its answer.
            for side in [from, from.other()] {
                self.frames(connection, side, totals, sink);
            }
        }
        for (carrier, message) in found {
            let seen = seen(connection, from, carrier, transport);
            match message {
                Some((octets, cut)) => sink(Yield::Message(Seen { cut, ..seen }, &octets, true)),
                None => sink(Yield::Malformed(seen)),
            }
        }
    }

    /// Reads the request of an opening handshake.
    fn offer(&mut self, from: Side) {
        let direction = self.direction(from);
        match websocket::handshake(&direction.buffer) {
            Handshake::Incomplete => {}
            Handshake::Sip(length) if direction.buffer.starts_with(b"GET ") => {
                direction.consume(length);
                self.kind = Kind::Offered(from);
            }
            _ => *self = Self { kind: Kind::Other, ..Self::default() },
        }
    }

    /// Reads the response to an opening handshake.
    fn answer(&mut self, totals: &mut Totals) {
        let Kind::Offered(client) = self.kind else { return };
        let direction = self.direction(client.other());
        match websocket::handshake(&direction.buffer) {
            Handshake::Incomplete => {}
            Handshake::Sip(length) if direction.buffer.starts_with(b"HTTP/1.1 101") => {
                direction.consume(length);
                self.kind = Kind::WebSocket;
                totals.websockets = totals.websockets.saturating_add(1);
            }
            _ => *self = Self { kind: Kind::Other, ..Self::default() },
        }
    }

    fn frames(&mut self, connection: &Connection, from: Side, totals: &mut Totals, sink: &mut impl FnMut(Yield<'_>)) {
        let direction = self.direction(from);
        let (mut at, carrier) = (0_usize, direction.carrier);
        while let Some(rest) = direction.buffer.get(at..) {
            let used = match direction.frames.next(rest) {
                Next::More => break,
                Next::Used(used) => used,
                Next::Unreadable(used) => {
                    totals.unreadable = totals.unreadable.saturating_add(1);
                    used
                }
                Next::Message(used, octets) => {
                    let octets = octets.get(keep_alive(&octets)..).unwrap_or_default();
                    let seen = seen(connection, from, carrier, Transport::Ws);
                    if octets.is_empty() {
                        totals.keep_alives = totals.keep_alives.saturating_add(1);
                    } else {
                        sink(Yield::Message(seen, octets, false));
                    }
                    used
                }
            };
            at = at.saturating_add(used);
        }
        direction.consume(at);
    }

    fn gap(&mut self, from: Side, missing: u64, totals: &mut Totals) {
        match self.kind {
            Kind::Sip => self.direction(from).gap(missing, totals),
            Kind::Undecided => self.direction(from).lose(&mut Totals::default()),
            // Nothing in a WebSocket tells where a frame begins.
            Kind::Offered(_) | Kind::WebSocket | Kind::Other => self.give_up(totals),
        }
    }

    /// Forgets what waits; a WebSocket cannot be followed any further then.
    fn give_up(&mut self, totals: &mut Totals) {
        self.lose(totals);
        if matches!(self.kind, Kind::Offered(_) | Kind::WebSocket) {
            *self = Self { kind: Kind::Other, ..Self::default() };
        }
    }

    fn lose(&mut self, totals: &mut Totals) {
        let mut none = Totals::default();
        let totals = if matches!(self.kind, Kind::Sip | Kind::WebSocket) { totals } else { &mut none };
        self.client.lose(totals);
        self.server.lose(totals);
    }

    fn buffered(&self) -> usize {
        let of = |direction: &Direction| direction.buffer.capacity().saturating_add(direction.frames.held());
        of(&self.client).saturating_add(of(&self.server))
    }
}

fn seen(connection: &Connection, from: Side, carrier: Carrier, transport: Transport) -> Seen {
    let end = |side: Side| {
        let end = connection.endpoint(side);
        SocketAddr::new(end.address, end.port)
    };
    let Carrier { frame, timestamp } = carrier;
    let (source, destination) = (end(from), end(from.other()));
    let number = Some(connection.number);
    Seen {
        transport,
        source,
        destination,
        frame,
        timestamp,
        cut: false,
        vlan: connection.vlan,
        connection: number,
        vlans: Vlans::default(),
    }
}
