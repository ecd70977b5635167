//! The table `tcp`.

use mcpcap_analyzer::harness::{self, build};
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::{connections, file};
use crate::rows::{TcpConnection, TcpEvent};
use crate::tools::connections::TcpConnections;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<TcpConnections>(capture, &json!({}), TcpConnection::TABLE).unwrap()
}

#[test]
fn a_connection_is_a_row() {
    let mut rows = rows(&file("examples/captures/tcp.pcap"));
    rows.sort_by_key(|row| row["connection"].as_u64());
    let of = |field: &str| rows.iter().map(|row| row[field].clone()).collect::<Vec<_>>();
    assert_eq!(json!(of("frame")), json!([1, 90, 114, 138, 147, 150, 154]));
    assert_eq!(json!(of("conn_state")), json!(["SF", "SF", "SF", "SF", "REJ", "S0", "RSTO"]));
    assert_eq!(
        (&rows[3]["closed_by"], &rows[4]["close_frame"], &rows[5]["syn_count"]),
        (&json!("server"), &json!(149), &json!(4))
    );
    assert_eq!(rows[6]["client_window_closed"], 7);
    assert!(rows[2]["client"].as_str().unwrap().starts_with("2001:db8"));
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let mut seen = 0;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/reported"],
    ) {
        if harness::run::<TcpConnections>(&capture, &json!({})).is_err() {
            continue;
        }
        let (report, rows) = (connections(&capture, &json!({})), rows(&capture));
        let summary = &report["summary"];
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let sum = |field: &str| rows.iter().map(|row| count(&row[field])).sum::<u64>();
        assert_eq!(rows.len() as u64, count(&summary["total_connections"]), "{name}");
        for (column, total) in [
            ("packets", &summary["packets"]["packets"]),
            ("bytes", &summary["packets"]["bytes"]),
            ("syn_count", &summary["packets"]["syn"]),
            ("fin_count", &summary["packets"]["fin"]),
            ("rst_count", &summary["packets"]["rst"]),
            ("data_packets", &summary["packets"]["data_packets"]),
            ("retransmissions", &summary["retransmissions"]),
            ("late_packets", &summary["late_packets"]),
        ] {
            assert_eq!(sum(column), count(total), "{name}: {column}");
        }
        let reset = rows.iter().filter(|row| row["state"] == "reset").count() as u64;
        assert_eq!(reset, count(&summary["reset_connections"]), "{name}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn an_event_is_a_row() {
    let capture = file("examples/captures/tcp.pcap");
    let events = harness::rows::rows::<TcpConnections>(&capture, &json!({}), TcpEvent::TABLE).unwrap();
    let report = connections(&capture, &json!({ "connection": 6, "page": { "offset": 0, "limit": 1000 } }));
    let listed = report["events"].as_array().unwrap();
    let of_it: Vec<&Value> = events.iter().filter(|event| event["connection"] == 6).collect();
    assert_eq!(of_it.len(), listed.len());
    let client = &rows(&capture).into_iter().find(|row| row["connection"] == 6).unwrap()["client"];
    for (row, listed) in of_it.iter().zip(listed) {
        assert_eq!((&row["frame"], &row["flags"]), (&listed["frame"], &listed["flags"]));
        assert_eq!(row["source"] == *client, listed["from"] == "client", "{row}");
    }
}

#[test]
fn events_are_as_many_as_their_connections_have() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut seen = 0;
    for (name, capture) in
        harness::files(root, &["examples/captures", "tests/captures/hostile", "tests/captures/reported"])
    {
        if harness::run::<TcpConnections>(&capture, &json!({})).is_err() {
            continue;
        }
        let events = harness::rows::rows::<TcpConnections>(&capture, &json!({}), TcpEvent::TABLE).unwrap();
        for row in rows(&capture) {
            let own = events.iter().filter(|event| event["connection"] == row["connection"]).count() as u64;
            assert_eq!(Some(own), row["events"].as_u64(), "{name}: {row}");
        }
        seen += events.len();
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn a_row_has_what_zeek_tells_of_a_connection() {
    let request = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let (length, end) = (request.len() as u64, 1001 + request.len() as u32);
    // 1 ms each: the second FIN is the sixth segment, and its ACK the seventh.
    let talk = Talk::new().handshake().c(ACK, (1001, 5001), request).s(ACK | FIN, (5001, end), b"");
    let talk = talk.c(ACK | FIN, (end, 5002), b"").s(ACK, (5002, end + 1), b"");
    let row = &rows(&build::pcap(&talk.frames()))[0];
    assert_eq!((&row["open_seconds"], &row["duration"]), (&json!(0.005), &json!(0.006)));
    assert_eq!((&row["client_stream"], &row["server_stream"]), (&json!(length), &json!(0)));
    assert_eq!((&row["client_ip_bytes"], &row["server_ip_bytes"]), (&json!(4 * 40 + length), &json!(3 * 40)));
    assert_eq!((&row["application"], &row["application_by"]), (&json!("http"), &json!("signature")));
}

#[test]
fn a_stream_is_as_long_as_its_numbers_say() {
    let sizes = |talk: Talk| {
        let row = &rows(&build::pcap(&talk.frames()))[0];
        (row["client_stream"].as_u64().unwrap(), row["server_stream"].as_u64().unwrap())
    };
    let open = || Talk::new().handshake();
    // Bytes that the capture does not have: between others, and behind them, which an acknowledgment tells.
    assert_eq!(sizes(open().c(ACK, (1101, 5001), b"12345")), (105, 0));
    assert_eq!(sizes(open().c(ACK, (1001, 5301), b"12345")), (5, 300));
    // Sent again, and with FIN at its end.
    let again = open().c(ACK, (1001, 5001), b"12345").c(ACK, (1001, 5001), b"12345").c(ACK | FIN, (1006, 5001), b"");
    assert_eq!(sizes(again), (5, 0));
    // Beyond 4 GiB, in steps of less than 2.
    let far = (1..=5_u32).fold(open(), |talk, step| talk.c(ACK, (1001_u32.wrapping_add(step << 30), 5001), b"1"));
    assert_eq!(sizes(far), ((5 << 30) + 1, 0));
    // An attempt that finds another connection half open.
    assert_eq!(sizes(Talk::new().c(SYN, (1000, 0), b"").s(ACK, (7000, 500), b"").c(RST, (500, 0), b"")).0, 0);
}
