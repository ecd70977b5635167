//! Which frames of a capture an analyzer is given. The host decides by number and time; addresses and ports are in the bytes of a
//! frame, so the sandboxed decoder looks for them.

use roaring::RoaringTreemap;
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::bindings::types;

/// Frames by number, time, address and port; all of them unless something is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Address or network. The sandboxed decoder looks for it.
    pub host: Option<String>,
    /// Port of TCP or UDP, likewise.
    pub port: Option<u16>,
    /// The first frame, from 1.
    pub first_frame: Option<u64>,
    /// The last frame.
    pub last_frame: Option<u64>,
    /// The earliest time, in nanoseconds since 1970.
    pub start_time: Option<u64>,
    /// The latest time.
    pub end_time: Option<u64>,
}

impl Selection {
    /// Whether it leaves nothing out.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the decoder has to look into frames.
    pub fn looks_inside(&self) -> bool {
        self.host.is_some() || self.port.is_some()
    }

    /// The arguments that it was made of, as an analyzer may repeat them when nothing is left.
    pub(crate) fn asked(&self) -> Map<String, Value> {
        let time = |time: Option<u64>| {
            let time = OffsetDateTime::from_unix_timestamp_nanos(time?.into()).ok()?;
            time.format(&Rfc3339).ok().map(Value::from)
        };
        let asked = [
            ("host", self.host.as_deref().map(Value::from)),
            ("port", self.port.map(Value::from)),
            ("first_frame", self.first_frame.map(Value::from)),
            ("last_frame", self.last_frame.map(Value::from)),
            ("start_time", time(self.start_time)),
            ("end_time", time(self.end_time)),
        ];
        asked.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    fn has(&self, number: u64, timestamp: u64) -> bool {
        // u64::MAX stands for no time: such a frame is in no span of time.
        let timed = timestamp != u64::MAX || (self.start_time.is_none() && self.end_time.is_none());
        timed
            && self.first_frame.is_none_or(|first| number >= first)
            && self.last_frame.is_none_or(|last| number <= last)
            && self.start_time.is_none_or(|start| timestamp >= start)
            && self.end_time.is_none_or(|end| timestamp <= end)
    }

    /// Whether no frame from this number on can be in it.
    pub fn is_over(&self, next: u64) -> bool {
        self.last_frame.is_some_and(|last| next > last)
    }

    /// Leaves only its frames in a batch, as far as number and time decide.
    pub(crate) fn apply(&self, frames: &mut types::Frames) {
        if self.is_all() {
            return;
        }
        let keep: Vec<bool> = frames
            .number
            .iter()
            .zip(&frames.timestamp)
            .map(|(number, timestamp)| self.has(*number, *timestamp))
            .collect();
        retain_all(frames, &keep);
    }
}

fn retain_all(frames: &mut types::Frames, keep: &[bool]) {
    if keep.iter().all(|keep| *keep) {
        return;
    }
    retain(&mut frames.number, keep);
    retain(&mut frames.timestamp, keep);
    retain(&mut frames.offset, keep);
    retain(&mut frames.captured, keep);
    retain(&mut frames.original, keep);
    retain(&mut frames.link, keep);
    retain(&mut frames.flags, keep);
}

fn retain<T>(column: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    column.retain(|_| keep.next().copied().unwrap_or(false));
}

/// The frames that an analyzer was given: what it may cite.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivered {
    /// All from 1 to this number.
    UpTo(u64),
    /// Chosen ones. A compressed bitmap: at most about a bit for each frame of the capture.
    Chosen(RoaringTreemap),
}

impl Delivered {
    /// Nothing yet.
    pub fn new(selection: &Selection) -> Self {
        if selection.is_all() { Self::UpTo(0) } else { Self::Chosen(RoaringTreemap::new()) }
    }

    /// Takes the frames of a batch.
    pub(crate) fn add(&mut self, numbers: &[u64]) {
        match self {
            Self::UpTo(last) => *last = numbers.last().copied().unwrap_or(*last),
            Self::Chosen(chosen) => chosen.extend(numbers),
        }
    }

    /// Whether the analyzer was given this frame.
    pub fn contains(&self, number: u64) -> bool {
        match self {
            Self::UpTo(last) => (1..=*last).contains(&number),
            Self::Chosen(chosen) => chosen.contains(number),
        }
    }

    /// How many frames.
    pub fn count(&self) -> u64 {
        match self {
            Self::UpTo(last) => *last,
            Self::Chosen(chosen) => chosen.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(selection: &Selection, timestamps: &[u64]) -> Vec<u64> {
        let count = timestamps.len();
        let mut frames = types::Frames {
            number: (1..).take(count).collect(),
            timestamp: timestamps.to_vec(),
            offset: vec![0; count],
            captured: vec![0; count],
            original: vec![0; count],
            link: vec![0; count],
            flags: vec![0; count],
        };
        selection.apply(&mut frames);
        assert_eq!((frames.number.len(), frames.flags.len()), (frames.timestamp.len(), frames.offset.len()));
        let mut delivered = Delivered::new(selection);
        delivered.add(&frames.number);
        assert_eq!(delivered.count(), frames.number.len() as u64);
        assert!((0..10).all(|number| delivered.contains(number) == frames.number.contains(&number)));
        frames.number
    }

    #[test]
    fn frames_are_chosen_by_number_and_time() {
        let times = [10, 30, 20, u64::MAX];
        let all = Selection::default;
        assert_eq!(numbers(&all(), &times), [1, 2, 3, 4]);
        assert_eq!(numbers(&Selection { first_frame: Some(2), last_frame: Some(3), ..all() }, &times), [2, 3]);
        assert_eq!(numbers(&Selection { start_time: Some(20), ..all() }, &times), [2, 3]);
        assert_eq!(numbers(&Selection { start_time: Some(10), end_time: Some(20), ..all() }, &times), [1, 3]);
        assert_eq!(numbers(&Selection { end_time: Some(9), ..all() }, &times), [] as [u64; 0]);
        assert!(Selection { last_frame: Some(3), ..all() }.is_over(4) && !all().is_over(u64::MAX));
    }

    #[test]
    fn what_was_asked_for_can_be_repeated() {
        assert!(Selection::default().asked().is_empty());
        let selection =
            Selection { port: Some(53), start_time: Some(1_700_000_000_000_000_000), ..Selection::default() };
        let expected = serde_json::json!({ "port": 53, "start_time": "2023-11-14T22:13:20Z" });
        assert_eq!(Value::Object(selection.asked()), expected);
    }
}
