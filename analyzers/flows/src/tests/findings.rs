//! What an analyst would want to be told.

use mcpcap_analyzer::harness::build;
use serde_json::{Value, json};

use super::build::{ACK, RST, START, SYN, arp, bits, connection, every, icmp};
use super::{file, report, run};

const SCANNER: &str = "10.0.0.66";
const VICTIM: &str = "10.0.0.5";

/// The findings of a rule.
fn of<'a>(report: &'a Value, rule: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["rule"] == rule).collect()
}

fn measure(finding: &Value, name: &str) -> f64 {
    let found = finding["measures"].as_array().unwrap().iter().find(|measure| measure["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {finding}"))["value"].as_f64().unwrap()
}

/// The rules of the findings, but for those about the addresses of examples and clear text.
fn rules(report: &Value) -> Vec<&str> {
    let rules = report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap());
    rules.filter(|rule| !["flow_reserved_address", "flow_clear_text"].contains(rule)).collect()
}

/// Probes of ports 1 to 100; 22 and 80 are open, up to 60 closed, and the rest filtered. How the scanner goes on at an open port.
fn port_scan(open: impl Fn(u16) -> Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    for port in 1..=100_u16 {
        let (scanner, victim) = ((SCANNER, 40_000), (VICTIM, port));
        frames.push(build::tcp(scanner, victim, SYN, (1000, 0), b""));
        match port {
            22 | 80 => {
                frames.push(build::tcp(victim, scanner, SYN | ACK, (5000, 1001), b""));
                frames.extend(open(port));
            }
            1..=60 => frames.push(build::tcp(victim, scanner, RST | ACK, (0, 1001), b"")),
            _ => {}
        }
    }
    frames
}

#[test]
fn a_port_scan_lists_open_closed_and_filtered_ports() {
    for method in ["syn", "connect"] {
        let report = report(&every(
            100,
            port_scan(|port| {
                let flags = if method == "syn" { RST } else { ACK };
                vec![build::tcp((SCANNER, 40_000), (VICTIM, port), flags, (1001, 5001), b"")]
            }),
        ));
        assert_eq!(rules(&report), ["flow_port_scan"]);
        let scan = &report["scans"][0];
        assert_eq!(
            (&scan["kind"], &scan["method"], &scan["source"], &scan["target"], &scan["probes"]),
            (&json!("vertical"), &json!(method), &json!(SCANNER), &json!(VICTIM), &json!(100))
        );
        assert_eq!(
            (&scan["open"], &scan["closed"], &scan["filtered"]),
            (&json!("22,80"), &json!("1-21,23-60"), &json!("61-79,81-100"))
        );
        assert_eq!((&scan["open_total"], &scan["ports_left_out"]), (&json!(2), &Value::Null));
        let finding = of(&report, "flow_port_scan")[0];
        assert_eq!(
            finding["observation"],
            format!("{SCANNER} tried 100 ports of {VICTIM} ({method} scan): 2 open, 59 closed, 39 filtered: 22,80.")
        );
        assert_eq!((measure(finding, "closed"), finding["frames"][0].as_u64()), (59.0, Some(1)));
    }
}

#[test]
fn scans_without_a_syn_are_told_apart() {
    for (flags, method) in [(0, "null"), (0x01, "fin"), (0x29, "xmas"), (0x11, "maimon"), (0x10, "ack")] {
        let frames = (1..=30).flat_map(|port| {
            let answer = (port <= 20).then(|| build::tcp((VICTIM, port), (SCANNER, 40_000), RST, (0, 0), b""));
            [bits((SCANNER, 40_000), (VICTIM, port), flags)].into_iter().chain(answer)
        });
        let report = report(&every(100, frames));
        let scan = &report["scans"][0];
        assert_eq!(
            (&scan["method"], &scan["closed"], &scan["filtered"]),
            (&json!(method), &json!("1-20"), &json!("21-30"))
        );
    }
}

