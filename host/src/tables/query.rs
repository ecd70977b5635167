//! A query: which tables it reads, and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};
use serde_json::Value;

use super::functions;
use super::layout::outline;
use super::lock::{self, Seen};
use super::store::Filled;
use super::trouble::{failed, told};
use crate::effort::{Effort, after};
use crate::rows::{Kind, OF_TABLES, QueryError, Table};
use crate::text::neutral;

/// Bytes of an SQL text.
const SQL: usize = 20_000;
/// Rows behind those that are shown which are counted.
const COUNTED: u64 = 1_000_000;
/// Characters of a text that are shown; fewer where a row alone has no room otherwise.
const SHOWN: usize = 1000;
const FEWER: [usize; 3] = [SHOWN, 300, 100];
/// Characters of the name of a column.
const NAME: usize = 100;
/// Beyond this, clients that read all numbers as fractions change them.
const EXACT: u64 = 1 << 53;

/// SQL, and the part of its answer that is asked for.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// The SQL.
    pub sql: &'a str,
    /// The first row.
    pub offset: u64,
    /// Rows at most.
    pub limit: usize,
    /// Characters of the rows and of the names of columns at most.
    pub chars: usize,
    /// How long it may take.
    pub time: Duration,
}

/// A part of an answer.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows, their values in the order of the columns.
    pub rows: Vec<Value>,
    /// Rows there are behind them, and whether there are more than were counted.
    pub behind: u64,
    /// Whether there may be more behind them than were counted.
    pub is_cut: bool,
}

/// Which of the known tables an SQL text reads, by their places, of one capture or of several. Nothing of it is run.
///
/// # Errors
/// When it is wrong, not allowed, or takes longer than this.
pub fn tables_of(
    sql: &str,
    known: &[Arc<Table>],
    is_of_several: bool,
    (time, effort): (Duration, &Effort<'_>),
) -> Result<Vec<usize>, QueryError> {
    effort.check()?;
    let _little = lock::little();
    let mut connection = Connection::open_in_memory().map_err(failed)?;
    lock::prepare(&connection).map_err(failed)?;
    outline(&connection, known.iter().map(AsRef::as_ref), is_of_several).map_err(failed)?;
    let locked = Locked::new(&mut connection, known).map_err(failed)?;
    lock::watch(&mut connection, after(time).min(effort.until), effort.cancel).map_err(failed)?;
    prepared(&connection, sql, &locked, &trouble(known, time, effort))?;
    let read = locked.read.lock().unwrap_or_else(PoisonError::into_inner);
    let places = known.iter().enumerate().filter(|(_, table)| read.contains(&table.name));
    Ok(places.map(|(place, _)| place).collect())
}

/// A database that is locked up.
pub(super) struct Locked {
    /// What SQL was refused.
    seen: Arc<Mutex<Seen>>,
    /// Where each table and index begins: in which database, and at which page, by which instructions name it.
    roots: BTreeMap<(i64, i64), String>,
    /// Virtual tables that are not for queries.
    modules: BTreeSet<String>,
    /// The tables that SQL reads.
    read: Mutex<BTreeSet<String>>,
}

impl Locked {
    pub(super) fn new(connection: &mut Connection, tables: &[Arc<Table>]) -> rusqlite::Result<Self> {
        functions::add(connection)?;
        let names: BTreeSet<String> = tables.iter().map(|table| table.name.clone()).chain([OF_TABLES.into()]).collect();
        let roots = roots(connection)?;
        let modules = lock::modules(connection)?;
        let seen = lock::lock(connection, names, modules.clone())?;
        Ok(Self { seen, roots, modules, read: Mutex::default() })
    }

    /// Notes which tables a statement reads, by its instructions: the authorizer is not told of columns that two tables are joined USING.
    fn note(
        &self,
        connection: &Connection,
        sql: &str,
        trouble: &impl Fn(rusqlite::Error) -> QueryError,
    ) -> Result<(), QueryError> {
        let mut read = BTreeSet::new();
        let mut program = connection.prepare(&format!("EXPLAIN {sql}")).map_err(trouble)?;
        let mut instructions = program.raw_query();
        let refused =
            || QueryError::Sql(format!("it reads what is not for queries; SELECT * FROM {OF_TABLES} lists what is"));
        while let Some(instruction) = instructions.next().map_err(trouble)? {
            let name: String = instruction.get(1).map_err(failed)?;
            match name.as_str() {
                "OpenRead" | "ReopenIdx" => {
                    let place = instruction.get(4).and_then(|database| Ok((database, instruction.get(3)?)));
                    read.insert(self.roots.get(&place.map_err(failed)?).ok_or_else(refused)?.clone())
                }
                "VOpen" if self.names_module(sql) => return Err(refused()),
                _ => false,
            };
        }
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// Whether SQL has the name of a virtual table that is not for queries.
    fn names_module(&self, sql: &str) -> bool {
        let sql = sql.to_lowercase();
        let mut words = sql.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.any(|word| word.starts_with("pragma_") || self.modules.contains(word))
    }
}

/// Where tables and their indexes begin.
fn roots(connection: &Connection) -> rusqlite::Result<BTreeMap<(i64, i64), String>> {
    let mut databases = connection.prepare("SELECT seq, name FROM pragma_database_list")?;
    let databases = databases.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut roots = BTreeMap::new();
    for (number, name) in databases.collect::<rusqlite::Result<Vec<(i64, String)>>>()? {
        let mut places = connection.prepare(&format!("SELECT rootpage, tbl_name FROM \"{name}\".sqlite_schema"))?;
        let places = places.query_map([], |row| Ok(((number, row.get(0)?), row.get(1)?)))?;
        roots.extend(places.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(roots)
}

/// What the database said of SQL that may take so long.
fn trouble(tables: &[Arc<Table>], time: Duration, effort: &Effort<'_>) -> impl Fn(rusqlite::Error) -> QueryError {
    move |error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => lock::ended(effort.cancel, time),
        _ => told(error, tables),
    }
}

/// One statement that answers with rows and changes nothing.
fn prepared<'c>(
    connection: &'c Connection,
    sql: &str,
    locked: &Locked,
    trouble: &impl Fn(rusqlite::Error) -> QueryError,
) -> Result<Statement<'c>, QueryError> {
    if sql.len() > SQL {
        return Err(QueryError::Limit(format!("bytes of SQL ({SQL})")));
    }
    if sql.contains('\0') {
        return Err(QueryError::Sql("it has a zero character".into()));
    }
    let statement = connection.prepare(sql).map_err(|error| {
        let refused = locked.seen.lock().unwrap_or_else(PoisonError::into_inner).refused.take();
        refused.map_or_else(|| trouble(error), QueryError::Sql)
    })?;
    if statement.column_count() == 0 || !statement.readonly() || statement.is_explain() != 0 {
        return Err(QueryError::Sql("it must be one SELECT".into()));
    }
    locked.note(connection, sql, trouble)?;
    Ok(statement)
}

impl Filled {
    /// Asks.
    ///
    /// # Errors
    /// When the SQL is wrong or not allowed, or reaches a limit.
    pub fn ask(&mut self, query: &Query<'_>, effort: &Effort<'_>) -> Result<Page, QueryError> {
        let _all = lock::all(effort)?;
        effort.check()?;
        let until = after(query.time).min(effort.until);
        lock::watch(&mut self.connection, until, effort.cancel).map_err(failed)?;
        let trouble = trouble(&self.tables, query.time, effort);
        let mut statement = prepared(&self.connection, query.sql, &self.locked, &trouble)?;
        let columns: Vec<String> = statement.column_names().map(|name| neutral(name, NAME).into_owned()).collect();
        let kinds = kinds(&statement, &self.tables);
        let mut page = Page { columns, ..Page::default() };
        let mut rows = statement.raw_query();
        let (mut place, mut room) = (0_u64, query.chars.saturating_sub(size(&page.columns.as_slice().into())));
        let mut is_full = false;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                // What was found stands; only how many follow is not known.
                Err(error)
                    if is_full && error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
                {
                    effort.check()?;
                    page.is_cut = true;
                    break;
                }
                Err(error) => return Err(trouble(error)),
            };
            let is_before = place < query.offset;
            place = place.saturating_add(1);
            if is_before {
                continue;
            }
            if !is_full {
                let fewer = if page.rows.is_empty() { FEWER.len() } else { 1 };
                let mut all = FEWER.iter().take(fewer).map(|most| shown(row, &kinds, *most));
                let fits = all.find(|row| size(row) <= room).filter(|_| page.rows.len() < query.limit);
                match fits {
                    Some(row) => {
                        room = room.saturating_sub(size(&row));
                        page.rows.push(row);
                        continue;
                    }
                    None if page.rows.is_empty() => {
                        return Err(QueryError::Limit(
                            "characters of an answer (max_chars), with a single row; select fewer columns".into(),
                        ));
                    }
                    None => is_full = true,
                }
            }
            page.behind = page.behind.saturating_add(1);
            if page.behind >= COUNTED {
                page.is_cut = true;
                break;
            }
        }
        Ok(page)
    }
}

