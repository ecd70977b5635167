//! What a TCP connection carries.

use std::rc::Rc;

use mcpcap_analyzer::stream::{Connection, Event, Side};
use mcpcap_tls_records::{KeyLog, Tally};

use crate::body::Pool;
use crate::early::Part;
use crate::exchange::{Exchange, Mark};
use crate::http1::Http1;
use crate::http2::Http2;
use crate::limits;
use crate::message::{Begins, Fault, begins, behind_line_ends, simple_target};
use crate::tls::{self, Tls};

/// What is kept of a connection.
pub enum State {
    /// Nothing of HTTP yet. So many segments of client and server were something else.
    New([u8; 2]),
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    /// TLS that may be decrypted.
    Tls(Box<Tls>),
    /// Not HTTP.
    Other,
}

impl Default for State {
    fn default() -> Self {
        Self::New([0; 2])
    }
}

/// Bytes of one segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub bytes: &'a [u8],
    /// Whether they are the segment's first.
    pub starts: bool,
    pub mark: Mark,
}

impl<'a> Segment<'a> {
    /// As an event of a stream.
    pub fn event(&self, from: Side) -> Event<'a> {
        let Self { bytes, starts: segment_start, mark: Mark { frame, time: timestamp } } = *self;
        Event::Data { from, bytes, position: 0, frame, timestamp, segment_start }
    }
}

/// What comes out of streams, and what they keep together.
#[derive(Default)]
pub struct Out {
    /// Exchanges that are finished, in order.
    pub finished: Vec<Exchange>,
    /// What is wrong, with the frame that shows it, besides the faults of messages.
    pub faults: Vec<(Fault, u64)>,
    /// Connections with HTTP.
    pub connections: u64,
    /// Bytes of connections with HTTP that belong to no message that could be found.
    pub skipped: u64,
    /// Bytes that wait in buffers now.
    pub buffered: usize,
    /// Memory of exchanges that are not finished now.
    pub unfinished: usize,
    /// Exchanges that were finished early for want of room.
    pub evicted: u64,
    /// Interim responses by status.
    pub interim: Vec<u16>,
    /// Room of bodies.
    pub pool: Pool,
    /// Connections of HTTP/2 that are followed now.
    pub http2: usize,
    /// Those for which there was no room.
    pub http2_left_out: u64,
    /// Streams of HTTP/2 that are read as tunnels now.
    pub stream_tunnels: usize,
    /// Tunnels for which there was no room, or that were too deep in others.
    pub tunnels_left_out: u64,
    /// The secrets that are known.
    pub key_log: KeyLog,
    /// How far connections of TLS were decrypted.
    pub decrypted: Tally,
    /// Connections of TLS that what comes out now was in. Within a tunnel there may be one more.
    pub encrypted: u8,
    /// Tunnels of proxies that it was in.
    pub tunnels: u8,
    /// Exchanges before those of the tunnel on the same connection.
    pub before: u64,
    /// The name that the client of the innermost TLS asked for.
    pub server_name: Option<Rc<str>>,
    /// Bytes of records and handshake messages of TLS that wait now.
    pub records: usize,
    /// What is encrypted in a record, while that is read.
    pub plain: Vec<u8>,
}

/// What a connection of HTTP/1 leaves behind when it goes on as HTTP/2.
pub struct Switch<'a> {
    /// Who sends requests.
    pub asks: Side,
    /// Bytes of the preface that are still to come.
    pub preface: u32,
    /// Whether it was one of HTTP before.
    pub is_counted: bool,
    /// The exchange that made it so.
    pub exchange: Option<Exchange>,
    /// What the client sent before.
    pub waiting: Vec<Part>,
    /// What follows of the segment.
    pub rest: &'a [u8],
}

/// Whether a segment begins with SETTINGS (RFC 9113 §6.5), as each side of HTTP/2 does: on stream 0, without flags, with whole settings.
fn is_settings(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, length, 4, 0, 0, 0, 0, 0, ..] if *length > 0 && length.is_multiple_of(6) && *length <= 60)
}

