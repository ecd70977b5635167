//! Lists whose entries had to make room: they are on further pages, whatever is in the tables at the end.

use mcpcap_analyzer::harness::build;
use mcpcap_analyzer::harness::lists::{at, joined, joined_within};
use mcpcap_analyzer::harness::schema::is_at_least;
use serde_json::{Value, json};

use super::build::{START, SYN, connection, every};
use super::run;
use crate::tool::Conversations;

fn address(n: u32) -> String {
    std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string()
}

/// The texts of a field, each once.
fn different(entries: &[Value], field: &str) -> Vec<String> {
    let mut all: Vec<String> = entries.iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn scans_go_on() {
    const MANY: u32 = 1_100;
    // Each pair made room before its next port was tried.
    let probes = (1..=8_u16).flat_map(|port| {
        (0..MANY).map(move |n| {
            build::tcp((&address(n), 40_000), (&address(n + 0x10_0000), port), SYN, (u32::from(port), 0), b"")
        })
    });
    let capture = build::pcap(&every(100, probes));
    let report = run(&capture, &json!({}));
    assert_eq!((&report["scans"], report["limits"]["evicted"]["parties"].as_u64() > Some(0)), (&json!([]), true));
    let (scans, total) = joined::<Conversations>(&capture, &json!({}), "scans");
    let all = MANY as usize;
    assert_eq!((total, scans.len(), different(&scans, "source").len()), (1, all, all));
    assert!(scans.iter().all(|scan| scan["kind"] == "vertical" && scan["filtered"] == "1-8" && scan["probes"] == 8));
}

#[test]
fn a_scan_or_sweep_that_may_have_made_room_is_told_as_a_lower_bound() {
    let scanner = "192.0.2.66";
    let scan = |ports: std::ops::RangeInclusive<u16>| {
        ports.map(move |port| build::tcp((scanner, 40_000), ("10.9.9.9", port), SYN, (u32::from(port), 0), b""))
    };
    let sweep = |hosts: std::ops::Range<u32>| {
        hosts.map(move |n| build::tcp((scanner, 40_000), (&address(0x20_0000 + n), 445), SYN, (n, 0), b""))
    };
    let others = || {
        (0..1_100_u32).map(|n| {
            build::tcp((&address(n), 40_000), (&address(0x10_0000 + n), 7_000 + (n % 7) as u16), SYN, (n, 0), b"")
        })
    };
    // Flows are looked at when they end, so the second half comes when those of the first are over.
    let first: Vec<Vec<u8>> = scan(1..=12).chain(sweep(0..12)).chain(others()).collect();
    let second: Vec<Vec<u8>> = scan(101..=110).chain(sweep(100..110)).collect();
    let mut frames = every(100, first);
    frames.extend(every(100, second).into_iter().map(|(time, frame)| (time + 86_400_000_000, frame)));
    let report = run(&build::pcap(&frames), &json!({}));
    let found = |rule: &str| {
        let all = report["findings"].as_array().unwrap();
        all.iter().find(|found| found["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {report}")).clone()
    };
    let (scanned, swept) = (found("flow_port_scan"), found("flow_host_sweep"));
    assert!(scanned["observation"].as_str().unwrap().contains("tried at least "), "{scanned}");
    assert_eq!(scanned["measures"][0]["name"], "ports_at_least");
    assert!(swept["observation"].as_str().unwrap().contains("tried at least "), "{swept}");
    assert_eq!(swept["measures"][0]["name"], "hosts_at_least");
}

#[test]
fn sweeps_go_on() {
    const MANY: u32 = 560;
    let probe =
        |n: u32, host: u32| build::tcp((&address(n), 40_000), (&address(0x10_0000 + host), 445), SYN, (host, 0), b"");
    // The last ones stay in the table.
    let rounds = (0..8).flat_map(|host| (0..MANY).map(move |n| probe(n, host)));
    let last = (MANY..MANY + 5).flat_map(|n| (0..9).map(move |host| probe(n, host)));
    let capture = build::pcap(&every(100, rounds.chain(last)));
    assert_eq!(at(&run(&capture, &json!({})), "scans").len(), 5);
    let (sweeps, total) = joined::<Conversations>(&capture, &json!({}), "scans");
    let all = MANY as usize + 5;
    assert_eq!((total, sweeps.len(), different(&sweeps, "source").len()), (6, all, all));
    assert!(sweeps[5..].iter().all(|sweep| sweep["service"] == "tcp port 445" && sweep["hosts"] == 8));
}

#[test]
fn hosts_that_answered_a_sweep_go_on() {
    const MANY: u32 = 1_500;
    let scanner = "192.0.2.66";
    let probes = (0..4_600).flat_map(|n| {
        let (host, up) = (address(n), n < MANY);
        let probe = build::tcp((scanner, 40_000), (&host, 22), SYN, (n, 0), b"");
        let answer = up.then(|| build::tcp((&host, 22), (scanner, 40_000), 0x12, (1, n + 1), b""));
        [probe].into_iter().chain(answer)
    });
    let capture = build::pcap(&every(100, probes));
    let scan = run(&capture, &json!({}))["scans"][0].clone();
    assert_eq!(scan["answered"].as_array().unwrap().len(), 1_024);
    assert!(scan["answered_total"].as_u64().unwrap().abs_diff(u64::from(MANY)) < 150, "{}", scan["answered_total"]);
    let (mut hosts, pages) = joined_within::<Conversations>(&capture, &json!({}), "scans[0].answered");
    hosts.sort_by_key(|host| host.as_str().unwrap().parse::<std::net::Ipv4Addr>().unwrap());
    assert!(pages > 1 && hosts.into_iter().eq((0..MANY).map(|n| json!(address(n)))));
}

#[test]
fn beacons_go_on() {
    const MANY: u32 = 1_100;
    // Every client asks a server of its own each minute, in ten datagrams; none has a place when it comes again.
    let frames = (0..10_u64).flat_map(|minute| {
        (0..MANY).map(move |n| {
            let frame = build::udp((&address(n), 5_000), (&address(n + 0x10_0000), 9_999), b"\x00\x01\x02");
            (START + minute * 60_000_000 + u64::from(n) * 1_000, frame)
        })
    });
    let capture = build::pcap(&frames.collect::<Vec<_>>());
    assert_eq!(run(&capture, &json!({}))["beacons"], json!([]));
    let (beacons, total) = joined::<Conversations>(&capture, &json!({}), "beacons");
    let all = MANY as usize;
    assert_eq!((total, beacons.len(), different(&beacons, "client").len()), (1, all, all));
    assert!(beacons.iter().all(|beacon| beacon["contacts"] == 10 && beacon["interval_seconds"] == 60.0));
}

#[test]
fn flows_beyond_those_in_order_go_on() {
    const MANY: u64 = 5_000;
    let frame =
        |n: u64| build::udp((&address(n as u32), 1_000), ("192.168.0.1", 9_999), &vec![0; (n * 7 % 997) as usize]);
    let capture = build::pcap(&every(10, (0..MANY).map(frame)));
    let page = |offset: u64| {
        let report = run(&capture, &json!({ "page": { "offset": offset, "limit": 1_000 } }));
        assert_eq!(report["pages"][0]["total"], MANY);
        report["flows"].as_array().unwrap().clone()
    };
    let flows: Vec<Value> = (0..5).flat_map(|nth| page(nth * 1_000)).collect();
    let bytes: Vec<u64> = flows.iter().map(|flow| flow["bytes"].as_u64().unwrap_or_default()).collect();
    assert!(bytes[..4_096].is_sorted_by(|one, next| one >= next) && bytes[0] > bytes[4_095]);
    let mut ids: Vec<u64> = flows.iter().map(|flow| flow["id"].as_u64().unwrap()).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..MANY));
}

