//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod answers;
mod attempts;
mod parties;
mod quality;
mod segments;
mod tampering;
pub mod thresholds;

use mcpcap_analyzer::finding::{self, Finding};

use crate::core::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;

/// What the rules keep.
pub struct Watch {
    attempts: attempts::Watch,
    segments: segments::Watch,
    /// Findings about single connections, by rule, the first ones.
    single: [Vec<Finding>; 5],
    /// Those of them that found no place.
    left_out: u64,
    /// Findings of one rule that are kept.
    most: usize,
}

impl Watch {
    /// Nothing seen yet; so many findings of one rule are kept at the `most`.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            attempts: attempts::Watch::new(),
            segments: segments::Watch::new(),
            single: Default::default(),
            left_out: 0,
        }
    }

    /// Entries of tables that made room.
    pub fn evicted(&self) -> u64 {
        self.attempts.evicted().saturating_add(self.segments.evicted())
    }

    /// Takes a segment.
    pub fn segment(&mut self, segment: &Segment<'_>, _: &Seen<'_>) {
        self.segments.segment(segment);
    }

    /// Takes a connection that ended.
    pub fn ended(&mut self, connection: &Connection) {
        self.attempts.ended(connection);
        let found = quality::findings(connection).into_iter().chain(tampering::findings(connection));
        for (list, found) in self.single.iter_mut().zip(found) {
            if let Some(found) = found {
                list.push(found);
                // The order is that of the report, so that those with most frames stay.
                list.sort_by(|a, b| (b.frames_total, &a.frames).cmp(&(a.frames_total, &b.frames)));
                self.left_out = self.left_out.saturating_add((list.len() > self.most).into());
                list.truncate(self.most);
            }
        }
    }

    /// All findings, the gravest first, and how many more there were: of each rule those with most frames are kept.
    pub fn finish(self) -> (Vec<Finding>, u64) {
        let of_many = self.attempts.findings().into_iter().chain([self.segments.findings()]);
        let rules: Vec<_> = self.single.into_iter().chain(of_many).collect();
        let more = rules.iter().map(|list| list.len().saturating_sub(self.most) as u64);
        let left_out = more.fold(self.left_out, u64::saturating_add);
        (finding::ranked(rules, self.most).0, left_out)
    }
}
