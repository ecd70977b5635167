//! Values of rows by the names of their columns.

use std::net::IpAddr;

use super::line::Ends;
use crate::rows::{Cells, Checked, Table, Values, address, span};

/// A column of rows; without values where its table does not have it.
#[derive(Clone, Copy)]
pub(super) struct Column<'a>(Option<&'a Values>);

impl<'a> Column<'a> {
    /// The column of this name.
    pub fn of(table: &Table, rows: &'a Checked, name: &str) -> Self {
        let place = table.columns.iter().position(|column| column.name == name);
        Self(place.and_then(|place| rows.columns().get(place)))
    }

    /// The cells, where the row has a value.
    fn cells(self, row: usize) -> Option<&'a Cells> {
        let values = self.0?;
        let is_absent = u32::try_from(row).is_ok_and(|row| values.absent.binary_search(&row).is_ok());
        (!is_absent).then_some(&values.cells)
    }

    /// A whole number.
    pub fn integer(self, row: usize) -> Option<i64> {
        match self.cells(row)? {
            Cells::Integers(values) => values.get(row).copied(),
            _ => None,
        }
    }

    /// A number that counts something; 0 where there is none.
    pub fn count(self, row: usize) -> u64 {
        self.integer(row).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
    }

    /// A port; 0 where there is none.
    pub fn port(self, row: usize) -> u16 {
        self.integer(row).and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
    }

    /// Nanoseconds since 1970.
    pub fn time(self, row: usize) -> Option<i64> {
        match self.cells(row)? {
            Cells::Times(values) => values.get(row).copied(),
            _ => None,
        }
    }

    /// A number with a fraction.
    pub fn float(self, row: usize) -> Option<f64> {
        match self.cells(row)? {
            Cells::Floats(values) => values.get(row).copied(),
            _ => None,
        }
    }

    /// True or false.
    pub fn truth(self, row: usize) -> Option<bool> {
        match self.cells(row)? {
            Cells::Truths(values) => values.get(row).copied(),
            _ => None,
        }
    }

    /// A text.
    pub fn text(self, row: usize) -> Option<&'a str> {
        match self.cells(row)? {
            Cells::Texts(texts) => Some(texts.get(row)),
            _ => None,
        }
    }

    /// An address.
    pub fn address(self, row: usize) -> Option<IpAddr> {
        match self.cells(row)? {
            Cells::Addresses { versions, high, low } => {
                Some(address(*versions.get(row)?, *high.get(row)?, *low.get(row)?))
            }
            _ => None,
        }
    }

    /// A list of whole numbers.
    pub fn integers(self, row: usize) -> Option<&'a [i64]> {
        match self.cells(row)? {
            Cells::IntegerLists { values, ends } => {
                let (start, end) = span(ends, row);
                values.get(start..end)
            }
            _ => None,
        }
    }

    /// A list of texts.
    pub fn texts(self, row: usize) -> Option<impl Iterator<Item = &'a str> + Clone> {
        match self.cells(row)? {
            Cells::TextLists { texts, ends } => {
                let (start, end) = span(ends, row);
                Some((start..end).map(move |place| texts.get(place)))
            }
            _ => None,
        }
    }
}

/// The ends of a row by the columns of their addresses and ports: who began, and the other. `None` where an address is missing.
pub(super) fn ends(orig: (Column<'_>, Column<'_>), resp: (Column<'_>, Column<'_>), row: usize) -> Option<Ends> {
    let end = |(address, port): (Column<'_>, Column<'_>)| Some((address.address(row)?, port.port(row)));
    Some(Ends { orig: end(orig)?, resp: end(resp)? })
}

/// Declares the columns that a log is made of: a struct with one for each, and their names.
macro_rules! columns {
    ($(#[doc = $doc:literal])+ $name:ident of $table:literal { $($column:ident),+ $(,)? }) => {
        $(#[doc = $doc])+
        pub(in crate::export::zeek) struct $name<'a> {
            $(pub(in crate::export::zeek) $column: $crate::export::zeek::columns::Column<'a>),+
        }

        impl<'a> $name<'a> {
            /// The table, and the columns that are read of it.
            pub const READ: (&'static str, &'static [&'static str]) = ($table, &[$(stringify!($column)),+]);

            /// Finds them.
            pub fn find(table: &$crate::rows::Table, rows: &'a $crate::rows::Checked) -> Self {
                Self {
                    $($column: $crate::export::zeek::columns::Column::of(table, rows, stringify!($column))),+
                }
            }
        }
    };
}

pub(super) use columns;
