//! Queries and their responses.

use mcpcap_analyzer::harness::build::{pcap, tagged, tcp, udp};
use serde_json::{Value, json};

use super::build::{A, CLIENT, SERVER, answer, ask, prefixed, query, response};
use super::{report, rules, run};

const ONE: &[[u8; 4]] = &[[203, 0, 113, 1]];
const TWO: &[[u8; 4]] = &[[203, 0, 113, 2]];

#[track_caller]
fn check(report: &Value, expected: &[(&str, u64)]) {
    for (field, count) in expected {
        assert_eq!(report["statistics"]["transactions"][field], *count, "{field}");
    }
}

#[test]
fn names_pair_whatever_their_case() {
    let report =
        report(&[ask(4000, &query(1, "wWw.ExAmPlE.com", A)), answer(4000, &response(1, "WwW.example.COM", A, 0, ONE))]);
    check(&report, &[("asked", 1), ("answered", 1), ("unasked_responses", 0)]);
    assert_eq!(report["statistics"]["unique_domains"], json!(["www.example.com"]));
}

#[test]
fn identifier_port_and_question_have_to_agree() {
    let report = report(&[
        ask(4000, &query(1, "a.example", A)),
        answer(4000, &response(2, "a.example", A, 0, ONE)),
        answer(4001, &response(1, "a.example", A, 0, ONE)),
        answer(4000, &response(1, "b.example", A, 0, ONE)),
    ]);
    check(
        &report,
        &[
            ("asked", 1),
            ("answered", 0),
            ("unasked_responses", 2),
            ("responses_to_another_question", 1),
            ("unanswered", 1),
            ("unanswered_for_5_seconds", 0),
        ],
    );
}

#[test]
fn a_response_to_another_question_tells_the_open_query_and_what_differs() {
    let query = query(1, "a.example", A);
    let mut chaos = response(1, "a.example", A, 0, &[]);
    *chaos.last_mut().unwrap() = 3;
    let report = report(&[
        ask(4000, &query),
        answer(4000, &response(1, "b.example", A, 0, ONE)),
        answer(4000, &response(1, "a.example", 28, 0, &[])),
        answer(4000, &chaos),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        answer(4000, &response(1, "c.example", A, 0, ONE)),
    ]);
    check(&report, &[("answered", 1), ("responses_to_another_question", 3), ("unasked_responses", 1)]);
    let packets = report["packets"].as_array().unwrap();
    for (at, differs) in [(1, "name"), (2, "type"), (3, "class")] {
        assert_eq!(packets[at]["other_question"], json!({ "query_frame": 1, "differs": differs }));
        assert!(packets[at]["note"].as_str().unwrap().contains("another question"));
    }
    assert_eq!(packets[4]["request_frame"], 1);
    assert!(packets[5]["note"].as_str().unwrap().contains("no query"), "the query is not open any more");
}

/// RFC 1035 §6.4.2: the query has no question and one answer; the response fills the questions in, or says that this is not implemented.
#[test]
fn inverse_queries_pair_with_their_responses() {
    let inverse =
        b"\x00\x01\x08\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\x0a\x01\x00\x34";
    let mut filled_in = response(1, "venera.isi.edu", A, 0, &[[10, 1, 0, 52]]);
    filled_in[2..4].copy_from_slice(&[0x88, 0]);
    let mut refused = inverse.to_vec();
    refused[2..4].copy_from_slice(&[0x88, 4]);
    let bare = b"\x00\x01\x88\x04\x00\x00\x00\x00\x00\x00\x00\x00".to_vec();
    for back in [filled_in, refused, bare] {
        for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
            let report = report(&[
                udp((client, 4000), (server, 53), inverse),
                udp((server, 53), (client, 4000), &back),
                tcp((client, 4001), (server, 53), 0x02, (99, 0), &[]),
                tcp((server, 53), (client, 4001), 0x12, (499, 100), &[]),
                tcp((client, 4001), (server, 53), 0x18, (100, 500), &prefixed(inverse)),
                tcp((server, 53), (client, 4001), 0x18, (500, 100 + 2 + inverse.len() as u32), &prefixed(&back)),
            ]);
            check(&report, &[("asked", 2), ("answered", 2), ("unasked_responses", 0), ("unanswered", 0)]);
        }
    }
}

/// The name points to what stands behind the question; a server may read it all the same, copy it, or refuse it.
#[test]
fn queries_whose_name_points_forward_pair_with_their_responses() {
    let mut forward = query(1, "", A);
    forward.truncate(12);
    forward.extend_from_slice(b"\xc0\x12\x00\x01\x00\x01\x07example\x03com\x00");
    let read = response(1, "example.com", A, 0, ONE);
    let mut copied = forward.clone();
    copied[2..4].copy_from_slice(&[0x81, 0x80]);
    let mut refused = response(1, "", A, 1, &[]);
    refused.truncate(12);
    refused[5] = 0;
    for back in [read, copied, refused] {
        let report = report(&[ask(4000, &forward), ask(4000, &forward), answer(4000, &back)]);
        check(&report, &[("asked", 1), ("retransmitted", 1), ("answered", 1), ("unasked_responses", 0)]);
        assert_eq!(report["packets"][2]["request_frame"], 1);
        assert_eq!(report["statistics"]["services"][0]["malformed"][0]["reason"], "bad_pointer");
    }
    let report = report(&[ask(4000, &forward)]);
    let open = &report["statistics"]["transactions"]["unanswered_queries"][0];
    assert_eq!((open.get("name"), &open["frame"]), (None, &json!(1)), "there is no name to tell");
}

