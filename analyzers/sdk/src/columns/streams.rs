//! Stream events as the contract's columns: how the decoder writes them, and how an analyzer reads them.

use std::net::IpAddr;

use super::{NO_TIME, Streams, address, halves, slice};
use crate::Problem;
use crate::place::within;
use crate::stream::{CloseReason, Connection, Endpoint, Event, Side};

/// Numbers of the column `kind`.
mod kind {
    pub(super) const DATA: [u8; 2] = [1, 2];
    pub(super) const GAP: [u8; 2] = [3, 4];
    pub(super) const CONFLICT: [u8; 2] = [5, 6];
    pub(super) const FIN: [u8; 2] = [7, 8];
    pub(super) const CLOSED: std::ops::RangeInclusive<u8> = 9..=13;
}

/// Bits of the column `event_flags`.
mod flags {
    pub(super) const SEGMENT_START: u8 = 1;
    pub(super) const CUT: u8 = 2;
}

/// Why connections end, in the order of their numbers.
const REASONS: [CloseReason; 5] =
    [CloseReason::Fin, CloseReason::Reset, CloseReason::Reused, CloseReason::Evicted, CloseReason::CaptureEnd];

const SIDES: [Side; 2] = [Side::Client, Side::Server];

fn of_side(kinds: [u8; 2], side: Side) -> u8 {
    let [client, server] = kinds;
    if side == Side::Client { client } else { server }
}

fn code(reason: CloseReason) -> u8 {
    let place = REASONS.iter().position(|known| *known == reason).unwrap_or_default();
    kind::CLOSED.start().saturating_add(u8::try_from(place).unwrap_or_default())
}

/// Writes the events of one batch.
#[derive(Default)]
pub struct StreamWriter {
    streams: Streams,
    /// Events that are expected.
    expected: usize,
    /// Numbers and places of connections that were written; of those whose numbers have the same remainder, the last one.
    recent: Vec<(u64, u32)>,
}

impl StreamWriter {
    /// For a batch with so many frames.
    pub fn new(frames: usize) -> Self {
        Self { expected: frames, ..Self::default() }
    }

    /// Adds an event. `arrival` is the frame whose packet brought it; `data` holds the frames of the batch.
    pub fn add(&mut self, arrival: u64, connection: &Connection, event: Event<'_>, data: &[u8]) {
        let place = self.connection(connection);
        let streams = &mut self.streams;
        let (kind, frame, position, length) = match event {
            Event::Data { from, bytes, position, frame, .. } => {
                (of_side(kind::DATA, from), frame, position, bytes.len() as u64)
            }
            Event::Gap { from, missing, position, frame, .. } => (of_side(kind::GAP, from), frame, position, missing),
            Event::Conflict { from, position, length, frame } => {
                (of_side(kind::CONFLICT, from), frame, position, length)
            }
            Event::Fin { from, position, frame } => (of_side(kind::FIN, from), frame, position, 0),
            Event::Closed { frame, reason } => (code(reason), frame, 0, 0),
        };
        let (offset, timestamp, bits) = match event {
            Event::Data { bytes, timestamp, segment_start, .. } => {
                let offset = within(bytes, data).unwrap_or_else(|| {
                    let behind = data.len().saturating_add(streams.joined.len());
                    streams.joined.extend_from_slice(bytes);
                    behind
                });
                let bits = if segment_start { flags::SEGMENT_START } else { 0 };
                (u32::try_from(offset).unwrap_or(u32::MAX), timestamp.unwrap_or(NO_TIME), bits)
            }
            Event::Gap { is_cut, .. } => (0, NO_TIME, if is_cut { flags::CUT } else { 0 }),
            Event::Conflict { .. } | Event::Fin { .. } | Event::Closed { .. } => (0, NO_TIME, 0),
        };
        streams.arrival.push(arrival);
        streams.connection.push(place);
        streams.kind.push(kind);
        streams.event_flags.push(bits);
        streams.frame.push(frame);
        streams.timestamp.push(timestamp);
        streams.position.push(position);
        streams.offset.push(offset);
        streams.length.push(length);
    }

    /// The place of a connection, which it has once or a few times.
    fn connection(&mut self, connection: &Connection) -> u32 {
        let Self { streams, expected, recent } = self;
        if recent.is_empty() {
            recent.resize(RECENT, (0, NOWHERE));
            streams.reserve(*expected);
        }
        let Some((known, place)) = recent.get_mut(connection.id as usize % RECENT) else { return NOWHERE };
        if *known != connection.id || *place == NOWHERE {
            (*known, *place) = (connection.id, u32::try_from(streams.id.len()).unwrap_or(NOWHERE));
            let Connection { id, number, client, server, client_known, first_frame, vlan } = *connection;
            let (version, client_high, client_low) = halves(client.address);
            let (_, server_high, server_low) = halves(server.address);
            streams.id.push(id);
            streams.number.push(number);
            streams.version.push(version);
            streams.client_high.push(client_high);
            streams.client_low.push(client_low);
            streams.client_port.push(client.port);
            streams.server_high.push(server_high);
            streams.server_low.push(server_low);
            streams.server_port.push(server.port);
            streams.client_known.push(client_known.into());
            streams.first_frame.push(first_frame);
            streams.vlan.push(vlan.unwrap_or(NO_VLAN));
        }
        *place
    }

