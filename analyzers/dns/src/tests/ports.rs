//! DNS on other ports, and what only looks like it.

use mcpcap_analyzer::harness::build::{tcp, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, prefixed, query, response};
use super::report;

const ANSWER: &[[u8; 4]] = &[[203, 0, 113, 1]];

fn frames(report: &Value) -> Vec<u64> {
    report["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()).collect()
}

#[test]
fn datagrams_count_when_both_directions_agree() {
    let report = report(&[
        udp((CLIENT, 4000), (SERVER, 5300), &query(1, "a.example", A)),
        udp((CLIENT, 4000), (SERVER, 9999), &query(2, "a.example", A)),
        udp((SERVER, 5300), (CLIENT, 4000), &response(1, "a.example", A, 0, ANSWER)),
        udp((CLIENT, 4001), (SERVER, 5300), &query(3, "b.example", A)),
    ]);
    assert_eq!(frames(&report), [1, 3, 4], "and what comes later to that server");
    assert_eq!(report["packets"][1]["latency_ms"], 20.0);
    assert_eq!(
        (&report["limits"]["unconfirmed_candidates"], &report["limits"]["unconfirmed_frames"]),
        (&json!(1), &json!([2]))
    );
}

#[test]
fn what_waited_counts_once_the_server_is_known() {
    let report = report(&[
        udp((CLIENT, 4000), (SERVER, 5300), &query(1, "a.example", A)),
        udp((CLIENT, 4001), (SERVER, 5300), &query(2, "b.example", A)),
        udp((CLIENT, 4002), (SERVER, 5300), &query(3, "c.example", A)),
        udp((SERVER, 5300), (CLIENT, 4000), &response(1, "a.example", A, 0, ANSWER)),
        udp((SERVER, 5300), (CLIENT, 4001), &response(2, "b.example", A, 0, ANSWER)),
    ]);
    // A query on a port of its own is listed when its response comes, the last one at the end.
    assert_eq!(frames(&report), [1, 4, 2, 5, 3]);
    let transactions = &report["statistics"]["transactions"];
    assert_eq!((&transactions["asked"], &transactions["answered"]), (&json!(3), &json!(2)));
    assert_eq!((&transactions["unanswered"], report["limits"].get("unconfirmed_candidates")), (&json!(1), None));
}

#[test]
fn the_response_may_stand_before_the_query_in_the_file() {
    for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
        let report = super::run(
            &mcpcap_analyzer::harness::build::pcap(&[
                (5000, udp((server, 5300), (client, 4000), &response(1, "a.example", A, 0, ANSWER))),
                (1000, udp((client, 4000), (server, 5300), &query(1, "a.example", A))),
                (9000, udp((server, 5300), (client, 4001), &response(2, "b.example", A, 0, ANSWER))),
            ]),
            &json!({}),
        );
        assert_eq!(frames(&report), [1, 2, 3]);
        let transactions = &report["statistics"]["transactions"];
        assert_eq!((&transactions["answered"], &transactions["unasked_responses"]), (&json!(1), &json!(1)));
        assert_eq!(report["limits"].get("unconfirmed_candidates"), None);
    }
}

#[test]
fn streams_count_when_both_directions_agree() {
    let question = prefixed(&query(1, "a.example", A));
    let answer = prefixed(&response(1, "a.example", A, 0, ANSWER));
    let segment = |from_client: bool, bytes: &[u8]| {
        let (client, server) = ((CLIENT, 4000), (SERVER, 8053));
        if from_client { tcp(client, server, 0x18, (1, 1), bytes) } else { tcp(server, client, 0x18, (1, 100), bytes) }
    };
    assert_eq!(frames(&report(&[segment(true, &question), segment(false, &answer)])), [1, 2]);
    assert_eq!(frames(&report(&[segment(true, &question), segment(false, b"HTTP/1.1 200 OK\r\n\r\n")])), [0_u64; 0]);
    assert_eq!(frames(&report(&[segment(true, &question), segment(false, &question)])), [0_u64; 0]);
}

#[test]
fn netbios_names_are_another_protocol() {
    let report = report(&[
        udp((CLIENT, 137), (SERVER, 137), &query(1, "a", 32)),
        udp((SERVER, 137), (CLIENT, 137), &response(1, "a", 32, 0, &[])),
    ]);
    assert_eq!((report.get("dns_packets_found"), report.get("limits")), (None, None));
}

#[test]
fn an_empty_datagram_carries_nothing() {
    let report = report(&[udp((CLIENT, 4000), (SERVER, 53), &[])]);
    assert_eq!(report, json!({ "message": "No DNS, mDNS or LLMNR messages found in this capture" }));
}
