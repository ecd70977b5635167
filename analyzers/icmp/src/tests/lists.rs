//! The lists that are cut, and their pages.

use mcpcap_analyzer::harness::lists::{at, joined, joined_within, pages_are_whole, told};
use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::build::{echo, every, hops, icmp, packet};
use super::run;
use crate::tool::IcmpPackets;

/// 110 hosts that answer echoes, of which 30 are the ends of a tunnel, of a path, and of errors; 30 each of neighbours, routers and groups;
/// 25 that ask for the time.
fn crowded() -> Vec<u8> {
    const ASKING: &str = "192.0.2.1";
    const ROUTER: &str = "192.0.2.9";
    let target = |n: u16| format!("198.51.100.{n}");
    let v6 = |prefix: &str, n: u16| format!("{prefix}::{n:x}");
    let octets = |text: String| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    let pings = (1..=110).flat_map(|n| {
        [
            echo(ASKING, &target(n), false, (1, n), b"x"), //
            echo(&target(n), ASKING, true, (1, n), b"x"),
        ]
    });
    let errors = (1..=30).flat_map(|n| {
        let sent = build::udp((ASKING, 4000), (&target(n), 53), b"");
        let probe = hops(build::udp((ASKING, 4000), (&target(n), 33_434), b""), 1);
        let about = |kind: u8, code: u8, rest: [u8; 4], frame: &[u8]| {
            icmp(ROUTER, ASKING, kind, code, &[&rest, &packet(frame)[..28]].concat())
        };
        [
            about(3, 1, [0; 4], &sent),
            about(3, 4, [0, 0, 5, 0], &sent),
            about(5, 1, [192, 0, 2, 7], &sent),
            probe.clone(),
            about(11, 0, [0; 4], &probe),
        ]
    });
    let tunnels = (1..=30).flat_map(|n| {
        let within = build::udp(("10.0.0.1", 1), ("10.0.0.2", 53), b"q");
        (0..3).map(move |sequence| echo(ASKING, &format!("198.51.100.{n}"), false, (2, sequence), packet(&within)))
    });
    let links = (1..=30).flat_map(|n| {
        let solicited = [&[0; 4][..], &octets(v6("2001:db8", n))].concat();
        let group = [&[0; 4][..], &octets(v6("ff05", n))].concat();
        [
            icmp("fe80::1", "ff02::1", 135, 0, &solicited),
            icmp(&v6("fe80", n), "ff02::1", 134, 0, &[64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]),
            icmp("fe80::1", "ff02::2", 131, 0, &group),
        ]
    });
    let questions = (1..=25).map(|n| icmp(&format!("203.0.113.{n}"), ROUTER, 13, 0, &[0; 16]));
    harness::build::pcap(&every(1000, pings.chain(errors).chain(tunnels).chain(links).chain(questions)))
}

#[test]
fn pages_of_each_cut_list_joined_are_all_of_it_once() {
    pages_are_whole::<IcmpPackets>(&crowded(), &json!({}));
}

#[test]
fn lists_state_their_totals() {
    let report = run(&crowded(), &json!({}));
    let statistics = &report["statistics"];
    let neighbours = &statistics["neighbour_discovery"];
    // Sources: 110 targets, who asks, a router, 30 routers of IPv6 (of which one solicits), 25 that ask for the time.
    for (list, listed, said, total) in [
        ("unique_sources", 100, &statistics["unique_sources_count"], 167),
        ("unique_destinations", 100, &statistics["unique_destinations_count"], 114),
        ("echo_pairs", 20, &statistics["echo_pairs_total"], 110),
        ("tunnels", 20, &statistics["tunnels_total"], 30),
        ("unreachable_destinations", 20, &statistics["unreachable_destinations_total"], 30),
        ("paths", 20, &statistics["paths_total"], 30),
        ("path_mtus", 20, &statistics["path_mtus_total"], 30),
        ("redirects", 20, &statistics["redirects_total"], 30),
        ("neighbour_discovery.neighbours", 20, &neighbours["neighbours_total"], 30),
        ("neighbour_discovery.routers", 20, &neighbours["routers_total"], 30),
        ("neighbour_discovery.multicast_groups", 20, &neighbours["multicast_groups_total"], 30),
    ] {
        let path = format!("statistics.{list}");
        assert_eq!((at(&report, &path).len(), said), (listed, &total.into()), "{list}");
        assert_eq!(told(&report, &path).unwrap()[0], total, "{list}");
    }
    // 30 tunnels, 30 redirects, 25 questions, a sweep of hosts and one of neighbours; 20 of each rule come first.
    assert_eq!((at(&report, "findings").len(), &report["findings_total"]), (62, &87.into()));
    assert_eq!(told(&report, "findings").unwrap()[0], 87);
}

