//! A data set of captures for other programs: a file for each table and capture, and a record of each capture, in a folder or an object store.
//!
//! [`job`] does it for a capture, whose files [`files`] writes in one pass; [`place`] is where files come, [`spool`] how, [`manifest`] what is said of
//! them. Rows are written by [`parquet`] (of [`columns`]), [`lines`] and [`zeek`] as analyzers give them. `docs/export.md` tells its readers what
//! stands where.

mod columns;
mod error;
mod files;
mod format;
mod job;
mod lines;
pub mod manifest;
mod name;
mod parquet;
mod place;
mod spool;
#[cfg(test)]
mod tests;
pub mod zeek;

use std::io;

pub use error::ExportError;
pub use format::Format;
pub use job::{Done, Job, Made};
pub use place::{Place, is_url, secrets};

use crate::rows::Checked;
use spool::Spool;

/// Writes the rows of a table to a file.
trait Writer: Send {
    /// Adds rows.
    fn add(&mut self, rows: &Checked) -> io::Result<()>;

    /// Writes what is not written yet. How many rows or lines there are.
    fn end(self: Box<Self>) -> io::Result<(Spool, u64)>;
}
