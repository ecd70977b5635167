//! Numbers are exact, or say what they are.

use serde_json::{Value, json};

use super::build::{ACK, RST, SYN, Talk};
use super::{connections, rules};
use mcpcap_analyzer::harness::build;

fn joined(talks: impl Iterator<Item = Talk>) -> Value {
    let frames: Vec<_> = talks.flat_map(Talk::frames).collect();
    connections(&build::pcap(&frames), &json!({ "page": { "limit": 1 } }))
}

#[track_caller]
fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {:?}", rules(report)))
}

fn refused(source: &str, host: &str, port: u32) -> Talk {
    refused_after(0, source, host, port)
}

fn refused_after(milliseconds: u64, source: &str, host: &str, port: u32) -> Talk {
    let talk = Talk::between(&format!("{source}:4444"), &format!("{host}:{port}")).wait(milliseconds);
    talk.c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b"")
}

#[test]
fn every_port_of_a_scan_is_counted() {
    let (four, six) = (("198.51.100.9", "192.0.2.2"), ("[2001:db8::9]", "[2001:db8::2]"));
    for ((source, host), many) in [(four, [128, 129, 1000, 65_535].as_slice()), (six, &[1000])] {
        for &ports in many {
            let report = joined((1..=ports).map(|port| refused(source, host, port)));
            let found = finding(&report, "tcp_port_scan");
            let words = format!("probed {ports} different ports of {}.", host.trim_matches(['[', ']']));
            assert!(found["observation"].as_str().unwrap().contains(&words), "{found}");
            assert_eq!(found["measures"][0], json!({ "name": "ports", "value": f64::from(ports) }));
            assert_eq!(found["frames_total"], ports);
            // Connections make room for others, which is told, and changes no number here.
            let evicted = report["limits"]["evicted"]["connections"].as_u64().unwrap_or_default();
            assert_eq!(evicted, u64::from(ports).saturating_sub(7168));
            assert_eq!(report["summary"]["total_connections"], ports);
            assert_eq!(report["summary"]["rejected_connections"], ports);
        }
    }
}

#[test]
fn many_hosts_are_counted_with_their_error() {
    let host = |n: u32| format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255);
    let sweep = |hosts: u32| joined((0..hosts).map(|n| refused("198.51.100.9", &host(n), 22)));
    let report = sweep(101);
    assert!(finding(&report, "tcp_host_sweep")["observation"].as_str().unwrap().contains(" of 101 different hosts."));
    let report = sweep(1000);
    let found = finding(&report, "tcp_host_sweep");
    let many = found["measures"][0]["value"].as_f64().unwrap();
    assert!((many - 1000.0).abs() < 70.0, "{found}");
    assert_eq!(found["measures"][1]["name"], "standard_error_share");
    assert!(found["observation"].as_str().unwrap().contains("(standard error 2.3 %)"), "{found}");
    assert!(many <= 1000.0, "no more than were probed: {found}");
    // The 1,000 pairs found a place; more do not, and that is said.
    assert_eq!(report.get("limits"), None);
    assert!(sweep(2000)["limits"]["evicted"]["parties"].as_u64().unwrap() >= 976);
}

#[test]
fn a_number_is_at_least_once_something_made_room() {
    let scan = (1..=20).map(|port| refused("198.51.100.9", "192.0.2.2", port));
    let others = (0..1100).map(|n| refused("198.51.100.7", &format!("10.0.{}.{}", n >> 8, n & 255), 22));
    let last = (21..=40).map(|port| refused("198.51.100.9", "192.0.2.2", port));
    let report = joined(scan.chain(others).chain(last));
    assert!(finding(&report, "tcp_port_scan")["observation"].as_str().unwrap().contains("at least 20 different ports"));
}