#[test]
fn ports_of_an_application_go_on() {
    let talks = (0..1_500_u16)
        .flat_map(|n| connection(("10.0.0.8", 40_000), ("10.0.0.9", 1_000 + n), b"SSH-2.0-x\r\n", b"SSH-2.0-y\r\n"));
    let capture = build::pcap(&every(100, talks));
    let application = run(&capture, &json!({}))["applications"][0].clone();
    assert_eq!((&application["application"], application["ports"].as_array().unwrap().len()), (&json!("ssh"), 5));
    let (mut ports, _) = joined_within::<Conversations>(&capture, &json!({}), "applications[0].ports");
    ports.sort_by_key(Value::as_u64);
    assert!(ports.into_iter().eq((1_000..2_500).map(Value::from)));
}

#[test]
fn times_without_packets_go_on() {
    // Behind each packet a longer time.
    let times = (0..40_u64).map(|n| START + n * n * 1_000_000);
    let frames: Vec<(u64, Vec<u8>)> =
        times.map(|time| (time, build::udp(("10.0.0.1", 1), ("10.0.0.2", 2), b"x"))).collect();
    let (gaps, total) = joined::<Conversations>(&build::pcap(&frames), &json!({ "interval": 1 }), "over_time.gaps");
    let seconds: Vec<u64> = gaps.iter().map(|gap| gap["seconds"].as_f64().unwrap() as u64).collect();
    assert_eq!(total, 38);
    assert!(seconds.into_iter().eq((1..39).rev().map(|n| 2 * n)));
}

