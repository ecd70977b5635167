//! Each rule: what it finds, and what it leaves alone.

use mcpcap_analyzer::harness::build::{pcap, tcp, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, TXT, answer, ask, prefixed, query, response};
use super::{report, rules, run};

/// Digits that look random, of the wanted length.
fn random(seed: u32, length: usize, alphabet: &[u8]) -> String {
    let mut state = u64::from(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(alphabet[(state >> 33) as usize % alphabet.len()])
        })
        .collect()
}

/// Questions, each answered with a response code.
fn asked(names: &[String], kind: u16, rcode: u16) -> Value {
    let frames: Vec<Vec<u8>> = (0..)
        .zip(names)
        .flat_map(|(n, name): (u16, _)| {
            [ask(4000 + n, &query(n, name, kind)), answer(4000 + n, &response(n, name, kind, rcode, &[]))]
        })
        .collect();
    report(&frames)
}

#[test]
fn long_random_names_under_one_domain_are_a_tunnel() {
    let names: Vec<String> = (0..40)
        .map(|n| {
            format!("{}.{}.t.example.com", random(n, 40, b"0123456789abcdef"), random(n + 99, 20, b"0123456789abcdef"))
        })
        .collect();
    let report = asked(&names, TXT, 0);
    assert_eq!(rules(&report), ["dns_tunnel"]);
    let finding = &report["findings"][0];
    assert_eq!((&finding["subject"], &finding["confidence"]), (&json!("example.com"), &json!("high")));
    assert_eq!(finding["frames_total"], 40);
}

#[test]
fn data_in_names_without_a_common_domain_is_found_by_its_ends() {
    let hex = b"0123456789abcdef";
    let names: Vec<String> = (0..40)
        .map(|n| format!("{}.{}.{}", random(n, 40, hex), random(n + 99, 20, hex), random(n + 7, 12, hex)))
        .collect();
    let words = ["garden", "window", "bottle", "travel", "summer", "market", "silver", "orange", "doctor", "bridge"];
    let ordinary = words.iter().flat_map(|a| words.iter().map(move |b| format!("www.{a}-{b}.com")));
    for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
        let frames = |names: &[String]| -> Vec<Vec<u8>> {
            let ask = |(n, name): (u16, &String)| udp((client, 4000 + n), (server, 53), &query(n, name, A));
            (0..).zip(names).map(ask).collect()
        };
        let found = report(&frames(&names));
        assert_eq!(rules(&found), ["dns_tunnel_without_domain"]);
        assert_eq!(found["findings"][0]["subject"], format!("{client} to {server}"));
        assert_eq!(
            (&found["findings"][0]["frames_total"], &found["findings"][0]["confidence"]),
            (&json!(40), &json!("high"))
        );
        // Among a hundred ordinary domains.
        let mixed: Vec<String> = names.iter().cloned().chain(ordinary.clone()).collect();
        assert_eq!(rules(&report(&frames(&mixed))), ["dns_tunnel_without_domain"]);
        assert!(rules(&report(&frames(&names[..29]))).is_empty());
        assert!(rules(&report(&frames(&ordinary.clone().collect::<Vec<_>>()))).is_empty());
        // Long names of a few domains: content networks.
        let long: Vec<String> =
            (0..40).map(|n| format!("{}.edge-{}.cdn-{}.example", random(n, 12, hex), n % 4, n % 3)).collect();
        assert!(rules(&report(&frames(&long))).is_empty());
    }
    // Short ones, whose last labels are no top-level domains.
    let short = |count: u32| -> Vec<Vec<u8>> {
        let name = |n| format!("{}.{}", random(n, 8, hex), random(n + 7, 6, hex));
        (0..count).map(|n| ask(4000, &query(n as u16, &name(n), A))).collect()
    };
    assert_eq!(rules(&report(&short(30))), ["dns_tunnel_without_domain"]);
    assert!(rules(&report(&short(29))).is_empty());
    // Of more than are told apart, there are at least so many.
    let found = report(&short(1_500));
    let (client, server) = ("2001:db8:1111:2222:3333:4444:5555:6666", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff");
    let far = (0..1_500_u32).map(|n| {
        let name = format!("{}.{}.{}", random(n, 60, hex), random(n + 99, 40, hex), random(n + 7, 12, hex));
        udp((client, 4000), (server, 53), &query(n as u16, &name, A))
    });
    // As long as the addresses are, it is a line: the runs of these tests look.
    assert_eq!(report(&far.collect::<Vec<_>>())["findings"][0]["subject"], format!("{client} to {server}"));
    let measures = found["findings"][0]["measures"].as_array().unwrap();
    assert!(measures.contains(&json!({ "name": "last_labels_at_least", "value": 1024.0 })), "{measures:?}");
    // However many ordinary domains stand between them, and beyond the thousand that are told apart.
    let many = (0..1500_u32).map(|n| format!("www.{}.com", random(n, 9, b"abcdefghijklmnopqrstuvwxyz")));
    let mut hidden: Vec<Vec<u8>> = many.map(|name| ask(4000, &query(1, &name, A))).collect();
    assert!(rules(&report(&hidden)).is_empty());
    for (at, frame) in short(30).into_iter().enumerate() {
        hidden.insert(at * 40, frame);
    }
    let found = report(&hidden);
    assert_eq!(rules(&found), ["dns_tunnel_without_domain"]);
    assert_eq!(found["findings"][0]["frames_total"], 30);
    assert_eq!(found["findings"][0]["confidence"], "medium");
    // Hosts of one inner domain, and names without a domain.
    let inner =
        |n: u16| [ask(4000, &query(n, &format!("h{n}.d{n}.corp"), A)), ask(4000, &query(n, &format!("host{n}"), A))];
    assert!(rules(&report(&(0..100).flat_map(inner).collect::<Vec<_>>())).is_empty());
    // Over TCP too.
    let mut frames = vec![tcp((CLIENT, 4000), (SERVER, 53), 0x02, (99, 0), &[])];
    let mut at = 100;
    for (n, name) in (0..).zip(&names) {
        let segment = prefixed(&query(n, name, A));
        frames.push(tcp((CLIENT, 4000), (SERVER, 53), 0x18, (at, 1), &segment));
        at += segment.len() as u32;
    }
    assert_eq!(rules(&report(&frames)), ["dns_tunnel_without_domain"]);
}

