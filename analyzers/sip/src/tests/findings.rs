//! Each rule: what it finds, and what it leaves alone.

use mcpcap_analyzer::harness::build::udp;
use serde_json::{Value, json};

use super::build::{ALICE, BOB, Draft, request};
use super::{report, rules, timed};

const DIGEST: &str = "Authorization: Digest username=\"alice\", response=\"f\"\r\n";

fn register(n: u32, more: &str) -> Draft {
    let mut draft = request("REGISTER", "sip:example.com", &format!("r{n}"), n).with(more);
    draft.to.0 = "sip:alice@example.com".into();
    draft
}

/// Logins, each rejected, with so many milliseconds between.
fn logins(many: u32, apart: u64, challenge: &str) -> Value {
    let frames: Vec<(u64, Vec<u8>)> = (0..many)
        .flat_map(|n| {
            let login = register(n + 1, DIGEST);
            let time = u64::from(n) * apart;
            [(time, login.there()), (time + 1, login.answer("401 Unauthorized", "x").with(challenge).back())]
        })
        .collect();
    timed(&frames)
}

#[test]
fn rejected_logins_in_quick_succession_are_guesses() {
    let report = logins(6, 1000, "");
    assert_eq!(rules(&report), ["sip_register_brute_force", "sip_digest_in_clear"]);
    let finding = &report["findings"][0];
    assert_eq!((&finding["measures"][0]["value"], &finding["frames"]), (&json!(6.0), &json!([2, 4, 6, 8, 10, 12])));
}

#[test]
fn few_slow_or_stale_ones_are_not() {
    for report in
        [logins(4, 1000, ""), logins(20, 20_000, ""), logins(20, 10, "WWW-Authenticate: Digest stale=true\r\n")]
    {
        assert_eq!(rules(&report), ["sip_digest_in_clear"]);
    }
}

/// One request for each user, each with its answer.
fn users(many: u32, method: &'static str, answer: impl Fn(u32) -> &'static str) -> Value {
    let frames: Vec<Vec<u8>> = (0..many)
        .flat_map(|n| {
            let ask = request(method, &format!("sip:{}@example.net", 100 + n), &format!("u{n}"), 1);
            [ask.there(), ask.answer(answer(n), "x").back()]
        })
        .collect();
    report(&frames)
}

#[test]
fn many_users_that_are_not_there_are_an_enumeration() {
    for method in ["OPTIONS", "INVITE"] {
        assert_eq!(rules(&users(12, method, |_| "404 Not Found")), ["sip_user_enumeration"]);
    }
    assert_eq!(rules(&users(12, "REGISTER", |_| "401 Unauthorized")), ["sip_user_enumeration"]);
}

#[test]
fn users_that_are_there_are_not() {
    assert!(rules(&users(9, "INVITE", |_| "404 Not Found")).is_empty());
    assert!(rules(&users(40, "INVITE", |n| if n % 3 == 0 { "404 Not Found" } else { "486 Busy Here" })).is_empty());
    let frames: Vec<Vec<u8>> = (0..12)
        .flat_map(|n| {
            let uri = format!("sip:{}@example.net", 100 + n);
            let first = request("INVITE", &uri, &format!("c{n}"), 1);
            let second = request("INVITE", &uri, &format!("c{n}"), 2).with("Authorization: Bearer x\r\n");
            [first.there(), first.answer("401 Unauthorized", "x").back(), second.there()]
        })
        .collect();
    assert!(!rules(&report(&frames)).contains(&"sip_user_enumeration"), "challenges that are answered");
}

#[test]
fn many_calls_within_a_second_are_a_flood() {
    let calls = |apart: u64| {
        let frames: Vec<(u64, Vec<u8>)> = (0..60_u64)
            .flat_map(|n| {
                let invite = request("INVITE", "sip:bob@example.net", &format!("f{n}"), 1);
                [(n * apart, invite.there()), (n * apart, invite.answer("486 Busy Here", "x").back())]
            })
            .collect();
        timed(&frames)
    };
    assert_eq!(rules(&calls(10)), ["sip_invite_flood"]);
    assert!(rules(&calls(100)).is_empty());
    let invite = request("INVITE", "sip:bob@example.net", "same", 1);
    let again: Vec<(u64, Vec<u8>)> = (0..200).map(|n| (n, invite.there())).collect();
    let silent = timed(&again);
    assert_eq!(rules(&silent), ["sip_silent_server"], "retransmissions");
    let said = silent["findings"][0]["observation"].as_str().unwrap();
    assert!(said.contains(" got 1 request, sent 200 times in all, and sent no SIP message"), "{said}");
}

