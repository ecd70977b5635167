//! The output contract, applied alike to every component: a report becomes an answer that fits, shows nothing hidden, cites only frames
//! that were there, and says what of it is elsewhere. No analyzer can get it wrong, because none takes part.

pub(crate) mod answers;
pub mod arguments;
mod cursor;
mod draft;
pub(crate) mod evidence;
mod filter;
mod findings;
mod fit;
pub(crate) mod keys;
pub(crate) mod path;
mod receipt;
pub mod schema;
mod shrink;
mod sieve;
mod size;
mod sort;
pub mod table;
pub(crate) mod tidy;
pub(crate) mod tool;
pub(crate) mod vocabulary;
mod within;

use serde_json::{Map, Value, json};

pub use arguments::Common;
pub use cursor::{Cursor, Question};
pub use draft::{Draft, Window};
pub use receipt::{of_capture, receipt};
pub use sort::MOST as MOST_SORTED;
pub use tool::{Ends, Module, Tool, without_urls};
pub use within::Within;

use crate::answer::{AnswerError, Code};
use crate::effort::Effort;
use crate::pipeline::Outcome;
use crate::text::neutral;
use draft::Page;
use fit::{Further, List, Matched, Part, Report};
use sieve::Held;
use table::Form;

/// Characters of the capture's name and of messages in the head.
const HEAD_TEXT: usize = 300;
/// The list of what was found.
pub(crate) const FINDINGS: &str = "findings";
/// What a component evicted, left out or could not look into.
const LIMITS: &str = "limits";

/// Makes the answer. `file` is the capture as the caller named it.
///
/// # Errors
/// [`Code::ComponentFault`] when the report does not fit its schema; [`Code::BadArgument`] for a page or an order that is not there; as
/// [`Effort::check`].
pub fn answer(
    draft: Draft,
    outcome: &Outcome,
    tool: &Tool,
    common: &Common,
    question: &Question,
    file: &str,
    effort: &Effort<'_>,
) -> Result<Value, AnswerError> {
    let identity = outcome.identity.as_str();
    if let Some(cursor) = &common.cursor {
        cursor.check_capture(identity)?;
    }
    let mut report = Value::Object(draft.fields);
    if let Some(findings) = report.get_mut("findings") {
        evidence::identify(findings, identity);
    }
    let wrong = evidence::check(&report, &outcome.delivered);
    let report = keys::listed(report, tool.report()).map_err(|place| {
        let (name, place) = (&tool.module.name, neutral(&place, 200));
        let reason = format!("the {name} component's report has a field at {place} whose name is not in its schema");
        AnswerError::new(Code::ComponentFault, reason)
    })?;
    let mut fields = if let Value::Object(fields) = report { fields } else { Map::new() };
    fields.values_mut().for_each(tidy::numbers);
    let of_lists = OfLists { pages: &draft.pages, held: &draft.held, window: &draft.window };
    let mut parts = parts(fields, &of_lists, tool, common)?;
    if let Some(sort) = &common.sort {
        sort::apply(&mut parts, tool.report(), sort, common)?;
    }
    if common.within.is_none() {
        limit(&mut parts, common);
    }
    let cursor = |list: &str, offset: u64| Cursor::text(list, offset, identity, question);
    let report = Report {
        head: head(outcome, file, common, wrong.warning()),
        parts,
        pages: &draft.pages,
        schema: tool.report(),
        cursor: &cursor,
        is_page: common.page().is_some(),
        form: common.form,
    };
    let fitted = match &common.within {
        Some(within) => fit::entry::fit(&report, within, common.limit, common.max_chars, effort)?,
        None => fit::fit(&report, common.max_chars, effort)?,
    };
    effort.check()?;
    tool.check_answer(&fitted.plain)?;
    Ok(fitted.answer)
}

/// What is known of a report's lists.
struct OfLists<'a> {
    pages: &'a [Page],
    held: &'a [Held],
    window: &'a Window,
}

impl<'a> OfLists<'a> {
    /// What of a list was held while the report was read; `None`: all.
    fn held(&self, list: &str) -> Option<&'a Held> {
        self.held.iter().find(|held| held.list == list)
    }
}

/// The findings of a report alone, each with its id, and the window in which they go on.
///
/// # Errors
/// [`Code::ComponentFault`] when one cites a frame that its component was not given.
pub(crate) fn found(
    mut draft: Draft,
    outcome: &Outcome,
    tool: &Tool,
) -> Result<(Vec<Value>, Option<Window>), AnswerError> {
    let is_paged = [&tool.cut, &tool.paged].iter().any(|lists| lists.iter().any(|list| list == FINDINGS));
    let next = draft.next().filter(|_| is_paged);
    let Some(mut findings) = draft.fields.shift_remove(FINDINGS) else { return Ok((Vec::new(), None)) };
    evidence::identify(&mut findings, &outcome.identity);
    if let Some(frame) = evidence::check(&findings, &outcome.delivered).first() {
        let reason =
            format!("the {} component's findings cite frame {frame}, which it was not given", tool.module.name);
        return Err(AnswerError::new(Code::ComponentFault, reason));
    }
    Ok((if let Value::Array(findings) = findings { findings } else { Vec::new() }, next))
}

