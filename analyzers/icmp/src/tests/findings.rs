//! Each rule about echoes and probes: a capture on which it fires, and one on which it must not.

use mcpcap_analyzer::harness::{Random, build};
use serde_json::{Value, json};

use super::build::{echo, every, icmp, packet};
use super::{report, rules};

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";

#[track_caller]
fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {:?}", rules(report)))
}

/// Octets without a pattern.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    std::iter::repeat_with(|| random.below(256) as u8).take(length).collect()
}

#[test]
fn a_sweep_asks_many_hosts() {
    let sweep = |hosts: u8| {
        report(&every(1000, (1..=hosts).map(|host| echo(A, &format!("198.51.100.{host}"), false, (1, 1), b"x"))))
    };
    let found = sweep(20);
    assert_eq!(finding(&found, "icmp_sweep")["subject"], A);
    assert_eq!(finding(&found, "icmp_sweep")["measures"][0]["value"], 20.0);
    assert_eq!(rules(&sweep(10)), [""; 0]);
}

#[test]
fn hosts_and_ports_are_counted_beyond_any_small_number() {
    let many = (0..1000).map(|n| echo(A, &format!("198.51.{}.{}", n / 200, n % 200 + 1), false, (1, 1), b"x"));
    let found = report(&every(1000, many));
    assert_eq!(finding(&found, "icmp_sweep")["measures"][0], json!({ "name": "hosts", "value": 1000.0 }));
    let replies = (0..1000).map(|n| echo(&format!("198.51.{}.{}", n / 200, n % 200 + 1), A, true, (1, 1), b"x"));
    assert_eq!(finding(&report(&every(1000, replies)), "icmp_smurf")["measures"][0]["value"], 1000.0);
    let ports = (1..=1000).map(|port| {
        let probe = build::udp((A, 4000), (B, port), b"");
        icmp(B, A, 3, 3, &[&[0; 4], &packet(&probe)[..28]].concat())
    });
    let found = report(&every(1000, ports));
    assert_eq!(finding(&found, "icmp_udp_scan")["measures"][0]["value"], 1000.0);
    let entry = &found["statistics"]["unreachable_destinations"][0];
    assert_eq!((entry["ports"].as_array().unwrap().len(), &entry["ports_total"]), (1000, &1000.into()));
}

