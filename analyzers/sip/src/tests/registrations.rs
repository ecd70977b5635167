//! Registrations: what the server confirmed, and when, whatever came later.

use mcpcap_analyzer::harness::lists::told;
use serde_json::{Value, json};

use super::build::{ALICE, BOB, Draft, request};
use super::{report, run};

const CREDENTIALS: &str = "Authorization: Digest username=\"alice\", realm=\"r\", response=\"ff\"\r\n";

/// A REGISTER of Alice with further headers.
fn register(cseq: u32, more: &str) -> Draft {
    let mut draft = request("REGISTER", "sip:example.com", "r", cseq).with(more);
    draft.to.0 = "sip:alice@example.com".into();
    draft
}

fn contact(expires: u32) -> String {
    format!("Contact: <sip:alice@{ALICE}>;expires={expires}\r\n")
}

/// What the report says after each of these was asked and answered with a status and headers.
fn after(steps: &[(String, &str, String)]) -> Value {
    let frames: Vec<Vec<u8>> = (1..)
        .zip(steps)
        .flat_map(|(cseq, (ask, status, more))| {
            let ask = register(cseq, ask);
            [ask.there(), ask.answer(status, "x").with(more).back()]
        })
        .collect();
    report(&frames)["registrations"][0].clone()
}

fn history(registration: &Value) -> Vec<(&str, Vec<u64>)> {
    let frames = |list: &Value| list.as_array().unwrap().iter().map(|frame| frame.as_u64().unwrap()).collect();
    let entries = registration["history"].as_array().unwrap().iter();
    entries.map(|entry| (entry["state"].as_str().unwrap(), frames(&entry["frames"]))).collect()
}

#[test]
fn what_was_confirmed_stays_told_after_a_rejection_and_a_removal() {
    let bind = format!("{CREDENTIALS}{}", contact(600));
    let steps = [
        (contact(600), "401 Unauthorized", String::new()),
        (bind.clone(), "200 OK", contact(600)),
        (bind.clone(), "200 OK", contact(600)),
        (bind.clone(), "403 Forbidden", String::new()),
        (bind, "200 OK", contact(600)),
        (format!("{CREDENTIALS}{}", contact(0)), "200 OK", String::new()),
    ];
    let rejected = after(&steps[..4]);
    assert_eq!((&rejected["state"], &rejected["was_registered"]), (&json!("rejected"), &json!(true)));
    assert_eq!(history(&rejected), [("challenged", vec![2]), ("registered", vec![4, 6]), ("rejected", vec![8])]);
    let removed = after(&steps);
    assert_eq!((&removed["state"], &removed["was_registered"]), (&json!("removed"), &json!(true)));
    assert_eq!(history(&removed)[3..], [("registered", vec![10]), ("removed", vec![12])]);
    assert_eq!(
        (&removed["history"][1]["count"], &removed["history"][1]["time"]),
        (&json!(2), &json!("2023-11-14T22:13:20.030000Z"))
    );
    let never = after(&steps[..1]);
    assert_eq!((&never["state"], &never["was_registered"]), (&json!("challenged"), &json!(false)));
}

#[test]
fn all_forms_of_removal_and_of_asking_are_told_apart() {
    let all = "Contact: *\r\nExpires: 0\r\n".to_owned();
    let by_header = format!("Contact: <sip:alice@{ALICE}>\r\nExpires: 0\r\n");
    for remove in [all, by_header, contact(0)] {
        let registration = after(&[(contact(60), "200 OK", String::new()), (remove, "200 OK", String::new())]);
        assert_eq!(history(&registration), [("registered", vec![2]), ("removed", vec![4])]);
    }
    // Without Contact it only asks which bindings there are.
    let asked = after(&[(String::new(), "200 OK", contact(60)), (String::new(), "200 OK", String::new())]);
    assert_eq!(history(&asked), [("registered", vec![2]), ("no_binding", vec![4])]);
}

#[test]
fn a_response_belongs_to_its_own_request() {
    let (bind, remove) = (register(1, &contact(60)), register(2, &contact(0)));
    let report =
        report(&[bind.there(), remove.there(), bind.answer("200 OK", "x").back(), remove.answer("200 OK", "x").back()]);
    assert_eq!(history(&report["registrations"][0]), [("registered", vec![3]), ("removed", vec![4])]);
}

