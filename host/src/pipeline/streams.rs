//! Stream events on their way from the decoder to the analyzers.

use super::packets::{Wants, chosen};
use crate::bindings::types::Streams;

/// No events.
pub(super) fn none() -> Streams {
    Streams {
        arrival: Vec::new(),
        connection: Vec::new(),
        kind: Vec::new(),
        event_flags: Vec::new(),
        frame: Vec::new(),
        timestamp: Vec::new(),
        position: Vec::new(),
        offset: Vec::new(),
        length: Vec::new(),
        id: Vec::new(),
        number: Vec::new(),
        version: Vec::new(),
        client_high: Vec::new(),
        client_low: Vec::new(),
        client_port: Vec::new(),
        server_high: Vec::new(),
        server_low: Vec::new(),
        server_port: Vec::new(),
        client_known: Vec::new(),
        first_frame: Vec::new(),
        vlan: Vec::new(),
        joined: Vec::new(),
    }
}

/// The events that an analyzer wants; `None` when those are all.
pub(super) fn part(streams: &Streams, wants: &Wants) -> Option<Streams> {
    if streams.arrival.is_empty() || (wants.streams && wants.ports.is_empty()) {
        return None;
    }
    if !wants.streams {
        return Some(none());
    }
    let ports = streams.client_port.iter().zip(&streams.server_port);
    let is_wanted: Vec<bool> = ports.map(|(client, server)| wants.has_port([*client, *server])).collect();
    if is_wanted.iter().all(|wanted| *wanted) {
        return None;
    }
    let of = |connection: &u32| is_wanted.get(*connection as usize).copied().unwrap_or_default();
    let events = (0_u32..).zip(&streams.connection).filter(|(_, connection)| of(connection));
    let rows: Vec<u32> = events.map(|(row, _)| row).collect();
    if rows.is_empty() {
        return Some(none());
    }
    Some(Streams {
        arrival: chosen(&streams.arrival, &rows),
        connection: chosen(&streams.connection, &rows),
        kind: chosen(&streams.kind, &rows),
        event_flags: chosen(&streams.event_flags, &rows),
        frame: chosen(&streams.frame, &rows),
        timestamp: chosen(&streams.timestamp, &rows),
        position: chosen(&streams.position, &rows),
        offset: chosen(&streams.offset, &rows),
        length: chosen(&streams.length, &rows),
        ..streams.clone()
    })
}