#[test]
fn a_udp_scan_knows_closed_ports_by_icmp() {
    let frames = (1..=40_u16).flat_map(|port| {
        let probe = build::udp((SCANNER, 40_000), (VICTIM, port), b"");
        let answer = match port {
            7 => Some(build::udp((VICTIM, port), (SCANNER, 40_000), b"hello")),
            8..=30 => Some(icmp(VICTIM, SCANNER, 3, 3, &[&[0; 4], &probe[14..42]].concat())),
            _ => None,
        };
        [probe].into_iter().chain(answer)
    });
    let report = report(&every(100, frames));
    let scan = &report["scans"][0];
    assert_eq!((&scan["method"], &scan["open"]), (&json!("udp"), &json!("7")));
    assert_eq!((&scan["closed"], &scan["filtered"]), (&json!("8-30"), &json!("1-6,31-40")));
    assert_eq!(rules(&report), ["flow_port_scan"]);
}

#[test]
fn who_uses_many_ports_is_no_scanner() {
    // Each connection says something; and a server's answers to many ports are none either.
    let used =
        (1..=40_u16).flat_map(|port| connection(("10.0.0.7", 50_000 + port), (VICTIM, 30_000 + port), b"abc", b"d"));
    let answers = (1..=40_u16).map(|port| build::udp(("10.0.0.53", 53), ("10.0.0.9", 20_000 + port), b"xyz"));
    let report = report(&every(100, used.chain(answers)));
    assert_eq!((rules(&report), &report["scans"]), (Vec::new(), &json!([])));
}

#[test]
fn sweeps_are_found_by_each_way() {
    let host = |n: u8| format!("10.0.1.{n}");
    let tcp = (1..=12).map(|n| build::tcp((SCANNER, 40_000), (&host(n), 445), SYN, (1000, 0), b""));
    let udp = (1..=12).map(|n| build::udp((SCANNER, 40_000), (&host(n), 161), b"x"));
    let pings = (1..=20).map(|n| icmp(SCANNER, &host(n), 8, 0, &[0, 1, 0, 1]));
    let asks = (1..=25).map(|n| arp([10, 0, 0, 66], [10, 0, 1, n], false));
    let neighbours = (1..=25).map(|n| icmp("fe80::66", &format!("ff02::1:ff00:{n:x}"), 135, 0, &[0; 20]));
    let all: Vec<Vec<u8>> = tcp.chain(udp).chain(pings).chain(asks).chain(neighbours).collect();
    let report = report(&every(1000, all));
    let mut found: Vec<(&str, &str, u64)> = report["scans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scan| {
            assert_eq!(scan["kind"], "horizontal");
            (scan["service"].as_str().unwrap(), scan["method"].as_str().unwrap(), scan["hosts"].as_u64().unwrap())
        })
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("arp", "arp", 25),
            ("neighbour discovery", "neighbour", 25),
            ("ping", "ping", 20),
            ("tcp port 445", "syn", 12),
            ("udp port 161", "udp", 12),
        ]
    );
    assert_eq!(rules(&report), ["flow_host_sweep"; 5]);
}

