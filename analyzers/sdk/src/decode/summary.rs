//! What the decoder says of a capture at the end.

use serde::{Deserialize, Serialize};

use super::{CopyReport, Order, Statistics};
use super::{copies, statistics};
use crate::finding::{Frames, Kept};
use crate::stats::{Lists, PageInfo, within};

/// How decoding went, for the reports of all analyzers; `wit/README.md` has its form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Frames by how far they could be taken apart, of those that were chosen.
    #[serde(default)]
    pub decoding: Statistics,
    /// Numbers of the frames in which something could not be read, for a finding.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(super) failed: Kept,
    /// Whether the frames stand in the order of time.
    #[serde(default)]
    pub order: Order,
    /// Packets that were captured more than once; absent when there are none, or they are counted like other packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copies: Option<CopyReport>,
    /// Numbers of the copies and of what they are copies of, for a finding.
    #[serde(default, skip_serializing_if = "crate::is_default")]
    pub(super) cited: Kept,
    /// Lists of `copies` and `decoding` that hold less than all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) pages: Vec<PageInfo>,
}

impl Summary {
    /// How decoding went, for a report that has it as `decoding`; what of its lists is elsewhere is told by `lists`.
    pub fn decoding(&self, lists: &mut Lists) -> Statistics {
        self.tell("", lists);
        self.decoding.clone()
    }

    /// The same for a report that has it as `limits.decoding`: nothing when every frame could be looked into, and no fragment is missing.
    pub fn limits(&self, lists: &mut Lists) -> Option<Statistics> {
        let told = self.decoding.clone().told()?;
        self.tell("limits.", lists);
        Some(told)
    }

    fn tell(&self, within: &str, lists: &mut Lists) {
        let is_of_decoding = |page: &&PageInfo| statistics::FRAMES.contains(&&*within::general(&page.list));
        for page in self.pages.iter().filter(is_of_decoding) {
            lists.add(PageInfo { list: format!("{within}{}", page.list).into(), ..page.clone() });
        }
    }

    /// Numbers of the frames in which something could not be read, rising: as many as a finding cites.
    pub fn failed(&self) -> Frames {
        Frames::of_kept(&self.failed)
    }

    /// The copies, for a report that has them as `copies`; what of their lists is elsewhere is told by `lists`.
    pub fn copies(&self, lists: &mut Lists) -> Option<CopyReport> {
        self.pages.iter().filter(|page| copies::CUT.contains(&&*page.list)).for_each(|page| lists.add(page.clone()));
        self.copies.clone().map(|copies| CopyReport { cited: Frames::of_kept(&self.cited), ..copies })
    }
}
