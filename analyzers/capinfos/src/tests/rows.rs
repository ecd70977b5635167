//! The table `packets`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::file;
use crate::analysis::Capinfos;
use crate::rows::PacketRow;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<Capinfos>(capture, &json!({}), PacketRow::TABLE).unwrap()
}

#[test]
fn a_frame_is_a_row() {
    let rows = rows(&file("examples/captures/tcp.pcap"));
    // What tshark 4.0.17 says of the first frame.
    let first = &rows[0];
    for (field, value) in [
        ("frame", json!(1)),
        ("layers", json!("eth:ip:tcp")),
        ("transport", json!("tcp")),
        ("ip_protocol", json!(6)),
        ("tcp_flags", json!("SYN")),
        ("tcp_acknowledgment", json!(null)),
        ("payload", json!(0)),
        ("copy_of", json!(null)),
        ("tunnels", json!([])),
        ("icmp_type", json!(null)),
        ("vlan", json!(null)),
    ] {
        assert_eq!(first[field], value, "{field}: {first}");
    }
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let mut seen = 0;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/encapsulation"],
    ) {
        let Ok(report) = harness::run::<Capinfos>(&capture, &json!({})) else { continue };
        let rows = rows(&capture);
        let sum = |field: &str| rows.iter().map(|row| row[field].as_u64().unwrap_or_default()).sum::<u64>();
        let totals = [rows.len() as u64, sum("bytes"), sum("captured")];
        let told = ["packet_count", "data_size_bytes", "captured_size_bytes"]
            .map(|field| report[field].as_u64().unwrap_or_default());
        assert_eq!(totals, told, "{name}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}