#[test]
fn many_responses_to_another_question_are_a_finding() {
    let frames = |count: u16| -> Vec<Vec<u8>> {
        let asked = std::iter::once(ask(4000, &query(1, "bank.example", A)));
        asked.chain((0..count).map(|n| answer(4000, &response(1, &format!("x{n}.example"), A, 0, ONE)))).collect()
    };
    assert_eq!(rules(&report(&frames(5))), ["dns_answers_to_another_question"]);
    assert!(rules(&report(&frames(4))).is_empty());
}

#[test]
fn queries_sent_again_are_one_question() {
    let report = report(&[
        ask(4000, &query(1, "a.example", A)),
        ask(4000, &query(1, "a.example", A)),
        ask(4001, &query(2, "a.example", A)),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        ask(4000, &query(3, "a.example", A)),
    ]);
    check(&report, &[("asked", 3), ("retransmitted", 1), ("asked_again", 1), ("answered", 1), ("unanswered", 2)]);
    // From the first transmission on.
    assert_eq!(report["packets"][3]["latency_ms"], 30.0);
}

#[test]
fn an_answer_that_comes_again_is_a_duplicate() {
    let rotated =
        |first: u8, second: u8| response(1, "a.example", A, 0, &[[203, 0, 113, first], [203, 0, 113, second]]);
    let report =
        report(&[ask(4000, &query(1, "a.example", A)), answer(4000, &rotated(1, 2)), answer(4000, &rotated(2, 1))]);
    check(&report, &[("duplicate_responses", 1), ("conflicting_responses", 0)]);
    assert!(rules(&report).is_empty());
}

#[test]
fn two_different_answers_to_one_query_conflict() {
    let report = report(&[
        ask(4000, &query(1, "a.example", A)),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        answer(4000, &response(1, "a.example", A, 0, TWO)),
    ]);
    check(&report, &[("duplicate_responses", 0), ("conflicting_responses", 1)]);
    assert_eq!(rules(&report), ["dns_conflicting_answers"]);
    assert_eq!(report["findings"][0]["frames"], json!([1, 2, 3]));
    assert_eq!(report["findings"][0]["measures"][0]["value"], 1.0);
    let flood = (0..20).map(|n| answer(4000, &response(1, "a.example", A, 0, &[[203, 0, 113, n]])));
    let report = super::report(&std::iter::once(ask(4000, &query(1, "a.example", A))).chain(flood).collect::<Vec<_>>());
    check(&report, &[("answered", 1), ("conflicting_responses", 19), ("duplicate_responses", 0)]);
    assert_eq!(report["findings"][0]["measures"][0], json!({ "name": "responses", "value": 19.0 }));
}

#[test]
fn two_different_answers_to_a_query_sent_twice_do_not() {
    let report = report(&[
        ask(4000, &query(1, "a.example", A)),
        ask(4000, &query(1, "a.example", A)),
        answer(4000, &response(1, "a.example", A, 0, ONE)),
        answer(4000, &response(1, "a.example", A, 0, TWO)),
    ]);
    check(&report, &[("duplicate_responses", 1), ("conflicting_responses", 0)]);
    assert!(rules(&report).is_empty());
}

#[test]
fn errors_may_leave_the_question_out() {
    let mut refused = response(1, "", A, 5, &[]);
    refused.truncate(12);
    refused[5] = 0;
    let report = report(&[ask(4000, &query(1, "a.example", A)), answer(4000, &refused)]);
    check(&report, &[("answered", 1), ("unasked_responses", 0)]);
    assert_eq!(report["statistics"]["servers"][0]["rcodes"][0]["name"], "REFUSED");
}

#[test]
fn truncated_answers_are_followed_to_tcp() {
    let query = query(1, "a.example", A);
    let segment = prefixed(&query);
    let report = report(&[
        ask(4000, &query),
        answer(4000, &response(1, "a.example", A, 0x0200, &[])),
        tcp((CLIENT, 4001), (SERVER, 53), 0x02, (100, 0), &[]),
        tcp((CLIENT, 4001), (SERVER, 53), 0x18, (101, 1), &segment),
    ]);
    check(&report, &[("truncated_responses", 1), ("retried_over_tcp", 1)]);
}

#[test]
fn timeouts_are_told_from_queries_in_flight() {
    let second = 1_000_000;
    let capture = pcap(&[
        (0, ask(4000, &query(1, "a.example", A))),
        (second, ask(4000, &query(1, "a.example", A))),
        (7 * second, ask(4001, &query(2, "b.example", A))),
        (9 * second, ask(4002, &query(3, "c.example", A))),
        (10 * second, answer(4001, &response(2, "b.example", A, 0, ONE))),
    ]);
    let report = run(&capture, &json!({}));
    check(&report, &[("unanswered", 2), ("unanswered_for_5_seconds", 1), ("late_responses", 0)]);
    let first = &report["statistics"]["transactions"]["unanswered_queries"][0];
    assert_eq!((&first["frame"], &first["sent"], &first["waited_seconds"]), (&json!(1), &json!(2), &json!(10.0)));
}

