//! Tables as a query reads them: those of one capture, each in its file, or the rows of several captures together.

use std::fs::File;

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::file::{Holder, TableFile};
use super::filling::{Room, open, unguarded};
use super::lock;
use super::nest::Nest;
use super::query::Locked;
use super::trouble::failed;
use super::{layout, lock::PAGES};
use crate::effort::Effort;
use crate::rows::{QueryError, Table};

/// Files that a connection can read beside its own, unless SQLite was built in another way. Of further tables the rows are copied.
const FILES: usize = 10;

/// A database that rows are copied to.
pub struct Store {
    connection: Connection,
    nest: Nest,
    /// All tables that there are: those without rows too, so that SQL finds their names.
    known: Vec<Arc<Table>>,
    room: Arc<Room>,
    is_of_several: bool,
}

/// Tables that can be asked.
pub struct Filled {
    pub(super) connection: Connection,
    pub(super) tables: Vec<Arc<Table>>,
    pub(super) locked: Locked,
    /// Locks on files that are kept, which stay where they are until nobody asks them any more.
    _held: Vec<File>,
}

impl Filled {
    /// The tables of one capture. `known` are all that there are.
    ///
    /// # Errors
    /// When a file is damaged, or there is no room.
    pub fn of_files(
        mut files: Vec<TableFile>,
        known: &[Arc<Table>],
        room: &Arc<Room>,
        effort: &Effort<'_>,
    ) -> Result<Self, QueryError> {
        // What is kept may have been made where more was allowed.
        if files.iter().map(|file| file.bytes).fold(0, u64::saturating_add) > room.most {
            return Err(room.full());
        }
        // The smallest are copied, should there be too many.
        files.sort_by_key(|file| std::cmp::Reverse(file.size));
        let copied = files.split_off(files.len().min(FILES));
        let is_own = |table: &&Arc<Table>| files.iter().all(|file| file.table.name != table.name);
        let own: Vec<Arc<Table>> = known.iter().filter(is_own).map(Arc::clone).collect();
        let mut store = Store::create(&own, known, room, false)?;
        copied.iter().try_for_each(|file| store.copy(file, None, effort))?;
        store.finish(files)
    }
}

impl Store {
    /// An empty database for the rows of several captures: each has a column more, which names its capture.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn of_several(known: &[Arc<Table>], room: &Arc<Room>) -> Result<Self, QueryError> {
        Self::create(known, known, room, true)
    }

    fn create(
        own: &[Arc<Table>],
        known: &[Arc<Table>],
        room: &Arc<Room>,
        is_of_several: bool,
    ) -> Result<Self, QueryError> {
        let _little = lock::little();
        let nest = Nest::temporary().map_err(|error| QueryError::Failed(error.to_string()))?;
        let begin = || {
            let how = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            let connection = open(&main(&nest), how)?;
            connection.execute_batch(&unguarded(room.most))?;
            // What is copied of a damaged file is taken back.
            connection.execute_batch("PRAGMA journal_mode = MEMORY; BEGIN")?;
            layout::outline(&connection, own.iter().map(AsRef::as_ref), is_of_several)?;
            layout::list(&connection, known, is_of_several)?;
            connection.execute_batch("COMMIT")?;
            Ok(connection)
        };
        let connection = begin().map_err(failed)?;
        Ok(Self { connection, nest, known: known.to_vec(), room: Arc::clone(room), is_of_several })
    }

    /// Adds the rows of a capture. Where that fails, none of them is left.
    ///
    /// # Errors
    /// When a file is damaged, when there is no room, or nobody waits any more.
    pub fn add(&mut self, files: &[TableFile], capture: &str, effort: &Effort<'_>) -> Result<(), QueryError> {
        let mut before = Vec::new();
        for file in files {
            let name = &file.table.name;
            let sql = format!("SELECT coalesce(max(rowid), 0) FROM \"{name}\"");
            let last: i64 = self.connection.query_row(&sql, [], |row| row.get(0)).map_err(failed)?;
            before.push((name, last));
            if let Err(error) = self.copy(file, Some(capture), effort) {
                let _little = lock::little();
                for (name, last) in before {
                    let sql = format!("DELETE FROM \"{name}\" WHERE rowid > ?");
                    self.connection.execute(&sql, [last]).map_err(failed)?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Copies the rows of a table.
    fn copy(&mut self, file: &TableFile, capture: Option<&str>, effort: &Effort<'_>) -> Result<(), QueryError> {
        effort.check()?;
        let _little = lock::little();
        let attached = file.attach(&self.connection, "one");
        let copied = attached.and_then(|()| {
            lock::watch(&mut self.connection, effort.until, effort.cancel).map_err(failed)?;
            let of_capture = if self.is_of_several { ", ?" } else { "" };
            let name = &file.table.name;
            let sql = format!("INSERT INTO main.\"{name}\" SELECT *{of_capture} FROM one.\"{name}\"");
            let copied = self.connection.execute(&sql, rusqlite::params_from_iter(capture));
            lock::unwatch(&mut self.connection).map_err(failed)?;
            copied.map(drop).map_err(|error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => self.full(),
                Some(rusqlite::ErrorCode::OperationInterrupted) => {
                    effort.check().map_or_else(QueryError::from, |()| failed(error))
                }
                _ => failed(error),
            })
        });
        // One that could not be attached is not there to be let go.
        let _ = self.connection.execute_batch("DETACH one");
        copied
    }

    /// Why there is no room for more.
    fn full(&self) -> QueryError {
        self.room.full_in(&main(&self.nest))
    }

    /// Ends the filling. Tables in files are read there.
    ///
    /// # Errors
    /// When a file is damaged.
    pub fn finish(self, files: Vec<TableFile>) -> Result<Filled, QueryError> {
        let Self { connection, nest, known, .. } = self;
        let _little = lock::little();
        connection.close().map_err(|(_, error)| failed(error))?;
        let mut connection = open(&main(&nest), OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
        // Its first look at the file.
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed)?;
        let share = PAGES.checked_div(files.len() as u64).unwrap_or(PAGES);
        for (n, file) in files.iter().enumerate() {
            file.attach(&connection, &format!("t{n}"))?;
            connection.execute_batch(&format!("PRAGMA t{n}.cache_size = -{share}")).map_err(failed)?;
        }
        let locked = Locked::new(&mut connection, &known).map_err(failed)?;
        // From here on no file has a name but those that are kept.
        drop(nest);
        let held = files.into_iter().filter_map(|file| match file.holder {
            Holder::Kept(_, lock) => Some(lock),
            Holder::Maker(_) => None,
        });
        Ok(Filled { connection, tables: known, locked, _held: held.collect() })
    }
}

fn main(nest: &Nest) -> std::path::PathBuf {
    nest.file("tables.sqlite")
}
