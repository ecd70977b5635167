//! Which reply belongs to which request: VLANs, and files that are not in the order of time.

use serde_json::{Value, json};

use super::build::{echo, every, tagged};
use super::{file, report, run};

const ENDS: [(&str, &str); 2] = [("192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::2")];

/// Requests, answered, unanswered, duplicate replies, replies without request.
fn counts(report: &Value) -> [u64; 5] {
    let echo = &report["statistics"]["echo"];
    ["requests", "answered", "unanswered", "duplicate_replies", "replies_without_request"]
        .map(|field| echo[field].as_u64().unwrap())
}

fn assert_four_pings(name: &str, first_request: u64) {
    let report = run(&file(&format!("tests/captures/reported/{name}")), &json!({}));
    assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{name}");
    let echo = &report["statistics"]["echo"];
    assert_eq!(echo["loss"], 0.0);
    assert_eq!((&echo["rtt"]["min_ms"], &echo["rtt"]["max_ms"]), (&4.0.into(), &4.0.into()), "{name}");
    let pair = &report["statistics"]["echo_pairs"][0];
    assert_eq!((&pair["answered"], &pair["loss"], &pair["rtt"]["count"]), (&4.into(), &0.0.into(), &4.into()));
    let packets = report["packets"].as_array().unwrap();
    let listed = |frame: u64| packets.iter().find(|packet| packet["frame"] == frame).unwrap();
    let reply = 3 - first_request;
    assert_eq!(listed(first_request)["reply_frame"], reply, "{name}");
    assert_eq!(listed(reply)["request_frame"], first_request, "{name}");
    assert_eq!(listed(reply)["rtt_ms"], 4.0, "{name}");
    assert!(packets.iter().all(|packet| packet.get("note").is_none()), "{name}: {packets:?}");
}

/// The right values are those of the captures' makers: 4 requests, 4 answered, each after 4 ms.
#[test]
fn reported_captures_have_their_right_values() {
    assert_four_pings("ping_vlan_one_way.pcap", 1);
    assert_four_pings("ping_qinq_one_way.pcap", 1);
    assert_four_pings("reply_before_request_in_file.pcap", 2);
}

#[test]
fn a_tag_for_each_direction_does_not_separate() {
    for (a, b) in ENDS {
        for (there, back) in [
            (&[10][..], &[][..]),
            (&[], &[10]),
            (&[10], &[20]),
            (&[0], &[]),
            (&[10, 20], &[10]),
            (&[10, 20], &[30, 20]),
        ] {
            let pings = (0..4).flat_map(|n| {
                [tagged(&echo(a, b, false, (7, n), b"abcd"), there), tagged(&echo(b, a, true, (7, n), b"abcd"), back)]
            });
            let report = report(&every(4000, pings));
            assert_eq!(counts(&report), [4, 4, 0, 0, 0], "{a}: {there:?} {back:?}");
            assert_eq!(report["statistics"]["echo"]["rtt"]["max_ms"], 4.0);
        }
    }
}

#[test]
fn vlans_that_both_directions_use_hold_hosts_of_their_own() {
    for (a, b) in ENDS {
        for (one, other) in [(&[5][..], &[6][..]), (&[], &[6]), (&[1, 5], &[2, 5])] {
            let ask = |vlans: &[u16], n: u16| tagged(&echo(a, b, false, (7, n), b"abcd"), vlans);
            let answer = |vlans: &[u16], n: u16| tagged(&echo(b, a, true, (7, n), b"abcd"), vlans);
            // The same numbers in both VLANs at the same time; answers in the other order.
            let both = [ask(one, 1), ask(other, 1), answer(other, 1), answer(one, 1)];
            let report = report(&every(6000, both.clone()));
            assert_eq!(counts(&report), [2, 2, 0, 0, 0]);
            assert_eq!(report["packets"][2]["request_frame"], 2);
            assert_eq!(report["packets"][3]["request_frame"], 1);
            assert!(report["packets"][1].get("note").is_none(), "not sent again, but by another host");
            // A request of one VLAN and a reply of the other do not belong together, whatever came first.
            let strangers = [ask(one, 9), answer(other, 9)];
            for frames in [[&both[..], &strangers].concat(), [&strangers[..], &both].concat()] {
                assert_eq!(counts(&super::report(&every(6000, frames))), [3, 2, 1, 0, 1], "{one:?} {other:?}");
            }
        }
    }
}

