//! The lists that are cut, and their pages.

use std::collections::BTreeSet;

use mcpcap_analyzer::{Tool, harness};
use serde_json::{Value, json};

use super::build::{V4, every};
use super::run;
use crate::limits;
use crate::tool::DhcpPackets;

/// 100 clients, each with a server, a relay, a lease and names of its own; 60 that nobody answers; 30 that decline what they got.
fn crowded() -> Vec<u8> {
    let leased = |n: u32| {
        let name = format!("host-{n}");
        let discover = V4::new(1, n, 1).hardware(n).option(12, name.as_bytes()).option(60, name.as_bytes());
        let relay = [10, 0, 0, n as u8 + 1];
        let granted = V4::new(5, n, 1).hardware(n).server(n as u8).address(n as u8).relay(relay);
        [discover.frame(), granted.frame()]
    };
    let unanswered = |n: u32| V4::new(1, 1000 + n % 60, 1).hardware(1000 + n % 60).frame();
    let declined = |n: u32| V4::new(4, n, 1).hardware(n).option(50, &[192, 0, 2, n as u8]).frame();
    let frames = (0..100).flat_map(leased).chain((0..120).map(unanswered)).chain((0..30).map(declined));
    harness::build::pcap(&every(100, frames))
}

/// The list at a dotted path; none where it is left out.
fn entries<'a>(report: &'a Value, path: &str) -> &'a [Value] {
    let found = path.split('.').fold(report, |value, name| &value[name]);
    found.as_array().map_or(&[], Vec::as_slice)
}

/// What the report says of a list that it holds a part of.
fn told<'a>(report: &'a Value, list: &str) -> Option<&'a Value> {
    entries(report, "pages").iter().find(|page| page["list"] == list)
}

/// The lists with so many entries or more that are not within others.
fn long_lists(value: &Value, path: &str, least: usize, found: &mut Vec<String>) {
    match value {
        Value::Array(list) if list.len() >= least => found.push(path.to_owned()),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                long_lists(value, &path, least, found);
            }
        }
        _ => {}
    }
}

#[test]
fn pages_of_each_cut_list_joined_are_all_of_it_once() {
    let capture = crowded();
    let usual = run(&capture, &json!({}));
    for list in DhcpPackets::CUT {
        let first = entries(&usual, list);
        let total = told(&usual, list).unwrap_or_else(|| panic!("{list} is not cut"))["total"].as_u64().unwrap();
        let info = |offset: usize, returned: usize| {
            Some(json!({ "list": list, "total": total, "offset": offset, "returned": returned }))
        };
        assert_eq!(told(&usual, list).cloned(), info(0, first.len()));
        let page = |offset: usize, limit: usize| {
            run(&capture, &json!({ "page": { "offset": offset, "limit": limit, "list": list } }))
        };
        let big = page(0, 1000);
        let whole = entries(&big, list);
        assert_eq!((whole.len() as u64, told(&big, list)), (total, None), "{list}");
        assert!(first.len() < whole.len() && whole.starts_with(first), "{list}");
        let mut joined = Vec::new();
        while joined.len() < whole.len() {
            let next = page(joined.len(), 7);
            let part = entries(&next, list);
            assert_eq!(told(&next, list).cloned(), info(joined.len(), 7.min(whole.len() - joined.len())));
            assert!(!part.is_empty(), "{list}");
            joined.extend_from_slice(part);
        }
        assert_eq!(joined, whole, "{list}");
        let different: BTreeSet<String> = joined.iter().map(Value::to_string).collect();
        assert_eq!(different.len(), whole.len(), "{list}");
        let behind = page(whole.len(), 7);
        assert_eq!((entries(&behind, list).len(), told(&behind, list).cloned()), (0, info(whole.len(), 0)));
        // The others are as ever.
        for other in DhcpPackets::CUT.iter().filter(|other| *other != list) {
            assert_eq!(entries(&behind, other), entries(&usual, other), "{other} with {list}");
        }
    }
}

#[test]
fn no_list_is_cut_without_saying_so() {
    let usual = run(&crowded(), &json!({}));
    let mut long = Vec::new();
    long_lists(&usual, "", limits::FINDINGS_OF_ONE_RULE, &mut long);
    assert!(DhcpPackets::CUT.iter().all(|list| long.iter().any(|long| long == list)), "{long:?}");
    for list in long {
        assert!(told(&usual, &list).is_some(), "{list}");
        assert!(DhcpPackets::CUT.iter().chain(DhcpPackets::PAGED).any(|named| *named == list), "{list}");
    }
}

#[test]
fn lists_state_their_totals() {
    let report = run(&crowded(), &json!({}));
    for (list, listed, field, total) in [
        ("clients", 50, "unique_clients_count", 160),
        ("servers", 50, "unique_servers_count", 100),
        ("relays", 50, "relays_total", 100),
        ("leases", 50, "leases_total", 100),
        ("hostnames", 50, "hostnames_total", 100),
        ("vendor_classes", 50, "vendor_classes_total", 100),
    ] {
        let path = format!("statistics.{list}");
        assert_eq!((entries(&report, &path).len(), &report["statistics"][field]), (listed, &total.into()), "{list}");
        assert_eq!(told(&report, &path).unwrap()["total"], total, "{list}");
    }
    // 60 without an answer, 30 conflicts, and one crowd.
    assert_eq!((entries(&report, "findings").len(), &report["findings_total"]), (41, &91.into()));
    assert_eq!(told(&report, "findings").unwrap()["total"], 91);
}
