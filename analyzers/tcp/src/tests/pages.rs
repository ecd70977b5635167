//! Each list that is cut has a next page.

use mcpcap_analyzer::harness::lists::{at, joined, joined_within, pages_are_whole, told};
use mcpcap_analyzer::{Tool, harness};
use serde_json::{Value, json};

use super::build::{ACK, RST, SYN, Talk};
use super::{connections, file};
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
    let (sources, total) = joined::<TcpAnomalies>(&capture, &json!({}), "rst_by_source");
    assert_eq!((sources[0]["count"].as_u64(), sources[0]["error"].as_u64(), total), (Some(102), Some(0), 1));
    let (largest, total) = all::<TrafficFlow>(&capture, "largest_connections", &server);
    assert!((largest.len(), total) == (102, 102) && is_falling(&largest, "bytes"));
    let (resets, total) = all::<TrafficFlow>(&capture, "resets", &server);
    assert_eq!((resets.len(), total), (102, 102));
    let (connections, total) = all::<TcpConnections>(&capture, "connections", &json!({}));
    assert_eq!((connections.len(), total), (102, 102));
}

#[test]
fn addresses_that_reset_go_on() {
    let reset = |n: u32| {
        let source = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
        harness::build::tcp((&source, 80), ("192.0.2.1", 40_000), RST, (1, 0), b"")
    };
    let frames = (0..3_000).chain(0..500).map(reset);
    let capture = harness::build::pcap(&(0..).step_by(100_000).zip(frames).collect::<Vec<_>>());
    let (sources, total) = joined::<TcpAnomalies>(&capture, &json!({}), "rst_by_source");
    let mut addresses: Vec<std::net::Ipv4Addr> =
        sources.iter().map(|source| source["address"].as_str().unwrap().parse().unwrap()).collect();
    addresses.sort_unstable();
    assert!(
        total == 3_000 && addresses.into_iter().eq((0..3_000).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 + n))),
        "{total}"
    );
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
    let (all_of_it, _) =
        joined_within::<TcpConnections>(&capture, &json!({ "detailed": true }), "connections[1].details.events");
    let (events, total) = all::<TcpConnections>(&capture, "events", &json!({ "connection": 1 }));
    assert_eq!((events.len(), total), (62, 62));
    assert_eq!(&events[..16], &details["events"].as_array().unwrap()[..]);
    assert_eq!(all_of_it, events);
    let only = json!({ "detailed": true, "connection": 1 });
    assert_eq!(joined_within::<TcpConnections>(&capture, &only, "connections[0].details.events").0, events);
    assert!(events.iter().all(|event| event["by_bytes"] == json!(["sent_again"])));
    assert!(events.is_sorted_by(|a, b| a["frame"].as_u64() < b["frame"].as_u64()));
}

#[test]
fn flagged_frames_tell_their_sender_when_the_client_shows_late() {
    // By its port, the end that opens the connection looks like the server until its SYN comes.
    let data = Talk::between("192.0.2.1:80", "192.0.2.2:4000").c(ACK, (1001, 5001), b"hello");
    let again = |talk: Talk, _| talk.wait(300).c(ACK, (1001, 5001), b"hello");
    let talk = (0..20).fold(data, again).c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b"");
    let capture = harness::build::pcap(&(0..20).fold(talk, again).frames());
    let (events, _) = all::<TcpConnections>(&capture, "events", &json!({ "connection": 0 }));
    assert!(
        events.len() >= 40 && events.iter().filter(|event| event["by_bytes"] == json!(["sent_again"])).count() == 40
    );
    assert!(events[..20].iter().all(|event| event["from"] == "client"), "{events:?}");
    let details = json!({ "detailed": true });
    assert_eq!(joined_within::<TcpConnections>(&capture, &details, "connections[0].details.events").0, events);
}

/// Connections that send much again and are reset from elsewhere, by turns in the name of each end.
fn troubled(connections: u32) -> Vec<u8> {
    let talk = |n: u32| {
        let client = format!("198.51.{}.{}:4000", n / 200, n % 200 + 1);
        let talk = Talk::between(&client, "192.0.2.2:80").handshake().c(ACK, (1001, 5001), b"hello");
        let again = |talk: Talk, _| talk.wait(300).c(ACK, (1001, 5001), b"hello");
        let talk = (0..12 + n % 5).fold(talk, again).s(ACK, (5001, 1006), b"");
        if n.is_multiple_of(2) { talk.s(RST, (5001, 0), b"").hops(57) } else { talk.c(RST, (1006, 0), b"").hops(57) }
    };
    harness::build::pcap(&(0..connections).flat_map(|n| talk(n).frames()).collect::<Vec<_>>())
}

#[test]
fn all_lists_that_are_cut_go_on() {
    let capture = troubled(105);
    pages_are_whole::<TcpConnections>(&capture, &json!({}));
    pages_are_whole::<TcpRetransmissions>(&capture, &json!({}));
    pages_are_whole::<TcpAnomalies>(&capture, &json!({}));
    pages_are_whole::<TrafficFlow>(&capture, &json!({ "server_ip": "192.0.2.2" }));
}

