//! The table `conversations`.

use mcpcap_analyzer::harness::{self, build};
use mcpcap_analyzer::table::Row;
use serde_json::{Map, Value, json};

use super::build::{arp, every, icmp};
use crate::rows::Conversation;
use crate::tool::Conversations;

fn rows(capture: &[u8]) -> Vec<Value> {
    let mut rows = harness::rows::rows::<Conversations>(capture, &json!({}), Conversation::TABLE).unwrap();
    rows.sort_by_key(|row| row["flow"].as_u64());
    rows
}

/// An end as a report writes it.
fn end(row: &Value, side: &str) -> String {
    let text = |name: &str| row[format!("{side}{name}")].as_str().map(str::to_owned);
    match (text(""), row[format!("{side}_port")].as_u64()) {
        (Some(address), Some(port)) if address.contains(':') => format!("[{address}]:{port}"),
        (Some(address), Some(port)) => format!("{address}:{port}"),
        (address, _) => address.or_else(|| text("_link")).unwrap_or_else(|| "-".into()),
    }
}

/// What is the same in a row and in a report.
fn told(entry: &Value) -> Map<String, Value> {
    let same = "protocol icmp_type icmp_code application conn_state one_sided icmp_error packets bytes client_packets server_packets client_bytes \
        server_bytes client_payload server_payload last_frame vlan community_id";
    same.split_whitespace().map(|name| (name.to_owned(), entry[name].clone())).collect()
}

#[test]
fn rows_are_the_flows_of_the_report_on_every_capture() {
    let mut seen = 0;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/encapsulation"],
    ) {
        let Ok(report) = harness::run::<Conversations>(
            &capture,
            &json!({ "order": "time", "page": { "offset": 0, "limit": 1000 } }),
        ) else {
            continue;
        };
        let rows = rows(&capture);
        let (totals, none) = (&report["totals"], Vec::new());
        let sum = |field: &str| rows.iter().map(|row| row[field].as_u64().unwrap()).sum::<u64>();
        let counts = [rows.len() as u64, sum("packets"), sum("bytes")];
        assert_eq!(
            counts,
            ["flows", "packets", "bytes"].map(|total| totals[total].as_u64().unwrap_or_default()),
            "{name}"
        );
        let flows = report["flows"].as_array().unwrap_or(&none);
        assert!(rows.len() > 1000 || rows.len() == flows.len(), "{name}");
        for (row, flow) in rows.iter().zip(flows) {
            assert_eq!(told(row), told(flow), "{name}");
            assert_eq!((&row["flow"], &row["frame"]), (&flow["id"], &flow["first_frame"]), "{name}");
            assert_eq!(
                (end(row, "client"), end(row, "server")),
                (text(&flow["client"]), text(&flow["server"])),
                "{name}"
            );
            assert_eq!(row["client_known"] == false, flow["client_guessed"] == true, "{name}");
        }
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn what_a_flow_does_not_have_is_absent() {
    let frames = every(1000, [arp([10, 0, 0, 1], [10, 0, 0, 2], false), icmp("10.0.0.1", "10.0.0.2", 8, 0, &[0; 8])]);
    let rows = rows(&build::pcap(&frames));
    let of = |row: usize, fields: [&str; 4]| json!(fields.map(|field| rows[row][field].clone()));
    assert_eq!(of(0, ["protocol", "client", "client_port", "community_id"]), json!(["arp", "10.0.0.1", null, null]));
    assert_eq!(of(1, ["protocol", "server_port", "icmp_type", "icmp_code"]), json!(["icmp", null, 8, null]));
    assert_eq!(of(1, ["client_known", "conn_state", "client_link", "vlan"]), json!([null, null, null, null]));
}

#[test]
fn a_row_has_what_zeek_tells_of_a_flow() {
    let (client, server) = (("192.0.2.1", 40_000), ("192.0.2.2", 53));
    let talk = |frames: Vec<Vec<u8>>| rows(&build::pcap(&every(1000, frames)));
    let of = |frames: Vec<Vec<u8>>, name: &str| talk(frames)[0][name].clone();
    let (asked, answered) = (build::udp(client, server, b"1234"), build::udp(server, client, b"12"));
    assert_eq!(of(vec![asked.clone(), answered.clone()], "history"), "Dd");
    assert_eq!(of(vec![asked.clone()], "history"), "D");
    // Its port tells that the server sent first.
    assert_eq!(of(vec![answered.clone()], "history"), "^d");
    assert_eq!(of(vec![answered.clone(), asked.clone()], "history"), "^dD");
    assert_eq!(of(vec![build::tcp(client, server, 2, (1, 0), b"")], "history"), "S");
    let row = &talk(vec![asked.clone(), asked, answered])[0];
    assert_eq!((&row["client_ip_bytes"], &row["server_ip_bytes"]), (&json!(2 * 32), &json!(30)));
    assert_eq!(row["ip_protocol"], 17);
    let row = &talk(vec![arp([10, 0, 0, 1], [10, 0, 0, 2], false)])[0];
    assert_eq!(
        (&row["ip_protocol"], &row["history"], &row["client_ip_bytes"]),
        (&json!(null), &json!(null), &json!(0))
    );
}
