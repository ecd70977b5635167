//! Each rule: a capture on which it fires, and one on which it must not.

use serde_json::Value;

use super::build::{ACK, FIN, RST, SYN, Talk};
use super::{detailed, rules};

fn joined(talks: impl Iterator<Item = Talk>) -> Value {
    detailed(talks.flat_map(Talk::frames).collect())
}

#[track_caller]
fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {:?}", rules(report)))
}

/// A connection with a request, an answer and an orderly end.
fn proper(client: &str, server: &str) -> Talk {
    Talk::between(client, server)
        .handshake()
        .c(ACK, (1001, 5001), b"hello")
        .s(ACK, (5001, 1006), b"world")
        .c(ACK | FIN, (1006, 5006), b"")
        .s(ACK | FIN, (5006, 1007), b"")
        .c(ACK, (1007, 5007), b"")
}

#[test]
fn a_flood_is_many_attempts_that_nobody_completes() {
    let attempt = |n: usize| {
        let client = format!("198.51.{}.{}:{}", n / 200, n % 200 + 1, 2000 + n);
        Talk::between(&client, "192.0.2.2:80").c(SYN, (1000, 0), b"").s(SYN | ACK, (5000, 1001), b"")
    };
    let report = joined((0..120).map(attempt));
    let found = finding(&report, "tcp_syn_flood");
    assert_eq!(found["subject"], "192.0.2.2:80");
    assert_eq!(found["measures"][0]["value"], 120.0);
    assert_eq!(found["measures"][2]["value"], 120.0);
    assert_eq!((&found["frames"][1], &found["frames_total"]), (&3.into(), &120.into()));

    let busy = |n: usize| proper(&format!("198.51.100.1:{}", 2000 + n), "192.0.2.2:80");
    let report = joined((0..120).map(busy));
    assert_eq!(rules(&report), [""; 0]);
}

#[test]
fn a_scan_probes_many_ports_of_one_host() {
    let closed = |port: u16| {
        Talk::between("198.51.100.9:4444", &format!("192.0.2.2:{port}")).c(SYN, (1000, 0), b"").s(
            RST | ACK,
            (0, 1001),
            b"",
        )
    };
    let report = joined((1..=20).map(closed));
    let found = finding(&report, "tcp_port_scan");
    assert_eq!(found["subject"], "198.51.100.9 to 192.0.2.2");
    assert_eq!(found["measures"][0]["value"], 20.0);
    assert!(!rules(&joined((1..=10).map(closed))).contains(&"tcp_port_scan"));
    // What answered is named, and its SYN-ACK is cited.
    let open = |port: u16| {
        let talk = Talk::between("198.51.100.9:4444", &format!("192.0.2.2:{port}")).c(SYN, (1000, 0), b"");
        if port.is_multiple_of(10) {
            talk.s(SYN | ACK, (70, 1001), b"").c(RST, (1001, 0), b"")
        } else {
            talk.s(RST | ACK, (0, 1001), b"")
        }
    };
    let report = joined((1..=20).map(open));
    let found = finding(&report, "tcp_port_scan");
    let observation =
        "198.51.100.9 probed 20 different ports of 192.0.2.2. 2 of 20 probes got a SYN-ACK: ports 10, 20.";
    assert_eq!(found["observation"], observation);
    assert_eq!(found["frames_total"], 22);
    // One that accepts twice is one.
    let again = ["198.51.100.9:4445", "198.51.100.9:4446"].map(|from| {
        let talk = Talk::between(from, "192.0.2.2:21").c(SYN, (1000, 0), b"");
        talk.s(SYN | ACK, (70, 1001), b"").c(RST, (1001, 0), b"")
    });
    let report = joined((1..=20).map(closed).chain(again));
    let observation = finding(&report, "tcp_port_scan")["observation"].as_str().unwrap();
    assert!(observation.ends_with(" 2 of 22 probes got a SYN-ACK: port 21."), "{observation}");
    // Many ports, and real connections to all.
    let used = |port: u16| proper("198.51.100.9:4444", &format!("192.0.2.2:{port}"));
    assert_eq!(rules(&joined((1..=20).map(used))), [""; 0]);
}

