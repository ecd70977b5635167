//! What a decoder says about TCP streams, checked, as its packets are.

use crate::bindings::types;
use crate::packets::{Lie, numbers};

/// Kinds of events, as the contract numbers them.
pub(crate) const DATA: std::ops::RangeInclusive<u8> = 1..=2;
const KINDS: std::ops::RangeInclusive<u8> = 1..=13;

/// The highest VLAN id (IEEE 802.1Q, 12 bits), and what stands for none.
const LAST_VLAN: u16 = 0xfff;
const NO_VLAN: u16 = u16::MAX;

/// Checks the events of a batch whose frames are known to be right; behind the last batch, of none. `last` is the last frame that the decoder was given.
///
/// # Errors
/// When any number of the decoder's is impossible.
pub(crate) fn check(batch: Option<&types::Batch>, streams: &types::Streams, last: u64) -> Result<(), Lie> {
    let events = streams.arrival.len();
    let of_events = [
        streams.connection.len(),
        streams.kind.len(),
        streams.event_flags.len(),
        streams.frame.len(),
        streams.timestamp.len(),
        streams.position.len(),
        streams.offset.len(),
        streams.length.len(),
    ];
    let connections = streams.id.len();
    let of_connections = [
        streams.number.len(),
        streams.version.len(),
        streams.client_high.len(),
        streams.client_low.len(),
        streams.client_port.len(),
        streams.server_high.len(),
        streams.server_low.len(),
        streams.server_port.len(),
        streams.client_known.len(),
        streams.first_frame.len(),
        streams.vlan.len(),
    ];
    if of_events.iter().any(|length| *length != events) || of_connections.iter().any(|length| *length != connections) {
        return Err(Lie::Columns);
    }
    numbers("connection", &streams.connection, connections)?;
    one_of("kind of event", &streams.kind, |kind| KINDS.contains(kind))?;
    one_of("version", &streams.version, |version| matches!(version, 4 | 6))?;
    let mut arrived = batch.and_then(|batch| batch.frames.number.first().copied()).unwrap_or(last);
    for (arrival, frame) in streams.arrival.iter().zip(&streams.frame) {
        if !(arrived..=last).contains(arrival) {
            return Err(Lie::Number { what: "arrival", number: *arrival, of: last });
        }
        arrived = *arrival;
        frame_until(arrived, *frame)?;
    }
    streams.first_frame.iter().try_for_each(|frame| frame_until(last, *frame))?;
    if let Some(vlan) = streams.vlan.iter().find(|vlan| **vlan > LAST_VLAN && **vlan != NO_VLAN) {
        return Err(Lie::Number { what: "VLAN", number: u64::from(*vlan), of: u64::from(LAST_VLAN) });
    }
    ranges(batch, streams)
}

fn one_of(what: &'static str, codes: &[u8], is_known: impl Fn(&u8) -> bool) -> Result<(), Lie> {
    match codes.iter().find(|code| !is_known(code)) {
        Some(code) => Err(Lie::Number { what, number: u64::from(*code), of: 0 }),
        None => Ok(()),
    }
}

/// A frame up to the one that was read last.
fn frame_until(last: u64, frame: u64) -> Result<(), Lie> {
    if (1..=last).contains(&frame) { Ok(()) } else { Err(Lie::Number { what: "frame", number: frame, of: last }) }
}

/// All data lies in the frame that carried it, or in what was joined.
fn ranges(batch: Option<&types::Batch>, streams: &types::Streams) -> Result<(), Lie> {
    let size = batch.map_or(0, |batch| batch.data.len() as u64);
    let joined = size.saturating_add(streams.joined.len() as u64);
    let place = |frame: u64| {
        let frames = &batch?.frames;
        let row = frames.number.binary_search(&frame).ok()?;
        let (offset, captured) = (u64::from(*frames.offset.get(row)?), u64::from(*frames.captured.get(row)?));
        Some((offset, offset.saturating_add(captured)))
    };
    let data = streams.kind.iter().zip(&streams.frame).zip(streams.offset.iter().zip(&streams.length));
    for ((_, frame), (offset, length)) in data.filter(|((kind, _), _)| DATA.contains(*kind)) {
        let (start, end) = (u64::from(*offset), u64::from(*offset).saturating_add(*length));
        let is_right = match start < size {
            true => place(*frame).is_some_and(|(first, behind)| start >= first && end <= behind),
            false => end <= joined,
        };
        if !is_right {
            let length = u32::try_from(*length).unwrap_or(u32::MAX);
            return Err(Lie::Range { what: "stream data", frame: *frame, offset: *offset, length });
        }
    }
    Ok(())
}
