//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod answers;
mod attempts;
mod parties;
mod quality;
mod segments;
mod tampering;
pub mod thresholds;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::Lists;

use crate::core::Segment;
use crate::limits;
use crate::listing::Best;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;

/// What the rules keep.
pub struct Watch {
    attempts: attempts::Watch,
    segments: segments::Watch,
    /// Findings about single connections, by rule, those with most frames.
    single: [Best<Finding>; 5],
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            attempts: attempts::Watch::new(),
            segments: segments::Watch::new(),
            single: std::array::from_fn(|_| Best::new(limits::FINDINGS_KEPT)),
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
                // No other connection has one of its frames.
                let id = found.frames.first().copied().unwrap_or(connection.frames.0);
                list.add(found.frames_total, id, || found);
            }
        }
    }

    /// The findings that are to be listed, the gravest first, and how many were not kept.
    pub fn finish(self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let left_out = self.single.iter().map(Best::left_out).fold(0, u64::saturating_add);
        let single = self.single.into_iter().map(|list| list.into_entries().collect());
        let of_many = self.attempts.findings().into_iter().chain([self.segments.findings()]);
        (lists.findings(single.chain(of_many), limits::FINDINGS_OF_ONE_RULE), left_out)
    }
}