#[test]
fn frames_with_resets_are_listed_by_direction() {
    let page = json!({ "offset": 10, "limit": 10, "list": "server_to_client.rst_frames" });
    let arguments = json!({ "server_ip": "192.0.2.2", "page": page });
    let report = harness::run::<TrafficFlow>(&troubled(40), &arguments).unwrap();
    assert_eq!(told(&report, "server_to_client.rst_frames"), Some([20, 10, 10]));
    assert_eq!(told(&report, "client_to_server.rst_frames"), Some([20, 0, 10]));
    let usual = harness::run::<TrafficFlow>(&troubled(40), &json!({ "server_ip": "192.0.2.2" })).unwrap();
    let all = |to_server: bool| {
        let resets = usual["resets"].as_array().unwrap().iter().filter(move |reset| reset["to_server"] == to_server);
        resets.map(|reset| reset["frame"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(at(&report, "server_to_client.rst_frames"), &all(false)[10..]);
    assert_eq!(at(&report, "client_to_server.rst_frames"), &all(true)[..10]);
}

#[test]
fn findings_about_single_connections_go_on() {
    let reset = |n: u32| {
        let client = format!("198.51.{}.{}:4000", n / 200, n % 200 + 1);
        Talk::between(&client, "192.0.2.2:80")
            .handshake()
            .s(ACK, (5001, 1001), b"hello")
            .s(RST, (5006, 0), b"")
            .hops(57)
    };
    let capture =
        |connections: u32| harness::build::pcap(&(0..connections).flat_map(|n| reset(n).frames()).collect::<Vec<_>>());
    let report = |connections, arguments| harness::run::<TcpConnections>(&capture(connections), &arguments).unwrap();
    let few = report(120, json!({}));
    assert_eq!((at(&few, "findings").len(), told(&few, "findings")), (100, Some([120, 0, 100])));
    let many = capture(2_300);
    let run = |page: Value| harness::run::<TcpConnections>(&many, &json!({ "page": page })).unwrap();
    let mut all = Vec::new();
    for offset in [0, 1000, 2000] {
        let page = run(json!({ "offset": offset, "limit": 1000, "list": "findings" }));
        assert_eq!(told(&page, "findings"), Some([2_300, offset, 1000.min(2_300 - offset)]));
        all.extend(at(&page, "findings").to_vec());
    }
    // Each names its RST, the fifth segment of its connection, once.
    let mut frames: Vec<u64> = all.iter().map(|finding| finding["frames"][0].as_u64().unwrap()).collect();
    frames.sort_unstable();
    assert!(frames.into_iter().eq((1..=2_300).map(|nth| nth * 5)));
    let one = run(json!({ "offset": 1_777, "limit": 1, "list": "findings" }));
    assert_eq!(at(&one, "findings"), &all[1_777..1_778]);
}

#[test]
fn a_connection_has_the_same_number_whatever_is_asked_for() {
    let capture = file("tests/captures/crafted/tcp_two_clients.pcap");
    let ids = |arguments: &Value| -> Vec<(u64, String)> {
        let report = connections(&capture, arguments);
        let of = |connection: &Value| {
            (connection["id"].as_u64().unwrap(), connection["client"].as_str().unwrap().to_owned())
        };
        report["connections"].as_array().unwrap().iter().map(of).collect()
    };
    let all = ids(&json!({}));
    assert_eq!(all.len(), 2);
    for one in &all {
        let address = one.1.split(':').next().unwrap();
        assert_eq!(ids(&json!({ "server_ip": address })), std::slice::from_ref(one));
        assert_eq!(ids(&json!({ "server_ip": address, "connection": one.0 })), std::slice::from_ref(one));
        let other = json!({ "server_ip": address, "connection": 1 - one.0 });
        assert_eq!((ids(&other).len(), &connections(&capture, &other)["pages"][0]["total"]), (0, &json!(0)));
    }
}

#[test]
fn frames_of_a_connection_that_sends_much_again_go_on() {
    let talk = (0..3_100).fold(Talk::new().handshake().c(ACK, (1001, 5001), b"hello"), |talk, _| {
        talk.wait(300).c(ACK, (1001, 5001), b"hello")
    });
    let capture = harness::build::pcap(&talk.frames());
    // Behind the handshake and the first time.
    let expected: Vec<Value> = (5..=3_104).map(Value::from).collect();
    let (frames, pages) = joined_within::<TcpRetransmissions>(&capture, &json!({}), "by_connection[0].frames");
    assert!(frames == expected && pages == 4, "{pages}: {} {:?}", frames.len(), frames.first());
    let name = "retransmissions_by_connection[0].frames";
    assert!(joined_within::<TcpAnomalies>(&capture, &json!({}), name).0 == expected);
    let details = json!({ "detailed": true });
    let (events, pages) = joined_within::<TcpConnections>(&capture, &details, "connections[0].details.events");
    assert!(events.iter().map(|event| event["frame"].clone()).eq(expected.iter().cloned()) && pages == 4, "{pages}");
    let findings = at(&harness::run::<TcpRetransmissions>(&capture, &json!({})).unwrap(), "findings").to_vec();
    let place = findings.iter().position(|finding| finding["frames_total"] == 3_100).unwrap();
    let name = format!("findings[{place}].frames");
    assert!(joined_within::<TcpRetransmissions>(&capture, &json!({}), &name).0 == expected);
}