#[test]
fn scanners_are_known_by_name() {
    let ask = |more: &str| report(&[request("OPTIONS", "sip:100@example.net", "s", 1).with(more).there()]);
    assert_eq!(rules(&ask("User-Agent: Friendly-Scanner\r\n")), ["sip_scanner_user_agent"]);
    assert!(rules(&ask("User-Agent: Example Phone\r\n")).is_empty());
    let mut nmap = request("OPTIONS", "sip:nm", "s", 1);
    nmap.from.0 = "sip:nm@nm".into();
    assert_eq!(rules(&report(&[nmap.there()])), ["sip_scanner_user_agent"]);
}

#[test]
fn options_to_many_silent_hosts_are_a_sweep() {
    let hosts = |answers: bool| {
        let frames: Vec<Vec<u8>> = (1..=12)
            .flat_map(|n| {
                let host = format!("198.51.100.{n}");
                let ask = request("OPTIONS", &format!("sip:{host}"), &format!("o{n}"), 1);
                let answer = answers.then(|| ask.answer("200 OK", "x").over(&host, ALICE));
                [Some(ask.over(ALICE, &host)), answer].into_iter().flatten()
            })
            .collect();
        report(&frames)
    };
    assert_eq!(rules(&hosts(false)), ["sip_options_sweep"]);
    assert!(rules(&hosts(true)).is_empty());
}

#[test]
fn credentials_in_clear_are_told() {
    let basic = report(&[register(1, "Authorization: Basic Ym9iOnNlY3JldA==\r\n").there()]);
    assert_eq!(rules(&basic), ["sip_basic_credentials"]);
    assert!(!basic.to_string().contains("secret") && !basic.to_string().contains("Ym9iOnNlY3JldA"));
    assert_eq!(rules(&report(&[register(1, DIGEST).there()])), ["sip_digest_in_clear"]);
    assert!(rules(&report(&[register(1, "").there()])).is_empty());
}

#[test]
fn one_number_with_many_prefixes_is_probed() {
    let dial = |numbers: &[&str]| {
        let frames: Vec<Vec<u8>> = (1..)
            .zip(numbers)
            .flat_map(|(n, number)| {
                let invite = request("INVITE", &format!("sip:{number}@example.net"), &format!("p{n}"), 1);
                [invite.there(), invite.answer("603 Decline", "x").back()]
            })
            .collect();
        report(&frames)
    };
    let probed = dial(&[
        "0097259123456",
        "900972591234567",
        "0972591234567",
        "972591234567",
        "+972591234567",
        "011972591234567",
    ]);
    assert_eq!(rules(&probed), ["sip_prefix_probing"]);
    assert_eq!(probed["findings"][0]["measures"][0]["value"], 5.0);
    assert_eq!(probed["statistics"]["dialled_prefixes"].as_array().unwrap().len(), 6);
    assert!(rules(&dial(&["0049301234567", "+49301234567", "0301234567", "12345", "0049307654321"])).is_empty());
}

#[test]
fn a_server_that_never_answers_is_silent() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        let ask = |n: u32| request("OPTIONS", "sip:bob@example.net", &format!("q{n}"), 1);
        let mut frames: Vec<Vec<u8>> = (0..6).map(|n| ask(n).over(alice, bob)).collect();
        let unseen = report(&frames);
        assert_eq!(rules(&unseen), ["sip_silent_server"]);
        let finding = &unseen["findings"][0];
        assert_eq!((&finding["severity"], &finding["confidence"]), (&json!("low"), &json!("low")));
        assert!(finding["false_alarm"].as_str().unwrap().contains("one direction"));
        // Something else of the host is there, so its direction was captured.
        frames.push(udp((bob, 9), (alice, 9), b"other"));
        let finding = &report(&frames)["findings"][0];
        assert_eq!((&finding["rule"], &finding["severity"]), (&json!("sip_silent_server"), &json!("medium")));
        frames.push(ask(5).answer("200 OK", "x").over(bob, alice));
        assert!(rules(&report(&frames)).iter().all(|rule| *rule != "sip_silent_server"));
    }
}

