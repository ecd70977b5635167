//! Situations that analysts reported about packet tools, each as a small capture of ours: what is right was written down before the
//! tools were asked (tests/captures/README.md).

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{ask, root};

fn reported(name: &str) -> PathBuf {
    root().join("tests/captures/reported").join(name).with_extension("pcap")
}

async fn report(tool: &str, name: &str) -> Value {
    ask(tool, &reported(name), json!({})).await.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Compares places in a report, as JSON pointers, with what is right.
#[track_caller]
fn holds(name: &str, report: &Value, right: &[(&str, Value)]) {
    for (pointer, expected) in right {
        let found = report.pointer(pointer).unwrap_or(&Value::Null);
        assert_eq!(found, expected, "{name}: {pointer}");
    }
}

/// What the DNS tool says of transactions.
async fn dns(name: &str, right: &[(&str, u64)]) -> Value {
    let report = report("analyze_dns_packets", name).await;
    let transactions = &report["statistics"]["transactions"];
    for (field, expected) in right {
        assert_eq!(transactions[field], *expected, "{name}: {field} in {transactions}");
    }
    report
}

/// One query answered and one ping answered, whatever is around them.
async fn one_query_and_one_ping(name: &str) {
    let found = dns(name, &[("asked", 1), ("answered", 1), ("unanswered", 0)]).await;
    assert_eq!(found["dns_packets_found"], 2, "{name}");
    let icmp = report("analyze_icmp_packets", name).await;
    let echo = "/statistics/echo";
    holds(
        name,
        icmp.pointer(echo).expect("echoes"),
        &[("/requests", json!(1)), ("/answered", json!(1)), ("/loss", json!(0))],
    );
}

#[tokio::test]
async fn pings_whose_directions_bear_different_vlan_tags() {
    for name in ["ping_vlan_one_way", "ping_qinq_one_way"] {
        let found = report("analyze_icmp_packets", name).await;
        let right = [
            ("/statistics/echo/requests", json!(4)),
            ("/statistics/echo/answered", json!(4)),
            ("/statistics/echo/loss", json!(0)),
            ("/statistics/echo/rtt/min_ms", json!(4)),
            ("/statistics/echo/rtt/max_ms", json!(4)),
            ("/findings", json!([])),
        ];
        holds(name, &found, &right);
    }
}

#[tokio::test]
async fn queries_behind_holes_in_a_stream() {
    let right = [("asked", 180), ("answered", 180), ("unanswered", 0)];
    let found = dns("dns_tcp_ten_percent_lost", &right).await;
    assert_eq!(found["statistics"]["transactions"]["unasked_responses"], 20);
}

#[tokio::test]
async fn a_call_behind_a_hole_in_a_stream() {
    let name = "sip_tcp_hole_before_invite";
    let found = report("analyze_sip_packets", name).await;
    let calls = found["calls"].as_array().expect("calls");
    assert_eq!(calls.len(), 1, "{found}");
    assert_eq!((&calls[0]["outcome"], &calls[0]["final_code"]), (&json!("busy"), &json!(486)), "{}", calls[0]);
    let ladder: Vec<_> = calls[0]["ladder"].as_array().expect("a ladder").iter().map(|step| &step["frame"]).collect();
    assert_eq!(ladder[..2], [&json!(5), &json!(6)]);
}

#[tokio::test]
async fn what_is_inside_of_encapsulations() {
    for name in ["vxlan_flags_ff", "gtpu", "vntag", "tzsp", "capwap_8023"] {
        one_query_and_one_ping(name).await;
    }
}

#[tokio::test]
async fn unicast_dns_on_the_port_of_mdns() {
    let name = "unicast_dns_port5353";
    let found = dns(name, &[("asked", 3), ("answered", 2), ("unanswered", 1), ("retransmitted", 1)]).await;
    let services = found["statistics"]["services"].as_array().expect("services");
    let names: Vec<_> = services.iter().map(|service| service["service"].as_str().expect("a name")).collect();
    assert_eq!(names, ["dns"], "{name}");
    let codes = services[0]["rcodes"].as_array().expect("codes");
    assert!(codes.iter().any(|code| code["name"] == "NXDOMAIN" && code["count"] == 1), "{codes:?}");
}

#[tokio::test]
async fn one_port_and_one_id_for_ever() {
    let right = [("asked", 3), ("answered", 2), ("unanswered", 1), ("late_responses", 0), ("unasked_responses", 0)];
    let found = dns("dns_fixed_id_port", &right).await;
    let latency = &found["statistics"]["transactions"]["latency"][0];
    assert_eq!((&latency["min_ms"], &latency["max_ms"]), (&json!(20), &json!(30)), "{latency}");
}

#[tokio::test]
async fn malformed_queries_that_are_answered_with_formerr() {
    let found = dns("junk_and_formerr", &[("unasked_responses", 0)]).await;
    assert!(
        found["findings"].as_array().expect("findings").iter().all(|found| found["rule"] != "dns_unasked_responses")
    );
}

#[tokio::test]
async fn another_protocol_on_port_53() {
    let found = report("analyze_dns_packets", "ntp_from_port_53").await;
    assert_eq!((&found["dns_packets_found"], &found["statistics"]["queries"]), (&Value::Null, &Value::Null));
    assert!(found["message"].as_str().is_some_and(|text| text.contains("6 payloads")), "{}", found["message"]);
}

#[tokio::test]
async fn the_four_messages_of_dhcpv6_are_one_exchange() {
    let found = report("analyze_dhcp_packets", "dhcpv6_four_messages").await;
    let exchanges = found["transactions"].as_array().expect("transactions");
    assert_eq!(exchanges.len(), 1, "{exchanges:?}");
    assert_eq!(exchanges[0]["outcome"], "leased", "{}", exchanges[0]);
    let found = report("analyze_dhcp_packets", "dhcpv6_advertised_not_taken").await;
    let exchanges = found["transactions"].as_array().expect("transactions");
    assert_eq!(exchanges.len(), 1, "{exchanges:?}");
    assert_eq!(exchanges[0]["outcome"], "offered", "{}", exchanges[0]);
}

#[tokio::test]
async fn replies_that_stand_before_their_requests() {
    let name = "reply_before_request_in_file";
    let found = report("analyze_icmp_packets", name).await;
    let right = [
        ("/statistics/echo/answered", json!(4)),
        ("/statistics/echo/unanswered", json!(0)),
        ("/statistics/echo/rtt/max_ms", json!(4)),
    ];
    holds(name, &found, &right);
}

#[tokio::test]
async fn frames_that_were_captured_three_times() {
    let tcp = report("analyze_tcp_connections", "tcp_any_interface").await;
    let right = [
        ("/tcp_packets_found", json!(11)),
        ("/summary/successful_handshakes", json!(1)),
        ("/summary/analysis", json!([])),
        ("/copies/frames", json!(22)),
        ("/copies/packets", json!(11)),
        ("/copies/interfaces", json!(["interface 7", "interface 5", "interface 2"])),
    ];
    holds("tcp_any_interface", &tcp, &right);
    let counted =
        ask("analyze_tcp_connections", &reported("tcp_any_interface"), json!({ "count_copies": true })).await.unwrap();
    assert_eq!((&counted["tcp_packets_found"], &counted["copies"]), (&json!(33), &Value::Null));

    let icmp = report("analyze_icmp_packets", "ping_any_interface").await;
    let right = [
        ("/icmp_packets_found", json!(9)),
        ("/statistics/echo/sent_again", json!(0)),
        ("/statistics/echo/duplicate_replies", json!(0)),
        ("/copies/frames", json!(18)),
    ];
    holds("ping_any_interface", &icmp, &right);
    let overview = report("analyze_capinfos", "tcp_any_interface").await;
    let findings = overview["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|finding| finding["rule"] == "capture_packets_copied"), "{findings:?}");
}

#[tokio::test]
async fn nothing_found_says_what_was_asked_for() {
    let capture = reported("ping_any_interface");
    for tool in ["analyze_dns_packets", "analyze_dhcp_packets", "analyze_sip_packets", "analyze_icmp_packets"] {
        let found = ask(tool, &capture, json!({ "host": "192.0.2.77" })).await.unwrap();
        let message = found["message"].as_str().expect("a message");
        assert!(
            message.contains("in 0 frames of 27 frames read, chosen by host 192.0.2.77; 27 were left out"),
            "{tool}: {message}"
        );
    }
    let found = ask("analyze_tcp_connections", &capture, json!({ "first_frame": 2, "last_frame": 3 })).await.unwrap();
    let message = found["message"].as_str().expect("a message");
    assert!(message.contains("in 2 frames of") && message.contains("by first_frame 2, last_frame 3"), "{message}");
}

#[tokio::test]
async fn handshakes_whose_parts_are_missing_or_late_and_data_behind_its_acknowledgment() {
    let client = json!("192.0.2.10:40001");
    let begins = report("analyze_tcp_connections", "begins_with_synack_open").await;
    let right = [
        ("/summary/failed_handshakes", json!(0)),
        ("/summary/established_connections", json!(1)),
        ("/connections/0/client", client),
        ("/connections/0/handshake", json!("syn_not_captured")),
    ];
    holds("begins_with_synack_open", &begins, &right);
    for name in ["synack_syn_ack", "syn_after_synack"] {
        let found = report("analyze_tcp_connections", name).await;
        let right = [("/summary/successful_handshakes", json!(1)), ("/connections/0/handshake", json!("complete"))];
        holds(name, &found, &right);
    }
    for name in ["synack_syn_ack", "syn_after_synack", "ack_before_data"] {
        let found = report("analyze_tcp_retransmissions", name).await;
        let right = [
            ("/total_retransmissions", json!(0)),
            ("/file_order/note", json!("The order in the file is not the order on the wire")),
        ];
        holds(name, &found, &right);
    }
}