/// What of a report is asked for, in the order in which it is shown: what was asked and matched, findings, totals, lists, and last what was evicted
/// or left out.
fn parts(
    mut fields: Map<String, Value>,
    of_lists: &OfLists<'_>,
    tool: &Tool,
    common: &Common,
) -> Result<Vec<Part>, AnswerError> {
    let schema_of = |name: &str| path::schema_at(tool.report(), name);
    let mut asked: Vec<&str> = common.lists().collect();
    if common.page().is_none() {
        let is_wanted =
            |name: &&String| common.wants(name.split('.').next().unwrap_or(name)) || asked.contains(&name.as_str());
        let wanted: Vec<&String> = tool.lists().iter().filter(is_wanted).collect();
        if !common.conditions.is_empty() {
            filter::check(&common.conditions, wanted.iter().map(|name| (name.as_str(), schema_of(name))))?;
        }
        let by_field = |name: &&&String| {
            let is_filtered = !common.conditions.is_empty() && filter::applies(&common.conditions, schema_of(name));
            is_filtered
                || common.sort.as_ref().is_some_and(|(field, _)| schema::sortable(tool.report(), name).contains(field))
        };
        asked.extend(wanted.iter().filter(by_field).map(|name| name.as_str()));
    }
    let mut nested: Vec<List> = Vec::new();
    for name in asked {
        if !fields.contains_key(name)
            && nested.iter().all(|known| known.name != *name)
            && let Some(Value::Array(entries)) = path::at_mut(&mut fields, name)
        {
            nested.push(list(name.to_owned(), std::mem::take(entries), of_lists, common, schema_of(name)));
        }
    }
    let is_alone = common.sections.iter().any(|section| section == FINDINGS) && common.sections.len() == 1;
    let (mut scalars, mut findings, mut wholes, mut lists, mut last) = (vec![], vec![], vec![], vec![], vec![]);
    for (name, value) in fields {
        let is_scalar = !value.is_array() && !value.is_object();
        match value {
            _ if common.page().is_some() && is_scalar => {}
            _ if !is_scalar && !common.wants(&name) => {}
            Value::Array(entries) => {
                let schema = schema_of(&name);
                let is_findings = name == FINDINGS;
                if is_findings && common.page().is_none() && !is_alone {
                    findings.push(Part::Findings(unfiltered(name, entries, of_lists, common)));
                } else if common.conditions.is_empty() || filter::applies(&common.conditions, schema) {
                    lists.push(Part::List(list(name, entries, of_lists, common, schema)));
                }
            }
            value if is_scalar => scalars.push(Part::Whole(name, value)),
            value if name == LIMITS => match common.form {
                Form::Table if tidy::is_nothing(&value) => {}
                Form::Table => last.push(Part::Whole(name, tidy::pruned(&value))),
                Form::Objects => last.push(Part::Whole(name, value)),
            },
            value => wholes.push(Part::Whole(name, value)),
        }
    }
    let nested = nested.into_iter().map(Part::List);
    Ok(scalars.into_iter().chain(findings).chain(wholes).chain(lists).chain(nested).chain(last).collect())
}

/// The part of a list that was asked for.
fn list(name: String, entries: Vec<Value>, of_lists: &OfLists<'_>, common: &Common, schema: &Value) -> List {
    let held = of_lists.held(&name);
    let mut list = unfiltered(name, entries, of_lists, common);
    if let Some(held) = held {
        list.places.clone_from(&held.places);
        list.matched = held.matched.as_ref().map(|places| Matched {
            looked_at: held.read.saturating_sub(held.before.min(held.read)),
            count: places.len() as u64,
            places: Some(places.clone()),
        });
    } else if !common.conditions.is_empty() && filter::applies(&common.conditions, schema) {
        let looked_at = list.entries.len() as u64;
        let mut places = Vec::new();
        let mut place = list.offset;
        list.entries.retain(|entry| {
            let fits = common.conditions.iter().all(|condition| condition.fits(entry));
            if fits {
                places.push(place);
            }
            place = place.saturating_add(1);
            fits
        });
        list.places = Some(places.clone());
        list.matched = Some(Matched { looked_at, count: places.len() as u64, places: Some(places) });
    }
    list
}

