//! What the arguments ask for.

use mcpcap_analyzer::harness::build::tcp;
use mcpcap_analyzer::{Problem, harness};
use serde_json::json;

use super::build::{A, answer, ask, query, response};
use super::run;
use crate::tool::DnsPackets;

fn capture() -> Vec<u8> {
    let frames: Vec<(u64, Vec<u8>)> = (0..10_u16)
        .flat_map(|n| {
            let name = format!("Host{n}.example.{}", if n % 2 == 0 { "com" } else { "org" });
            let time = 1_700_000_000_000_000 + u64::from(n) * 1_000_000;
            [
                (time, ask(4000 + n, &query(n, &name, A))),
                (time + 1500, answer(4000 + n, &response(n, &name, A, 0, &[[1, 2, 3, 4]]))),
            ]
        })
        .collect();
    harness::build::pcap(&frames)
}

#[test]
fn pages_follow_each_other() {
    let mut frames = Vec::new();
    for offset in [0, 8, 16] {
        let report = run(&capture(), &json!({ "page": { "limit": 8, "offset": offset } }));
        assert_eq!(report["pages"][0]["total"], 20);
        frames.extend(report["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()));
    }
    assert_eq!(frames, (1..=20).collect::<Vec<_>>());
}

/// 1,200 A records over TCP in both versions of IP, as one message can hold.
#[test]
fn all_records_of_a_message_are_listed_up_to_a_thousand() {
    for (client, server) in [(super::build::CLIENT, super::build::SERVER), ("2001:db8::10", "2001:db8::53")] {
        let listed = |records: usize| {
            let message = super::build::prefixed(&response(7, "a.example", A, 0, &vec![[192, 0, 2, 1]; records]));
            let segment = |(n, part): (u32, &[u8])| tcp((server, 53), (client, 4000), 0x18, (1 + n * 8000, 1), part);
            let report = super::report(&(0..).zip(message.chunks(8000)).map(segment).collect::<Vec<_>>());
            let packet = &report["packets"][0];
            let answers = packet["answers"].as_array().unwrap().len();
            (answers, packet["answers_total"].as_u64(), packet["records_total"].as_u64())
        };
        assert_eq!(listed(200), (200, None, Some(201)));
        // With the question.
        assert_eq!(listed(1200), (999, Some(1200), Some(1201)));
    }
}

#[test]
fn a_response_is_linked_although_its_query_is_on_another_page() {
    let report = run(&capture(), &json!({ "page": { "limit": 1, "offset": 1 } }));
    assert_eq!(report["packets"][0]["request_frame"], 1);
    assert_eq!(report["packets"][0]["latency_ms"], 1.5);
}

#[test]
fn names_choose_what_is_listed_and_nothing_else() {
    let report = run(&capture(), &json!({ "name": "*.EXAMPLE.org", "page": { "limit": 3 } }));
    assert_eq!((&report["pages"][0]["total"], &report["pages"][0]["returned"]), (&json!(10), &json!(3)));
    assert_eq!(report["packets"][0]["questions"][0]["name"], "Host1.example.org");
    assert_eq!(report["dns_packets_found"], 20);
}

#[test]
fn reading_ends_when_there_is_enough() {
    let report = run(&capture(), &json!({ "max_packets": 3 }));
    assert_eq!((&report["dns_packets_analyzed"], &report["statistics"]["queries"]), (&json!(3), &json!(2)));
    assert!(report["note"].as_str().unwrap().contains("first 3 messages"));
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "max_packets": 0 }), "max_packets"),
        (json!({ "page": { "offset": -1 } }), "offset"),
        (json!({ "name": "" }), "name"),
        (json!({ "names": "x" }), "names"),
    ] {
        match harness::run::<DnsPackets>(&capture(), &arguments) {
            Err(Problem::Arguments { argument, .. }) => assert_eq!(argument, name),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn the_schemas_describe_arguments_and_report() {
    let description = mcpcap_analyzer::describe::tool::<DnsPackets>();
    assert_eq!(description["arguments"]["properties"]["max_packets"]["minimum"], 1);
    let report = &description["report"];
    for field in ["message", "dns_packets_found", "statistics", "findings", "packets", "pages", "limits"] {
        assert!(report["properties"].get(field).is_some(), "{field}");
    }
    assert_eq!((report.get("required"), &report["additionalProperties"]), (None, &json!(false)));
}