#[test]
fn llmnr_answers_come_from_a_member_of_the_group() {
    let report = report(&[
        udp((CLIENT, 5000), ("224.0.0.252", 5355), &query(1, "printer", A)),
        udp(("192.0.2.77", 5355), (CLIENT, 5000), &response(1, "printer", A, 0, ONE)),
    ]);
    check(&report, &[("asked", 0), ("llmnr_asked", 1), ("llmnr_answered", 1)]);
    assert_eq!(report["packets"][1]["latency_ms"], 10.0);
    assert_eq!(report["statistics"]["services"][0]["service"], "llmnr");
    assert_eq!(report["statistics"]["servers_total"], 0);
}

#[test]
fn servers_and_clients_have_their_numbers() {
    let report = report(&[
        ask(4000, &query(1, "a.example", A)),
        answer(4000, &response(1, "a.example", A, 3, &[])),
        ask(4001, &query(2, "b.example", A)),
    ]);
    for (list, address) in [("servers", SERVER), ("clients", CLIENT)] {
        let party = &report["statistics"][list][0];
        assert_eq!((&party["address"], &party["asked"], &party["answered"]), (&json!(address), &json!(2), &json!(1)));
        assert_eq!(party["latency"]["median_ms"], 10.0);
        assert_eq!(party["rcodes"], json!([{ "code": 3, "name": "NXDOMAIN", "count": 1 }]));
    }
}

#[test]
fn vlans_that_both_directions_use_hold_hosts_of_their_own() {
    for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
        for (one, other) in [(&[5][..], &[6][..]), (&[], &[6]), (&[1, 5], &[2, 5])] {
            let name = |id: u16| format!("a{id}.example");
            let ask =
                |vlans: &[u16], id: u16| tagged(&udp((client, 4000), (server, 53), &query(id, &name(id), A)), vlans);
            let tell = |vlans: &[u16], id: u16, says: &[[u8; 4]]| {
                tagged(&udp((server, 53), (client, 4000), &response(id, &name(id), A, 0, says)), vlans)
            };
            // The same in both VLANs at the same time; answers in the other order, and not the same.
            let both = [ask(one, 1), ask(other, 1), tell(other, 1, TWO), tell(one, 1, ONE)];
            let asked = |asked, answered, unanswered, unasked_responses| {
                [
                    ("asked", asked),
                    ("answered", answered),
                    ("unanswered", unanswered),
                    ("unasked_responses", unasked_responses),
                    ("retransmitted", 0),
                    ("duplicate_responses", 0),
                    ("conflicting_responses", 0),
                ]
            };
            check(&report(&both), &asked(2, 2, 0, 0));
            // An answer that is missing; and one without its query, which belongs to none of another host.
            let lost = [ask(one, 2), ask(other, 2), tell(other, 2, ONE)];
            check(&report(&[&both[..], &lost].concat()), &asked(4, 3, 1, 0));
            check(&report(&[&lost[..], &both].concat()), &asked(4, 3, 1, 0));
            let strangers = [ask(one, 3), tell(other, 3, ONE)];
            check(&report(&[&both[..], &strangers].concat()), &asked(3, 2, 1, 1));
            // In the order of two queues of a network card.
            let behind = [tell(one, 4, ONE), tell(other, 4, ONE), ask(one, 4), ask(other, 4)];
            let times = [0, 1, 2, 3, 6, 7, 4, 5].map(|nth| 1_700_000_000_000_000 + nth * 10_000);
            let behind: Vec<(u64, Vec<u8>)> = times.into_iter().zip(both.into_iter().chain(behind)).collect();
            check(&run(&pcap(&behind), &json!({})), &asked(4, 4, 0, 0));
        }
    }
}

#[test]
fn a_tag_for_each_direction_does_not_separate() {
    for (client, server) in [(CLIENT, SERVER), ("2001:db8::10", "2001:db8::53")] {
        for (there, back) in [(&[10][..], &[][..]), (&[], &[10]), (&[10], &[20]), (&[0], &[]), (&[10, 20], &[10])] {
            let frames = (0..4_u16).flat_map(|id| {
                let ask = tagged(&udp((client, 4000), (server, 53), &query(id, "a.example", A)), there);
                let tell = tagged(&udp((server, 53), (client, 4000), &response(id, "a.example", A, 0, ONE)), back);
                // Sent again, and answered again.
                [ask.clone(), ask, tell.clone(), tell]
            });
            let report = report(&frames.collect::<Vec<_>>());
            let expected = [
                ("asked", 4),
                ("answered", 4),
                ("retransmitted", 4),
                ("duplicate_responses", 4),
                ("unasked_responses", 0),
            ];
            check(&report, &expected);
        }
    }
}
