//! Each list that is cut has a next page.

use mcpcap_analyzer::{Tool, harness};
use serde_json::{Value, json};

use super::build::{ACK, RST, Talk};
use crate::tools::anomalies::TcpAnomalies;
use crate::tools::connections::TcpConnections;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

/// Connections that send again and are reset, the later ones more often.
fn capture(connections: u32) -> Vec<u8> {
    let talk = |n: u32| {
        let client = format!("198.51.{}.{}:4000", n / 200, n % 200 + 1);
        let talk = Talk::between(&client, "192.0.2.2:80").handshake().c(ACK, (1001, 5001), b"hello");
        let talk = (0..=n % 5).fold(talk, |talk, _| talk.wait(300).c(ACK, (1001, 5001), b"hello"));
        talk.s(RST, (5001, 0), b"")
    };
    harness::build::pcap(&(0..connections).flat_map(|n| talk(n).frames()).collect::<Vec<_>>())
}

/// All pages of a list, and what the first one says of all.
fn all<T: Tool>(capture: &[u8], list: &str, arguments: &Value) -> (Vec<Value>, u64) {
    let (mut entries, mut total) = (Vec::new(), 0);
    assert!(T::PAGED.contains(&list));
    for offset in (0..).step_by(40) {
        let mut arguments = arguments.clone();
        arguments["page"] = json!({ "offset": offset, "limit": 40 });
        let report = harness::run::<T>(capture, &arguments).unwrap();
        let page = report["pages"].as_array().unwrap().iter().find(|page| page["list"] == list).unwrap();
        total = page["total"].as_u64().unwrap();
        let here = report[list].as_array().cloned().unwrap_or_default();
        assert_eq!((&page["offset"], &page["returned"]), (&json!(offset), &json!(here.len())));
        entries.extend(here);
        if offset + 40 >= total {
            break;
        }
    }
    (entries, total)
}

fn is_falling(entries: &[Value], field: &str) -> bool {
    entries.is_sorted_by(|a, b| a[field].as_f64() >= b[field].as_f64())
}

#[test]
fn lists_of_connections_go_on() {
    let capture = capture(102);
    let server = json!({ "server_ip": "192.0.2.2" });
    let (rates, total) = all::<TcpRetransmissions>(&capture, "by_connection", &json!({}));
    assert!((rates.len(), total) == (102, 102) && is_falling(&rates, "retrans_rate"));
    let (resent, total) = all::<TcpAnomalies>(&capture, "retransmissions_by_connection", &json!({}));
    assert!((resent.len(), total) == (102, 102) && is_falling(&resent, "count"));
    let (resets, total) = all::<TcpAnomalies>(&capture, "connections_with_rst", &json!({}));
    assert_eq!((resets.len(), total), (102, 102));
    assert!(resets.iter().enumerate().all(|(id, reset)| reset["id"] == id));
    let (sources, total) = all::<TcpAnomalies>(&capture, "rst_by_source", &json!({}));
    assert_eq!((sources[0]["count"].as_u64(), sources[0]["error"].as_u64(), total), (Some(102), Some(0), 1));
    let (largest, total) = all::<TrafficFlow>(&capture, "largest_connections", &server);
    assert!((largest.len(), total) == (102, 102) && is_falling(&largest, "bytes"));
    let (resets, total) = all::<TrafficFlow>(&capture, "resets", &server);
    assert_eq!((resets.len(), total), (102, 102));
    let (connections, total) = all::<TcpConnections>(&capture, "connections", &json!({}));
    assert_eq!((connections.len(), total), (102, 102));
}

#[test]
fn flagged_frames_of_a_connection_go_on() {
    let talk = (0..62).fold(Talk::new().handshake().c(ACK, (1001, 5001), b"hello"), |talk, _| {
        talk.wait(300).c(ACK, (1001, 5001), b"hello")
    });
    let frames = Talk::between("192.0.2.7:1", "192.0.2.8:80").handshake().frames().into_iter().chain(talk.frames());
    let capture = harness::build::pcap(&frames.collect::<Vec<_>>());
    let report = harness::run::<TcpConnections>(&capture, &json!({ "detailed": true })).unwrap();
    let details = &report["connections"][1]["details"];
    assert_eq!((details["events"].as_array().unwrap().len(), &details["events_total"]), (16, &json!(62)));
    assert!(report["events"].is_null());
    let (events, total) = all::<TcpConnections>(&capture, "events", &json!({ "connection": 1 }));
    assert_eq!((events.len(), total), (62, 62));
    assert_eq!(&events[..16], &details["events"].as_array().unwrap()[..]);
    assert!(events.iter().all(|event| event["by_bytes"] == json!(["sent_again"])));
    assert!(events.is_sorted_by(|a, b| a["frame"].as_u64() < b["frame"].as_u64()));
}

#[test]
fn findings_that_are_not_listed_are_counted() {
    let lossy = |n: u32| {
        let talk = Talk::between(&format!("198.51.100.{n}:4000"), "192.0.2.2:80").handshake();
        let talk = talk.c(ACK, (1001, 5001), b"hello");
        (0..12).fold(talk, |talk, _| talk.wait(300).c(ACK, (1001, 5001), b"hello")).s(ACK, (5001, 1006), b"")
    };
    let frames: Vec<_> = (1..=120).flat_map(|n| lossy(n).frames()).collect();
    let report = harness::run::<TcpConnections>(&harness::build::pcap(&frames), &json!({})).unwrap();
    assert_eq!(report["limits"]["findings_left_out"], 20);
    assert_eq!(report["findings"].as_array().unwrap().len(), 100);
}
