//! The output contract, applied alike to every component: a report becomes an answer that fits, shows nothing hidden, cites only frames
//! that were there, and says what of it is elsewhere. No analyzer can get it wrong, because none takes part.

pub mod arguments;
mod cursor;
pub(crate) mod evidence;
mod fit;
mod receipt;
pub mod schema;
mod shrink;
mod size;
mod sort;
pub mod text;

use serde_json::{Map, Value, json};

pub use arguments::Common;
pub use cursor::{Cursor, Question};
pub use receipt::receipt;
pub use sort::MOST as MOST_SORTED;

use crate::answer::{AnswerError, Code};
use crate::catalog::Tool;
use crate::effort::{Effort, Stopped};
use crate::pipeline::{End, Outcome};
use fit::{List, Part, Report};
use text::neutral;

/// Characters of the capture's name and of messages in the head.
const HEAD_TEXT: usize = 300;
/// Characters of a report that one entry of a list takes at least, roughly: more entries are not asked for.
const SMALL_ENTRY: usize = 40;
/// Entries that a component lists in one run.
const WINDOW: usize = 1000;

/// What of a component's lists is asked for in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Entries before the first one.
    pub offset: u64,
    /// Entries.
    pub limit: usize,
}

impl Window {
    /// The part of the lists that an answer can hold; all that one run gives when they are to be sorted.
    pub fn of(tool: &Tool, common: &Common) -> Self {
        if common.sort.is_some() {
            return Self { offset: 0, limit: WINDOW };
        }
        let is_paged = common.cursor.as_ref().is_some_and(|cursor| tool.paged.contains(&cursor.list));
        let fitting = (common.max_chars / SMALL_ENTRY).clamp(1, WINDOW);
        Self { offset: if is_paged { common.offset() } else { 0 }, limit: common.limit.min(fitting) }
    }

    /// As the arguments of a component hold it.
    pub fn to_json(self) -> Value {
        json!({ "offset": self.offset, "limit": self.limit })
    }
}

/// A component's report, read and taken apart.
pub struct Draft {
    /// Its fields, in order.
    fields: Map<String, Value>,
    /// Name, entries in all, and entries before the first one here, of lists that the component pages.
    pages: Vec<(String, u64, u64)>,
    window: Window,
}

impl Draft {
    /// Reads a report.
    ///
    /// # Errors
    /// [`Code::ComponentFault`] when it is not a JSON object, or nested too deeply; as [`Effort::read`].
    pub fn read(report: &str, tool: &Tool, window: Window, effort: &Effort<'_>) -> Result<Self, AnswerError> {
        let fault = |code, reason: String| {
            AnswerError::new(code, format!("the {} component's report {reason}", tool.module.name))
        };
        let report = effort.read(report).map_err(|stopped| match stopped {
            Stopped::Cancelled | Stopped::Time => stopped.into(),
            Stopped::Values => fault(Code::LimitReached, format!("has {stopped}")),
            Stopped::Malformed(_) => fault(Code::ComponentFault, format!("is {stopped}")),
        })?;
        let Value::Object(mut fields) = report else {
            return Err(fault(Code::ComponentFault, "is not a JSON object".into()));
        };
        for own in schema::OWN {
            fields.shift_remove(own);
        }
        let pages = fields.shift_remove(schema::PAGES);
        let page = |page: &Value| {
            let number = |name: &str| page.get(name).and_then(Value::as_u64);
            Some((page.get("list")?.as_str()?.to_owned(), number("total")?, number("offset")?))
        };
        let pages: Vec<(String, u64, u64)> =
            pages.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(page).collect();
        let pages = pages.into_iter().filter(|(list, ..)| tool.paged.contains(list)).collect();
        Ok(Self { fields, pages, window })
    }

    /// Entries that had to make room in the component's tables, as its report tells in `limits.evicted`.
    pub fn evicted(&self) -> u64 {
        let evicted = self.fields.get("limits").and_then(|limits| limits.get("evicted"));
        match evicted {
            Some(Value::Object(tables)) => tables.values().filter_map(Value::as_u64).fold(0, u64::saturating_add),
            Some(number) => number.as_u64().unwrap_or(0),
            None => 0,
        }
    }

    /// The window that follows, while a list goes on behind this one.
    pub fn next(&self) -> Option<Window> {
        let goes_on = |(list, total, offset): &(String, u64, u64)| {
            let here = self.fields.get(list).and_then(Value::as_array).map_or(0, Vec::len);
            here > 0 && offset.saturating_add(here as u64) < *total
        };
        let behind = self.window.offset.saturating_add(self.window.limit as u64);
        self.pages.iter().any(goes_on).then_some(Window { offset: behind, limit: self.window.limit })
    }

    /// Adds the entries of the following windows.
    pub fn append(&mut self, next: Self) {
        self.window = next.window;
        for (name, value) in next.fields {
            if self.pages.iter().any(|(list, ..)| *list == name)
                && let (Some(Value::Array(entries)), Value::Array(more)) = (self.fields.get_mut(&name), value)
            {
                entries.extend(more);
            }
        }
    }
}

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
    let fields = if let Value::Object(fields) = report { fields } else { Map::new() };
    let mut parts = Vec::new();
    for (name, value) in fields {
        let is_scalar = !value.is_array() && !value.is_object();
        match value {
            _ if common.cursor.is_some() && is_scalar => {}
            _ if !is_scalar && !common.wants(&name) => {}
            Value::Array(entries) => parts.push(Part::List(list(name, entries, &draft.pages, draft.window, common))),
            value => parts.push(Part::Whole(name, value)),
        }
    }
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
fn list(name: String, mut entries: Vec<Value>, pages: &[(String, u64, u64)], window: Window, common: &Common) -> List {
    if let Some((_, total, offset)) = pages.iter().find(|(list, ..)| *list == name) {
        let here = entries.len() as u64;
        let goes_on = entries.len() >= window.limit;
        return List { name, total: (*total).max(offset.saturating_add(here)), offset: *offset, entries, goes_on };
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
