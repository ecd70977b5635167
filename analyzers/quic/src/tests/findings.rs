//! What an analyst would want to be told.

use mcpcap_analyzer::harness::build::{tcp, udp};
use serde_json::{Value, json};

use crate::build::{CLIENT, Initial, OF_CLIENT, OF_SERVER, SERVER, Wire, answer, close, crypto, encrypted, hello};
use crate::packet::Kind;

const SYN: u16 = 0x02;
const SYN_ACK: u16 = 0x12;

fn asked() -> Vec<u8> {
    Initial::default().packet(&crypto(0, &hello("a.example", "h3")))
}

/// TCP that a server accepts, or does not.
fn then_tcp(wire: Wire, port: u16, is_accepted: bool) -> Wire {
    let (client, server) = ((CLIENT.0, 40_000), (SERVER.0, port));
    let wire = wire.frame(tcp(client, server, SYN, (1, 0), b""));
    if is_accepted { wire.frame(tcp(server, client, SYN_ACK, (9, 2), b"")) } else { wire }
}

fn finding(report: &Value, rule: &str) -> Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|found| found["rule"] == rule).unwrap_or_else(|| panic!("{report}")).clone()
}

/// Connections without an answer from different ports to some servers.
fn unanswered(count: u16, of: impl Fn(u16) -> (u16, String)) -> Wire {
    (0..count).fold(Wire::default(), |wire, number| {
        let (port, server) = of(number);
        wire.frame(udp((CLIENT.0, port), (&server, 443), &asked()))
    })
}

#[test]
fn blocked_quic_is_no_answer_and_then_tcp() {
    let report = then_tcp(Wire::default().ask(asked()).wait(300_000).ask(asked()), 443, true).report();
    let found = finding(&report, "quic_blocked");
    assert_eq!((&found["subject"], &found["frames"]), (&json!(CLIENT.0), &json!([1, 3])));
    let observation = "1 connection of 192.0.2.10 to 1 server had no answer, and TCP to the same address and port was \
                       accepted; 0 other connections had one.";
    assert_eq!(found["observation"], observation);
    for wire in [
        // An answer; another port; nobody accepts; TCP before; too late.
        then_tcp(Wire::default().ask(asked()).tell(Initial::of_server().packet(&crypto(0, &answer()))), 443, true),
        then_tcp(Wire::default().ask(asked()), 80, true),
        then_tcp(Wire::default().ask(asked()), 443, false),
        then_tcp(Wire::default(), 443, true).ask(asked()),
        then_tcp(Wire::default().ask(asked()).wait(61_000_000), 443, true),
    ] {
        assert_eq!(super::rules(&wire.report()), [""; 0]);
    }
}

#[test]
fn many_connections_without_an_answer_are_a_flood() {
    let flood = |count: u16| unanswered(count, |number| (10_000 + number, SERVER.0.into())).report();
    let report = flood(250);
    assert_eq!(super::rules(&report), ["quic_initial_flood"]);
    let found = finding(&report, "quic_initial_flood");
    assert_eq!((&found["subject"], &found["frames_total"]), (&json!("198.51.100.20:443"), &json!(250)));
    assert_eq!(super::rules(&flood(199)), ["quic_handshakes_unanswered"]);
    assert_eq!(super::rules(&flood(4)), [""; 0]);
}

#[test]
fn many_servers_without_success_are_a_scan() {
    let scan = |count: u16| unanswered(count, |number| (50_000, format!("198.51.100.{number}"))).report();
    let report = scan(20);
    assert_eq!(super::rules(&report), ["quic_scan"]);
    let found = finding(&report, "quic_scan");
    assert_eq!((&found["subject"], &found["measures"][0]["value"]), (&json!(CLIENT.0), &json!(20.0)));
    assert_eq!(super::rules(&scan(19)), [""; 0]);
}

#[test]
fn handshakes_that_are_closed_are_told_of_their_server() {
    let closed_ones = (0..5).fold(Wire::default(), |wire, number: u16| {
        let client = (CLIENT.0, 50_000 + number);
        let closed = Initial::of_server().packet(&close(2, ""));
        wire.frame(udp(client, SERVER, &asked())).frame(udp(SERVER, client, &closed))
    });
    let report = closed_ones.report();
    assert_eq!(super::rules(&report), ["quic_handshakes_closed"]);
    assert_eq!(report["findings"][0]["frames"], json!([2, 4, 6, 8, 10]));
    assert_eq!(report["totals"]["closed"], 5);
}

#[test]
fn drafts_are_obsolete() {
    let asked = Initial { version: 0xff00_001d, ..Initial::default() }.packet(&crypto(0, &hello("a.example", "h3-29")));
    let told = Initial { version: 0xff00_001d, ..Initial::of_server() }.packet(&crypto(0, &answer()));
    let report = Wire::default().ask(asked).tell(told).report();
    assert_eq!(super::rules(&report), ["quic_obsolete_version"]);
    assert_eq!(report["findings"][0]["observation"], "1 connection with 198.51.100.20:443 of QUIC draft 29.");
    assert_eq!(report["connections"][0]["server_hello_frame"], 2);
}

#[test]
fn servers_that_send_too_much_before_they_know_the_client_amplify() {
    let more = |count: usize| {
        let first = [
            Initial::of_server().packet(&crypto(0, &answer())),
            encrypted(Kind::Handshake, OF_CLIENT, OF_SERVER, 1_000),
        ];
        let wire = Wire::default().ask(asked()).tell(first.concat());
        (0..count).fold(wire, |wire, _| wire.tell(encrypted(Kind::Handshake, OF_CLIENT, OF_SERVER, 1_000)))
    };
    assert_eq!(super::rules(&more(2).report()), [""; 0]);
    let report = more(3).report();
    assert_eq!(super::rules(&report), ["quic_amplification"]);
    assert_eq!(report["findings"][0]["measures"][1], json!({ "name": "client_bytes", "value": 1200.0 }));
    // The packet that proves the address counts for neither.
    let report = more(3).ask(encrypted(Kind::Handshake, OF_SERVER, OF_CLIENT, 900)).report();
    assert_eq!(report["findings"][0]["measures"][1], json!({ "name": "client_bytes", "value": 1200.0 }));
    // What comes behind the client's part of the handshake is no more of that.
    let proven = encrypted(Kind::Handshake, OF_SERVER, OF_CLIENT, 60);
    let wire =
        (0..9).fold(more(0).ask(proven), |wire, _| wire.tell(encrypted(Kind::Handshake, OF_CLIENT, OF_SERVER, 1_000)));
    assert_eq!(super::rules(&wire.report()), [""; 0]);
}

#[test]
fn icmp_errors_about_a_connection_are_told() {
    // IP and UDP headers of the datagram, and eight bytes of it, behind a header of UDP that becomes one of ICMP.
    let quoted = &udp(CLIENT, SERVER, &asked())[14..14 + 20 + 8 + 8];
    let mut frame = udp((SERVER.0, 0), (CLIENT.0, 0), quoted);
    frame[23] = 1;
    frame[34..42].copy_from_slice(&[3, 3, 0xab, 0xcd, 0, 0, 0, 0]);
    let report = Wire::default().ask(asked()).frame(frame).report();
    let connection = &report["connections"][0];
    assert_eq!((&connection["icmp_error"], &connection["icmp_frame"]), (&json!("port_unreachable"), &json!(2)));
    assert_eq!(report["statistics"]["icmp_errors"], json!([{ "name": "port_unreachable", "count": 1 }]));
}
