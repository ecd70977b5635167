//! Fitting a report into a number of characters. Totals and statistics come first and lose entries of long lists; details are pages.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::draft::Page;
use super::path::{self, put, schema_at};
use super::schema::{self, items, property};
use super::shrink::{LEVELS, Level, shrunk};
use super::size::{size, text_size};
use crate::answer::{AnswerError, Code};
use crate::effort::{Effort, Stopped};

/// The part of the room that statistics may take, in tenths, when there are details to show too.
const STATISTICS_TENTHS: usize = 6;
/// The part of the room that totals may take, in tenths, when they cannot be made smaller.
const TOTALS_TENTHS: usize = 9;
/// Attempts to fit before only the head is given. Each takes away what the last one was too long.
const ATTEMPTS: usize = 24;
/// The part of the room that is for telling of lists within statistics, as a divisor.
const WITHIN: usize = 8;
/// Paths in `shortened`, names in `left_out` and `captured_text`.
const NAMES: usize = 60;

/// A report in parts.
pub struct Report<'a> {
    /// The host's fields, which always come first.
    pub head: Map<String, Value>,
    /// Why the report is not to be trusted.
    pub warning: Option<String>,
    /// Frames that the arguments chose, where they chose.
    pub frames: Option<u64>,
    /// The component's fields, in its order.
    pub parts: Vec<Part>,
    /// What the component says of the lists that it gives in parts.
    pub pages: &'a [Page],
    /// The component's schema of the report.
    pub schema: &'a Value,
    /// The cursor that leads to an entry of a list.
    pub cursor: &'a dyn Fn(&str, u64) -> String,
    /// Whether it is the following page of one list.
    pub is_page: bool,
}

/// A field of the report.
pub enum Part {
    /// Statistics and the like, always of the whole capture.
    Whole(String, Value),
    /// Details, of which some pages may be elsewhere.
    List(List),
}

/// A list of details, or the part of it that was asked for.
pub struct List {
    pub name: String,
    /// Entries in all.
    pub total: u64,
    /// Entries before the first one here.
    pub offset: u64,
    /// The entries from there on.
    pub entries: Vec<Value>,
    /// Whether entries behind these can be asked for.
    pub goes_on: bool,
}

/// A list's next entry does not fit.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the next entry of {list} does not fit into max_chars; ask again with the same cursor and max_chars of {needed} or more"
)]
pub struct TooSmall {
    pub list: String,
    pub needed: usize,
}

/// The answer, with at most `most` characters as compact JSON.
///
/// # Errors
/// [`Code::BadArgument`] when not even one entry of the page that was asked for fits; as [`Effort::check`].
pub fn fit(report: &Report<'_>, most: usize, effort: &Effort<'_>) -> Result<Value, AnswerError> {
    let entries = Entries::of(report, effort)?;
    let mut wholes = Wholes { report, levels: Vec::new(), effort };
    let mut spare = 0_usize;
    for _ in 0..ATTEMPTS {
        effort.check()?;
        let answer = attempt(report, &entries, &mut wholes, most.saturating_sub(spare), most)
            .map_err(|small| AnswerError::new(Code::BadArgument, format!("argument max_chars: {small}")))?;
        let over = size(&answer).saturating_sub(most);
        if over == 0 {
            return Ok(answer);
        }
        // At least so much, or it would go on between two ways to cut for ever.
        spare = spare.saturating_add(over.max(most / ATTEMPTS));
    }
    // What remains is the host's own, and short.
    let parts = report.parts.iter().map(|part| part.name().to_owned()).collect();
    Ok(assembled(report, Map::new(), Vec::new(), &BTreeSet::new(), parts))
}

/// The entries of all lists at the first level, with their sizes.
struct Entries(Vec<Vec<(Value, usize)>>);

