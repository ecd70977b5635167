//! The lists of the report that hold their first entries, by the names under which the rest can be asked for; and frames, of which a list is
//! kept while the file is read.

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::hierarchy::{PORT_LIST, ROWS};
use mcpcap_analyzer::stats::{Lists, Part, Window};

/// Entries of the lists that the reader keeps: it gives no more at once.
pub const MOST: usize = Window::MOST;

/// Interfaces.
pub const INTERFACES: &str = "interfaces";
/// Their addresses.
const ADDRESSES: &str = "interfaces[].addresses";
/// Their statistics.
const STATISTICS: &str = "interfaces[].statistics";
/// Sections.
pub const SECTIONS: &str = "sections";
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
pub const ALL: &[&str] = &[
    ENCAPSULATIONS,
    PROTOCOLS,
    PORT_LIST,
    ROWS,
    INTERFACES,
    ADDRESSES,
    STATISTICS,
    SECTIONS,
    COMMENTS,
    GAPS,
    CUT,
    BACK,
];

/// The entries of a list of the reader's that the report holds: `here` are those that the reader gave, with their places among all.
pub fn of_reader<T, I: Iterator<Item = (T, usize)>>(
    list: &'static str,
    usual: usize,
    total: u64,
    here: I,
    lists: &mut Lists,
) -> impl Iterator<Item = (T, usize)> + use<T, I> {
    let part = lists.part(list, usual);
    lists.told(list, usize::try_from(total).unwrap_or(usize::MAX), part);
    here.filter(move |(_, place)| (part.offset..part.end()).contains(place))
}

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
