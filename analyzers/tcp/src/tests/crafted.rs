//! Captures made to show what goes wrong, with what tshark 4.0.17 and their makers say of them.

use serde_json::{Value, json};

use super::{connections, counts, file};

fn crafted(name: &str) -> Value {
    connections(
        &file(&format!("tests/captures/crafted/{name}")),
        &json!({ "detailed": true, "page": { "limit": 1000 } }),
    )
}

fn on_port(report: &Value, port: u16) -> Vec<&Value> {
    let end = format!(":{port}");
    let all = report["connections"].as_array().unwrap();
    all.iter().filter(|connection| connection["client"].as_str().unwrap().ends_with(&end)).collect()
}

#[test]
fn an_undisturbed_connection_has_nothing_sent_again() {
    let report = crafted("tcp_http.pcap");
    let connection = &report["connections"][0];
    assert_eq!(connection["retransmissions"], 0);
    assert_eq!(connection["state"], "closed");
    assert_eq!(connection["completeness"], 31);
    assert_eq!(report["issues"], json!([]));
    assert_eq!(report["findings"], json!([]));
}

#[test]
fn padding_of_frames_is_no_payload() {
    let report = crafted("tcp_padded.pcap");
    assert_eq!(report["summary"]["packets"]["data_packets"], 0);
    assert_eq!(report["summary"]["packets"]["payload_bytes"], 0);
    assert_eq!(report["connections"][0]["retransmissions"], 0);
}

#[test]
fn octets_that_were_not_captured_count_by_the_headers() {
    let report = crafted("tcp_snaplen54.pcap");
    assert_eq!(report["summary"]["packets"]["payload_bytes"], 2000);
    assert_eq!(report["connections"][0]["handshake_completed"], true);
}

#[test]
fn connections_share_no_numbers() {
    let report = crafted("tcp_shared_seq.pcap");
    assert_eq!(report["summary"]["total_connections"], 2);
    assert_eq!(report["summary"]["analysis"], json!([]));
}

#[test]
fn a_connection_of_an_end_with_itself_is_one() {
    let report = crafted("tcp_selfconnect.pcap");
    assert_eq!(report["summary"]["total_connections"], 1);
    assert_eq!(report["connections"][0]["packet_count"], 2);
}

#[test]
fn the_mixed_capture_agrees_with_tshark_and_its_maker() {
    let report = crafted("tcp_mixed.pcap");
    let summary = &report["summary"];
    assert_eq!(summary["total_connections"], 19);
    assert_eq!(summary["successful_handshakes"], 15);
    let expected = [
        ("retransmission", 7),
        ("out_of_order", 1),
        ("lost_segment", 2),
        ("ack_lost_segment", 2),
        ("keep_alive", 3),
        ("keep_alive_ack", 3),
        ("zero_window", 1),
        ("zero_window_probe", 2),
        ("reused_ports", 1),
    ];
    assert_eq!(counts(&summary["analysis"]), expected.map(|(name, count)| (name.to_owned(), count)));
    // Unanswered SYN, keep-alives, two connections with the same ports, FIN of one side only, half open.
    assert_eq!(on_port(&report, 40003)[0]["state"], "attempted");
    assert_eq!(on_port(&report, 40005)[0]["retransmissions"], 0);
    assert_eq!(on_port(&report, 40014).len(), 2);
    assert_eq!(on_port(&report, 40015)[0]["close_reason"], "active");
    assert_eq!(on_port(&report, 40016)[0]["handshake_completed"], false);
}
