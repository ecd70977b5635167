//! Captures made to show what goes wrong, with what tshark 4.0.17 and their makers say of them.

use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use serde_json::{Value, json};

use super::{file, run};
use crate::tool::DhcpPackets;

fn edge() -> Value {
    run(&file("tests/captures/crafted/dhcp_edge.pcap"), &json!({ "page": { "limit": 1000 } }))
}

fn packet(report: &Value, frame: u64) -> Value {
    report["packets"].as_array().unwrap().iter().find(|packet| packet["frame"] == frame).unwrap().clone()
}

fn values(packet: &Value, name: &str) -> Value {
    packet["options"].as_array().unwrap().iter().find(|option| option["name"] == name).unwrap()["values"].clone()
}

#[test]
fn counts_agree_with_tshark() {
    let report = edge();
    assert_eq!(report["dhcp_packets_found"], 17);
    let statistics = &report["statistics"];
    let types: Vec<(u64, &str, u64)> = statistics["message_type_counts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["ip_version"].as_u64().unwrap(),
                entry["message_type"].as_str().unwrap(),
                entry["count"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        (4, "BOOTP", 1),
        (4, "DISCOVER", 5),
        (4, "OFFER", 1),
        (4, "REQUEST", 1),
        (4, "DECLINE", 1),
        (4, "ACK", 3),
        (4, "NAK", 1),
        (4, "RELEASE", 1),
        (4, "INFORM", 1),
        (4, "LEASEQUERY", 1),
        (6, "SOLICIT", 1),
    ];
    assert_eq!(types, expected);
    assert_eq!(
        (&statistics["bootp_requests"], &statistics["bootp_replies"], &statistics["via_relay"]),
        (&11.into(), &5.into(), &1.into())
    );
}

#[test]
fn options_with_several_values_keep_them_all() {
    let report = edge();
    let offer = packet(&report, 2);
    assert_eq!(values(&offer, "router").as_array().unwrap().len(), 2);
    assert!(values(&offer, "dns_servers").as_array().unwrap().len() >= 2);
    // Option 3 twice in one message: both parts are one value.
    assert_eq!(values(&packet(&report, 17), "router").as_array().unwrap().len(), 2);
    let routes = values(&packet(&report, 13), "classless_static_routes");
    assert!(routes[0].as_str().unwrap().contains(" via "), "{routes}");
}

#[test]
fn broken_options_are_named_with_their_frame() {
    let report = edge();
    let malformed = report["statistics"]["malformed"].as_array().unwrap();
    let entry = malformed.iter().find(|entry| entry["reason"] == "an option is longer than the message").unwrap();
    assert_eq!(entry["frames"], json!([12]));
    assert_eq!(packet(&report, 12)["message_type"], "DISCOVER");
}

#[test]
fn bootp_without_options_is_a_message() {
    let report = edge();
    let bootp = packet(&report, 11);
    assert_eq!((&bootp["message_type"], &bootp["options"]), (&"BOOTP".into(), &json!([])));
}

#[test]
fn captures_without_dhcp_say_so() {
    let capture = file("tests/captures/crafted/tcp_http.pcap");
    says_only_that_there_is_nothing::<DhcpPackets>(&capture, &json!({}));
    assert_eq!(run(&capture, &json!({}))["message"], "No DHCP or BOOTP messages found in this capture");
}
