//! The lists of the report that hold their first entries, by the names under which the rest can be asked for; and frames, of which a list is
//! kept while the file is read.

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::hierarchy::{PORT_LIST, ROWS};
use mcpcap_analyzer::stats::{Lists, Part};

use crate::interfaces::STATISTICS;

/// Link layers.
pub const ENCAPSULATIONS: &str = "encapsulations";
/// Protocols.
pub const PROTOCOLS: &str = "protocols";
/// Texts of comments.
pub const COMMENTS: &str = "comments.texts";
/// Gaps in time.
pub const GAPS: &str = "time_gaps.largest";
/// Frames that were cut.
pub const CUT: &str = "snap_length.first_frames_cut";
/// Frames that are earlier than the one before them.
pub const BACK: &str = "out_of_order.first_frames";

/// All of them.
pub const ALL: &[&str] = &[ENCAPSULATIONS, PROTOCOLS, PORT_LIST, ROWS, COMMENTS, GAPS, CUT, BACK, STATISTICS];

/// Frames of a kind: those that a finding cites, and those that the report lists.
#[derive(Debug)]
pub struct Frames {
    /// The first ones, and how many there are.
    pub evidence: Evidence,
    part: Part,
    listed: Vec<u64>,
}

impl Default for Frames {
    fn default() -> Self {
        let part = Part { offset: 0, limit: Evidence::KEPT };
        Self { evidence: Evidence::default(), part, listed: Vec::new() }
    }
}

impl Frames {
    /// None yet. Of the list with that name a part is asked for.
    pub fn new(list: &str, lists: &Lists) -> Self {
        Self { part: lists.part(list, Evidence::KEPT), ..Self::default() }
    }

    /// Adds a frame, each only once.
    pub fn add(&mut self, frame: u64) {
        let before = self.evidence.total();
        self.evidence.add(frame);
        if before >= self.part.offset as u64 && self.listed.len() < self.part.limit {
            self.listed.push(frame);
        }
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.evidence.total()
    }

    /// The frames of the list with that name.
    pub fn list(&self, list: &'static str, lists: &mut Lists) -> Vec<u64> {
        lists.told(list, usize::try_from(self.total()).unwrap_or(usize::MAX), self.part);
        self.listed.clone()
    }
}
