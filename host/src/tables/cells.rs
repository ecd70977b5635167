//! Rows as a database keeps them: lists as JSON arrays, addresses as text.

use std::fmt::Write;

use rusqlite::Statement;
use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};

use crate::rows::{Cells, Checked, Values, address, span};

/// Adds rows by a statement that takes the values of one.
pub(super) fn fill(insert: &mut Statement<'_>, rows: &Checked) -> rusqlite::Result<()> {
    let mut absent: Vec<_> = rows.columns().iter().map(|values| values.absent.iter().peekable()).collect();
    let mut written = String::new();
    for row in 0..rows.count {
        for (place, (values, absent)) in (1_usize..).zip(rows.columns().iter().zip(&mut absent)) {
            if absent.next_if(|next| **next as usize == row).is_some() {
                insert.raw_bind_parameter(place, Null)?;
            } else {
                insert.raw_bind_parameter(place, value(values, row, &mut written))?;
            }
        }
        insert.raw_execute()?;
    }
    Ok(())
}

/// A value as the database keeps it.
struct Kept<'v>(ValueRef<'v>);

impl ToSql for Kept<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0))
    }
}

fn value<'v>(values: &'v Values, row: usize, written: &'v mut String) -> Kept<'v> {
    let text = |text: &'v str| ValueRef::Text(text.as_bytes());
    let integer = |value: Option<&i64>| ValueRef::Integer(value.copied().unwrap_or_default());
    written.clear();
    // Writing to a String cannot fail.
    Kept(match &values.cells {
        Cells::Integers(all) | Cells::Times(all) => integer(all.get(row)),
        Cells::Floats(all) => ValueRef::Real(all.get(row).copied().unwrap_or_default()),
        Cells::Truths(all) => ValueRef::Integer(all.get(row).copied().unwrap_or_default().into()),
        Cells::Texts(texts) => text(texts.get(row)),
        Cells::Addresses { versions, high, low } => {
            let at = |halves: &[u64]| halves.get(row).copied().unwrap_or_default();
            let _ = write!(written, "{}", address(versions.get(row).copied().unwrap_or_default(), at(high), at(low)));
            text(written)
        }
        Cells::IntegerLists { values, ends } => {
            let (first, end) = span(ends, row);
            list_of(written, values.get(first..end).unwrap_or_default().iter().map(i64::to_string));
            text(written)
        }
        Cells::TextLists { texts, ends } => {
            let (first, end) = span(ends, row);
            list_of(written, (first..end).map(|n| serde_json::Value::from(texts.get(n)).to_string()));
            text(written)
        }
    })
}

/// Writes a JSON array.
fn list_of(written: &mut String, values: impl Iterator<Item = String>) {
    written.push('[');
    for value in values {
        if written.len() > 1 {
            written.push(',');
        }
        written.push_str(&value);
    }
    written.push(']');
}
