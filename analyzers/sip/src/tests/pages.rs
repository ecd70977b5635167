//! Each list that is cut has a next page.

use mcpcap_analyzer::harness::lists::{joined, joined_within, pages_are_whole, told};
use mcpcap_analyzer::{Tool, harness};
use serde_json::{Value, json};

use super::build::{ALICE, BOB, request};
use super::run;
use crate::tool::SipPackets;

/// Many clients: each calls another number with another agent and is challenged by another server, and asks with another name and mostly
/// another method for something that nobody answers; and registers.
fn capture() -> Vec<u8> {
    let talk = |n: u64| {
        let (client, server) = (format!("10.0.0.{n}"), format!("10.0.1.{n}"));
        let invite = request("INVITE", &format!("sip:{}5550000@example.net", 1000 + n), &format!("a{n}"), 1);
        let realm = format!("Server: server {n}\r\nWWW-Authenticate: Digest realm=\"realm {n}\", nonce=\"x\"\r\n");
        let challenge = invite.answer("401 Unauthorized", "b").with(&realm);
        let method = if n < 40 { format!("X{n}").leak() } else { "OPTIONS" };
        let name = format!("Authorization: Digest username=\"user {n}\", realm=\"r\", response=\"f\"\r\n");
        let ask = request(method, "sip:bob@example.net", &format!("c{n}"), 1).with(&name);
        [
            invite.with(&format!("User-Agent: agent {n}\r\n")).over(&client, &server),
            challenge.over(&server, &client),
            ask.over(&client, BOB),
            request("REGISTER", "sip:example.net", &format!("r{n}"), 1).over(&client, BOB),
        ]
    };
    let frames: Vec<(u64, Vec<u8>)> = (0..110).flat_map(|n| talk(n).map(|frame| (n * 1_000_000, frame))).collect();
    harness::build::pcap(&frames)
}

#[test]
fn all_lists_that_are_cut_go_on() {
    pages_are_whole::<SipPackets>(&capture(), &json!({}));
}

/// A list that stands beside its total, in objects within objects.
fn lists_with_totals<'a>(path: &str, part: &'a Value, found: &mut Vec<(String, &'a Value, u64)>) {
    for (name, value) in part.as_object().unwrap() {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (value, part.get(format!("{name}_total"))) {
            (Value::Object(_), _) => lists_with_totals(&here, value, found),
            (Value::Array(_), Some(total)) => found.push((here, value, total.as_u64().unwrap())),
            _ => {}
        }
    }
}

#[test]
fn what_is_beyond_those_that_are_ranked_goes_on() {
    const MANY: u64 = 1_400;
    let talk = |n: u64| {
        let method: &str = format!("X{n}").leak();
        let agents = format!("User-Agent: agent {n}\r\nServer: server {n}\r\n");
        let call = request(method, &format!("sip:{}5550000@example.net", 1000 + n), &format!("call {n}"), 1);
        (n * 1_000, call.with(&agents).over(ALICE, BOB))
    };
    let capture = harness::build::pcap(&(0..MANY).map(talk).collect::<Vec<_>>());
    for (list, name) in [
        ("statistics.methods", "X"),
        ("statistics.cseq_methods", "X"),
        ("statistics.user_agents", "agent "),
        ("statistics.servers", "server "),
    ] {
        let (joined, total) = joined::<SipPackets>(&capture, &json!({}), list);
        assert_eq!(total, MANY, "{list}");
        let number =
            |entry: &Value| entry["name"].as_str().unwrap().strip_prefix(name).unwrap().parse::<u64>().unwrap();
        let mut numbers: Vec<_> = joined.iter().map(number).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..MANY), "{list}");
    }
}

#[test]
fn parties_and_proofs_that_made_room_are_on_further_pages() {
    const MANY: u64 = 2_600;
    let talk = |n: u64| {
        let client = format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255);
        let name = format!("Authorization: Digest username=\"user {n}\", realm=\"r\", response=\"f\"\r\n");
        let ask = request("REGISTER", "sip:example.net", &format!("call {n}"), 1).with(&name);
        let realm = format!("WWW-Authenticate: Digest realm=\"realm {n}\", nonce=\"x\"\r\n");
        let challenge = ask.answer("401 Unauthorized", "b").with(&realm);
        [(n * 1_000, ask.over(&client, BOB)), (n * 1_000 + 500, challenge.over(BOB, &client))]
    };
    let capture = harness::build::pcap(&(0..MANY).flat_map(talk).collect::<Vec<_>>());
    for (list, key, more) in [
        ("statistics.endpoints", "address", 1),
        ("statistics.authentication.challenges", "realm", 0),
        ("statistics.authentication.credentials", "username", 0),
    ] {
        let (joined, total) = joined::<SipPackets>(&capture, &json!({}), list);
        let mut keys: Vec<String> = joined.iter().map(|entry| entry[key].to_string()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!((total, joined.len(), keys.len()), (MANY + more, joined.len(), joined.len()), "{list}");
        assert_eq!(joined.len() as u64, MANY + more, "{list}");
    }
}

