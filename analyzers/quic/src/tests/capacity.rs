//! What is kept is bounded, and what had to go is told.

use mcpcap_analyzer::harness::build::udp;
use mcpcap_analyzer::harness::lists::joined_within;
use mcpcap_analyzer::harness::schema::is_at_least;
use serde_json::json;

use crate::build::{
    CLIENT, Initial, OF_CLIENT, OF_SERVER, SERVER, Wire, answer, close, crypto, encrypted, hello, hello_with, short,
};
use crate::limits;
use crate::packet::Kind;
use crate::tool::Quic;

#[test]
fn connections_beyond_the_room_are_let_go_and_told() {
    let asked = Initial { size: 0, ..Initial::default() }.packet(&crypto(0, &hello("a.example", "h3")));
    let count = 6_000_u16;
    let wire =
        (0..count).fold(Wire::default(), |wire, port| wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, &asked)));
    let report = wire.report();
    assert_eq!(report["totals"]["connections"], count);
    assert_eq!(report["limits"]["evicted_connections"], usize::from(count) - limits::CONNECTIONS);
    assert_eq!(report["connections"][0]["frame"], 1);
}

#[test]
fn large_hellos_are_let_go_before_memory_is_full() {
    use mcpcap_tls_hello::build::list;
    // Each byte is written as four.
    let names: Vec<u8> = (0..16).flat_map(|_| list(1, &[0xff; 64])).collect();
    let asked =
        Initial::default().packet(&crypto(0, &hello_with("a.example", "h3", OF_CLIENT, &[(16, list(2, &names))])));
    let wire =
        (0..3_900_u16).fold(Wire::default(), |wire, port| wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, &asked)));
    let report = wire.report();
    assert_eq!(report["totals"]["connections"], 3_900);
    let evicted = report["limits"]["evicted_connections"].as_u64().unwrap();
    assert!((1..3_900).contains(&evicted), "{evicted}");
}

#[test]
fn hellos_that_never_end_are_given_up_together() {
    // 8,000 bytes behind a hole, from each of many.
    let asked = Initial::default().packet(&crypto(64_000, &[0; 8_000]));
    let wire =
        (0..600_u16).fold(Wire::default(), |wire, port| wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, &asked)));
    let report = wire.report();
    assert!(report["limits"]["hellos_not_read"].as_u64().unwrap() > 0, "{}", report["limits"]);
}

/// An id of the server.
fn id(number: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[1; 4]].concat()
}

#[test]
fn connection_ids_without_end_are_a_number_and_go_on() {
    let capture = (0..3_000)
        .fold(Wire::default().handshake("a.example", "h3"), |wire, number| {
            wire.ask(short(&id(number), 40)).ask(short(&id(number), 40))
        })
        .capture();
    let report = super::run(&capture, &json!({}));
    let connection = &report["connections"][0];
    assert_eq!(connection["server_ids_total"], 3_001);
    assert!(connection["server_ids"].as_array().unwrap().len() <= 1_024);
    let (ids, pages) = joined_within::<Quic>(&capture, &json!({}), "connections[0].server_ids");
    assert_eq!((ids.len(), pages, &ids[3_000]), (3_001, 3, &json!("00000bb701010101")));
    // And of the server's handshake.
    let wire = (0..5_000).fold(Wire::default().handshake("a.example", "h3"), |wire, number| {
        wire.tell(encrypted(Kind::Handshake, OF_CLIENT, &id(number), 40))
    });
    assert_eq!(wire.report()["connections"][0]["server_ids_total"], 5_001);
}

#[test]
fn clients_that_move_without_end_are_a_number_and_go_on() {
    let capture = (0..3_000_u16)
        .fold(Wire::default().handshake("a.example", "h3"), |wire, port| {
            wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, &short(OF_SERVER, 40)))
        })
        .capture();
    let report = super::run(&capture, &json!({}));
    assert_eq!(report["connections"][0]["migrations_total"], 3_000);
    let (migrations, pages) = joined_within::<Quic>(&capture, &json!({}), "connections[0].migrations");
    assert_eq!((migrations.len(), pages), (3_000, 3));
    assert_eq!((&migrations[2_999]["from_port"], &migrations[2_999]["to_port"]), (&json!(12_998), &json!(12_999)));
}

#[test]
fn room_of_lists_is_given_back() {
    // Each of many connections takes up 100 ids, and only the first page of connections is listed.
    let wire = (0..400_u16).fold(Wire::default(), |wire, port| {
        let client = (CLIENT.0, 10_000 + port);
        let asked = Initial::default().packet(&crypto(0, &hello("a.example", "h3")));
        let wire = wire.frame(udp(client, SERVER, &asked));
        (0..100).fold(wire, |wire, number| {
            wire.frame(udp(SERVER, client, &encrypted(Kind::Handshake, OF_CLIENT, &id(number), 40)))
        })
    });
    let capture = wire.capture();
    let last = super::run(&capture, &json!({ "page": { "offset": 399, "limit": 1 } }));
    let connection = &last["connections"][0];
    assert_eq!(connection["server_ids_total"], 100);
    let told = last["pages"].as_array().unwrap().iter().any(|page| page["list"] == "connections[399].server_ids");
    assert_eq!(told, connection["server_ids"].as_array().unwrap().len() < 100);
}

#[test]
fn a_hello_over_a_thousand_packets_is_read_and_counted() {
    let hello = hello_with("long.example", "h3", OF_CLIENT, &[(0x7777, vec![0; 5_000])]);
    let wire = (0..hello.len())
        .step_by(5)
        .zip(hello.chunks(5))
        .zip(0..)
        .fold(Wire::default(), |wire, ((at, part), number)| {
            wire.ask(Initial { number, ..Initial::default() }.packet(&crypto(at, part)))
        });
    let report = wire.tell(Initial::of_server().packet(&crypto(0, &answer()))).report();
    assert_eq!(report["connections"][0]["server_name"], "long.example");
    assert_eq!(super::faults(&report), [("many_packets", 1)]);
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    let asked = Initial { size: 0, ..Initial::default() }.packet(&crypto(0, &hello("a.example", "h3")));
    let closed = Initial::of_server().packet(&close(2, ""));
    let refused = |wire: Wire, client: u16, server: &str| {
        let (client, server) = ((CLIENT.0, client), (server, 443));
        wire.frame(udp(client, server, &asked)).frame(udp(server, client, &closed))
    };
    let wire = (0..20).fold(Wire::default(), |wire, n| refused(wire, 10_000 + n, SERVER.0));
    let others = limits::PARTIES as u16 + 10;
    let wire = (0..others).fold(wire, |wire, n| refused(wire, 20_000 + n, &format!("10.0.{}.{}", n >> 8, n & 255)));
    let wire = (0..7).fold(wire, |wire, n| refused(wire, 30_000 + n, SERVER.0));
    is_at_least(&wire.report(), "quic_handshakes_closed", "198.51.100.20:443", "failed", 7);
}
