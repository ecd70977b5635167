//! The rows of a capture in a database: a private file that is gone with its last reader.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::types::{Null, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use tempfile::TempDir;

use super::lock;
use super::query::Locked;
use super::trouble::told;
use crate::rows::{Cells, Checked, Kind, OF_CAPTURE, OF_TABLES, QueryError, Table, Values, address, span};

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
    /// Of several captures, the one whose rows come.
    capture: Option<Capture>,
    /// Whether there was no room for rows.
    is_full: bool,
}

/// A capture of several.
#[derive(Default)]
struct Capture {
    name: String,
    /// The last row of each table that is not its own.
    before: Vec<i64>,
}

/// A database that was filled.
pub struct Filled {
    pub(super) connection: Connection,
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) locked: Locked,
}

impl Store {
    /// An empty database of these tables, of so many bytes at most. `known` are all that there are. Where it is of several captures, each row has a
    /// column more, which names its capture.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn create(
        tables: Vec<Arc<Table>>,
        known: &[Arc<Table>],
        most: u64,
        is_of_several: bool,
    ) -> Result<Self, QueryError> {
        let _little = lock::little();
        let io = |error: std::io::Error| QueryError::Failed(error.to_string());
        let folder = tempfile::Builder::new().prefix("mcpcap-tables-").tempdir().map_err(io)?;
        let connection = open(&file(&folder), OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE);
        let store = Self {
            connection: connection.map_err(failed)?,
            folder,
            tables,
            known: known.to_vec(),
            most,
            capture: is_of_several.then(Capture::default),
            is_full: false,
        };
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
        outline(&self.connection, self.known.iter().map(AsRef::as_ref), self.capture.is_some())?;
        list(&self.connection, &self.known, self.capture.is_some())
    }

    /// Begins with the rows of one of several captures.
    ///
    /// # Errors
    /// As the database fails.
    pub fn begin_capture(&mut self, name: &str) -> Result<(), QueryError> {
        let _little = lock::little();
        let last = |table: &Arc<Table>| {
            let sql = format!("SELECT coalesce(max(rowid), 0) FROM \"{}\"", table.name);
            self.connection.query_row(&sql, [], |row| row.get(0))
        };
        let before = self.tables.iter().map(last).collect::<Result<_, _>>().map_err(failed)?;
        if let Some(capture) = &mut self.capture {
            *capture = Capture { name: name.into(), before };
        }
        Ok(())
    }

    /// Takes the rows of that capture back.
    ///
    /// # Errors
    /// As the database fails.
    pub fn forget_capture(&mut self) -> Result<(), QueryError> {
        let _little = lock::little();
        let before = self.capture.iter().flat_map(|capture| &capture.before);
        for (table, before) in self.tables.iter().zip(before) {
            let sql = format!("DELETE FROM \"{}\" WHERE rowid > ?", table.name);
            self.connection.execute(&sql, [before]).map_err(failed)?;
        }
        Ok(())
    }

    /// Whether there was no room for rows, behind which it is good for nothing.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Adds rows of the n-th table.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn add(&mut self, table: usize, rows: &Checked) -> Result<(), QueryError> {
        let Some(table) = self.tables.get(table) else {
            return Err(QueryError::Failed("rows of no table".into()));
        };
        let _little = lock::little();
        let all: Vec<&Table> = self.tables.iter().map(AsRef::as_ref).collect();
        let capture = self.capture.as_ref().map(|capture| capture.name.as_str());
        let added = self.connection.prepare(&insert(table, capture.is_some()));
        let added = added.and_then(|mut insert| fill(&mut insert, rows, capture));
        added.map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => {
                self.is_full = true;
                QueryError::Full(self.most)
            }
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
        let mut connection = open(&file(&folder), OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
        // Its first look at the file. From here on the file has no name.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
        folder.close().map_err(|error| QueryError::Failed(error.to_string()))?;
        let locked = Locked::new(&mut connection, &known).map_err(failed)?;
        Ok(Filled { connection, tables: known, locked })
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
fn create(table: &Table, is_of_several: bool) -> String {
    let columns = table.columns.iter().map(|column| format!("\"{}\" {}", column.name, stored(column.kind)));
    let of_capture = is_of_several.then(|| format!("\"{OF_CAPTURE}\" TEXT"));
    let columns: Vec<String> = columns.chain(of_capture).collect();
    format!("CREATE TABLE \"{}\" ({})", table.name, columns.join(", "))
}

/// The statement that adds a row to it.
fn insert(table: &Table, is_of_several: bool) -> String {
    let values = vec!["?"; table.columns.len().saturating_add(is_of_several.into())].join(", ");
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
fn list(connection: &Connection, known: &[Arc<Table>], is_of_several: bool) -> rusqlite::Result<()> {
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

fn fill(insert: &mut Statement<'_>, rows: &Checked, capture: Option<&str>) -> rusqlite::Result<()> {
    if let Some(capture) = capture {
        // It stays bound from row to row.
        insert.raw_bind_parameter(rows.columns().len().saturating_add(1), capture)?;
    }

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
