//! Rows as a component gives them, checked. As with readers and decoders, this is the only place that believes its numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::schema::{Column, Kind, Table};

/// Bytes of one text, or of all texts of a list.
pub const TEXT: usize = 16 << 10;
/// Bytes of all texts and lists of a row: what a query can read.
pub const ROW: usize = 32 << 10;
/// Values of one list.
pub const LIST: usize = 1024;
/// Characters of a whole number, with its comma.
const DIGITS: usize = 21;
/// Rows that are given at once.
const ROWS: usize = 1 << 20;

/// How a component broke the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// A table that nobody wanted.
    #[error("it gave rows of table {0} of {1} that are wanted")]
    Table(u32, usize),
    /// More or fewer columns than were declared.
    #[error("table {table} has {declared} columns, and it gave {given}")]
    Columns {
        /// The table.
        table: String,
        /// How many it has.
        declared: usize,
        /// How many came.
        given: usize,
    },
    /// No rows, or too many, or columns of different lengths.
    #[error("{what} rows of table {table}, column {column}")]
    Length {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// How many it has.
        what: String,
    },
    /// More than a row can hold.
    #[error("a row of table {table} has more than {ROW} bytes")]
    Row {
        /// The table.
        table: String,
    },
    /// A value that cannot be.
    #[error("{what} in table {table}, column {column}")]
    Value {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A frame that the component was not given.
    #[error("frame {frame} in table {table}, column {column}, which it was not given")]
    Frame {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The frame.
        frame: i64,
    },
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Nanoseconds since 1970.
    Times(Vec<i64>),
    /// Numbers with a fraction.
    Floats(Vec<f64>),
    /// True or false.
    Truths(Vec<bool>),
    /// Texts, one behind another.
    Texts(Texts),
    /// Addresses: 4 or 6, and the two halves of 128 bits.
    Addresses {
        /// Version of each.
        versions: Vec<u8>,
        /// Their higher 64 bits; 0 for IPv4.
        high: Vec<u64>,
        /// Their lower 64 bits.
        low: Vec<u64>,
    },
    /// Lists of whole numbers: all values, and where those of each row end.
    IntegerLists {
        /// The values of all rows.
        values: Vec<i64>,
        /// Where those of each row end.
        ends: Vec<u32>,
    },
    /// Lists of texts, and where those of each row end.
    TextLists {
        /// The texts of all rows.
        texts: Texts,
        /// Where those of each row end.
        ends: Vec<u32>,
    },
}

/// Texts, one behind another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    /// All of them.
    pub text: String,
    /// Where each ends, in bytes.
    pub ends: Vec<u32>,
}

impl Texts {
    /// The n-th.
    pub(crate) fn get(&self, n: usize) -> &str {
        let (start, end) = span(&self.ends, n);
        self.text.get(start..end).unwrap_or_default()
    }
}

/// Where the n-th begins and ends, by the ends of all.
pub(crate) fn span(ends: &[u32], n: usize) -> (usize, usize) {
    let end = |n: usize| ends.get(n).map_or(0, |end| *end as usize);
    (n.checked_sub(1).map_or(0, end), end(n))
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Its values; where one is absent, there is any.
    pub cells: Cells,
    /// Rows without a value, rising.
    pub absent: Vec<u32>,
}

/// Rows of a table that were checked.
#[derive(Debug)]
pub struct Checked {
    /// How many there are.
    pub count: usize,
    columns: Vec<Values>,
}

impl Checked {
    /// Checks rows.
    ///
    /// # Errors
    /// When a number, text or list is not what the table was declared to hold.
    pub fn new(table: &Table, columns: Vec<Values>) -> Result<Self, Lie> {
        if columns.len() != table.columns.len() {
            return Err(Lie::Columns {
                table: table.name.clone(),
                declared: table.columns.len(),
                given: columns.len(),
            });
        }
        let count = columns.first().map_or(0, |column| column.cells.len());
        for (column, values) in table.columns.iter().zip(&columns) {
            let length = values.cells.len();
            if length != count || count == 0 || count > ROWS {
                return Err(Lie::Length {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    what: format!("{length} of {count}"),
                });
            }
            values.check(column, count).map_err(|what| Lie::Value {
                table: table.name.clone(),
                column: column.name.clone(),
                what,
            })?;
        }
        let size = |row| columns.iter().fold(0_usize, |size, column| size.saturating_add(column.cells.size(row)));
        // Looked at row by row only where that can be too much.
        let all = columns.iter().fold(0_usize, |size, column| size.saturating_add(column.cells.whole()));
        if all > ROW && (0..count).any(|row| size(row) > ROW) {
            return Err(Lie::Row { table: table.name.clone() });
        }
        Ok(Self { count, columns })
    }

