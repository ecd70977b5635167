//! What a TCP connection carries: nothing of TLS until a segment begins as it does, on any port, also behind what another protocol says before.

mod begin;
mod tls;

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use crate::facts::Mark;
use crate::out::Out;
use begin::{Before, Begins, begins};
use mcpcap_tls_hello::{Ssl2Client, Ssl2Server};
use tls::Tls;

/// What is kept of a connection.
#[derive(Default)]
pub enum State {
    /// Nothing yet.
    #[default]
    New,
    /// Something else so far, or too little to tell.
    Before(Box<Before>),
    Tls(Box<Tls>),
    /// Nothing more is read.
    Over,
}

/// Bytes of one segment.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    pub bytes: &'a [u8],
    /// Whether they are the segment's first.
    pub starts: bool,
    pub mark: Mark,
}

impl State {
    /// Takes an event of the connection.
    pub fn take(&mut self, connection: &Connection, event: Event<'_>, out: &mut Out) {
        let before = self.buffered();
        match event {
            Event::Data { from, bytes, frame, timestamp, segment_start, .. } => {
                let mark = Mark { frame, time: timestamp };
                self.data(connection, from, &Segment { bytes, starts: segment_start, mark }, out);
            }
            Event::Gap { from, missing, frame, .. } => match self {
                Self::Tls(tls) => tls.gap(from, missing, frame, out),
                Self::Before(before) => before.gap(from),
                Self::New | Self::Over => {}
            },
            Event::Conflict { .. } | Event::Fin { .. } => {}
            Event::Closed { reason, .. } => {
                if let Self::Tls(tls) = std::mem::replace(self, Self::Over) {
                    tls.close(ended(reason), out);
                }
            }
        }
        out.buffered = out.buffered.saturating_sub(before).saturating_add(self.buffered());
        if let Self::Tls(tls) = self {
            if out.buffered > crate::limits::BUFFERED {
                // The connection that made it too much gives its message up.
                out.buffered = out.buffered.saturating_sub(tls.buffered());
                tls.give_up();
                out.given_up = out.given_up.saturating_add(1);
            }
            if out.memory > crate::limits::SESSIONS
                && let Self::Tls(tls) = std::mem::replace(self, Self::Over)
            {
                out.evicted = out.evicted.saturating_add(1);
                out.buffered = out.buffered.saturating_sub(tls.buffered());
                tls.close("no_room", out);
            }
        }
    }

    fn data(&mut self, connection: &Connection, from: Side, segment: &Segment<'_>, out: &mut Out) {
        match self {
            Self::Tls(tls) => tls.data(from, segment, out),
            Self::Over => {}
            Self::New | Self::Before(_) => {
                if segment.bytes.is_empty() {
                    return;
                }
                if matches!(self, Self::New) {
                    *self = Self::Before(Box::default());
                }
                let Self::Before(before) = self else { return };
                let held = before.held(from, segment);
                let bytes = if held.is_empty() { segment.bytes } else { &held };
                let (begun, starttls) = (before.begun(from).unwrap_or(segment.mark), before.starttls());
                let client = match begins(bytes, segment.starts || !held.is_empty()) {
                    Begins::No => return before.take(from, segment),
                    Begins::Perhaps => return before.hold(from, bytes, segment.mark),
                    Begins::Hello(client) => {
                        if client {
                            from
                        } else {
                            from.other()
                        }
                    }
                    Begins::Record => Side::Client,
                    Begins::Ssl2Client => from,
                    Begins::Ssl2Server => from.other(),
                };
                let mut tls = Tls::new(connection, client, begun, !out.key_log.is_empty());
                tls.set_starttls(starttls);
                let mut rest = bytes;
                if let Some((hello, behind)) = Ssl2Client::parse(bytes) {
                    tls.ssl2_client(&hello, segment.mark);
                    rest = behind;
                } else if let Some((hello, behind)) = Ssl2Server::parse(bytes) {
                    tls.ssl2_server(&hello, segment.mark, out);
                    rest = behind;
                }
                if !rest.is_empty() {
                    tls.data(from, &Segment { bytes: rest, starts: true, mark: segment.mark }, out);
                }
                *self = Self::Tls(Box::new(tls));
            }
        }
    }

    fn buffered(&self) -> usize {
        match self {
            Self::Tls(tls) => tls.buffered(),
            _ => 0,
        }
    }
}

/// How it is told why a connection ended.
fn ended(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Fin => "closed",
        CloseReason::Reset => "reset",
        CloseReason::Reused => "reused",
        CloseReason::Evicted => "no_room",
        CloseReason::CaptureEnd => "open",
    }
}
