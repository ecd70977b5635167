//! What streams carry that CONNECT makes tunnels (RFC 9113 §8.5): anything that a connection may.

use std::collections::BTreeMap;

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use super::{Http2, fields};
use crate::early::{Early, Part};
use crate::exchange::Upgrade;
use crate::limits;
use crate::streams::{Out, Segment, State};

/// The tunnels of one connection, by stream.
#[derive(Default)]
pub struct Tunnels {
    streams: BTreeMap<u32, Tunnel>,
    /// Memory of what waits for answers.
    early: usize,
}

#[derive(Default)]
struct Tunnel {
    inner: State,
    early: Early,
    /// Whether it was granted, or too much came to wait for that.
    is_open: bool,
}

/// Where tunnels are, and who is told of what comes out of them.
pub struct Outside<'a> {
    pub connection: &'a Connection,
    /// Who asks for tunnels.
    pub asks: Side,
    /// Exchanges of the connection that began.
    pub begun: u64,
    pub out: &'a mut Out,
}

impl Outside<'_> {
    fn act(&mut self, act: impl FnOnce(&Connection, &mut Out)) {
        let (tunnels, before) = (self.out.tunnels, self.out.before);
        (self.out.tunnels, self.out.before) = (tunnels.saturating_add(1), before.saturating_add(self.begun));
        act(self.connection, self.out);
        (self.out.tunnels, self.out.before) = (tunnels, before);
    }
}

impl Http2 {
    /// A stream was answered that asks for a tunnel, if it does.
    pub(super) fn answered(&mut self, connection: &Connection, stream: u32, frame: u64, out: &mut Out) {
        let is_granted = self.streams.get(&stream).is_some_and(|exchange| exchange.upgrade == Some(Upgrade::Connect));
        let (tunnels, mut outside) = self.tunnels(connection, out);
        if is_granted {
            let waited = tunnels.open(stream, &mut outside);
            if let Some(exchange) = self.streams.get_mut(&stream) {
                fields::tunnelled(exchange, true, waited);
            }
            return;
        }
        for part in tunnels.refuse(stream, frame, &mut outside) {
            self.body(self.asks, stream, part.segment().bytes, part.segment().mark, out);
        }
    }
}

impl Tunnel {
    fn take(&mut self, event: Event<'_>, outside: &mut Outside<'_>) {
        outside.act(|connection, out| self.inner.take(connection, event, out));
    }

    fn open(&mut self, outside: &mut Outside<'_>) -> u64 {
        self.is_open = true;
        let mut bytes = 0_u64;
        for part in self.early.take() {
            let segment = part.segment();
            bytes = bytes.saturating_add(segment.bytes.len() as u64);
            self.take(segment.event(outside.asks), outside);
        }
        bytes
    }
}

impl Tunnels {
    /// A client asks for one.
    pub fn ask(&mut self, stream: u32, out: &mut Out) {
        if out.tunnels >= limits::TUNNELS || out.stream_tunnels >= limits::STREAM_TUNNELS {
            out.tunnels_left_out = out.tunnels_left_out.saturating_add(1);
        } else if self.streams.insert(stream, Tunnel::default()).is_none() {
            out.stream_tunnels = out.stream_tunnels.saturating_add(1);
        }
    }

    /// It is granted, and what waited goes through. How many bytes those are.
    pub fn open(&mut self, stream: u32, outside: &mut Outside<'_>) -> u64 {
        let Some(tunnel) = self.streams.get_mut(&stream) else { return 0 };
        self.early = self.early.saturating_sub(tunnel.early.buffered());
        tunnel.open(outside)
    }

    /// It is refused. What waited, which is content of the request.
    pub fn refuse(&mut self, stream: u32, frame: u64, outside: &mut Outside<'_>) -> Vec<Part> {
        let Some(tunnel) = self.streams.get_mut(&stream) else { return Vec::new() };
        self.early = self.early.saturating_sub(tunnel.early.buffered());
        let waited = tunnel.early.take();
        self.close(stream, CloseReason::Fin, frame, outside);
        waited
    }

    /// Takes bytes of a stream, if it is a tunnel's, or may become one's. Whether it is, and how many bytes that waited went through with them.
    pub fn data(
        &mut self,
        (stream, from): (u32, Side),
        segment: &Segment<'_>,
        outside: &mut Outside<'_>,
    ) -> Option<u64> {
        let tunnel = self.streams.get_mut(&stream)?;
        if !tunnel.is_open {
            let before = tunnel.early.buffered();
            if from != outside.asks {
                return None;
            }
            if tunnel.early.add(segment) {
                self.early = self.early.saturating_sub(before).saturating_add(tunnel.early.buffered());
                return Some(0);
            }
            // The answer may not be in the capture.
            self.early = self.early.saturating_sub(before);
        }
        let waited = tunnel.open(outside);
        tunnel.take(segment.event(from), outside);
        Some(waited.saturating_add(segment.bytes.len() as u64))
    }

    /// Takes a gap in a stream, if it is a tunnel's, or may become one's: it cannot wait.
    pub fn gap(&mut self, stream: u32, gap: Event<'_>, outside: &mut Outside<'_>) {
        self.open(stream, outside);
        self.event(stream, gap, outside);
    }

    /// Takes another event of a stream, if it is a tunnel's.
    pub fn event(&mut self, stream: u32, event: Event<'_>, outside: &mut Outside<'_>) {
        if let Some(tunnel) = self.streams.get_mut(&stream) {
            tunnel.take(event, outside);
        }
    }

    /// Nothing more comes of a stream.
    pub fn close(&mut self, stream: u32, reason: CloseReason, frame: u64, outside: &mut Outside<'_>) {
        if let Some(mut tunnel) = self.streams.remove(&stream) {
            self.early = self.early.saturating_sub(tunnel.early.buffered());
            tunnel.open(outside);
            tunnel.take(Event::Closed { reason, frame }, outside);
            outside.out.stream_tunnels = outside.out.stream_tunnels.saturating_sub(1);
        }
    }

    /// What one end sends from here on is not known.
    pub fn lost(&mut self, from: Side, frame: u64, outside: &mut Outside<'_>) {
        self.give_up(outside);
        for tunnel in self.streams.values_mut() {
            outside.act(|connection, out| tunnel.inner.lost(connection, from, None, frame, out));
        }
    }

    /// Waits for no answers.
    pub fn give_up(&mut self, outside: &mut Outside<'_>) {
        self.early = 0;
        for tunnel in self.streams.values_mut().filter(|tunnel| !tunnel.early.is_empty()) {
            tunnel.open(outside);
        }
    }

    /// Memory of what waits, in bytes.
    pub fn buffered(&self) -> usize {
        self.early
    }
}
