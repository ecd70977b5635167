//! Echoes and their replies.

use serde_json::json;

use super::build::{echo, every};
use super::report;

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";

#[test]
fn a_reply_belongs_to_the_request_with_its_numbers_and_ends() {
    let frames = every(
        1000,
        [
            echo(A, B, false, (7, 1), b"abcd"),
            echo(A, "192.0.2.3", false, (7, 1), b"abcd"),
            echo(B, A, true, (7, 1), b"abcd"),
            echo(B, A, true, (7, 2), b"abcd"),
        ],
    );
    let report = report(&frames);
    let echo = &report["statistics"]["echo"];
    assert_eq!((&echo["requests"], &echo["replies"], &echo["answered"]), (&2.into(), &2.into(), &1.into()));
    assert_eq!((&echo["unanswered"], &echo["replies_without_request"]), (&1.into(), &1.into()));
    assert_eq!(echo["loss"], 0.5);
    assert_eq!(echo["rtt"]["max_ms"], 2.0);
    let packets = &report["packets"];
    assert_eq!(
        (&packets[0]["reply_frame"], &packets[2]["request_frame"], &packets[2]["rtt_ms"]),
        (&3.into(), &1.into(), &2.0.into())
    );
    assert_eq!(packets[3]["note"], "no request for this reply in the capture");
    let pairs = report["statistics"]["echo_pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 2);
    assert_eq!((&pairs[0]["target"], &pairs[0]["identifiers"]), (&B.into(), &json!([7])));
}

#[test]
fn duplicate_and_late_replies_are_told() {
    let mut frames =
        every(1000, [echo(A, B, false, (7, 1), b"x"), echo(B, A, true, (7, 1), b"x"), echo(B, A, true, (7, 1), b"x")]);
    frames.push((frames[0].0 + 5_000_000, echo(A, B, false, (7, 2), b"x")));
    frames.push((frames[0].0 + 6_500_000, echo(B, A, true, (7, 2), b"x")));
    let report = report(&frames);
    let echo = &report["statistics"]["echo"];
    assert_eq!((&echo["duplicate_replies"], &echo["late_replies"]), (&1.into(), &1.into()));
    assert_eq!(report["packets"][2]["note"], "the request was answered before");
}

#[test]
fn numbers_that_come_round_are_new_requests() {
    let round = [echo(A, B, false, (7, 1), b"x"), echo(B, A, true, (7, 1), b"x")];
    let report = report(&every(1_000_000, round.iter().chain(&round).cloned()));
    let echo = &report["statistics"]["echo"];
    assert_eq!((&echo["answered"], &echo["sent_again"], &echo["loss"]), (&2.into(), &1.into(), &0.0.into()));
}

#[test]
fn replies_to_a_broadcast_are_told_apart() {
    let report = report(&every(
        1000,
        [
            echo(A, "192.0.2.255", false, (7, 1), b"x"),
            echo(B, A, true, (7, 1), b"x"),
            echo("192.0.2.3", A, true, (7, 1), b"x"),
        ],
    ));
    let echo = &report["statistics"]["echo"];
    assert_eq!((&echo["replies_to_broadcast"], &echo["replies_without_request"]), (&2.into(), &0.into()));
    assert_eq!(report["packets"][1]["request_frame"], 1);
}

#[test]
fn icmpv6_is_analysed_alike() {
    let (a, b) = ("2001:db8::1", "2001:db8::2");
    let report = report(&every(1000, [echo(a, b, false, (7, 1), b"abcd"), echo(b, a, true, (7, 1), b"abcd")]));
    assert_eq!(report["statistics"]["echo"]["answered"], 1);
    assert_eq!(report["statistics"]["echo_pairs"][0]["ip_version"], 6);
    assert_eq!(report["packets"][0]["icmp_type_name"], "Echo Request");
}
