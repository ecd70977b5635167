//! What is kept is bounded, and what had to go is told.

use mcpcap_analyzer::harness::build::{pcap, udp};
use mcpcap_analyzer::harness::schema::is_at_least;
use mcpcap_analyzer::harness::{self, lists};
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::build::{Certificate, START, Talk, Tested as _, client_hello, list, message, record, report, server_hello};
use crate::limits;
use crate::rows::TlsCertificate;
use crate::tool::Tls;

#[test]
fn connections_beyond_the_room_are_let_go_and_told() {
    let names: Vec<u8> = (0..16).flat_map(|_| list(1, &[b'a'; 250])).collect();
    let hello = record(22, &message(1, &client_hello(0x0303, &[0xc02f], &[(16, list(2, &names))])));
    let report = report((0..4_500).map(|port| Talk::from_port(10_000 + port).ask(&hello)));
    assert_eq!(report["totals"]["connections"], 4_500);
    let evicted = report["limits"]["evicted_connections"].as_u64().unwrap();
    // Each takes some 5 kB of 16 MiB.
    assert!((500..2_500).contains(&evicted), "{evicted}");
}

#[test]
fn certificates_beyond_the_room_are_let_go_and_told() {
    let chain = |number: usize| {
        let one = |place: usize| {
            let subject = format!("host{place} of {number}");
            Certificate { subject: &subject, ..Certificate::default() }.der()
        };
        (0..15).map(one).collect::<Vec<_>>()
    };
    let talks = (0..150)
        .map(|number| Talk::from_port(10_000 + number as u16).handshake("www.example.com", &chain(number)).close());
    let capture = pcap(&talks.flat_map(|talk| talk.frames()).collect::<Vec<_>>());
    let report = super::run(&capture, &json!({}));
    assert_eq!(report["limits"]["evicted_certificates"], 150 * 15 - 2_048);
    assert_eq!(report["totals"]["certificates"], 150 * 15);
    // Each has a row, whenever it went.
    let rows = harness::rows::rows::<Tls>(&capture, &json!({}), TlsCertificate::TABLE).unwrap();
    assert_eq!(rows.len(), 150 * 15);
    // Those that made room are on further pages.
    let (joined, total) = lists::joined::<Tls>(&capture, &json!({}), "certificates");
    let mut names: Vec<&str> = joined.iter().map(|one| one["common_name"].as_str().unwrap()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((total, joined.len(), names.len()), (150 * 15, 150 * 15, 150 * 15));
    assert!(joined.iter().all(|one| one["frames_total"] == 1));
    let first = |one: &&Value| one["common_name"].as_str().unwrap().starts_with("host0 ");
    assert!(joined.iter().filter(first).all(|one| one["server_connections"] == 1 && one["sender"].is_string()));
}

#[test]
fn names_of_a_certificate_and_alerts_go_on() {
    let names: Vec<String> = (0..300).map(|n| format!("host{n}.example")).collect();
    let certificate = Certificate { names: names.clone(), ..Certificate::default() }.der();
    // Warnings that a name is not known, which end nothing.
    let warnings = record(21, &[1, 112]).repeat(50);
    let hello = record(22, &message(1, &client_hello(0x0303, &[0xc02f], &[])));
    let talks = [
        Talk::from_port(10_000).handshake("host1.example", &[certificate]).close(),
        Talk::from_port(10_001).ask(&hello).tell(&warnings),
    ];
    let capture = pcap(&talks.into_iter().flat_map(|talk| talk.frames()).collect::<Vec<_>>());
    let (found, pages) = lists::joined_within::<Tls>(&capture, &json!({}), "certificates[0].names");
    assert!(pages > 0 && found.into_iter().eq(names.into_iter().map(Value::from)));
    let (alerts, _) = lists::joined_within::<Tls>(&capture, &json!({}), "connections[1].alerts");
    assert!(alerts.len() == 50 && alerts.iter().all(|alert| alert["name"] == "unrecognized_name"), "{alerts:?}");
    let report = super::run(&capture, &json!({}));
    assert_eq!(report["connections"][1]["alerts_total"], 50);
    assert_eq!(report["statistics"]["alerts"], json!([{ "name": "unrecognized_name", "from": "server", "count": 50 }]));
}

#[test]
fn datagrams_beyond_the_room_are_let_go_and_told() {
    let frame = |port: u16| {
        let payload = super::datagrams::record(22, 0, &super::datagrams::hello(0));
        (START + u64::from(port), udp(("192.0.2.1", port), ("198.51.100.1", 4433), &payload))
    };
    let frames: Vec<_> = (1_000..4_000).map(frame).collect();
    let report = super::run(&pcap(&frames), &json!({}));
    assert_eq!(report["totals"]["connections"], 3_000);
    assert_eq!(report["limits"]["evicted_connections"], 3_000 - 2_048);
}

#[test]
fn frames_of_a_certificate_have_pages() {
    let certificate = [Certificate::default().der()];
    let talks =
        || (0..3_000).map(|port| Talk::from_port(10_000 + port).handshake("www.example.com", &certificate).close());
    let report = report(talks());
    let told = &report["certificates"][0];
    let listed = told["frames"].as_array().unwrap().len();
    assert_eq!((&told["frames_total"], &told["server_connections"]), (&json!(3_000), &json!(3_000)));
    let page =
        report["pages"].as_array().unwrap().iter().find(|page| page["list"] == "certificates[0].frames").unwrap();
    assert_eq!((&page["total"], page["returned"].as_u64()), (&json!(3_000), Some(listed as u64)));
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    // Handshakes of an old version, and such without an answer.
    let hello = record(22, &message(1, &client_hello(0x0301, &[0x002f], &[])));
    let old = record(22, &message(2, &server_hello(0x0301, 0x002f, &[])));
    let talk =
        |client: u16, server: u16| Talk::between(("192.0.2.10", client), ("198.51.100.20", server), START).ask(&hello);
    let several = |server: u16, clients: std::ops::Range<u16>| clients.map(move |client| (client, server));
    let some = |clients: std::ops::Range<u16>| {
        let answered = several(8_443, clients.clone()).map(|(client, server)| talk(client, server).tell(&old));
        answered.chain(several(9_443, clients).map(|(client, server)| talk(client, server))).collect::<Vec<_>>()
    };
    let others = (0..limits::PARTIES as u16 + 10).map(|n| talk(9_000, 20_000 + n).tell(&old));
    let talks = some(1_000..1_020).into_iter().chain(others).chain(some(2_000..2_007));
    let talks = talks.map(|talk| talk.close().frames());
    let report = super::run(&pcap(&talks.flatten().collect::<Vec<_>>()), &json!({}));
    is_at_least(&report, "tls_obsolete_version", "198.51.100.20:8443", "connections", 7);
    is_at_least(&report, "tls_handshakes_unanswered", "198.51.100.20:9443", "failed", 7);
}
