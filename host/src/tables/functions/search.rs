//! SQLite's functions that look for one text in another, in time that grows with the texts and not with their product: nothing ends them before they are done,
//! and SQLite's own take a minute for two texts as long as they may be.

use rusqlite::Connection;
use rusqlite::ffi::{Error as Code, SQLITE_TOOBIG};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use super::super::lock::LENGTH;
use super::{Unusable, unusable};

/// A text of an argument, or what would be one.
enum Text<'c> {
    There(&'c str),
    Number(String),
}

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        match self {
            Self::There(text) => text,
            Self::Number(text) => text,
        }
    }
}

/// Makes them known, in place of SQLite's.
pub(super) fn add(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    connection.create_scalar_function("instr", 2, flags, |context| {
        let (Some(text), Some(part)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
        Ok(Some(place(text.as_ref(), part.as_ref())))
    })?;
    connection.create_scalar_function("replace", 3, flags, |context| {
        let (Some(text), Some(old), Some(new)) = (text(context, 0)?, text(context, 1)?, text(context, 2)?) else {
            return Ok(None);
        };
        replaced(text.as_ref(), old.as_ref(), new.as_ref()).map(Some)
    })?;
    type Trim = fn(&str, &[char]) -> String;
    let sides: [(&str, Trim); 3] = [
        ("trim", |text, of| text.trim_matches(|c: char| of.binary_search(&c).is_ok()).to_owned()),
        ("ltrim", |text, of| text.trim_start_matches(|c: char| of.binary_search(&c).is_ok()).to_owned()),
        ("rtrim", |text, of| text.trim_end_matches(|c: char| of.binary_search(&c).is_ok()).to_owned()),
    ];
    for (name, trim) in sides {
        connection.create_scalar_function(name, 2, flags, move |context| {
            // The set of characters is the same in all rows, or small.
            let of = context.get_or_create_aux(1, |value: ValueRef<'_>| Ok::<_, Unusable>(characters(value)))?;
            let (Some(text), true) = (text(context, 0)?, text(context, 1)?.is_some()) else { return Ok(None) };
            Ok(Some(trim(text.as_ref(), &of)))
        })?;
    }
    Ok(())
}

/// An argument as text; `None` for NULL.
fn text<'c>(context: &'c Context<'_>, n: usize) -> rusqlite::Result<Option<Text<'c>>> {
    match context.get_raw(n) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => std::str::from_utf8(text)
            .map(|text| Some(Text::There(text)))
            .map_err(|_| unusable("a text that is not UTF-8")),
        ValueRef::Integer(number) => Ok(Some(Text::Number(number.to_string()))),
        // Which digits it has as text SQLite alone knows.
        value => Err(unusable(format!(
            "argument {} must be text, not {}; CAST(x AS TEXT) makes it text",
            n.saturating_add(1),
            value.data_type()
        ))),
    }
}

/// The characters of a text, in order.
fn characters(value: ValueRef<'_>) -> Vec<char> {
    let mut all: Vec<char> = match value {
        ValueRef::Integer(number) => number.to_string().chars().collect(),
        value => value.as_str().unwrap_or_default().chars().collect(),
    };
    all.sort_unstable();
    all.dedup();
    all
}

/// Where the first character of a part is, from 1; 0 where it is not.
fn place(text: &str, part: &str) -> i64 {
    let before = text.find(part).and_then(|at| text.get(..at));
    before.map_or(0, |before| i64::try_from(before.chars().count()).unwrap_or_default().saturating_add(1))
}

/// A text in which each part that is like another is a third.
fn replaced(text: &str, old: &str, new: &str) -> rusqlite::Result<String> {
    if old.is_empty() {
        return Ok(text.to_owned());
    }
    let count = text.matches(old).count();
    let left = text.len().saturating_sub(count.saturating_mul(old.len()));
    // Before it is made: it could be a gigabyte.
    if left.saturating_add(count.saturating_mul(new.len())) > usize::try_from(LENGTH).unwrap_or_default() {
        return Err(rusqlite::Error::SqliteFailure(Code::new(SQLITE_TOOBIG), None));
    }
    Ok(text.replace(old, new))
}