impl Entries {
    fn of(report: &Report<'_>, effort: &Effort<'_>) -> Result<Self, Stopped> {
        let of_list = |part: &Part| match part {
            Part::Whole(..) => Ok(Vec::new()),
            Part::List(list) => {
                let schema = items(schema_at(report.schema, &list.name));
                let first = LEVELS.first().copied();
                let entry = |entry: &Value| {
                    effort.check()?;
                    let mut cut = BTreeSet::new();
                    let value = first.map_or(Value::Null, |level| shrunk(entry, schema, level, "", &mut cut));
                    let size = size(&value).saturating_add(1);
                    Ok((value, size))
                };
                list.entries.iter().map(entry).collect()
            }
        };
        Ok(Self(report.parts.iter().map(of_list).collect::<Result<_, _>>()?))
    }

    fn size(&self) -> usize {
        self.0.iter().flatten().map(|(_, size)| *size).fold(0, usize::saturating_add)
    }
}

impl Part {
    fn name(&self) -> &str {
        match self {
            Self::Whole(name, _) => name,
            Self::List(list) => &list.name,
        }
    }

    /// Characters of its name, and of what stands around its value.
    fn overhead(&self) -> usize {
        let around = if matches!(self, Self::Whole(..)) { 2 } else { 4 };
        text_size(self.name()).saturating_add(around)
    }
}

fn attempt<'a>(
    report: &'a Report<'a>,
    entries: &Entries,
    wholes: &mut Wholes<'a>,
    room: usize,
    most: usize,
) -> Result<Value, TooSmall> {
    let own = report.head.iter().map(|(name, value)| text_size(name).saturating_add(size(value)).saturating_add(2));
    let names = report.parts.iter().filter(|part| matches!(part, Part::List(_))).map(Part::overhead);
    let room = room.saturating_sub(own.chain(names).fold(2, usize::saturating_add));
    let details = entries.size();
    let Chosen { parts: whole, mut cut, left_out, used } = statistics(wholes, room, details);
    let (taken, mut left) = shares(entries, room.saturating_sub(used));
    let mut fields = Map::new();
    let mut lists = Vec::new();
    for ((part, entries), taken) in report.parts.iter().zip(&entries.0).zip(taken) {
        let Part::List(list) = part else {
            if let Some((_, value, _)) = whole.iter().find(|(name, ..)| *name == part.name()) {
                fields.insert(part.name().to_owned(), (*value).clone());
            }
            continue;
        };
        let mut page: Vec<Value> = entries.iter().take(taken).map(|(value, _)| value.clone()).collect();
        if page.is_empty() && !entries.is_empty() {
            match smallest(report, list, left, &mut cut) {
                Ok((entry, size)) => {
                    left = left.saturating_sub(size);
                    page.push(entry);
                }
                Err(smallest) if report.is_page => {
                    let needed = most.saturating_sub(left).saturating_add(smallest).saturating_add(100);
                    return Err(TooSmall { list: list.name.clone(), needed });
                }
                Err(_) => {}
            }
        }
        if list.total > 0 {
            lists.push(listed(report, list, page.len()));
        }
        put(&mut fields, &list.name, page.into());
    }
    within(report, &fields, &mut cut, most / WITHIN, &mut lists);
    Ok(assembled(report, fields, lists, &cut, left_out))
}

/// The statistics at each level, each made once.
struct Wholes<'a> {
    report: &'a Report<'a>,
    levels: Vec<Leveled<'a>>,
    effort: &'a Effort<'a>,
}

/// The statistics at one level.
struct Leveled<'a> {
    /// Name, value and size.
    parts: Vec<(&'a str, Value, usize)>,
    /// Paths of the lists that were cut.
    cut: BTreeSet<String>,
    used: usize,
}

/// The statistics that are shown.
struct Chosen<'w> {
    parts: Vec<(&'w str, &'w Value, usize)>,
    cut: BTreeSet<String>,
    left_out: Vec<String>,
    used: usize,
}

impl<'a> Wholes<'a> {
    /// Makes the next level.
    fn add(&mut self, level: Level) {
        let mut made = Leveled { parts: Vec::new(), cut: BTreeSet::new(), used: 0 };
        for part in &self.report.parts {
            // Who asks for the answer is told; here nothing more is made.
            if let Part::Whole(name, value) = part
                && self.effort.check().is_ok()
            {
                let value = shrunk(value, property(self.report.schema, name), level, name, &mut made.cut);
                let size = part.overhead().saturating_add(size(&value));
                made.used = made.used.saturating_add(size);
                made.parts.push((name.as_str(), value, size));
            }
        }
        self.levels.push(made);
    }