#[test]
fn estimates_and_lower_bounds_say_so() {
    let host = |n: u32| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
    let found = report(&every(10, (0..20_000).map(|n| echo(A, &host(n), false, (1, 1), b"x"))));
    let sweep = finding(&found, "icmp_sweep");
    assert!((sweep["measures"][0]["value"].as_f64().unwrap() - 20_000.0).abs() < 600.0, "{sweep}");
    assert!(sweep["observation"].as_str().unwrap().contains("standard error 0.8 %"), "{sweep}");
    assert_eq!(found["statistics"]["unique_counts_exact"], false);
    assert_eq!(found["statistics"]["unique_destinations"].as_array().unwrap().len(), 100);
    // More sources than there are large tables, each with more hosts than a list holds.
    let source = |n: u32| format!("192.0.2.{}", n % 100);
    let found = report(&every(10, (0..10_000).map(|n| echo(&source(n), &host(n), false, (1, 1), b"x"))));
    let sweeps: Vec<&Value> =
        found["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "icmp_sweep").collect();
    assert_eq!((sweeps.len(), &found["findings_total"]), (20, &100.into()));
    for sweep in sweeps {
        let measure = &sweep["measures"][0];
        let expected = if measure["name"] == "hosts_at_least" { 64.0 } else { 100.0 };
        assert_eq!(measure["value"], expected, "{sweep}");
        assert_eq!(sweep["observation"].as_str().unwrap().contains("at least 64"), expected == 64.0);
    }
}

#[test]
fn a_number_is_a_lower_bound_once_something_made_room() {
    let host = |n: u32| format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
    let ask = |source: &str, n: u32| echo(source, &host(n), false, (1, 1), b"x");
    let others = (0..1_100).map(|n| ask(&host(0x20_0000 + n), 7));
    let found = report(&every(10, (0..20).map(|n| ask(A, n)).chain(others).chain((100..117).map(|n| ask(A, n)))));
    let sweep = finding(&found, "icmp_sweep");
    assert_eq!(sweep["observation"], format!("{A} sent echo requests to at least 17 different hosts."));
    let names: Vec<_> = sweep["measures"].as_array().unwrap().iter().map(|measure| &measure["name"]).collect();
    assert_eq!(names, ["hosts_at_least", "messages_at_least"]);
    // Closed ports of one host, told by errors, between which others got such errors.
    let closed = |source: &str, port: u16| {
        let probe = build::udp((source, 4000), (B, port), b"");
        icmp(B, source, 3, 3, &[&[0; 4], &packet(&probe)[..28]].concat())
    };
    let others = (0..1_100).map(|n| closed(&host(0x20_0000 + n), 9));
    let found =
        report(&every(10, (1..=20).map(|n| closed(A, n)).chain(others).chain((101..118).map(|n| closed(A, n)))));
    let scan = finding(&found, "icmp_udp_scan");
    assert_eq!(scan["measures"][0], json!({ "name": "ports_at_least", "value": 17.0 }));
}

#[test]
fn a_host_that_solicits_many_neighbours_is_found() {
    let solicit = |source: &str, n: u16| {
        let target: std::net::Ipv6Addr = format!("fd00::{n:x}").parse().unwrap();
        icmp(source, &format!("ff02::1:ff00:{n:x}"), 135, 0, &[&[0; 4][..], &target.octets()].concat())
    };
    let found = report(&every(5000, (1..=760).map(|n| solicit("fe80::1", n))));
    let sweep = finding(&found, "icmp_neighbour_sweep");
    assert_eq!((&sweep["subject"], &sweep["measures"][0]["value"]), (&"fe80::1".into(), &760.0.into()));
    assert_eq!(sweep["frames_total"], 760);
    assert_eq!(found["statistics"]["neighbour_discovery"]["neighbours_total"], 760);
    // Slowly, one address again and again, and duplicate address detection.
    assert_eq!(rules(&report(&every(3_000_000, (1..=760).map(|n| solicit("fe80::1", n))))), [""; 0]);
    assert_eq!(rules(&report(&every(5000, (1..=760).map(|n| solicit("fe80::1", n % 9))))), [""; 0]);
    assert_eq!(rules(&report(&every(5000, (1..=760).map(|n| solicit("::", n))))), [""; 0]);
}

#[test]
fn a_flood_is_many_in_a_second() {
    let pings = |microseconds| report(&every(microseconds, (0..150).map(|n| echo(A, B, false, (1, n), b"x"))));
    let found = pings(1000);
    assert_eq!(finding(&found, "icmp_flood")["measures"][0]["value"], 150.0);
    assert_eq!(rules(&pings(200_000)), [""; 0]);
}

#[test]
fn a_smurf_attack_is_many_replies_to_one_who_did_not_ask() {
    let replies = |hosts: u8| {
        report(&every(1000, (1..=hosts).map(|host| echo(&format!("198.51.100.{host}"), A, true, (1, 1), b"x"))))
    };
    assert_eq!(finding(&replies(12), "icmp_smurf")["subject"], A);
    assert_eq!(rules(&replies(5)), [""; 0]);
}

#[test]
fn a_tunnel_answers_with_other_octets() {
    let session = |reply: &dyn Fn(u16) -> Vec<u8>| {
        report(&every(
            1000,
            (0..6).flat_map(|n| [echo(A, B, false, (1, n), b"question"), echo(B, A, true, (1, n), &reply(n))]),
        ))
    };
    let found = session(&|n| format!("answer {n}").into_bytes());
    let tunnel = finding(&found, "icmp_tunnel");
    assert_eq!((&tunnel["measures"][0]["value"], &tunnel["frames"][0]), (&6.0.into(), &2.into()));
    assert_eq!(rules(&session(&|_| b"question".to_vec())), [""; 0]);
}

#[test]
fn a_tunnel_carries_what_looks_like_noise() {
    let session = |payload: &dyn Fn(u16) -> Vec<u8>| {
        report(&every(
            1000,
            (0..6).flat_map(|n| {
                let payload = payload(n);
                [echo(A, B, false, (1, n), &payload), echo(B, A, true, (1, n), &payload)]
            }),
        ))
    };
    let found = session(&|n| noise(512, 0x6e6f_6973_6500 + (u64::from(n) << 20)));
    assert!(finding(&found, "icmp_tunnel")["measures"][3]["value"].as_f64().unwrap() > 7.0);
    // As large, and of one pattern: worth a look, and no tunnel.
    assert_eq!(rules(&session(&|_| vec![0x61; 512])), ["icmp_large_payloads"]);
    // The pattern of Linux' ping.
    assert_eq!(rules(&session(&|_| (0..56).collect())), [""; 0]);
}

#[test]
fn closed_ports_give_a_udp_scan_away() {
    let scan = |ports: u16| {
        report(&every(
            1000,
            (1..=ports).map(|port| {
                let probe = build::udp((A, 4000), (B, port), b"");
                icmp(B, A, 3, 3, &[&[0; 4], &packet(&probe)[..28]].concat())
            }),
        ))
    };
    let found = scan(20);
    assert_eq!(finding(&found, "icmp_udp_scan")["subject"], format!("{A} to {B}"));
    assert_eq!(rules(&scan(5)), [""; 0]);
}

#[test]
fn questions_for_time_and_mask_are_facts() {
    let found = report(&every(1000, [icmp(A, B, 13, 0, &[0; 16]), icmp(A, B, 17, 0, &[0; 8])]));
    assert_eq!(finding(&found, "icmp_timestamp_or_mask_request")["frames_total"], 2);
    assert_eq!(found["findings"][0]["severity"], "info");
}
