//! Arguments and pages.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use super::{file, run};
use crate::tool::DhcpPackets;

fn recording(arguments: Value) -> Value {
    run(&file("examples/captures/dhcp.pcap"), &arguments)
}

#[test]
fn pages_joined_are_everything() {
    let all = recording(json!({ "page": { "limit": 1000 } }));
    let (mut packets, mut transactions) = (Vec::new(), Vec::new());
    for at in 0..6 {
        let page = recording(json!({ "page": { "limit": 10, "offset": at * 10 } }));
        assert_eq!(page["pages"][0]["total"], 59);
        packets.extend(page["packets"].as_array().unwrap().clone());
        transactions.extend(page["transactions"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(packets), all["packets"]);
    assert_eq!(Value::Array(transactions), all["transactions"]);
    assert_eq!(all["pages"][1]["list"], "transactions");
}

#[test]
fn filters_choose_what_is_listed_and_leave_the_statistics() {
    let naks = recording(json!({ "message_type": "nak" }));
    let frames: Vec<_> =
        naks["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()).collect();
    assert_eq!(frames, [11, 34, 40]);
    assert_eq!(naks["dhcp_packets_found"], 59);
    let client = recording(json!({ "client": "02:00:00:00:00:31" }));
    let packets = client["packets"].as_array().unwrap();
    // Its DHCPv6 messages too, whose DUID holds the same address.
    let is_client = |packet: &Value| packet["client"].as_str().unwrap().contains("02:00:00:00:00:31");
    assert!(!packets.is_empty() && packets.iter().all(is_client));
}

#[test]
fn max_packets_ends_reading() {
    let report = recording(json!({ "max_packets": 4 }));
    assert_eq!((&report["dhcp_packets_found"], &report["statistics"]["exchanges"]["complete"]), (&4.into(), &1.into()));
    assert!(report["note"].as_str().unwrap().contains("first 4"));
    assert!(recording(json!({ "max_packets": 1000 }))["note"].is_null());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "client": "" }), "client"),
        (json!({ "message_type": "" }), "message_type"),
        (json!({ "mac": "x" }), "mac"),
    ] {
        let error =
            harness::run::<DhcpPackets>(&file("examples/captures/dhcp.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
