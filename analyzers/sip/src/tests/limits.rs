//! What does not fit: each number is exact, has its error, or says "at least"; each list that is cut says how many there are.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::harness::build::tcp;
use mcpcap_analyzer::harness::lists::{joined_within, told};
use mcpcap_analyzer::harness::schema::is_at_least;
use serde_json::{Value, json};

use super::build::{ALICE, BOB, request};
use super::{faults, report, rules, run};
use crate::tool::SipPackets;

const URI: &str = "sip:bob@example.net";

fn length(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

/// OPTIONS from so many agents, hosts and Call-IDs.
fn many(count: u32) -> Vec<u8> {
    let frames: Vec<(u64, Vec<u8>)> = (0..count)
        .map(|n| {
            let ask = request("OPTIONS", URI, &format!("c{n}"), 1).with(&format!("User-Agent: agent {n}\r\n"));
            (u64::from(n), ask.over(&format!("10.{}.{}.{}", n >> 16, n >> 8 & 255, n & 255), BOB))
        })
        .collect();
    harness::build::pcap(&frames)
}

#[test]
fn lists_of_statistics_tell_their_length() {
    let capture = many(30);
    let statistics = &run(&capture, &json!({}))["statistics"];
    assert_eq!((length(&statistics["user_agents"]), &statistics["user_agents_total"]), (20, &json!(30)));
    assert_eq!((length(&statistics["call_ids"]), &statistics["unique_call_ids"]), (20, &json!(30)));
    let unanswered = (length(&statistics["unanswered_requests"]), &statistics["unanswered_requests_total"]);
    assert_eq!(unanswered, (20, &json!(30)));
    assert_eq!((length(&statistics["endpoints"]), &statistics["endpoints_total"]), (20, &json!(31)));
    let exact = (&statistics["lists_are_exact"], &statistics["endpoints_total_is_exact"]);
    assert_eq!(exact, (&json!(true), &json!(true)));
}

/// The busiest of more than a table holds have errors; totals count everybody once, whoever left a table.
#[test]
fn more_than_the_tables_hold_is_told_as_such() {
    let report = run(&many(3000), &json!({}));
    let statistics = &report["statistics"];
    assert_eq!((&statistics["lists_are_exact"], &statistics["user_agents_total"]), (&json!(false), &json!(3000)));
    assert!(statistics["user_agents"][0]["too_high_by"].as_u64().unwrap() > 0);
    assert_eq!((&statistics["endpoints_total"], &statistics["endpoints_total_is_exact"]), (&json!(3001), &json!(true)));
    assert!(report["limits"]["evicted"]["endpoints"].as_u64().unwrap() > 0);
    assert_eq!(statistics["unanswered_requests_total"], 3000);
    // The rule that follows one server has lost nothing of it, but others lost entries.
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "sip_silent_server").unwrap();
    assert_eq!((&finding["measures"][0]["value"], &finding["subject"]), (&json!(3000.0), &json!(BOB)));
}

#[test]
fn registrations_count_once_whoever_left_the_table() {
    let frames: Vec<Vec<u8>> = (0..3000)
        .map(|n| {
            let mut ask = request("REGISTER", "sip:example.com", &format!("r{n}"), 1);
            ask.to.0 = format!("sip:{}@example.com", n % 2500);
            ask.there()
        })
        .collect();
    let report = report(&frames);
    let registrations = &report["statistics"]["registrations"];
    // Those that came again after they had left the table are counted once.
    assert_eq!((&registrations["total"], &registrations["total_is_exact"]), (&json!(2500), &json!(true)));
    assert!(report["limits"]["evicted"]["registrations"].as_u64().unwrap() > 0);
    assert_eq!(told(&report, "registrations"), Some([2500, 0, 100]));
}

#[test]
fn findings_beyond_those_listed_are_counted() {
    let frames: Vec<Vec<u8>> = (0..130)
        .map(|n| {
            request("OPTIONS", URI, &format!("s{n}"), 1)
                .with("User-Agent: sipvicious\r\n")
                .over(&format!("10.0.0.{n}"), BOB)
        })
        .collect();
    let report = report(&frames);
    let scanners = rules(&report).iter().filter(|rule| **rule == "sip_scanner_user_agent").count();
    assert_eq!((scanners, &report["findings_total"]), (100, &json!(131)));
}

