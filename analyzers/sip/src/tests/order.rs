//! Files in which responses stand before their requests, and holes in streams.

use mcpcap_analyzer::harness::build::{pcap, tagged, tcp};
use serde_json::{Value, json};

use super::build::{ALICE, BOB, Draft, request};
use super::{file, named, report, run, timed};

const URI: &str = "sip:bob@example.net";
const DATA: u16 = 0x18;

/// Two calls and a registration, in the order in which they were sent: who sent each message, and its milliseconds.
fn dialog() -> Vec<(u64, bool, Draft)> {
    let invite = request("INVITE", URI, "one", 1).sdp("192.0.2.10", 4000);
    let busy = request("INVITE", URI, "two", 1);
    let register = request("REGISTER", "sip:example.net", "r", 1);
    vec![
        (0, true, invite.clone()),
        (10, false, invite.answer("100 Trying", "")),
        (50, false, invite.answer("180 Ringing", "b1")),
        (90, false, invite.answer("200 OK", "b1").sdp("198.51.100.20", 5000)),
        (100, true, request("ACK", URI, "one", 1).within("b1")),
        (200, true, busy.clone()),
        (210, false, busy.answer("486 Busy Here", "b2")),
        (220, true, request("ACK", URI, "two", 1).within("b2")),
        (300, true, register.clone()),
        (310, false, register.answer("200 OK", "b3")),
        (400, true, request("BYE", URI, "one", 2).within("b1")),
        (410, false, request("BYE", URI, "one", 2).within("b1").answer("200 OK", "b1")),
    ]
}

fn check(report: &Value, what: &str) {
    let statistics = &report["statistics"];
    assert_eq!(statistics["unasked_responses"], 0, "{what}");
    for method in statistics["transactions"].as_array().unwrap() {
        assert_eq!(method["unanswered"], 0, "{what}: {method}");
    }
    assert_eq!(named(&statistics["calls"]["outcomes"]), [("answered", 1), ("busy", 1)], "{what}");
    assert_eq!(
        (&statistics["calls"]["without_ack"], &statistics["calls"]["not_seen_from_start"]),
        (&json!(0), &json!(0)),
        "{what}"
    );
    let call = report["calls"].as_array().unwrap().iter().find(|call| call["call_id"] == "one").unwrap();
    assert_eq!((&call["setup_ms"], &call["ring_ms"]), (&json!(90.0), &json!(40.0)), "{what}");
    assert_eq!((&call["talk_seconds"], &call["acknowledged"]), (&json!(0.31), &json!(true)), "{what}");
    assert_eq!(statistics["registrations"]["accepted"], 1, "{what}");
}

/// Frames with their milliseconds, neighbours swapped where one answers the other.
fn swapped(mut frames: Vec<(u64, bool, Vec<u8>)>, queue: usize) -> Vec<(u64, Vec<u8>)> {
    // Queues of a network card: the frames of each `queue` packets come by direction, the server's first.
    for part in frames.chunks_mut(queue) {
        part.sort_by_key(|(_, from_client, _)| *from_client);
    }
    frames.into_iter().map(|(ms, _, frame)| (ms, frame)).collect()
}

#[test]
fn datagrams_in_any_order_are_paired() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        let frames: Vec<_> = dialog()
            .into_iter()
            .map(|(ms, there, draft)| (ms, there, if there { draft.over(alice, bob) } else { draft.over(bob, alice) }))
            .collect();
        for queue in [1, 2, 3, 4, 6, 12] {
            check(&timed(&swapped(frames.clone(), queue)), &format!("{alice}, {queue} at a time"));
        }
        let tags = |tag: fn(bool) -> u16| {
            let frames = frames.iter().map(|(ms, there, frame)| (*ms, *there, tagged(frame, &[tag(*there)])));
            timed(&swapped(frames.collect(), 4))
        };
        check(&tags(|there| if there { 10 } else { 20 }), "VLANs that differ by direction");
    }
}