#[test]
fn registrations_go_on() {
    const MANY: u64 = 2_600;
    let talk = |n: u64| {
        let mut ask = request("REGISTER", "sip:example.net", &format!("call {n}"), 1);
        ask.to.0 = format!("sip:{}@example.net", 1_000 + n % MANY);
        let contact = "Contact: <sip:a@192.0.2.1>;expires=60\r\n";
        let accept = ask.answer("200 OK", "b").with(contact);
        [(n * 1_000, ask.with(contact).there()), (n * 1_000 + 500, accept.back())]
    };
    // Some come again when they have left the table.
    let capture = harness::build::pcap(&(0..MANY + 10).flat_map(talk).collect::<Vec<_>>());
    let account = |entry: &Value| -> u64 {
        entry["account"].as_str().unwrap().strip_suffix("@example.net").unwrap().parse().unwrap()
    };
    for (arguments, expected) in
        [(json!({}), (1_000..1_000 + MANY).collect()), (json!({ "user": "10*" }), (1_000..1_100).collect::<Vec<_>>())]
    {
        let (joined, total) = joined::<SipPackets>(&capture, &arguments, "registrations");
        let mut accounts: Vec<u64> = joined.iter().map(account).collect();
        accounts.sort_unstable();
        assert_eq!(accounts, expected, "{arguments}");
        assert_eq!(total, if expected.len() == 100 { 11 } else { MANY }, "{arguments}");
        for entry in &joined {
            assert_eq!(
                (&entry["state"], &entry["requests"], &entry["accepted"]),
                (&json!("registered"), &json!(1), &json!(1))
            );
            assert_eq!(entry["contacts"][0]["uri"], "sip:a@192.0.2.1");
        }
    }
}

#[test]
fn no_list_is_cut_without_a_page_that_says_so() {
    let usual = run(&capture(), &json!({}));
    let mut found = Vec::new();
    lists_with_totals("", &usual, &mut found);
    assert_eq!(found.iter().filter(|(path, ..)| SipPackets::CUT.contains(&path.as_str())).count(), 10);
    for (path, list, total) in found {
        let returned = list.as_array().unwrap().len() as u64;
        assert_eq!(told(&usual, &path), (returned < total).then_some([total, 0, returned]), "{path}");
    }
    for page in usual["pages"].as_array().unwrap() {
        let list = page["list"].as_str().unwrap();
        assert!(SipPackets::CUT.contains(&list) || SipPackets::PAGED.contains(&list), "{list}");
    }
}

#[test]
fn a_list_goes_on_behind_what_its_table_holds() {
    let frames: Vec<(u64, Vec<u8>)> = (0..3000_u64)
        .map(|n| {
            let ask = request("OPTIONS", "sip:bob@example.net", &format!("c{n}"), 1);
            (n, ask.over(&format!("10.0.{}.{}", n >> 8, n & 255), BOB))
        })
        .collect();
    let page = json!({ "offset": 2040, "limit": 20, "list": "statistics.endpoints" });
    let report = run(&harness::build::pcap(&frames), &json!({ "page": page }));
    // 2,048 addresses have a place; the others are on the pages behind.
    assert_eq!(told(&report, "statistics.endpoints"), Some([3001, 2040, 8]));
    let told = report["pages"].as_array().unwrap().iter().find(|page| page["list"] == "statistics.endpoints").unwrap();
    assert_eq!(told["next"], 0);
    assert_eq!(report["statistics"]["endpoints_total"], 3001);
    assert!(report["limits"]["evicted"]["endpoints"].as_u64().unwrap() > 0);
}

