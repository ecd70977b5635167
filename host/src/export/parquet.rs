//! Rows as a file of Apache Parquet.

use std::io;
use std::sync::Arc;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::Writer;
use super::columns::Columns;
use super::spool::Spool;
use crate::rows::{Checked, Kind, Table};

/// Bytes of memory of a row group that is being written, and its rows. All tables at once have as many of these.
const GROUP: usize = 16 << 20;
const ROWS: usize = 1 << 20;
/// Bytes of the different values of a column of a row group: with more they do not repeat.
const DIFFERENT: usize = 256 << 10;

/// Writes the rows of a table.
pub struct Parquet {
    columns: Columns,
    writer: ArrowWriter<Spool>,
    rows: u64,
}

impl Parquet {
    /// Begins.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn new(table: &Arc<Table>, capture: &str, out: Spool) -> io::Result<Self> {
        let columns = Columns::new(table, capture);
        let writer = ArrowWriter::try_new(out, columns.schema(), Some(properties(table))).map_err(failed)?;
        Ok(Self { columns, writer, rows: 0 })
    }
}

impl Writer for Parquet {
    fn add(&mut self, rows: &Checked) -> io::Result<()> {
        let batch = self.columns.of(rows).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(failed)?;
        // By what was written alone, so that the same rows make the same file.
        if self.writer.memory_size() >= GROUP {
            self.writer.flush().map_err(failed)?;
        }
        self.rows = self.rows.saturating_add(rows.count as u64);
        Ok(())
    }

    fn end(self: Box<Self>) -> io::Result<(Spool, u64)> {
        let rows = self.rows;
        Ok((self.writer.into_inner().map_err(failed)?, rows))
    }
}

/// How each column is written. Numbers that rise are differences; what repeats is a dictionary, as is usual.
fn properties(table: &Table) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("mcpcap ", env!("CARGO_PKG_VERSION")).into())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROWS))
        .set_dictionary_page_size_limit(DIFFERENT);
    for column in &table.columns {
        if column.kind == Kind::Time || column.kind == Kind::Integer && column.cites() {
            let path = ColumnPath::from(column.name.as_str());
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}

/// What the disk said, where it was the disk.
fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(inner) => io::Error::other(inner),
        },
        error => io::Error::other(error),
    }
}
