//! Rows as lines of text: CSV and JSON.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use super::spool::Spool;
use super::{Format, Writer};
use crate::rows::{Cells, Checked, OF_CAPTURE, Table, Values, address, span};
use crate::tables::rfc3339;
use crate::text::data::{csv_text, exact};
use crate::text::neutral;

/// Writes the rows of a table as lines.
pub struct Lines {
    /// Whether lines are objects; else cells with commas between.
    is_json: bool,
    /// In front of the value of each column, and of the capture, which is the last one.
    before: Vec<String>,
    capture: String,
    out: Spool,
    /// The portion that is being written.
    portion: String,
    rows: u64,
}

impl Lines {
    /// Begins with the head of the file, where it has one.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn new(format: Format, table: &Arc<Table>, capture: &str, mut out: Spool) -> io::Result<Self> {
        let is_json = format == Format::Ndjson;
        let names = table.columns.iter().map(|column| column.name.as_str()).chain([OF_CAPTURE]);
        let names: Vec<&str> = names.collect();
        let before = |(place, name): (usize, &&str)| match (is_json, place) {
            (true, 0) => format!("{{\"{name}\":"),
            (true, _) => format!(",\"{name}\":"),
            (false, 0) => String::new(),
            (false, _) => ",".into(),
        };
        if !is_json {
            out.write_all(format!("{}\n", names.join(",")).as_bytes())?;
        }
        let mut name = String::new();
        text(&mut name, capture, is_json);
        let before = names.iter().enumerate().map(before).collect();
        Ok(Self { is_json, before, capture: name, out, portion: String::new(), rows: 0 })
    }
}

impl Writer for Lines {
    fn add(&mut self, rows: &Checked) -> io::Result<()> {
        let mut absent: Vec<_> = rows.columns().iter().map(|values| values.absent.iter().peekable()).collect();
        let Self { is_json, before, capture, out, portion, .. } = self;
        portion.clear();
        for row in 0..rows.count {
            for ((before, values), absent) in before.iter().zip(rows.columns()).zip(&mut absent) {
                portion.push_str(before);
                if absent.next_if(|next| **next as usize == row).is_none() {
                    value(portion, values, row, *is_json);
                } else if *is_json {
                    portion.push_str("null");
                }
            }
            portion.push_str(before.last().map_or("", String::as_str));
            portion.push_str(capture);
            portion.push_str(if *is_json { "}\n" } else { "\n" });
        }
        out.write_all(portion.as_bytes())?;
        self.rows = self.rows.saturating_add(rows.count as u64);
        Ok(())
    }

    fn end(self: Box<Self>) -> io::Result<(Spool, u64)> {
        Ok((self.out, self.rows))
    }
}

/// A text: in JSON with hidden characters escaped, in CSV with them written out. One without characters is told from an absent one.
fn text(line: &mut String, text: &str, is_json: bool) {
    if is_json {
        line.push_str(&exact(&serde_json::Value::from(text).to_string()));
    } else if text.is_empty() {
        line.push_str("\"\"");
    } else {
        line.push_str(&csv_text(&neutral(text, usize::MAX)));
    }
}

/// A text that needs no escape, and of which a spreadsheet thinks nothing.
fn plain(line: &mut String, text: impl std::fmt::Display, is_json: bool) {
    // Writing to a String cannot fail.
    let _ = if is_json { write!(line, "\"{text}\"") } else { write!(line, "{text}") };
}

fn value(line: &mut String, values: &Values, row: usize, is_json: bool) {
    match &values.cells {
        Cells::Integers(all) => number(line, all.get(row)),
        Cells::Times(all) => plain(line, rfc3339(all.get(row).copied().unwrap_or_default()), is_json),
        Cells::Floats(all) => {
            let number = all.get(row).copied().and_then(serde_json::Number::from_f64);
            let _ = number.map_or(Ok(()), |number| write!(line, "{number}"));
        }
        Cells::Truths(all) => {
            line.push_str(if all.get(row).copied().unwrap_or_default() { "true" } else { "false" });
        }
        Cells::Texts(texts) => text(line, texts.get(row), is_json),
        Cells::Addresses { versions, high, low } => {
            let at = |halves: &[u64]| halves.get(row).copied().unwrap_or_default();
            plain(line, address(versions.get(row).copied().unwrap_or_default(), at(high), at(low)), is_json);
        }
        Cells::IntegerLists { values, ends } => {
            let (first, end) = span(ends, row);
            list(line, is_json, values.get(first..end).unwrap_or_default(), |list, value| number(list, Some(value)));
        }
        Cells::TextLists { texts, ends } => {
            let (first, end) = span(ends, row);
            let places: Vec<usize> = (first..end).collect();
            list(line, is_json, &places, |list, place| text(list, texts.get(*place), true));
        }
    }
}

fn number(line: &mut String, number: Option<&i64>) {
    let _ = number.map_or(Ok(()), |number| write!(line, "{number}"));
}

/// A list is JSON, also in a cell of CSV.
fn list<T>(line: &mut String, is_json: bool, values: &[T], write: impl Fn(&mut String, &T)) {
    let mut written = String::from("[");
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            written.push(',');
        }
        write(&mut written, value);
    }
    written.push(']');
    line.push_str(&if is_json { written.into() } else { csv_text(&written) });
}
