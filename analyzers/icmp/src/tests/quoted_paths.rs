//! Traceroutes whose probes are not in the capture.

use mcpcap_analyzer::harness::build;
use serde_json::{Value, json};

use super::build::{echo, every, hops, icmp, packet};
use super::report;

/// Source, destination, and a router's address by number.
type Net = (&'static str, &'static str, fn(u16) -> String);

const NETS: [Net; 2] = [
    ("192.0.2.1", "203.0.113.9", |n| format!("198.51.100.{n}")),
    ("2001:db8::1", "2001:db8:9::9", |n| format!("2001:db8:5::{n}")),
];

fn exceeded(router: &str, source: &str, probe: &[u8]) -> Vec<u8> {
    let (kind, quote) = if source.contains(':') { (3, 48) } else { (11, 28) };
    icmp(router, source, kind, 0, &[&[0; 4], &packet(&hops(probe.to_vec(), 1))[..quote]].concat())
}

fn closed(target: &str, source: &str, probe: &[u8]) -> Vec<u8> {
    let (kind, code, quote) = if source.contains(':') { (1, 4, 48) } else { (3, 3, 28) };
    icmp(target, source, kind, code, &[&[0; 4], &packet(&hops(probe.to_vec(), 1))[..quote]].concat())
}

/// Hop numbers and addresses of the only path.
fn path(report: &Value) -> Vec<(u64, String)> {
    let paths = report["statistics"]["paths"].as_array().unwrap();
    assert_eq!((paths.len(), &report["statistics"]["paths_total"]), (1, &1.into()), "{paths:?}");
    let hops = paths[0]["hops"].as_array().unwrap().iter();
    hops.map(|hop| (hop["hop"].as_u64().unwrap(), hop["addresses"][0].as_str().unwrap().to_owned())).collect()
}

#[test]
fn udp_ports_give_the_hops_with_silent_ones_between() {
    for (source, target, router) in NETS {
        let probe = |number: u16| build::udp((source, 50_000 + number * 7), (target, 33_434 + number), b"0123456789ab");
        // Three probes for each hop; hop 3 is silent; the answers are not in order.
        let mut frames: Vec<Vec<u8>> =
            [4, 0, 5, 1, 3, 2, 10, 9].map(|n| exceeded(&router(n / 3 + 1), source, &probe(n))).to_vec();
        frames.extend((12..18).map(|n| closed(target, source, &probe(n))));
        let report = report(&every(1000, frames));
        let expected = [(1, router(1)), (2, router(2)), (4, router(4)), (5, target.to_owned())];
        assert_eq!(path(&report), expected);
        let path = &report["statistics"]["paths"][0];
        assert_eq!((&path["protocol"], &path["reached"]), (&"UDP".into(), &true.into()));
        assert_eq!(path["derived"]["ordered_by"], "destination port");
        assert_eq!(path["derived"]["probes_for_hop"], 3);
        assert_eq!(path["hops"][0]["frames"], json!([2, 4, 6]));
        assert_eq!(path["hops"][3]["end"], "port unreachable");
        let uncertain = path["derived"]["uncertain"].to_string();
        assert!(uncertain.contains("is in the capture") && uncertain.contains("33434"), "{uncertain}");
    }
}

#[test]
fn one_router_and_the_destination_are_a_path() {
    for (source, target, router) in NETS {
        let probe = |number: u16| build::udp((source, 50_000), (target, 33_434 + number), b"0123456789ab");
        let frames = [exceeded(&router(1), source, &probe(0)), closed(target, source, &probe(3))];
        for frames in [frames.to_vec(), frames.into_iter().rev().collect()] {
            assert_eq!(path(&report(&every(1000, frames))), [(1, router(1)), (2, target.to_owned())]);
        }
    }
}

#[test]
fn probes_with_equal_ports_are_ordered_by_identification() {
    let (source, target, router) = NETS[0];
    let probe = |number: u8| {
        let mut frame = build::udp((source, 50_000), (target, 33_434), b"0123456789ab");
        frame[18..20].copy_from_slice(&[7, number]);
        frame
    };
    let frames = [3, 1, 2].map(|n| exceeded(&router(n), source, &probe(n as u8)));
    let report = report(&every(1000, frames));
    assert_eq!(path(&report), [(1, router(1)), (2, router(2)), (3, router(3))]);
    assert_eq!(report["statistics"]["paths"][0]["derived"]["ordered_by"], "identification");
}

#[test]
fn one_probe_for_each_hop_is_seen_from_the_ports() {
    let (source, target, router) = NETS[0];
    let probe = |number: u16| build::udp((source, 40_000), (target, 33_434 + number), b"x");
    let frames = (0..5).map(|n| exceeded(&router(n + 1), source, &probe(n)));
    let report = report(&every(1000, frames));
    assert_eq!(path(&report), (1..=5_u16).map(|n| (n.into(), router(n))).collect::<Vec<_>>());
    assert_eq!(report["statistics"]["paths"][0]["derived"]["probes_for_hop"], 1);
    assert_eq!(report["statistics"]["paths"][0]["reached"], false);
}

