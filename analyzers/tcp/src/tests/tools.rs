//! Arguments and reports of the four tools.

use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::build::{ACK, RST, SYN, Talk};
use super::{connections, counts, file};
use crate::tools::anomalies::TcpAnomalies;
use crate::tools::connections::TcpConnections;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

fn recording() -> Vec<u8> {
    file("examples/captures/tcp.pcap")
}

fn mixed() -> Vec<u8> {
    file("tests/captures/crafted/tcp_mixed.pcap")
}

#[test]
fn filters_choose_connections_by_one_end() {
    let all = connections(&mixed(), &json!({}));
    let port = connections(&mixed(), &json!({ "server_port": 80 }));
    assert!(port["tcp_packets_found"].as_u64() < all["tcp_packets_found"].as_u64());
    for connection in port["connections"].as_array().unwrap() {
        assert!(connection["server"].as_str().unwrap().ends_with(":80"), "{connection}");
    }
    // The client's address and the server's port are two ends.
    let other = connections(&mixed(), &json!({ "server_ip": "192.0.2.10", "server_port": 80 }));
    assert_eq!(other, json!({ "message": "None of the 128 TCP packets fits 192.0.2.10:80" }));
    // Any notation of an address is the same.
    let (short, long) = (json!({ "server_ip": "2001:db8::20" }), json!({ "server_ip": "2001:0db8:0000::0020" }));
    let found = |arguments: &Value| connections(&mixed(), arguments)["tcp_packets_found"].clone();
    assert_eq!(found(&short), found(&long));
}

#[test]
fn captures_without_tcp_say_so() {
    let (ping, none) = (file("tests/captures/crafted/icmp_ping.pcap"), json!({ "server_ip": "192.0.2.1" }));
    says_only_that_there_is_nothing::<TcpConnections>(&ping, &none);
    says_only_that_there_is_nothing::<TcpAnomalies>(&ping, &none);
    says_only_that_there_is_nothing::<TcpRetransmissions>(&ping, &none);
    says_only_that_there_is_nothing::<TrafficFlow>(&ping, &none);
    says_only_that_there_is_nothing::<TcpConnections>(&mixed(), &json!({ "server_port": 65_000 }));
    assert_eq!(connections(&ping, &json!({}))["message"], "No TCP packets found in this capture");
}

