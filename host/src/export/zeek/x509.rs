//! `x509.log`: certificates, of the table `tls_certificates`.

use std::io;
use std::net::IpAddr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Make;
use super::columns::columns;
use super::line::Lines;
use crate::rows::{Checked, Table};

columns! {
    /// What is read of `tls_certificates`.
    Of of "tls_certificates" {
        time, sha256, version, serial, subject_rfc4514, issuer_rfc4514, not_before, not_after, key_algorithm, key_bits, key_curve, key_exponent,
        signature_algorithm, names, uris, emails, is_ca, has_constraints, path_length, server_connections, client_connections,
    }
}

/// Lines of certificates.
pub(super) struct X509;

impl Make for X509 {
    fn rows(&mut self, _: &str, table: &Table, rows: &Checked, lines: &mut Lines<'_>) -> io::Result<()> {
        let of = Of::find(table, rows);
        for row in 0..rows.count {
            // What cannot be read makes no line.
            let Some(subject) = of.subject_rfc4514.text(row) else { continue };
            let number = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
            lines.ts(of.time.time(row));
            lines.text("fingerprint", of.sha256.text(row));
            lines.count("certificate.version", number(of.version.integer(row)));
            lines.text("certificate.serial", of.serial.text(row).map(serial).as_deref());
            lines.text("certificate.subject", Some(subject));
            lines.text("certificate.issuer", of.issuer_rfc4514.text(row));
            lines.time("certificate.not_valid_before", of.not_before.text(row).and_then(time));
            lines.time("certificate.not_valid_after", of.not_after.text(row).and_then(time));
            let (key_algorithm, key_type) = key(of.key_algorithm.text(row).unwrap_or_default());
            lines.text("certificate.key_alg", Some(key_algorithm));
            lines.text("certificate.sig_alg", of.signature_algorithm.text(row));
            lines.text("certificate.key_type", Some(key_type));
            lines.count("certificate.key_length", number(of.key_bits.integer(row)));
            let exponent = of.key_exponent.integer(row).map(|exponent| exponent.to_string());
            lines.text("certificate.exponent", exponent.as_deref());
            lines.text("certificate.curve", of.key_curve.text(row).map(curve));
            // Names of hosts and addresses stand in one column.
            let is_address = |name: &&str| name.parse::<IpAddr>().is_ok();
            let names = || of.names.texts(row).into_iter().flatten();
            texts("san.dns", names().filter(|name| !is_address(name)), lines);
            texts("san.uri", of.uris.texts(row).into_iter().flatten(), lines);
            texts("san.email", of.emails.texts(row).into_iter().flatten(), lines);
            texts("san.ip", names().filter(is_address), lines);
            if of.has_constraints.truth(row) == Some(true) {
                lines.truth("basic_constraints.ca", of.is_ca.truth(row));
                lines.count("basic_constraints.path_len", number(of.path_length.integer(row)));
            }
            let (server, client) = (of.server_connections.count(row), of.client_connections.count(row));
            lines.truth("host_cert", Some(server > 0 || client > 0));
            lines.truth("client_cert", Some(client > 0 && server == 0));
            lines.end()?;
        }
        Ok(())
    }
}

/// A list of texts, where there is one.
fn texts<'t>(name: &str, values: impl Iterator<Item = &'t str>, lines: &mut Lines<'_>) {
    let mut values = values.peekable();
    if values.peek().is_some() {
        lines.texts(name, Some(values));
    }
}

/// A serial number in upper case, without the byte that only says that it is positive.
fn serial(digits: &str) -> String {
    let positive = digits.strip_prefix("00").filter(|rest| !rest.is_empty());
    positive.unwrap_or(digits).to_ascii_uppercase()
}

/// Nanoseconds since 1970 of a time as RFC 3339 has it, if they can be told.
fn time(text: &str) -> Option<i64> {
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos()).ok()
}

/// The name of a key's algorithm as OpenSSL has it, and Zeek's type of key.
fn key(algorithm: &str) -> (&str, &'static str) {
    match algorithm {
        "RSA" => ("rsaEncryption", "rsa"),
        "RSASSA-PSS" => ("rsassaPss", "unknown"),
        "DSA" => ("dsaEncryption", "dsa"),
        "EC" => ("id-ecPublicKey", "ecdsa"),
        "Ed25519" => ("ED25519", "unknown"),
        "Ed448" => ("ED448", "unknown"),
        other => (other, "unknown"),
    }
}

/// The name of a curve as OpenSSL has it.
fn curve(name: &str) -> &str {
    match name {
        "secp256r1" => "prime256v1",
        "secp192r1" => "prime192v1",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_told_as_openssl_tells_them() {
        assert_eq!((serial("00c1ab"), serial("00"), serial("0a")), ("C1AB".into(), "00".into(), "0A".into()));
        assert_eq!(time("1970-01-01T00:00:01Z"), Some(1_000_000_000));
        assert_eq!((time("9999-12-31T23:59:59Z"), time("")), (None, None));
        assert_eq!((key("RSA"), key("SM2")), (("rsaEncryption", "rsa"), ("SM2", "unknown")));
    }
}