#[test]
fn calls_tell_how_much_of_them_is_listed() {
    let invite = request("INVITE", URI, "c", 1);
    let mut frames = vec![invite.there()];
    for n in 0..10_u16 {
        frames.push(invite.answer("180 Ringing", &format!("b{n}")).sdp(BOB, 5000 + n * 2).back());
        frames.push(invite.answer("183 Session Progress", &format!("b{n}")).sdp(BOB, 6000 + n * 2).back());
    }
    for n in 0..30 {
        frames.push(request("INFO", URI, "c", 2 + n).within("b1").there());
    }
    let report = report(&frames);
    let call = &report["calls"][0];
    assert_eq!((length(&call["ladder"]), &call["ladder_total"]), (51, &json!(51)));
    assert_eq!(call.get("ladder_goes_on_in"), None);
    assert_eq!((length(&call["forks"]), &call["forks_total"]), (10, &json!(10)));
    assert_eq!((length(&call["media"]), &call["media_total"]), (20, &json!(20)));
    assert_eq!(report["limits"]["responses_not_told_apart"], 12);
}

#[test]
fn the_rest_of_a_long_ladder_is_in_the_packets_of_its_call() {
    // 20 calls of 1,201 messages each: there is not room for all.
    let messages = |n: u32, call: usize| {
        let id = format!("c{call}");
        if n == 0 {
            request("INVITE", URI, &id, 1).there()
        } else {
            request("INFO", URI, &id, 1 + n).within("b").there()
        }
    };
    let frames: Vec<Vec<u8>> = (0..20).flat_map(|call| (0..1201).map(move |n| messages(n, call))).collect();
    let all = report(&frames);
    let ladders: Vec<usize> = all["calls"].as_array().unwrap().iter().map(|call| length(&call["ladder"])).collect();
    assert!(ladders[0] == 1024 && ladders.iter().all(|length| *length >= 40), "{ladders:?}");
    assert!(ladders.iter().sum::<usize>() <= 20 * 40 + 10_000 && ladders.is_sorted_by(|a, b| a >= b), "{ladders:?}");
    let last = &all["calls"][19];
    assert_eq!((&last["ladder_total"], &last["ladder_goes_on_in"]), (&json!(1201), &json!("packets with call_id")));
    let capture = harness::build::pcap(&(0..).step_by(10_000).zip(frames).collect::<Vec<_>>());
    let asked = json!({ "call_id": "c19", "page": { "offset": 1150, "limit": 100 }, "count_copies": true });
    let page = harness::run::<SipPackets>(&capture, &asked).unwrap();
    assert_eq!((length(&page["packets"]), &page["packets"][50]["frame"]), (51, &json!(20 * 1201)));
}

#[test]
fn methods_beyond_those_counted_one_by_one_are_counted_together() {
    let frames: Vec<Vec<u8>> = (0..70)
        .map(|n| {
            let mut ask = request("X", URI, &format!("m{n}"), 1);
            ask.start = format!("X{n} {URI} SIP/2.0");
            ask.there()
        })
        .collect();
    let report = report(&frames);
    let statistics = &report["statistics"];
    assert_eq!((length(&statistics["transactions"]), &statistics["requests_of_other_methods"]), (64, &json!(6)));
    assert_eq!(statistics["unanswered_requests_total"], 70);
}