#[test]
fn across_vlans_a_further_reply_is_a_duplicate() {
    let (a, b) = ENDS[0];
    let reply = || tagged(&echo(b, a, true, (7, 1), b"abcd"), &[20]);
    let report = report(&every(1000, [tagged(&echo(a, b, false, (7, 1), b"abcd"), &[10]), reply(), reply()]));
    assert_eq!(counts(&report), [1, 1, 0, 1, 0]);
    assert_eq!(report["packets"][2]["note"], "the request was answered before");
}

#[test]
fn one_pair_of_numbers_for_all_requests_is_paired_across_vlans() {
    let (a, b) = ENDS[0];
    let pings = (0..100).flat_map(|_| {
        [tagged(&echo(a, b, false, (7, 1), b"abcd"), &[10]), tagged(&echo(b, a, true, (7, 1), b"abcd"), &[20])]
    });
    let report = report(&every(1000, pings));
    assert_eq!(counts(&report), [100, 100, 0, 0, 0]);
    assert_eq!(report["statistics"]["echo"]["rtt"]["max_ms"], 1.0);
}

#[test]
fn requests_with_the_same_numbers_that_wait_together_are_all_answered() {
    let (a, b) = ENDS[0];
    let asked = (0..50).map(|_| echo(a, b, false, (7, 1), b"x"));
    let answered = (0..60).map(|_| echo(b, a, true, (7, 1), b"x"));
    assert_eq!(counts(&report(&every(1000, asked.chain(answered)))), [50, 50, 0, 10, 0]);
}

#[test]
fn pairs_go_by_time_whatever_the_order_in_the_file() {
    for (a, b) in ENDS {
        let mut frames =
            every(1000, (0..200).flat_map(|n| [echo(a, b, false, (7, n), b"abcd"), echo(b, a, true, (7, n), b"abcd")]));
        frames.reverse();
        let report = report(&frames);
        assert_eq!(counts(&report), [200, 200, 0, 0, 0]);
        assert_eq!(report["statistics"]["echo"]["rtt"]["max_ms"], 1.0);
        assert_eq!(report["limits"]["out_of_order_messages"], 399);
        assert_eq!(report["limits"].get("evicted"), None);
    }
}

#[test]
fn a_reply_that_is_earlier_than_its_request_is_none() {
    let (a, b) = ENDS[0];
    let frames = every(1000, [echo(b, a, true, (7, 1), b"x"), echo(a, b, false, (7, 1), b"x")]);
    let report = report(&frames);
    assert_eq!(counts(&report), [1, 0, 1, 0, 1]);
    assert_eq!(report["limits"].get("out_of_order_messages"), None);
}

#[test]
fn replies_that_find_no_room_to_wait_are_told() {
    let (a, b) = ENDS[0];
    let number = |n: u32| ((n >> 8) as u16, (n & 0xff) as u16);
    let many = crate::limits::PENDING as u32 + 10;
    // All replies first, then all requests with earlier times.
    let replies = (0..many).map(|n| (2_000_000_000 + u64::from(n), echo(b, a, true, number(n), b"x")));
    let requests = (0..many).map(|n| (1_000_000_000 + u64::from(n), echo(a, b, false, number(n), b"x")));
    let report = report(&replies.chain(requests).collect::<Vec<_>>());
    let [requests, answered, unanswered, duplicates, unasked] = counts(&report);
    assert_eq!((requests, duplicates), (many.into(), 0));
    let evicted = &report["limits"]["evicted"];
    assert!(evicted["echo_replies"].as_u64().unwrap() >= 10, "{evicted}");
    assert_eq!(unasked, evicted["echo_replies"].as_u64().unwrap());
    assert_eq!((answered + unanswered, unanswered), (u64::from(many), unasked));
    assert_eq!(report["limits"]["out_of_order_messages"], many);
}

#[test]
fn a_clock_that_is_set_back_leaves_the_order_in_the_file() {
    let (a, b) = ENDS[0];
    let mut frames = every(1000, [echo(a, b, false, (7, 1), b"x"), echo(b, a, true, (7, 1), b"x")]);
    frames[1].0 -= 5_000_000;
    let report = report(&frames);
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert_eq!(report["packets"][1]["request_frame"], 1);
    assert!(report["statistics"]["echo"].get("rtt").is_none(), "no time is made up");
}