#[test]
fn floods_and_beacons_that_may_have_made_room_are_told_as_lower_bounds() {
    let (victim, server) = ("10.9.9.9", ("203.0.113.5", 4_444));
    let later = |seconds: u64, frames: Vec<Vec<u8>>| -> Vec<(u64, Vec<u8>)> {
        every(100, frames).into_iter().map(|(time, frame)| (time + seconds * 1_000_000, frame)).collect()
    };
    let syns = |from: u32, n: u32| {
        (from..from + n).map(|n| build::tcp((&address(n), 40_000), (victim, 443), SYN, (n, 0), b""))
    };
    let datagrams = |from: u32, n: u32| {
        (0..n).map(move |n| build::udp((&address(from + n % 50), 40_000), (victim, 27_000), b"\0\x01\x02\x03"))
    };
    let others = || {
        (0..1_100_u32).flat_map(|n| {
            let (source, target) = (address(n), address(0x10_0000 + n));
            let syn = build::tcp((&source, 40_000), (&target, 443), SYN, (n, 0), b"");
            [syn, build::udp((&source, 40_000), (&target, 27_000), b"\0\x01\x02\x03")]
        })
    };
    // A flow for each contact: flows are looked at in the order in which they end.
    let contacts = |minutes: std::ops::Range<u16>| {
        minutes.flat_map(|n| {
            later(u64::from(n) * 60, vec![build::udp(("10.8.8.8", 40_000 + n), server, b"\0\x01\x02\x03")])
        })
    };
    let mut frames: Vec<(u64, Vec<u8>)> = contacts(0..12).collect();
    frames.extend(later(1_000, syns(0, 300).chain(datagrams(0, 1_500)).chain(others()).collect()));
    frames.extend(later(86_400, syns(500, 120).chain(datagrams(500, 1_100)).collect()));
    frames.extend(contacts(1_500..1_515));
    let report = run(&build::pcap(&frames), &json!({}));
    is_at_least(&report, "flow_syn_flood", "10.9.9.9:443", "incomplete", 120);
    is_at_least(&report, "flow_udp_flood", victim, "datagrams", 1_100);
    is_at_least(&report, "flow_beacon", "10.8.8.8 to 203.0.113.5:4444", "contacts", 15);
}