#[test]
fn addresses_go_on() {
    let source = |n: u32| std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
    let from = |n: u32| icmp(&source(n), &source(60_000 + n), 8, 0, &[0; 4]);
    let capture = build::pcap(&every(10, (0..7_000).chain(0..2_000).map(from)));
    for (list, first) in [("statistics.unique_sources", 0), ("statistics.unique_destinations", 60_000)] {
        let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), list);
        assert!(total.abs_diff(7_000) < 200, "{total}");
        // The first ones as they came.
        assert!(
            joined[..4_096].iter().eq((first..first + 4_096).map(source).map(Value::from).collect::<Vec<_>>().iter())
        );
        let mut different: Vec<_> = joined.iter().map(Value::to_string).collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!((joined.len(), different.len()), (7_000, 7_000));
    }
}

#[test]
fn groups_beyond_those_that_are_ranked_go_on() {
    let group = |n: u32| std::net::Ipv6Addr::from((0xff05_u128 << 112) + u128::from(n));
    let report = |n: u32| icmp("fe80::1", "ff02::2", 131, 0, &[&[0; 4][..], &group(n).octets()].concat());
    let capture = build::pcap(&every(10, (0..2_600).map(report)));
    let list = "statistics.neighbour_discovery.multicast_groups";
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), list);
    let mut groups: Vec<std::net::Ipv6Addr> =
        joined.iter().map(|entry| entry["group"].as_str().unwrap().parse().unwrap()).collect();
    groups.sort_unstable();
    assert!(total == 2_600 && groups.into_iter().eq((0..2_600).map(group)), "{total}");
}

#[test]
fn pairs_that_made_room_are_on_further_pages() {
    const MANY: u16 = 1_600;
    let target = |n: u16| format!("10.0.{}.{}", n / 250, n % 250 + 1);
    let ping = |n: u16| {
        [
            echo("192.0.2.1", &target(n), false, (1, n), b"x"), //
            echo(&target(n), "192.0.2.1", true, (1, n), b"x"),
        ]
    };
    let capture = build::pcap(&every(1000, (0..MANY).chain(0..10).flat_map(ping)));
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), "statistics.echo_pairs");
    let mut targets: Vec<String> = joined.iter().map(|entry| entry["target"].to_string()).collect();
    targets.sort_unstable();
    targets.dedup();
    assert_eq!((total, joined.len(), targets.len()), (u64::from(MANY), MANY.into(), MANY.into()));
    // Those that were asked again came last.
    let is_one =
        |pair: &Value| [&pair["requests"], &pair["replies"], &pair["answered"]].iter().all(|count| **count == 1);
    assert!(joined[1_024..].iter().all(is_one));
}

#[test]
fn neighbours_that_made_room_are_on_further_pages() {
    let target = |n: u32| std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(n));
    let solicit = |n: u32| icmp("fe80::1", "ff02::1", 135, 0, &[&[0; 4][..], &target(n).octets()].concat());
    let capture = build::pcap(&every(10, (0..2_600).chain(0..10).map(solicit)));
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), "statistics.neighbour_discovery.neighbours");
    let mut targets: Vec<std::net::Ipv6Addr> =
        joined.iter().map(|entry| entry["address"].as_str().unwrap().parse().unwrap()).collect();
    targets.sort_unstable();
    assert!(total == 2_600 && targets.into_iter().eq((0..2_600).map(target)), "{total}");
    assert!(joined[2_048..].iter().all(|entry| entry["solicited"] == 1));
}

#[test]
fn routers_that_made_room_are_on_further_pages() {
    let router = |n: u32| std::net::Ipv6Addr::from((0xfe80_u128 << 112) + u128::from(n) + 1);
    let advertise = |n: u32| icmp(&router(n).to_string(), "ff02::1", 134, 0, &[64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    let capture = build::pcap(&every(10, (0..2_600).chain(0..10).map(advertise)));
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), "statistics.neighbour_discovery.routers");
    let mut routers: Vec<std::net::Ipv6Addr> =
        joined.iter().map(|entry| entry["address"].as_str().unwrap().parse().unwrap()).collect();
    routers.sort_unstable();
    assert!(total == 2_600 && routers.into_iter().eq((0..2_600).map(router)), "{total}");
    assert!(joined[2_048..].iter().all(|entry| entry["advertisements"] == 1 && entry["lifetime_seconds"] == 1_800));
}