/// Frames of REGISTERs without an answer, to a server that answers OPTIONS.
fn unanswered(registers: u32, sent: u32, answered: u32) -> Value {
    let options = request("OPTIONS", "sip:example.com", "o", 1);
    let mut frames = vec![options.there(), options.answer("200 OK", "x").back()];
    for n in 0..registers {
        frames.extend((0..sent).map(|_| register(n, "").there()));
    }
    for n in registers..registers + answered {
        frames.extend([register(n, "").there(), register(n, "").answer("200 OK", "x").back()]);
    }
    report(&frames)
}

#[test]
fn registers_without_an_answer_are_told_though_the_server_speaks() {
    // 22 of them: each once, or two of them eleven times, as RFC 3261 §17.1.2 sends them.
    for (registers, sent) in [(22, 1), (2, 11), (1, 22)] {
        let report = unanswered(registers, sent, 0);
        assert_eq!(rules(&report), ["sip_unanswered_requests"], "{registers}");
        let finding = &report["findings"][0];
        assert_eq!(finding["subject"], format!("{ALICE} to {BOB}: REGISTER"));
        let measures: Vec<f64> =
            finding["measures"].as_array().unwrap().iter().map(|m| m["value"].as_f64().unwrap()).collect();
        assert_eq!(measures, [f64::from(registers), f64::from(registers), 22.0]);
        assert_eq!(finding["frames"][0], 3);
        assert!(finding["false_alarm"].as_str().unwrap().contains("capture"));
    }
    assert_eq!(rules(&unanswered(10, 1, 10)), ["sip_unanswered_requests"], "half of them");
    assert!(rules(&unanswered(4, 1, 0)).is_empty(), "few");
    assert!(rules(&unanswered(5, 1, 30)).is_empty(), "few of many");
}

#[test]
fn many_clients_with_one_unanswered_request_each_are_told_together() {
    let options = request("OPTIONS", "sip:example.com", "o", 1);
    let from = |n: u32, answered: bool| {
        let host = format!("10.0.0.{n}");
        let ask = register(n, "");
        let answer = answered.then(|| ask.answer("200 OK", "x").over(BOB, &host));
        [Some(ask.over(&host, BOB)), answer].into_iter().flatten()
    };
    let mut frames = vec![options.there(), options.answer("200 OK", "x").back()];
    frames.extend((0..22).flat_map(|n| from(n, false)));
    let told = report(&frames);
    assert_eq!(rules(&told), ["sip_unanswered_requests"]);
    let finding = &told["findings"][0];
    assert_eq!((&finding["subject"], &finding["frames_total"]), (&json!(format!("{BOB}: REGISTER")), &json!(22)));
    let said = finding["observation"].as_str().unwrap();
    assert!(said.starts_with(&format!("{BOB}: 22 of 22 requests of one method from 22 clients together")), "{said}");
    frames.extend((22..142).flat_map(|n| from(n, true)));
    assert!(rules(&report(&frames)).is_empty(), "22 of 142");
}

#[test]
fn requests_that_left_the_table_count_as_unanswered_too() {
    let mut frames: Vec<Vec<u8>> = (0..22).map(|n| register(n, "").there()).collect();
    for n in 0..9000 {
        let ask = request("OPTIONS", "sip:example.com", &format!("o{n}"), 1);
        frames.extend([ask.there(), ask.answer("200 OK", "x").back()]);
    }
    let report = report(&frames);
    assert_eq!(report["limits"]["evicted"]["transactions"], 22);
    assert_eq!(rules(&report), ["sip_unanswered_requests"]);
    assert_eq!(report["findings"][0]["measures"][0]["value"], 22.0);
}

#[test]
fn media_at_private_addresses_between_public_ones_cannot_be_reached() {
    let offer = |source: &str, media: &str| {
        report(&[request("INVITE", "sip:bob@example.net", "m", 1).sdp(media, 4000).over(source, BOB)])
    };
    assert_eq!(rules(&offer(ALICE, "192.168.1.2")), ["sip_private_media_address"]);
    assert!(rules(&offer(ALICE, ALICE)).is_empty());
    assert!(rules(&offer("192.168.1.2", "192.168.1.2")).is_empty());
}
