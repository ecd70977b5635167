//! The arguments that every tool takes, whatever its component: which frames, which parts of the report, which page, how long.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::cursor::Cursor;
use super::filter::{self, Condition};
use super::table::Form;
use super::within::{Part, Within, parted};
use crate::answer::{AnswerError, Code};
use crate::selection::Selection;

/// Characters of a report: at least, and at most.
pub const MAX_CHARS: (usize, usize) = (2_000, 1_000_000);
/// Entries of a list in one answer.
const MOST_ENTRIES: usize = 1000;

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// Frames.
    pub selection: Selection,
    /// Parts of the report; empty: all.
    pub sections: Vec<String>,
    /// What entries of lists must be.
    pub conditions: Vec<Condition>,
    /// Field by which lists are sorted, and whether the largest come first.
    pub sort: Option<(String, bool)>,
    /// Entries of each list at the most.
    pub limit: usize,
    /// The page.
    pub cursor: Option<Cursor>,
    /// The list within an entry that is asked for, by the cursor or as the only section.
    pub within: Option<Within>,
    /// The part of the cursor's list in which its page begins, where that goes on behind its entries that have an order.
    pub further: Option<Part>,
    /// Characters.
    pub max_chars: usize,
    /// In which form lists are given.
    pub form: Form,
    /// What decides on the content, for cursors.
    pub deciding: Value,
}

/// Names of the arguments, which no component can take for itself.
pub const NAMES: [&str; 13] = [
    "host",
    "port",
    "start_time",
    "end_time",
    "first_frame",
    "last_frame",
    "section",
    "where",
    "sort",
    "limit",
    "cursor",
    "max_chars",
    "as_objects",
];

/// The one that is of use for programs alone.
const FOR_PROGRAMS: &str = "as_objects";

/// Those whose names say all that a model needs.
const EXPLAINED: [&str; 7] = ["end_time", "first_frame", "keylog_file", "last_frame", "limit", "max_chars", "port"];

/// Adds them to the properties of a tool's schema. Each tool of a list repeats them, so each has one short sentence; docs/answers.md has the rest.
pub fn describe(properties: &mut Map<String, Value>) {
    let texts =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    let described = [
        ("host", json!({ "type": "string", "description": "IP address or network." })),
        ("port", json!({ "type": "integer", "minimum": 1, "maximum": 65535, "description": "TCP or UDP port." })),
        ("start_time", json!({ "type": "string", "description": "From this UTC time." })),
        ("end_time", json!({ "type": "string", "description": "To this time." })),
        ("first_frame", json!({ "type": "integer", "minimum": 1, "description": "From this frame." })),
        ("last_frame", json!({ "type": "integer", "minimum": 1, "description": "To this frame." })),
        ("section", texts("Only these.")),
        ("where", texts("Such as rcode=SERVFAIL.")),
        ("sort", json!({ "type": "string", "description": "Field; -field: largest first." })),
        (
            "limit",
            json!({ "type": "integer", "minimum": 0, "maximum": MOST_ENTRIES, "description": "Entries of a list." }),
        ),
        ("cursor", json!({ "type": "string", "description": "A `next`." })),
        (
            "max_chars",
            json!({
                "type": "integer", "minimum": MAX_CHARS.0, "maximum": MAX_CHARS.1,
                "description": "Characters of the answer."
            }),
        ),
        ("as_objects", json!({ "type": "boolean", "description": "Lists as objects, not tables." })),
    ];
    for (name, schema) in described {
        properties.insert(name.into(), schema);
    }
}

/// The schema of arguments as a list of tools shows it: without what all tools share and a model needs not. The service says what is wrong with
/// an argument.
pub fn listed(input: &Map<String, Value>) -> Map<String, Value> {
    let mut input = input.clone();
    input.shift_remove("additionalProperties");
    let mut properties = input.get_mut("properties").and_then(Value::as_object_mut);
    for (name, schema) in properties.iter_mut().flat_map(|properties| properties.iter_mut()) {
        let Value::Object(schema) = schema else { continue };
        for bound in ["minimum", "maximum"] {
            schema.shift_remove(bound);
        }
        if schema.get("default").is_some_and(|default| *default == Value::Bool(false) || default.is_null()) {
            schema.shift_remove("default");
        }
        if EXPLAINED.contains(&name.as_str()) {
            schema.shift_remove("description");
        }
    }
    if let Some(properties) = properties {
        properties.shift_remove(FOR_PROGRAMS);
    }
    input
}

fn of_numbers(schema: &Value) -> bool {
    schema.get("items").and_then(|items| items.get("type")).is_some_and(|kind| kind == "integer")
}

/// Numbers and ranges that are written as text, such as `7,9-12`: as many as an answer may list.
fn numbers(text: &str) -> Option<Value> {
    let mut all: Vec<u64> = Vec::new();
    for part in text.trim_matches(['[', ']']).split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u64, u64) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let room = MOST_ENTRIES.checked_sub(all.len())?;
        if last < first || last.saturating_sub(first) >= room as u64 {
            return None;
        }
        all.extend(first..=last);
    }
    Some(all.into())
}

