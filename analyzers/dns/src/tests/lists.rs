//! Lists that hold their first entries: the rest is on further pages.

use mcpcap_analyzer::harness::build::{pcap, udp};
use mcpcap_analyzer::harness::lists::{at, joined, joined_within, pages_are_whole, told};
use serde_json::json;

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

#[test]
fn pages_of_each_list_joined_are_all_of_it() {
    pages_are_whole::<DnsPackets>(&capture(), &json!({}));
}

#[test]
fn different_names_go_on() {
    let name = |n: u16| format!("n{n}.example");
    let ask = |n: u16| udp((CLIENT, 4000), ("192.0.2.53", 53), &query(n, &name(n), A));
    let capture = captured((0..6_000).chain(3_000..5_000).map(ask));
    let (joined, total) = joined::<DnsPackets>(&capture, &json!({}), lists::UNIQUE_DOMAINS);
    assert!(total.abs_diff(6_000) < 200, "{total}");
    assert!(joined[..4_096].iter().eq((0..4_096).map(name).map(serde_json::Value::from).collect::<Vec<_>>().iter()));
    let mut rest: Vec<_> = joined[4_096..].iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    rest.sort_unstable();
    // Sorted as text they are in the order of their numbers: all have four digits.
    assert!(rest.into_iter().eq((4_096..6_000).map(name)));
}

#[test]
fn names_beyond_those_that_are_ranked_go_on() {
    let name = |n: u16| format!("n{n}.example");
    let ask = |n: u16| udp((CLIENT, 4000), ("192.0.2.53", 53), &query(n, &name(n % 3_000), A));
    let (joined, total) =
        joined::<DnsPackets>(&captured((0..3_000).chain(3_000..3_100).map(ask)), &json!({}), lists::TOP_NAMES);
    assert_eq!(total, 3_000);
    let mut names: Vec<_> = joined.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    let mut expected: Vec<_> = (0..3_000).map(name).collect();
    expected.sort_unstable();
    assert!(names == expected, "{}", names.len());
    // Of those that are not ranked, how often they came is exact.
    let number =
        |entry: &serde_json::Value| entry["name"].as_str().unwrap()[1..].trim_end_matches(".example").parse().unwrap();
    let often = |entry: &serde_json::Value| if (0..100).contains(&number(entry)) { 2 } else { 1 };
    assert!(joined[1_024..].iter().all(|entry| entry["queries"] == often(entry) && entry.get("error").is_none()));
}