#[test]
fn answers_speak_against_a_sweep_as_threshold_random_walk_has_it() {
    let host = |n: u8| format!("10.0.1.{n}");
    // 8 silent hosts; with so many that answer.
    let sweep = |answering: u8| {
        let silent = (1..=8).map(|n| build::tcp((SCANNER, 40_000), (&host(n), 80), SYN, (1000, 0), b""));
        let fine = (101..101 + answering).flat_map(|n| {
            connection((SCANNER, 40_000), (&host(n), 80), b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
        });
        report(&every(1000, silent.chain(fine)))["scans"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((sweep(0), sweep(4), sweep(5)), (1, 1, 0));
}

#[test]
fn a_host_that_answered_at_another_time_counts_as_one_that_answered() {
    let host = |n: u8| format!("10.0.1.{n}");
    let silent = (1..=12).map(|n| build::tcp((SCANNER, 40_000), (&host(n), 80), SYN, (1000, 0), b""));
    let later = connection((SCANNER, 40_001), (&host(3), 80), b"", b"");
    let report = report(&every(1000, silent.chain(later)));
    let finding = of(&report, "flow_host_sweep")[0];
    assert_eq!(finding["observation"], format!("{SCANNER} tried 12 hosts by tcp port 80 (connect scan); 1 answered."));
    assert_eq!((measure(finding, "failed"), measure(finding, "answered")), (12.0, 1.0));
    assert_eq!(
        (&report["scans"][0]["answered"], &report["scans"][0]["answered_total"]),
        (&json!([host(3)]), &json!(1))
    );
}

#[test]
fn scans_of_many_ports_at_many_hosts_are_one_block() {
    let frames = (1..=4_u8).flat_map(|n| {
        (1..=20).map(move |port| build::tcp((SCANNER, 40_000), (&format!("10.0.2.{n}"), port), SYN, (1000, 0), b""))
    });
    let report = report(&every(100, frames));
    assert_eq!(rules(&report), ["flow_block_scan"]);
    let finding = of(&report, "flow_block_scan")[0];
    assert_eq!(finding["observation"], format!("{SCANNER} tried 20 ports of 4 hosts."));
    assert_eq!((finding["frames_total"].as_u64(), report["scans"].as_array().unwrap().len()), (Some(80), 4));
}

#[test]
fn a_probe_that_is_part_of_a_scan_and_of_a_sweep_is_one_frame() {
    for hosts in [("10.0.2.", SCANNER), ("2001:db8:2::", "2001:db8::66")] {
        let frames = (1..=10_u8).flat_map(|n| {
            let target = format!("{}{n}", hosts.0);
            (1..=20).map(move |port| build::tcp((hosts.1, 40_000), (&target, port), SYN, (1000, 0), b""))
        });
        let report = report(&every(100, frames));
        let finding = of(&report, "flow_block_scan")[0];
        assert_eq!(finding["observation"], format!("{} tried 20 ports of 10 hosts.", hosts.1));
        assert_eq!((measure(finding, "port_scans"), measure(finding, "host_sweeps")), (10.0, 20.0));
        let frames = finding["frames"].as_array().unwrap().len();
        assert_eq!((frames, finding["frames_total"].as_u64()), (200, Some(200)));
    }
}

#[test]
fn floods_are_told() {
    let syns = (0..150_u32).map(|n| {
        let source = std::net::Ipv4Addr::from(0x0b00_0000 + n * 7).to_string();
        build::tcp((&source, 40_000), (VICTIM, 443), SYN, (n, 0), b"")
    });
    let flooded = report(&every(1000, syns));
    assert_eq!(rules(&flooded), ["flow_syn_flood"]);
    assert_eq!(measure(of(&flooded, "flow_syn_flood")[0], "incomplete"), 150.0);
    let datagrams = |n: u32| {
        (0..n).map(|n| {
            let source = std::net::Ipv4Addr::from(0x0b00_0000 + n % 50).to_string();
            build::udp((&source, 40_000), (VICTIM, 27_000), b"\x00\x01\x02\x03")
        })
    };
    let report_of = |n| report(&every(1000, datagrams(n)));
    let flooded = report_of(1_500);
    let finding = of(&flooded, "flow_udp_flood")[0];
    assert_eq!((measure(finding, "datagrams"), measure(finding, "sources")), (1_500.0, 50.0));
    assert!((999.0..1002.0).contains(&measure(finding, "datagrams_per_second")));
    assert!(rules(&report_of(900)).is_empty());
}

#[test]
fn amplified_answers_are_told_with_their_ratio() {
    // NTP's private mode: 8 bytes ask, and ten servers send 440 bytes each, five times.
    let frames = (1..=10_u8).flat_map(|n| {
        let server = format!("198.18.0.{n}");
        let mut frames = vec![build::udp(("10.0.0.8", 50_000), (&server, 123), &[0x17, 0, 3, 0x2a, 0, 0, 0, 0])];
        frames.extend((0..5).map(|_| build::udp((&server, 123), ("10.0.0.8", 50_000), &[0xd7; 440])));
        frames
    });
    let report = report(&every(1000, frames));
    let finding = of(&report, "flow_amplification")[0];
    assert_eq!((&finding["subject"], measure(finding, "ratio")), (&json!("10.0.0.8 by ntp"), 275.0));
    assert_eq!((measure(finding, "servers"), measure(finding, "answer_bytes")), (10.0, 22_000.0));
}

/// Connections to a server every so many seconds, with an offset in milliseconds each.
fn contacts(times: impl Iterator<Item = u64>) -> Vec<(u64, Vec<u8>)> {
    let each = times.zip(0_u16..).flat_map(|(milliseconds, n)| {
        let whole =
            connection(("10.0.0.8", 40_000 + n), ("203.0.113.5", 4444), b"\x01\x02\x03are you there", b"\x05no");
        (0..).map(move |n| START + milliseconds * 1000 + n * 1000).zip(whole)
    });
    each.collect()
}

#[test]
fn a_beacon_has_its_interval_and_score() {
    // Every minute, with up to three seconds to and fro.
    let jitter = [0, 2_000, 1_000, 3_000, 500, 2_500, 1_500];
    let beacon = contacts((0..30).map(|n| n * 60_000 + jitter[(n % 7) as usize]));
    let report = run(&build::pcap(&beacon), &json!({}));
    let found = &report["beacons"][0];
    assert_eq!(
        (&found["client"], &found["server"], &found["contacts"]),
        (&json!("10.0.0.8"), &json!("203.0.113.5:4444"), &json!(30))
    );
    assert!((58.0..62.0).contains(&found["interval_seconds"].as_f64().unwrap()));
    assert!(found["score"].as_f64().unwrap() > 0.95 && found["size_score"] == 1.0);
    let finding = of(&report, "flow_beacon")[0];
    assert_eq!((&finding["severity"], finding["frames_total"].as_u64()), (&json!("medium"), Some(30)));
}

#[test]
fn irregular_contacts_and_periodic_protocols_are_no_beacons() {
    // Gaps that double and halve, as people do.
    let mut now = 0;
    let irregular = (0..30_u64).map(|n| {
        now += 5_000 << (n * 7 % 5);
        now
    });
    let irregular = run(&build::pcap(&contacts(irregular.collect::<Vec<_>>().into_iter())), &json!({}));
    assert!(of(&irregular, "flow_beacon").is_empty(), "{}", irregular["beacons"]);
    let mut ntp = vec![0x23];
    ntp.resize(48, 0);
    let asks = (0..30).map(|n| (START + n * 64_000_000, build::udp(("10.0.0.8", 123), ("203.0.113.5", 123), &ntp)));
    let report = run(&build::pcap(&asks.collect::<Vec<_>>()), &json!({}));
    assert!(of(&report, "flow_beacon").is_empty() && report["beacons"] == json!([]));
    assert_eq!(report["applications"][0]["application"], "ntp");
}

#[test]
fn a_beacon_within_one_connection_is_one_too() {
    let (client, server) = (("10.0.0.8", 40_000), ("203.0.113.5", 4444));
    let mut frames = vec![(START, build::tcp(client, server, SYN, (1000, 0), b""))];
    frames.extend((0..20_u32).map(|n| {
        let time = START + 500_000 + u64::from(n) * 30_000_000;
        (time, build::tcp(client, server, ACK, (1001 + n * 8, 5001), b"\x00beacon\x00"))
    }));
    // A byte that keeps the connection open says nothing.
    frames.push((START + 595_000_000, build::tcp(client, server, ACK, (1160, 5001), b"\x00")));
    let report = run(&build::pcap(&frames), &json!({}));
    assert_eq!(
        (&report["beacons"][0]["contacts"], &report["beacons"][0]["interval_seconds"]),
        (&json!(20), &json!(30.0))
    );
}

#[test]
fn long_connections_and_large_uploads_are_told() {
    let (client, server) = (("10.0.0.8", 40_000), ("203.0.113.5", 5555));
    let long = (0..20_u64).flat_map(|n| {
        let time = START + n * 300_000_000;
        [(time, build::udp(client, server, b"\x00\x11")), (time + 1000, build::udp(server, client, b"\x00\x22"))]
    });
    let told = run(&build::pcap(&long.collect::<Vec<_>>()), &json!({}));
    let finding = of(&told, "flow_long_connection")[0];
    assert_eq!((measure(finding, "hours"), &finding["frames"]), (1.6, &json!([1, 40])));
    let piece = [0_u8; 1400];
    let frames = (0..8_000_u32).map(|n| build::tcp(client, server, ACK, (1001 + n * 1400, 1), &piece));
    let report = report(&every(100, frames));
    let finding = of(&report, "flow_large_upload")[0];
    assert_eq!((measure(finding, "bytes_out"), measure(finding, "bytes_back")), (8_000.0 * 1454.0, 0.0));
    assert_eq!(
        (&report["totals"]["bytes_to_outside"], &report["totals"]["bytes_from_outside"]),
        (&json!(11_632_000), &Value::Null)
    );
}

#[test]
fn protocols_on_ports_of_others_and_of_nobody_are_told() {
    let ssh = |port| connection(("10.0.0.8", 40_000), (VICTIM, port), b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n");
    // The high port of a client makes nothing of this usual.
    let http = |port| {
        let (request, response) =
            (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        connection(("10.0.0.8", 40_001), (VICTIM, port), request, response)
    };
    let frames = [ssh(443), ssh(22), ssh(2222), http(22), http(80), http(443), http(40_002)].concat();
    let report = report(&every(1000, frames));
    let subjects = |rule: &str| {
        let mut subjects: Vec<&str> = of(&report, rule).iter().filter_map(|found| found["subject"].as_str()).collect();
        subjects.sort_unstable();
        subjects.join(", ")
    };
    assert_eq!(subjects("flow_protocol_on_odd_port"), "http on tcp port 22, http on tcp port 443, ssh on tcp port 443");
    assert_eq!(subjects("flow_protocol_on_unusual_port"), "ssh on tcp port 2222");
}

#[test]
fn clear_text_and_reserved_addresses_are_facts() {
    let telnet = connection(("198.51.100.7", 40_000), ("10.0.0.5", 21), b"USER anna\r\n", b"220 ftp ready\r\n");
    let report = report(&every(1000, telnet));
    assert_eq!(of(&report, "flow_clear_text")[0]["subject"], "ftp");
    assert_eq!(of(&report, "flow_reserved_address")[0]["subject"], "198.51.100.0/24");
}

#[test]
fn a_flow_within_one_reserved_block_is_one_flow() {
    for (client, server, block) in
        [("192.0.2.10", "192.0.2.20", "192.0.2.0/24"), ("2001:db8::10", "2001:db8:1::20", "2001:db8::/32")]
    {
        let flows = (1..=5).flat_map(|n| connection((client, 40_000 + n), (server, 9_000), b"ping", b"pong"));
        let report = report(&every(1000, flows));
        let found = of(&report, "flow_reserved_address");
        assert_eq!((found.len(), &found[0]["subject"]), (1, &json!(block)));
        let numbers = (measure(found[0], "flows"), measure(found[0], "hosts"), found[0]["frames_total"].as_u64());
        assert_eq!(numbers, (5.0, 2.0, Some(5)), "{}", found[0]);
    }
}

#[test]
fn examples_have_what_was_recorded() {
    // Two traceroutes with UDP and a scan: see examples/captures/README.md.
    let report = run(&file("examples/captures/icmp.pcap"), &json!({}));
    assert_eq!(of(&report, "flow_port_scan").len(), 2);
}
