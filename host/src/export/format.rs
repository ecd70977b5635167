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
    /// Logs as Zeek writes them in JSON: conn, dns, dhcp, sip, http, files, ssl, x509, quic
    Zeek,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Zeek => "zeek",
        }
    }

    /// How the names of its files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Zeek => "log",
            Self::Parquet | Self::Csv | Self::Ndjson => self.name(),
        }
    }

    /// What its files are of, in words.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Zeek => "log",
            Self::Parquet | Self::Csv | Self::Ndjson => "table",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