/// The numbers at the end of the first word that has one, of each value of a list within an entry.
fn numbers(capture: &[u8], arguments: &Value, name: &str, text: &dyn Fn(&Value) -> String) -> Vec<u64> {
    let (values, _) = joined_within::<SipPackets>(capture, arguments, name);
    let number = |value: &Value| text(value).trim_matches(|c: char| !c.is_ascii_digit()).parse();
    values.iter().map(|value| number(value).unwrap_or_else(|_| panic!("{value}"))).collect()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[test]
fn headers_and_hops_of_a_message_go_on() {
    // Two elements in each line, so that there are more lines than are read of a message, and more elements than are listed at once.
    let lines = |name: &str| -> String {
        (0..300).map(|n| format!("{name}: <sip:h{}>, <sip:h{}>\r\n", 2 * n, 2 * n + 1)).collect()
    };
    let invite = request("INVITE", "sip:bob@example.net", "c", 1).with(&lines("Contact")).with(&lines("Route"));
    let vias: String = (0..600).map(|n| format!("Via: h{n}\r\n")).collect();
    let subjects: String = (0..1_200).map(|n| format!("Subject: {n}\r\n")).collect();
    let other = request("OPTIONS", "sip:bob@example.net", "o", 1).with(&vias).with(&subjects);
    let capture = harness::build::pcap(&[(0, invite.there()), (1_000, other.there())]);
    assert!(numbers(&capture, &json!({}), "packets[0].contact", &word).into_iter().eq(0..600));
    let (via, _) = joined_within::<SipPackets>(&capture, &json!({}), "packets[1].via");
    assert!(via[1..].iter().map(word).eq((0..600).map(|n| format!("h{n}"))));
    let headers = json!({ "headers": true });
    let (all, pages) = joined_within::<SipPackets>(&capture, &headers, "packets[1].headers");
    let subjects = all.iter().filter(|header| header["name"] == "Subject").map(|header| word(&header["value"]));
    assert!(subjects.eq((0..1_200).map(|n: u32| n.to_string())) && pages == 2, "{pages}");
    // Via, From, To, Call-ID, CSeq and Content-Length stand around them.
    assert_eq!(all.len(), 1_806);
}

#[test]
fn media_of_a_message_and_of_a_call_go_on() {
    let mut invite = request("INVITE", "sip:bob@example.net", "c", 1).sdp(ALICE, 4000);
    let formats: String = (0..100).map(|n| format!(" {n}")).collect();
    invite.body.push_str(&format!("m=video 6000 RTP/SAVP{formats}\r\n"));
    (0..90).for_each(|n| invite.body.push_str(&format!("a=crypto:{n} S_{n} inline:x\r\n")));
    (0..80).for_each(|n| invite.body.push_str(&format!("a=candidate:1 1 UDP 1 h {} typ host\r\n", 7000 + n)));
    invite.body.push_str("a=rtpmap:99 X-99/8000\r\n");
    (0..1_200).for_each(|n| invite.body.push_str(&format!("m=audio {} RTP/AVP 8\r\na=sendonly\r\n", 10_000 + n)));
    let capture = harness::build::pcap(&[(0, invite.there())]);
    let port = |value: &Value| value["port"].to_string();
    let ports = numbers(&capture, &json!({}), "packets[0].media", &port);
    assert!(ports[..2] == [4_000, 6_000] && ports[2..].iter().copied().eq(10_000..11_200));
    let (media, _) = joined_within::<SipPackets>(&capture, &json!({}), "packets[0].media");
    assert!(
        media[2..].iter().all(|media| media["direction"] == "sendonly" && media["codecs"][0]["codec"] == "PCMA/8000")
    );
    for entry in ["packets[0]", "calls[0]"] {
        let list = |name: &str, text| numbers(&capture, &json!({}), &format!("{entry}.media[1].{name}"), text);
        assert!(list("codecs", &|codec: &Value| word(&codec["payload_type"])).into_iter().eq(0..100), "{entry}");
        assert!(list("crypto_suites", &word).into_iter().eq(0..90), "{entry}");
        assert!(list("candidates", &|at: &Value| word(at).replace("h ", "")).into_iter().eq(7_000..7_080), "{entry}");
        let (codecs, _) = joined_within::<SipPackets>(&capture, &json!({}), &format!("{entry}.media[1].codecs"));
        assert_eq!(codecs[99]["codec"], "X-99/8000");
    }
}

#[test]
fn media_of_a_long_call_go_on() {
    // Each side says something else in each of its messages.
    let frames = (0..1_500_u16).map(|n| {
        let offer = if n == 0 {
            request("INVITE", "sip:bob@example.net", "c", 1)
        } else {
            request("INFO", "sip:bob@example.net", "c", 1 + u32::from(n)).within("b")
        };
        (u64::from(n) * 1_000, offer.sdp(ALICE, 10_000 + n).there())
    });
    let capture = harness::build::pcap(&frames.collect::<Vec<_>>());
    let mut ports = numbers(&capture, &json!({}), "calls[0].media", &|media: &Value| media["port"].to_string());
    ports.sort_unstable();
    assert!(ports.into_iter().eq(10_000..11_500));
    let call = run(&capture, &json!({}))["calls"][0].clone();
    assert!(call["media_total"].as_u64().unwrap().abs_diff(1_500) < 150 && call["media_total_is_estimate"] == true);
    assert_eq!((&call["media"][0]["port"], &call["media"][0]["frame"]), (&json!(10_000), &json!(1)));
}

#[test]
fn requests_that_left_the_table_are_listed_too() {
    // More than wait at the same time.
    let ask = |n: u64| (n * 1_000, request("OPTIONS", "sip:bob@example.net", &format!("c{n}"), 1).there());
    let capture = harness::build::pcap(&(0..9_500).map(ask).collect::<Vec<_>>());
    let list = crate::transactions::UNANSWERED;
    let page = |offset: u64| {
        let report = run(&capture, &json!({ "page": { "offset": offset, "limit": 1000, "list": list } }));
        assert_eq!(told(&report, list), Some([9_500, offset, 1000.min(9_500 - offset)]));
        assert_eq!(report["statistics"]["unanswered_requests_total"], 9_500);
        report["statistics"]["unanswered_requests"].as_array().unwrap().clone()
    };
    // Both kinds are on the second page.
    let frames = [0, 1_000, 8_000, 9_000].into_iter().flat_map(page).map(|ask| ask["frame"].as_u64().unwrap());
    assert!(frames.eq((1..=2_000).chain(8_001..=9_500)));
}
