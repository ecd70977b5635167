//! TCP streams put together (RFC 9293 3.4) in bounded memory.
//!
//! [`Tracker`] numbers connections and tells which one a segment belongs to. [`Streams`] takes packets in the order of the capture and gives the bytes of each direction in the order of the stream, to
//! a sink that keeps its own state for each connection. Bytes that the capture does not have become gaps, never silence.
//!
//! Data also waits for the data of the other direction that its segment acknowledges: a response is not given before a request that
//! stands later in the file, or that waits behind a hole. No wait is without end. When one ends early (the other direction is not in
//! the capture, the file is out of order by many packets, two segments wait for each other, too much is held), data comes out of this
//! order, and nothing is lost. Until a packet of the other direction was seen, it is not waited for.

mod connection;
mod half;
mod held;
mod order;
mod tracker;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Endpoint, Key};
pub use tracker::{Identity, Taken, Tracked, Tracker};

use std::hash::Hash;

use schemars::JsonSchema;
use serde::Serialize;

use crate::decode::{Packet, Transport};
use crate::stats::BoundedMap;
use connection::Entry;
use half::Starts;

/// Limits of reassembly.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections that are kept; the one that was silent for longest makes room.
    pub connections: usize,
    /// Memory in bytes for segments of one direction that wait behind a hole or for the other direction. When it takes more, the wait
    /// ends.
    pub held: usize,
    /// Memory in bytes for those of all connections together.
    pub held_total: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 16_384, held: 1 << 20, held_total: 8 << 20 }
    }
}

/// One of the two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end that opened the connection.
    Client,
    /// The other one.
    Server,
}

impl Side {
    /// The other end.
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// Both ends sent FIN, and everything before was seen.
    Fin,
    /// A reset was seen.
    Reset,
    /// A new connection began between the same ends.
    Reused,
    /// It made room for others.
    Evicted,
    /// The capture ended.
    CaptureEnd,
}

/// What happened in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The next bytes of a direction.
    Data {
        /// Who sent them.
        from: Side,
        /// The bytes.
        bytes: &'a [u8],
        /// Frame whose arrival made them available.
        frame: u64,
        /// Frame that carried them.
        segment_frame: u64,
        /// When that was captured, in nanoseconds since 1970.
        timestamp: Option<u64>,
        /// Whether they begin where a segment's payload begins.
        segment_start: bool,
    },
    /// Bytes that are not in the capture.
    Gap {
        /// Who sent them.
        from: Side,
        /// How many.
        missing: u64,
        /// Frame that showed it.
        frame: u64,
    },
    /// Nothing more comes. Given once for each connection, after everything else.
    Closed {
        /// The last frame of the connection.
        frame: u64,
        /// Why.
        reason: CloseReason,
    },
}

/// How reassembly went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Statistics {
    /// Connections that were seen.
    pub connections: u64,
    /// Connections that made room for others before they ended.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub evicted: u64,
    /// Segments whose bytes had all been there before.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub retransmitted: u64,
    /// Segments that stand so far behind their place in the file that the hole which they fill had been given up: their bytes are lost to
    /// the analysis.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub late: u64,
    /// Segments that came before others that precede them.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub out_of_order: u64,
    /// Segments that said otherwise about bytes that were held already.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub conflicting: u64,
    /// Holes that were given up.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub gaps: u64,
    /// Bytes in those holes.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub missing_octets: u64,
    /// Segments too far from where the stream is to belong to it.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub implausible: u64,
    /// Holes given up, and segments that no longer waited for the other direction, because too much was held.
    #[serde(skip_serializing_if = "crate::is_default")]
    pub held_limit: u64,
}

impl Statistics {
    /// What a report tells: nothing when all streams were put together without trouble.
    pub fn told(self) -> Option<Self> {
        let trouble = Self { connections: 0, ..self };
        (!crate::is_default(&trouble)).then_some(self)
    }
}

/// Puts TCP streams together. `S` is what the sink keeps for each connection; `K` tells connections apart: addresses and ports, or what the
/// caller has for it.
pub struct Streams<S, K = Key> {
    limits: Limits,
    entries: BoundedMap<K, Entry<S>>,
    statistics: Statistics,
    held: usize,
    next_id: u64,
}

impl<S, K: Copy + Eq + Hash> Default for Streams<S, K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Default> Streams<S> {
    /// Takes a packet; other packets than TCP are ignored.
    pub fn push(&mut self, packet: &Packet<'_>, sink: &mut impl FnMut(&Connection, &mut S, Event<'_>)) {
        if let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) {
            self.push_to(Key::new(ip, tcp).0, packet, S::default, sink);
        }
    }
}

impl<S, K: Copy + Eq + Hash> Streams<S, K> {
    /// With the default limits.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// With other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            entries: BoundedMap::new(limits.connections),
            limits,
            statistics: Statistics::default(),
            held: 0,
            next_id: 0,
        }
    }

    /// How reassembly went so far.
    pub fn statistics(&self) -> Statistics {
        Statistics { evicted: self.entries.evicted(), ..self.statistics }
    }

    /// As [`Streams::push`], for a connection that the caller knows by `key`. `state` is asked when it begins.
    pub fn push_to(
        &mut self,
        key: K,
        packet: &Packet<'_>,
        state: impl FnOnce() -> S,
        sink: &mut impl FnMut(&Connection, &mut S, Event<'_>),
    ) {
        let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) else { return };
        let (_, flipped) = Key::new(ip, tcp);
        let mut earlier = Starts::default();
        if self.entries.get(&key).is_some_and(|entry| entry.is_reused_by(packet, tcp, flipped))
            && let Some(mut old) = self.entries.remove(&key)
        {
            earlier = old.starts(flipped);
            self.close(&mut old, CloseReason::Reused, sink);
        }
        let (id, made) = (self.next_id, self.entries.get(&key).is_none());
        let (entry, evicted) =
            self.entries.get_or_insert_with(key, || Entry::new((id, packet.frame), ip, tcp, flipped, state()));
        if made {
            entry.set_earlier(flipped, earlier);
            self.next_id = id.saturating_add(1);
            self.statistics.connections = self.statistics.connections.saturating_add(1);
        }
        let before = entry.held();
        entry.take(packet, tcp, flipped, &self.limits, &mut self.statistics, sink);
        self.held = self.held.saturating_sub(before).saturating_add(entry.held());
        if self.held > self.limits.held_total {
            // The connection that made it too much waits no longer.
            let before = entry.held();
            entry.flush(&mut self.statistics, sink);
            self.statistics.held_limit = self.statistics.held_limit.saturating_add(1);
            self.held = self.held.saturating_sub(before);
        }
        if let Some((_, mut old)) = evicted {
            self.close(&mut old, CloseReason::Evicted, sink);
        }
    }

    /// Ends all connections: what is held behind holes comes out, with the holes as gaps.
    pub fn finish(&mut self, sink: &mut impl FnMut(&Connection, &mut S, Event<'_>)) {
        while let Some((_, mut entry)) = self.entries.pop_oldest() {
            self.close(&mut entry, CloseReason::CaptureEnd, sink);
        }
    }

    fn close(
        &mut self,
        entry: &mut Entry<S>,
        reason: CloseReason,
        sink: &mut impl FnMut(&Connection, &mut S, Event<'_>),
    ) {
        self.held = self.held.saturating_sub(entry.held());
        entry.end(reason, &mut self.statistics, sink);
    }
}
