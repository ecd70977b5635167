//! Rows of a capture as tables, and SQL over them.
//!
//! What analyzers declare and give is in [`crate::rows`]; [`store`] keeps it in an SQLite database, and [`query`] asks it in SQL of a stranger, which [`lock`]
//! keeps within bounds.

pub(crate) mod findings;
mod functions;
mod lock;
mod query;
mod store;
#[cfg(test)]
mod tests;
pub mod tool;
mod trouble;

pub(crate) use functions::rfc3339;
pub use query::{Page, Query, tables_of};
pub use store::{Filled, Store};