#[test]
fn errors_that_made_room_are_on_further_pages() {
    const MANY: u16 = 2_600;
    let target = |n: u16| format!("10.0.{}.{}", n / 250, n % 250 + 1);
    let about = |n: u16| {
        let sent = build::udp(("192.0.2.1", 4000), (&target(n), 53), b"");
        let error = |kind: u8, code: u8, rest: [u8; 4]| {
            icmp("192.0.2.9", "192.0.2.1", kind, code, &[&rest, &packet(&sent)[..28]].concat())
        };
        [error(3, 1, [0; 4]), error(3, 4, [0, 0, 5, 0]), error(5, 1, [192, 0, 2, 7])]
    };
    let capture = build::pcap(&every(10, (0..MANY).flat_map(about)));
    for list in ["statistics.unreachable_destinations", "statistics.path_mtus", "statistics.redirects"] {
        let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), list);
        let mut targets: Vec<String> = joined.iter().map(|entry| entry["destination"].to_string()).collect();
        targets.sort_unstable();
        targets.dedup();
        let many = usize::from(MANY);
        assert_eq!((total, joined.len(), targets.len()), (u64::from(MANY), many, many), "{list}");
        assert!(joined.iter().all(|entry| entry["count"] == 1), "{list}");
    }
}

#[test]
fn paths_go_on() {
    const MANY: u16 = 700;
    let target = |n: u16| format!("10.1.{}.{}", n / 250, n % 250 + 1);
    let error = |from: &str, to: &str, (kind, code): (u8, u8), probe: &[u8]| {
        icmp(from, to, kind, code, &[&[0; 4], &packet(probe)[..28]].concat())
    };
    // One whose probes were captured, with a silent hop, and one from quotes alone.
    let traced = |n: u16| {
        let (source, target) = ("192.0.2.1", target(n));
        let probe = |limit: u8| hops(build::udp((source, 40_000), (&target, 33_433 + u16::from(limit)), b"x"), limit);
        let (first, last) = (probe(1), probe(3));
        let answers = [error("198.51.100.1", source, (11, 0), &first), error(&target, source, (3, 3), &last)];
        let [of_first, of_last] = answers;
        [first, of_first, probe(2), last, of_last]
    };
    let quoted = |n: u16| {
        let (source, target) = ("192.0.2.2", target(n));
        [(33_434, "198.51.100.1"), (33_435, "198.51.100.2"), (33_436, "198.51.100.3")].map(|(port, router)| {
            error(router, source, (11, 0), &hops(build::udp((source, 40_000), (&target, port), b"x"), 1))
        })
    };
    let capture = build::pcap(&every(1000, (0..MANY).flat_map(|n| traced(n).into_iter().chain(quoted(n)))));
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), "statistics.paths");
    assert!(total > 512 && total <= 2 * u64::from(MANY), "{total}");
    for (source, expected) in
        [("192.0.2.1", vec![(1, 1, 1), (2, 0, 1), (3, 1, 1)]), ("192.0.2.2", vec![(1, 1, 1), (2, 1, 1), (3, 1, 1)])]
    {
        let of: Vec<&Value> = joined.iter().filter(|path| path["source"] == source).collect();
        let mut targets: Vec<&str> = of.iter().map(|path| path["destination"].as_str().unwrap()).collect();
        targets.sort_unstable();
        targets.dedup();
        assert_eq!((of.len(), targets.len()), (usize::from(MANY), usize::from(MANY)), "{source}");
        for path in of {
            let number = |hop: &Value, name: &str| hop[name].as_u64().unwrap();
            let hops = path["hops"].as_array().unwrap().iter();
            let hops: Vec<_> =
                hops.map(|hop| (number(hop, "hop"), number(hop, "answered"), number(hop, "probes"))).collect();
            assert_eq!(hops, expected, "{path}");
            assert_eq!(
                (path["reached"] == true, path["derived"].is_null()),
                (source == "192.0.2.1", source == "192.0.2.1")
            );
        }
    }
}

#[test]
fn tunnels_go_on() {
    const MANY: u16 = 1_600;
    let carried = packet(&build::udp(("10.0.0.1", 1), ("10.0.0.2", 53), b"q")).to_vec();
    let target = |n: u16| format!("10.1.{}.{}", n / 250, n % 250 + 1);
    let ping = |round: u16, n: u16| echo("192.0.2.1", &target(n), false, (n, round), &carried);
    // Each pair made room before its next packet came, but for the last ones, which stay; and some that carry too little.
    let rounds = (0..3).flat_map(|round| (0..MANY).map(move |n| (round, n)));
    let last = (0..3).flat_map(|round| (MANY..MANY + 10).map(move |n| (round, n)));
    let little = (0..2).flat_map(|round| (MANY + 10..MANY + 20).map(move |n| (round, n)));
    let capture = build::pcap(&every(10, rounds.chain(last).chain(little).map(|(round, n)| ping(round, n))));
    let report = run(&capture, &json!({}));
    assert_eq!((at(&report, "statistics.tunnels").len(), &report["statistics"]["tunnels_total"]), (10, &10.into()));
    let (joined, total) = joined::<IcmpPackets>(&capture, &json!({}), "statistics.tunnels");
    let mut targets: Vec<String> = joined.iter().map(|tunnel| tunnel["target"].to_string()).collect();
    targets.sort_unstable();
    targets.dedup();
    assert_eq!((total, joined.len(), targets.len()), (11, 1_610, 1_610));
    assert!(joined.iter().all(|tunnel| tunnel["packets"] == 3 && tunnel["flows"][0]["packets"] == 3));
}

