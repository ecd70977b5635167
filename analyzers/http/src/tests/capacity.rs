//! More than there is room for: bounded, and told.

use mcpcap_analyzer::harness::build::pcap;
use mcpcap_analyzer::harness::lists;
use mcpcap_analyzer::harness::schema::{is_at_least, says_only_that_there_is_nothing};
use serde_json::{Value, json};

use super::build::{START, Talk, Tested as _};
use super::{file, run};
use crate::limits;
use crate::tool::Http;

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
}

/// One connection with exchanges of all kinds, of each so many.
fn crowded(count: u32) -> Vec<u8> {
    let mut talk = Talk::open();
    for n in 0..count {
        let host = format!("host{n}.example");
        let body = format!("#!/bin/sh\necho {n}\n");
        talk = talk.ask(format!("M{n} /p{n} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: agent {n}\r\n\r\n")).tell(format!(
            "HTTP/1.1 {} x\r\nServer: s{n}\r\nContent-Type: type/t{n}\r\nContent-Length: {}\r\n\r\n{body}",
            400 + n,
            body.len()
        ));
    }
    pcap(&talk.frames())
}

#[test]
fn pages_of_each_list_are_the_whole_list() {
    lists::pages_are_whole::<Http>(&crowded(60), &json!({}));
}

#[test]
fn frames_of_a_fault_and_of_a_file_go_on() {
    let mut talk = Talk::open();
    for _ in 0..1_500 {
        talk = talk.ask("GET / HTTP/1.1\r\n\r\n").tell("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    }
    let capture = pcap(&talk.frames());
    for (list, first) in [("statistics.malformed[0].frames", 4), ("files[0].frames", 5)] {
        let (frames, pages) = lists::joined_within::<Http>(&capture, &json!({}), list);
        assert!(
            frames.iter().map(|frame| frame.as_u64().unwrap()).eq((first..).step_by(2).take(1_500)) && pages > 1,
            "{list}"
        );
    }
}

#[test]
fn cookies_and_interim_responses_go_on() {
    let pairs = |name: char| (0..200).map(move |n| format!("{name}{n}=secret"));
    let sets: String = pairs('s').map(|pair| format!("Set-Cookie: {pair}; Path=/\r\n")).collect();
    let interim = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n".repeat(30);
    let cookies = pairs('c').collect::<Vec<_>>().join("; ");
    let talk = Talk::open()
        .ask(get("/first"))
        .tell("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .ask(format!("GET / HTTP/1.1\r\nHost: h\r\nCookie: {cookies}\r\n\r\n"))
        .tell(format!("{interim}HTTP/1.1 200 OK\r\n{sets}Content-Length: 0\r\n\r\n"));
    let capture = pcap(&talk.frames());
    let joined = |list: &str| lists::joined_within::<Http>(&capture, &json!({}), &format!("exchanges[1].{list}")).0;
    for (list, name) in [("cookies", 'c'), ("set_cookies", 's')] {
        assert!(joined(list).into_iter().eq((0..200).map(|n| json!(format!("{name}{n}")))), "{list}");
    }
    assert!(joined("interim").into_iter().eq([103, 102].repeat(30).into_iter().map(Value::from)));
    let exchange = &run(&capture, &json!({}))["exchanges"][1];
    let totals = ["cookies_total", "set_cookies_total", "interim_total"].map(|name| exchange[name].as_u64());
    assert_eq!(totals, [Some(200), Some(200), Some(60)]);
}

#[test]
fn exchanges_have_pages() {
    let capture = crowded(60);
    let whole = run(&capture, &json!({ "page": { "limit": 1000 } }));
    let page = run(&capture, &json!({ "page": { "offset": 40, "limit": 15 } }));
    let list = |report: &Value| report["exchanges"].as_array().unwrap().clone();
    assert_eq!(list(&page), list(&whole)[40..55]);
    assert_eq!(page["pages"][0], json!({ "list": "exchanges", "total": 60, "offset": 40, "returned": 15 }));
}

#[test]
fn without_http_the_report_is_one_sentence() {
    for name in ["arp_only.pcap", "icmp_ping.pcap", "sip_call.pcap"] {
        says_only_that_there_is_nothing::<Http>(&file(&format!("tests/captures/crafted/{name}")), &json!({}));
    }
}

#[test]
fn more_requests_than_may_wait_are_given_away_in_order() {
    let many = limits::PIPELINED + 500;
    let mut talk = Talk::open();
    for n in 0..many {
        talk = talk.ask(get(&format!("/{n}")));
    }
    for n in 0..many {
        talk = talk.tell(format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nServer: s{n}\r\n\r\n1"));
    }
    let capture = pcap(&talk.frames());
    let report = run(&capture, &json!({ "page": { "offset": many, "limit": 1000 } }));
    assert_eq!(report["totals"]["requests"], many as u64);
    assert_eq!((&report["totals"]["unanswered"], &report["totals"]["unasked"]), (&json!(500), &json!(500)));
    assert_eq!(report["limits"]["evicted_exchanges"], 500);
    // Those that are paired are paired rightly.
    for exchange in report["exchanges"].as_array().unwrap().iter().filter(|exchange| exchange["uri"].is_string()) {
        assert_eq!(exchange["server"].as_str().unwrap()[1..], exchange["uri"].as_str().unwrap()[1..]);
    }
}

/// Heads without end on many connections, and one head that is as long as it may be.
#[test]
fn heads_without_end_are_given_up() {
    let header = format!("X: {}\r\n", "x".repeat(60_000));
    let mut talk = Talk::open().ask("GET / HTTP/1.1\r\n");
    for _ in 0..5 {
        talk = talk.ask(&header);
    }
    let report = talk.report();
    assert_eq!(report["statistics"]["malformed"][0]["reason"], "long_head");
    let talks = (0..80_u16).flat_map(|n| {
        let talk = Talk::between(("192.0.2.10", 40_000 + n), ("198.51.100.20", 80), START);
        talk.ask("GET / HTTP/1.1\r\n").ask(&header).frames()
    });
    let report = run(&pcap(&talks.collect::<Vec<_>>()), &json!({}));
    let reasons: Vec<_> = lists::at(&report, "statistics.malformed").iter().map(|entry| &entry["reason"]).collect();
    assert_eq!(reasons, ["long_head"]);
}

/// More hosts, paths, agents and bodies than any table holds: totals stay exact, and what made room is told.
#[test]
fn of_more_than_there_is_room_for_totals_stay_exact() {
    let capture = crowded_by(3_000);
    let report = run(&capture, &json!({}));
    let totals = &report["totals"];
    assert_eq!(
        (&totals["requests"], &totals["responses"], &totals["unanswered"]),
        (&json!(3_000), &json!(3_000), &Value::Null)
    );
    assert_eq!(report["statistics"]["lists_are_exact"], false);
    assert_eq!(
        (&report["files_total"], &report["limits"]["evicted_files"]),
        (&json!(3_000), &json!(3_000 - limits::FILES))
    );
    assert_eq!(report["pages"][0]["total"], 3_000);
}

#[test]
fn what_is_beyond_those_that_are_ranked_goes_on() {
    const MANY: u32 = 2_500;
    let mut talk = Talk::open();
    for n in 0..MANY {
        let body = format!("{n:08}");
        talk = talk
            .ask(format!("M{n} /p{n} HTTP/1.1\r\nHost: host{n}.example\r\nUser-Agent: a{n}\r\n\r\n"))
            .tell(format!("HTTP/1.1 404 x\r\nServer: s{n}\r\nContent-Type: t/t{n}\r\nContent-Length: 8\r\n\r\n{body}"));
    }
    let capture = pcap(&talk.frames());
    let number = |text: &Value| -> u32 {
        let text = text.as_str().unwrap();
        text.chars()
            .skip_while(|c| !c.is_ascii_digit())
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap()
    };
    for (list, field) in [
        ("statistics.methods", "name"),
        ("statistics.hosts", "name"),
        ("statistics.paths", "name"),
        ("statistics.user_agents", "name"),
        ("statistics.servers", "name"),
        ("statistics.content_types", "name"),
        ("statistics.failed", "url"),
        ("statistics.slowest", "url"),
        ("files", "url"),
    ] {
        let (joined, total) = lists::joined::<Http>(&capture, &json!({}), list);
        let mut numbers: Vec<u32> = joined.iter().map(|entry| number(&entry[field])).collect();
        numbers.sort_unstable();
        assert!(total == u64::from(MANY) && numbers.into_iter().eq(0..MANY), "{list}: {total}");
    }
    let (files, _) = lists::joined::<Http>(&capture, &json!({}), "files");
    assert!(files.iter().all(|file| file["times"] == 1 && file["bytes"] == 8));
}

fn crowded_by(count: u32) -> Vec<u8> {
    let mut talk = Talk::open();
    for n in 0..count {
        talk = talk
            .ask(format!("GET /p{n} HTTP/1.1\r\nHost: host{n}.example\r\nUser-Agent: agent {n}\r\n\r\n"))
            .tell(format!("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{n:08}"));
    }
    pcap(&talk.frames())
}

/// Requests with bodies on many connections, none of which is answered.
#[test]
fn requests_that_nobody_answers_take_bounded_memory() {
    let talks = (0..1_500_u16).flat_map(|n| {
        let post = format!(
            "POST /{} HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n{}",
            "p".repeat(900),
            "b".repeat(5_000)
        );
        Talk::between(("192.0.2.10", 20_000 + n), ("198.51.100.20", 80), START).ask(post).frames()
    });
    let report = run(&pcap(&talks.collect::<Vec<_>>()), &json!({}));
    assert_eq!((&report["totals"]["requests"], &report["totals"]["unanswered"]), (&json!(1_500), &json!(1_500)));
    // Each takes 5 to 7 KiB while it waits, and all may take 6 MiB.
    let evicted = report["limits"]["evicted_exchanges"].as_u64().unwrap();
    assert!((200..800).contains(&evicted), "{evicted}");
}

/// An address of this number.
fn address(n: u32) -> &'static str {
    std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string().leak()
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    let asks = |client: &'static str, port: u16, paths: std::ops::Range<u32>| {
        let talk = Talk::between((client, port), ("198.51.100.20", 8081), START);
        paths.fold(talk, |talk, n| {
            let path = format!("GET /{n}?q=../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n");
            talk.ask(path).tell("HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n")
        })
    };
    let (client, others) = ("192.0.2.99", limits::PARTIES as u32 + 10);
    let between = (0..others).map(|n| asks(address(n), 40_000, 0..1));
    let talks = std::iter::once(asks(client, 1_000, 0..40)).chain(between).chain([asks(client, 2_000, 40..70)]);
    let report = run(&pcap(&talks.flat_map(Talk::frames).collect::<Vec<_>>()), &json!({}));
    let subject = format!("{client} to 198.51.100.20");
    is_at_least(&report, "http_directory_search", &subject, "paths", 30);
    is_at_least(&report, "http_path_traversal", &subject, "requests", 30);
    let whole = run(&asks(client, 1_000, 0..40).capture(), &json!({}));
    let names = whole["findings"].as_array().unwrap().iter().flat_map(|found| found["measures"].as_array().unwrap());
    assert!(names.map(|measure| measure["name"].as_str().unwrap()).all(|name| !name.ends_with("_at_least")));
}
