//! TCP streams put together (RFC 9293 3.4) in bounded memory.
//!
//! [`Tracker`] numbers connections and tells which one a segment belongs to. [`Streams`] takes packets in the order of the capture and gives the bytes of each direction in the order of the stream.
//! Bytes that the capture does not have become gaps, never silence. The decoder does this once for all analyzers: one that wants streams is given their events
//! ([`Tool::stream`](crate::Tool::stream)), and keeps what it has of each connection in [`States`].
//!
//! Data also waits for the data of the other direction that its segment acknowledges: a response is not given before a request that
//! stands later in the file, or that waits behind a hole. No wait is without end. When one ends early (the other direction is not in
//! the capture, the file is out of order by many packets, two segments wait for each other, too much is held), data comes out of this
//! order, and nothing is lost. Until a packet of the other direction was seen, it is not waited for.

mod connection;
mod half;
mod held;
mod order;
mod states;
mod tracker;

#[cfg(test)]
mod tests;

pub use connection::{Connection, Endpoint, Key};
pub use states::States;
pub use tracker::{Identity, Taken, Tracked, Tracker};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decode::{Packet, Transport};
use crate::stats::{BoundedMap, Place};
use connection::Entry;
use half::Starts;

/// Limits of reassembly.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Memory in bytes for segments of one direction that wait behind a hole or for the other direction. When it takes more, the wait
    /// ends.
    pub held: usize,
    /// Memory in bytes for those of all connections together.
    pub held_total: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { held: 1 << 20, held_total: 8 << 20 }
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
        /// Bytes of this direction before them, those that are not in the capture among them.
        position: u64,
        /// Frame that carried them.
        frame: u64,
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
        /// Bytes of this direction before them.
        position: u64,
        /// Frame that showed it.
        frame: u64,
        /// Whether the snap length cut them off that frame.
        is_cut: bool,
    },
    /// A segment says otherwise about bytes that wait: those that came first count.
    Conflict {
        /// Who sent it.
        from: Side,
        /// Bytes of this direction before those of the segment that were not given yet.
        position: u64,
        /// How many of them there are.
        length: u64,
        /// Its frame.
        frame: u64,
    },
    /// One end said that nothing more comes from it, and everything before was given. Data that the end sends nevertheless may follow.
    Fin {
        /// Who said so.
        from: Side,
        /// Bytes of this direction.
        position: u64,
        /// The frame that said so.
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Statistics {
    /// Connections that were seen.
    pub connections: u64,
    /// Connections that made room for others before they ended.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub evicted: u64,
    /// Segments whose bytes had all been there before.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub retransmitted: u64,
    /// Segments that stand so far behind their place in the file that the hole which they fill had been given up: their bytes are lost to
    /// the analysis.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub late: u64,
    /// Segments that came before others that precede them.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub out_of_order: u64,
    /// Segments that said otherwise about bytes that were held already.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub conflicting: u64,
    /// Holes that were given up.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub gaps: u64,
    /// Bytes in those holes.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub missing_octets: u64,
    /// Segments too far from where the stream is to belong to it.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub implausible: u64,
    /// Holes given up, and segments that no longer waited for the other direction, because too much was held.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub held_limit: u64,
}

impl Statistics {
    /// What a report tells: nothing when all streams were put together without trouble.
    pub fn told(self) -> Option<Self> {
        let trouble = Self { connections: 0, ..self };
        (!crate::is_default(&trouble)).then_some(self)
    }
}

/// Puts TCP streams together.
pub struct Streams {
    limits: Limits,
    connections: Tracker<Identity>,
    /// By the number of the connection.
    entries: BoundedMap<u64, Entry>,
    statistics: Statistics,
    held: usize,
    next_id: u64,
}

impl Default for Streams {
    fn default() -> Self {
        Self::new()
    }
}

impl Streams {
    /// With the default limits.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// With other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            limits,
            connections: Tracker::new(),
            // It never makes room by itself: what the tracker gives up goes here, too.
            entries: BoundedMap::new(tracker::FOLLOWED),
            statistics: Statistics::default(),
            held: 0,
            next_id: 0,
        }
    }

    /// How reassembly went so far.
    pub fn statistics(&self) -> Statistics {
        Statistics { evicted: self.connections.evicted(), ..self.statistics }
    }

    /// Takes a packet; other packets than TCP are ignored. `is_cut`: the snap length cut its frame.
    pub fn push(&mut self, packet: &Packet<'_>, is_cut: bool, sink: &mut impl FnMut(&Connection, Event<'_>)) {
        let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) else { return };
        let evicted = self.connections.evicted();
        let mut over = Vec::new();
        let (identity, _) = self.connections.push(ip, tcp, packet.frame, &mut |old: Identity| over.push(old.id));
        let number = identity.id;
        let made_room = self.connections.evicted() > evicted;
        for (place, old) in over.iter().enumerate() {
            // The one that makes room is given last.
            let is_last = place.saturating_add(1) == over.len();
            let reason = if made_room && is_last { CloseReason::Evicted } else { CloseReason::Reused };
            if let Some(mut old) = self.entries.remove(old) {
                self.close(&mut old, reason, sink);
            }
        }
        let (_, flipped) = Key::new(ip, tcp);
        let (mut place, mut earlier) = (Place::default(), Starts::default());
        let known = self.entries.get_near(&mut place, &number);
        if known.is_some_and(|entry| entry.is_reused_by(packet, tcp, flipped))
            && let Some(mut old) = self.entries.remove(&number)
        {
            earlier = old.starts(flipped);
            self.close(&mut old, CloseReason::Reused, sink);
        }
        let id = self.next_id;
        let make = || (number, Entry::new((id, number), packet, (ip, tcp), flipped));
        let (entry, made) = self.entries.entry_near(&mut place, &number, make, |_, _| {});
        if made {
            entry.set_earlier(flipped, earlier);
            self.next_id = id.saturating_add(1);
            self.statistics.connections = self.statistics.connections.saturating_add(1);
        }
        let before = entry.held();
        entry.take((packet, is_cut), tcp, flipped, &self.limits, &mut self.statistics, sink);
        self.held = self.held.saturating_sub(before).saturating_add(entry.held());
        if self.held > self.limits.held_total {
            // The connection that made it too much waits no longer.
            let before = entry.held();
            entry.flush(&mut self.statistics, sink);
            self.statistics.held_limit = self.statistics.held_limit.saturating_add(1);
            self.held = self.held.saturating_sub(before);
        }
    }

    /// Ends all connections: what is held behind holes comes out, with the holes as gaps.
    pub fn finish(&mut self, sink: &mut impl FnMut(&Connection, Event<'_>)) {
        while let Some((_, mut entry)) = self.entries.pop_oldest() {
            self.close(&mut entry, CloseReason::CaptureEnd, sink);
        }
    }

    fn close(&mut self, entry: &mut Entry, reason: CloseReason, sink: &mut impl FnMut(&Connection, Event<'_>)) {
        self.held = self.held.saturating_sub(entry.held());
        entry.end(reason, &mut self.statistics, sink);
    }
}
