//! What the databases look like: their tables, the indexes of these, and the table that lists them all.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::{Null, ToSql};

use crate::rows::{Column, Kind, OF_CAPTURE, OF_TABLES, Table};

/// Columns that have an index: those by which tables are joined, and which narrow a capture down to a part of it. For a million packets, the first two take
/// 0.4 s each and a tenth of the rows' bytes. An index of addresses would take 0.9 s, and all rows are read in half of that.
const INDEXED: [&str; 3] = ["frame", "time", "connection"];
/// One whose values lie anywhere in the table, so that rows that are read in its order take three times as long as sorting them: its index serves a value, and
/// no order.
const SCATTERED: &str = "community_id";

/// Makes tables, and the one that lists them.
pub(super) fn outline<'t>(
    connection: &Connection,
    tables: impl Iterator<Item = &'t Table>,
    is_of_several: bool,
) -> rusqlite::Result<()> {
    for table in tables {
        connection.execute(&create(table, is_of_several), [])?;
    }
    connection.execute(
        &format!("CREATE TABLE {OF_TABLES} (table_name TEXT, a_row_is TEXT, column_name TEXT, type TEXT, unit TEXT, meaning TEXT, is_captured INTEGER)"),
        [],
    )?;
    Ok(())
}

/// The statement that makes a table.
pub(super) fn create(table: &Table, is_of_several: bool) -> String {
    let columns = table.columns.iter().map(|column| format!("\"{}\" {}", column.name, stored(column.kind)));
    let of_capture = is_of_several.then(|| format!("\"{OF_CAPTURE}\" TEXT"));
    let columns: Vec<String> = columns.chain(of_capture).collect();
    format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "))
}

/// Its indexes: the name of each, and the statement that makes it.
pub(super) fn indexes(table: &Table) -> impl Iterator<Item = (String, String)> {
    table.columns.iter().filter_map(|Column { name: column, .. }| {
        let only = match column.as_str() {
            SCATTERED => format!(" WHERE \"{column}\" IS NOT NULL"),
            ordered if INDEXED.contains(&ordered) => String::new(),
            _ => return None,
        };
        let name = format!("{}.{column}", table.name);
        let sql = format!("CREATE INDEX \"{name}\" ON \"{}\" (\"{column}\"){only}", table.name);
        Some((name, sql))
    })
}

/// The statement that adds a row to it.
pub(super) fn insert(table: &Table) -> String {
    let values = vec!["?"; table.columns.len()].join(", ");
    format!("INSERT INTO \"{}\" VALUES ({values})", table.name)
}

/// How the database keeps values: lists as JSON arrays, addresses as text.
fn stored(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Time | Kind::Truth => "INTEGER",
        Kind::Float => "REAL",
        Kind::Text | Kind::Address | Kind::Integers | Kind::Texts => "TEXT",
    }
}

/// How they are used in SQL, where that is not plain.
fn usage(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Time => Some("ns since 1970; compare with ns('2026-01-31T12:00:00Z')"),
        Kind::Truth => Some("0 or 1"),
        Kind::Integers | Kind::Texts => Some("JSON array; json_each(..) has its values"),
        Kind::Integer | Kind::Float | Kind::Text | Kind::Address => None,
    }
}

/// Fills the table that lists them.
pub(super) fn list(connection: &Connection, known: &[Arc<Table>], is_of_several: bool) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(&format!("INSERT INTO {OF_TABLES} VALUES (?, ?, ?, ?, ?, ?, ?)"))?;
    for table in known {
        for column in &table.columns {
            let unit = column.unit.as_deref().or_else(|| usage(column.kind));
            let values: [&dyn ToSql; 7] =
                [&table.name, &table.row, &column.name, &column.kind.name(), &unit, &column.meaning, &column.captured];
            insert.execute(values)?;
        }
        if is_of_several {
            let values: [&dyn ToSql; 7] = [
                &table.name,
                &table.row,
                &OF_CAPTURE,
                &Kind::Text.name(),
                &Null,
                &"The capture that the row is of.",
                &true,
            ];
            insert.execute(values)?;
        }
    }
    Ok(())
}
