//! What streams carry that CONNECT makes tunnels (RFC 9113 §8.5): anything that a connection may.

use std::collections::BTreeMap;

use mcpcap_analyzer::stream::{CloseReason, Connection, Event, Side};

use super::Http2;
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
    /// Bytes that client and server sent through it.
    bytes: [u64; 2],
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
        let connection = self.connection;
        self.out.in_tunnel(self.begun, |out| act(connection, out));
    }
}

impl Http2 {
    /// A stream was answered that asks for a tunnel, if it does: for the first time.
    pub(super) fn answered(&mut self, connection: &Connection, stream: u32, frame: u64, out: &mut Out) {
        let is_granted = self.streams.get(&stream).is_some_and(|exchange| exchange.upgrade == Some(Upgrade::Connect));
        let (tunnels, mut outside) = self.tunnels(connection, out);
        if is_granted {
            if !tunnels.open(stream, &mut outside) {
                out.tunnels_left_out = out.tunnels_left_out.saturating_add(1);
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
        let sent = match event {
            Event::Data { from, bytes, .. } => Some((from, bytes.len() as u64)),
            Event::Gap { from, missing, .. } => Some((from, missing)),
            Event::Conflict { .. } | Event::Fin { .. } | Event::Closed { .. } => None,
        };
        if let Some((from, length)) = sent {
            let [client, server] = &mut self.bytes;
            let bytes = if from == outside.asks { client } else { server };
            *bytes = bytes.saturating_add(length);
        }
        outside.act(|connection, out| self.inner.take(connection, event, out));
    }

    fn open(&mut self, outside: &mut Outside<'_>) {
        self.is_open = true;
        for part in self.early.take() {
            self.take(part.segment().event(outside.asks), outside);
        }
    }
}

impl Tunnels {
    /// A client asks for one, which is read if there is room.
    pub fn ask(&mut self, stream: u32, out: &mut Out) {
        let has_room = out.tunnels < limits::TUNNELS && out.stream_tunnels < limits::STREAM_TUNNELS;
        if has_room && self.streams.insert(stream, Tunnel::default()).is_none() {
            out.stream_tunnels = out.stream_tunnels.saturating_add(1);
        }
    }

    /// It is granted, and what waited goes through. Whether it is read.
    pub fn open(&mut self, stream: u32, outside: &mut Outside<'_>) -> bool {
        let Some(tunnel) = self.streams.get_mut(&stream) else { return false };
        self.early = self.early.saturating_sub(tunnel.early.buffered());
        tunnel.open(outside);
        true
    }

    /// It is refused. What waited, which is content of the request.
    pub fn refuse(&mut self, stream: u32, frame: u64, outside: &mut Outside<'_>) -> Vec<Part> {
        let Some(tunnel) = self.streams.get_mut(&stream) else { return Vec::new() };
        self.early = self.early.saturating_sub(tunnel.early.buffered());
        let waited = tunnel.early.take();
        self.close(stream, CloseReason::Fin, frame, outside);
        waited
    }

    /// Takes bytes of a stream, if it is a tunnel's, or may become one's. Whether it is.
    pub fn data(&mut self, (stream, from): (u32, Side), segment: &Segment<'_>, outside: &mut Outside<'_>) -> bool {
        let Some(tunnel) = self.streams.get_mut(&stream) else { return false };
        if !tunnel.is_open {
            let before = tunnel.early.buffered();
            if from != outside.asks {
                return false;
            }
            if tunnel.early.add(segment) {
                self.early = self.early.saturating_sub(before).saturating_add(tunnel.early.buffered());
                return true;
            }
            // The answer may not be in the capture.
            self.early = self.early.saturating_sub(before);
            tunnel.open(outside);
        }
        tunnel.take(segment.event(from), outside);
        true
    }

    /// Takes a gap in a stream, if it is a tunnel's, or may become one's: it cannot wait. Whether it is.
    pub fn gap(&mut self, stream: u32, gap: Event<'_>, outside: &mut Outside<'_>) -> bool {
        self.open(stream, outside);
        self.event(stream, gap, outside)
    }

    /// Takes another event of a stream, if it is a tunnel's. Whether it is.
    pub fn event(&mut self, stream: u32, event: Event<'_>, outside: &mut Outside<'_>) -> bool {
        let tunnel = self.streams.get_mut(&stream);
        tunnel.map(|tunnel| tunnel.take(event, outside)).is_some()
    }

    /// Nothing more comes of a stream. Bytes that client and server sent through it, if it is a tunnel's.
    pub fn close(
        &mut self,
        stream: u32,
        reason: CloseReason,
        frame: u64,
        outside: &mut Outside<'_>,
    ) -> Option<[u64; 2]> {
        let mut tunnel = self.streams.remove(&stream)?;
        self.early = self.early.saturating_sub(tunnel.early.buffered());
        tunnel.open(outside);
        tunnel.take(Event::Closed { reason, frame }, outside);
        outside.out.stream_tunnels = outside.out.stream_tunnels.saturating_sub(1);
        Some(tunnel.bytes)
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