impl Out {
    /// Reckons with the memory of an exchange that has grown.
    pub fn charge(&mut self, exchange: &mut Exchange) {
        let cost = exchange.cost();
        self.unfinished = self.unfinished.saturating_sub(exchange.charged).saturating_add(cost);
        exchange.charged = cost;
    }

    /// Does something with what a tunnel carries, in a connection of which so many exchanges began.
    pub fn in_tunnel(&mut self, begun: u64, act: impl FnOnce(&mut Self)) {
        let (tunnels, before) = (self.tunnels, self.before);
        (self.tunnels, self.before) = (tunnels.saturating_add(1), before.saturating_add(begun));
        act(self);
        (self.tunnels, self.before) = (tunnels, before);
    }

    /// Forgets what came out.
    pub fn drain(&mut self) {
        self.finished.clear();
        self.faults.clear();
        self.interim.clear();
    }

    /// Takes an exchange of which nothing more comes.
    pub fn finish(&mut self, mut exchange: Exchange) {
        exchange.finish(&mut self.pool);
        exchange.is_decrypted = self.encrypted > 0;
        exchange.server_name.clone_from(&self.server_name);
        self.unfinished = self.unfinished.saturating_sub(exchange.charged);
        self.finished.push(exchange);
    }
}

impl State {
    /// Takes an event of the connection.
    pub fn take(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        let (Event::Data { frame: now, .. }
        | Event::Gap { frame: now, .. }
        | Event::Conflict { frame: now, .. }
        | Event::Fin { frame: now, .. }
        | Event::Closed { frame: now, .. }) = event;
        self.reckoned(out, |state, out| state.happened(connection, event, out));
        if out.buffered > limits::BUFFERED {
            // The connection that made it too much starts anew.
            self.reckoned(out, |state, out| match state {
                Self::Http1(http) => http.give_up(connection, now, out),
                Self::Http2(http) => http.give_up(connection, now, out),
                Self::New(_) | Self::Tls(_) | Self::Other => {}
            });
        }
    }

    /// Reckons with what waits before and behind something.
    fn reckoned(&mut self, out: &mut Out, act: impl FnOnce(&mut Self, &mut Out)) {
        let before = self.buffered();
        act(self, out);
        out.buffered = out.buffered.saturating_sub(before).saturating_add(self.buffered());
    }

    fn happened(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        match event {
            Event::Data { from, bytes, frame, timestamp, segment_start, .. } => {
                let mark = Mark { frame, time: timestamp };
                self.data(connection, from, &Segment { bytes, starts: segment_start, mark }, out);
            }
            Event::Gap { from, missing, frame, .. } => match self {
                Self::Http1(http) => http.gap(connection, from, missing, frame, out),
                Self::Http2(http) => http.gap(connection, from, missing, frame, out),
                Self::Tls(tls) => tls.gap(connection, from, missing, frame, out),
                Self::New(_) | Self::Other => {}
            },
            Event::Conflict { .. } => {}
            Event::Fin { from, frame, .. } => match self {
                Self::Http1(http) => http.fin(connection, from, frame, out),
                Self::Tls(tls) => tls.end(connection, event, out),
                Self::New(_) | Self::Http2(_) | Self::Other => {}
            },
            Event::Closed { reason, frame } => {
                match self {
                    Self::Http1(http) => http.close(connection, reason, frame, out),
                    Self::Http2(http) => {
                        http.close(connection, reason, frame, out);
                        out.http2 = out.http2.saturating_sub(1);
                    }
                    Self::Tls(tls) => tls.end(connection, event, out),
                    Self::New(_) | Self::Other => {}
                }
                *self = Self::Other;
            }
        }
    }