#[test]
fn parties_and_domains_that_made_room_are_on_further_pages() {
    const MANY: u16 = 3_000;
    let host = |network: u8, n: u16| format!("10.{network}.{}.{}", n / 250, n % 250 + 1);
    // Each client asks a server of its own for a domain of its own; some ask again, when they have made room.
    let ask = |n: u16| {
        let host_number = n % MANY;
        let name = format!("www.d{host_number}.example");
        udp((&host(1, host_number), 4000), (&host(2, host_number), 53), &query(n, &name, A))
    };
    let capture = captured((0..MANY + 100).map(ask));
    for (list, key) in [(lists::SERVERS, "address"), (lists::CLIENTS, "address"), (lists::DOMAINS, "domain")] {
        let (joined, total) = joined::<DnsPackets>(&capture, &json!({}), list);
        let mut keys: Vec<String> = joined.iter().map(|entry| entry[key].to_string()).collect();
        keys.sort_unstable();
        keys.dedup();
        let many = usize::from(MANY);
        assert_eq!((total, joined.len(), keys.len()), (u64::from(MANY), many, many), "{list}");
        let kept = if list == lists::DOMAINS { 2_048 } else { 1_024 };
        let queries: u64 = joined[kept..].iter().map(|entry| entry["queries"].as_u64().unwrap()).sum();
        // None of those that asked again is among them: they came last.
        assert_eq!(queries, (many - kept) as u64, "{list}");
        assert!(joined[kept..].iter().all(|entry| entry.get("at_least").is_none()), "{list}");
    }
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

#[test]
fn frames_of_malformed_messages_go_on() {
    let short = (0..3_100).map(|n| udp((CLIENT, 4000 + n % 50), ("192.0.2.53", 53), &[0; 5]));
    let name = "statistics.services[0].malformed[0].frames";
    let (frames, pages) = joined_within::<DnsPackets>(&captured(short), &json!({}), name);
    assert!(frames.iter().map(|frame| frame.as_u64().unwrap()).eq(1..=3_100) && pages == 4, "{pages}");
}

#[test]
fn frames_without_counterpart_go_on() {
    // More than are held, and than are kept in order.
    let asked = |n: u16| udp((CLIENT, 6000), (&host(usize::from(n)), 7000), &query(n, "u.example", A));
    let capture = captured((0..5_200).map(asked));
    let page = |offset: u64| {
        let page = json!({ "offset": offset, "limit": 1000, "list": lists::UNCONFIRMED });
        let report = run(&capture, &json!({ "page": page }));
        assert_eq!(told(&report, lists::UNCONFIRMED), Some([5_200, offset, 1000.min(5_200 - offset)]));
        assert_eq!(report["limits"]["unconfirmed_candidates"], 5_200);
        at(&report, lists::UNCONFIRMED).to_vec()
    };
    let frames = (0..6).flat_map(|nth| page(nth * 1000)).map(|frame| frame.as_u64().unwrap());
    let mut frames: Vec<u64> = frames.collect();
    assert!(frames[..4_000].iter().copied().eq(1..=4_000));
    frames.sort_unstable();
    assert!(frames.into_iter().eq(1..=5_200));
}

/// A response with many questions, records of each section, and EDNS options; each has a number of its own.
fn crowded() -> Vec<u8> {
    let mut octets = vec![0, 7, 0x80, 0];
    [1_500_u16, 1_200, 1_100, 1_051].iter().for_each(|count| octets.extend(count.to_be_bytes()));
    for kind in 1_000..2_500_u16 {
        octets.extend([&[0][..], &kind.to_be_bytes(), &[0, 1]].concat());
    }
    for ttl in 0..3_350_u32 {
        octets.extend([&[0, 0, 1, 0, 1][..], &ttl.to_be_bytes(), &[0, 4, 192, 0, 2, 1]].concat());
    }
    octets.extend([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 240]);
    (0..60_u16).for_each(|code| octets.extend([(65_001 + code).to_be_bytes(), [0, 0]].concat()));
    octets
}

#[test]
fn questions_records_and_options_of_a_message_go_on() {
    let ask = udp((CLIENT, 4000), ("192.0.2.53", 53), &query(7, "a.example", A));
    let capture = captured([ask, udp(("192.0.2.53", 53), (CLIENT, 4000), &crowded())].into_iter());
    let numbers = |list: &str, field: &str| -> Vec<u64> {
        let (values, _) = joined_within::<DnsPackets>(&capture, &json!({}), &list.replace("[]", "[1]"));
        values.iter().map(|value| value[field].as_u64().unwrap()).collect()
    };
    assert!(numbers(lists::QUESTIONS, "type").into_iter().eq(1_000..2_500));
    assert!(numbers(lists::ANSWERS, "ttl").into_iter().eq(0..1_200));
    assert!(numbers(lists::AUTHORITY, "ttl").into_iter().eq(1_200..2_300));
    assert!(numbers(lists::ADDITIONAL, "ttl").into_iter().eq(2_300..3_350));
    assert!(numbers(lists::OPTIONS, "code").into_iter().eq(65_001..65_061));
}

#[test]
fn frames_that_were_not_looked_into_go_on() {
    let unknown = [&[2; 12][..], &[0x70, 0], &[0; 46]].concat();
    let ask = udp((CLIENT, 4000), ("192.0.2.53", 53), &query(7, "a.example", A));
    let capture = captured(std::iter::once(ask).chain((0..3_100).map(|_| unknown.clone())));
    let name = "limits.decoding.not_looked_into[0].frames";
    let (frames, pages) = joined_within::<DnsPackets>(&capture, &json!({}), name);
    assert!(frames.iter().map(|frame| frame.as_u64().unwrap()).eq(2..=3_101) && pages == 4, "{pages}");
    let described = mcpcap_analyzer::ToolEntry::of::<DnsPackets>();
    let cut = (described.describe)()["cut"].clone();
    assert!(cut.as_array().unwrap().contains(&json!("limits.decoding.not_looked_into[].frames")), "{cut}");
}

#[test]
fn codes_go_on() {
    // A server that answers with each code that OPT can make (RFC 6891 §6.1.3), and a client that asks for many types.
    let answer = |rcode: u16| {
        let mut octets = response(rcode, "a.example", A, rcode & 15, &[]);
        octets[11] = 1;
        octets.extend([0, 0, 41, 16, 0, (rcode >> 4) as u8, 0, 0, 0, 0, 0]);
        udp(("192.0.2.53", 53), (CLIENT, 4000), &octets)
    };
    let ask = |kind: u16| udp((CLIENT, 4000), ("192.0.2.53", 53), &query(kind, "a.example.com", kind));
    let capture = captured((0..4_096).map(answer).chain((1_000..3_000).map(ask)));
    let joined = |name: &str| {
        let (values, pages) = joined_within::<DnsPackets>(&capture, &json!({}), name);
        assert!(pages > 1 && values.iter().all(|value| value["count"] == 1), "{name}");
        values.iter().map(|value| value["code"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert!(joined("statistics.services[0].extended_rcodes").into_iter().eq(16..4_096));
    assert!(joined("statistics.services[0].query_types").into_iter().eq(1_000..3_000));
    assert!(joined("statistics.servers[0].rcodes").into_iter().eq(0..4_096));
    assert!(joined("statistics.clients[0].rcodes").into_iter().eq(0..4_096));
    let report = run(&capture, &json!({}));
    let domains = report["statistics"]["domains"].as_array().unwrap();
    let place = domains.iter().position(|domain| domain["domain"] == "example.com").unwrap();
    assert!(joined(&format!("statistics.domains[{place}].types")).into_iter().eq(1_000..3_000));
}

#[test]
fn queries_that_left_the_table_are_listed_too() {
    // More than wait at the same time.
    let ask = |n: u16| udp((&host(usize::from(n) % 200), 1024 + n), ("192.0.2.53", 53), &query(n, "a.example", A));
    let capture = captured((0..9_500).map(ask));
    let page = |offset: u64| {
        let page = json!({ "offset": offset, "limit": 1000, "list": lists::UNANSWERED });
        let report = run(&capture, &json!({ "page": page }));
        assert_eq!(told(&report, lists::UNANSWERED), Some([9_500, offset, 1000.min(9_500 - offset)]));
        assert_eq!(report["statistics"]["transactions"]["unanswered"], 9_500);
        at(&report, lists::UNANSWERED).to_vec()
    };
    let queries: Vec<_> = (0..10).flat_map(|nth| page(nth * 1000)).collect();
    assert!(queries.iter().map(|query| query["frame"].as_u64().unwrap()).eq(1..=9_500));
    assert!(queries.iter().all(|query| query["sent"] == 1 && query["waited_seconds"].is_number()));
}