#[test]
fn a_sweep_probes_one_port_of_many_hosts() {
    let closed = |host: u16| Talk::between("198.51.100.9:4444", &format!("192.0.2.{host}:22")).c(SYN, (1000, 0), b"");
    let found = joined((1..=20).map(closed));
    assert_eq!(finding(&found, "tcp_host_sweep")["subject"], "198.51.100.9 to port 22");
    assert!(!rules(&joined((1..=10).map(closed))).contains(&"tcp_host_sweep"));
}

#[test]
fn silence_and_refusal_are_told_apart() {
    let silent =
        || Talk::new().c(SYN, (1000, 0), b"").wait(1000).c(SYN, (1000, 0), b"").wait(2000).c(SYN, (1000, 0), b"");
    assert_eq!(rules(&detailed(silent().frames())), ["tcp_silent_server"]);
    assert_eq!(rules(&detailed(Talk::new().c(SYN, (1000, 0), b"").frames())), [""; 0]);

    let refused = |port: u16| {
        Talk::between(&format!("192.0.2.1:{port}"), "192.0.2.2:80").c(SYN, (1000, 0), b"").s(RST | ACK, (0, 1001), b"")
    };
    let report = joined((2000..2003).map(refused));
    assert_eq!(rules(&report), ["tcp_refused"]);
    assert_eq!(report["findings"][0]["frames"], serde_json::json!([2, 4, 6]));
    let accepted_once = (2000..2003).map(refused).chain([proper("192.0.2.1:3000", "192.0.2.2:80")]);
    assert_eq!(rules(&joined(accepted_once)), [""; 0]);
}

#[test]
fn control_bits_that_no_stack_combines() {
    for flags in [0, SYN | FIN, SYN | RST, FIN] {
        let report = detailed(Talk::new().c(flags, (1000, 0), b"").frames());
        assert!(rules(&report).contains(&"tcp_unusual_flags"), "{flags:#x}");
    }
    assert_eq!(rules(&detailed(proper("192.0.2.1:4000", "192.0.2.2:80").frames())), [""; 0]);
}

#[test]
fn a_window_that_stays_closed() {
    let stalled = |milliseconds: u64| {
        Talk::new()
            .handshake()
            .c(ACK, (1001, 5001), b"hello")
            .s(ACK, (5001, 1006), b"")
            .window(0)
            .wait(milliseconds)
            .s(ACK, (5001, 1006), b"")
            .window(1000)
    };
    let report = detailed(stalled(1500).frames());
    let found = finding(&report, "tcp_closed_window");
    assert_eq!((&found["frames"][0], &found["measures"][0]["value"]), (&5.into(), &1.501.into()));
    assert_eq!(rules(&detailed(stalled(500).frames())), [""; 0]);
}

#[test]
fn a_connection_that_sends_much_again() {
    let lossy = |times: u32| {
        (0..times).fold(Talk::new().handshake(), |talk, n| {
            let at = 1001 + n * 5;
            talk.c(ACK, (at, 5001), b"hello").wait(300).c(ACK, (at, 5001), b"hello").s(ACK, (5001, at + 5), b"")
        })
    };
    let report = detailed(lossy(12).frames());
    let found = finding(&report, "tcp_much_sent_again");
    assert_eq!((&found["measures"][0]["value"], &found["frames"][0]), (&12.0.into(), &5.into()));
    assert_eq!(rules(&detailed(lossy(9).frames())), [""; 0]);
}

#[test]
fn a_reset_with_another_hop_limit() {
    let reset = |hops: u8| {
        Talk::new().handshake().s(ACK, (5001, 1001), b"hello").s(RST, (5006, 0), b"").hops(hops).s(
            ACK,
            (5006, 1001),
            b"world",
        )
    };
    let report = detailed(reset(57).frames());
    let found = finding(&report, "tcp_reset_from_elsewhere");
    assert_eq!((&found["frames"], &found["measures"][2]["value"]), (&serde_json::json!([5]), &1.0.into()));
    assert!(!rules(&detailed(reset(64).frames())).contains(&"tcp_reset_from_elsewhere"));
}

#[test]
fn octets_that_came_again_as_others() {
    let again =
        |payload: &[u8]| Talk::new().handshake().s(ACK, (5001, 1001), b"hello").wait(300).s(ACK, (5001, 1001), payload);
    let report = detailed(again(b"HELLO").frames());
    let found = finding(&report, "tcp_conflicting_data");
    assert_eq!(found["frames"], serde_json::json!([4, 5]));
    assert_eq!(rules(&detailed(again(b"hello").frames())), [""; 0]);
}