/// Characters of a part of an answer, with what separates it from others.
fn size(value: &Value) -> usize {
    value.to_string().chars().count().saturating_add(1)
}

/// What the values of each column of an answer are, where it is a column of a table as it is.
fn kinds(statement: &Statement<'_>, tables: &[Arc<Table>]) -> Vec<Option<Kind>> {
    let of_column = |table: Option<&str>, column: Option<&str>| {
        let table = tables.iter().find(|known| Some(known.name.as_str()) == table)?;
        table.column(column?).map(|column| column.kind)
    };
    statement.columns_with_metadata().map(|column| of_column(column.table_name(), column.origin_name())).collect()
}

fn shown(row: &Row<'_>, kinds: &[Option<Kind>], most: usize) -> Value {
    kinds
        .iter()
        .enumerate()
        .map(|(n, kind)| row.get_ref(n).map_or(Value::Null, |value| one(value, *kind, most)))
        .collect()
}

fn one(value: ValueRef<'_>, kind: Option<Kind>, most: usize) -> Value {
    match (value, kind) {
        (ValueRef::Null, _) => Value::Null,
        (ValueRef::Integer(time), Some(Kind::Time)) => functions::rfc3339(time).into(),
        (ValueRef::Integer(truth), Some(Kind::Truth)) => (truth != 0).into(),
        (ValueRef::Integer(number), _) if number.unsigned_abs() <= EXACT => number.into(),
        (ValueRef::Integer(number), _) => number.to_string().into(),
        // Infinity is no JSON.
        (ValueRef::Real(number), _) => {
            serde_json::Number::from_f64(number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        (ValueRef::Text(text), Some(Kind::Integers | Kind::Texts)) => list(text, most),
        (ValueRef::Text(text), _) => neutral(&String::from_utf8_lossy(text), most).into(),
        (ValueRef::Blob(bytes), _) => {
            let digits: String = bytes.iter().take(most).map(|byte| format!("{byte:02x}")).collect();
            neutral(&format!("x'{digits}'"), most).into()
        }
    }
}

/// A list as it was stored.
fn list(text: &[u8], most: usize) -> Value {
    match serde_json::from_slice(text) {
        Ok(Value::Array(values)) => values
            .into_iter()
            .map(|value| match value {
                Value::String(text) => neutral(&text, most).into(),
                value => value,
            })
            .collect(),
        _ => Value::Null,
    }
}
