//! The forms of a data set.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// In which form rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Parquet: typed columns, compressed, for DuckDB, Spark, Polars, pandas
    Parquet,
    /// Comma-separated values (RFC 4180)
    Csv,
    /// A line of JSON for each row
    Ndjson,
}

impl Format {
    /// Its name, which is the ending of its files too.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
