//! Calls: times, ends, forks, retransmissions.

use serde_json::{Value, json};

use super::build::{ALICE, BOB, request};
use super::{named, report, timed};

const URI: &str = "sip:bob@example.net";

fn steps(call: &Value) -> Vec<&str> {
    call["ladder"].as_array().unwrap().iter().map(|step| step["message"].as_str().unwrap()).collect()
}

#[test]
fn an_answered_call_has_its_times() {
    let invite = request("INVITE", URI, "c", 1).sdp(ALICE, 4000);
    let bye = request("BYE", URI, "c", 9).within("b1").reversed().with("Reason: Q.850;cause=16\r\n");
    let report = timed(&[
        (0, invite.there()),
        (50, invite.answer("100 Trying", "").back()),
        (400, invite.answer("183 Session Progress", "b1").sdp(BOB, 5000).back()),
        (1000, invite.answer("180 Ringing", "b1").back()),
        (4000, invite.answer("200 OK", "b1").sdp(BOB, 5000).back()),
        (4100, request("ACK", URI, "c", 1).within("b1").there()),
        (64_000, bye.back()),
        (64_010, bye.answer("200 OK", "").there()),
    ]);
    let call = &report["calls"][0];
    for (field, expected) in [
        ("outcome", json!("answered")),
        ("ended_by", json!("callee")),
        ("end_reason", json!("Q.850;cause=16")),
        ("final_code", json!(200)),
        ("post_dial_delay_ms", json!(400.0)),
        ("ring_ms", json!(3000.0)),
        ("setup_ms", json!(4000.0)),
        ("talk_seconds", json!(60.0)),
        ("early_media", json!(true)),
        ("acknowledged", json!(true)),
        ("caller", json!("alice@example.com")),
        ("callee", json!("bob@example.net")),
        ("start", json!("2023-11-14T22:13:20.000000Z")),
    ] {
        assert_eq!(call[field], expected, "{field}");
    }
    assert_eq!(
        steps(call),
        ["INVITE", "100 INVITE", "183 INVITE", "180 INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]
    );
    let media: Vec<_> =
        call["media"].as_array().unwrap().iter().map(|m| (&m["side"], &m["address"], &m["port"])).collect();
    assert_eq!(media, [(&json!("caller"), &json!(ALICE), &json!(4000)), (&json!("callee"), &json!(BOB), &json!(5000))]);
    assert_eq!(report["statistics"]["calls"]["talk_time"]["median_ms"], 60_000.0);
}

#[test]
fn retransmissions_are_no_calls() {
    let invite = request("INVITE", URI, "c", 1);
    let busy = invite.answer("486 Busy Here", "b1");
    let frames = [invite.there(), invite.there(), invite.there(), busy.back(), busy.back()];
    let report = report(&frames);
    let statistics = &report["statistics"];
    assert_eq!((&statistics["retransmitted_requests"], &statistics["retransmitted_responses"]), (&json!(2), &json!(1)));
    assert_eq!((&statistics["calls"]["total"], &statistics["transactions"][0]["requests"]), (&json!(1), &json!(1)));
    let call = &report["calls"][0];
    assert_eq!((&call["retransmissions"], &call["outcome"]), (&json!(3), &json!("busy")));
    assert_eq!(call["ladder"][0]["repeats"], 2);
    assert_eq!(report["packets"][2]["retransmission_of"], 1);
    assert_eq!(
        (&report["packets"][3]["request_frame"], &report["packets"][0]["response_frame"]),
        (&json!(1), &json!(4))
    );
}

#[test]
fn the_answer_to_a_challenge_is_the_same_call() {
    let first = request("INVITE", URI, "c", 1);
    let second = request("INVITE", URI, "c", 2).with("Authorization: Digest username=\"alice\"\r\n");
    let report = report(&[
        first.there(),
        first.answer("407 Proxy Authentication Required", "p").back(),
        second.there(),
        second.answer("603 Decline", "b1").back(),
    ]);
    let call = &report["calls"][0];
    assert_eq!(
        (&call["challenges"], &call["final_code"], &call["outcome"]),
        (&json!(1), &json!(603), &json!("rejected"))
    );
    assert_eq!(named(&report["statistics"]["calls"]["outcomes"]), [("rejected", 1)]);
}

#[test]
fn a_cancelled_call_rang_until_cancel() {
    let invite = request("INVITE", URI, "c", 1);
    let cancel = request("CANCEL", URI, "c", 1);
    let report = timed(&[
        (0, invite.there()),
        (100, invite.answer("180 Ringing", "b1").back()),
        (5100, cancel.there()),
        (5110, cancel.answer("200 OK", "b1").back()),
        (5120, invite.answer("487 Request Terminated", "b1").back()),
    ]);
    let call = &report["calls"][0];
    assert_eq!((&call["outcome"], &call["ended_by"]), (&json!("cancelled"), &json!("caller")));
    assert_eq!((&call["ring_ms"], call.get("talk_seconds")), (&json!(5000.0), None));
}

#[test]
fn forks_and_reinvites_belong_to_the_call() {
    let invite = request("INVITE", URI, "c", 1);
    let again = request("INVITE", URI, "c", 2).within("b2");
    let hold = request("INVITE", URI, "c", 1).within("b2").reversed();
    let hold = super::build::Draft { branch: "z9hG4bK-other".into(), ..hold };
    let report = report(&[
        invite.there(),
        invite.answer("180 Ringing", "b1").back(),
        invite.answer("180 Ringing", "b2").back(),
        invite.answer("200 OK", "b2").back(),
        again.there(),
        again.answer("200 OK", "").back(),
        hold.back(),
        hold.answer("200 OK", "").there(),
    ]);
    let call = &report["calls"][0];
    assert_eq!((&call["forks"], &call["reinvites"]), (&json!([180, 200]), &json!(2)));
    assert_eq!((&call["setup_ms"], &report["statistics"]["calls"]["forked"]), (&json!(30.0), &json!(1)));
    assert_eq!(report["statistics"]["retransmitted_requests"], 0);
}

#[test]
fn a_proxied_call_is_one_call_with_two_hops() {
    let invite = request("INVITE", URI, "c", 1);
    let onwards = super::build::Draft { branch: "z9hG4bK-proxy".into(), ..invite.clone() };
    let proxy = "192.0.2.1";
    let report = report(&[
        invite.over(ALICE, proxy),
        onwards.over(proxy, BOB),
        onwards.answer("200 OK", "b1").over(BOB, proxy),
        invite.answer("200 OK", "b1").over(proxy, ALICE),
    ]);
    assert_eq!(
        (&report["statistics"]["calls"]["total"], &report["calls"][0]["retransmissions"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(report["calls"][0]["ladder"].as_array().unwrap().len(), 4);
}

#[test]
fn a_call_that_began_earlier_is_told_as_such() {
    let bye = request("BYE", URI, "c", 9).within("b1");
    let report = report(&[bye.there(), bye.answer("200 OK", "").back()]);
    let call = &report["calls"][0];
    assert_eq!((&call["seen_from_start"], &call["outcome"]), (&json!(false), &json!("unanswered")));
    assert_eq!(report["statistics"]["calls"]["not_seen_from_start"], 1);
}

#[test]
fn another_rseq_is_another_response() {
    let invite = request("INVITE", URI, "c", 1);
    let progress = |n| invite.answer("183 Session Progress", "b1").with(&format!("RSeq: {n}\r\n"));
    let report = report(&[invite.there(), progress(1).back(), progress(2).back(), progress(2).back()]);
    assert_eq!(report["statistics"]["retransmitted_responses"], 1);
}

#[test]
fn registrations_have_their_outcome() {
    let register = |cseq, expires: u32, more: &str| {
        let mut draft = request("REGISTER", "sip:example.com", "r", cseq)
            .with(&format!("Contact: <sip:alice@{ALICE}>;expires={expires}\r\n{more}"));
        draft.to.0 = "sip:alice@example.com".into();
        draft
    };
    let credentials = "Authorization: Digest username=\"alice\", realm=\"r\", response=\"ff\"\r\n";
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n";
    let steps = [
        (register(1, 600, ""), "401 Unauthorized", challenge),
        (register(2, 600, credentials), "403 Forbidden", ""),
        (register(3, 600, credentials), "200 OK", "Contact: <sip:alice@192.0.2.10>;expires=300\r\n"),
        (register(4, 0, credentials), "200 OK", ""),
    ];
    let frames: Vec<Vec<u8>> =
        steps.iter().flat_map(|(ask, status, more)| [ask.there(), ask.answer(status, "x").with(more).back()]).collect();
    let registered = &report(&frames[..6])["registrations"][0];
    assert_eq!((&registered["state"], &registered["contacts"][0]["expires"]), (&json!("registered"), &json!(300)));
    let whole = report(&frames);
    let all = &whole["statistics"]["registrations"];
    for (field, expected) in [("requests", 4), ("accepted", 2), ("challenged", 1), ("rejected", 1), ("failed", 0)] {
        assert_eq!(all[field], expected, "{field}");
    }
    assert_eq!(
        (&whole["registrations"][0]["state"], &whole["registrations"][0]["usernames"]),
        (&json!("removed"), &json!(["alice"]))
    );
    let authentication = &whole["statistics"]["authentication"];
    assert_eq!(
        (&authentication["challenges"][0]["algorithm"], &authentication["challenges"][0]["qop"]),
        (&json!("SHA-256"), &json!("auth"))
    );
    assert_eq!(
        (&authentication["credentials"][0]["username"], &authentication["credentials"][0]["count"]),
        (&json!("alice"), &json!(3))
    );
}