#[test]
fn vlans_that_both_directions_use_hold_hosts_of_their_own() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        for (one, other) in [(&[5][..], &[6][..]), (&[], &[6]), (&[1, 5], &[2, 5])] {
            let message = |nth: u32| request("OPTIONS", "sip:bob@example.net", &format!("v{nth}"), 1);
            let ask = |vlans: &[u16], nth: u32| tagged(&message(nth).over(alice, bob), vlans);
            let tell = |vlans: &[u16], nth: u32| tagged(&message(nth).answer("200 OK", "t").over(bob, alice), vlans);
            // The same in both VLANs at the same time; answers in the other order.
            let both = [ask(one, 1), ask(other, 1), tell(other, 1), tell(one, 1)];
            // An answer that is missing, and one without its request.
            let lost = [ask(one, 2), ask(other, 2), tell(other, 2)];
            let strangers = [ask(one, 3), tell(other, 3)];
            let frames: Vec<(u64, Vec<u8>)> =
                (0..).step_by(300_000).zip([&both[..], &lost, &strangers].concat()).collect();
            let statistics = &run(&pcap(&frames), &json!({}))["statistics"];
            let method = &statistics["transactions"][0];
            let found =
                ["requests", "answered", "unanswered", "retransmitted"].map(|field| method[field].as_u64().unwrap());
            assert_eq!(found, [5, 3, 2, 0], "{alice} {one:?} {other:?}");
            assert_eq!(
                (&statistics["unasked_responses"], &statistics["retransmitted_responses"]),
                (&json!(1), &json!(0))
            );
            // Each direction has a tag of its own, and the request is sent again.
            let one_way = [ask(one, 1), ask(one, 1), tell(other, 1), tell(other, 1), ask(one, 2), tell(other, 2)];
            let frames: Vec<(u64, Vec<u8>)> = (0..).step_by(300_000).zip(one_way).collect();
            let statistics = &run(&pcap(&frames), &json!({}))["statistics"];
            let method = &statistics["transactions"][0];
            let found =
                ["requests", "answered", "unanswered", "retransmitted"].map(|field| method[field].as_u64().unwrap());
            assert_eq!(found, [2, 2, 0, 1], "{alice} {one:?} {other:?}");
            assert_eq!(
                (&statistics["unasked_responses"], &statistics["retransmitted_responses"]),
                (&json!(0), &json!(1))
            );
        }
    }
}

#[test]
fn datagrams_without_useful_times_are_paired() {
    let frames: Vec<_> = dialog()
        .into_iter()
        .map(|(_, there, draft)| (0, there, if there { draft.there() } else { draft.back() }))
        .collect();
    let report = timed(&swapped(frames, 2));
    assert_eq!(report["statistics"]["unasked_responses"], 0);
    assert_eq!(named(&report["statistics"]["calls"]["outcomes"]), [("answered", 1), ("busy", 1)]);
}

#[test]
fn segments_in_any_order_are_paired() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        for port in [5060, 7777] {
            let (mut client, mut server) = (100, 500);
            let mut frames = vec![
                (0, true, tcp((alice, 4000), (bob, port), 0x02, (99, 0), &[])),
                (0, false, tcp((bob, port), (alice, 4000), 0x12, (499, 100), &[])),
            ];
            for (ms, there, draft) in dialog() {
                let octets = draft.octets();
                let (own, other) = if there { (&mut client, &mut server) } else { (&mut server, &mut client) };
                let (from, to) = if there { ((alice, 4000), (bob, port)) } else { ((bob, port), (alice, 4000)) };
                frames.push((ms, there, tcp(from, to, DATA, (*own, *other), &octets)));
                *own += octets.len() as u32;
            }
            for queue in [1, 2, 3, 4, 8, 14] {
                check(&timed(&swapped(frames.clone(), queue)), &format!("{alice} {port}, {queue} at a time"));
            }
            let tagged =
                frames.iter().map(|(ms, there, frame)| (*ms, *there, tagged(frame, &[10 + u16::from(*there)])));
            check(&timed(&swapped(tagged.collect(), 3)), "VLANs that differ by direction");
        }
    }
}

#[test]
fn a_response_whose_request_is_not_there_waits_no_longer_than_it_must() {
    let invite = request("INVITE", URI, "c", 1);
    let mut frames = vec![invite.answer("200 OK", "b1").back(), request("ACK", URI, "c", 1).within("b1").there()];
    let other = |n: u32| request("OPTIONS", URI, &format!("o{n}"), n);
    frames.extend((0..80).map(|n| other(n).there()));
    // Too late to be what it answers.
    frames.push(invite.there());
    let report = report(&frames);
    let statistics = &report["statistics"];
    assert_eq!((&statistics["unasked_responses"], &report["sip_packets_analyzed"]), (&json!(1), &json!(83)));
    assert_eq!(report["limits"]["requests_behind_their_responses"], 1);
    let call = &report["calls"][0];
    assert_eq!(
        (&call["frame"], &call["outcome"], &call["acknowledged"]),
        (&json!(1), &json!("answered"), &json!(true))
    );
}