/// Takes a lone value where a list is wanted, and a number that is written as text where a number is: models write both, and mean one thing.
pub fn lenient(arguments: &mut Map<String, Value>, properties: &Map<String, Value>) {
    for (name, value) in arguments {
        let Some(schema) = properties.get(name) else { continue };
        let is = |kind: &str| schema.get("type").is_some_and(|known| known == kind);
        match value {
            Value::Array(entries) if of_numbers(schema) && entries.iter().any(Value::is_string) => {
                let texts: Vec<String> = entries
                    .iter()
                    .map(|entry| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned))
                    .collect();
                if let Some(numbers) = numbers(&texts.join(",")) {
                    *value = numbers;
                }
            }
            Value::String(text) if is("array") && of_numbers(schema) => {
                if let Some(numbers) = numbers(text) {
                    *value = numbers;
                }
            }
            Value::String(_) | Value::Number(_) if is("array") => *value = Value::Array(vec![value.take()]),
            Value::String(text) if is("integer") => {
                if let Ok(number) = text.trim().parse::<i64>() {
                    *value = number.into();
                }
            }
            Value::String(text) if is("boolean") => match text.as_str() {
                "true" => *value = true.into(),
                "false" => *value = false.into(),
                _ => {}
            },
            _ => {}
        }
    }
}

impl Common {
    /// Takes them out of a call's arguments, which fit the schema. What is left is the component's.
    ///
    /// # Errors
    /// [`Code::BadArgument`], by name.
    pub fn take(arguments: &mut Map<String, Value>, max_chars: usize) -> Result<Self, AnswerError> {
        let mut own = Map::new();
        for name in NAMES {
            if let Some(value) = arguments.shift_remove(name) {
                own.insert(name.into(), value);
            }
        }
        let text = |name: &str| own.get(name).and_then(Value::as_str);
        let number = |name: &str| own.get(name).and_then(Value::as_u64);
        let selection = Selection {
            host: text("host").map(str::to_owned),
            port: number("port").and_then(|port| u16::try_from(port).ok()),
            first_frame: number("first_frame"),
            last_frame: number("last_frame"),
            start_time: text("start_time").map(|text| moment("start_time", text)).transpose()?,
            end_time: text("end_time").map(|text| moment("end_time", text)).transpose()?,
        };
        ordered("first_frame", "last_frame", selection.first_frame, selection.last_frame)?;
        ordered("start_time", "end_time", selection.start_time, selection.end_time)?;
        let texts =
            |name: &str| own.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        if texts("where").count() > filter::MOST {
            let message = format!("argument where: at most {} conditions", filter::MOST);
            return Err(AnswerError::new(Code::BadArgument, message));
        }
        let sort = text("sort").map(|text| match text.strip_prefix('-') {
            Some(field) => (field.to_owned(), true),
            None => (text.to_owned(), false),
        });
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let common = Self {
            selection,
            sections: texts("section").map(str::to_owned).collect(),
            conditions: texts("where").map(Condition::parse).collect::<Result<_, _>>()?,
            sort,
            limit: number("limit").map_or(MOST_ENTRIES, size).min(MOST_ENTRIES),
            cursor: text("cursor").map(Cursor::parse).transpose()?,
            within: None,
            further: None,
            max_chars: number("max_chars").map_or(max_chars, size),
            form: if own.get("as_objects") == Some(&Value::Bool(true)) { Form::Objects } else { Form::Table },
            deciding: Value::Null,
        };
        let mut deciding = arguments.clone();
        let decides = |name: &str| !matches!(name, "section" | "limit" | "cursor" | "max_chars" | "as_objects");
        deciding.extend(own.into_iter().filter(|(name, _)| decides(name)));
        deciding.sort_keys();
        let common = Self { deciding: deciding.into(), ..common };
        let within = match (&common.cursor, common.sections.as_slice()) {
            (Some(cursor), _) => Within::parse(&cursor.list, cursor.offset),
            (None, [one]) => Within::parse(one, 0),
            (None, _) => None,
        };
        // An entry is named by its place in the list as it is, neither sorted nor filtered.
        Ok(match within {
            Some(_) => Self { within, sort: None, conditions: Vec::new(), ..common },
            None => common.parted(),
        })
    }

    /// Takes the part of its list out of the cursor. Only a whole list can be sorted.
    fn parted(mut self) -> Self {
        if let Some(cursor) = &mut self.cursor
            && let Some((list, Some(part))) = parted(&cursor.list)
            && part.before <= cursor.offset
        {
            cursor.list = list.to_owned();
            (self.further, self.sort) = (Some(part), None);
        }
        self
    }

    /// Whether a part of the report is wanted.
    pub fn wants(&self, section: &str) -> bool {
        match self.page() {
            Some(list) => list == section,
            None => self.sections.is_empty() || self.sections.iter().any(|wanted| wanted == section),
        }
    }

