//! The table `icmp`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use crate::rows::IcmpMessage;
use crate::tool::IcmpPackets;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<IcmpPackets>(capture, &json!({}), IcmpMessage::TABLE).unwrap()
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let (mut seen, mut messages) = (0, 0);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/encapsulation"],
    ) {
        let Ok(report) = harness::run::<IcmpPackets>(&capture, &json!({})) else { continue };
        let rows = rows(&capture);
        assert_eq!(rows.len() as u64, report["icmp_packets_found"].as_u64().unwrap_or_default(), "{name}");
        for count in report["statistics"]["icmp_type_counts"].as_array().into_iter().flatten() {
            let is_of = |row: &&Value| {
                let kind = (&row["ip_version"], &row["type_number"], &row["code"]);
                kind == (&count["ip_version"], &count["type"], &count["code"])
            };
            assert_eq!(rows.iter().filter(is_of).count() as u64, count["count"].as_u64().unwrap(), "{name}: {count}");
        }
        let echo = &report["statistics"]["echo"];
        let requests = rows.iter().filter(|row| row["is_echo"] == true).count() as u64;
        assert_eq!(requests, echo["requests"].as_u64().unwrap_or_default(), "{name}");
        (seen, messages) = (seen + 1, messages + rows.len());
    }
    assert!(seen > 40 && messages > 100, "{seen}, {messages}");
}