#[test]
fn echo_probes_are_ordered_by_sequence_number() {
    for (source, target, router) in NETS {
        // Sequence numbers come round after 65535.
        let probe = |number: u16| echo(source, target, false, (77, 65_533_u16.wrapping_add(number)), b"abcd");
        let mut frames: Vec<Vec<u8>> =
            [3, 4, 5, 0, 1, 2].map(|n| exceeded(&router(n / 3 + 1), source, &probe(n))).to_vec();
        frames.push(echo(target, source, true, (77, 3), b"abcd"));
        let report = report(&every(1000, frames));
        assert_eq!(path(&report), [(1, router(1)), (2, router(2)), (3, target.to_owned())]);
        let path = &report["statistics"]["paths"][0];
        assert_eq!((&path["derived"]["ordered_by"], &path["reached"]), (&"sequence number".into(), &true.into()));
        assert_eq!(path["hops"][2]["end"], "echo reply");
        assert!(path["derived"]["uncertain"].to_string().contains("silent hops are not seen"));
    }
}

#[test]
fn tcp_probes_are_ordered_by_source_port() {
    for (source, target, router) in NETS {
        let probe = |number: u16| build::tcp((source, 41_000 + number), (target, 443), 0x02, (1, 0), b"");
        let mut frames: Vec<Vec<u8>> = [1, 0, 2].map(|n| exceeded(&router(n + 1), source, &probe(n))).to_vec();
        frames.push(build::tcp((target, 443), (source, 41_003), 0x12, (1, 2), b""));
        let report = report(&every(1000, frames));
        assert_eq!(path(&report), [(1, router(1)), (2, router(2)), (3, router(3)), (4, target.to_owned())]);
        let path = &report["statistics"]["paths"][0];
        assert_eq!((&path["derived"]["ordered_by"], &path["protocol"]), (&"source port".into(), &"TCP".into()));
        assert_eq!(path["hops"][3]["end"], "TCP answer");
    }
}

#[test]
fn rounds_of_one_program_are_one_path() {
    let (source, target, router) = NETS[0];
    let probe = |number: u16| echo(source, target, false, (77, 100 + number), b"abcd");
    let frames = (0..9).map(|n| exceeded(&router(n % 3 + 1), source, &probe(n)));
    let report = report(&every(1000, frames));
    assert_eq!(path(&report), [(1, router(1)), (2, router(2)), (3, router(3))]);
    let path = &report["statistics"]["paths"][0];
    assert_eq!(path["hops"][0]["frames"], json!([1, 4, 7]));
    assert!(path["derived"]["uncertain"].to_string().contains("several rounds"));
}

#[test]
fn captured_probes_go_before_quotes_and_one_router_is_no_path() {
    let (source, target, router) = NETS[0];
    let probe = |number: u16| hops(build::udp((source, 40_000), (target, 33_434 + number), b"x"), number as u8 + 1);
    let (captured, other) = (probe(0), probe(1));
    let frames = [captured.clone(), exceeded(&router(1), source, &captured), exceeded(&router(2), source, &other)];
    let report = report(&every(1000, frames));
    assert!(report["statistics"]["paths"][0].get("derived").is_none());
    assert_eq!(path(&report), [(1, router(1))]);
    let alone = super::report(&every(1000, (0..3).map(|n| exceeded(&router(1), source, &probe(n)))));
    assert_eq!(alone["statistics"]["paths"], json!([]));
    // Two routers report the same packet: nothing tells in which order they stand.
    let same = super::report(&every(1000, (1..3).map(|n| exceeded(&router(n), source, &probe(0)))));
    assert_eq!(same["statistics"]["paths"], json!([]));
}

#[test]
fn missing_sequence_numbers_are_gaps_where_they_tell_the_hop() {
    for (source, target, router) in NETS {
        let probe = |number: u16| echo(source, target, false, (77, number), b"abcd");
        let run = |answers: &[(u16, u8)], last: u16| {
            let mut frames: Vec<_> =
                answers.iter().map(|(number, hop)| exceeded(&router((*hop).into()), source, &probe(*number))).collect();
            frames.push(echo(target, source, true, (77, last), b"abcd"));
            report(&every(1000, frames))
        };
        let places = |report: &Value| path(report).into_iter().map(|(hop, _)| hop).collect::<Vec<_>>();
        // One probe for each hop, and two.
        let single = run(&[(1, 1), (2, 2), (3, 3), (5, 5), (6, 6)], 7);
        assert_eq!(places(&single), [1, 2, 3, 5, 6, 7]);
        let derived = &single["statistics"]["paths"][0]["derived"];
        assert_eq!(derived["probes_for_hop"], 1);
        assert!(derived["uncertain"].to_string().contains("gaps where sequence numbers are missing"));
        let double = run(&[(401, 1), (402, 1), (403, 2), (404, 2), (407, 4), (408, 4)], 409);
        assert_eq!(places(&double), [1, 2, 4, 5]);
        // Two answers far apart: nobody knows how many probes a hop got.
        assert_eq!(places(&run(&[(1, 1), (9, 2)], 17)), [1, 2, 3]);
    }
}
