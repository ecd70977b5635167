//! The tool that answers SQL.

use serde_json::{Map, Value, json};

use super::Page;
use crate::answer::{AnswerError, Code};
use crate::capture::KEY_LOG;
use crate::contract::arguments::MAX_CHARS;
use crate::contract::{Cursor, Question, tidy};
use crate::rows::{OF_TABLES, Table};

/// Its name.
pub const NAME: &str = "query_capture";
/// Its title.
pub const TITLE: &str = "SQL over a capture";
/// What it answers, in front of the names of the tables.
const DESCRIPTION: &str = "Answers SQL (SQLite, one SELECT) over a capture's tables: for what no report tells, such as joins and groups. \
SELECT * FROM tables_and_columns tells their columns. Functions: in_network(address, '10.0.0.0/8'), is_private(address), registered_domain(name), \
entropy(text), bucket(time, seconds), rfc3339(time), ns('2026-01-31T12:00:00Z'), median(x), percentile(x, 95). Tables: ";

/// The list of the answer that has pages.
const ROWS: &str = "rows";
/// Rows of a page, unless fewer are asked for.
const PAGE: u64 = 100;
/// The most.
pub const MOST: u64 = 1000;

/// What it answers.
pub fn description<'t>(tables: impl Iterator<Item = &'t Table>) -> String {
    let names: Vec<&str> = tables.map(|table| table.name.as_str()).collect();
    format!("{DESCRIPTION}{}.", names.join(", "))
}

/// What the description of a tool says of the tables that it makes the rows of.
pub fn of_tool<'t>(tables: impl Iterator<Item = &'t Table>) -> Option<String> {
    let names: Vec<&str> = tables.map(|table| table.name.as_str()).collect();
    (!names.is_empty()).then(|| format!(" Tables: {}.", names.join(", ")))
}

/// JSON Schema of its arguments.
pub fn input() -> Map<String, Value> {
    object(json!({
        "type": "object",
        "properties": {
            "pcap_file": { "type": "string", "description": "Path or URL." },
            "sql": { "type": "string", "description": "One SELECT." },
            KEY_LOG: { "type": "string", "description": "Path of a TLS key log." },
            "limit": { "type": "integer", "minimum": 1, "maximum": MOST, "description": "Rows in the answer. Default: 100." },
            "cursor": { "type": "string", "description": "A `next`." },
            "max_chars": { "type": "integer", "minimum": MAX_CHARS.0, "maximum": MAX_CHARS.1, "description": "Characters of the answer." },
        },
        "required": ["pcap_file", "sql"],
        "additionalProperties": false,
    }))
}

/// JSON Schema of its answers.
pub fn output() -> Map<String, Value> {
    let count = |description: &str| json!({ "type": "integer", "minimum": 0, "description": description });
    let text = |description: &str| json!({ "type": "string", "description": description });
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    object(json!({
        "type": "object",
        "properties": {
            "file": text("The capture."),
            "total_packets": count("Packets that were read; absent where no table was."),
            "capture": {
                "type": "object",
                "properties": {
                    "format": { "type": "string" },
                    "read_to_frame": { "type": "integer" },
                    "complete": { "type": "boolean", "description": "Whether the capture was read to its end." },
                    "ended": { "type": "object", "description": "Why not." },
                },
                "additionalProperties": false,
            },
            "columns": texts,
            "rows": {
                "type": "array",
                "items": { "type": "array" },
                "description": "The values of each row, in the order of the columns. Times of a table's column are UTC.",
            },
            "shown": {
                "type": "object",
                "properties": {
                    "captured_text": texts,
                    "lists": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "list": text("rows."),
                                "total": count("Rows in all; absent where there are more than were counted."),
                                "offset": count("Rows before the first one here; absent for none."),
                                "returned": count("Rows here."),
                                "next": text("As `cursor`, with the same other arguments, it gives the rows that follow."),
                            },
                            "required": ["list", "returned"],
                            "additionalProperties": false,
                        },
                    },
                },
                "additionalProperties": false,
            },
        },
        "required": ["file", "columns", "rows", "shown"],
        "additionalProperties": false,
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}

/// What was asked for.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The capture.
    pub pcap_file: String,
    /// The SQL.
    pub sql: String,
    /// The path of a TLS key log.
    pub keylog_file: Option<String>,
    limit: Option<u64>,
    cursor: Option<String>,
    max_chars: Option<usize>,
}

/// The part of the rows that was asked for.
#[derive(Debug, Clone)]
pub struct Part {
    /// Rows before it.
    pub offset: u64,
    /// Rows at most.
    pub limit: usize,
    /// Characters of the answer.
    pub chars: usize,
    cursor: Option<Cursor>,
    question: Question,
}

