//! Lists that hold their first entries: the rest is on further pages.

use std::collections::HashSet;

use mcpcap_analyzer::Tool;
use mcpcap_analyzer::harness::build::{pcap, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, query, response};
use super::{rules, run};
use crate::lists;
use crate::tool::DnsPackets;

fn host(n: usize) -> String {
    format!("10.0.{}.{}", n / 200, n % 200 + 1)
}

/// Two answers to one query that say something else.
fn conflict(server: &str) -> [Vec<u8>; 3] {
    let said = |address| response(1, "a.example", A, 0, &[[203, 0, 113, address]]);
    [
        udp((CLIENT, 4000), (server, 53), &query(1, "a.example", A)),
        udp((server, 53), (CLIENT, 4000), &said(1)),
        udp((server, 53), (CLIENT, 4000), &said(2)),
    ]
}

/// Many clients, servers, domains, open queries, findings of two rules, and messages on other ports.
fn capture() -> Vec<u8> {
    let open =
        (0..110).map(|n| udp((&host(n), 4000), (&host(n + 200), 53), &query(n as u16, &format!("a.domain{n}.com"), A)));
    let conflicts = (400..430).flat_map(|n| conflict(&host(n)));
    let silent = (600..625).flat_map(|n| {
        let ask = move |m: u16| udp((CLIENT, 5000 + m), (&host(n), 53), &query(m, &format!("s{m}.example"), A));
        (0..5).map(ask)
    });
    let unconfirmed = (0..45).map(|n| udp((CLIENT, 6000), (&host(n), 7000), &query(n as u16, "u.example", A)));
    captured(open.chain(conflicts).chain(silent).chain(unconfirmed))
}

fn captured(frames: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    pcap(&(0..).step_by(1000).map(|n| 1_000_000 + n).zip(frames).collect::<Vec<_>>())
}

fn at<'a>(report: &'a Value, path: &str) -> &'a Vec<Value> {
    path.split('.').fold(report, |value, name| &value[name]).as_array().unwrap()
}

fn told<'a>(report: &'a Value, list: &str) -> Option<&'a Value> {
    report["pages"].as_array().unwrap().iter().find(|page| page["list"] == list)
}

/// The lists that are reached without going through a list.
fn reached(value: &Value, path: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            reached(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found)
        }),
        Value::Array(entries) => found.push((path.to_owned(), entries.len())),
        _ => {}
    }
}

#[test]
fn pages_of_each_list_joined_are_all_of_it() {
    let capture = capture();
    let usual = run(&capture, &json!({}));
    for list in DnsPackets::CUT.iter().copied() {
        let first = at(&usual, list);
        let info = told(&usual, list).unwrap_or_else(|| panic!("{list} is not cut"));
        let total = usize::try_from(info["total"].as_u64().unwrap()).unwrap();
        assert_eq!((&info["offset"], &info["returned"]), (&json!(0), &json!(first.len())), "{list}");
        assert!(total > first.len(), "{list}");
        let page = |offset: usize, limit: usize| {
            run(&capture, &json!({ "page": { "list": list, "offset": offset, "limit": limit } }))
        };
        let whole = page(0, 1000);
        assert_eq!(told(&whole, list), None, "{list}");
        let all = at(&whole, list);
        let different: HashSet<String> = all.iter().map(Value::to_string).collect();
        assert_eq!((all.len(), different.len()), (total, total), "{list}");
        assert_eq!(first[..], all[..first.len()], "{list}");
        let mut joined = Vec::new();
        while joined.len() < total {
            let report = page(joined.len(), 7);
            let entries = at(&report, list);
            let expected = json!({ "list": list, "total": total, "offset": joined.len(), "returned": entries.len() });
            assert_eq!(told(&report, list), Some(&expected));
            assert!(!entries.is_empty(), "{list}");
            joined.extend(entries.clone());
        }
        assert_eq!(&joined, all, "{list}");
        assert!(at(&page(total, 7), list).is_empty());
        // All others are as usual.
        for other in DnsPackets::CUT.iter().chain(DnsPackets::PAGED).filter(|other| **other != list) {
            assert_eq!(at(&whole, other), at(&usual, other), "{other}");
        }
    }
}

#[test]
fn every_list_that_is_cut_is_named() {
    let usual = run(&capture(), &json!({}));
    let mut found = Vec::new();
    reached(&usual, "", &mut found);
    let named = |list: &str| DnsPackets::CUT.contains(&list) || DnsPackets::PAGED.contains(&list);
    let cut = |length: usize| [10, 20, 50, 100].contains(&length);
    assert!(found.iter().all(|(list, length)| named(list) || !cut(*length)), "{found:?}");
    assert!(lists::ALL.iter().all(|list| found.iter().any(|(path, _)| path == list)), "{found:?}");
}

#[test]
fn names_are_listed_as_long_as_they_are_counted_one_by_one() {
    let names = (0..4200).map(|n| udp((CLIENT, 4000), ("192.0.2.53", 53), &query(n, &format!("n{n}.example"), A)));
    let page = json!({ "page": { "list": lists::UNIQUE_DOMAINS, "offset": 4090, "limit": 50 } });
    let report = run(&captured(names), &page);
    let listed = at(&report, lists::UNIQUE_DOMAINS);
    assert_eq!((listed.len(), &listed[0], &listed[6]), (7, &json!("n4090.example"), &json!("n4096.example")));
    assert_eq!(report["statistics"]["unique_domains_is_exact"], false);
    assert_eq!(told(&report, lists::UNIQUE_DOMAINS).unwrap()["total"], 4097);
}

#[test]
fn many_findings_of_one_rule_leave_room_for_those_of_others() {
    let flood = (0..100).map(|_| {
        udp(("192.0.2.53", 53), ("192.0.2.99", 4001), &response(7, "any.example", 255, 0, &[[1, 2, 3, 4]; 40]))
    });
    let report = run(&captured((0..30).flat_map(|n| conflict(&host(n))).chain(flood)), &json!({}));
    assert_eq!(rules(&report).iter().filter(|rule| **rule == "dns_conflicting_answers").count(), 20);
    assert!(rules(&report).contains(&"dns_response_flood"), "{:?}", rules(&report));
}
