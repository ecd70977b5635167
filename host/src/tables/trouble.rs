//! Why there is no answer to a query, and what its writer may have meant.

use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::rows::{QueryError, Table};

/// Names that are told as the nearest.
const NEAREST: usize = 4;
/// Characters of the SQL that are shown where it is wrong.
const SHOWN: usize = 40;

/// What the database said, of what this program asks of it.
pub(super) fn failed(error: rusqlite::Error) -> QueryError {
    told(error, &[])
}

/// What the database said, in words for whoever wrote the SQL. What reached a limit of time is for the caller to tell.
pub(super) fn told(error: rusqlite::Error, tables: &[Arc<Table>]) -> QueryError {
    use rusqlite::Error as E;
    match error {
        E::SqlInputError { msg, sql, offset, .. } => {
            let offset = usize::try_from(offset).unwrap_or_default();
            QueryError::Sql(format!("{msg}{}{}", place(&sql, offset), meant(&msg, &sql, tables)))
        }
        E::SqliteFailure(failure, message) => {
            let message = message.unwrap_or_else(|| failure.to_string());
            match failure.code {
                ErrorCode::OutOfMemory => QueryError::Limit(
                    "memory; select fewer columns, group by fewer values, or add a WHERE or LIMIT".into(),
                ),
                ErrorCode::TooBig => QueryError::Limit("bytes of one value".into()),
                ErrorCode::Unknown => QueryError::Sql(format!("{message}{}", meant(&message, "", tables))),
                ErrorCode::AuthorizationForStatementDenied | ErrorCode::ReadOnly | ErrorCode::TypeMismatch => {
                    QueryError::Sql(message)
                }
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::SystemIoFailure => {
                    QueryError::Damaged(message)
                }
                _ => QueryError::Failed(message),
            }
        }
        E::Empty => QueryError::Sql("it must be one SELECT".into()),
        E::MultipleStatement => QueryError::Sql("it must be one statement".into()),
        error => QueryError::Failed(error.to_string()),
    }
}

/// Where it is, in characters from 1, and what stands there.
fn place(sql: &str, offset: usize) -> String {
    let Some((before, behind)) = sql.split_at_checked(offset) else { return String::new() };
    let line = behind.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(SHOWN).collect();
    let position = before.chars().count().saturating_add(1);
    if shown.is_empty() { " (at the end)".into() } else { format!(" (at character {position}: {shown})") }
}

/// The nearest names of tables, columns and functions, where a name is not known.
fn meant(message: &str, sql: &str, tables: &[Arc<Table>]) -> String {
    let unknown = |what: &str| message.split_once(what).map(|(_, name)| name.trim().to_lowercase());
    let list =
        |names: Vec<String>| if names.is_empty() { String::new() } else { format!("; nearest: {}", names.join(", ")) };
    if let Some(name) = unknown("no such table: ") {
        let all = tables.iter().map(|table| table.name.as_str());
        return match list(nearest(&name, all.clone())) {
            none if none.is_empty() => format!("; the tables are {}", all.collect::<Vec<_>>().join(", ")),
            found => found,
        };
    }
    if let Some(name) = unknown("no such column: ") {
        let name = name.split(" - ").next().unwrap_or_default().trim_matches('"').to_owned();
        let column = name.rsplit('.').next().unwrap_or_default();
        let sql = sql.to_lowercase();
        let words: Vec<&str> = sql.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
        let named = || tables.iter().filter(|table| words.contains(&table.name.as_str()));
        let columns = named().flat_map(|table| table.columns.iter().map(|column| column.name.as_str()));
        return match list(nearest(column, columns.clone())) {
            none if none.is_empty() && named().next().is_some() => {
                format!("; the columns are {}", columns.collect::<Vec<_>>().join(", "))
            }
            found => found,
        };
    }
    if let Some(name) = unknown("no such function: ") {
        return function(&name);
    }
    // What SQLite's parser says of a stack that is full.
    if matches!(message, "Recursion limit" | "parser stack overflow") {
        return ": it is nested too deep; write it flatter, or its parts one after the other in WITH".into();
    }
    String::new()
}

/// What to use instead of a function that there is not.
pub(super) fn function(name: &str) -> String {
    let instead = match name {
        "datetime" | "date" | "time" | "strftime" | "julianday" | "unixepoch" | "current_timestamp"
        | "current_date" | "current_time" => {
            "rfc3339(time) shows a time, bucket(time, seconds) rounds it, ns(text) reads one"
        }
        "regexp" | "match" => "LIKE and GLOB match text",
        "p50" | "p90" | "p95" | "p99" | "quantile" => "percentile(value, 95) is one, median(value) another",
        _ => "",
    };
    if !instead.is_empty() {
        return format!("; {instead}");
    }
    let names = nearest(name, super::lock::FUNCTIONS.iter().copied());
    if names.is_empty() { String::new() } else { format!("; nearest: {}", names.join(", ")) }
}

fn nearest<'n>(name: &str, all: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut found: Vec<(f64, &str)> = all
        .map(|known| {
            // A part of a name counts as much as a slip of the pen.
            let holds = name.len() > 2 && known.contains(name) || known.len() > 2 && name.contains(known);
            let typed = strsim::normalized_damerau_levenshtein(name, known);
            let begun = strsim::jaro_winkler(name, known);
            let alike = [(begun, 0.75), (typed, 0.6), (if holds { 0.8 } else { 0.0 }, 0.8)];
            (
                alike.into_iter().filter(|(alike, least)| alike >= least).fold(0.0, |most, (alike, _)| alike.max(most)),
                known,
            )
        })
        .filter(|(alike, _): &(f64, &str)| *alike > 0.0)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found.dedup_by_key(|(_, name)| *name);
    found.into_iter().take(NEAREST).map(|(_, name)| name.to_owned()).collect()
}
