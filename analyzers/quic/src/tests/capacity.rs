//! What is kept is bounded, and what had to go is told.

use mcpcap_analyzer::harness::build::udp;
use serde_json::json;

use crate::build::{
    CLIENT, Initial, OF_CLIENT, OF_SERVER, SERVER, Wire, answer, crypto, encrypted, hello, hello_with, short,
};
use crate::limits;
use crate::packet::Kind;

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
    let names: Vec<u8> = (0..16).flat_map(|_| list(1, &[b'a'; 250])).collect();
    let hello = hello_with("a.example", "h3", OF_CLIENT, &[(16, list(2, &names))]);
    let asked: Vec<Vec<u8>> = (0..hello.len())
        .step_by(1_000)
        .zip(hello.chunks(1_000))
        .zip(0..)
        .map(|((at, part), number)| Initial { number, ..Initial::default() }.packet(&crypto(at, part)))
        .collect();
    let wire = (0..3_600_u16).fold(Wire::default(), |wire, port| {
        asked.iter().fold(wire, |wire, part| wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, part)))
    });
    let report = wire.report();
    assert_eq!(report["totals"]["connections"], 3_600);
    let evicted = report["limits"]["evicted_connections"].as_u64().unwrap();
    assert!((1..3_600).contains(&evicted), "{evicted}");
}

#[test]
fn hellos_that_never_end_are_given_up_together() {
    // 8,000 bytes behind a hole, from each of many.
    let asked: Vec<Vec<u8>> = (0..8)
        .map(|number| {
            Initial { number, ..Initial::default() }.packet(&crypto(64_000 + 1_000 * number as usize, &[0; 1_000]))
        })
        .collect();
    let wire = (0..1_000_u16).fold(Wire::default(), |wire, port| {
        asked.iter().fold(wire, |wire, part| wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, part)))
    });
    let report = wire.report();
    assert!(report["limits"]["hellos_not_read"].as_u64().unwrap() > 0, "{}", report["limits"]);
}

#[test]
fn millions_of_connection_ids_are_a_number() {
    let id = |number: u32| [&number.to_be_bytes()[..], &[1; 4]].concat();
    let wire = (0..20_000).fold(Wire::default().handshake("a.example", "h3"), |wire, number| {
        wire.ask(short(&id(number), 40)).ask(short(&id(number), 40))
    });
    let report = wire.report();
    let ids = &report["connections"][0]["server_ids"];
    assert_eq!((&ids["changes"], ids["seen"].as_array().unwrap().len()), (&json!(20_000), limits::IDS_OF_SIDE));
    // And of the server's handshake.
    let wire = (0..20_000).fold(Wire::default().handshake("a.example", "h3"), |wire, number| {
        wire.tell(encrypted(Kind::Handshake, OF_CLIENT, &id(number), 40))
    });
    assert_eq!(wire.report()["connections"][0]["server_ids"]["seen"].as_array().unwrap().len(), limits::IDS_OF_SIDE);
}

#[test]
fn clients_that_move_without_end_are_a_number() {
    let wire = (0..20_000_u16).fold(Wire::default().handshake("a.example", "h3"), |wire, port| {
        wire.frame(udp((CLIENT.0, 10_000 + port), SERVER, &short(OF_SERVER, 40)))
    });
    let report = wire.report();
    let connection = &report["connections"][0];
    assert_eq!(
        (&connection["migrations_total"], connection["migrations"].as_array().unwrap().len()),
        (&json!(20_000), 8)
    );
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