#[test]
fn many_short_names_under_one_domain_are_not() {
    let names: Vec<String> = (0..100).map(|n| format!("cdn-{n}-eu-west.static.example.com")).collect();
    assert!(rules(&asked(&names, A, 0)).is_empty());
}

#[test]
fn reverse_names_are_no_tunnel() {
    let names: Vec<String> = (0..100)
        .map(|n| {
            format!(
                "{}.ip6.arpa",
                random(n, 32, b"0123456789abcdef").chars().map(String::from).collect::<Vec<_>>().join(".")
            )
        })
        .collect();
    assert!(!rules(&asked(&names, 12, 0)).contains(&"dns_tunnel"));
}

#[test]
fn random_domains_that_do_not_exist_are_generated() {
    let names: Vec<String> = (0..25).map(|n| format!("{}.com", random(n, 14, b"bcdfghjklmnpqrstvwxz"))).collect();
    let report = asked(&names, A, 3);
    assert_eq!(rules(&report), ["dns_generated_names"]);
    assert_eq!(report["findings"][0]["subject"], CLIENT);
}

#[test]
fn words_that_do_not_exist_are_not() {
    let words = ["garden", "window", "bottle", "travel", "summer", "market", "silver", "orange", "doctor", "bridge"];
    let names: Vec<String> =
        words.iter().flat_map(|a| words.iter().take(2).map(move |b| format!("www.{a}{b}.com"))).collect();
    assert!(rules(&asked(&names, A, 3)).is_empty());
}

#[test]
fn many_missing_names_within_a_minute_are_a_burst() {
    let names: Vec<String> = (0..30).map(|n| format!("host{n}.example.com")).collect();
    let report = asked(&names, A, 3);
    assert_eq!(rules(&report), ["dns_nxdomain_burst"]);
    assert_eq!(report["findings"][0]["measures"][0]["value"], 30.0);
    assert!(rules(&asked(&names[1..], A, 3)).is_empty(), "one less");
    assert!(rules(&asked(&names, A, 0)).is_empty(), "names that exist");
}

#[test]
fn missing_names_over_an_hour_are_no_burst() {
    let frames: Vec<(u64, Vec<u8>)> = (0..60_u16)
        .map(|n| (u64::from(n) * 60_000_000, answer(4000, &response(n, &format!("host{n}.example.com"), A, 3, &[]))))
        .collect();
    assert!(!rules(&run(&pcap(&frames), &json!({}))).contains(&"dns_nxdomain_burst"));
}

#[test]
fn responses_nobody_asked_for_are_told_from_the_rest_of_earlier_traffic() {
    let capture = |start: u64| {
        let mut frames = vec![(0, ask(4000, &query(9000, "a.example", A)))];
        frames.extend(
            (0..5_u16)
                .map(|n| (start + u64::from(n), answer(4001, &response(n, "bank.example", A, 0, &[[6, 6, 6, 6]])))),
        );
        pcap(&frames)
    };
    assert_eq!(rules(&run(&capture(6_000_000), &json!({}))), ["dns_unasked_responses"]);
    assert!(rules(&run(&capture(1_000_000), &json!({}))).is_empty(), "within the first seconds");
}

#[test]
fn large_responses_to_a_host_that_never_asks_are_a_flood() {
    let large = |n: u16| answer(4001, &response(n, "any.example", 255, 0, &[[1, 2, 3, 4]; 40]));
    let frames: Vec<Vec<u8>> = (0..100).map(large).collect();
    assert_eq!(rules(&report(&frames)), ["dns_response_flood"]);
    assert!(rules(&report(&frames[1..])).is_empty());
}

#[test]
fn one_host_that_answers_llmnr_for_many_names() {
    let names = ["filesrv", "wpad", "printr"];
    let frames = |names: &[&str]| -> Vec<Vec<u8>> {
        (0..)
            .zip(names)
            .flat_map(|(n, name): (u16, _)| {
                [
                    udp((CLIENT, 5000 + n), ("224.0.0.252", 5355), &query(n, name, A)),
                    udp(("192.0.2.66", 5355), (CLIENT, 5000 + n), &response(n, name, A, 0, &[[192, 0, 2, 66]])),
                ]
            })
            .collect()
    };
    assert_eq!(rules(&report(&frames(&names))), ["llmnr_answers_for_many_names"]);
    assert!(rules(&report(&frames(&names[..2]))).is_empty());
}

#[test]
fn a_silent_server_stands_out_only_beside_one_that_answers() {
    let silent = |n: u16| udp((CLIENT, 4100 + n), ("192.0.2.99", 53), &query(n, &format!("h{n}.example"), A));
    let mut frames: Vec<Vec<u8>> = (0..5).map(silent).collect();
    assert!(rules(&report(&frames)).is_empty());
    frames.push(ask(4000, &query(77, "a.example", A)));
    frames.push(answer(4000, &response(77, "a.example", A, 0, &[])));
    let report = report(&frames);
    assert_eq!(rules(&report), ["dns_silent_server"]);
    assert_eq!(report["findings"][0]["subject"], "192.0.2.99");
    let _ = SERVER;
}