    /// The number of the first level that fits; of the last one, if none does.
    fn fitting(&mut self, fits: impl Fn(usize, usize) -> bool) -> usize {
        for (nth, level) in LEVELS.into_iter().enumerate() {
            if self.levels.len() <= nth {
                self.add(level);
            }
            if self.levels.get(nth).is_some_and(|made| fits(nth, made.used)) {
                return nth;
            }
        }
        LEVELS.len().saturating_sub(1)
    }
}

/// The statistics at the first level at which they leave enough room for details, which of them are left out, and their size.
fn statistics<'w>(wholes: &'w mut Wholes<'_>, room: usize, details: usize) -> Chosen<'w> {
    let share = if details == 0 { room } else { room.saturating_mul(STATISTICS_TENTHS) / 10 };
    // What fits with all details needs no share.
    let nth = wholes.fitting(|nth, used| used <= share || (nth == 0 && used.saturating_add(details) <= room));
    let Some(level) = wholes.levels.get(nth) else {
        return Chosen { parts: Vec::new(), cut: BTreeSet::new(), left_out: Vec::new(), used: 0 };
    };
    let mut parts: Vec<_> = level.parts.iter().map(|(name, value, size)| (*name, value, *size)).collect();
    let (mut cut, mut used) = (level.cut.clone(), level.used);
    let mut left_out = Vec::new();
    // The last goes first: what matters most stands in front. Totals may take nearly all the room before they go, since details can be had
    // by their cursors.
    let share = share.max(room.saturating_mul(TOTALS_TENTHS) / 10);
    while used > share
        && used.saturating_add(details) > room
        && let Some(nth) = parts.iter().rposition(|(_, value, _)| value.is_object())
    {
        let (name, _, size) = parts.remove(nth);
        used = used.saturating_sub(size);
        let prefix = format!("{name}.");
        cut.retain(|path| path != name && !path.starts_with(&prefix));
        left_out.insert(0, name.to_owned());
    }
    Chosen { parts, cut, left_out, used }
}

/// How many entries of each list fit, and the room that is left: short lists leave theirs to long ones, and those in front come first.
fn shares(entries: &Entries, room: usize) -> (Vec<usize>, usize) {
    let mut order: Vec<(usize, usize)> = entries
        .0
        .iter()
        .enumerate()
        .filter(|(_, list)| !list.is_empty())
        .map(|(nth, list)| (list.iter().map(|(_, size)| *size).fold(0, usize::saturating_add), nth))
        .collect();
    order.sort_unstable();
    let mut taken = vec![0; entries.0.len()];
    let (mut room, mut left) = (room, order.len());
    let mut take = |nth: usize, share: usize, most: usize| {
        let (Some(list), Some(taken)) = (entries.0.get(nth), taken.get_mut(nth)) else { return 0 };
        let mut used = 0_usize;
        for (_, size) in list.iter().skip(*taken).take(most) {
            let next = used.saturating_add(*size);
            if next > share {
                break;
            }
            *taken = usize::saturating_add(*taken, 1);
            used = next;
        }
        used
    };
    // One of each, as far as there is room; then the shares.
    for nth in 0..entries.0.len() {
        room = room.saturating_sub(take(nth, room, 1));
    }
    for (_, nth) in order {
        room = room.saturating_sub(take(nth, room.checked_div(left).unwrap_or(0), usize::MAX));
        left = left.saturating_sub(1);
    }
    // Entries are of different sizes: what the shares left may hold one more.
    for nth in 0..entries.0.len() {
        room = room.saturating_sub(take(nth, room, usize::MAX));
    }
    (taken, room)
}

