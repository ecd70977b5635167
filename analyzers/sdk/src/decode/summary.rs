//! What the decoder says of a capture at the end.

use serde::{Deserialize, Serialize};

use super::copies;
use super::{CopyReport, Order, Statistics};
use crate::finding::Frames;
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
    pub(crate) copies: Option<CopyReport>,
    /// Numbers of the copies and of what they are copies of, rising: as many as a finding cites.
    #[serde(default, skip_serializing_if = "<[u64]>::is_empty")]
    pub(crate) cited: Frames,
    /// Lists of `copies` that hold less than all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pages: Vec<Cut>,
}

/// A list that holds less than all; see [`PageInfo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    list: String,
    total: u64,
    offset: u64,
    returned: u64,
}

impl From<&PageInfo> for Cut {
    fn from(page: &PageInfo) -> Self {
        Self { list: page.list.into(), total: page.total, offset: page.offset, returned: page.returned }
    }
}

impl Summary {
    /// The copies, for a report that has them as `copies`; what of their lists is elsewhere is told by `lists`.
    pub fn copies(&self, lists: &mut Lists) -> Option<CopyReport> {
        let known = |cut: &Cut| copies::CUT.into_iter().find(|list| *list == cut.list);
        for cut in &self.pages {
            if let Some(list) = known(cut) {
                lists.add(PageInfo { list, total: cut.total, offset: cut.offset, returned: cut.returned });
            }
        }
        self.copies.clone().map(|copies| CopyReport { cited: self.cited.clone(), ..copies })
    }
}
