//! What is said when there is more than the tables hold.

use mcpcap_analyzer::harness::build::{pcap, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, answer, ask, query, response};
use super::{rules, run};
use crate::limits;

const ONE: &[[u8; 4]] = &[[203, 0, 113, 1]];

fn report(frames: impl IntoIterator<Item = Vec<u8>>) -> Value {
    let frames: Vec<(u64, Vec<u8>)> = (0..).step_by(1000).map(|n| 1_000_000 + n).zip(frames).collect();
    run(&pcap(&frames), &json!({ "page": { "limit": 1 } }))
}

fn host(n: usize) -> String {
    format!("10.0.{}.{}", n / 200, n % 200 + 1)
}

#[test]
fn servers_beyond_the_table_are_counted_and_those_that_come_again_say_so() {
    let extra = 50;
    let servers = (0..limits::PARTIES + extra).chain(0..20);
    let frames = servers.map(|n| udp((CLIENT, 4000), (&host(n), 53), &query(n as u16, "a.example", A)));
    let report = report(frames);
    let statistics = &report["statistics"];
    assert_eq!(statistics["servers_total"], limits::PARTIES + extra);
    assert_eq!(statistics["servers_total_is_exact"], true);
    assert_eq!(report["limits"]["evicted"]["servers"], extra + 20);
    let again = statistics["servers"].as_array().unwrap().iter().find(|server| server["address"] == "10.0.0.1");
    // It asked twice, and is known since the second time.
    assert_eq!((&again.unwrap()["queries"], &again.unwrap()["at_least"]), (&json!(1), &json!(true)));
    assert_eq!((&statistics["clients_total"], statistics["clients"][0].get("at_least")), (&json!(1), None));
    assert_eq!(statistics["clients"][0]["queries"], limits::PARTIES + extra + 20);
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    // Domains that look random, asked for in two parts, between which so many other clients were told the same that the first one made room.
    let nonexistent = |client: String, n: usize| {
        let name = format!("x7k{}q9z{}w4v.com", n % 89, n);
        let (asked, told) = (query(n as u16, &name, A), response(n as u16, &name, A, 3, &[]));
        [udp((&client, 4000), (SERVER, 53), &asked), udp((SERVER, 53), (&client, 4000), &told)]
    };
    let of_one = |range: std::ops::Range<usize>| range.flat_map(move |n| nonexistent("10.9.9.9".into(), n));
    let others = || (0..600).flat_map(move |n| nonexistent(host(n), 1_000 + n));
    let found = |report: &Value, rule: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter()
            .find(|f| f["rule"] == rule && f["subject"] == "10.9.9.9")
            .unwrap_or_else(|| panic!("{report}"))
            .clone()
    };
    let whole = found(&report(of_one(0..27)), "dns_generated_names");
    assert_eq!(
        (&whole["measures"][0]["name"], &whole["measures"][0]["value"]),
        (&json!("random_domains"), &json!(27.0))
    );
    let cut = found(&report(of_one(0..12).chain(others()).chain(of_one(12..27))), "dns_generated_names");
    let words = "10.9.9.9 asked for at least 15 registered domains that do not exist; at least 15 of them have a label that looks random.";
    assert_eq!((&cut["observation"], &cut["measures"][0]["name"]), (&json!(words), &json!("random_domains_at_least")));
    // Beyond the domains that are told apart.
    let many = found(&report(of_one(0..1_000)), "dns_generated_names");
    assert!(many["observation"].as_str().unwrap().contains("at least 256 of them"), "{many}");
    assert_eq!(many["measures"][1]["name"], "nonexistent_domains_at_least");
}

#[test]
fn domains_and_codes_beyond_the_tables_are_counted() {
    let domains = (0..limits::DOMAINS + 30).chain(std::iter::once(0));
    let report_of_domains = report(domains.map(|n| ask(4000, &query(n as u16, &format!("www.domain{n}.com"), A))));
    let statistics = &report_of_domains["statistics"];
    assert_eq!(statistics["domains_total"], limits::DOMAINS + 30);
    assert_eq!(report_of_domains["limits"]["evicted"]["domains"], 31);
    let again = statistics["domains"].as_array().unwrap().iter().find(|domain| domain["domain"] == "domain0.com");
    assert!(again.is_none_or(|domain| domain["at_least"] == true));

    let types = (1..=20_u16).map(|n| ask(4000, &query(n, "www.example.com", 1000 + n)));
    let report = report(types);
    let domain = &report["statistics"]["domains"][0];
    assert_eq!((domain["types"].as_array().unwrap().len(), &domain["queries_of_other_types"]), (8, &json!(12)));
}