    /// Checks that the rows cite frames alone that their component was given.
    ///
    /// # Errors
    /// With the first one that it was not.
    pub fn cites(&self, table: &Table, is_given: impl Fn(u64) -> bool) -> Result<(), Lie> {
        let is_wrong = |frame: &i64| u64::try_from(*frame).map_or(true, |frame| !is_given(frame));
        for (column, values) in table.columns.iter().zip(&self.columns).filter(|(column, _)| column.cites()) {
            let wrong = match &values.cells {
                Cells::Integers(frames) => (0..)
                    .zip(frames)
                    .find(|(row, frame)| is_wrong(frame) && values.absent.binary_search(row).is_err())
                    .map(|(_, frame)| *frame),
                // Where a list is absent, nobody sees what stands there.
                Cells::IntegerLists { values, .. } => values.iter().copied().find(is_wrong),
                _ => None,
            };
            if let Some(frame) = wrong {
                return Err(Lie::Frame { table: table.name.clone(), column: column.name.clone(), frame });
            }
        }
        Ok(())
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &[Values] {
        &self.columns
    }
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Integers(values) | Self::Times(values) => values.len(),
            Self::Floats(values) => values.len(),
            Self::Truths(values) => values.len(),
            Self::Texts(texts) => texts.ends.len(),
            Self::Addresses { versions, .. } => versions.len(),
            Self::IntegerLists { ends, .. } | Self::TextLists { ends, .. } => ends.len(),
        }
    }

    /// Bytes of the texts and lists of a row.
    fn size(&self, row: usize) -> usize {
        let length = |ends: &[u32]| {
            let (start, end) = span(ends, row);
            end.saturating_sub(start)
        };
        match self {
            Self::Texts(texts) => length(&texts.ends),
            Self::IntegerLists { ends, .. } => length(ends).saturating_mul(DIGITS),
            Self::TextLists { texts, ends } => {
                let (first, end) = span(ends, row);
                let before = |n: usize| n.checked_sub(1).and_then(|n| texts.ends.get(n)).map_or(0, |end| *end as usize);
                before(end).saturating_sub(before(first))
            }
            _ => 0,
        }
    }

    /// Bytes of all of them.
    fn whole(&self) -> usize {
        match self {
            Self::Texts(texts) | Self::TextLists { texts, .. } => texts.text.len(),
            Self::IntegerLists { values, .. } => values.len().saturating_mul(DIGITS),
            _ => 0,
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Integers(_) => Kind::Integer,
            Self::Times(_) => Kind::Time,
            Self::Floats(_) => Kind::Float,
            Self::Truths(_) => Kind::Truth,
            Self::Texts(_) => Kind::Text,
            Self::Addresses { .. } => Kind::Address,
            Self::IntegerLists { .. } => Kind::Integers,
            Self::TextLists { .. } => Kind::Texts,
        }
    }
}

impl Values {
    fn check(&self, column: &Column, count: usize) -> Result<(), &'static str> {
        if self.cells.kind() != column.kind {
            return Err("values of another type");
        }
        let mut next = 0;
        for row in &self.absent {
            if *row < next || *row as usize >= count {
                return Err("an absent row that is not there, or not behind the one before");
            }
            next = row.saturating_add(1);
        }
        match &self.cells {
            Cells::Floats(values) if values.iter().any(|value| !value.is_finite()) => Err("no finite number"),
            Cells::Texts(texts) => of_text(texts),
            Cells::Addresses { versions, high, low } => addresses(versions, high, low),
            Cells::IntegerLists { values, ends } => of_lists(ends, values.len()),
            Cells::TextLists { texts, ends } => {
                of_text(texts)?;
                of_lists(ends, texts.ends.len())
            }
            Cells::Integers(_) | Cells::Times(_) | Cells::Floats(_) | Cells::Truths(_) => Ok(()),
        }
    }
}

/// Ends that rise to the length, no further apart than so much.
fn ends(ends: &[u32], length: usize, most: usize) -> Result<(), &'static str> {
    let mut before = 0_u32;
    for end in ends {
        if *end < before || *end as usize > length {
            return Err("an end that is not there");
        }
        if end.saturating_sub(before) as usize > most {
            return Err("a text or list longer than its limit");
        }
        before = *end;
    }
    if before as usize == length { Ok(()) } else { Err("a rest that belongs to no row") }
}

fn of_text(texts: &Texts) -> Result<(), &'static str> {
    ends(&texts.ends, texts.text.len(), TEXT)?;
    match texts.ends.iter().all(|end| texts.text.is_char_boundary(*end as usize)) {
        true => Ok(()),
        false => Err("a text that ends within a character"),
    }
}

fn of_lists(of: &[u32], length: usize) -> Result<(), &'static str> {
    ends(of, length, LIST)
}

fn addresses(versions: &[u8], high: &[u64], low: &[u64]) -> Result<(), &'static str> {
    if high.len() != versions.len() || low.len() != versions.len() {
        return Err("halves of addresses that differ in length");
    }
    let is_one = |((version, high), low): ((&u8, &u64), &u64)| {
        *version == 6 || (*version == 4 && *high == 0 && u32::try_from(*low).is_ok())
    };
    if versions.iter().zip(high).zip(low).all(is_one) { Ok(()) } else { Err("no address") }
}

/// An address that was checked.
pub(crate) fn address(version: u8, high: u64, low: u64) -> IpAddr {
    match version {
        4 => Ipv4Addr::from(u32::try_from(low).unwrap_or_default()).into(),
        _ => Ipv6Addr::from((u128::from(high) << 64) | u128::from(low)).into(),
    }
}
