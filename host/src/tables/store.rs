//! The rows of a capture in a database: a private file that is gone with its last reader.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use tempfile::TempDir;

use super::lock;
use super::trouble::told;
use crate::rows::{Cells, Checked, Kind, OF_TABLES, QueryError, Table, Values, address, span};

/// Bytes of a page of the file.
const PAGE: u64 = 8192;

/// A database that is being filled.
pub struct Store {
    connection: Connection,
    folder: TempDir,
    tables: Vec<Arc<Table>>,
    /// All that there are; those that are not filled are there without rows, so that SQL finds their names.
    known: Vec<Arc<Table>>,
    most: u64,
}

/// A database that was filled.
pub struct Filled {
    pub(super) connection: Connection,
    pub(super) tables: Vec<Arc<Table>>,
}

impl Store {
    /// An empty database of these tables, of so many bytes at most. `known` are all that there are.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn create(tables: Vec<Arc<Table>>, known: &[Arc<Table>], most: u64) -> Result<Self, QueryError> {
        let _little = lock::little();
        let io = |error: std::io::Error| QueryError::Failed(error.to_string());
        let folder = tempfile::Builder::new().prefix("mcpcap-tables-").tempdir().map_err(io)?;
        let connection = open(&file(&folder), OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE);
        let store = Self { connection: connection.map_err(failed)?, folder, tables, known: known.to_vec(), most };
        store.begin().map_err(failed)?;
        Ok(store)
    }

    fn begin(&self) -> rusqlite::Result<()> {
        // One transaction, which is never undone: a run that fails leaves nothing behind.
        let pages = self.most.checked_div(PAGE).unwrap_or_default().max(16);
        self.connection.execute_batch(&format!(
            "PRAGMA page_size = {PAGE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA max_page_count = {pages}; BEGIN"
        ))?;
        outline(&self.connection, self.known.iter().map(AsRef::as_ref))?;
        list(&self.connection, &self.known)
    }

    /// Adds rows of the n-th table.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn add(&self, table: usize, rows: &Checked) -> Result<(), QueryError> {
        let Some(table) = self.tables.get(table) else {
            return Err(QueryError::Failed("rows of no table".into()));
        };
        let _little = lock::little();
        let all: Vec<&Table> = self.tables.iter().map(AsRef::as_ref).collect();
        let added = self.connection.prepare(&insert(table)).and_then(|mut insert| fill(&mut insert, rows));
        added.map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => QueryError::Full(self.most),
            _ => told(error, &all),
        })
    }

    /// Ends the filling.
    ///
    /// # Errors
    /// When there is no room for the rows.
    pub fn finish(self) -> Result<Filled, QueryError> {
        let Self { connection, folder, known, .. } = self;
        let _little = lock::little();
        connection.execute_batch("COMMIT").map_err(failed)?;
        connection.close().map_err(|(_, error)| failed(error))?;
        let connection = open(&file(&folder), OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
        // Its first look at the file. From here on the file has no name.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
        folder.close().map_err(|error| QueryError::Failed(error.to_string()))?;
        Ok(Filled { connection, tables: known })
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("tables.sqlite")
}

fn open(file: &std::path::Path, how: OpenFlags) -> rusqlite::Result<Connection> {
    let flags =
        how | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(file, flags)?;
    lock::prepare(&connection)?;
    Ok(connection)
}

pub(super) fn failed(error: rusqlite::Error) -> QueryError {
    told(error, &[])
}

/// Makes tables, and the one that lists them.
pub(super) fn outline<'t>(connection: &Connection, tables: impl Iterator<Item = &'t Table>) -> rusqlite::Result<()> {
    for table in tables {
        connection.execute(&create(table), [])?;
    }
    connection.execute(
        &format!("CREATE TABLE {OF_TABLES} (table_name TEXT, a_row_is TEXT, column_name TEXT, type TEXT, unit TEXT, meaning TEXT, is_captured INTEGER)"),
        [],
    )?;
    Ok(())
}

/// The statement that makes a table.
fn create(table: &Table) -> String {
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("\"{}\" {}", column.name, stored(column.kind))).collect();
    format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "))
}

/// The statement that adds a row to it.
fn insert(table: &Table) -> String {
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
fn list(connection: &Connection, known: &[Arc<Table>]) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(&format!("INSERT INTO {OF_TABLES} VALUES (?, ?, ?, ?, ?, ?, ?)"))?;
    for table in known {
        for column in &table.columns {
            let unit = column.unit.as_deref().or_else(|| usage(column.kind));
            let values: [&dyn ToSql; 7] =
                [&table.name, &table.row, &column.name, &column.kind.name(), &unit, &column.meaning, &column.captured];
            insert.execute(values)?;
        }
    }
    Ok(())
}

fn fill(insert: &mut Statement<'_>, rows: &Checked) -> rusqlite::Result<()> {
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