#[test]
fn a_sweep_is_one_whether_it_is_let_in_or_not() {
    let accepted = |n: u32| {
        let talk = Talk::between(&format!("198.51.100.9:{}", 3000 + n), &format!("192.0.2.{n}:22")).handshake();
        // Some say who they are, some are closed at once, some are left.
        match n % 3 {
            0 => talk.s(ACK, (5001, 1001), b"SSH-2.0-x"),
            1 => talk.c(RST | ACK, (1001, 5001), b""),
            _ => talk,
        }
    };
    let report = joined((1..=101).map(accepted));
    let found = finding(&report, "tcp_host_sweep");
    assert!(found["observation"].as_str().unwrap().contains("101 of 101 probes got a SYN-ACK"), "{found}");
    // Who has something to say to each of them does not look around.
    let used = (1..=101).map(|n| accepted(n * 3 / 3).c(ACK, (1001, 5001), b"GET /"));
    assert!(!rules(&joined(used)).contains(&"tcp_host_sweep"));
}

#[test]
fn silent_servers_are_told_together_and_not_where_a_direction_is_missing() {
    let tries =
        |end: &str| (0..3).fold(Talk::between("192.0.2.1:4000", end), |talk, _| talk.wait(900).c(SYN, (1000, 0), b""));
    let one_port = (1..=19).map(|n| tries(&format!("198.51.100.{n}:445"))).chain([tries("203.0.113.5:22")]);
    let report = joined(one_port);
    let silent: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|f| f["subject"].as_str().unwrap()).collect();
    assert!(silent.contains(&"port 445 of 19 servers") && silent.contains(&"203.0.113.5:22"), "{silent:?}");
    assert_eq!(report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "tcp_silent_server").count(), 2);
    // By one client on other ports and servers each time; and each by a client of its own.
    for (many, of_one) in [(19, true), (19, false), (260, false), (4, false)] {
        for (client, server) in [("192.0.2", "198.51.100"), ("2001:db8:1:", "2001:db8:2:")] {
            let end = |net: &str, host: u32, port: u32| match net.contains(':') {
                true => format!("[{net}:{:x}]:{port}", host + 1),
                false => format!("{net}.{}:{port}", host % 250 + 1),
            };
            let tries = |client: String, server: String| {
                (0..4).fold(Talk::between(&client, &server), |talk, _| talk.wait(900).c(SYN, (1000, 0), b""))
            };
            let quiet = (0..many).map(|n| {
                let host = if of_one { 0 } else { n + 1 };
                let net = if n < 250 { client } else { "203.0.113" };
                tries(end(net, host, 41_000 + n), end(if n < 250 { server } else { "203.0.114" }, n, 7000 + n))
            });
            let matters = (0..30).map(|n| tries(end("2001:db8:3:", n, 42_000), end("2001:db8:4:", 9, 5432)));
            let report = joined(quiet.chain(matters));
            let silent = report["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == "tcp_silent_server");
            let told: Vec<_> = silent.map(|f| (f["subject"].as_str().unwrap(), &f["observation"])).collect();
            assert_eq!(told.len(), if many < 5 { 5 } else { 2 }, "{told:?}");
            let (words, by) = if of_one {
                (
                    format!(
                        "{many} endpoints that {}1 tried",
                        if client.contains(':') { "2001:db8:1::" } else { "192.0.2." }
                    ),
                    "",
                )
            } else {
                (format!("{many} endpoints that have nothing in common"), " by one client each")
            };
            if many >= 5 {
                let found = told.iter().find(|(subject, _)| *subject == words).unwrap_or_else(|| panic!("{told:?}"));
                let text = found.1.as_str().unwrap();
                assert!(
                    text.contains(&format!("got {} SYN in {many} attempts by ", many * 4)) && text.contains(by),
                    "{text}"
                );
            }
            let found = told.iter().find(|(subject, _)| *subject == "[2001:db8:4::a]:5432");
            assert_eq!(found.unwrap().1, "[2001:db8:4::a]:5432 got 120 SYN in 30 attempts and sent nothing.");
        }
    }
    let one_server = (1..=5).map(|port| tries(&format!("198.51.100.1:{port}")));
    assert_eq!(finding(&joined(one_server), "tcp_silent_server")["subject"], "5 ports of 198.51.100.1");
    let refusing = (1..=9).flat_map(|host| {
        (0..3).map(move |nth| refused_after(nth * 100, "192.0.2.1", &format!("198.51.100.{host}"), 25))
    });
    let report = joined(refusing);
    let found = finding(&report, "tcp_refused");
    assert_eq!(found["subject"], "port 25 of 9 servers");
    assert_eq!(found["observation"], "9 servers answered 27 of 27 attempts at port 25 with RST.");
    // The client acknowledges and sends data: the server answered, and the capture lacks it.
    let one_sided = tries("198.51.100.1:22").c(ACK, (1001, 5001), b"").c(ACK, (1001, 5001), b"hello");
    let other_port = tries("198.51.100.1:443");
    assert!(!rules(&joined([one_sided, other_port].into_iter())).contains(&"tcp_silent_server"));
}

