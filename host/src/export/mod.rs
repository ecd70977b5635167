//! A data set of captures for other programs: a file for each table and capture, and a record of each capture, in a folder or an object store.
//!
//! [`job`] does it for a capture; [`place`] is where files come, [`spool`] how, [`manifest`] what is said of them. Rows are written by [`parquet`]
//! (of [`columns`]) and [`lines`] as analyzers give them. `docs/export.md` tells its readers what stands where.

mod columns;
mod error;
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

use std::io;

pub use error::ExportError;
pub use format::Format;
pub use job::{Done, Job, Made};
pub use place::{Place, is_url, secrets};

use crate::rows::Checked;
use spool::Written;

/// Writes the rows of a table to a file.
trait Writer: Send {
    /// Adds rows.
    fn add(&mut self, rows: &Checked) -> io::Result<()>;

    /// Ends the file. With `is_lasting` the disk has it.
    fn finish(self: Box<Self>, is_lasting: bool) -> io::Result<Written>;
}