#[test]
fn rules_say_at_least_where_they_stopped_counting() {
    let frames: Vec<Vec<u8>> = (0..300)
        .flat_map(|n| {
            let mut login = request("REGISTER", "sip:example.com", &format!("g{n}"), 1)
                .with("Authorization: Digest username=\"a\", response=\"f\"\r\n");
            login.to.0 = format!("sip:{n}@example.com");
            [login.there(), login.answer("403 Forbidden", "x").back()]
        })
        .collect();
    let guesses = report(&frames);
    assert!(guesses["findings"][0]["observation"].as_str().unwrap().contains("for at least 256 accounts;"));
    let frames: Vec<Vec<u8>> = (0..100)
        .flat_map(|n| {
            let invite = request("INVITE", &format!("sip:{n:03}972591234567@example.net"), &format!("p{n}"), 1);
            [invite.there(), invite.answer("603 Decline", "x").back()]
        })
        .collect();
    let probes = report(&frames);
    let finding = probes["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "sip_prefix_probing").unwrap();
    assert!(finding["observation"].as_str().unwrap().contains("at least 64 prefixes"));
    assert_eq!(finding["frames_total"], 100);
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    let probe = |source: &str, n: u32| {
        request("OPTIONS", URI, &format!("{source} {n}"), 1).with("User-Agent: sipvicious\r\n").over(source, BOB)
    };
    let client = "192.0.2.99";
    let others = (0..600).map(|n| probe(&format!("10.0.{}.{}", n >> 8, n & 255), 0));
    let frames = (0..20).map(|n| probe(client, n)).chain(others).chain((20..27).map(|n| probe(client, n)));
    let report = report(&frames.collect::<Vec<_>>());
    is_at_least(&report, "sip_scanner_user_agent", client, "requests", 7);
    // Of the others, nothing is lost.
    let silent = report["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "sip_silent_server");
    assert!(!silent.unwrap()["observation"].as_str().unwrap().contains("at least"));
}

#[test]
fn long_messages_tell_what_is_not_listed() {
    let vias: String = (0..25).map(|n| format!("Via: SIP/2.0/UDP hop{n};branch=z9hG4bK{n}\r\n")).collect();
    let mut invite = request("INVITE", URI, "c", 1).with(&vias).sdp(ALICE, 4000);
    let formats: String = (0..40).map(|n| format!(" {n}")).collect();
    invite.body.push_str(&format!("m=video 6000 RTP/AVP{formats}\r\n"));
    invite.body.push_str(&"a=candidate:1 1 UDP 1 192.0.2.9 7000 typ host\r\n".repeat(12));
    let short = request("INVITE", URI, "d", 1).sdp(ALICE, 4000);
    let report = report(&[invite.there(), short.there()]);
    let packet = &report["packets"][0];
    assert_eq!((length(&packet["via"]), &packet["via_total"]), (26, &json!(26)));
    let video = &packet["media"][1];
    assert_eq!((length(&video["codecs"]), &video["codecs_total"]), (32, &json!(40)));
    assert_eq!((length(&video["candidates"]), &video["candidates_total"]), (12, &json!(12)));
    assert!(report["packets"][1].get("via_total").is_none() && report["packets"][1].get("malformed").is_none());
}

/// Media, headers and hops of one message, in datagrams and over TCP, in both versions of IP.
#[test]
fn all_media_of_a_message_are_read_and_those_beyond_are_counted() {
    for (alice, bob) in [(ALICE, BOB), ("2001:db8::10", "2001:db8::20")] {
        let offer = |media: u16, lines: usize| {
            let mut invite = request("INVITE", URI, "c", 1).sdp(alice, 4000);
            (1..media).for_each(|n| invite.body.push_str(&format!("m=audio {} RTP/AVP 0\r\n", 4000 + n * 2)));
            invite.body.push_str(&"a=x\r\n".repeat(lines));
            invite.body.push_str("m=video 9000 RTP/AVP 96\r\n");
            invite
        };
        for (media, lines, listed, kept, is_long) in
            [(29, 0, 30, 30, false), (59, 0, 60, 60, false), (300, 0, 256, 256, true), (29, 5000, 29, 29, true)]
        {
            let total = json!(media + 1);
            let offer = offer(media, lines);
            let stream = offer.octets();
            let segment = |(n, part): (u32, &[u8])| tcp((alice, 4000), (bob, 5060), 0x18, (1 + n * 8000, 1), part);
            let segments: Vec<Vec<u8>> = (0..).zip(stream.chunks(8000)).map(segment).collect();
            for report in [report(&[offer.over(alice, bob)]), report(&segments)] {
                let (packet, call) = (&report["packets"][0], &report["calls"][0]);
                assert_eq!((length(&packet["media"]), &packet["media_total"]), (listed, &total));
                assert_eq!(length(&call["media"]), kept);
                if !is_long {
                    assert_eq!(call["media_total"], total);
                }
                let expected: &[(&str, u64)] = if is_long { &[("long_session_description", 1)] } else { &[] };
                assert_eq!(faults(&report), expected);
            }
        }
    }
}

#[test]
fn all_headers_are_listed_and_those_beyond_are_counted() {
    for (more, listed) in [(100, 107), (300, 256)] {
        let headers: String = (0..more).map(|n| format!("X-{n}: {n}\r\n")).collect();
        let frame = request("OPTIONS", URI, "h", 1).with(&headers).with("Subject: a\r\n").there();
        let report = run(&mcpcap_analyzer::harness::build::pcap(&[(0, frame)]), &json!({ "headers": true }));
        let packet = &report["packets"][0];
        assert_eq!((length(&packet["headers"]), &packet["headers_total"]), (listed, &json!(more + 7)));
    }
}

#[test]
fn lists_within_entries_go_on() {
    // One call of many messages, and one account that registers by turns, under names and with agents of its own each time.
    let call = (0..3_100_u32).map(|n| match n {
        0 => request("INVITE", URI, "c", 1).there(),
        _ => request("INFO", URI, "c", 1 + n).within("b").there(),
    });
    let registering = (0..3_100_u32).flat_map(|n| {
        let ask = request("REGISTER", "sip:example.com", "r", 1 + n).with(&format!("User-Agent: agent {n}\r\n")).with(
            &format!(
                "Authorization: Digest username=\"user {n}\", realm=\"r\", nonce=\"n\", uri=\"u\", response=\"x\"\r\n"
            ),
        );
        let answer = ask.answer(if n % 2 == 0 { "200 OK" } else { "403 Forbidden" }, "t").back();
        [ask.there(), answer]
    });
    let frames: Vec<(u64, Vec<u8>)> = (0..).step_by(10_000).zip(call.chain(registering)).collect();
    let capture = harness::build::pcap(&frames);
    let asked = json!({ "count_copies": true });
    let joined = |name: &str| {
        let (values, pages) = joined_within::<SipPackets>(&capture, &asked, name);
        assert!(pages > 3, "{name}: {pages}");
        values
    };
    let ladder = joined("calls[0].ladder");
    assert!(ladder.iter().map(|step| step["frame"].as_u64().unwrap()).eq(1..=3_100));
    let history = joined("registrations[0].history");
    assert!(history.iter().map(|entry| entry["frames"][0].as_u64().unwrap()).eq((1..=3_100).map(|n| 3_100 + 2 * n)));
    let sorted = |mut texts: Vec<String>| {
        texts.sort_unstable();
        texts
    };
    let texts = |values: Vec<Value>| sorted(values.iter().map(|value| value.as_str().unwrap().to_owned()).collect());
    assert!(texts(joined("registrations[0].usernames")) == sorted((0..3_100).map(|n| format!("user {n}")).collect()));
    assert!(
        texts(joined("statistics.endpoints[0].agents")) == sorted((0..3_100).map(|n| format!("agent {n}")).collect())
    );
}

#[test]
fn frames_of_one_chapter_of_a_history_go_on() {
    let frames = (0..3_100_u32).flat_map(|n| {
        let ask = request("REGISTER", "sip:example.com", "r", 1 + n);
        [ask.there(), ask.answer("403 Forbidden", "t").back()]
    });
    let capture = harness::build::pcap(&(0..).step_by(10_000).zip(frames).collect::<Vec<_>>());
    let name = "registrations[0].history[0].frames";
    let (frames, pages) = joined_within::<SipPackets>(&capture, &json!({ "count_copies": true }), name);
    assert!(frames.iter().map(|frame| frame.as_u64().unwrap()).eq((1..=3_100).map(|n| 2 * n)) && pages == 4, "{pages}");
}

#[test]
fn branches_of_one_call_go_on() {
    // Each of 3,100 telephones says 183, and then something of its own.
    let invite = request("INVITE", URI, "c", 1);
    let says = |n: u32, status: u32| invite.answer(&format!("{status} x"), &format!("b{n}")).back();
    let status = |n: u32| if n.is_multiple_of(5) { 486 } else { 101 + n % 90 };
    let frames = std::iter::once(invite.there())
        .chain((0..3_100).map(|n| says(n, 183)))
        .chain((0..3_100).map(|n| says(n, status(n))));
    let capture = harness::build::pcap(&(0..).step_by(10_000).zip(frames).collect::<Vec<_>>());
    let (forks, pages) = joined_within::<SipPackets>(&capture, &json!({ "count_copies": true }), "calls[0].forks");
    let mut forks: Vec<u64> = forks.iter().map(|status| status.as_u64().unwrap()).collect();
    let mut expected: Vec<u64> = (0..3_100).map(|n| status(n).into()).collect();
    forks.sort_unstable();
    expected.sort_unstable();
    assert!(forks == expected && pages == 4, "{} on {pages}", forks.len());
}

#[test]
fn pages_of_a_history_have_all_frames() {
    // 1,100 changes, and then the same for long: an entry that stands on no first page.
    let frames = (0..4_100_u32).flat_map(|n| {
        let ask = request("REGISTER", "sip:example.com", "r", 1 + n);
        let answer = if n < 1_100 && n % 2 == 0 { "200 OK" } else { "403 Forbidden" };
        [ask.there(), ask.answer(answer, "t").back()]
    });
    let capture = harness::build::pcap(&(0..).step_by(10_000).zip(frames).collect::<Vec<_>>());
    let asked = json!({ "count_copies": true });
    let (history, _) = joined_within::<SipPackets>(&capture, &asked, "registrations[0].history");
    let frames = history.iter().flat_map(|entry| entry["frames"].as_array().unwrap());
    assert!(frames.map(|frame| frame.as_u64().unwrap()).eq((1..=4_100).map(|n| 2 * n)));
    assert!(history.iter().all(|entry| entry["frames_total"] == length(&entry["frames"]) as u64));
    // Of the 3,001 at the end, 20 each.
    assert_eq!((history.len(), history.last().unwrap()["count"].as_u64()), (1_099 + 151, Some(1)));
}
