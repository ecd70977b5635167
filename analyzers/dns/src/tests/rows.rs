//! The table `dns`.

use mcpcap_analyzer::harness::{self, build};
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::build::{A, answer, ask, prefixed, query, response};
use super::run;
use crate::rows::Transaction;
use crate::tool::DnsPackets;

const ONE: &[[u8; 4]] = &[[203, 0, 113, 1], [203, 0, 113, 2]];

fn rows_of(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<DnsPackets>(capture, &json!({}), Transaction::TABLE).unwrap()
}

fn rows(frames: &[Vec<u8>]) -> Vec<Value> {
    let frames: Vec<_> = (0..).step_by(10_000).zip(frames.iter().cloned()).collect();
    rows_of(&build::pcap(&frames))
}

fn statuses(rows: &[Value]) -> Vec<(u64, &str)> {
    rows.iter().map(|row| (row["frame"].as_u64().unwrap(), row["status"].as_str().unwrap())).collect()
}

#[test]
fn a_transaction_is_a_row() {
    let rows =
        rows(&[ask(4000, &query(7, "wWw.Example.com", A)), answer(4000, &response(7, "wwW.example.com", A, 0, ONE))]);
    assert_eq!(
        rows,
        [json!({
            "frame": 1, "response_frame": 2, "time": 0, "latency_ms": 10.0, "status": "answered", "service": "dns",
            "transport": "udp", "client": "192.0.2.10", "client_port": 4000, "server": "192.0.2.53", "server_port": 53,
            "vlan": null, "community_id": "1:SWyjt4MidU7fLk8Z0KKKyGjSY+k=", "connection": null, "id": 7, "opcode": "QUERY",
            "name": "www.example.com", "qtype": "A", "qtype_number": 1, "qclass": "IN", "qclass_number": 1,
            "rcode": "NOERROR", "rcode_number": 0, "answers": ["203.0.113.1", "203.0.113.2"], "ttls": [60, 60],
            "answer_types": ["A", "A"], "answer_name": "www.example.com", "answers_total": 2, "query_size": 33,
            "response_size": 65, "is_authoritative": false, "is_truncated": false, "query_truncated": false,
            "recursion_desired": true, "recursion_available": true, "is_authentic": false, "z": 0, "is_rejected": false,
            "is_malformed": false,
        })]
    );
}

#[test]
fn messages_without_a_transaction_are_rows_too() {
    let asked = query(1, "a.example", A);
    let rows = rows(&[
        ask(4000, &asked),
        ask(4000, &asked),
        answer(4000, &response(1, "b.example", A, 0, ONE)),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        answer(4001, &response(9, "c.example", A, 0, ONE)),
        ask(4002, &query(3, "d.example", A)),
    ]);
    let mut told = statuses(&rows);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            (1, "answered"),
            (2, "retransmission"),
            (3, "other_question"),
            (5, "further_response"),
            (6, "unasked"),
            (7, "unanswered"),
        ]
    );
    let unasked = rows.iter().find(|row| row["status"] == "unasked").unwrap();
    assert_eq!(
        (&unasked["client"], &unasked["server_port"], &unasked["query_size"], &unasked["response_frame"]),
        (&json!("192.0.2.10"), &json!(53), &json!(null), &json!(null))
    );
    let unanswered = rows.iter().find(|row| row["status"] == "unanswered").unwrap();
    assert_eq!((&unanswered["rcode"], &unanswered["answers"]), (&json!(null), &json!(null)));
}

/// Each message is in one row, and the counts of the rows are those of the report.
#[track_caller]
fn agree(capture: &[u8], name: &str) {
    let (report, rows) = (run(capture, &json!({})), rows_of(capture));
    let count = |status: &str| rows.iter().filter(|row| row["status"] == status).count() as u64;
    let messages = rows.len() as u64 + count("answered");
    assert_eq!(messages, report["dns_packets_found"].as_u64().unwrap_or_default(), "{name}");
    let totals = &report["statistics"]["transactions"];
    let dns =
        |status: &str| rows.iter().filter(|row| row["service"] == "dns" && row["status"] == status).count() as u64;
    for (status, field) in [
        ("answered", "answered"),
        ("retransmission", "retransmitted"),
        ("unasked", "unasked_responses"),
        ("other_question", "responses_to_another_question"),
        ("other_payload", "responses_to_other_payloads"),
    ] {
        assert_eq!(dns(status), totals[field].as_u64().unwrap_or_default(), "{name}: {status}");
    }
    let asked = dns("answered") + dns("unanswered");
    assert_eq!(asked, totals["asked"].as_u64().unwrap_or_default(), "{name}");
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let mut seen = 0;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    for (name, capture) in harness::files(
        root,
        &["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/reported"],
    ) {
        if harness::run::<DnsPackets>(&capture, &json!({})).is_ok() {
            agree(&capture, &name);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn rows_that_are_judged_anew_are_one() {
    for seed in 0..20 {
        let mut random = harness::Random::new(seed);
        let frames: Vec<(u64, Vec<u8>)> = (0..300)
            .map(|_| {
                let (port, id) = (4000 + random.below(3) as u16, random.below(3) as u16);
                let name = ["a.example", "b.example"][random.below(2)];
                let frame = match random.below(2) {
                    0 => ask(port, &query(id, name, A)),
                    _ => answer(port, &response(id, name, A, 0, ONE)),
                };
                // Not in the order of time.
                (random.below(60_000_000) as u64, frame)
            })
            .collect();
        agree(&build::pcap(&frames), &format!("seed {seed}"));
    }
}

#[test]
fn what_is_rejected_has_no_records_at_all() {
    let of = |rcode, records: &[[u8; 4]]| {
        let rows =
            rows(&[ask(4000, &query(7, "a.example", A)), answer(4000, &response(7, "a.example", A, rcode, records))]);
        rows[0]["is_rejected"].clone()
    };
    assert_eq!((of(5, &[]), of(0, &[]), of(0, ONE)), (json!(true), json!(true), json!(false)));
    let mut without_question = response(7, "a.example", A, 5, &[]);
    without_question[5] = 0;
    without_question.truncate(12);
    let rows = rows(&[answer(4000, &without_question)]);
    assert_eq!((&rows[0]["is_rejected"], &rows[0]["rcode"]), (&json!(true), &json!("REFUSED")));
}

#[test]
fn messages_over_tcp_have_the_number_of_their_connection() {
    let (client, server) = (("192.0.2.10", 4000), ("192.0.2.53", 53));
    let other = ("192.0.2.10", 3999);
    let frames = vec![
        build::tcp(other, server, 2, (1, 0), b""),
        build::tcp(client, server, 2, (99, 0), b""),
        build::tcp(client, server, 0x18, (100, 1), &prefixed(&query(1, "a.example", A))),
    ];
    assert_eq!(rows(&frames)[0]["connection"], 1);
}