    /// The lists that are asked for by their own names: that of the cursor, else those of `section`.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        let of_section = self.sections.iter().map(String::as_str).filter(|_| self.page().is_none());
        self.page().into_iter().chain(of_section)
    }

    /// The list of which a page is asked for, or the list within one of its entries.
    pub fn page(&self) -> Option<&str> {
        let of_cursor = || self.cursor.as_ref().map(|cursor| cursor.list.as_str());
        self.within.as_ref().map(|within| within.list.as_str()).or_else(of_cursor)
    }

    /// Entries of that list before the first one wanted.
    pub fn offset(&self) -> u64 {
        let of_cursor = || self.cursor.as_ref().map_or(0, |cursor| cursor.offset);
        self.within.as_ref().map_or_else(of_cursor, |within| within.place)
    }
}

fn ordered(first: &str, last: &str, from: Option<u64>, to: Option<u64>) -> Result<(), AnswerError> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(AnswerError::new(Code::BadArgument, format!("argument {last}: must not be before {first}")))
        }
        _ => Ok(()),
    }
}

/// Nanoseconds since 1970.
fn moment(name: &str, text: &str) -> Result<u64, AnswerError> {
    let seconds = || {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 9 || !part.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        let whole: u64 = whole.parse().ok()?;
        let part: u64 = format!("{part:0<9}").parse().ok()?;
        whole.checked_mul(1_000_000_000)?.checked_add(part)
    };
    let date = || u64::try_from(OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos()).ok();
    seconds().or_else(date).ok_or_else(|| {
        let message = format!(
            "argument {name}: must be UTC as RFC 3339, for example 2023-11-14T22:13:20.5Z, or seconds since 1970, from 1970 to 2554"
        );
        AnswerError::new(Code::BadArgument, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(arguments: Value) -> Result<(Common, Map<String, Value>), AnswerError> {
        let Value::Object(mut arguments) = arguments else { panic!("an object") };
        Common::take(&mut arguments, 24_000).map(|common| (common, arguments))
    }

    #[test]
    fn what_is_meant_is_taken() {
        let properties = json!({ "frames": { "type": "array", "items": { "type": "integer" } }, "section": { "type": "array", "items": { "type": "string" } },
            "port": { "type": "integer" }, "detail": { "type": "boolean" }, "name": { "type": "string" } });
        let taken = |mut arguments: Value| {
            let Value::Object(own) = &mut arguments else { panic!("an object") };
            lenient(own, properties.as_object().unwrap());
            arguments
        };
        for (given, meant) in [
            (json!({ "frames": "579-581, 7" }), json!({ "frames": [579, 580, 581, 7] })),
            (json!({ "frames": ["9-10", 3, "4"] }), json!({ "frames": [9, 10, 3, 4] })),
            (json!({ "frames": 5 }), json!({ "frames": [5] })),
            (json!({ "frames": "[1,2]" }), json!({ "frames": [1, 2] })),
            (
                json!({ "section": "a", "port": "53", "detail": "true", "name": "7" }),
                json!({ "section": ["a"], "port": 53, "detail": true, "name": "7" }),
            ),
        ] {
            assert_eq!(taken(given), meant);
        }
        for wrong in ["5-2", "1-9999999", "x", "", "1-18446744073709551615", "1,,2"] {
            assert_eq!(taken(json!({ "frames": wrong })), json!({ "frames": wrong }));
        }
    }

    #[test]
    fn they_are_taken_out_of_the_components_own() {
        let (common, own) = take(json!({ "name": "x", "limit": 5, "sort": "-latency_ms", "first_frame": 2 })).unwrap();
        assert_eq!(Value::Object(own), json!({ "name": "x" }));
        assert_eq!((common.limit, common.max_chars), (5, 24_000));
        assert_eq!(common.sort, Some(("latency_ms".into(), true)));
        assert_eq!(common.selection.first_frame, Some(2));
        assert_eq!(common.deciding, json!({ "first_frame": 2, "name": "x", "sort": "-latency_ms" }));
        assert!(common.wants("anything"));
    }

    #[test]
    fn times_are_read_exactly() {
        for (text, nanoseconds) in [
            ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
            ("2023-11-14T23:13:20.000000001+01:00", 1_700_000_000_000_000_001),
            ("1700000000", 1_700_000_000_000_000_000),
            ("1700000000.5", 1_700_000_000_500_000_000),
            ("0", 0),
        ] {
            let (common, _) = take(json!({ "start_time": text })).unwrap();
            assert_eq!(common.selection.start_time, Some(nanoseconds), "{text}");
        }
        for text in
            ["", "yesterday", "-1", "1969-12-31T23:59:59Z", "1.1234567890", "99999999999999999999", "2023-11-14"]
        {
            let error = take(json!({ "end_time": text })).unwrap_err();
            assert!(error.message.starts_with("argument end_time"), "{text}: {error}");
        }
    }

    #[test]
    fn what_ends_before_it_begins_is_refused() {
        let error = take(json!({ "first_frame": 5, "last_frame": 4 })).unwrap_err();
        assert_eq!(error.message, "argument last_frame: must not be before first_frame");
        assert!(take(json!({ "start_time": "2", "end_time": "1" })).is_err());
    }
}
