//! What a decoder says about a batch, checked. As with a reader, this is the only place that believes its numbers.

use crate::bindings::types;

/// How a decoder broke the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// Columns of different lengths.
    #[error("its columns differ in length")]
    Columns,
    /// A row that is not in the batch, or not behind the one before.
    #[error("it took row {row} of {frames} frames")]
    Row {
        /// What it said.
        row: u32,
        /// Frames of the batch.
        frames: usize,
    },
    /// A range that is neither in its frame nor in what was joined.
    #[error("the {what} of frame {frame} is at {offset}, {length} bytes long: outside its frame")]
    Range {
        /// Header or payload.
        what: &'static str,
        /// Number of the frame.
        frame: u64,
        /// Where it is said to begin.
        offset: u32,
        /// How long it is said to be.
        length: u32,
    },
    /// A number of a stack, a packet or a frame that is not there.
    #[error("it names {what} {number} of {of}")]
    Number {
        /// Of what.
        what: &'static str,
        /// What it said.
        number: u64,
        /// How many there are.
        of: u64,
    },
}

/// Bytes of a Community ID, before it becomes text.
pub(crate) const COMMUNITY: usize = 20;

/// Layers of a packet at the most, headers of all its tunnels among them.
const LAYERS: usize = 64;

/// Checks the packets of a batch of which the numbers of frames are known to be right.
///
/// # Errors
/// When any number of the decoder's is impossible.
pub(crate) fn check(batch: &types::Batch, packets: &types::Packets) -> Result<(), Lie> {
    let count = packets.row.len();
    let lengths = [
        packets.stack.len(),
        packets.version.len(),
        packets.source_high.len(),
        packets.source_low.len(),
        packets.destination_high.len(),
        packets.destination_low.len(),
        packets.hop_limit.len(),
        packets.protocol.len(),
        packets.identification.len(),
        packets.ip_flags.len(),
        packets.traffic_class.len(),
        packets.transport.len(),
        packets.source_port.len(),
        packets.destination_port.len(),
        packets.header.len(),
        packets.header_length.len(),
        packets.payload.len(),
        packets.captured.len(),
        packets.length.len(),
        packets.stop.len(),
        packets.unread.len(),
        packets.copy_of.len(),
        packets.flow.len(),
    ];
    let headers = packets.header_packet.len();
    let of_headers = [packets.header_layer.len(), packets.header_offset.len(), packets.header_octets.len()];
    if lengths.iter().any(|length| *length != count)
        || of_headers.iter().any(|length| *length != headers)
        || packets.fragment_packet.len() != packets.fragment_frame.len()
        || packets.tunnel_ends.len() != packets.layer_ends.len()
        || packets.tunnels.len() != packets.tunnel_versions.len().saturating_mul(4)
        || !(packets.community.is_empty() || packets.community.len() == count.saturating_mul(COMMUNITY))
    {
        return Err(Lie::Columns);
    }
    rows(batch, packets)?;
    let stacks = packets.layer_ends.len();
    ends("layer", &packets.layer_ends, packets.layers.len())?;
    ends("tunnel", &packets.tunnel_ends, packets.tunnel_versions.len())?;
    numbers("stack", &packets.stack, stacks)?;
    numbers("packet", &packets.fragment_packet, count)?;
    numbers("packet", &packets.header_packet, count)?;
    let last = batch.frames.number.last().copied().unwrap_or_default();
    let earlier = packets.copy_of.iter().chain(&packets.fragment_frame).find(|frame| **frame > last);
    if let Some(frame) = earlier {
        return Err(Lie::Number { what: "frame", number: *frame, of: last });
    }
    ranges(batch, packets)
}

/// Each row is a frame's, and they rise.
fn rows(batch: &types::Batch, packets: &types::Packets) -> Result<(), Lie> {
    let frames = batch.frames.number.len();
    let mut next = 0;
    for row in &packets.row {
        if *row < next || *row as usize >= frames {
            return Err(Lie::Row { row: *row, frames });
        }
        next = row.saturating_add(1);
    }
    Ok(())
}

/// Ends of lists within a list, which follow each other and are short.
fn ends(what: &'static str, ends: &[u32], length: usize) -> Result<(), Lie> {
    let mut before = 0_u32;
    for end in ends {
        let in_order = *end >= before && end.saturating_sub(before) as usize <= LAYERS;
        if !in_order || *end as usize > length {
            return Err(Lie::Number { what, number: u64::from(*end), of: length as u64 });
        }
        before = *end;
    }
    Ok(())
}

/// Positions in a list of so many.
pub(crate) fn numbers(what: &'static str, numbers: &[u32], of: usize) -> Result<(), Lie> {
    match numbers.iter().find(|number| **number as usize >= of) {
        Some(number) => Err(Lie::Number { what, number: u64::from(*number), of: of as u64 }),
        None => Ok(()),
    }
}

/// Every header and payload lies in the frame of its packet, or in what was joined.
fn ranges(batch: &types::Batch, packets: &types::Packets) -> Result<(), Lie> {
    let frames = &batch.frames;
    let size = batch.data.len() as u64;
    let joined = size.saturating_add(packets.joined.len() as u64);
    let is_right = |row: u32, offset: u32, length: u32| {
        let (start, end) = (u64::from(offset), u64::from(offset).saturating_add(u64::from(length)));
        let place = frames.offset.get(row as usize).zip(frames.captured.get(row as usize));
        let in_frame = place.is_some_and(|(offset, captured)| {
            start >= u64::from(*offset) && end <= u64::from(*offset).saturating_add(u64::from(*captured))
        });
        in_frame || length == 0 || (start >= size && end <= joined)
    };
    let wrong = |what, row: u32, offset, length| {
        let frame = frames.number.get(row as usize).copied().unwrap_or_default();
        Err(Lie::Range { what, frame, offset, length })
    };
    let of_packets = packets.row.iter().zip(&packets.header).zip(&packets.header_length);
    for (((row, header), header_length), (payload, captured)) in
        of_packets.zip(packets.payload.iter().zip(&packets.captured))
    {
        if !is_right(*row, *header, *header_length) {
            return wrong("transport header", *row, *header, *header_length);
        }
        if !is_right(*row, *payload, *captured) {
            return wrong("payload", *row, *payload, *captured);
        }
    }
    let of_headers = packets.header_packet.iter().zip(&packets.header_offset).zip(&packets.header_octets);
    for ((packet, offset), length) in of_headers {
        let row = packets.row.get(*packet as usize).copied().unwrap_or(u32::MAX);
        if !is_right(row, *offset, *length) {
            return wrong("header", row, *offset, *length);
        }
    }
    Ok(())
}
