//! The bytes of some frames of a batch, one behind another: an analyzer that wants few packets is not handed the bytes of all.

use crate::bindings::types;
use crate::streams::DATA;

/// A frame that was taken over.
struct Taken {
    number: u64,
    /// Where it stood, and where it stands now.
    before: u32,
    now: u32,
    captured: u32,
}

/// Where things stand now.
pub(super) struct Gathered {
    frames: Vec<Taken>,
    /// Bytes of the data before and now; what was joined is counted from there.
    sizes: (u32, u32),
}

impl Gathered {
    /// Takes the frames in some rows of a batch, whose numbers have been checked.
    pub(super) fn of(batch: &types::Batch, rows: &[u32]) -> (Self, Vec<u8>) {
        let columns = &batch.frames;
        let mut frames = Vec::with_capacity(rows.len());
        let mut now = 0_u32;
        for row in rows {
            let row = *row as usize;
            if let (Some(number), Some(before), Some(captured)) =
                (columns.number.get(row), columns.offset.get(row), columns.captured.get(row))
            {
                frames.push(Taken { number: *number, before: *before, now, captured: *captured });
                now = now.saturating_add(*captured);
            }
        }
        let mut data = Vec::with_capacity(now as usize);
        for frame in &frames {
            data.extend_from_slice(slice(&batch.data, frame.before, frame.captured));
        }
        (Self { frames, sizes: (size(&batch.data), size(&data)) }, data)
    }

    /// Where the first one stood.
    pub(super) fn first(&self) -> u64 {
        self.frames.first().map_or(0, |frame| frame.before.into())
    }

    /// Where each stands.
    pub(super) fn starts(&self) -> Vec<u32> {
        self.frames.iter().map(|frame| frame.now).collect()
    }

    /// Positions in a column about packets: for each, which of the frames it is in, and where in the column it stands.
    pub(super) fn positions<'a>(&self, places: impl Iterator<Item = (usize, &'a u32)>, column: &[u32]) -> Vec<u32> {
        let position = |(frame, place): (usize, &u32)| {
            let position = column.get(*place as usize).copied().unwrap_or_default();
            self.frames.get(frame).map_or(0, |frame| self.within(frame, position))
        };
        places.map(position).collect()
    }

    fn within(&self, frame: &Taken, position: u32) -> u32 {
        match position.checked_sub(frame.before) {
            Some(within) if within <= frame.captured => frame.now.saturating_add(within),
            // Of nothing it does not matter where it stands.
            _ => self.joined(position).unwrap_or(frame.now),
        }
    }

    /// A position in what was joined.
    fn joined(&self, position: u32) -> Option<u32> {
        position.checked_sub(self.sizes.0).map(|behind| self.sizes.1.saturating_add(behind))
    }

    /// Events, whose data stands in the frames that were taken over, or else among what was joined.
    pub(super) fn streams(&self, data: &[u8], mut streams: types::Streams) -> types::Streams {
        let types::Streams { kind, frame, length, offset, joined: waited, .. } = &mut streams;
        let events = kind.iter().zip(&*frame).zip(&*length);
        for (offset, ((kind, number), length)) in offset.iter_mut().zip(events) {
            if !DATA.contains(kind) {
                continue;
            }
            if let Some(joined) = self.joined(*offset) {
                *offset = joined;
            } else if let Ok(place) = self.frames.binary_search_by_key(number, |frame| frame.number) {
                *offset = self.frames.get(place).map_or(0, |frame| self.within(frame, *offset));
            } else {
                let bytes = slice(data, *offset, u32::try_from(*length).unwrap_or(u32::MAX));
                *offset = self.sizes.1.saturating_add(size(waited));
                waited.extend_from_slice(bytes);
            }
        }
        streams
    }
}

/// Of numbers that have been checked.
fn slice(data: &[u8], offset: u32, length: u32) -> &[u8] {
    let offset = offset as usize;
    data.get(offset..offset.saturating_add(length as usize)).unwrap_or_default()
}

/// A batch's bytes, of which the host lets none be as many.
fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::streams;

    /// Frames 3 to 5 of three bytes each, with a byte between them.
    fn batch() -> types::Batch {
        let frames = types::Frames {
            number: vec![3, 4, 5],
            timestamp: vec![0; 3],
            offset: vec![1, 5, 9],
            captured: vec![3; 3],
            original: vec![3; 3],
            link: vec![0; 3],
            flags: vec![0; 3],
        };
        types::Batch { frames, links: Vec::new(), position: 100, data: (0..12).collect() }
    }

    #[test]
    fn frames_stand_one_behind_another_with_what_points_into_them() {
        let (gathered, data) = Gathered::of(&batch(), &[0, 2]);
        assert_eq!((data, gathered.starts(), gathered.first()), (vec![1, 2, 3, 9, 10, 11], vec![0, 3], 1));
        // Within both, at the end of the last, and what was joined behind the data.
        let rows = [0_u32, 1, 2];
        let of = |column: &[u32]| gathered.positions(rows.iter().map(|place| (usize::from(*place > 0), place)), column);
        assert_eq!(of(&[2, 11, 12]), [1, 5, 6]);
        assert_eq!(of(&[13, 14, 4]), [7, 8, 3]);
    }

    #[test]
    fn data_of_streams_is_found_whoever_has_its_frame() {
        let (gathered, data) = Gathered::of(&batch(), &[2]);
        let events = types::Streams {
            arrival: vec![3, 5, 5, 5],
            kind: vec![1, 2, 1, 3],
            frame: vec![4, 5, 2, 5],
            offset: vec![6, 10, 13, 0],
            length: vec![2, 2, 1, 7],
            joined: vec![50, 51],
            ..streams::none()
        };
        let moved = gathered.streams(&batch().data, events);
        let all = [data, moved.joined.clone()].concat();
        let given = |event: usize| slice(&all, moved.offset[event], moved.length[event] as u32).to_vec();
        assert_eq!([given(0), given(1), given(2)], [vec![6, 7], vec![10, 11], vec![51]]);
        assert_eq!((moved.offset[3], moved.length[3]), (0, 7));
    }
}
