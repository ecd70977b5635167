//! HTTP in TLS that a key log decrypts: a recording of curl and OpenSSL with nginx, beside what tshark says of it.

use std::collections::BTreeSet;

use mcpcap_analyzer::Flow;
use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::harness::talk::{START, Talk};
use mcpcap_analyzer::harness::{self, build::pcap};
use mcpcap_analyzer::stream::{Event, Side, Streams};
use mcpcap_analyzer::text::hexadecimal;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::file;
use crate::tool::Http;

fn tls(name: &str) -> Vec<u8> {
    file(&format!("tests/captures/tls/{name}"))
}

fn run(capture: &[u8], key_log: &[u8]) -> Value {
    let report = harness::run_with::<Http>(capture, &json!({ "page": { "limit": 1000 } }), key_log).unwrap();
    harness::schema::observations_are_lines(&report);
    report
}

fn exchanges(report: &Value) -> &[Value] {
    report["exchanges"].as_array().map_or(&[], Vec::as_slice)
}

/// Text in the form of tshark's facts: it has no mask.
fn facts() -> Vec<Vec<String>> {
    let text = String::from_utf8(tls("facts.tsv")).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn requests_and_responses_are_those_of_tshark() {
    let report = run(&tls("tls.pcap"), &tls("keys.log"));
    let facts = facts();
    let of = |kind: &str| facts.iter().filter(|fact| fact[0] == kind).collect::<Vec<_>>();
    let all = exchanges(&report);
    assert!(all.len() > 25 && all.iter().all(|exchange| exchange["decrypted"] == true), "{}", all.len());
    // Connection, frame, method, target without what is masked.
    let requests: BTreeSet<String> = all
        .iter()
        .map(|one| {
            let target = one["uri"].as_str().unwrap().split('…').next().unwrap();
            format!("{} {} {} {target}", one["connection"], one["frame"], one["method"].as_str().unwrap())
        })
        .collect();
    let theirs = of("request");
    assert_eq!(requests.len(), theirs.len());
    for fact in theirs {
        let whole = format!("{} {} {} {}", fact[1], fact[2], fact[3], fact[4]);
        assert!(requests.iter().any(|request| whole.starts_with(request.as_str())), "{whole}: {requests:#?}");
    }
    // tshark shows no response that ends with the connection where TLS carries it.
    let until_close = |one: &&Value| {
        let body = &one["response_body"];
        one["version"] != "2" && body.is_object() && body["content_length"].is_null() && body["chunked"].is_null()
    };
    assert_eq!(all.iter().filter(until_close).count(), 3);
    let mut responses: Vec<String> = all
        .iter()
        .filter(|one| !until_close(one))
        .map(|one| format!("{} {} {}", one["connection"], one["response_frame"], one["status"]))
        .collect();
    let mut theirs: Vec<String> =
        of("response").iter().map(|fact| format!("{} {} {}", fact[1], fact[2], fact[3])).collect();
    responses.sort();
    theirs.sort();
    assert_eq!(responses, theirs);
}

#[test]
fn bodies_are_what_was_served() {
    let report = run(&tls("tls.pcap"), &tls("keys.log"));
    let served: String = (1..=12_000).map(|number| format!("{number}\n")).collect();
    let digest = hexadecimal(&Sha256::digest(served.as_bytes()), "", 32);
    let big: Vec<&Value> = exchanges(&report).iter().filter(|one| one["uri"] == "/big.txt").collect();
    assert_eq!(big.len(), 2);
    for exchange in big {
        let body = &exchange["response_body"];
        assert_eq!((&body["sha256"], &body["complete"]), (&json!(digest), &json!(true)), "{exchange}");
    }
}

#[test]
fn nothing_that_is_secret_is_told_and_it_was_not_in_clear() {
    let report = run(&tls("tls.pcap"), &tls("keys.log"));
    let text = report.to_string();
    for secret in ["secret-of-alice", "secret-cookie", "secret-token", "secret-of-form"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let user: Vec<&Value> = exchanges(&report).iter().filter(|one| one["user"] == "alice").collect();
    assert!(
        !user.is_empty()
            && user.iter().all(|one| one["authorization"] == "Basic" && one["cookies"] == json!(["session"]))
    );
    let rules = report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap());
    assert_eq!(rules.filter(|rule| rule.contains("credentials") || rule.contains("password")).count(), 0);
}

#[test]
fn without_secrets_it_is_said_what_was_not_decrypted() {
    let without = run(&tls("tls.pcap"), &[]);
    assert!(without["message"].as_str().unwrap().starts_with("No HTTP messages found"), "{without}");
    let other = format!("CLIENT_RANDOM {} {}\n", "00".repeat(32), "11".repeat(48));
    let other = run(&tls("tls.pcap"), other.as_bytes());
    let message = other["message"].as_str().unwrap();
    assert!(message.contains(" TLS connections could not be decrypted, or not wholly (no_secret in "), "{message}");
    // It may be among what had no room.
    let line = |place| format!("CLIENT_RANDOM {place:064x} {}\n", "11".repeat(48));
    let many: String = (0..32_771).map(line).collect();
    let many = run(&tls("tls.pcap"), many.as_bytes());
    assert!(many["message"].as_str().unwrap().contains(", 3 secrets of the key log left out)"), "{many}");
    let with = run(&tls("tls.pcap"), &tls("keys.log"));
    assert_eq!(
        with["decryption"]["not_decrypted"],
        json!([{ "reason": "no_secret", "connections": 1 }]),
        "{}",
        with["decryption"]
    );
}

#[test]
fn decryption_secrets_of_the_file_are_used() {
    let (apart, within) = (run(&tls("tls.pcap"), &tls("keys.log")), run(&tls("secrets.pcapng"), &[]));
    assert_eq!(within["exchanges"], apart["exchanges"]);
    assert_eq!(within["decryption"], apart["decryption"]);
}

/// Frames of a classic capture with their times in microseconds.
fn frames(capture: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut rest = &capture[24..];
    let mut frames = Vec::new();
    while let [a, b, c, d, e, f, g, h, i, j, k, l, _, _, _, _, behind @ ..] = rest {
        let word = |bytes: [&u8; 4]| u64::from(u32::from_le_bytes(bytes.map(|byte| *byte)));
        let length = word([i, j, k, l]) as usize;
        frames.push((word([a, b, c, d]) * 1_000_000 + word([e, f, g, h]), behind[..length].to_vec()));
        rest = &behind[length..];
    }
    frames
}

/// What of an exchange does not depend on where it stands.
fn core(exchange: &Value) -> Value {
    let body = &exchange["response_body"];
    json!([
        exchange["connection"],
        exchange["method"],
        exchange["uri"],
        exchange["status"],
        body["bytes"],
        body["sha256"]
    ])
}

/// Whatever frame is missing, what is said to be whole is as it was.
#[test]
fn a_frame_that_is_missing_makes_nothing_wrong() {
    let (whole, key_log) = (frames(&tls("tls.pcap")), tls("keys.log"));
    let report = run(&pcap(&whole), &key_log);
    let known: BTreeSet<String> = exchanges(&report).iter().map(|one| core(one).to_string()).collect();
    let mut kept = 0;
    let mut runs = 0;
    for missing in (0..whole.len()).step_by(5) {
        let mut some = whole.clone();
        some.remove(missing);
        let report = run(&pcap(&some), &key_log);
        let decryption = &report["decryption"];
        for exchange in exchanges(&report) {
            let body = &exchange["response_body"];
            let is_whole = exchange["status"].is_u64()
                && exchange["method"].is_string()
                && (body.is_null() || body["complete"] == true);
            if is_whole {
                assert!(
                    known.contains(&core(exchange).to_string()),
                    "without {}: {exchange}\n{decryption}",
                    missing + 1
                );
                kept += 1;
            }
        }
        runs += 1;
    }
    // One frame is at most one or two exchanges.
    assert!(kept > runs * (known.len() - 3), "{kept} of {} in {runs} runs", known.len());
}

/// What both ends of a connection of the recording sent, in order.
fn said(number: u64) -> Vec<(Side, Vec<u8>)> {
    let (mut decoder, mut streams, mut said) = (Decoder::new(), Streams::new(), Vec::new());
    harness::frames(&tls("tls.pcap"), |frame| {
        streams.push(&decoder.decode(frame), false, &mut |connection, event| {
            if let (Event::Data { from, bytes, .. }, true) = (event, connection.number == number) {
                said.push((from, bytes.to_vec()));
            }
        });
        Ok(Flow::More)
    })
    .unwrap();
    said
}

#[test]
fn tls_behind_a_proxy_is_decrypted() {
    let proxied = |capture: &[u8]| run(capture, &tls("keys.log"));
    let open = Talk::between(("192.0.2.21", 40_000), ("192.0.2.3", 3128), START)
        .ask("CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n")
        .tell("HTTP/1.1 200 Connection established\r\n\r\n");
    let through = said(0).into_iter().fold(open, |talk, (from, bytes)| match from {
        Side::Client => talk.ask(bytes),
        Side::Server => talk.tell(bytes),
    });
    let capture = through.close().capture();
    let report = proxied(&capture);
    let told: Vec<(&str, u64, bool)> = exchanges(&report)
        .iter()
        .map(|one| (one["uri"].as_str().unwrap(), one["status"].as_u64().unwrap(), one["decrypted"] == true))
        .collect();
    assert_eq!(told, [("/private", 403, true), ("/", 200, true), ("www.example.com:443", 200, false)]);
    let tunnel = &exchanges(&report)[2];
    let bytes =
        |side: Side| said(0).iter().filter(|(from, _)| *from == side).map(|(_, bytes)| bytes.len()).sum::<usize>();
    assert_eq!(tunnel["tunnel_client_bytes"], bytes(Side::Client));
    assert_eq!(tunnel["tunnel_server_bytes"], bytes(Side::Server));
    assert_eq!(report["decryption"]["connections"], 1);
    // Without a key log only the tunnel is told.
    assert_eq!(exchanges(&run(&capture, &[])).len(), 1);
}

/// KeyUpdate among them.
#[test]
fn behind_what_is_missing_the_keys_may_be_others() {
    let (whole, key_log) = (frames(&tls("tls.pcap")), tls("keys.log"));
    let facts = facts();
    let number = |fact: &Vec<String>| fact[2].parse::<usize>().unwrap();
    let asked = |uri: &str| facts.iter().find(|fact| fact.last().is_some_and(|last| last == uri)).unwrap();
    let (first, last) = (asked("/?keys=1"), asked("/?keys=3"));
    let known: Vec<usize> = facts.iter().filter(|fact| fact[1] == first[1]).map(number).collect();
    let between: Vec<usize> = (number(first)..number(last)).filter(|frame| !known.contains(frame)).collect();
    assert!(between.len() > 5, "{between:?}");
    for missing in between {
        let mut some = whole.clone();
        some.remove(missing - 1);
        let report = run(&pcap(&some), &key_log);
        let found = exchanges(&report).iter().find(|one| one["uri"] == "/?keys=3");
        assert!(found.is_some_and(|one| one["status"] == 200), "without {missing}: {}", report["decryption"]);
    }
}

#[test]
fn changed_records_and_key_logs_are_survived() {
    let key_log = tls("keys.log");
    for copy in harness::changed(&tls("tls.pcap"), 7, 40, 60) {
        run(&copy, &key_log);
    }
    for copy in harness::changed(&tls("secrets.pcapng"), 11, 40, 60) {
        // What is no capture any more is refused.
        let _ = harness::run_with::<Http>(&copy, &json!({}), &[]);
    }
    for copy in harness::changed(&key_log, 13, 40, 60) {
        run(&tls("tls.pcap"), &copy);
    }
}