#[test]
fn octets_that_changed_by_damage_are_no_conflict() {
    for (client, server) in [("192.0.2.1:4000", "192.0.2.2:80"), ("[2001:db8::1]:4000", "[2001:db8::2]:80")] {
        let begun = || Talk::between(client, server).handshake().s(ACK, (5001, 1001), b"first");
        // Both right; the first or the second damaged; left to the network card; an end that never has a right one.
        let told = |talk: Talk| rules(&joined([talk].into_iter())).contains(&"tcp_conflicting_data");
        let right = || begun().s(ACK, (5006, 1001), b"hello");
        assert!(told(right().wait(300).s(ACK, (5006, 1001), b"HELLO")));
        assert!(told(right().wait(300).s(ACK, (5006, 1001), b"HELLO").tagged()));
        assert!(!told(right().damage().wait(300).s(ACK, (5006, 1001), b"HELLO").tagged()));
        assert!(!told(right().damage().wait(300).s(ACK, (5006, 1001), b"HELLO")));
        assert!(!told(right().wait(300).s(ACK, (5006, 1001), b"HELLO").damage()));
        let first = Talk::between(client, server).handshake().s(ACK, (5001, 1001), b"hello").damage();
        assert!(!told(first.wait(300).s(ACK, (5001, 1001), b"HELLO")));
        assert!(told(right().offload().wait(300).s(ACK, (5006, 1001), b"HELLO").offload()));
        let never = Talk::between(client, server).handshake().s(ACK, (5001, 1001), b"hello").damage();
        assert!(told(never.wait(300).s(ACK, (5001, 1001), b"HELLO").damage()));
    }
}

#[test]
fn every_conflict_is_counted() {
    let talk = (0..9).fold(Talk::new().handshake(), |talk, n| {
        talk.s(ACK, (5001 + n * 5, 1001), b"hello").s(ACK, (5001 + n * 5, 1001), b"HELLO")
    });
    let report = joined([talk].into_iter());
    assert_eq!(finding(&report, "tcp_conflicting_data")["measures"][0]["value"], 9.0);
}

#[test]
fn a_segment_that_conflicts_with_several_is_one_frame() {
    let first = Talk::new().handshake().s(ACK, (5001, 1001), b"hello");
    let talk = [b"HELLO", b"hallo", b"holla"]
        .into_iter()
        .fold(first, |talk, payload| talk.wait(300).s(ACK, (5001, 1001), payload));
    let report = joined([talk].into_iter());
    let found = finding(&report, "tcp_conflicting_data");
    assert_eq!(found["measures"][0]["value"], 3.0);
    assert_eq!((&found["frames"], &found["frames_total"]), (&serde_json::json!([4, 5, 6, 7]), &4.into()));
}

#[test]
fn numbers_that_come_again_after_four_gibibytes_are_no_conflict() {
    // Only a part was captured, as a filter does.
    let numbers = [0_u32, 1_500_000_000, 3_000_000_000, 4_294_000_000, 0];
    let talk = numbers.into_iter().enumerate().fold(Talk::new().handshake(), |talk, (n, number)| {
        talk.s(ACK, (number.wrapping_add(5001), 1001), if n == 0 { b"hello" } else { b"HELLO" })
    });
    let report = joined([talk].into_iter());
    assert!(!rules(&report).contains(&"tcp_conflicting_data"), "{report}");
}

#[test]
fn a_closed_window_is_none_of_a_reset() {
    let talk = Talk::new().handshake().s(ACK, (5001, 1001), b"").window(0).s(RST, (5001, 0), b"").window(0);
    assert_eq!(joined([talk].into_iter())["summary"]["packets"]["zero_window"], 1);
}
