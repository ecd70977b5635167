//! Fitting a report into a number of characters. What was found comes first, then totals and statistics, which lose entries of long lists; details are
//! pages.

pub mod entry;
mod listed;
mod shares;
mod statistics;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::draft::Page;
use super::findings;
use super::path::{self, put, schema_at};
use super::schema::{self, items, property};
use super::shrink::{LEVELS, shrunk};
use super::size::{size, text_size};
use super::table::{Form, Layout, dressed, rendered};
use super::tidy::is_empty;
use crate::answer::{AnswerError, Code};
use crate::effort::{Effort, Stopped};
pub use listed::Further;
use listed::listed;
use shares::shares;
use statistics::{Chosen, Wholes, statistics};

/// Attempts to fit before only the head is given. Each takes away what the last one was too long.
const ATTEMPTS: usize = 24;
/// The part of the room that is for telling of lists within statistics, as a divisor.
const WITHIN: usize = 8;
/// Paths in `shortened`, names in `left_out` and `captured_text`: at most, and one for so many characters of the answer.
const NAMES: usize = 60;
const FOR_NAME: usize = 200;

/// A report in parts.
pub struct Report<'a> {
    /// The host's fields, which always come first.
    pub head: Map<String, Value>,
    /// The component's fields, in the order in which they are shown.
    pub parts: Vec<Part>,
    /// What the component says of the lists that it gives in parts.
    pub pages: &'a [Page],
    /// The component's schema of the report.
    pub schema: &'a Value,
    /// The cursor that leads to an entry of a list.
    pub cursor: &'a dyn Fn(&str, u64) -> String,
    /// Whether it is the following page of one list.
    pub is_page: bool,
    /// The form of lists.
    pub form: Form,
}

/// A field of the report.
pub enum Part {
    /// Statistics and the like, always of the whole capture.
    Whole(String, Value),
    /// What was found, the gravest first: all of it is shown, as far as there is room in full.
    Findings(List),
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
    /// Entries of it that were read, and of which as many are here as an answer can show.
    pub read: u64,
    /// Whether entries behind these can be asked for.
    pub goes_on: bool,
    /// The place of each entry in the component's list, when they are not all those from `offset` on in its order.
    pub places: Option<Vec<u64>>,
    /// What of it was compared with `where`, when that was asked.
    pub matched: Option<Matched>,
    /// Where it goes on behind its entries that have an order.
    pub further: Further,
}

/// The entries of a list that fit the conditions of `where`.
pub struct Matched {
    /// Entries that were compared.
    pub looked_at: u64,
    /// Entries that fit.
    pub count: u64,
    /// The number of each of them in the list; nothing when they were sorted.
    pub places: Option<Vec<u64>>,
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

/// An answer that fits.
pub struct Fitted {
    /// With all lists as the component's schema has them.
    pub plain: Value,
    /// With lists in the form that was asked for.
    pub answer: Value,
}

/// The answer, with at most `most` characters as compact JSON.
///
/// # Errors
/// [`Code::BadArgument`] when not even one entry of the page that was asked for fits; as [`Effort::check`].
pub fn fit(report: &Report<'_>, most: usize, effort: &Effort<'_>) -> Result<Fitted, AnswerError> {
    let entries = Entries::of(report, effort)?;
    let mut wholes = Wholes { report, levels: Vec::new(), effort };
    let mut spare = 0_usize;
    for _ in 0..ATTEMPTS {
        effort.check()?;
        let fitted = attempt(report, &entries, &mut wholes, most.saturating_sub(spare), most)
            .map_err(|small| AnswerError::new(Code::BadArgument, format!("argument max_chars: {small}")))?;
        let over = size(&fitted.answer).saturating_sub(most);
        if over == 0 {
            return Ok(fitted);
        }
        // At least so much, or it would go on between two ways to cut for ever.
        spare = spare.saturating_add(over.max(most / ATTEMPTS));
    }
    // What remains is the host's own, and short.
    let parts = report.parts.iter().map(|part| part.name().to_owned()).collect();
    Ok(assembled(report, Map::new(), Vec::new(), &BTreeSet::new(), parts, most))
}

/// The entries of all lists at the first level, with the sizes that they have in their form.
struct Entries(Vec<Vec<(Value, usize)>>);

impl Entries {
    fn of(report: &Report<'_>, effort: &Effort<'_>) -> Result<Self, Stopped> {
        let of_part = |part: &Part| match part {
            Part::Whole(..) => Ok(Vec::new()),
            Part::List(list) | Part::Findings(list) => {
                let schema = items(schema_at(report.schema, &list.name));
                let first = LEVELS.first().copied();
                let entry = |entry: &Value| {
                    effort.check()?;
                    let mut cut = BTreeSet::new();
                    Ok(first.map_or(Value::Null, |level| shrunk(entry, schema, level, "", &mut cut)))
                };
                let entries: Vec<Value> = list.entries.iter().map(entry).collect::<Result<_, Stopped>>()?;
                Ok(sized(entries, schema, report.form))
            }
        };
        Ok(Self(report.parts.iter().map(of_part).collect::<Result<_, _>>()?))
    }

