//! What the decoder says of a capture at the end.

use serde::{Deserialize, Serialize};

use super::copies;
use super::{CopyReport, Order, Statistics};
use crate::finding::{Frames, Kept};
use crate::stats::{Lists, PageInfo};

/// How decoding went, for the reports of all analyzers; `wit/README.md` has its form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Frames by how far they could be taken apart, of those that were chosen.
    #[serde(default)]
    pub decoding: Statistics,
    /// Whether the frames stand in the order of time.
    #[serde(default)]
    pub order: Order,
    /// Packets that were captured more than once; absent when there are none, or they are counted like other packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copies: Option<CopyReport>,
    /// Numbers of the copies and of what they are copies of, for a finding.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(super) cited: Kept,
    /// Lists of `copies` that hold less than all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pages: Vec<PageInfo>,
}

impl Summary {
    /// The copies, for a report that has them as `copies`; what of their lists is elsewhere is told by `lists`.
    pub fn copies(&self, lists: &mut Lists) -> Option<CopyReport> {
        self.pages.iter().filter(|page| copies::CUT.contains(&&*page.list)).for_each(|page| lists.add(page.clone()));
        self.copies.clone().map(|copies| CopyReport { cited: Frames::of_kept(&self.cited), ..copies })
    }
}
