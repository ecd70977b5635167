//! The tool that lists captures: many clients show a model no resources. Names, sizes and times come from folders, formats from the sandboxed reader.

use std::cmp::Reverse;
use std::time::Instant;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;

use super::{Entry, Library};
use crate::answer::{AnswerError, Code};
use crate::capture::Roots;
use crate::pipeline::{Line, RunError};
use crate::text::neutral;

/// Its name.
pub const NAME: &str = "list_captures";
/// Its title.
pub const TITLE: &str = "List captures";
/// What it answers.
pub const DESCRIPTION: &str = "Lists the packet captures that this server can read: path for pcap_file, size in bytes, time of last change and format.";

/// Captures in one answer, unless fewer are asked for.
const PAGE: usize = 50;
const MOST: usize = 200;
/// Characters of a path.
const PATH: usize = 1000;

/// JSON Schema of its arguments.
pub fn input() -> Map<String, Value> {
    object(json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "description": "Only paths that contain this, in any case." },
            "sort": { "type": "string", "enum": ["path", "-modified", "-size"], "description": "Default: path." },
            "limit": { "type": "integer", "minimum": 1, "maximum": MOST, "description": "Captures in the answer. Default: 50." },
            "cursor": { "type": "string", "description": "A `next`: the page that follows." },
        },
        "additionalProperties": false,
    }))
}

/// JSON Schema of its answers.
pub fn output() -> Map<String, Value> {
    object(json!({
        "type": "object",
        "properties": {
            "total": { "type": "integer", "minimum": 0, "description": "Captures that were found." },
            "is_cut": { "type": "boolean", "description": "Whether there may be more than were looked for." },
            "captures": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "pcap_file": { "type": "string", "description": "Path for pcap_file." },
                        "size": { "type": "integer", "minimum": 0, "description": "Bytes of the file." },
                        "modified": { "type": "string", "description": "When it was last changed, UTC." },
                        "format": { "type": "string", "description": "pcap, pcapng, with its compression; or why it is no capture." },
                    },
                    "required": ["pcap_file", "size"],
                    "additionalProperties": false,
                },
            },
            "next": { "type": "string", "description": "As `cursor`, with the same other arguments, it gives the captures that follow." },
            "message": { "type": "string", "description": "What to do when there is none." },
        },
        "required": ["total", "captures"],
        "additionalProperties": false,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// What was asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Asked {
    name: String,
    sort: Order,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
enum Order {
    #[default]
    #[serde(rename = "path")]
    Path,
    #[serde(rename = "-modified")]
    Newest,
    #[serde(rename = "-size")]
    Largest,
}

/// Answers. Formats that were not found out until then are left out.
///
/// # Errors
/// [`Code::BadArgument`].
pub fn answer(
    library: &Library,
    roots: &Roots,
    line: &Line,
    arguments: Map<String, Value>,
    cancel: &CancellationToken,
    until: Instant,
) -> Result<Value, AnswerError> {
    let bad = |message: String| AnswerError::new(Code::BadArgument, message);
    let asked: Asked = serde_path_to_error::deserialize(Value::Object(arguments))
        .map_err(|error| bad(format!("argument {}: {}", error.path(), error.inner())))?;
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(bad(format!("argument limit: must be a number from 1 to {MOST}")));
    }
    let offset: usize = match asked.cursor.as_deref() {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| bad("argument cursor: must be a `next` of this tool".into()))?,
    };
    let listing = library.list();
    let is_cut = listing.is_cut();
    let wanted = asked.name.to_lowercase();
    let mut found: Vec<Entry> =
        listing.entries.into_iter().filter(|entry| entry.path.to_lowercase().contains(&wanted)).collect();
    match asked.sort {
        Order::Path => {}
        Order::Newest => found.sort_by_key(|entry| Reverse(entry.modified)),
        Order::Largest => found.sort_by_key(|entry| Reverse(entry.size)),
    }
    let mut answer = Map::new();
    answer.insert("total".into(), found.len().into());
    if is_cut {
        answer.insert("is_cut".into(), true.into());
    }
    let captures: Value =
        found.iter().skip(offset).take(limit).map(|entry| described(entry, roots, line, cancel, until)).collect();
    answer.insert("captures".into(), captures);
    let behind = offset.saturating_add(limit);
    if behind < found.len() {
        answer.insert("next".into(), behind.to_string().into());
    }
    if found.is_empty() {
        let message = match (roots, wanted.is_empty()) {
            (_, false) => "No capture here has such a path; ask again without name.",
            (Roots::Everything, _) => {
                "No capture lies below the working directory; name one by its absolute path in pcap_file."
            }
            (Roots::Below(_), _) => "No capture lies in the folders that this server may read.",
        };
        answer.insert("message".into(), message.into());
    }
    Ok(answer.into())
}

fn described(entry: &Entry, roots: &Roots, line: &Line, cancel: &CancellationToken, until: Instant) -> Value {
    let path = entry.file.to_string_lossy();
    let mut about = Map::new();
    about.insert("pcap_file".into(), neutral(&path, PATH).into());
    about.insert("size".into(), entry.size.into());
    let modified = entry.modified.map(OffsetDateTime::from).map(|time| time.replace_nanosecond(0).unwrap_or(time));
    if let Some(modified) = modified.and_then(|time| time.format(&Rfc3339).ok()) {
        about.insert("modified".into(), modified.into());
    }
    if Instant::now() < until && !cancel.is_cancelled() {
        let format = roots.open(&path).map_err(|error| error.to_string()).and_then(|file| {
            line.format(file, cancel).map_err(|error| match error {
                RunError::NotACapture { reason, .. } => format!("not a capture: {reason}"),
                error => error.to_string(),
            })
        });
        about.insert("format".into(), neutral(&format.unwrap_or_else(|reason| reason), 200).into());
    }
    about.into()
}