impl Asked {
    /// Reads arguments.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with the name of the one that is wrong.
    pub fn read(arguments: Map<String, Value>) -> Result<Self, AnswerError> {
        serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
            let path = error.path().to_string();
            let place = if path == "." { String::new() } else { format!("argument {path}: ") };
            bad(format!("{place}{}", error.inner()))
        })
    }

    /// The part of the rows, of what these components give, with a key log of this SHA-256.
    ///
    /// # Errors
    /// [`Code::BadArgument`], also for a cursor that belongs to another query.
    pub fn part(&self, components: &str, key_log: Option<&str>, usual_chars: usize) -> Result<Part, AnswerError> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MOST).contains(&limit) {
            return Err(bad(format!("argument limit: must be a number from 1 to {MOST}")));
        }
        let chars = self.max_chars.unwrap_or(usual_chars);
        if !(MAX_CHARS.0..=MAX_CHARS.1).contains(&chars) && self.max_chars.is_some() {
            return Err(bad(format!("argument max_chars: must be a number from {} to {}", MAX_CHARS.0, MAX_CHARS.1)));
        }
        let question = match key_log {
            Some(sha256) => Question::new(NAME, components, &json!([self.sql, sha256])),
            None => Question::new(NAME, components, &self.sql.as_str().into()),
        };
        let cursor = self.cursor.as_deref().map(Cursor::parse).transpose()?;
        if let Some(cursor) = &cursor {
            cursor.check_question(&question)?;
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(Part { offset: cursor.as_ref().map_or(0, |cursor| cursor.offset), limit, chars, cursor, question })
    }
}

impl Part {
    /// Checks that the capture is the one that the page before was of.
    ///
    /// # Errors
    /// [`Code::BadArgument`] when it is another.
    pub fn check(&self, identity: &str) -> Result<(), AnswerError> {
        self.cursor.as_ref().map_or(Ok(()), |cursor| cursor.check_capture(identity))
    }

    /// The same of the rows that begin elsewhere.
    #[must_use]
    pub fn at(&self, offset: u64) -> Self {
        Self { offset, ..self.clone() }
    }

    /// What is not here of the rows, and what is text from the capture; `head` is what is known of the capture, and `identity` by what it is known, where
    /// it is one.
    pub fn answer(&self, mut head: Map<String, Value>, mut page: Page, identity: Option<&str>) -> Value {
        page.rows.iter_mut().for_each(tidy::numbers);
        let returned = page.rows.len() as u64;
        let through = self.offset.saturating_add(returned);
        let mut shown = Map::new();
        shown.insert("captured_text".into(), json!([ROWS]));
        if page.behind > 0 || page.is_cut || self.offset > 0 {
            let mut list = Map::new();
            list.insert("list".into(), ROWS.into());
            if !page.is_cut {
                list.insert("total".into(), through.saturating_add(page.behind).into());
            }
            if self.offset > 0 {
                list.insert("offset".into(), self.offset.into());
            }
            list.insert("returned".into(), returned.into());
            if let Some(identity) = identity.filter(|_| page.behind > 0 || page.is_cut) {
                list.insert("next".into(), Cursor::text(ROWS, through, identity, &self.question).into());
            }
            shown.insert("lists".into(), json!([list]));
        }
        head.insert("columns".into(), page.columns.into());
        head.insert(ROWS.into(), page.rows.into());
        head.insert("shown".into(), shown.into());
        head.into()
    }
}

fn bad(message: String) -> AnswerError {
    AnswerError::new(Code::BadArgument, message)
}

/// All tables and columns, for a person or a model to read.
pub fn schema<'t>(tables: impl Iterator<Item = &'t Table>) -> String {
    let mut text = format!(
        "# Tables for {NAME}\n\nSQL is SQLite's, one SELECT. The same is in the table {OF_TABLES}. Lists are JSON arrays (json_each(..) has their values), \
         times nanoseconds since 1970, which a column of a table shows as UTC; rfc3339(x) does for what is computed of them.\n"
    );
    for table in tables {
        text.push_str(&format!(
            "\n## {}\n\nA row is: {}\n\n| column | type | unit | meaning |\n|---|---|---|---|\n",
            table.name, table.row
        ));
        for column in &table.columns {
            let cell = |text: &str| text.replace('|', "\\|");
            let unit = column.unit.as_deref().unwrap_or_default();
            let mark = if column.captured { " Text from the capture." } else { "" };
            text.push_str(&format!(
                "| `{}` | {} | {} | {}{mark} |\n",
                column.name,
                column.kind.name(),
                cell(unit),
                cell(&column.meaning)
            ));
        }
    }
    text
}
