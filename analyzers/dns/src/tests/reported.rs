//! Captures of situations that people reported, with what is right for each; and their kinds.

use mcpcap_analyzer::harness::build::{pcap, tcp, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, answer, ask, prefixed, query, response};
use super::{rules, run};

const ONE: &[[u8; 4]] = &[[203, 0, 113, 1]];
const V6: (&str, &str) = ("2001:db8::10", "2001:db8::53");

fn reported(name: &str) -> Value {
    let path = format!("{}/../../tests/captures/reported/{name}", env!("CARGO_MANIFEST_DIR"));
    run(&std::fs::read(path).unwrap(), &json!({}))
}

#[track_caller]
fn check(report: &Value, expected: &[(&str, u64)]) {
    for (field, count) in expected {
        assert_eq!(report["statistics"]["transactions"][field], *count, "{field}");
    }
}

/// The services with how many messages they have, and what is malformed with how often.
fn services(report: &Value) -> Vec<(&str, u64)> {
    let services = report["statistics"]["services"].as_array().unwrap().iter();
    services.map(|service| (service["service"].as_str().unwrap(), service["messages"].as_u64().unwrap())).collect()
}

fn malformed(report: &Value) -> Vec<(&str, u64)> {
    let services = report["statistics"]["services"].as_array().unwrap().iter();
    let all = services.flat_map(|service| service["malformed"].as_array().unwrap());
    all.map(|entry| (entry["reason"].as_str().unwrap(), entry["count"].as_u64().unwrap())).collect()
}

#[test]
fn unicast_dns_on_the_port_of_mdns_is_dns() {
    let report = reported("unicast_dns_port5353.pcap");
    assert_eq!(services(&report), [("dns", 6)]);
    check(&report, &[("asked", 3), ("answered", 2), ("unanswered", 1), ("retransmitted", 1), ("unasked_responses", 0)]);
    let unanswered = &report["statistics"]["transactions"]["unanswered_queries"][0];
    assert_eq!((&unanswered["name"], &unanswered["sent"]), (&json!("lost.example.com"), &json!(2)));
    assert_eq!(report["statistics"]["servers"][0]["rcodes"][1], json!({ "code": 3, "name": "NXDOMAIN", "count": 1 }));
}

#[test]
fn what_is_mdns_and_what_is_not() {
    // What nobody asks in recursive DNS: no RD, no RA.
    let plain = |mut message: Vec<u8>| {
        message[2] &= 0x84;
        message[3] &= 0x0f;
        message
    };
    let reverse = "4.2.0.192.in-addr.arpa";
    for (client, peer, group) in [(CLIENT, SERVER, "224.0.0.251"), (V6.0, V6.1, "ff02::fb")] {
        let one = |frame: Vec<u8>| services(&super::report(&[frame]))[0].0.to_owned();
        // A question that wants a unicast answer, and the answer (RFC 6762 §5.4).
        assert_eq!(one(udp((client, 5353), (group, 5353), &plain(query(0, reverse, 12)))), "mdns");
        assert_eq!(one(udp((peer, 5353), (client, 5353), &plain(response(0, reverse, 12, 0x400, &[])))), "mdns");
        // One-shot queries from other ports, and their answers (§5.1, §6.7).
        let shot = udp((client, 40_000), (group, 5353), &plain(query(7, reverse, 12)));
        let back = udp((peer, 5353), (client, 40_000), &plain(response(7, reverse, 12, 0x400, &[])));
        assert_eq!(services(&super::report(&[shot, back])), [("mdns", 2)]);
        // A responder is asked alone (§5.5).
        assert_eq!(one(udp((client, 40_000), (peer, 5353), &query(7, "host.LOCAL", A))), "mdns");
        assert_eq!(one(udp((peer, 5353), (client, 40_000), &response(7, "host.local", A, 0, ONE))), "mdns");
        // Ordinary DNS: with a server on 5353, also from port 5353; and a client that has port 5353.
        assert_eq!(one(udp((client, 40_000), (peer, 5353), &query(7, "www.example.com", A))), "dns");
        assert_eq!(one(udp((client, 5353), (peer, 5353), &query(7, "www.example.com", A))), "dns");
        assert_eq!(one(udp((peer, 53), (client, 5353), &response(7, "www.example.com", A, 0, ONE))), "dns");
        assert_eq!(one(udp((peer, 53), (client, 5355), &response(7, "www.example.com", A, 0, ONE))), "dns");
    }
}

