//! The table `sip`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use crate::rows::{SipCall, SipMessage};
use crate::tool::SipPackets;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<SipPackets>(capture, &json!({}), SipMessage::TABLE).unwrap()
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let (mut seen, mut messages) = (0, 0);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/reported"],
    ) {
        let Ok(report) = harness::run::<SipPackets>(&capture, &json!({})) else { continue };
        let (rows, statistics) = (rows(&capture), &report["statistics"]);
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let of = |fits: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| fits(row)).count() as u64;
        assert_eq!(rows.len() as u64, count(&report["sip_packets_found"]), "{name}");
        assert_eq!(of(&|row| row["status"].is_null()), count(&statistics["requests"]), "{name}");
        assert_eq!(of(&|row| !row["status"].is_null()), count(&statistics["responses"]), "{name}");
        let calls = &statistics["calls"];
        let rows_of_calls = harness::rows::rows::<SipPackets>(&capture, &json!({}), SipCall::TABLE).unwrap();
        assert_eq!(rows_of_calls.len() as u64, count(&calls["total"]), "{name}");
        for outcome in calls["outcomes"].as_array().into_iter().flatten() {
            let of = rows_of_calls.iter().filter(|row| row["outcome"] == outcome["name"]).count() as u64;
            assert_eq!(of, count(&outcome["count"]), "{name}: {outcome}");
        }
        let again =
            |is_request: bool| of(&|row| row["retransmission_of"].is_u64() && row["status"].is_null() == is_request);
        assert_eq!(again(true), count(&statistics["retransmitted_requests"]), "{name}");
        assert_eq!(again(false), count(&statistics["retransmitted_responses"]), "{name}");
        (seen, messages) = (seen + 1, messages + rows.len());
    }
    assert!(seen > 40 && messages > 90, "{seen}, {messages}");
}

#[test]
fn a_message_is_a_row() {
    let path = format!("{}/../../examples/captures/sip.pcap", env!("CARGO_MANIFEST_DIR"));
    let capture = std::fs::read(path).unwrap();
    let rows = rows(&capture);
    let refused = rows.iter().find(|row| row["status"] == 401).unwrap();
    assert!(
        refused["is_challenge"] == true && refused["request_frame"].is_u64() && refused["latency_ms"].is_f64(),
        "{refused}"
    );
    let request = rows.iter().find(|row| row["frame"] == refused["request_frame"]).unwrap();
    assert_eq!((&request["call_id"], &request["cseq"]), (&refused["call_id"], &refused["cseq"]));
    let calls = harness::rows::rows::<SipPackets>(&capture, &json!({}), SipCall::TABLE).unwrap();
    assert!(calls.iter().all(|call| call["call_id"] != "" && call["caller"] != ""), "{calls:?}");
    assert!(calls.iter().any(|call| call["outcome"] == "answered" && call["talk_seconds"].is_f64()), "{calls:?}");
    assert!(request["uri"].as_str().unwrap().starts_with("sip:"), "{request}");
    let via = request["vias"][0].as_str().unwrap();
    assert!(via.starts_with("SIP/2.0/") && via.contains(request["branch"].as_str().unwrap()), "{request}");
    assert!(rows.iter().all(|row| row["content_length"].is_null() || row["content_length"] == row["body"]));
    assert!(rows.iter().all(|row| row["connection"].is_null() == (row["transport"] == "udp")));
}
