//! Rows of a capture as tables, and SQL over them.
//!
//! What analyzers declare and give is in [`crate::rows`]; [`filling`] puts each table into an SQLite database of its own, of which [`kept`] keeps those that
//! may be asked again; [`store`] puts together what a query reads, and [`query`] asks it in SQL of a stranger, which [`lock`] keeps within bounds.

mod cells;
mod file;
mod filling;
pub(crate) mod findings;
mod functions;
pub mod kept;
mod layout;
mod lock;
mod nest;
mod query;
mod store;
#[cfg(test)]
mod tests;
pub mod tool;
mod trouble;

pub use file::TableFile;
pub use filling::{Filling, Room};
pub(crate) use functions::rfc3339;
pub use nest::Nest;
pub use query::{Page, Query, tables_of};
pub use store::{Filled, Store};