#[test]
fn much_that_waits_is_bounded() {
    let large = "x".repeat(30_000);
    let frames: Vec<Vec<u8>> = (0..40)
        .map(|n| {
            request("INVITE", URI, &format!("c{n}"), 1).answer("200 OK", "b1").with(&format!("X: {large}\r\n")).back()
        })
        .collect();
    let report = report(&frames);
    assert_eq!(
        (&report["statistics"]["unasked_responses"], &report["statistics"]["calls"]["total"]),
        (&json!(40), &json!(40))
    );
    let frames: Vec<u64> =
        report["calls"].as_array().unwrap().iter().map(|call| call["frame"].as_u64().unwrap()).collect();
    assert!(frames.is_sorted(), "{frames:?}");
}

/// A segment is missing before the INVITE of frame 5; frame 6 answers it.
#[test]
fn a_hole_before_an_invite_does_not_hide_its_answer() {
    let report = run(&file("tests/captures/reported/sip_tcp_hole_before_invite.pcap"), &json!({}));
    let statistics = &report["statistics"];
    assert_eq!(statistics["calls"]["total"], 1);
    assert_eq!((&statistics["unanswered_requests"], &statistics["unasked_responses"]), (&json!([]), &json!(1)));
    let call = &report["calls"][0];
    assert_eq!((&call["frame"], &call["outcome"], &call["final_code"]), (&json!(5), &json!("busy"), &json!(486)));
    let ladder: Vec<_> =
        call["ladder"].as_array().unwrap().iter().map(|step| (&step["frame"], &step["message"])).collect();
    assert_eq!(ladder, [(&json!(5), &json!("INVITE")), (&json!(6), &json!("486 INVITE"))]);
}

#[test]
fn a_hole_before_an_invite_in_all_forms() {
    let options = request("OPTIONS", URI, "o", 1);
    let lost = options.octets().len() as u32;
    let answer = options.answer("200 OK", "x").octets();
    let invite = request("INVITE", URI, "c", 1);
    let (asked, busy) = (invite.octets(), invite.answer("486 Busy Here", "b").octets());
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        for (port, tags) in [(5060, false), (5060, true), (7777, false), (7777, true)] {
            let (client, server) = ((alice, 4000), (bob, port));
            // So that the numbers wrap within the connection.
            let (c, s) = (u32::MAX - 50, u32::MAX - 20);
            let (c1, s1) = (c.wrapping_add(1), s.wrapping_add(1));
            let (c2, s2) = (c1.wrapping_add(lost), s1.wrapping_add(answer.len() as u32));
            let c3 = c2.wrapping_add(asked.len() as u32);
            let frames = [
                (true, tcp(client, server, 0x02, (c, 0), &[])),
                (false, tcp(server, client, 0x12, (s, c1), &[])),
                (true, tcp(client, server, 0x10, (c1, s1), &[])),
                (false, tcp(server, client, DATA, (s1, c2), &answer)),
                (true, tcp(client, server, DATA, (c2, s2), &asked)),
                (false, tcp(server, client, DATA, (s2, c3), &busy)),
            ];
            let frames = frames.into_iter().map(|(there, frame)| match (tags, there) {
                (false, _) => frame,
                (true, true) => tagged(&frame, &[10]),
                (true, false) => tagged(&frame, &[20]),
            });
            let report = report(&frames.collect::<Vec<_>>());
            let call = &report["calls"][0];
            assert_eq!((&call["frame"], &call["outcome"]), (&json!(5), &json!("busy")), "{alice} {port} {tags}");
            assert_eq!(call["ladder"][1]["frame"], 6);
            assert_eq!(report["statistics"]["unanswered_requests_total"], 0);
            assert_eq!(report["limits"]["reassembly"]["missing_octets"], lost);
        }
    }
}

#[test]
fn what_waits_counts_and_is_taken_when_reading_ends() {
    let invite = request("INVITE", URI, "c", 1);
    let busy = invite.answer("486 Busy Here", "b1");
    // Sent again, before its request.
    let again = report(&[busy.back(), busy.back(), invite.there()]);
    let statistics = &again["statistics"];
    assert_eq!((&statistics["unasked_responses"], &statistics["retransmitted_responses"]), (&json!(0), &json!(1)));
    let of_frame =
        |frame: u64| again["packets"].as_array().unwrap().iter().find(|packet| packet["frame"] == frame).unwrap();
    assert_eq!((&of_frame(1)["request_frame"], &of_frame(2)["retransmission_of"]), (&json!(3), &json!(1)));
    let frames = [(0, busy.back()), (1, invite.there())];
    let first = run(&mcpcap_analyzer::harness::build::pcap(&frames), &json!({ "max_packets": 1 }));
    assert_eq!((&first["sip_packets_analyzed"], &first["statistics"]["unasked_responses"]), (&json!(1), &json!(1)));
    assert_eq!(first["packets"].as_array().unwrap().len(), 1);
}
