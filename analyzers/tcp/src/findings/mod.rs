//! What an analyst would want to be told. Each group of rules has a file; their numbers are in [`thresholds`].

mod answers;
mod attempts;
mod parties;
mod quality;
mod segments;
mod tampering;
pub mod thresholds;

use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{Best, Beyond, Lists};

use crate::limits;
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::Connection;

/// What the rules keep.
pub struct Watch {
    attempts: attempts::Watch,
    segments: segments::Watch,
    /// Findings about single connections, by rule, those with most frames.
    single: [Best<(u64, Finding)>; 5],
    /// The others.
    beyond: Beyond<Finding>,
}

/// Rules: those about single connections, and the others.
const RULES: usize = 5 + 6;

impl Watch {
    /// Nothing seen yet. `lists`: which findings are asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            attempts: attempts::Watch::new(),
            segments: segments::Watch::new(),
            single: std::array::from_fn(|_| Best::new(limits::FINDINGS_OF_ONE_RULE)),
            beyond: lists.findings_beyond(RULES.saturating_mul(limits::FINDINGS_OF_ONE_RULE)),
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
                let beyond = &mut self.beyond;
                list.add(
                    found.frames_total,
                    id,
                    || (id, found),
                    |away| {
                        beyond.push(|| {
                            let (id, found) = away.entry();
                            found.beyond(id)
                        });
                    },
                );
            }
        }
    }

    /// The findings that are to be listed, the gravest first; of single connections behind those that are usual of a rule, as they came.
    pub fn finish(self, lists: &mut Lists) -> Vec<Finding> {
        let single = self.single.into_iter().map(|list| list.into_entries().map(|(_, found)| found).collect());
        let of_many = self.attempts.findings().into_iter().chain([self.segments.findings()]);
        lists.findings_and(single.chain(of_many), limits::FINDINGS_OF_ONE_RULE, self.beyond)
    }
}
