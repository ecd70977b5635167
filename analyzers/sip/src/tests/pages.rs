//! Each list that is cut has a next page.

use mcpcap_analyzer::harness::lists::{pages_are_whole, told};
use mcpcap_analyzer::{Tool, harness};
use serde_json::{Value, json};

use super::build::{BOB, request};
use super::run;
use crate::tool::SipPackets;

/// Many clients: each calls another number with another agent and is challenged by another server, and asks with another name and mostly
/// another method for something that nobody answers.
fn capture() -> Vec<u8> {
    let talk = |n: u64| {
        let (client, server) = (format!("10.0.0.{n}"), format!("10.0.1.{n}"));
        let invite = request("INVITE", &format!("sip:{}5550000@example.net", 1000 + n), &format!("a{n}"), 1);
        let realm = format!("Server: server {n}\r\nWWW-Authenticate: Digest realm=\"realm {n}\", nonce=\"x\"\r\n");
        let challenge = invite.answer("401 Unauthorized", "b").with(&realm);
        let method = if n < 40 { format!("X{n}").leak() } else { "OPTIONS" };
        let name = format!("Authorization: Digest username=\"user {n}\", realm=\"r\", response=\"f\"\r\n");
        let ask = request(method, "sip:bob@example.net", &format!("c{n}"), 1).with(&name);
        [
            invite.with(&format!("User-Agent: agent {n}\r\n")).over(&client, &server),
            challenge.over(&server, &client),
            ask.over(&client, BOB),
        ]
    };
    let frames: Vec<(u64, Vec<u8>)> = (0..110).flat_map(|n| talk(n).map(|frame| (n * 1_000_000, frame))).collect();
    harness::build::pcap(&frames)
}

#[test]
fn all_lists_that_are_cut_go_on() {
    pages_are_whole::<SipPackets>(&capture(), &json!({}));
}

/// A list that stands beside its total, in objects within objects.
fn lists_with_totals<'a>(path: &str, part: &'a Value, found: &mut Vec<(String, &'a Value, u64)>) {
    for (name, value) in part.as_object().unwrap() {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (value, part.get(format!("{name}_total"))) {
            (Value::Object(_), _) => lists_with_totals(&here, value, found),
            (Value::Array(_), Some(total)) => found.push((here, value, total.as_u64().unwrap())),
            _ => {}
        }
    }
}

#[test]
fn no_list_is_cut_without_a_page_that_says_so() {
    let usual = run(&capture(), &json!({}));
    let mut found = Vec::new();
    lists_with_totals("", &usual, &mut found);
    assert_eq!(found.iter().filter(|(path, ..)| SipPackets::CUT.contains(&path.as_str())).count(), 10);
    for (path, list, total) in found {
        let returned = list.as_array().unwrap().len() as u64;
        assert_eq!(told(&usual, &path), (returned < total).then_some([total, 0, returned]), "{path}");
    }
    for page in usual["pages"].as_array().unwrap() {
        let list = page["list"].as_str().unwrap();
        assert!(SipPackets::CUT.contains(&list) || SipPackets::PAGED.contains(&list), "{list}");
    }
}

#[test]
fn pages_of_a_list_end_with_what_its_table_holds() {
    let frames: Vec<(u64, Vec<u8>)> = (0..3000_u64)
        .map(|n| {
            let ask = request("OPTIONS", "sip:bob@example.net", &format!("c{n}"), 1);
            (n, ask.over(&format!("10.0.{}.{}", n >> 8, n & 255), BOB))
        })
        .collect();
    let page = json!({ "offset": 2040, "limit": 20, "list": "statistics.endpoints" });
    let report = run(&harness::build::pcap(&frames), &json!({ "page": page }));
    // 2,048 addresses have a place; the total beside the list counts all.
    assert_eq!(told(&report, "statistics.endpoints"), Some([2048, 2040, 8]));
    assert_eq!(report["statistics"]["endpoints_total"], 3001);
    assert!(report["limits"]["evicted"]["endpoints"].as_u64().unwrap() > 0);
}
