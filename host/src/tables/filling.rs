//! Tables of a capture while they are filled, each in a database of its own: so each can be kept by itself, is the same whatever else was asked for at
//! the time, and the analyzers that give the rows do not wait for each other.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::cells;
use super::file::TableFile;
use super::layout;
use super::lock;
use super::nest::Nest;
use super::trouble::{failed, told};
use crate::effort::Effort;
use crate::rows::{Checked, QueryError, Table};

/// Bytes of a page of a database.
pub(super) const PAGE: u64 = 8192;
/// Bytes of a disk below which it counts as full.
const NEARLY: u64 = 32 * PAGE;
/// KiB that each keeps of its pages, at least.
const LEAST: u64 = 1 << 10;

/// How many bytes rows may have, and whether there were more.
#[derive(Debug)]
pub struct Room {
    /// Bytes.
    pub most: u64,
    is_full: AtomicBool,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(most: u64) -> Self {
        Self { most, is_full: AtomicBool::new(false) }
    }

    /// Whether there were more rows, so that what has them is good for nothing.
    pub fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// There were.
    pub(super) fn full(&self) -> QueryError {
        self.is_full.store(true, Ordering::Relaxed);
        QueryError::Full(self.most)
    }

    /// There was no place for more in a file: there were more rows, or the disk is full. SQLite says the same of both.
    pub(super) fn full_in(&self, file: &Path) -> QueryError {
        let disk = rustix::fs::statvfs(file).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        match disk {
            Ok(left) if left < NEARLY => {
                QueryError::Failed("the disk is full on which rows are written (TMPDIR, --tables-dir)".into())
            }
            _ => self.full(),
        }
    }
}

/// Tables that are being filled.
pub struct Filling {
    parts: Vec<Mutex<Part>>,
    nest: Arc<Nest>,
    room: Arc<Room>,
    /// Bytes of all of them.
    bytes: AtomicU64,
}

struct Part {
    table: Arc<Table>,
    connection: Connection,
    path: PathBuf,
    bytes: u64,
}

impl Filling {
    /// Empty tables, made in a nest.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn create(tables: &[Arc<Table>], nest: Nest, room: &Arc<Room>) -> Result<Self, QueryError> {
        let _little = lock::little();
        let share = lock::PAGES.checked_div(tables.len() as u64).unwrap_or_default().max(LEAST);
        let begin = |(place, table): (usize, &Arc<Table>)| {
            let path = nest.file(&format!("{place}.sqlite"));
            let connection = open(&path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
            // One transaction, which is never undone: a run that fails leaves nothing behind.
            connection.execute_batch(&format!("PRAGMA cache_size = -{share}; {} BEGIN", unguarded(room.most)))?;
            connection.execute(&layout::create(table, false), [])?;
            Ok(Mutex::new(Part { table: Arc::clone(table), connection, path, bytes: 0 }))
        };
        let parts = tables.iter().enumerate().map(begin).collect::<rusqlite::Result<_>>().map_err(failed)?;
        Ok(Self { parts, nest: Arc::new(nest), room: Arc::clone(room), bytes: AtomicU64::new(0) })
    }

    /// Adds rows of the n-th table.
    ///
    /// # Errors
    /// When there is no room for them.
    pub fn add(&self, table: usize, rows: &Checked) -> Result<(), QueryError> {
        let Some(part) = self.parts.get(table) else {
            return Err(QueryError::Failed("rows of no table".into()));
        };
        let _little = lock::little();
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        let added = part.connection.prepare(&layout::insert(&part.table));
        let added = added.and_then(|mut insert| cells::fill(&mut insert, rows)).and_then(|()| part.measure());
        match added {
            Ok(more) => {
                let before = self.bytes.fetch_add(more, Ordering::Relaxed);
                if before.saturating_add(more) > self.room.most { Err(self.room.full()) } else { Ok(()) }
            }
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {
                Err(self.room.full_in(&part.path))
            }
            Err(error) => Err(told(error, std::slice::from_ref(&part.table))),
        }
    }

    /// Ends the filling. Those that are asked again get their indexes.
    ///
    /// # Errors
    /// When there is no room for them, or nobody waits any more.
    pub fn finish(self, is_indexed: bool, effort: &Effort<'_>) -> Result<Vec<TableFile>, QueryError> {
        let Self { parts, nest, room, .. } = self;
        let finish = |part: Mutex<Part>| {
            let Part { table, mut connection, path, bytes } = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => room.full_in(&path),
                Some(rusqlite::ErrorCode::OperationInterrupted) => {
                    effort.check().map_or_else(QueryError::from, |()| failed(error))
                }
                _ => failed(error),
            };
            if is_indexed {
                index(&mut connection, &table, room.most, effort, failed)?;
            }
            let _little = lock::little();
            connection.execute_batch("COMMIT").map_err(failed)?;
            connection.close().map_err(|(_, error)| failed(error))?;
            TableFile::made(table, path, bytes, Arc::clone(&nest))
        };
        parts.into_iter().map(finish).collect()
    }
}

impl Part {
    /// How many bytes it has become larger.
    fn measure(&mut self) -> rusqlite::Result<u64> {
        let before = std::mem::replace(&mut self.bytes, bytes(&self.connection)?);
        Ok(self.bytes.saturating_sub(before))
    }
}

/// Bytes of a database.
fn bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
    Ok(u64::try_from(pages).unwrap_or_default().saturating_mul(PAGE))
}

/// Settings of a database that only its maker sees, and which is thrown away when anything fails.
pub(super) fn unguarded(most: u64) -> String {
    let pages = most.checked_div(PAGE).unwrap_or_default().max(16);
    format!(
        "PRAGMA page_size = {PAGE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
         PRAGMA max_page_count = {pages};"
    )
}

/// Makes the indexes of a table. They take room of their own, and the time of the effort.
fn index(
    connection: &mut Connection,
    table: &Table,
    most: u64,
    effort: &Effort<'_>,
    failed: impl Fn(rusqlite::Error) -> QueryError + Copy,
) -> Result<(), QueryError> {
    let pages = most.saturating_mul(2).checked_div(PAGE).unwrap_or_default().max(64);
    connection.execute_batch(&format!("PRAGMA max_page_count = {pages}")).map_err(failed)?;
    sort_on_disk(connection).map_err(failed)?;
    lock::watch(connection, effort.until, effort.cancel).map_err(failed)?;
    for (_, sql) in layout::indexes(table) {
        let _little = lock::little_for_long(effort)?;
        connection.execute(&sql, []).map_err(failed)?;
    }
    lock::unwatch(connection).map_err(failed)
}

/// Lets SQLite sort what is larger than its share of memory in files without names, where this process may write.
fn sort_on_disk(connection: &Connection) -> rusqlite::Result<()> {
    static PLACE: Once = Once::new();
    let mut placed = Ok(());
    // It is the same for all databases of the process.
    PLACE.call_once(|| {
        if let Some(folder) = std::env::temp_dir().to_str() {
            placed = connection.pragma_update(None, "temp_store_directory", folder);
        }
    });
    placed?;
    connection.execute_batch("PRAGMA temp_store = FILE")
}

/// Opens a database of this program's.
pub(super) fn open(file: &std::path::Path, how: OpenFlags) -> rusqlite::Result<Connection> {
    let flags =
        how | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(file, flags)?;
    lock::prepare(&connection)?;
    Ok(connection)
}