    /// What was written.
    pub fn into_streams(self) -> Streams {
        self.streams
    }
}

/// What stands for no VLAN.
const NO_VLAN: u16 = u16::MAX;

/// Connections among which an event's is looked for before it is written again. Those that are open at a time have numbers that follow each other.
const RECENT: usize = 512;
/// No place.
const NOWHERE: u32 = u32::MAX;

impl Streams {
    /// Makes room for so many events: a column that grows by itself would be asked for its room with each number.
    fn reserve(&mut self, events: usize) {
        self.arrival.reserve(events);
        self.connection.reserve(events);
        self.kind.reserve(events);
        self.event_flags.reserve(events);
        self.frame.reserve(events);
        self.timestamp.reserve(events);
        self.position.reserve(events);
        self.offset.reserve(events);
        self.length.reserve(events);
    }
}

/// Reads the events of a batch, one by one.
pub struct Events<'a> {
    streams: &'a Streams,
    data: &'a [u8],
    connections: Vec<Connection>,
    next: usize,
}

impl<'a> Events<'a> {
    /// The events of a batch.
    ///
    /// # Errors
    /// When a connection is not as the contract has it, which is a defect of the host.
    pub fn new(streams: &'a Streams, data: &'a [u8]) -> Result<Self, Problem> {
        let connections = (0..streams.id.len()).map(|place| connection(streams, place));
        Ok(Self { streams, data, connections: connections.collect::<Option<_>>().ok_or_else(broken)?, next: 0 })
    }

    /// The frame whose packet brought the next event.
    pub fn arrival(&self) -> Option<u64> {
        self.streams.arrival.get(self.next).copied()
    }

    /// The next event.
    ///
    /// # Errors
    /// When it is not as the contract has it, which is a defect of the host.
    pub fn take(&mut self) -> Result<(&Connection, Event<'a>), Problem> {
        let (place, event) = self.read().ok_or_else(broken)?;
        self.next = self.next.saturating_add(1);
        Ok((self.connections.get(place).ok_or_else(broken)?, event))
    }

    fn read(&self) -> Option<(usize, Event<'a>)> {
        let (streams, at) = (self.streams, self.next);
        let (kind, bits) = (*streams.kind.get(at)?, *streams.event_flags.get(at)?);
        let (frame, position, length) = (*streams.frame.get(at)?, *streams.position.get(at)?, *streams.length.get(at)?);
        let side = |kinds: [u8; 2]| SIDES.into_iter().find(|side| of_side(kinds, *side) == kind);
        let event = if let Some(from) = side(kind::DATA) {
            let (offset, timestamp) = (*streams.offset.get(at)?, *streams.timestamp.get(at)?);
            let length = u32::try_from(length).ok()?;
            let bytes = match (offset as usize).checked_sub(self.data.len()) {
                None => slice(self.data, offset, length)?,
                Some(offset) => slice(&streams.joined, u32::try_from(offset).ok()?, length)?,
            };
            let (timestamp, segment_start) =
                ((timestamp != NO_TIME).then_some(timestamp), bits & flags::SEGMENT_START != 0);
            Event::Data { from, bytes, position, frame, timestamp, segment_start }
        } else if let Some(from) = side(kind::GAP) {
            Event::Gap { from, missing: length, position, frame, is_cut: bits & flags::CUT != 0 }
        } else if let Some(from) = side(kind::CONFLICT) {
            Event::Conflict { from, position, length, frame }
        } else if let Some(from) = side(kind::FIN) {
            Event::Fin { from, position, frame }
        } else {
            let reason = kind.checked_sub(*kind::CLOSED.start())?;
            Event::Closed { frame, reason: *REASONS.get(usize::from(reason))? }
        };
        Some((*streams.connection.get(at)? as usize, event))
    }
}

fn connection(streams: &Streams, place: usize) -> Option<Connection> {
    let version = *streams.version.get(place)?;
    let end = |high: &[u64], low: &[u64], port: &[u16]| {
        let address: IpAddr = address(version, *high.get(place)?, *low.get(place)?)?;
        Some(Endpoint { address, port: *port.get(place)? })
    };
    Some(Connection {
        id: *streams.id.get(place)?,
        number: *streams.number.get(place)?,
        client: end(&streams.client_high, &streams.client_low, &streams.client_port)?,
        server: end(&streams.server_high, &streams.server_low, &streams.server_port)?,
        client_known: *streams.client_known.get(place)? != 0,
        first_frame: *streams.first_frame.get(place)?,
        vlan: streams.vlan.get(place).map(|id| (*id != NO_VLAN).then_some(*id))?,
    })
}

// The host checks all of it before it hands a batch over, so this is a defect of the host.
fn broken() -> Problem {
    let reason = "the stream events are not as the contract has them".into();
    Problem::Input { offset: None, frame: None, reason }
}