#[test]
fn responses_alone_tell_of_registrations_too() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        let answer = |cseq, status, more: &str| register(cseq, "").answer(status, "x").with(more).over(bob, alice);
        let report = report(&[answer(1, "401 Unauthorized", ""), answer(2, "200 OK", &contact(60))]);
        let registration = &report["registrations"][0];
        assert_eq!((&registration["client"], &registration["requests"]), (&json!(alice), &json!(0)));
        assert_eq!(history(registration), [("challenged", vec![1]), ("registered", vec![2])]);
    }
}

#[test]
fn a_history_is_whole_up_to_a_thousand_entries_and_frames() {
    for (pairs, kept) in [(60, 120), (600, 1024)] {
        let steps: Vec<_> = (0..pairs * 2).map(|n| (contact(60 * (n % 2)), "200 OK", String::new())).collect();
        let registration = after(&steps);
        assert_eq!((history(&registration).len(), &registration["history_total"]), (kept, &json!(pairs * 2)));
    }
    // The same state does not begin another entry.
    for (responses, kept) in [(100_u64, 100), (1100, 1024)] {
        let steps: Vec<_> = (0..responses).map(|_| (contact(60), "200 OK", String::new())).collect();
        let registration = after(&steps);
        let entry = &registration["history"][0];
        assert_eq!((&entry["count"], &entry["frames_total"]), (&json!(responses), &json!(responses)));
        let frames: Vec<u64> = (1..=kept).map(|n| n * 2).collect();
        assert_eq!((&entry["frames"], &registration["history_total"]), (&json!(frames), &json!(1)));
    }
}

#[test]
fn codes_usernames_and_agents_are_listed_as_many_as_there_are() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        let frames = (0..100_u32).flat_map(|n| {
            let more = format!(
                "Authorization: Digest username=\"u{n}\", realm=\"r\", response=\"ff\"\r\nUser-Agent: a{n}\r\n{}",
                contact(60)
            );
            let ask = register(n + 1, &more);
            [ask.over(alice, bob), ask.answer(&format!("{} No", 400 + n % 90), "x").over(bob, alice)]
        });
        let report = report(&frames.collect::<Vec<_>>());
        let registration = &report["registrations"][0];
        let length = |list: &Value| list.as_array().unwrap().len();
        assert_eq!((length(&registration["codes"]), &registration["codes_total"]), (90, &json!(90)));
        assert_eq!(registration["codes"][0]["count"], 2);
        assert_eq!((length(&registration["usernames"]), &registration["usernames_total"]), (100, &json!(100)));
        let endpoints = report["statistics"]["endpoints"].as_array().unwrap();
        let sender = endpoints.iter().find(|endpoint| endpoint["address"] == alice).unwrap();
        assert_eq!((length(&sender["agents"]), &sender["agents_total"]), (100, &json!(100)));
        assert_eq!(registration.get("totals_are_estimates"), None);
    }
}

#[test]
fn registrations_are_a_list_with_pages() {
    let frames: Vec<Vec<u8>> = (0..30)
        .map(|n| {
            let mut ask = register(1, &contact(60));
            ask.to.0 = format!("sip:{}@example.com", 100 + n);
            ask.call = format!("r{n}");
            ask.there()
        })
        .collect();
    let frames: Vec<(u64, Vec<u8>)> = (0..).zip(frames).collect();
    let capture = mcpcap_analyzer::harness::build::pcap(&frames);
    let mut accounts = Vec::new();
    for offset in [0, 12, 24] {
        let page = run(&capture, &json!({ "page": { "list": "registrations", "limit": 12, "offset": offset } }));
        let here = 12.min(30 - offset);
        assert_eq!(told(&page, "registrations"), Some([30, offset, here]));
        assert_eq!(page["statistics"]["registrations"]["total"], 30);
        accounts.extend(page["registrations"].as_array().unwrap().iter().map(|entry| entry["account"].to_string()));
    }
    accounts.sort();
    accounts.dedup();
    assert_eq!(accounts.len(), 30);
    let one = run(&capture, &json!({ "user": "117" }));
    let listed = one["registrations"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]["account"]), (1, &json!("117@example.com")));
}
