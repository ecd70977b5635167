//! Tables: what an analyzer found, row by row, for whoever asks it in SQL.
//!
//! A table is a struct that [`table!`](crate::table!) declares; its comments are what those who ask read. A tool lists its tables in
//! [`Tool::TABLES`](crate::Tool::TABLES) and gives each row as soon as nothing of it can change any more, with [`add`].
//!
//! ```
//! use mcpcap_analyzer::table::{self, Captured, Row, Time};
//!
//! mcpcap_analyzer::table! {
//!     /// A lookup.
//!     pub struct Lookup in "lookups" {
//!         /// Frame of the question.
//!         frame: u64,
//!         /// When it was asked.
//!         time: Option<Time>,
//!         /// The name that was asked for.
//!         name: Captured<String>,
//!         /// From the question to the answer.
//!         #[unit = "ms"]
//!         latency: Option<f64>,
//!     }
//! }
//!
//! assert_eq!(Lookup::TABLE.columns.len(), 4);
//! // Where nobody wants the table, no row is made.
//! table::add(|| -> Lookup { unreachable!() });
//! ```

mod cell;

use std::cell::RefCell;
use std::collections::VecDeque;

use serde_json::{Map, Value, json};

pub use cell::{Addresses, Captured, Cell, Cells, Column, LIST, ROW, TEXT, Texts, Time};

use crate::Problem;

/// Rows, and bytes of texts, that are given at once.
const ROWS: usize = 4096;
const BYTES: usize = 1 << 20;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    Integer,
    Time,
    Float,
    Truth,
    Text,
    Address,
    Integers,
    Texts,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Time => "time",
            Self::Float => "float",
            Self::Truth => "truth",
            Self::Text => "text",
            Self::Address => "address",
            Self::Integers => "integers",
            Self::Texts => "texts",
        }
    }

    fn cells(self) -> Cells {
        match self {
            Self::Integer => Cells::Integers(Vec::new()),
            Self::Time => Cells::Times(Vec::new()),
            Self::Float => Cells::Floats(Vec::new()),
            Self::Truth => Cells::Truths(Vec::new()),
            Self::Text => Cells::Texts(Texts::default()),
            Self::Address => Cells::Addresses(Addresses::default()),
            Self::Integers => Cells::IntegerLists(Vec::new(), Vec::new()),
            Self::Texts => Cells::TextLists(Texts::default(), Vec::new()),
        }
    }
}

/// A table as it is declared.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is, line by line.
    pub row: &'static [&'static str],
    /// Its columns.
    pub columns: &'static [Declared],
}

/// A column as it is declared.
#[derive(Debug)]
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// In what they are measured, if in something.
    pub unit: &'static [&'static str],
    /// What they mean, line by line.
    pub meaning: &'static [&'static str],
    /// Whether they are text from the capture.
    pub captured: bool,
}

impl Table {
    /// What `describe` says of it, as a table of this tool.
    pub(crate) fn describe(&self, tool: &str) -> Value {
        let words = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        let column = |column: &Declared| {
            let mut told = Map::new();
            told.insert("name".into(), column.name.into());
            told.insert("kind".into(), column.kind.name().into());
            told.extend(column.unit.first().map(|unit| ("unit".to_owned(), Value::from(*unit))));
            told.insert("meaning".into(), words(column.meaning).into());
            told.insert("captured".into(), column.captured.into());
            Value::Object(told)
        };
        let columns: Vec<Value> = self.columns.iter().map(column).collect();
        json!({ "name": self.name, "row": words(self.row), "tool": tool, "columns": columns })
    }
}

/// A row of a table.
pub trait Row {
    /// The table.
    const TABLE: &'static Table;

    /// Adds it to columns.
    #[doc(hidden)]
    fn write(self, columns: &mut [Column]);
}

/// Rows of a table that are finished.
struct Pending {
    table: &'static Table,
    columns: Vec<Column>,
    /// Those that are enough to be given, in order.
    full: VecDeque<Vec<Column>>,
}

