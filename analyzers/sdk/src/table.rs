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

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::Problem;

/// Bytes of one text, or of all texts of a list. What is longer is cut.
pub const TEXT: usize = 16 << 10;
/// Values of one list. Further ones are left out.
pub const LIST: usize = 1024;
/// Bytes of all texts and lists of a row. What comes behind is cut.
pub const ROW: usize = 32 << 10;
/// What a number of a list counts as.
const NUMBER: usize = 21;
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

/// Texts, one behind another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct Texts {
    pub text: String,
    pub ends: Vec<u32>,
}

impl Texts {
    fn add(&mut self, text: &str, most: usize) {
        let room = ROOM.get();
        let text = text.get(..text.floor_char_boundary(most.min(room))).unwrap_or_default();
        ROOM.set(room.saturating_sub(text.len()));
        self.text.push_str(text);
        self.ends.push(length(self.text.len()));
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[doc(hidden)]
pub struct Addresses {
    pub versions: Vec<u8>,
    pub high: Vec<u64>,
    pub low: Vec<u64>,
}

/// Values of a column; of lists, the values of all and where those of each end.
#[derive(Debug, Clone, PartialEq)]
#[doc(hidden)]
pub enum Cells {
    Integers(Vec<i64>),
    Times(Vec<i64>),
    Floats(Vec<f64>),
    Truths(Vec<bool>),
    Texts(Texts),
    Addresses(Addresses),
    IntegerLists(Vec<i64>, Vec<u32>),
    TextLists(Texts, Vec<u32>),
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq)]
#[doc(hidden)]
pub struct Column {
    pub cells: Cells,
    pub absent: Vec<u32>,
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Column {
    fn len(&self) -> usize {
        match &self.cells {
            Cells::Integers(values) | Cells::Times(values) => values.len(),
            Cells::Floats(values) => values.len(),
            Cells::Truths(values) => values.len(),
            Cells::Texts(texts) => texts.ends.len(),
            Cells::Addresses(addresses) => addresses.versions.len(),
            Cells::IntegerLists(_, ends) | Cells::TextLists(_, ends) => ends.len(),
        }
    }

    fn bytes(&self) -> usize {
        match &self.cells {
            Cells::Texts(texts) | Cells::TextLists(texts, _) => texts.text.len(),
            _ => 0,
        }
    }

    fn add_none(&mut self) {
        self.absent.push(length(self.len()));
        match &mut self.cells {
            Cells::Integers(values) | Cells::Times(values) => values.push(0),
            Cells::Floats(values) => values.push(0.0),
            Cells::Truths(values) => values.push(false),
            Cells::Texts(texts) => texts.add("", TEXT),
            Cells::Addresses(addresses) => {
                addresses.versions.push(4);
                addresses.high.push(0);
                addresses.low.push(0);
            }
            Cells::IntegerLists(values, ends) => ends.push(length(values.len())),
            Cells::TextLists(texts, ends) => ends.push(length(texts.ends.len())),
        }
    }
}

/// What can stand in a column: numbers, [`Time`], `bool`, addresses, fixed texts, [`Captured`] ones, lists, and `Option` of each.
pub trait Cell {
    /// What it is.
    const KIND: Kind;
    /// Whether it is text from the capture.
    const CAPTURED: bool = false;

    /// Adds it to a column of its kind.
    #[doc(hidden)]
    fn write(self, column: &mut Column);
}

/// Nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub u64);

/// Text from the capture: a `String`, or a `Vec` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured<T>(pub T);

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const CAPTURED: bool = T::CAPTURED;

    fn write(self, column: &mut Column) {
        match self {
            Some(value) => value.write(column),
            None => column.add_none(),
        }
    }
}

macro_rules! integers {
    ($($type:ty)+) => {
        $(impl Cell for $type {
            const KIND: Kind = Kind::Integer;

            fn write(self, column: &mut Column) {
                if let Cells::Integers(values) = &mut column.cells {
                    values.push(i64::try_from(self).unwrap_or(i64::MAX));
                }
            }
        })+
    };
}

integers! { u8 u16 u32 u64 usize i64 }

impl Cell for Time {
    const KIND: Kind = Kind::Time;

    fn write(self, column: &mut Column) {
        match (i64::try_from(self.0), &mut column.cells) {
            (Ok(time), Cells::Times(values)) => values.push(time),
            _ => column.add_none(),
        }
    }
}

impl Cell for f64 {
    const KIND: Kind = Kind::Float;

    fn write(self, column: &mut Column) {
        match &mut column.cells {
            Cells::Floats(values) if self.is_finite() => values.push(self),
            _ => column.add_none(),
        }
    }
}

impl Cell for bool {
    const KIND: Kind = Kind::Truth;

    fn write(self, column: &mut Column) {
        if let Cells::Truths(values) = &mut column.cells {
            values.push(self);
        }
    }
}

impl Cell for IpAddr {
    const KIND: Kind = Kind::Address;

    fn write(self, column: &mut Column) {
        let (version, bits) = match self {
            Self::V4(address) => (4, u128::from(address.to_bits())),
            Self::V6(address) => (6, address.to_bits()),
        };
        if let Cells::Addresses(addresses) = &mut column.cells {
            addresses.versions.push(version);
            addresses.high.push((bits >> 64) as u64);
            addresses.low.push(bits as u64);
        }
    }
}

fn write_text(text: &str, column: &mut Column) {
    if let Cells::Texts(texts) = &mut column.cells {
        texts.add(text, TEXT);
    }
}

impl Cell for &'static str {
    const KIND: Kind = Kind::Text;

    fn write(self, column: &mut Column) {
        write_text(self, column);
    }
}

impl Cell for Cow<'static, str> {
    const KIND: Kind = Kind::Text;

    fn write(self, column: &mut Column) {
        write_text(&self, column);
    }
}

impl Cell for Captured<String> {
    const KIND: Kind = Kind::Text;
    const CAPTURED: bool = true;

    fn write(self, column: &mut Column) {
        write_text(&self.0, column);
    }
}

impl Cell for Vec<u64> {
    const KIND: Kind = Kind::Integers;

    fn write(self, column: &mut Column) {
        if let Cells::IntegerLists(values, ends) = &mut column.cells {
            let most = LIST.min(ROOM.get() / NUMBER).min(self.len());
            ROOM.set(ROOM.get().saturating_sub(most * NUMBER));
            values.extend(self.into_iter().take(most).map(|value| i64::try_from(value).unwrap_or(i64::MAX)));
            ends.push(length(values.len()));
        }
    }
}

impl Cell for Captured<Vec<String>> {
    const KIND: Kind = Kind::Texts;
    const CAPTURED: bool = true;

    fn write(self, column: &mut Column) {
        if let Cells::TextLists(texts, ends) = &mut column.cells {
            let mut room = TEXT;
            for text in self.0.iter().take(LIST) {
                texts.add(text, room);
                room = room.saturating_sub(text.len());
            }
            ends.push(length(texts.ends.len()));
        }
    }
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
        ROOM.set(ROW);
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
    // Bytes that the texts and lists of the row may still have that is being written.
    static ROOM: std::cell::Cell<usize> = const { std::cell::Cell::new(ROW) };
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
        all.find_map(|(n, pending)| pending.take().map(|columns| (length(n), columns)))
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
