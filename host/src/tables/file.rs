//! A table of a capture in a file of its own: a database with that table and its indexes, which is never changed again.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::Connection;

use super::layout;
use super::nest::Nest;
use super::trouble::failed;
use crate::capture::Identity;
use crate::rows::{QueryError, Table};

/// What stands in a path and needs no escape in a URI.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// A table in a file of its own.
#[derive(Debug)]
pub struct TableFile {
    pub(super) table: Arc<Table>,
    pub(super) path: PathBuf,
    /// Bytes of the rows, which have a limit.
    pub(super) bytes: u64,
    /// Bytes of the file, with its indexes.
    pub(super) size: u64,
    pub(super) holder: Holder,
}

/// To whom the file belongs.
#[derive(Debug)]
pub(super) enum Holder {
    /// To who made it, and goes with it.
    Maker(#[expect(dead_code, reason = "it is held")] Arc<Nest>),
    /// To those that are kept, under this name, where it stays for as long as its lock is held.
    Kept(String, File),
}

impl TableFile {
    /// One that its maker has.
    pub(super) fn made(table: Arc<Table>, path: PathBuf, bytes: u64, nest: Arc<Nest>) -> Result<Self, QueryError> {
        let size = path.metadata().map_err(|error| QueryError::Failed(error.to_string()))?.len();
        Ok(Self { table, path, bytes, size, holder: Holder::Maker(nest) })
    }

    /// The name under which it is kept, where it is.
    pub fn kept(&self) -> Option<&str> {
        match &self.holder {
            Holder::Kept(name, _) => Some(name),
            Holder::Maker(_) => None,
        }
    }

    /// Lets a connection read it, under the name of a database. One that was kept is believed nothing: it has to be the file that was looked at, with this
    /// table, its indexes and no more.
    pub(super) fn attach(&self, connection: &Connection, name: &str) -> Result<(), QueryError> {
        use std::os::unix::ffi::OsStrExt;
        let path = percent_encode(self.path.as_os_str().as_bytes(), &PLAIN);
        // It is never written to again: it needs no locks, and nothing beside it is looked for.
        let uri = format!("file:{path}?mode=ro&immutable=1");
        let attached = connection.execute(&format!("ATTACH ? AS {name}"), [uri]);
        let Holder::Kept(_, file) = &self.holder else { return attached.map(drop).map_err(failed) };
        attached.map_err(|error| QueryError::Damaged(error.to_string()))?;
        let is_same = is_at(file, &self.path).unwrap_or(false);
        if is_same && schema(connection, name).map_err(failed)? == self.schema() {
            return Ok(());
        }
        Err(QueryError::Damaged(format!("what is kept of table {} is something else", self.table.name)))
    }

    /// What it declares.
    fn schema(&self) -> Vec<Declared> {
        let table = &self.table;
        let declared = |(name, sql): (String, String)| Declared { name, of: table.name.clone(), sql };
        let indexes = layout::indexes(table);
        std::iter::once((table.name.clone(), layout::create(table, false))).chain(indexes).map(declared).collect()
    }
}

/// A table or index, as a database declares it.
#[derive(Debug, PartialEq, Eq)]
struct Declared {
    name: String,
    /// The table that it is of.
    of: String,
    /// The statement that made it.
    sql: String,
}

fn schema(connection: &Connection, database: &str) -> rusqlite::Result<Vec<Declared>> {
    // Of a damaged one there may be many.
    let sql = format!("SELECT name, tbl_name, sql FROM {database}.sqlite_schema ORDER BY rowid LIMIT 100");
    let mut declared = connection.prepare(&sql)?;
    let declared =
        declared.query_map([], |row| Ok(Declared { name: row.get(0)?, of: row.get(1)?, sql: row.get(2)? }))?;
    declared.collect()
}

/// Whether a path leads to a file.
pub(super) fn is_at(file: &File, path: &std::path::Path) -> std::io::Result<bool> {
    Ok(Identity::of(&file.metadata()?) == Identity::of(&std::fs::symlink_metadata(path)?))
}
