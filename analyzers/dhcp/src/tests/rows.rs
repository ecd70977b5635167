//! The table `dhcp`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::{file, run};
use crate::rows::DhcpMessage;
use crate::tool::DhcpPackets;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<DhcpPackets>(capture, &json!({}), DhcpMessage::TABLE).unwrap()
}

#[test]
fn a_message_is_a_row() {
    let capture = file("examples/captures/dhcp.pcap");
    let (rows, report) = (rows(&capture), run(&capture, &json!({ "page": { "offset": 0, "limit": 1000 } })));
    let listed = report["packets"].as_array().unwrap();
    assert_eq!(rows.len(), listed.len());
    for (row, listed) in rows.iter().zip(listed) {
        assert_eq!(row["frame"], listed["frame"], "{row}");
        assert_eq!(row["message"], listed["message_type"], "{row}");
    }
    assert!(
        rows.iter()
            .any(|row| row["role"] == "grant" && row["lease"].as_u64() > Some(0) && row["addresses"] != json!([]))
    );
}

#[test]
fn a_row_has_the_options_that_zeek_tells() {
    let rows = rows(&file("examples/captures/dhcp.pcap"));
    let has = |name: &str| rows.iter().filter(|row| !row[name].is_null()).count();
    assert!(has("option_12") > 0 && has("option_50") > 0, "{} {}", has("option_12"), has("option_50"));
    for row in &rows {
        assert!(row["option_50"].is_null() || row["option_50"] == row["requested"], "{row}");
        assert!(row["option_12"].is_null() || row["option_12"] == row["hostname"], "{row}");
        assert!(row["reason"].is_null() || row["family"] == 6 || row["reason"] == row["words"], "{row}");
    }
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let mut seen = 0;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/reported"],
    ) {
        let Ok(report) = harness::run::<DhcpPackets>(&capture, &json!({})) else { continue };
        let unread = report["statistics"]["not_read"].as_u64().unwrap_or_default();
        let found = report["dhcp_packets_found"].as_u64().unwrap_or_default();
        assert_eq!(rows(&capture).len() as u64 + unread, found, "{name}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}
