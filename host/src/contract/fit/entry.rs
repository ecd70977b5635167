//! A page of a list within an entry.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Fitted, List, Part, Report, assembled};
use crate::answer::{AnswerError, Code};
use crate::contract::path::{self, put, schema_at};
use crate::contract::schema::items;
use crate::contract::shrink::{LEVELS, Level, shrunk};
use crate::contract::size::size;
use crate::contract::within::{self, Within};
use crate::effort::Effort;

/// The part of the room that the rest of the entry takes at most, as a divisor.
const REST: usize = 3;
/// Lists within entries that are looked for in an answer.
const TOLD: usize = 1000;

/// The answer with a page of a list within an entry of the report's list, `limit` values at most, and `most` characters.
///
/// # Errors
/// [`Code::BadArgument`] when there is no such entry, or not even one value fits; as [`Effort::check`].
pub fn fit(
    report: &Report<'_>,
    within: &Within,
    limit: usize,
    most: usize,
    effort: &Effort<'_>,
) -> Result<Fitted, AnswerError> {
    let bad = |message: String| AnswerError::new(Code::BadArgument, message);
    let (name, schema) = (within.name(), items(schema_at(report.schema, &within.list)));
    let list = report.parts.iter().find_map(|part| match part {
        Part::List(list) | Part::Findings(list) if list.name == within.list => Some(list),
        _ => None,
    });
    let Some(mut entry) = list.and_then(|list| list.entries.first()).cloned() else {
        return Err(bad(format!("{} has no entry {}", within.list, within.place)));
    };
    let all = within.values(&mut entry).map(std::mem::take).unwrap_or_default();
    let mut cut = BTreeSet::new();
    let of_entry = format!("{}[]", within.list);
    for level in LEVELS {
        cut.clear();
        let smaller = shrunk(&entry, schema, level, &of_entry, &mut cut);
        let is_last = LEVELS.last() == Some(&level);
        if size(&smaller) <= most / REST || is_last {
            entry = smaller;
            break;
        }
    }
    let part = Values { report, within, entry, all, schema: items(within.schema(report.schema)), cut, most };
    let mut needed = most;
    for level in LEVELS {
        effort.check()?;
        let mut fitted = None;
        let wanted = part.behind().len().min(limit);
        let (mut low, mut high) = (0_usize, wanted);
        while low <= high {
            effort.check()?;
            let count = low.midpoint(high);
            let tried = part.answer(count, level);
            let size = size(&tried.answer);
            if size <= most {
                fitted = Some((count, tried));
                low = count.saturating_add(1);
            } else {
                needed = size;
                let Some(fewer) = count.checked_sub(1) else { break };
                high = fewer;
            }
        }
        if let Some((_, fitted)) = fitted.filter(|(count, _)| *count > 0 || wanted == 0) {
            return Ok(fitted);
        }
    }
    Err(bad(format!(
        "argument max_chars: the next value of {name} does not fit into max_chars; ask again with {needed} or more"
    )))
}

struct Values<'a> {
    report: &'a Report<'a>,
    within: &'a Within,
    /// The entry without the list.
    entry: Value,
    /// The part of the list that the component gave.
    all: Vec<Value>,
    /// That of a value.
    schema: &'a Value,
    /// What the entry has lost.
    cut: BTreeSet<String>,
    most: usize,
}

impl Values<'_> {
    /// Values of the component's part before the page.
    fn skipped(&self) -> usize {
        usize::try_from(self.within.offset.saturating_sub(self.within.part.before)).unwrap_or(usize::MAX)
    }

    /// Those from the page on.
    fn behind(&self) -> &[Value] {
        self.all.get(self.skipped()..).unwrap_or_default()
    }

    /// The answer with so many of them.
    fn answer(&self, count: usize, level: Level) -> Fitted {
        let Self { report, within, .. } = self;
        let (general, mut cut) = (within.general(), self.cut.clone());
        let shown: Vec<Value> = self
            .behind()
            .iter()
            .take(count)
            .map(|value| shrunk(value, self.schema, level, &format!("{general}[]"), &mut cut))
            .collect();
        let told = report.pages.iter().find(|page| page.list == within.name());
        let end = within.part.before.saturating_add(self.all.len() as u64);
        let offset = within.offset.min(end);
        let behind = offset.saturating_add(shown.len() as u64);
        let next = match told.and_then(|page| page.next) {
            _ if behind < end => Some(within.named(within.part)),
            // A component could lead back, or on for ever.
            Some(after) if after > within.part.after && !self.all.is_empty() => {
                Some(within.named(within::Part { after, before: end }))
            }
            _ => None,
        };
        // What is only estimated, or counted twice, is known at the end.
        let total = told.filter(|_| next.is_some()).map_or(0, |page| page.total).max(end);
        let mut info = Map::new();
        info.insert("list".into(), within.name().into());
        info.insert("total".into(), total.into());
        if offset > 0 {
            info.insert("offset".into(), offset.into());
        }
        info.insert("returned".into(), shown.len().into());
        if let Some(next) = next {
            info.insert("next".into(), (report.cursor)(&next, behind).into());
        }
        let mut entry = self.entry.clone();
        if let Some(values) = within.values(&mut entry) {
            *values = shown;
        }
        let mut fields = Map::new();
        put(&mut fields, &within.list, json!([entry]));
        assembled(report, fields, vec![info.into()], &cut, Vec::new(), self.most)
    }
}

/// Tells of lists within the entries here of which the component gave a part, as far as there is room for it; of the others it stays in `cut` that
/// there is more.
pub fn tell(
    report: &Report<'_>,
    fields: &Map<String, Value>,
    cut: &mut BTreeSet<String>,
    room: usize,
    lists: &mut Vec<Value>,
) {
    let mut used = 0_usize;
    let pages = report.pages.iter().filter_map(|page| Some((page, page.next?, Within::parse(&page.list, 0)?)));
    for (nth, (page, next, within)) in pages.enumerate() {
        if used > room || nth >= TOLD {
            cut.insert(within.general());
            continue;
        }
        let Some(returned) = here(report, fields, &within).and_then(|entry| within.count(entry)) else { continue };
        let returned = returned as u64;
        // Values that do not stand in the order of pages are on these once more.
        let (part, from) = match next {
            0 => (within::Part::default(), 0),
            after if returned == page.returned => (within::Part { after, before: returned }, returned),
            _ => (within::Part::default(), returned),
        };
        let next = (report.cursor)(&within.named(part), from);
        let info =
            json!({ "list": within.name(), "total": page.total.max(returned), "returned": returned, "next": next });
        used = used.saturating_add(size(&info)).saturating_add(1);
        if used <= room {
            lists.push(info);
        } else {
            cut.insert(within.general());
        }
    }
}

/// The entry in which a list is, as far as it is shown.
fn here<'a>(report: &Report<'_>, fields: &'a Map<String, Value>, within: &Within) -> Option<&'a Value> {
    let shown = path::at(fields, &within.list)?.as_array()?;
    let list = report.parts.iter().find_map(|part| match part {
        Part::List(list) | Part::Findings(list) if list.name == within.list => Some(list),
        _ => None,
    });
    let nth = list.map_or(usize::try_from(within.place).ok(), |list| list.nth(within.place))?;
    shown.get(nth).filter(|entry| entry.is_object())
}

impl List {
    /// Where the entry with a place in the component's list is here.
    fn nth(&self, place: u64) -> Option<usize> {
        match &self.places {
            Some(places) => places.iter().position(|known| *known == place),
            None => usize::try_from(place.checked_sub(self.offset)?).ok(),
        }
    }
}