#[test]
fn nothing_says_how_much_is_left_out_of_a_list() {
    let report = report((0..300_u16).map(|n| ask(4000, &query(n, &format!("h{n}.example"), A))));
    assert_eq!(report["statistics"]["unique_domains_queried"], 300);
    assert_eq!(report["statistics"]["unique_domains"].as_array().unwrap().len(), limits::DISTINCT_NAMES_LISTED);
    assert!(!report.to_string().contains("left_out"), "the host cuts lists, so such a count would not be true");
}

#[test]
fn responses_that_waited_in_vain_are_all_counted() {
    let count = limits::WAITING + 10;
    let responses = (0..count).map(|n| answer(4000 + (n / 60_000) as u16, &response(n as u16, "a.example", A, 0, ONE)));
    let report = report(responses.chain(std::iter::once(ask(4000, &query(9, "z.example", A)))));
    assert_eq!(report["statistics"]["transactions"]["unasked_responses"], count);
    assert_eq!(report["limits"]["order"]["responses_given_up"], 10);
    assert_eq!(report["statistics"]["servers"][0]["unasked_responses"], count);
}

#[test]
fn queries_that_made_room_are_unanswered_and_do_not_accuse_their_answers() {
    let count = limits::TRANSACTIONS + 20;
    let asked = (0..count).map(|n| ask(4000, &query(n as u16, "a.example", A)));
    let late = (0..20).map(|n| answer(4000, &response(n as u16, "a.example", A, 0, ONE)));
    let report = report(asked.chain(late));
    let transactions = &report["statistics"]["transactions"];
    assert_eq!((&transactions["asked"], &transactions["unanswered"]), (&json!(count), &json!(count)));
    assert_eq!(
        (&transactions["unasked_responses"], &report["limits"]["evicted"]["transactions"]),
        (&json!(20), &json!(20))
    );
    assert!(rules(&report).is_empty(), "{:?}", rules(&report));
}

#[test]
fn findings_that_are_not_listed_are_counted() {
    let frames = (0..30).flat_map(|n| {
        let (server, ask) = (host(n), query(n as u16, "a.example", A));
        let said = |address| response(n as u16, "a.example", A, 0, &[[203, 0, 113, address]]);
        [
            udp((CLIENT, 4000), (&server, 53), &ask),
            udp((&server, 53), (CLIENT, 4000), &said(1)),
            udp((&server, 53), (CLIENT, 4000), &said(2)),
        ]
    });
    let report = report(frames);
    assert_eq!((rules(&report).len(), &report["findings_total"]), (limits::LISTED, &json!(30)));
    let _ = SERVER;
}

#[test]
fn one_key_with_many_questions_keeps_its_numbers() {
    // One port and one identifier, a question each minute; every third is answered.
    let frames: Vec<(u64, Vec<u8>)> = (0..90_u64)
        .flat_map(|n| {
            let name = format!("n{}.example", n % 5);
            let asked = (n * 60_000_000, ask(4000, &query(1, &name, A)));
            let answered = (n * 60_000_000 + 20_000, answer(4000, &response(1, &name, A, 0, ONE)));
            if n % 3 == 0 { vec![asked, answered] } else { vec![asked] }
        })
        .collect();
    let report = run(&pcap(&frames), &json!({}));
    let transactions = &report["statistics"]["transactions"];
    for (field, count) in [("asked", 90), ("answered", 30), ("unanswered", 60), ("retransmitted", 0)] {
        assert_eq!(transactions[field], count, "{field}");
    }
    assert_eq!(transactions["unanswered_for_5_seconds"], 59, "the last one was just asked");
    assert_eq!(report["limits"]["evicted"].get("transactions"), None);
}

/// Thousands of pointers to one long name cost no more than the bytes of the message.
#[test]
fn the_work_is_in_proportion_to_the_bytes() {
    let name = vec!["a"; 126].join(".");
    for (kind, data) in [(A, &[203, 0, 113, 1][..]), (5, &[0xc0, 12])] {
        let mut message = response(1, &name, kind, 0, &[]);
        let records = (65_000 - message.len()) / (12 + data.len());
        message[6..8].copy_from_slice(&u16::try_from(records).unwrap().to_be_bytes());
        for _ in 0..records {
            message.extend_from_slice(b"\xc0\x0c");
            message.extend_from_slice(&kind.to_be_bytes());
            message.extend_from_slice(b"\x00\x01\x00\x00\x00\x3c");
            message.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend_from_slice(data);
        }
        let length = message.len() as u64;
        let frames = [(0, ask(4000, &query(1, &name, kind))), (1000, answer(4000, &message))];
        for arguments in [json!({ "page": { "limit": 1 } }), json!({ "page": { "limit": 1 }, "name": "no.such.name" })]
        {
            let labels = crate::message::work::of(|| {
                let report = run(&pcap(&frames), &arguments);
                assert_eq!(report["statistics"]["transactions"]["answered"], 1);
            });
            assert!(labels < length, "{labels} labels in {length} bytes");
        }
    }
}