/// Identifiers of one pair, ports of one destination and addresses of one hop, in both versions of IP.
#[test]
fn lists_within_entries_are_whole_up_to_a_thousand_values() {
    for (a, b) in [("192.0.2.1", "203.0.113.9"), ("2001:db8::1", "2001:db8:9::9")] {
        let six = a.contains(':');
        let (unreachable, exceeded, quoted) = if six { ((1, 4), 3, 48) } else { ((3, 3), 11, 28) };
        let error = |from: &str, kind: u8, code: u8, probe: &[u8]| {
            icmp(from, a, kind, code, &[&[0; 4], &packet(probe)[..quoted]].concat())
        };
        let router = |n: u32| if six { format!("2001:db8:5::{n:x}") } else { format!("10.0.{}.{}", n >> 8, n & 255) };
        for (many, kept) in [(200_u16, 200), (1100, 1024)] {
            let mut frames: Vec<Vec<u8>> = (0..many).map(|n| echo(a, b, false, (n, 1), b"x")).collect();
            for n in 0..many {
                let refused = build::udp((a, 4000), (b, 10_000 + n), b"");
                frames.push(error(b, unreachable.0, unreachable.1, &refused));
                let probe = hops(build::udp((a, 5000 + n), (b, 33_435), b""), 2);
                let answer = error(&router(n.into()), exceeded, 0, &probe);
                frames.extend([probe, answer]);
            }
            let report = super::report(&every(100, frames));
            let statistics = &report["statistics"];
            let length = |list: &Value| list.as_array().unwrap().len();
            let lists = [
                (&statistics["echo_pairs"][0], "identifiers"),
                (&statistics["unreachable_destinations"][0], "ports"),
                (&statistics["paths"][0]["hops"][0], "addresses"),
            ];
            for (entry, name) in lists {
                assert_eq!(length(&entry[name]), kept, "{name}");
                let (total, is_estimate) =
                    (&entry[format!("{name}_total")], &entry[format!("{name}_total_is_estimate")]);
                if many == 200 {
                    assert_eq!((total, is_estimate), (&200.into(), &Value::Null), "{name}");
                } else {
                    assert_eq!(is_estimate, true, "{name}");
                    assert!(total.as_u64().unwrap().abs_diff(many.into()) < 100, "{name}: {total}");
                }
            }
        }
    }
}

#[test]
fn lists_within_entries_go_on() {
    const ASKING: &str = "192.0.2.1";
    // Many ports of one host are closed, many routers answer for one hop, and many identifiers ask one host.
    let closed = (1..=3_100_u16).map(|port| {
        let sent = build::udp((ASKING, 4000), ("198.51.100.1", port), b"");
        icmp("198.51.100.1", ASKING, 3, 3, &[&[0; 4][..], &packet(&sent)[..28]].concat())
    });
    let router = |n: u16| format!("10.0.{}.{}", n >> 8, n & 255);
    let hop = (0..3_100_u16).flat_map(|n| {
        let probe = hops(build::udp((ASKING, n), ("198.51.100.2", 33_434), b""), 1);
        let answer = icmp(&router(n), ASKING, 11, 0, &[&[0; 4], &packet(&probe)[..28]].concat());
        [probe, answer]
    });
    let asked = (0..3_100).map(|n| echo(ASKING, "198.51.100.3", false, (n, 1), b"x"));
    let capture = harness::build::pcap(&every(1000, closed.chain(hop).chain(asked)));
    let joined = |name: &str| {
        let (mut values, pages) = joined_within::<IcmpPackets>(&capture, &json!({}), name);
        assert_eq!(pages, 4, "{name}");
        if !name.ends_with("frames") {
            values.sort_by_key(|value| value.as_u64());
        }
        values
    };
    let numbers = |numbers: std::ops::RangeInclusive<u64>| numbers.map(Value::from).collect::<Vec<_>>();
    assert!(joined("statistics.unreachable_destinations[0].ports") == numbers(1..=3_100));
    assert!(joined("statistics.unreachable_destinations[0].frames") == numbers(1..=3_100));
    assert!(joined("statistics.echo_pairs[0].identifiers") == numbers(0..=3_099));
    let mut addresses = joined("statistics.paths[0].hops[0].addresses");
    let mut expected: Vec<Value> = (0..3_100).map(|n| router(n).into()).collect();
    for list in [&mut addresses, &mut expected] {
        list.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    assert!(addresses == expected);
}
