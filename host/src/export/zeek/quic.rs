//! `quic.log`: connections of QUIC, of the table `quic`.

use std::borrow::Cow;
use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::line::{Ends, Lines};
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `quic`, for `ssl.log` too.
    Of of "quic" {
        time, client, client_port, server, server_port, community_id, version, server_name, offered_alpn, cipher_suite, key_group, resumed,
        client_initial_dcid, client_scid, server_scid, history, ja3, ja3s, ja4,
    }
}

impl Of<'_> {
    /// Which connection a row is of.
    pub fn connection(&self, capture: &str, row: usize) -> Option<(Uid, Ends)> {
        let ends = ends((self.client, self.client_port), (self.server, self.server_port), row)?;
        Some((Uid::of_connection(capture, self.community_id.text(row).unwrap_or_default(), None), ends))
    }
}

/// Lines of QUIC.
pub(super) struct Quic;

impl Make for Quic {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            let Some((uid, ends)) = of.connection(capture, row) else { continue };
            lines.ts(of.time.time(row));
            lines.connection(&uid, ends);
            lines.text("version", of.version.text(row).map(version).as_deref());
            lines.text("client_initial_dcid", of.client_initial_dcid.text(row));
            lines.text("client_scid", of.client_scid.text(row));
            lines.text("server_scid", of.server_scid.text(row));
            lines.text("server_name", of.server_name.text(row));
            lines.text("client_protocol", of.offered_alpn.text(row));
            lines.text("history", Some(of.history.text(row).unwrap_or_default()));
            lines.end()?;
        }
        Ok(())
    }
}

/// A version by Zeek's name.
fn version(name: &str) -> Cow<'_, str> {
    match name {
        "QUIC 1" => "1".into(),
        "QUIC 2" => "quicv2".into(),
        _ => match name.strip_prefix("QUIC draft ") {
            Some(draft) => format!("draft-{draft}").into(),
            None => name.strip_prefix("0x").map_or(name.into(), |number| format!("unknown-{number}").into()),
        },
    }
}