    /// Characters of all details.
    fn size(&self, report: &Report<'_>) -> usize {
        let of_lists = self.0.iter().zip(&report.parts).filter(|(_, part)| matches!(part, Part::List(_)));
        of_lists.flat_map(|(entries, _)| entries).map(|(_, size)| *size).fold(0, usize::saturating_add)
    }
}

/// Entries with their sizes: those of rows, with the names of the columns at the first one, where the list will be a table.
fn sized(entries: Vec<Value>, schema: &Value, form: Form) -> Vec<(Value, usize)> {
    let with_comma = |value: &Value| size(value).saturating_add(1);
    if form == Form::Objects {
        return entries
            .into_iter()
            .map(|entry| {
                let size = with_comma(&entry);
                (entry, size)
            })
            .collect();
    }
    let objects: Vec<usize> = entries.iter().map(|entry| with_comma(&dressed(entry, schema))).collect();
    let mut sizes = objects;
    if entries.len() > 1 && entries.iter().all(Value::is_object) {
        let layout = Layout::of(entries.iter(), schema);
        let mut rows: Vec<usize> = entries.iter().map(|entry| with_comma(&layout.row(entry))).collect();
        if let Some(first) = rows.first_mut() {
            *first = first.saturating_add(layout.size());
        }
        let sum = |sizes: &[usize]| sizes.iter().copied().fold(0, usize::saturating_add);
        if sum(&rows) < sum(&sizes) {
            sizes = rows;
        }
    }
    entries.into_iter().zip(sizes).collect()
}

impl Part {
    /// Its name in the report.
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(name, _) => name,
            Self::List(list) | Self::Findings(list) => &list.name,
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
) -> Result<Fitted, TooSmall> {
    let own = report.head.iter().map(|(name, value)| text_size(name).saturating_add(size(value)).saturating_add(2));
    let names = report.parts.iter().filter(|part| !matches!(part, Part::Whole(..))).map(Part::overhead);
    let room = room.saturating_sub(own.chain(names).fold(2, usize::saturating_add));
    let details = entries.size(report);
    let others = details.saturating_add(wholes.whole());
    let (found, of_findings) = found(report, entries, room, others);
    let room = room.saturating_sub(of_findings);
    let Chosen { parts: whole, mut cut, left_out, used } = statistics(wholes, room, details);
    let (taken, mut left) = shares(entries, report, room.saturating_sub(used));
    let mut fields = Map::new();
    let mut lists = Vec::new();
    for ((part, entries), taken) in report.parts.iter().zip(&entries.0).zip(taken) {
        let list = match part {
            Part::Whole(name, _) => {
                if let Some((_, value, _)) = whole.iter().find(|(known, ..)| known == name) {
                    fields.insert(name.clone(), (*value).clone());
                }
                continue;
            }
            Part::Findings(list) => {
                if found.iter().zip(entries).any(|(shown, (whole, _))| shown.is_object() && shown != whole) {
                    cut.insert(format!("{}[].frames", list.name));
                }
                // Lines of several findings are no entries: the list itself begins on another page.
                let is_each = found.len() == list.entries.len();
                lists.extend(listed(report, list, if is_each { found.len() } else { 0 }));
                fields.insert(list.name.clone(), found.clone().into());
                continue;
            }
            Part::List(list) => list,
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
        lists.extend(listed(report, list, page.len()));
        // An empty list says nothing; but that a page is empty does.
        // That no entry fits is an answer too.
        if !page.is_empty() || report.is_page || list.matched.is_some() || report.form == Form::Objects {
            put(&mut fields, &list.name, page.into());
        }
    }
    within(report, &fields, &mut cut, most / WITHIN, &mut lists);
    entry::tell(report, &fields, &mut cut, most / WITHIN, &mut lists);
    Ok(assembled(report, fields, lists, &cut, left_out, most))
}

/// The findings as they are shown, and their size.
fn found(report: &Report<'_>, entries: &Entries, room: usize, others: usize) -> (Vec<Value>, usize) {
    let mut of_findings = report.parts.iter().zip(&entries.0).filter(|(part, _)| matches!(part, Part::Findings(_)));
    let Some((_, entries)) = of_findings.next() else { return (Vec::new(), 0) };
    let findings: Vec<Value> = entries.iter().map(|(finding, _)| finding.clone()).collect();
    findings::fitted(&findings, room, others)
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
        let shown = if report.form == Form::Table { dressed(&entry, schema) } else { entry.clone() };
        needed = size(&shown).saturating_add(1);
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
            let told = report.pages.iter().find(|page| page.list == *name);
            let (end, returned) = (all.len() as u64, here.len() as u64);
            let total = told.map_or(0, |page| page.total).max(end);
            if returned >= total {
                continue;
            }
            let further = Further { here: None, next: told.and_then(|page| page.next) };
            let next = (report.cursor)(&further.name(name, returned, end), returned);
            let info = json!({ "list": name, "total": total, "returned": returned, "next": next });
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

fn assembled(
    report: &Report<'_>,
    fields: Map<String, Value>,
    lists: Vec<Value>,
    cut: &BTreeSet<String>,
    left_out: Vec<String>,
    most: usize,
) -> Fitted {
    let names = (most / FOR_NAME).min(NAMES);
    let bounded = |all: Vec<String>| bounded(all, names);
    let mut captured = BTreeSet::new();
    for (name, value) in &fields {
        schema::captured(value, property(report.schema, name), name, &mut captured);
    }
    let mut shown = Map::new();
    if !lists.is_empty() {
        shown.insert("lists".into(), lists.into());
    }
    for (name, names) in [
        ("shortened", bounded(cut.iter().cloned().collect())),
        ("left_out", bounded(left_out)),
        ("captured_text", bounded(captured.into_iter().collect())),
    ] {
        if !names.is_empty() {
            shown.insert(name.into(), names.into());
        }
    }
    let whole = |fields: Map<String, Value>| -> Value {
        let mut whole = report.head.clone();
        whole.extend(fields);
        if !shown.is_empty() {
            whole.insert("shown".into(), shown.clone().into());
        }
        whole.into()
    };
    let form = |(name, value): (&String, &Value)| {
        let is_finding = report.parts.iter().any(|part| matches!(part, Part::Findings(list) if list.name == *name));
        let value =
            if is_finding { value.clone() } else { rendered(value, property(report.schema, name), report.form) };
        let of_filter = |part: &Part| matches!(part, Part::List(list) if list.name == *name && list.matched.is_some());
        let says_something = is_finding
            || report.parts.iter().any(of_filter)
            || report.form == Form::Objects
            || !is_empty(&value)
            || report.is_page;
        says_something.then(|| (name.clone(), value))
    };
    let answer = whole(fields.iter().filter_map(form).collect());
    Fitted { answer, plain: whole(fields) }
}

/// Names as a list; a last entry says how many more there are.
fn bounded(names: Vec<String>, most: usize) -> Vec<Value> {
    let more = names.len().saturating_sub(most);
    let mut names: Vec<Value> = names.into_iter().take(most).map(Value::from).collect();
    if more > 0 {
        names.push(format!("and {more} more").into());
    }
    names
}
