//! Situations that people reported; `tests/captures/reported` has their captures, and their README the right values.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use super::{connections, counts, file};
use crate::tools::anomalies::TcpAnomalies;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

fn capture(name: &str) -> Vec<u8> {
    file(&format!("tests/captures/reported/{name}.pcap"))
}

fn reported(name: &str) -> Value {
    connections(&capture(name), &json!({ "detailed": true }))
}

#[test]
fn a_capture_that_begins_with_syn_ack_has_no_failed_handshake() {
    let report = reported("begins_with_synack_open");
    let (summary, connection) = (&report["summary"], &report["connections"][0]);
    assert_eq!((&summary["failed_handshakes"], &summary["established_connections"]), (&json!(0), &json!(1)));
    assert_eq!((&summary["handshakes_without_syn"], &summary["successful_handshakes"]), (&json!(1), &json!(0)));
    assert_eq!(connection["handshake"], "syn_not_captured");
    assert_eq!((&connection["state"], &connection["conn_state"]), (&json!("established"), &json!("S1")));
    assert_eq!((&connection["client"], &connection["client_known"]), (&json!("192.0.2.10:40001"), &json!(true)));
    assert_eq!(report["issues"], json!([]));
    let anomalies = harness::run::<TcpAnomalies>(&capture("begins_with_synack_open"), &json!({})).unwrap();
    assert_eq!(
        anomalies["statistics"]["handshake"],
        json!({ "successful": 0, "failed": 0, "incomplete": 0, "established_with_parts_not_captured": 1 })
    );
}

#[test]
fn syn_behind_syn_ack_is_a_complete_handshake_and_nothing_sent_again() {
    for name in ["synack_syn_ack", "syn_after_synack"] {
        let report = reported(name);
        let (summary, connection) = (&report["summary"], &report["connections"][0]);
        assert_eq!(
            (&summary["successful_handshakes"], &summary["failed_handshakes"]),
            (&json!(1), &json!(0)),
            "{name}"
        );
        assert_eq!((&summary["retransmissions"], &connection["retransmissions"]), (&json!(0), &json!(0)), "{name}");
        assert_eq!((&connection["handshake"], &connection["handshake_completed"]), (&json!("complete"), &json!(true)));
        assert_eq!(summary["file_order"]["reversed_handshakes"], 1, "{name}");
        assert!(report["issues"][0].as_str().unwrap().contains("not the order on the wire"), "{report}");
        // The SYN's time is behind the SYN-ACK's, so that nothing can be measured from it.
        assert!(connection["syn_to_syn_ack_ms"].is_null() && connection["handshake_ms"].is_null());
    }
}

#[test]
fn bytes_that_are_in_the_file_once_were_not_sent_again() {
    let report = harness::run::<TcpRetransmissions>(&capture("ack_before_data"), &json!({})).unwrap();
    assert_eq!((&report["total_retransmissions"], &report["by_connection"]), (&json!(0), &json!([])));
    assert_eq!(report["file_order"]["data_behind_its_ack"], 6);
    assert!(report["file_order"]["note"].as_str().unwrap().contains("not the order on the wire"));
    // Wireshark's own suspicion stays under Wireshark's name.
    assert_eq!(counts(&report["analysis"])[2], ("spurious_retransmission".to_owned(), 6));
    let report = reported("ack_before_data");
    let server = &report["connections"][0]["details"]["server"];
    assert_eq!((&server["resent_payload_bytes"], &server["new_payload_bytes"]), (&json!(0), &json!(6000)));
    assert_eq!(report["connections"][0]["handshake"], "complete");
    // The letter g stands for bytes that were not there when they were acknowledged: Zeek, too, takes segments in the order of the file.
    assert_eq!(report["connections"][0]["history"], "ShAgdfFa");
    let flow =
        harness::run::<TrafficFlow>(&capture("ack_before_data"), &json!({ "server_ip": "198.51.100.20" })).unwrap();
    assert_eq!(
        (&flow["server_to_client"]["retransmissions"], &flow["file_order"]["data_behind_its_ack"]),
        (&json!(0), &json!(6))
    );
    let anomalies = harness::run::<TcpAnomalies>(&capture("ack_before_data"), &json!({})).unwrap();
    let patterns: Vec<_> =
        anomalies["patterns"].as_array().unwrap().iter().map(|pattern| &pattern["pattern"]).collect();
    assert_eq!(patterns, ["capture_gaps", "file_order"]);
    let words = anomalies["patterns"][0]["description"].as_str().unwrap();
    assert!(words.starts_with("0 bytes between others are not in the capture"), "{words}");
}