/// The first entry of a list at the first level at which it fits, and its size; its smallest size when it does at none.
fn smallest(
    report: &Report<'_>,
    list: &List,
    room: usize,
    cut: &mut BTreeSet<String>,
) -> Result<(Value, usize), usize> {
    let schema = items(schema_at(report.schema, &list.name));
    let mut needed = usize::MAX;
    for level in LEVELS {
        let mut paths = BTreeSet::new();
        let entry =
            list.entries.first().map(|entry| shrunk(entry, schema, level, &format!("{}[]", list.name), &mut paths));
        let Some(entry) = entry else { break };
        needed = size(&entry).saturating_add(1);
        if needed <= room {
            cut.extend(paths);
            // At the first level it would have been taken: this one has lost lists, texts or fields.
            cut.insert(format!("{}[]", list.name));
            return Ok((entry, needed));
        }
    }
    Err(needed)
}

/// Tells of the lists within the statistics that are cut, as far as there is room for it; the others stay in `cut` by their names.
fn within(
    report: &Report<'_>,
    fields: &Map<String, Value>,
    cut: &mut BTreeSet<String>,
    room: usize,
    lists: &mut Vec<Value>,
) {
    let of_component = report.pages.iter().filter(|page| page.is_cut).map(|page| page.list.clone());
    let names: BTreeSet<String> = of_component.chain(cut.iter().filter(|name| !name.contains('[')).cloned()).collect();
    let mut used = 0_usize;
    for part in &report.parts {
        let Part::Whole(field, value) = part else { continue };
        let Some(whole) = value.as_object() else { continue };
        for name in &names {
            let Some(inner) = name.strip_prefix(field.as_str()).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let (Some(Value::Array(all)), Some(Value::Array(here))) = (path::at(whole, inner), path::at(fields, name))
            else {
                continue;
            };
            let told = report.pages.iter().find(|page| page.list == *name).map_or(0, |page| page.total);
            let (total, returned) = (told.max(all.len() as u64), here.len() as u64);
            if returned >= total {
                continue;
            }
            let next = (report.cursor)(name, returned);
            let info = json!({ "list": name, "total": total, "offset": 0, "returned": returned, "next": next });
            used = used.saturating_add(size(&info)).saturating_add(1);
            if used <= room {
                cut.remove(name);
                lists.push(info);
            } else {
                cut.insert(name.clone());
            }
        }
    }
}

fn listed(report: &Report<'_>, list: &List, returned: usize) -> Value {
    let behind = list.offset.saturating_add(returned as u64);
    let mut info = json!({ "list": list.name, "total": list.total, "offset": list.offset, "returned": returned });
    let more = behind < list.total && (returned < list.entries.len() || list.goes_on);
    if let (true, Some(info)) = (more, info.as_object_mut()) {
        info.insert("next".into(), (report.cursor)(&list.name, behind).into());
    }
    info
}

fn assembled(
    report: &Report<'_>,
    fields: Map<String, Value>,
    lists: Vec<Value>,
    cut: &BTreeSet<String>,
    left_out: Vec<String>,
) -> Value {
    let mut captured = BTreeSet::new();
    for (name, value) in &fields {
        schema::captured(value, property(report.schema, name), name, &mut captured);
    }
    let mut shown = Map::new();
    if let Some(warning) = &report.warning {
        shown.insert("warning".into(), warning.as_str().into());
    }
    if let Some(frames) = report.frames {
        shown.insert("frames".into(), frames.into());
    }
    shown.insert("lists".into(), lists.into());
    if !cut.is_empty() {
        shown.insert("shortened".into(), bounded(cut.iter().cloned()));
    }
    if !left_out.is_empty() {
        shown.insert("left_out".into(), bounded(left_out.into_iter()));
    }
    shown.insert("captured_text".into(), bounded(captured.into_iter()));
    let mut answer = report.head.clone();
    answer.insert("shown".into(), shown.into());
    answer.extend(fields);
    answer.into()
}

/// Names as a list; a last entry says how many more there are.
fn bounded(names: impl ExactSizeIterator<Item = String>) -> Value {
    let more = names.len().saturating_sub(NAMES);
    let mut names: Vec<Value> = names.take(NAMES).map(Value::from).collect();
    if more > 0 {
        names.push(format!("and {more} more").into());
    }
    names.into()
}
