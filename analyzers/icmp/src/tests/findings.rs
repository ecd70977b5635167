//! Each rule about echoes and probes: a capture on which it fires, and one on which it must not.

use mcpcap_analyzer::harness::{Random, build};
use serde_json::Value;

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