#[test]
fn one_port_and_one_identifier_for_ever_are_several_questions() {
    let report = reported("dns_fixed_id_port.pcap");
    check(&report, &[("asked", 3), ("answered", 2), ("unanswered", 1), ("retransmitted", 0), ("asked_again", 1)]);
    let latency = &report["statistics"]["transactions"]["latency"][0];
    assert_eq!((&latency["min_ms"], &latency["max_ms"]), (&json!(20.0), &json!(30.0)));
    assert_eq!(report["packets"][2]["request_frame"], 2);
    assert_eq!(report["packets"][4]["request_frame"], 4);
}

#[test]
fn an_error_belongs_to_the_malformed_query_before_it() {
    let report = reported("junk_and_formerr.pcap");
    check(&report, &[("asked", 40), ("answered", 40), ("unasked_responses", 0), ("unanswered", 0)]);
    assert_eq!((malformed(&report), services(&report)), (vec![("ends_early", 40)], vec![("dns", 80)]));
    assert_eq!(report["packets"][1]["request_frame"], 1);
    assert_eq!(report["packets"][1]["latency_ms"], 50.0);
    assert_eq!(report["statistics"]["servers"][0]["answered"], 40);
}

/// The same with payloads that cannot be meant as messages, and in any order.
#[test]
fn an_error_belongs_to_the_junk_before_it() {
    for (client, server) in [(CLIENT, SERVER), V6] {
        let mut error = response(0x4745, "", A, 1, &[]);
        error.truncate(12);
        error[5] = 0;
        let junk = (1000, udp((client, 4000), (server, 53), b"GET / HTTP/1.1\r\n\r\n"));
        let error = (2000, udp((server, 53), (client, 4000), &error));
        for frames in [[junk.clone(), error.clone()], [error, junk]] {
            let report = run(&pcap(&frames), &json!({}));
            check(&report, &[("asked", 0), ("unasked_responses", 0), ("responses_to_other_payloads", 1)]);
            assert_eq!(malformed(&report), [("not_dns", 1)]);
            let junk = if frames[0].0 == 1000 { 1 } else { 2 };
            assert_eq!(report["packets"][0]["request_frame"], junk);
        }
    }
}

#[test]
fn other_protocols_on_the_ports_of_dns_are_no_messages() {
    let report = reported("ntp_from_port_53.pcap");
    assert_eq!((malformed(&report), services(&report)), (vec![("not_dns", 6)], vec![("dns", 0)]));
    assert_eq!(report.get("dns_packets_found"), None);
    assert_eq!(report["statistics"].as_object().unwrap().keys().collect::<Vec<_>>(), ["services"]);

    let http = b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    let stun = b"\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl";
    for (client, server) in [(CLIENT, SERVER), V6] {
        for port in [53, 5353, 5355] {
            for payload in [http.as_slice(), stun] {
                let report = super::report(&[udp((client, 4000), (server, port), payload)]);
                assert_eq!(malformed(&report), [("not_dns", 1)], "UDP {port}");
                assert_eq!(report.get("dns_packets_found"), None);
            }
        }
        for port in [53, 5355] {
            let report = super::report(&[
                tcp((client, 4000), (server, port), 0x02, (99, 0), &[]),
                tcp((client, 4000), (server, port), 0x18, (100, 1), http),
                tcp((client, 4000), (server, port), 0x18, (100 + http.len() as u32, 1), http),
            ]);
            assert_eq!(malformed(&report), [("not_dns", 1)], "TCP {port}");
            assert_eq!(report.get("dns_packets_found"), None);
        }
    }
}

#[test]
fn queries_behind_holes_in_a_stream_pair_with_responses_that_came_before_them() {
    let report = reported("dns_tcp_ten_percent_lost.pcap");
    check(
        &report,
        &[("asked", 180), ("answered", 180), ("unanswered", 0), ("unasked_responses", 20), ("late_responses", 0)],
    );
    let latency = &report["statistics"]["transactions"]["latency"][0];
    assert_eq!((&latency["count"], &latency["min_ms"], &latency["max_ms"]), (&json!(180), &json!(10.0), &json!(10.0)));
    assert_eq!(report["statistics"]["servers"][0]["answered"], 180);
    assert_eq!(report["statistics"]["servers"][0]["unasked_responses"], 20);
    assert!(rules(&report).is_empty());
}