#[test]
fn pages_joined_are_all_connections() {
    let all = connections(&mixed(), &json!({ "page": { "limit": 1000 } }));
    let mut joined = Vec::new();
    for offset in (0..20).step_by(7) {
        let page = connections(&mixed(), &json!({ "page": { "limit": 7, "offset": offset } }));
        assert_eq!(page["pages"][0]["total"], 19);
        joined.extend(page["connections"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(joined), all["connections"]);
    assert_eq!(connections(&mixed(), &json!({ "detailed": true }))["connections"].as_array().unwrap().len(), 19);
}

#[test]
fn one_connection_can_be_listed_alone() {
    let all = connections(&mixed(), &json!({}));
    for id in [0, 7, 18] {
        let one = connections(&mixed(), &json!({ "connection": id }));
        assert_eq!(one["connections"], json!([all["connections"][id]]));
        assert_eq!((&one["pages"][0]["total"], &one["summary"]), (&json!(1), &all["summary"]));
    }
    let none = connections(&mixed(), &json!({ "connection": 19 }));
    assert_eq!((&none["connections"], &none["pages"][0]["total"]), (&json!([]), &json!(0)));
}

#[test]
fn max_packets_ends_reading() {
    let report = connections(&recording(), &json!({ "max_packets": 100 }));
    assert_eq!(report["tcp_packets_found"], 100);
    assert!(report["note"].as_str().unwrap().contains("first 100 TCP packets"), "{report}");
    assert!(connections(&recording(), &json!({ "max_packets": 1000 }))["note"].is_null());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    let refused = |result: Result<Value, mcpcap_analyzer::Problem>, name: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    };
    refused(harness::run::<TcpConnections>(&recording(), &json!({ "server_ip": "host" })), "server_ip");
    refused(harness::run::<TcpConnections>(&recording(), &json!({ "server_port": 70_000 })), "server_port");
    refused(harness::run::<TcpConnections>(&recording(), &json!({ "port": 80 })), "port");
    refused(harness::run::<TcpRetransmissions>(&recording(), &json!({ "threshold": 2.0 })), "threshold");
    refused(harness::run::<TrafficFlow>(&recording(), &json!({})), "server_ip");
    refused(harness::run::<TrafficFlow>(&recording(), &json!({ "server_ip": " " })), "server_ip");
}

#[test]
fn retransmissions_are_packets_whose_bytes_came_before() {
    let report = harness::run::<TcpRetransmissions>(&recording(), &json!({})).unwrap();
    // Counted byte by byte over tshark's tcp.seq and tcp.len: frames 27, 133, 151 to 153, 179, 199 and 216. Of the 11 that tshark suspects,
    // the bytes of 65, 109 and 131 are there once, behind later ones.
    assert_eq!((&report["total_retransmissions"], &report["late_packets"]), (&json!(8), &json!(18)));
    assert!((report["retransmission_rate"].as_f64().unwrap() - 8.0 / 222.0).abs() < 1e-12);
    let suspected: u64 = counts(&report["analysis"]).iter().take(3).map(|(_, count)| count).sum();
    assert_eq!(suspected, 11);
    assert_eq!(report["exceeds_threshold"], true);
    let worst = &report["by_connection"][0];
    assert_eq!((&worst["id"], &worst["retrans_count"], &worst["plain"]), (&5.into(), &3.into(), &3.into()));
    assert_eq!(worst["frames"], json!([151, 152, 153]));
    assert_eq!(report["summary"]["worst_connection"], worst["connection"]);
    let strict = harness::run::<TcpRetransmissions>(&recording(), &json!({ "threshold": 1.0 })).unwrap();
    assert_eq!(
        (&strict["exceeds_threshold"], &strict["summary"]["connections_above_threshold"]),
        (&false.into(), &0.into())
    );
}

#[test]
fn flow_takes_sides_by_the_server_s_address() {
    let run = |arguments: Value| harness::run::<TrafficFlow>(&recording(), &arguments).unwrap();
    let report = run(json!({ "server_ip": "192.0.2.53" }));
    let (to, from) = (&report["client_to_server"], &report["server_to_client"]);
    assert_eq!(report["server"], "192.0.2.53:any");
    assert!(from["payload_bytes"].as_u64() > to["payload_bytes"].as_u64());
    assert_eq!(report["analysis"]["data_flow_direction"], "server_heavy");
    assert_eq!((&to["syn_count"], &to["syn_ack_count"]), (&5.into(), &0.into()));
    // Seen from the client, the sides are the other way round.
    let turned = run(json!({ "server_ip": "192.0.2.21" }));
    assert_eq!(turned["server_to_client"]["syn_count"], 9);
}

#[test]
fn a_silent_server_has_no_ratio() {
    let report =
        harness::run::<TrafficFlow>(&recording(), &json!({ "server_ip": "192.0.2.66", "server_port": 80 })).unwrap();
    assert_eq!(report["server"], "192.0.2.66:80");
    assert_eq!(report["server_to_client"]["packet_count"], 0);
    assert!(report["analysis"]["asymmetry_ratio"].is_null());
    assert_eq!(
        (&report["analysis"]["data_flow_direction"], &report["analysis"]["primary_rst_source"]),
        (&"none".into(), &"none".into())
    );
}

#[test]
fn flow_counts_each_connection_s_numbers_for_itself() {
    let capture = file("tests/captures/crafted/tcp_shared_seq.pcap");
    let report = harness::run::<TrafficFlow>(&capture, &json!({ "server_ip": "198.51.100.20" })).unwrap();
    assert_eq!(report["client_to_server"]["retransmissions"], 0);
    assert_eq!(report["client_to_server"]["packet_count"], 2);
}

#[test]
fn anomalies_are_patterns_with_numbers() {
    let report = harness::run::<TcpAnomalies>(&recording(), &json!({})).unwrap();
    let statistics = &report["statistics"];
    assert_eq!(
        statistics["handshake"],
        json!({ "successful": 5, "failed": 2, "incomplete": 0, "established_with_parts_not_captured": 0 })
    );
    assert_eq!(statistics["flags"], json!({ "syn": 10, "syn_ack": 5, "rst": 2, "fin": 8, "ack": 212 }));
    assert_eq!(
        statistics["rst_distribution"]["by_direction"],
        json!({ "to_server": 1, "from_server": 1, "unknown": 0 })
    );
    let frames: Vec<_> = report["connections_with_rst"].as_array().unwrap().iter().map(|c| &c["frame"]).collect();
    assert_eq!(frames, [149, 222]);
    assert_eq!(statistics["connection_states"], json!({ "established": 0, "reset": 2, "closed": 4, "unknown": 1 }));
    let patterns: Vec<_> =
        report["patterns"].as_array().unwrap().iter().map(|p| p["pattern"].as_str().unwrap()).collect();
    let expected = [
        "rst_directional_asymmetry",
        "packet_retransmission",
        "handshake_completion",
        "abnormal_termination",
        "closed_window",
        "capture_gaps",
    ];
    assert_eq!(patterns, expected);
    assert_eq!(report["summary"]["total_patterns"], 6);
    assert_eq!(report["summary"]["notable_observations"][0]["type"], "high_retransmission");
}

#[test]
fn an_undisturbed_capture_has_no_patterns() {
    let report = harness::run::<TcpAnomalies>(&file("tests/captures/crafted/tcp_http.pcap"), &json!({})).unwrap();
    assert_eq!(report["patterns"], json!([]));
    assert_eq!(report["statistics"]["handshake"]["successful"], 1);
}

#[test]
fn one_extra_syn_is_no_imbalance() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").wait(1000).handshake();
    let capture = harness::build::pcap(&talk.frames());
    let report = harness::run::<TcpAnomalies>(&capture, &json!({})).unwrap();
    let patterns = report["patterns"].as_array().unwrap();
    assert!(patterns.iter().all(|pattern| pattern["pattern"] != "syn_response_imbalance"), "{report}");
}

