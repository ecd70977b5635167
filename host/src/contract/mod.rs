//! The output contract, applied alike to every component: a report becomes an answer that fits, shows nothing hidden, cites only frames
//! that were there, and says what of it is elsewhere. No analyzer can get it wrong, because none takes part.

pub mod arguments;
mod cursor;
mod draft;
pub(crate) mod evidence;
mod fit;
pub(crate) mod keys;
pub(crate) mod path;
mod receipt;
pub mod schema;
mod shrink;
mod size;
mod sort;

use serde_json::{Map, Value, json};

pub use arguments::Common;
pub use cursor::{Cursor, Question};
pub use draft::{Draft, Window};
pub use receipt::receipt;
pub use sort::MOST as MOST_SORTED;

use crate::answer::{AnswerError, Code};
use crate::catalog::Tool;
use crate::effort::Effort;
use crate::pipeline::{End, Outcome};
use crate::text::neutral;
use draft::Page;
use fit::{List, Part, Report};

/// Characters of the capture's name and of messages in the head.
const HEAD_TEXT: usize = 300;
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
    let report = keys::listed(report, &tool.report).map_err(|place| {
        let (name, place) = (&tool.module.name, neutral(&place, 200));
        let reason = format!("the {name} component's report has a field at {place} whose name is not in its schema");
        AnswerError::new(Code::ComponentFault, reason)
    })?;
    let mut fields = if let Value::Object(fields) = report { fields } else { Map::new() };
    let mut nested: Vec<List> = Vec::new();
    for name in common.lists() {
        if !fields.contains_key(name)
            && let Some(Value::Array(entries)) = path::at_mut(&mut fields, name)
        {
            nested.push(list(name.to_owned(), std::mem::take(entries), &draft.pages, &draft.window, common));
        }
    }
    let mut parts = Vec::new();
    for (name, value) in fields {
        let is_scalar = !value.is_array() && !value.is_object();
        match value {
            _ if common.cursor.is_some() && is_scalar => {}
            _ if !is_scalar && !common.wants(&name) => {}
            Value::Array(entries) => parts.push(Part::List(list(name, entries, &draft.pages, &draft.window, common))),
            value => parts.push(Part::Whole(name, value)),
        }
    }
    parts.extend(nested.into_iter().map(Part::List));
    if let Some(sort) = &common.sort {
        sort::apply(&mut parts, &tool.report, sort, common)?;
    }
    limit(&mut parts, common.limit);
    let cursor = |list: &str, offset: u64| Cursor::text(list, offset, identity, question);
    let report = Report {
        head: head(outcome, file),
        warning: wrong.warning(),
        frames: (!common.selection.is_all()).then(|| outcome.delivered.count()),
        parts,
        pages: &draft.pages,
        schema: &tool.report,
        cursor: &cursor,
        is_page: common.cursor.is_some(),
    };
    let answer = fit::fit(&report, common.max_chars, effort)?;
    effort.check()?;
    tool.check_answer(&answer)?;
    Ok(answer)
}

/// The part of a list that was asked for.
fn list(name: String, mut entries: Vec<Value>, pages: &[Page], window: &Window, common: &Common) -> List {
    if let Some(Page { total, offset, is_cut, .. }) = pages.iter().find(|page| page.list == name) {
        let behind = offset.saturating_add(entries.len() as u64);
        // Of what a component pages there may be more than it can list.
        let goes_on = if *is_cut { behind < *total } else { entries.len() >= window.limit };
        return List { name, total: (*total).max(behind), offset: *offset, entries, goes_on };
    }
    let total = entries.len() as u64;
    let is_page = common.cursor.is_some();
    let offset = if is_page && common.sort.is_none() { common.offset().min(total) } else { 0 };
    entries.drain(..usize::try_from(offset).unwrap_or(usize::MAX).min(entries.len()));
    List { name, total, offset, entries, goes_on: false }
}

fn limit(parts: &mut [Part], limit: usize) {
    for part in parts {
        if let Part::List(list) = part
            && list.entries.len() > limit
        {
            list.entries.truncate(limit);
            list.goes_on = true;
        }
    }
}

fn head(outcome: &Outcome, file: &str) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("file".into(), neutral(file, HEAD_TEXT).into());
    head.insert("total_packets".into(), outcome.frames.into());
    head.insert("capture".into(), capture(&outcome.summary, outcome.end.as_ref()));
    head
}

fn capture(summary: &Value, end: Option<&End>) -> Value {
    let mut capture = Map::new();
    if let Some(format) = summary.get("format").and_then(Value::as_str) {
        capture.insert("format".into(), neutral(format, HEAD_TEXT).into());
    }
    capture.insert("complete".into(), end.is_none().into());
    if let Some(end) = end {
        let message = neutral(&end.message, HEAD_TEXT);
        capture.insert("ended".into(), json!({ "reason": end.reason, "offset": end.offset, "message": message }));
    }
    Value::Object(capture)
}