/// The responses stand before their queries; each came 4 ms after its query.
#[test]
fn responses_that_stand_before_their_queries_are_paired_by_time() {
    for (client, server) in [(CLIENT, SERVER), V6] {
        let mut frames = Vec::new();
        for n in 0..4_u16 {
            let at = 1_000_000 + u64::from(n) * 100_000;
            let message = response(n, "a.example", A, 0, ONE);
            frames.push((at + 4000, udp((server, 53), (client, 4000 + n), &message)));
            frames.push((at, udp((client, 4000 + n), (server, 53), &query(n, "a.example", A))));
        }
        let report = run(&pcap(&frames), &json!({}));
        check(&report, &[("asked", 4), ("answered", 4), ("unanswered", 0), ("unasked_responses", 0)]);
        let latency = &report["statistics"]["transactions"]["latency"][0];
        assert_eq!((&latency["min_ms"], &latency["max_ms"]), (&json!(4.0), &json!(4.0)));
        assert_eq!(
            (&report["packets"][0]["request_frame"], &report["packets"][1]["response_frame"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(report["packets"][0].get("note"), None);
        let order = &report["limits"]["order"];
        assert_eq!(order["responses_before_their_query"], 4);
        assert_eq!((&order["frames_back_in_time"], &order["furthest_back_seconds"]), (&json!(4), &json!(0.004)));
        assert_eq!(report["statistics"]["servers"][0]["answered"], 4);

        // Over TCP in one connection: handshake, then each response before its query.
        let (asked, answered) = (prefixed(&query(1, "a.example", A)), prefixed(&response(1, "a.example", A, 0, ONE)));
        let frames = [
            (0, tcp((client, 4000), (server, 53), 0x02, (99, 0), &[])),
            (1000, tcp((server, 53), (client, 4000), 0x12, (499, 100), &[])),
            (8000, tcp((server, 53), (client, 4000), 0x18, (500, 100 + asked.len() as u32), &answered)),
            (4000, tcp((client, 4000), (server, 53), 0x18, (100, 500), &asked)),
        ];
        let report = run(&pcap(&frames), &json!({}));
        check(&report, &[("asked", 1), ("answered", 1), ("unanswered", 0), ("unasked_responses", 0)]);
        assert_eq!(report["statistics"]["transactions"]["latency"][0]["median_ms"], 4.0);
    }
}

#[test]
fn a_capture_in_any_order_says_the_same() {
    // Sent twice and answered; answered twice; a conflict; never answered; nobody asked.
    let frames = [
        (0, ask(4000, &query(1, "a.example", A))),
        (1_000_000, ask(4000, &query(1, "a.example", A))),
        (1_020_000, answer(4000, &response(1, "a.example", A, 0, ONE))),
        (2_000_000, ask(4001, &query(2, "b.example", A))),
        (2_010_000, answer(4001, &response(2, "b.example", A, 0, ONE))),
        (2_030_000, answer(4001, &response(2, "b.example", A, 0, ONE))),
        (3_000_000, ask(4002, &query(3, "c.example", A))),
        (3_010_000, answer(4002, &response(3, "c.example", A, 0, ONE))),
        (3_020_000, answer(4002, &response(3, "c.example", A, 3, &[]))),
        (3_500_000, ask(4005, &query(6, "c.example", A))),
        (3_510_000, answer(4005, &response(6, "c.example", A, 0, ONE))),
        // Asked again with another identifier, and the first is answered after the second.
        (3_550_000, ask(4007, &query(8, "g.example", A))),
        (3_560_000, ask(4008, &query(9, "g.example", A))),
        (3_570_000, answer(4008, &response(9, "g.example", A, 0, ONE))),
        (3_580_000, answer(4007, &response(8, "g.example", A, 0, ONE))),
        // One port and one identifier for two questions within a moment.
        (3_600_000, ask(4006, &query(7, "f.example", A))),
        (3_610_000, answer(4006, &response(7, "f.example", A, 0, ONE))),
        (3_700_000, ask(4006, &query(7, "f.example", A))),
        (3_710_000, answer(4006, &response(7, "f.example", A, 0, ONE))),
        (4_000_000, ask(4003, &query(4, "d.example", A))),
        (9_000_000, answer(4004, &response(5, "e.example", A, 0, ONE))),
    ];
    let said = |order: &[usize]| {
        let frames: Vec<_> = order.iter().map(|at| frames[*at].clone()).collect();
        let mut transactions = run(&pcap(&frames), &json!({}))["statistics"]["transactions"].take();
        transactions["unanswered_queries"][0]["frame"] = json!(0);
        transactions
    };
    let in_order: Vec<usize> = (0..frames.len()).collect();
    let expected = said(&in_order);
    for (field, count) in [
        ("asked", 9),
        ("answered", 8),
        ("asked_again", 1),
        ("retransmitted", 1),
        ("duplicate_responses", 1),
        ("conflicting_responses", 1),
        ("unasked_responses", 1),
        ("unanswered_for_5_seconds", 1),
    ] {
        assert_eq!(expected[field], count, "{field}");
    }
    assert_eq!(expected["latency"][0]["max_ms"], 1020.0, "from the first transmission");
    let mut random = mcpcap_analyzer::harness::Random::new(7);
    for _ in 0..200 {
        let mut order = in_order.clone();
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        assert_eq!(said(&order), expected, "{order:?}");
    }
}

/// Each query is answered or not, and each response is one of the kinds that are told, whatever the bytes are.
#[test]
fn the_numbers_add_up_in_broken_captures_too() {
    let folder = format!("{}/../../tests/captures", env!("CARGO_MANIFEST_DIR"));
    let names = [
        "reported/dns_tcp_ten_percent_lost.pcap",
        "reported/junk_and_formerr.pcap",
        "reported/unicast_dns_port5353.pcap",
        "crafted/dns_records.pcap",
        "crafted/dns_edge.pcap",
    ];
    for name in names {
        let capture = std::fs::read(format!("{folder}/{name}")).unwrap();
        for copy in mcpcap_analyzer::harness::changed(&capture, 11, 20, 12) {
            // A header that is none ends reading, and frames before it are reported.
            let Ok(report) = mcpcap_analyzer::harness::run::<crate::tool::DnsPackets>(&copy, &json!({})) else {
                continue;
            };
            let Some(transactions) = report["statistics"].get("transactions") else { continue };
            let number = |field: &str| transactions[field].as_u64().unwrap();
            assert_eq!(number("asked"), number("answered") + number("unanswered"), "{name}");
            let services = report["statistics"]["services"].as_array().unwrap().iter();
            let dns = services.filter(|service| service["service"] == "dns");
            let responses: u64 = dns.map(|service| service["responses"].as_u64().unwrap()).sum();
            let kinds = [
                "answered",
                "duplicate_responses",
                "conflicting_responses",
                "unasked_responses",
                "responses_to_another_question",
                "responses_to_other_payloads",
            ];
            assert_eq!(kinds.into_iter().map(number).sum::<u64>(), responses, "{name}");
        }
    }
}

/// Neighbouring frames are swapped, as between capture queues: the question was not open any more when it was asked again.
#[test]
fn a_question_asked_after_its_answer_was_not_asked_again_before_it() {
    let report = run(
        &pcap(&[
            (1000, ask(4000, &query(1, "a.example", A))),
            (5000, ask(4001, &query(2, "a.example", A))),
            (4000, answer(4000, &response(1, "a.example", A, 0, ONE))),
            (6000, ask(4002, &query(3, "a.example", A))),
            (7000, answer(4001, &response(2, "a.example", A, 0, ONE))),
        ]),
        &json!({}),
    );
    check(&report, &[("asked", 3), ("answered", 2), ("asked_again", 1)]);
}

#[test]
fn a_clock_that_is_set_back_does_not_part_queries_from_responses() {
    let report = run(
        &pcap(&[
            (5_000_000, ask(4000, &query(1, "a.example", A))),
            (4_500_000, answer(4000, &response(1, "a.example", A, 0, ONE))),
        ]),
        &json!({}),
    );
    check(&report, &[("asked", 1), ("answered", 1), ("unasked_responses", 0)]);
    assert_eq!(report["packets"][1]["request_frame"], 1);
    assert_eq!(report["packets"][1].get("latency_ms"), None, "the clock does not tell");
}

#[test]
fn the_tags_of_both_directions_may_differ() {
    let tagged = |frame: Vec<u8>, tags: &[(u16, u16)]| {
        let tags: Vec<u8> =
            tags.iter().flat_map(|(kind, id)| [kind.to_be_bytes(), id.to_be_bytes()].concat()).collect();
        [&frame[..12], &tags, &frame[12..]].concat()
    };
    let none: &[(u16, u16)] = &[];
    let kinds = [none, &[(0x8100, 10)], &[(0x8100, 20)], &[(0x88a8, 100), (0x8100, 10)], &[(0x8100, 5), (0x8100, 6)]];
    for there in kinds {
        for back in kinds {
            for (client, server) in [(CLIENT, SERVER), V6] {
                let asked = udp((client, 4000), (server, 53), &query(1, "a.example", A));
                let answered = udp((server, 53), (client, 4000), &response(1, "a.example", A, 0, ONE));
                let (one, two) = (prefixed(&query(2, "b.example", A)), prefixed(&response(2, "b.example", A, 0, ONE)));
                let acknowledged = 100 + one.len() as u32;
                let report = super::report(&[
                    tagged(asked, there),
                    tagged(answered, back),
                    tagged(tcp((client, 4001), (server, 53), 0x02, (99, 0), &[]), there),
                    tagged(tcp((server, 53), (client, 4001), 0x12, (499, 100), &[]), back),
                    tagged(tcp((client, 4001), (server, 53), 0x18, (100, 500), &one), there),
                    tagged(tcp((server, 53), (client, 4001), 0x18, (500, acknowledged), &two), back),
                ]);
                check(&report, &[("asked", 2), ("answered", 2), ("unasked_responses", 0)]);
            }
        }
    }
}
