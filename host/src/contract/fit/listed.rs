//! What is said of a list, and where it goes on.

use serde_json::{Map, Value};

use super::{List, Report};
use crate::contract::within;

/// The parts of a list behind its entries that have an order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Further {
    /// The part in which the entries are that are here; `None` when they have an order.
    pub here: Option<within::Part>,
    /// Behind which place the part begins that follows them.
    pub next: Option<u64>,
}

impl Further {
    /// The name of a list in the cursor of a page that begins behind so many of all entries, where those that are here end at `end`.
    pub(super) fn name(self, list: &str, behind: u64, end: u64) -> String {
        match (self.here, self.next) {
            (_, Some(after)) if behind >= end => within::named(list, within::Part { after, before: end }),
            (Some(part), _) => within::named(list, part),
            (None, _) => list.to_owned(),
        }
    }
}

/// What is said of a list: nothing when all of it is here.
pub(super) fn listed(report: &Report<'_>, list: &List, returned: usize) -> Option<Value> {
    let (total, offset) = (list.total, list.offset);
    let here = offset.saturating_add(returned as u64);
    let mut info = Map::new();
    info.insert("list".into(), list.name.as_str().into());
    info.insert("total".into(), total.into());
    if offset > 0 {
        info.insert("offset".into(), offset.into());
    }
    let (mut behind, mut end) = (here, offset.saturating_add(list.entries.len() as u64));
    let mut goes_on = here < total && (returned < list.entries.len() || list.goes_on);
    if let Some(matched) = &list.matched {
        info.insert("looked_at".into(), matched.looked_at.into());
        info.insert("matched".into(), matched.count.into());
        end = offset.saturating_add(matched.looked_at);
        if let Some(places) = &matched.places {
            // Behind the last entry here, or behind all that were compared.
            behind = match returned.checked_sub(1).and_then(|last| places.get(last)) {
                Some(last) if returned < places.len() => last.saturating_add(1),
                None if !places.is_empty() => offset,
                _ => offset.saturating_add(matched.looked_at),
            };
            goes_on = behind < total;
        }
    }
    info.insert("returned".into(), returned.into());
    if goes_on {
        info.insert("next".into(), (report.cursor)(&list.further.name(&list.name, behind, end), behind).into());
    } else if list.matched.is_none() && offset == 0 && returned as u64 >= total {
        return None;
    }
    Some(info.into())
}