impl Pending {
    fn new(table: &'static Table) -> Self {
        Self { table, columns: columns(table), full: VecDeque::new() }
    }

    fn add(&mut self, row: impl Row) {
        cell::begin_row();
        row.write(&mut self.columns);
        let rows = self.columns.first().map_or(0, Column::len);
        if rows >= ROWS || self.columns.iter().map(Column::bytes).sum::<usize>() >= BYTES {
            self.full.push_back(std::mem::replace(&mut self.columns, columns(self.table)));
        }
    }

    fn take(&mut self) -> Option<Vec<Column>> {
        self.full.pop_front().or_else(|| {
            let has_rows = self.columns.first().is_some_and(|column| column.len() > 0);
            has_rows.then(|| std::mem::replace(&mut self.columns, columns(self.table)))
        })
    }
}

fn columns(table: &Table) -> Vec<Column> {
    table.columns.iter().map(|column| Column { cells: column.kind.cells(), absent: Vec::new() }).collect()
}

thread_local! {
    // An instance serves one run, and a test runs on a thread of its own.
    static WANTED: RefCell<Vec<Pending>> = const { RefCell::new(Vec::new()) };
}

/// Begins a run in which these tables are wanted.
///
/// # Errors
/// [`Problem::Arguments`] when one is unknown.
#[doc(hidden)]
pub fn want(names: &[String], known: &[&'static Table]) -> Result<(), Problem> {
    let table = |name: &String| {
        let table = known.iter().find(|table| table.name == name);
        table.copied().ok_or_else(|| Problem::argument("tables", format!("no table is called {name}")))
    };
    let wanted = names.iter().map(|name| table(name).map(Pending::new)).collect::<Result<_, _>>()?;
    WANTED.set(wanted);
    Ok(())
}

/// Rows that are finished, with the position of their table among those that are wanted.
#[doc(hidden)]
pub fn take() -> Option<(u32, Vec<Column>)> {
    WANTED.with_borrow_mut(|wanted| {
        let mut all = wanted.iter_mut().enumerate();
        all.find_map(|(n, pending)| pending.take().map(|columns| (cell::length(n), columns)))
    })
}

/// Whether anybody wants the rows of a table.
pub fn is_wanted<R: Row>() -> bool {
    WANTED.with_borrow(|wanted| wanted.iter().any(|pending| pending.table.name == R::TABLE.name))
}

/// Gives a row, if anybody wants it.
pub fn add<R: Row>(row: impl FnOnce() -> R) {
    // Not while it is made, which may ask whether another is wanted.
    let row = is_wanted::<R>().then(row);
    WANTED.with_borrow_mut(|wanted| {
        let pending = wanted.iter_mut().find(|pending| pending.table.name == R::TABLE.name);
        if let (Some(pending), Some(row)) = (pending, row) {
            pending.add(row);
        }
    });
}

/// Declares a table and the struct of its rows. Comments say what a row is, and what each column means; `#[unit = ".."]` in what a column is
/// measured. See [`table`](mod@crate::table).
#[macro_export]
macro_rules! table {
    (
        $(#[doc = $row:literal])+
        pub struct $name:ident in $table:literal {
            $($(#[doc = $meaning:literal])+ $(#[unit = $unit:literal])? $field:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[doc = $row])+
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $meaning])+ pub $field: $type),+
        }

        impl $crate::table::Row for $name {
            const TABLE: &'static $crate::table::Table = &$crate::table::Table {
                name: $table,
                row: &[$($row),+],
                columns: &[$($crate::table::Declared {
                    name: stringify!($field),
                    kind: <$type as $crate::table::Cell>::KIND,
                    unit: &[$($unit)?],
                    meaning: &[$($meaning),+],
                    captured: <$type as $crate::table::Cell>::CAPTURED,
                }),+],
            };

            fn write(self, columns: &mut [$crate::table::Column]) {
                let mut columns = columns.iter_mut();
                $(if let Some(column) = columns.next() {
                    $crate::table::Cell::write(self.$field, column);
                })+
            }
        }
    };
}

#[cfg(test)]
mod tests;