fn unfiltered(name: String, mut entries: Vec<Value>, of_lists: &OfLists<'_>, common: &Common) -> List {
    let held = of_lists.held(&name);
    let read = held.map_or(entries.len() as u64, |held| held.read);
    let window = of_lists.window;
    let page = of_lists.pages.iter().find(|page| page.list == name);
    // Behind its entries that have an order, a list goes on in parts, of which each says where the next one begins.
    if let Some(part) = common.further.filter(|_| common.page() == Some(name.as_str())) {
        let end = part.before.saturating_add(entries.len() as u64);
        // A component could lead back.
        let next = page.and_then(|page| page.next).filter(|next| *next > part.after);
        // What is only estimated is known at the end.
        let total = page.filter(|_| next.is_some()).map_or(0, |page| page.total.max(end.saturating_add(1))).max(end);
        let offset = skip(&mut entries, &name, part.before, common);
        let further = Further { here: Some(part), next };
        return List {
            name,
            total,
            offset,
            read,
            entries,
            goes_on: next.is_some(),
            places: None,
            matched: None,
            further,
        };
    }
    if let Some(Page { total, offset, is_cut, next, .. }) = page {
        let behind = offset.saturating_add(read);
        let is_full = behind >= window.offset.saturating_add(window.limit as u64);
        let offset = match held {
            Some(held) => offset.saturating_add(held.before.min(read)),
            None => skip(&mut entries, &name, *offset, common),
        };
        // Of what a component pages there may be more than it can list.
        let goes_on =
            if *is_cut { behind < *total } else { is_full } || held.is_some_and(|held| held.goes_on(entries.len()));
        let (total, further) = ((*total).max(behind), Further { here: None, next: *next });
        return List { name, total, offset, read, entries, goes_on, places: None, matched: None, further };
    }
    let total = read;
    let is_page = common.page().is_some();
    let offset = match held {
        Some(held) => held.before.min(total),
        None if is_page && common.sort.is_none() => common.offset().min(total),
        None => 0,
    };
    if held.is_none() {
        entries.drain(..usize::try_from(offset).unwrap_or(usize::MAX).min(entries.len()));
    }
    let further = Further::default();
    let goes_on = held.is_some_and(|held| held.goes_on(entries.len()));
    List { name, total, offset, read, entries, goes_on, places: None, matched: None, further }
}

/// Leaves the entries out that stand before the page which was asked for. The number of the first one that is left.
fn skip(entries: &mut Vec<Value>, name: &str, offset: u64, common: &Common) -> u64 {
    if common.sort.is_some() || common.cursor.as_ref().is_none_or(|cursor| cursor.list != name) {
        return offset;
    }
    let before = usize::try_from(common.offset().saturating_sub(offset)).unwrap_or(usize::MAX).min(entries.len());
    entries.drain(..before);
    offset.saturating_add(before as u64)
}

fn limit(parts: &mut [Part], common: &Common) {
    for part in parts {
        let limit = match part {
            Part::List(list) if list.entries.first().is_some_and(Value::is_object) => draft::fitting(common),
            _ => common.limit,
        };
        if let Part::List(list) | Part::Findings(list) = part
            && list.entries.len() > limit
        {
            list.entries.truncate(limit);
            (list.goes_on, list.further.next) = (true, None);
        }
    }
}

fn head(outcome: &Outcome, file: &str, common: &Common, warning: Option<String>) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("file".into(), neutral(file, HEAD_TEXT).into());
    if let Some(warning) = warning {
        head.insert("warning".into(), warning.into());
    }
    let end = outcome.end.as_ref();
    // Where reading stopped because it was asked to, nobody knows how many there are.
    if end.is_none_or(|end| !end.was_asked()) {
        head.insert("total_packets".into(), outcome.frames.into());
    }
    if !common.selection.is_all() {
        head.insert("matched_packets".into(), outcome.delivered.count().into());
    }
    head.insert("capture".into(), capture(outcome, common.selection.last_frame));
    head
}

/// What is told of the capture: its format, and whether it was read to its end.
pub(crate) fn capture(outcome: &Outcome, last_frame: Option<u64>) -> Value {
    let end = outcome.end.as_ref();
    let mut capture = Map::new();
    if let Some(format) = outcome.summary.get("format").and_then(Value::as_str) {
        capture.insert("format".into(), neutral(format, HEAD_TEXT).into());
    }
    match end {
        Some(end) if end.was_asked() => {
            // More may have been read at once than was asked for.
            let read_to = last_frame.map_or(outcome.frames, |last| last.min(outcome.frames));
            capture.insert("read_to_frame".into(), read_to.into());
        }
        Some(end) => {
            capture.insert("complete".into(), false.into());
            let message = neutral(&end.message, HEAD_TEXT);
            capture.insert("ended".into(), json!({ "reason": end.reason, "offset": end.offset, "message": message }));
        }
        None => {
            capture.insert("complete".into(), true.into());
        }
    }
    Value::Object(capture)
}
