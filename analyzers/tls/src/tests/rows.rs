//! The tables `tls` and `tls_certificates`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::build::{Certificate, Talk, Tested as _};
use crate::rows::{TlsCertificate, TlsConnection};
use crate::tool::Tls;

#[test]
fn a_connection_and_a_certificate_are_rows() {
    let capture = Talk::open().handshake("www.example.com", &[Certificate::default().der()]).close().capture();
    let report = super::run(&capture, &json!({}));
    let rows = harness::rows::rows::<Tls>(&capture, &json!({}), TlsConnection::TABLE).unwrap();
    let (row, connection) = (&rows[0], &report["connections"][0]);
    assert_eq!(rows.len(), 1);
    for field in ["frame", "server_name", "version", "cipher_suite", "outcome", "ja3", "ja4", "ja3s", "handshake_ms"] {
        assert_eq!(row[field], connection[field], "{field}");
    }
    assert_eq!(row["certificate_subject"], "CN=example.com");
    assert_eq!((&row["server_chain"], &row["client_chain"]), (&json!([row["certificate_sha256"]]), &json!([])));
    let history = row["history"].as_str().unwrap();
    assert!(history.starts_with("Csx") && history.contains('I') && history.contains('i'), "{history}");
    let rows = harness::rows::rows::<Tls>(&capture, &json!({}), TlsCertificate::TABLE).unwrap();
    let certificate = &report["certificates"][0];
    assert_eq!(rows.len(), 1);
    for field in ["sha256", "sha1", "subject", "serial", "not_after", "validity", "key_bits", "names"] {
        assert_eq!(rows[0][field], certificate[field], "{field}");
    }
    assert_eq!((&rows[0]["subject_rfc4514"], &rows[0]["version"]), (&json!("CN=example.com"), &json!(3)));
    assert_eq!((&rows[0]["server_connections"], &rows[0]["client_connections"]), (&json!(1), &json!(0)));
}

/// Of captures of others, when their folder is named.
#[test]
fn rows_count_what_the_report_counts() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    let root = folder.into_string().unwrap();
    for (name, capture) in harness::files(&root, &["tls", "dtls", "mixed"]) {
        let Ok(report) = harness::run::<Tls>(&capture, &json!({})) else { continue };
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let rows = harness::rows::rows::<Tls>(&capture, &json!({}), TlsConnection::TABLE).unwrap();
        assert_eq!(rows.len() as u64, count(&report["totals"]["connections"]), "{name}");
        let established = rows.iter().filter(|row| row["outcome"] == "established").count() as u64;
        assert_eq!(established, count(&report["totals"]["established"]), "{name}");
        let rows = harness::rows::rows::<Tls>(&capture, &json!({}), TlsCertificate::TABLE).unwrap();
        assert_eq!(rows.len() as u64, count(&report["totals"]["certificates"]), "{name}");
    }
}
