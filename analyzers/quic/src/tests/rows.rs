//! The table `quic`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use crate::build::Wire;
use crate::rows::QuicConnection;
use crate::tool::Quic;

#[test]
fn a_connection_is_a_row() {
    let capture = Wire::default().handshake("www.example.com", "h3").capture();
    let report = super::run(&capture, &json!({}));
    let rows = harness::rows::rows::<Quic>(&capture, &json!({}), QuicConnection::TABLE).unwrap();
    let (row, connection) = (&rows[0], &report["connections"][0]);
    assert_eq!(rows.len(), 1);
    for field in [
        "frame",
        "server_name",
        "version",
        "cipher_suite",
        "outcome",
        "ja3",
        "ja4",
        "ja3s",
        "application",
        "handshake_ms",
        "client_bytes",
    ] {
        assert_eq!(row[field], connection[field], "{field}");
    }
    let history = row["history"].as_str().unwrap();
    assert!(history.starts_with("ISis"), "{history}");
    let is_id =
        |name: &str| row[name].as_str().is_some_and(|id| id.len() >= 8 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(is_id("client_initial_dcid") && is_id("server_scid"), "{row}");
}

/// Of captures of others, when their folder is named.
#[test]
fn rows_count_what_the_report_counts() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    let root = folder.into_string().unwrap();
    for (name, capture) in harness::files(&root, &["quic", "mixed"]) {
        let Ok(report) = harness::run::<Quic>(&capture, &json!({})) else { continue };
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let rows = harness::rows::rows::<Quic>(&capture, &json!({}), QuicConnection::TABLE).unwrap();
        assert_eq!(rows.len() as u64, count(&report["totals"]["connections"]), "{name}");
        let established = rows.iter().filter(|row| row["outcome"] == "established").count() as u64;
        assert_eq!(established, count(&report["totals"]["established"]), "{name}");
    }
}