    /// What one end sent next is not known; `length`: how many bytes it were, if that is.
    pub fn lost(&mut self, connection: &Connection, from: Side, length: Option<u64>, frame: u64, out: &mut Out) {
        self.reckoned(out, |state, out| match (state, length) {
            (_, Some(0)) => {}
            (Self::Http1(http), Some(length)) => http.gap(connection, from, length, frame, out),
            (Self::Http2(http), Some(length)) => http.gap(connection, from, length, frame, out),
            (Self::Http1(http), None) => http.lost(connection, from, frame, out),
            (Self::Http2(http), None) => http.lose(connection, from, (Fault::MissingBytes, frame), out),
            // Which records are in it is not known, if any are.
            (Self::Tls(tls), length) => tls.gap(connection, from, length.unwrap_or(u64::MAX), frame, out),
            (Self::New(_) | Self::Other, _) => {}
        });
    }

    fn data(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let tried = if let Self::New(tried) = self { *tried } else { [0; 2] };
        if matches!(self, Self::New(_)) {
            let bytes = behind_line_ends(segment.bytes);
            if bytes.is_empty() {
                return;
            }
            *self = if segment.starts && tls::begins(bytes) && out.encrypted <= out.tunnels {
                if out.key_log.is_empty() {
                    out.decrypted.pass();
                    Self::Other
                } else {
                    Self::Tls(Box::new(Tls::new(from, bytes)))
                }
            } else if let Some(target) = simple_target(segment.bytes)
                && segment.starts
                && tried == [0; 2]
            {
                *self = Self::Http1(Box::new(Http1::simple(connection, from, target, segment.mark, out)));
                return;
            } else if segment.starts && begins(bytes) != Begins::No {
                Self::Http1(Box::default())
            } else if segment.starts && is_settings(bytes) {
                // Without the preface it is not known who asks; the client is who opened the connection.
                Self::http2((Side::Client, 0), false, None, out)
            } else {
                Self::after(tried, from)
            };
        }
        match self {
            Self::Http1(http) => {
                if let Some(switch) = http.data(connection, from, segment, out) {
                    let Switch { asks, preface, is_counted, exchange, waiting, rest } = switch;
                    *self = Self::http2((asks, preface), is_counted, exchange, out);
                    if let Self::Http2(http) = self {
                        for part in &waiting {
                            http.data(connection, asks, &part.segment(), out);
                        }
                        http.data(connection, from, &Segment { bytes: rest, ..*segment }, out);
                    }
                } else if http.was_nothing() {
                    *self = Self::after(tried, from);
                }
            }
            Self::Http2(http) => http.data(connection, from, segment, out),
            Self::Tls(tls) => tls.data(connection, from, segment, out),
            Self::New(_) | Self::Other => {}
        }
    }

    fn http2((asks, preface): (Side, u32), is_counted: bool, exchange: Option<Exchange>, out: &mut Out) -> Self {
        if out.http2 >= limits::HTTP2 {
            out.http2_left_out = out.http2_left_out.saturating_add(1);
            if let Some(exchange) = exchange {
                out.finish(exchange);
            }
            return Self::Other;
        }
        out.http2 = out.http2.saturating_add(1);
        out.connections = out.connections.saturating_add((!is_counted && out.tunnels == 0).into());
        Self::Http2(Box::new(Http2::new(asks, preface, exchange)))
    }

    /// After one more segment that was something else. A long body whose beginning is not in the capture has many; requests may follow all the same.
    fn after([client, server]: [u8; 2], from: Side) -> Self {
        let tried = match from {
            Side::Client => [client.saturating_add(1), server],
            Side::Server => [client, server.saturating_add(1)],
        };
        if tried.iter().all(|tried| *tried >= limits::TRIES) { Self::Other } else { Self::New(tried) }
    }

    fn buffered(&self) -> usize {
        match self {
            Self::Http1(http) => http.buffered(),
            Self::Http2(http) => http.buffered(),
            // That of TLS is reckoned apart, and what it carries by itself.
            Self::New(_) | Self::Tls(_) | Self::Other => 0,
        }
    }
}
