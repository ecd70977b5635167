//! Rows of a capture as tables, and SQL over them.
//!
//! Analyzers declare tables ([`schema`]) and give rows ([`rows`] checks them); [`store`] keeps them in an SQLite database, and [`query`] asks it in SQL of a
//! stranger, which [`lock`] keeps within bounds.

mod functions;
mod lock;
mod query;
mod rows;
mod schema;
mod store;
#[cfg(test)]
mod tests;
pub mod tool;
mod trouble;

pub use query::{Page, Query, tables_of};
pub use rows::{Cells, Checked, Lie, Texts, Values};
pub use schema::{Column, Kind, OF_TABLES, Table};
pub use store::{Filled, Store};
pub use trouble::QueryError;
