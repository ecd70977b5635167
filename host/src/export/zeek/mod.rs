//! Zeek's logs, made of the rows of tables: the JSON lines that Zeek itself writes, so that what reads Zeek's logs reads these.
//!
//! `docs/zeek.md` has each field with its column, and what is not filled. The names and rules are those of Zeek's scripts (`scripts/base` of Zeek 8).
//!
//! A log is made of one table after another, row by row; only `dhcp` and `sip`, whose lines are about several messages, keep messages until their line is
//! complete, within bounds.

mod columns;
mod conn;
mod dhcp;
mod dns;
mod files;
mod http;
mod line;
mod local;
mod quic;
mod sip;
mod ssl;
#[cfg(test)]
mod tests;
mod uid;
mod x509;

use std::io;
use std::sync::Arc;

use super::Writer;
use super::spool::Spool;
use crate::rows::{Checked, Table};
use line::Lines;

/// A log that is made of a table.
#[derive(Debug)]
pub struct Log {
    /// Its name: `conn` for `conn.log`.
    pub name: &'static str,
    begin: fn() -> Box<dyn Make>,
}

/// Makes lines of rows.
trait Make: Send {
    /// Takes rows, in the order in which the analyzer gave them. What names the capture tells its connections from those of others, in identifiers that are
    /// the same each time.
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()>;

    /// Writes what waited for further rows.
    fn finish(&mut self, _: &mut Lines<'_>) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the part of a log that one table of one capture makes.
pub(super) struct Logged {
    make: Box<dyn Make>,
    capture: String,
    table: Arc<Table>,
    out: Spool,
    lines: u64,
}

impl Logged {
    /// Begins, with what names the capture.
    ///
    /// # Errors
    /// When no such log is made of the table.
    pub fn new(log: &str, table: &Arc<Table>, capture: &str, out: Spool) -> io::Result<Self> {
        let log = logs(&table.name).iter().find(|known| known.name == log).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { make: (log.begin)(), capture: capture.to_owned(), table: Arc::clone(table), out, lines: 0 })
    }
}

impl Writer for Logged {
    fn add(&mut self, rows: &Checked) -> io::Result<()> {
        let mut lines = Lines::to(&mut self.out);
        self.make.rows(&self.capture, &self.table, rows, &mut lines)?;
        self.lines = self.lines.saturating_add(lines.count);
        Ok(())
    }

    fn end(mut self: Box<Self>) -> io::Result<(Spool, u64)> {
        let mut lines = Lines::to(&mut self.out);
        self.make.finish(&mut lines)?;
        let lines = self.lines.saturating_add(lines.count);
        Ok((self.out, lines))
    }
}

/// The logs that are made of a table. Where a log is made of several tables, its lines are those of one behind those of the other, in the order of [`TABLES`].
pub fn logs(table: &str) -> &'static [Log] {
    TABLES.iter().find(|(name, _)| *name == table).map_or(&[], |(_, logs)| logs)
}

/// The tables that logs are made of, in the order in which a log has their lines.
pub const TABLES: &[(&str, &[Log])] = &[
    ("tcp", &[Log { name: "conn", begin: || Box::new(conn::Tcp) }]),
    ("conversations", &[Log { name: "conn", begin: || Box::new(conn::Others) }]),
    ("dns", &[Log { name: "dns", begin: || Box::new(dns::Dns) }]),
    ("dhcp", &[Log { name: "dhcp", begin: || Box::new(dhcp::Dhcp::default()) }]),
    ("sip", &[Log { name: "sip", begin: || Box::new(sip::Sip::default()) }]),
    (
        "http",
        &[
            Log { name: "http", begin: || Box::new(http::Http) },
            Log { name: "files", begin: || Box::new(files::Files) },
        ],
    ),
    ("tls", &[Log { name: "ssl", begin: || Box::new(ssl::Tls) }]),
    ("tls_certificates", &[Log { name: "x509", begin: || Box::new(x509::X509) }]),
    (
        "quic",
        &[Log { name: "quic", begin: || Box::new(quic::Quic) }, Log { name: "ssl", begin: || Box::new(ssl::OfQuic) }],
    ),
];

/// The columns that are read of each table. What a table does not have is left out of the lines.
pub const READ: &[(&str, &[&str])] = &[
    conn::OfTcp::READ,
    conn::OfOthers::READ,
    dns::Of::READ,
    dhcp::Of::READ,
    sip::Of::READ,
    http::Of::READ,
    ssl::Of::READ,
    x509::Of::READ,
    quic::Of::READ,
];
