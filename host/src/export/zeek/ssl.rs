//! `ssl.log`: connections of TLS and DTLS, of the table `tls`, and of QUIC, whose handshake is that of TLS, of the table `quic`.

use std::borrow::Cow;
use std::io;

use super::Make;
use super::columns::{columns, ends};
use super::line::{Ends, Lines};
use super::quic;
use super::uid::Uid;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `tls`.
    Of of "tls" {
        time, connection, client, client_port, server, server_port, community_id, outcome, server_name, version, cipher_suite, key_group, alpn,
        resumed, last_alert, history, server_chain, client_chain, certificate_subject, certificate_issuer, name_matches, ja3, ja3s, ja4,
    }
}

/// What is told of a handshake, in the order of Zeek's fields.
struct Handshake<'a> {
    time: Option<i64>,
    connection: (Uid, Ends),
    version: Option<Cow<'a, str>>,
    cipher: Option<&'a str>,
    curve: Option<&'a str>,
    server_name: Option<&'a str>,
    is_resumed: bool,
    last_alert: Option<&'a str>,
    next_protocol: Option<&'a str>,
    is_established: bool,
    history: Cow<'a, str>,
}

impl Handshake<'_> {
    fn write(&self, lines: &mut Lines<'_>) {
        lines.ts(self.time);
        lines.connection(&self.connection.0, self.connection.1);
        lines.text("version", self.version.as_deref());
        lines.text("cipher", self.cipher);
        lines.text("curve", self.curve);
        lines.text("server_name", self.server_name);
        lines.truth("resumed", Some(self.is_resumed));
        lines.text("last_alert", self.last_alert);
        lines.text("next_protocol", self.next_protocol);
        lines.truth("established", Some(self.is_established));
        lines.text("ssl_history", Some(&self.history));
    }
}

/// Lines of TLS and DTLS.
pub(super) struct Tls;

impl Make for Tls {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            let Some(ends) = ends((of.client, of.client_port), (of.server, of.server_port), row) else { continue };
            let community_id = of.community_id.text(row).unwrap_or_default();
            let handshake = Handshake {
                time: of.time.time(row),
                connection: (Uid::of_connection(capture, community_id, of.connection.integer(row)), ends),
                version: of.version.text(row).map(version),
                cipher: of.cipher_suite.text(row),
                curve: of.key_group.text(row),
                server_name: of.server_name.text(row),
                is_resumed: of.resumed.text(row).is_some(),
                last_alert: of.last_alert.text(row),
                next_protocol: of.alpn.text(row),
                is_established: of.outcome.text(row) == Some("established"),
                history: of.history.text(row).unwrap_or_default().into(),
            };
            handshake.write(lines);
            // Zeek has both lists where a certificate was sent, one of them empty.
            let chains = [("cert_chain_fps", of.server_chain), ("client_cert_chain_fps", of.client_chain)];
            if chains.iter().any(|(_, chain)| chain.texts(row).map_or(0, Iterator::count) > 0) {
                chains.iter().for_each(|(name, chain)| lines.texts(name, chain.texts(row)));
            }
            lines.text("subject", of.certificate_subject.text(row));
            lines.text("issuer", of.certificate_issuer.text(row));
            lines.truth("sni_matches_cert", of.name_matches.truth(row));
            fingerprints([of.ja3.text(row), of.ja3s.text(row), of.ja4.text(row)], lines);
            lines.end()?;
        }
        Ok(())
    }
}

/// Lines of QUIC.
pub(super) struct OfQuic;

impl Make for OfQuic {
    fn rows(&mut self, capture: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = quic::Of::find(table, rows);
        for row in 0..rows.count {
            // Of a hello alone there is a handshake to tell of.
            let history: String = of.history.text(row).unwrap_or_default().chars().filter_map(hello).collect();
            let Some(connection) = of.connection(capture, row).filter(|_| !history.is_empty()) else { continue };
            let handshake = Handshake {
                time: of.time.time(row),
                connection,
                // QUIC has no other (RFC 9001 §4.2).
                version: of.cipher_suite.text(row).map(|_| "TLSv13".into()),
                cipher: of.cipher_suite.text(row),
                curve: of.key_group.text(row),
                server_name: of.server_name.text(row),
                is_resumed: of.resumed.text(row).is_some(),
                last_alert: None,
                next_protocol: None,
                // What tells is encrypted, so Zeek never says that it is.
                is_established: false,
                history: history.into(),
            };
            handshake.write(lines);
            fingerprints([of.ja3.text(row), of.ja3s.text(row), of.ja4.text(row)], lines);
            lines.end()?;
        }
        Ok(())
    }
}

/// The letter of `ssl_history` for that of a hello in the history of QUIC.
fn hello(letter: char) -> Option<char> {
    match letter {
        'S' => Some('C'),
        's' => Some('s'),
        _ => None,
    }
}

/// Fields of widely used packages.
fn fingerprints([ja3, ja3s, ja4]: [Option<&str>; 3], lines: &mut Lines<'_>) {
    lines.text("ja3", ja3);
    lines.text("ja3s", ja3s);
    lines.text("ja4", ja4);
}

/// A version by Zeek's name: `TLSv12` for TLS 1.2.
fn version(name: &str) -> Cow<'_, str> {
    match name {
        "SSL 2.0" => "SSLv2".into(),
        "SSL 3.0" => "SSLv3".into(),
        "TLS 1.0" => "TLSv10".into(),
        "TLS 1.1" => "TLSv11".into(),
        "TLS 1.2" => "TLSv12".into(),
        "TLS 1.3" => "TLSv13".into(),
        "DTLS 1.0" => "DTLSv10".into(),
        "DTLS 1.2" => "DTLSv12".into(),
        "DTLS 1.3" => "DTLSv13".into(),
        _ => match name.strip_prefix("TLS 1.3 draft ") {
            Some(draft) => format!("TLSv13-draft{draft}").into(),
            None => match name.strip_prefix("0x").map(|digits| u16::from_str_radix(digits, 16)) {
                Some(Ok(number)) => format!("unknown-{number}").into(),
                _ => name.into(),
            },
        },
    }
}
