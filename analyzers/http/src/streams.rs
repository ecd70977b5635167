//! What a TCP connection carries.

use mcpcap_analyzer::stream::{Connection, Event, Side};

use crate::body::Pool;
use crate::exchange::{Exchange, Mark};
use crate::http1::Http1;
use crate::limits;
use crate::message::{Begins, Fault, begins, behind_line_ends};

/// What is kept of a connection.
pub enum State {
    /// Nothing of HTTP yet. So many segments of client and server were something else.
    New([u8; 2]),
    Http1(Box<Http1>),
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
}

impl Out {
    /// Reckons with the memory of an exchange that has grown.
    pub fn charge(&mut self, exchange: &mut Exchange) {
        let cost = exchange.cost();
        self.unfinished = self.unfinished.saturating_sub(exchange.charged).saturating_add(cost);
        exchange.charged = cost;
    }

    /// Forgets what came out.
    pub fn drain(&mut self) {
        self.finished.clear();
        self.faults.clear();
        self.interim.clear();
    }

    /// Takes an exchange of which nothing more comes.
    pub fn finish(&mut self, mut exchange: Exchange) {
        exchange.bodies_mut().for_each(|body| body.finish(&mut self.pool));
        self.unfinished = self.unfinished.saturating_sub(exchange.charged);
        self.finished.push(exchange);
    }
}

impl State {
    /// Takes an event of the connection.
    pub fn take(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        let before = self.buffered();
        match event {
            Event::Data { from, bytes, segment_frame, timestamp, segment_start, .. } => {
                let mark = Mark { frame: segment_frame, time: timestamp };
                self.data(connection, from, &Segment { bytes, starts: segment_start, mark }, out);
            }
            Event::Gap { from, missing, frame } => {
                if let Self::Http1(http) = self {
                    http.gap(from, missing, frame, out);
                }
            }
            Event::Closed { reason, frame } => {
                if let Self::Http1(http) = self {
                    http.close(reason, frame, out);
                }
                *self = Self::Other;
            }
        }
        out.buffered = out.buffered.saturating_sub(before).saturating_add(self.buffered());
        if out.buffered > limits::BUFFERED
            && let Self::Http1(http) = self
        {
            // The connection that made it too much starts anew.
            let before = http.buffered();
            http.give_up(out);
            out.buffered = out.buffered.saturating_sub(before);
        }
    }

    fn data(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        let tried = if let Self::New(tried) = self { *tried } else { [0; 2] };
        if matches!(self, Self::New(_)) {
            let bytes = behind_line_ends(segment.bytes);
            if bytes.is_empty() {
                return;
            }
            *self = if segment.starts && begins(bytes) != Begins::No {
                Self::Http1(Box::default())
            } else {
                Self::after(tried, from)
            };
        }
        if let Self::Http1(http) = self {
            http.data(connection, from, segment, out);
            if http.was_nothing() {
                *self = Self::after(tried, from);
            }
        }
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
            Self::New(_) | Self::Other => 0,
        }
    }
}