#[test]
fn resets_in_one_direction_are_notable() {
    let talk = Talk::new().handshake().s(RST | ACK, (5001, 1001), b"");
    let report = harness::run::<TcpAnomalies>(&harness::build::pcap(&talk.frames()), &json!({})).unwrap();
    assert_eq!(report["summary"]["notable_observations"][0]["type"], "strong_rst_asymmetry");
    assert_eq!(report["patterns"][0]["observations"][2]["value"], 0.0);
}

#[test]
fn one_direction_of_a_connection_is_recognised() {
    let talk = Talk::new().c(SYN, (1000, 0), b"").c(ACK, (1001, 5001), b"").c(ACK, (1001, 5001), b"hello");
    let report = connections(&harness::build::pcap(&talk.frames()), &json!({}));
    assert_eq!(report["connections"][0]["one_sided"], "client");
    assert_eq!(report["summary"]["one_sided_connections"], 1);
    let talk = Talk::new().c(SYN, (1000, 0), b"");
    let report = connections(&harness::build::pcap(&talk.frames()), &json!({}));
    assert!(report["connections"][0]["one_sided"].is_null());
}

#[test]
fn the_community_id_is_in_the_report() {
    let talk = Talk::between("128.232.110.120:34855", "66.35.250.204:80").handshake();
    let report = connections(&harness::build::pcap(&talk.frames()), &json!({}));
    // The specification's example.
    assert_eq!(report["connections"][0]["community_id"], "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

#[test]
fn one_is_told_in_the_singular() {
    let (one, odd) =
        (Talk::new().handshake().c(ACK, (1001, 5001), b"hello"), Talk::between("192.0.2.9:1", "192.0.2.8:2"));
    let one = one.c(ACK, (1001, 5001), b"hello").s(ACK, (5001, 1006), b"").window(0).s(RST, (5001, 0), b"").hops(9);
    let frames: Vec<_> = one.frames().into_iter().chain(odd.c(0, (7, 0), b"").frames()).collect();
    let capture = build::pcap(&frames);
    let arguments = json!({ "server_port": 80 });
    let reports = [
        connections(&capture, &json!({})),
        harness::run::<TcpAnomalies>(&capture, &arguments).unwrap(),
        harness::run::<TrafficFlow>(&capture, &json!({ "server_ip": "192.0.2.2", "server_port": 80 })).unwrap(),
    ];
    for report in &reports {
        let text = report.to_string();
        assert!(!text.contains("(s)"), "{text}");
        let plural = [" packets ", " connections", " segments", " handshakes", " bytes", " attempts", " probes"];
        for noun in plural {
            for before in ["\"1", " 1"] {
                assert!(!text.contains(&format!("{before}{noun}")), "{before}{noun} in {text}");
            }
        }
    }
    let issues = &reports[0]["issues"];
    for words in ["1 connection ended by RST", "1 packet sent again", "1 packet announces a closed window"] {
        assert!(issues.as_array().unwrap().contains(&json!(words)), "{words} in {issues}");
    }
    let odd = reports[0]["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "tcp_unusual_flags").unwrap();
    assert_eq!(odd["observation"], "192.0.2.9 sent 1 segment whose control bits no stack combines.");
    let only = connections(&build::pcap(&frames[..1]), &json!({ "server_port": 81 }));
    assert_eq!(only["message"], "The only TCP packet does not fit any:81");
}
