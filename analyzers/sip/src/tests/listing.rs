//! What is listed, page by page.

use mcpcap_analyzer::{Problem, harness};
use serde_json::{Value, json};

use super::{file, run};
use crate::tool::SipPackets;

fn listed(arguments: &Value) -> Value {
    run(&file("examples/captures/sip.pcap"), arguments)
}

#[test]
fn pages_follow_each_other() {
    let all = listed(&json!({ "page": { "limit": 1000 } }));
    let mut frames = Vec::new();
    let mut calls = Vec::new();
    for offset in [0, 20, 40] {
        let page = listed(&json!({ "page": { "limit": 20, "offset": offset } }));
        assert_eq!(page["pages"][1]["total"], 57);
        frames.extend(page["packets"].as_array().unwrap().clone());
    }
    for offset in 0..5 {
        let page = listed(&json!({ "page": { "limit": 1, "offset": offset } }));
        assert_eq!(page["pages"][0], json!({ "list": "calls", "total": 5, "offset": offset, "returned": 1 }));
        calls.extend(page["calls"].as_array().unwrap().clone());
    }
    let numbers =
        |list: &Value| -> Vec<u64> { list.as_array().unwrap().iter().map(|p| p["frame"].as_u64().unwrap()).collect() };
    assert_eq!(numbers(&json!(frames)), numbers(&all["packets"]));
    assert_eq!(json!(calls), all["calls"]);
}

#[test]
fn filters_choose_what_is_listed_and_nothing_else() {
    let totals = |arguments: Value| {
        let report = listed(&arguments);
        assert_eq!(report["sip_packets_found"], 57);
        (report["pages"][0]["total"].as_u64().unwrap(), report["pages"][1]["total"].as_u64().unwrap())
    };
    assert_eq!(totals(json!({ "call_id": "1-16838@192.0.2.61" })), (1, 6));
    assert_eq!(totals(json!({ "method": "register" })), (5, 8));
    assert_eq!(totals(json!({ "user": "carol" })), (1, 4));
    assert_eq!(totals(json!({ "user": "10*" })), (0, 20));
    assert_eq!(totals(json!({ "user": "10*", "method": "INVITE" })), (0, 0));
}

#[test]
fn reading_ends_when_there_is_enough() {
    let report = listed(&json!({ "max_packets": 3 }));
    assert_eq!((&report["sip_packets_analyzed"], &report["statistics"]["requests"]), (&json!(3), &json!(2)));
    assert!(report["note"].as_str().unwrap().contains("first 3 messages"));
}

#[test]
fn headers_are_listed_without_proofs_of_passwords() {
    let report = listed(&json!({ "headers": true, "method": "REGISTER" }));
    let text = report["packets"][2]["headers"].to_string();
    assert!(text.contains("Authorization") && text.contains("response=…"), "{text}");
    assert!(listed(&json!({}))["packets"][0].get("headers").is_none());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "max_packets": 0 }), "max_packets"),
        (json!({ "page": { "offset": -1 } }), "offset"),
        (json!({ "call_id": "" }), "call_id"),
        (json!({ "method": "" }), "method"),
        (json!({ "user": "x".repeat(257) }), "user"),
        (json!({ "calls": "x" }), "calls"),
    ] {
        match harness::run::<SipPackets>(&file("examples/captures/sip.pcap"), &arguments) {
            Err(Problem::Arguments { argument, .. }) => assert_eq!(argument, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_schemas_describe_arguments_and_report() {
    let description = mcpcap_analyzer::describe::tool::<SipPackets>();
    for field in ["message", "sip_packets_found", "statistics", "findings", "calls", "packets", "pages", "limits"] {
        assert!(description["report"]["properties"].get(field).is_some(), "{field}");
    }
    for word in ["$ref", "\"null\""] {
        assert!(!description.to_string().contains(word), "{word}");
    }
}
