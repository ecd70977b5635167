//! Rows of analyzers, as all know them who pass them on: how tables are declared ([`schema`]), rows that were checked ([`checked`]), and why there are none.

mod checked;
mod schema;
mod trouble;

pub use checked::{Cells, Checked, Lie, Texts, Values};
pub(crate) use checked::{address, span};
pub use schema::{Column, Kind, OF_CAPTURE, OF_FINDINGS, OF_TABLES, Table};
pub use trouble::QueryError;
