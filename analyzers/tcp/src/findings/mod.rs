//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod attempts;
mod quality;
mod segments;
mod tampering;
pub mod thresholds;

use mcpcap_analyzer::finding::{self, Finding};

use crate::core::Segment;
use crate::limits;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;

/// What the rules keep.
pub struct Watch {
    attempts: attempts::Watch,
    segments: segments::Watch,
    /// Findings about single connections, by rule, the first ones.
    single: [Vec<Finding>; 4],
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { attempts: attempts::Watch::new(), segments: segments::Watch::new(), single: Default::default() }
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
                list.truncate(limits::FINDINGS_OF_ONE_RULE);
            }
        }
    }

    /// All findings, the gravest first.
    pub fn finish(self) -> Vec<Finding> {
        let rules = self.single.into_iter().chain(self.attempts.findings()).chain([self.segments.findings()]);
        finding::ranked(rules, limits::FINDINGS_OF_ONE_RULE)
    }
}
