//! What SQL of a stranger may do: read the tables that there are, with functions that are known, within limits.
//!
//! <https://www.sqlite.org/security.html> has the measures; all that it advises against untrusted SQL is here.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use tokio_util::sync::CancellationToken;

use super::trouble;
use crate::effort::{Effort, Stopped};
use crate::rows::QueryError;

/// The functions that SQL may use. Those of time are left out, as they tell the host's clock, and those that are random or make large values.
pub(super) const FUNCTIONS: &[&str] = &[
    "->",
    "->>",
    "abs",
    "avg",
    "bucket",
    "ceil",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "dense_rank",
    "entropy",
    "first_value",
    "floor",
    "format",
    "glob",
    "group_concat",
    "hex",
    "if",
    "ifnull",
    "iif",
    "in_network",
    "instr",
    "is_private",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_group_array",
    "json_valid",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "lower",
    "ltrim",
    "max",
    "median",
    "min",
    "ns",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "percentile",
    "printf",
    "rank",
    "registered_domain",
    "replace",
    "rfc3339",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "total",
    "trim",
    "typeof",
    "unicode",
    "upper",
];
/// Tables that functions make of their arguments, without effects.
const OF_VALUES: [&str; 2] = ["json_each", "json_tree"];
/// Instructions of SQLite between two looks at the clock.
const BETWEEN: i32 = 250;
/// Bytes of one value or row, also of those that a query makes. Searching one such text for another takes a moment, and cannot be interrupted.
pub(super) const LENGTH: i32 = 200_000;
/// Memory of all databases of this process together, in bytes.
const MEMORY: u64 = 256 << 20;
/// Pages that a database keeps in memory, in KiB.
pub(super) const PAGES: u64 = 16 << 10;
/// Limits of SQLite, kind by kind.
const LIMITS: [(Limit, i32); 14] = [
    (Limit::SQLITE_LIMIT_LENGTH, LENGTH),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
    (Limit::SQLITE_LIMIT_COLUMN, 300),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_PARSER_DEPTH, 500),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 30),
    (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
    (Limit::SQLITE_LIMIT_ATTACHED, 0),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 0),
    (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    (Limit::SQLITE_LIMIT_SCHEMA, 200),
];

/// Memory is one account for all databases of the process: what a query takes of it must not be missing elsewhere. So a query is alone, and waits
/// for what fills databases and looks at SQL, which takes little.
static ACCOUNT: RwLock<()> = RwLock::new(());
/// How long a query waits before it looks again whether it is its turn.
const PAUSE: Duration = Duration::from_millis(2);
/// Queries that wait for their turn.
static WAITING: AtomicUsize = AtomicUsize::new(0);
/// How long work that takes a while lets them go first: longer than one of them may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The right to use a little memory.
pub(super) fn little() -> RwLockReadGuard<'static, ()> {
    ACCOUNT.read().unwrap_or_else(PoisonError::into_inner)
}

/// The same, for work that takes a while: queries that wait go first.
pub(super) fn little_for_long(effort: &Effort<'_>) -> Result<RwLockReadGuard<'static, ()>, Stopped> {
    let begun = Instant::now();
    while WAITING.load(Ordering::Relaxed) > 0 && begun.elapsed() < PATIENCE {
        effort.check()?;
        std::thread::sleep(PAUSE);
    }
    Ok(little())
}

/// A query that waits, until this is dropped.
struct Waiting;

impl Waiting {
    fn begin() -> Self {
        WAITING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to use all of it.
pub(super) fn all(effort: &Effort<'_>) -> Result<RwLockWriteGuard<'static, ()>, Stopped> {
    let _waiting = Waiting::begin();
    loop {
        match ACCOUNT.try_write() {
            Ok(alone) => return Ok(alone),
            // Nothing is guarded that a panic could have broken.
            Err(TryLockError::Poisoned(alone)) => return Ok(alone.into_inner()),
            Err(TryLockError::WouldBlock) => {
                effort.check()?;
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// What an SQL text was seen to use.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What it was refused first.
    pub(super) refused: Option<String>,
}

/// Limits of a database that is filled by this program: its memory, and what is a value.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA hard_heap_limit = {MEMORY}; PRAGMA cache_size = -{PAGES}; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; \
         PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF"
    ))
}

/// Virtual tables that are not for queries.
pub(super) fn modules(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut names = connection.prepare("SELECT name FROM pragma_module_list")?;
    let names = names.query_map([], |row| row.get::<_, String>(0))?;
    names.filter(|name| !name.as_ref().is_ok_and(|name| OF_VALUES.contains(&name.as_str()))).collect()
}

/// Locks a database up: from here on it can only be read, and nothing of that is undone by SQL.
pub(super) fn lock(
    connection: &mut Connection,
    tables: BTreeSet<String>,
    modules: BTreeSet<String>,
) -> rusqlite::Result<Arc<Mutex<Seen>>> {
    connection.execute_batch("PRAGMA query_only = ON")?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_WRITE, false),
        // A name that there is not is an error, and no text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    let seen = Arc::new(Mutex::new(Seen::default()));
    let noted = Arc::clone(&seen);
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        let mut seen = noted.lock().unwrap_or_else(PoisonError::into_inner);
        match judge(&context.action, &tables, &modules) {
            Verdict::Allowed => Authorization::Allow,
            Verdict::Refused(reason) => {
                seen.refused.get_or_insert(reason);
                Authorization::Deny
            }
        }
    }))?;
    Ok(seen)
}

enum Verdict {
    Allowed,
    Refused(String),
}

fn judge(action: &AuthAction<'_>, tables: &BTreeSet<String>, modules: &BTreeSet<String>) -> Verdict {
    match action {
        AuthAction::Select | AuthAction::Recursive => Verdict::Allowed,
        AuthAction::Read { table_name, column_name } => {
            let name = table_name.to_lowercase();
            if tables.contains(&name) {
                return Verdict::Allowed;
            }
            // A table of the query's own, WITH which it begins: only its name is told, and no column.
            let is_own = column_name.is_empty()
                && !modules.contains(&name)
                && !["pragma_", "sqlite_"].iter().any(|start| name.starts_with(start));
            if is_own || OF_VALUES.contains(&name.as_str()) {
                return Verdict::Allowed;
            }
            Verdict::Refused(format!(
                "table {name} is not for queries; SELECT * FROM tables_and_columns lists those that are"
            ))
        }
        AuthAction::Function { function_name } => {
            let name = function_name.to_lowercase();
            if FUNCTIONS.contains(&name.as_str()) {
                return Verdict::Allowed;
            }
            Verdict::Refused(format!("function {name} is not for queries{}", trouble::function(&name)))
        }
        _ => Verdict::Refused("only SELECT is possible".into()),
    }
}

/// Ends what a connection does when the time is over or nobody waits any more.
pub(super) fn watch(connection: &mut Connection, until: Instant, cancel: &CancellationToken) -> rusqlite::Result<()> {
    let cancel = cancel.clone();
    connection.progress_handler(BETWEEN, Some(move || cancel.is_cancelled() || Instant::now() >= until))
}

/// Lets a connection go on.
pub(super) fn unwatch(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.progress_handler(0, None::<fn() -> bool>)
}

/// Why it was ended.
pub(super) fn ended(cancel: &CancellationToken, time: Duration) -> QueryError {
    match cancel.is_cancelled() {
        true => Stopped::Cancelled.into(),
        false => QueryError::Limit(format!("time ({time:?}); join on equal columns, and add a WHERE")),
    }
}
