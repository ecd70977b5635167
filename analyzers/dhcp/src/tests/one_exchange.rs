//! Which messages are one exchange: transaction ids that change, relays, VLANs, captures of one side.

use serde_json::{Value, json};

use super::build::{V4, association, delegation, every, lease, option6, relayed, tagged, v6};
use super::{file, report, run};

/// Outcome and frames of each exchange, in the order of their first frames.
fn exchanges(report: &Value) -> Vec<(String, Vec<u64>)> {
    let all = report["transactions"].as_array().unwrap().iter();
    let mut all: Vec<(String, Vec<u64>)> = all
        .map(|exchange| {
            let frames = exchange["messages"].as_array().unwrap().iter().map(|step| step["frame"].as_u64().unwrap());
            (exchange["outcome"].as_str().unwrap().to_owned(), frames.collect())
        })
        .collect();
    all.sort_by_key(|(_, frames)| frames[0]);
    assert_eq!(report["statistics"]["exchanges"]["total"], all.len());
    all
}

#[track_caller]
fn check(frames: Vec<Vec<u8>>, expected: &[(&str, &[u64])]) -> Value {
    let report = report(&every(100, frames));
    let expected: Vec<_> = expected.iter().map(|(outcome, frames)| ((*outcome).to_owned(), frames.to_vec())).collect();
    assert_eq!(exchanges(&report), expected);
    report
}

/// SOLICIT, ADVERTISE, REQUEST and REPLY of a client, with two transaction ids.
fn four(xid: u32, client: u8, held: &[u8]) -> Vec<Vec<u8>> {
    vec![
        v6(1, xid, client, None, held),
        v6(2, xid, client, Some(5), held),
        v6(3, xid + 1, client, Some(5), held),
        v6(7, xid + 1, client, Some(5), held),
    ]
}

#[test]
fn reported_captures_have_their_right_values() {
    let report = run(&file("tests/captures/reported/dhcpv6_four_messages.pcap"), &json!({}));
    assert_eq!(exchanges(&report), [("leased".to_owned(), vec![1, 2, 3, 4])]);
    let summary = &report["statistics"]["exchanges"];
    assert_eq!(
        (&summary["complete"], &summary["outcomes"]),
        (&1.into(), &json!([{ "outcome": "leased", "count": 1 }]))
    );
    let exchange = &report["transactions"][0];
    assert_eq!(exchange["transaction_id"], "0x000001");
    assert_eq!(exchange["further_transaction_ids"], json!(["0x000002"]));
    assert_eq!((&exchange["offer_ms"], &exchange["grant_ms"]), (&10.0.into(), &10.0.into()));
    assert_eq!(exchange["address"], "2001:db8:5::100");
    let report = run(&file("tests/captures/reported/dhcpv6_advertised_not_taken.pcap"), &json!({}));
    assert_eq!(exchanges(&report), [("offered".to_owned(), vec![1, 2])]);
    assert_eq!(report["statistics"]["exchanges"]["complete"], 0);
}

#[test]
fn four_messages_are_one_exchange_for_addresses_prefixes_and_through_relays() {
    let address = association("2001:db8::9");
    for held in [address.clone(), delegation(1, 7), [address, delegation(1, 7)].concat(), Vec::new()] {
        let direct = four(1, 9, &held);
        let through: Vec<_> = direct.iter().map(|frame| relayed(frame)).collect();
        for frames in [direct, through] {
            let outcome = if held.is_empty() { "configured" } else { "leased" };
            let report = check(frames, &[(outcome, &[1, 2, 3, 4])]);
            assert_eq!(report["statistics"]["exchanges"]["complete"], 1);
        }
    }
}

#[test]
fn tags_that_differ_by_direction_do_not_separate() {
    for (there, back) in [(&[10][..], &[][..]), (&[], &[10]), (&[10], &[20]), (&[10, 20], &[10])] {
        let tag = |frames: Vec<Vec<u8>>| {
            let tags = frames.into_iter().zip([there, back].into_iter().cycle());
            tags.map(|(frame, vlans)| tagged(&frame, vlans)).collect()
        };
        check(tag(four(1, 9, &association("2001:db8::9"))), &[("leased", &[1, 2, 3, 4])]);
        check(tag(lease(7, 1, 53, 100)), &[("leased", &[1, 2, 3, 4])]);
    }
}

#[test]
fn clients_that_interleave_and_associations_of_one_client_stay_apart() {
    let interleave = |one: Vec<Vec<u8>>, other: Vec<Vec<u8>>| -> Vec<Vec<u8>> {
        one.into_iter().zip(other).flat_map(|(one, other)| [one, other]).collect()
    };
    let apart: &[(&str, &[u64])] = &[("leased", &[1, 3, 5, 7]), ("leased", &[2, 4, 6, 8])];
    check(interleave(four(1, 8, &association("2001:db8::8")), four(11, 9, &association("2001:db8::9"))), apart);
    // One client that asks for an address and for a prefix, each by itself.
    check(interleave(four(1, 9, &association("2001:db8::9")), four(11, 9, &delegation(1, 7))), apart);
    check(interleave(four(1, 9, &delegation(1, 7)), four(11, 9, &delegation(2, 8))), apart);
}

#[test]
fn one_side_of_an_exchange_is_one_exchange() {
    let all = four(1, 9, &association("2001:db8::9"));
    let of = |frames: &[usize]| frames.iter().map(|frame| all[*frame].clone()).collect();
    check(of(&[0, 2]), &[("unanswered", &[1, 2])]);
    check(of(&[1, 3]), &[("leased", &[1, 2])]);
    check(of(&[0, 1, 3]), &[("leased", &[1, 2, 3])]);
    check(of(&[1, 2, 3]), &[("leased", &[1, 2, 3])]);
    check(of(&[0, 2, 3]), &[("leased", &[1, 2, 3])]);
}

#[test]
fn renewals_and_questions_are_exchanges_of_their_own() {
    let held = association("2001:db8::9");
    let mut frames = four(1, 9, &held);
    for (kind, xid, server) in [(5, 31, Some(5)), (6, 32, None), (4, 33, None)] {
        frames.push(v6(kind, xid, 9, server, &held));
        frames.push(v6(7, xid, 9, Some(5), &held));
    }
    frames.push(v6(11, 34, 9, None, &option6(6, &[0, 23])));
    frames.push(v6(7, 34, 9, Some(5), &option6(23, &[0x20; 16])));
    frames.push(v6(8, 35, 9, Some(5), &held));
    frames.push(v6(7, 35, 9, Some(5), &[]));
    let expected: &[(&str, &[u64])] = &[
        ("leased", &[1, 2, 3, 4]),
        ("leased", &[5, 6]),
        ("leased", &[7, 8]),
        ("leased", &[9, 10]),
        ("configured", &[11, 12]),
        ("released", &[13, 14]),
    ];
    let report = check(frames, expected);
    assert_eq!(report["statistics"]["leases_total"], 1);
    assert_eq!(report["statistics"]["leases"][0]["renewals"], 3);
}

#[test]
fn an_offer_that_is_not_taken_stays_apart_from_the_next_exchange() {
    let held = association("2001:db8::9");
    let offered = [v6(1, 1, 9, None, &held), v6(2, 1, 9, Some(5), &held)];
    let next = four(11, 9, &held);
    check([&offered[..], &next].concat(), &[("offered", &[1, 2]), ("leased", &[3, 4, 5, 6])]);
    // A REQUEST to a server that offered nothing, one long after, and a RENEW.
    let request =
        |kind: u8, server: u8| vec![offered[0].clone(), offered[1].clone(), v6(kind, 3, 9, Some(server), &held)];
    check(request(3, 6), &[("offered", &[1, 2]), ("unanswered", &[3])]);
    check(request(5, 5), &[("offered", &[1, 2]), ("unanswered", &[3])]);
    let late = report(&every(150_000, request(3, 5)));
    assert_eq!(exchanges(&late).len(), 2);
    // The next server, under a third id, when the first one does not answer.
    let second = v6(2, 1, 9, Some(6), &held);
    let frames = [&offered[..], &[second, v6(3, 2, 9, Some(5), &held), v6(3, 3, 9, Some(6), &held)]].concat();
    let report = check([&frames[..], &[v6(7, 3, 9, Some(6), &held)]].concat(), &[("leased", &[1, 2, 3, 4, 5, 6])]);
    assert_eq!(report["transactions"][0]["further_transaction_ids"], json!(["0x000002", "0x000003"]));
}

#[test]
fn servers_that_have_nothing_refuse_and_a_part_is_not_all() {
    let none = |code: u16, status: u8| option6(code, &[&[0; 12][..], &option6(13, &[0, status])].concat());
    let held = association("2001:db8::9");
    let solicit = || v6(1, 1, 9, None, &held);
    check(vec![solicit(), v6(2, 1, 9, Some(5), &none(3, 2))], &[("refused", &[1, 2])]);
    check(vec![solicit(), v6(2, 1, 9, Some(5), &none(3, 2)), v6(2, 1, 9, Some(6), &held)], &[("offered", &[1, 2, 3])]);
    check(vec![solicit(), v6(2, 1, 9, Some(6), &held), v6(2, 1, 9, Some(5), &none(3, 2))], &[("offered", &[1, 2, 3])]);
    // An address, and no prefix.
    let part = [held.clone(), none(25, 6)].concat();
    let mut frames = four(1, 9, &held);
    frames[3] = v6(7, 2, 9, Some(5), &part);
    let report = check(frames, &[("leased", &[1, 2, 3, 4])]);
    assert_eq!(report["transactions"][0]["reason"], "NoPrefixAvail");
}

#[test]
fn what_is_taken_back_is_no_lease() {
    // As an association, with both lifetimes 0.
    let back = {
        let mut octets = association("2001:db8::9");
        let at = octets.len() - 8;
        octets[at..].fill(0);
        octets
    };
    let mut frames = four(1, 9, &association("2001:db8::9"));
    frames.push(v6(5, 9, 9, Some(5), &association("2001:db8::9")));
    frames.push(v6(7, 9, 9, Some(5), &[back, delegation(1, 7)].concat()));
    let report = check(frames, &[("leased", &[1, 2, 3, 4]), ("leased", &[5, 6])]);
    let leases = report["statistics"]["leases"].as_array().unwrap();
    assert_eq!((&leases[0]["address"], &leases[0]["ended"]), (&"2001:db8::9".into(), &"withdrawn".into()));
    assert_eq!(leases[1]["address"], "2001:db8:7::/48");
    assert_eq!(report["transactions"][1]["address"], "2001:db8:7::/48");
}

#[test]
fn clients_of_dhcpv4_that_change_the_id_are_followed() {
    // As in the well-known sample of Wireshark's wiki: 0x3d1d, then 0x3d1e.
    let take = |address: u8, server: u8| {
        V4::new(3, 0x3d1e, 1).option(54, &[192, 0, 2, server]).option(50, &[192, 0, 2, address]).frame()
    };
    let mut frames = lease(0x3d1d, 1, 53, 100);
    frames[2] = take(100, 53);
    frames[3] = V4::new(5, 0x3d1e, 1).server(53).address(100).frame();
    let report = check(frames.clone(), &[("leased", &[1, 2, 3, 4])]);
    assert_eq!(report["statistics"]["exchanges"]["complete"], 1);
    assert_eq!(report["transactions"][0]["further_transaction_ids"], json!(["0x00003d1e"]));
    // Another address, another server, and a renewal, which names no server.
    for other in [take(101, 53), take(100, 54), V4::new(3, 0x3d1e, 1).option(50, &[192, 0, 2, 100]).frame()] {
        frames[2] = other;
        check(frames.clone(), &[("offered", &[1, 2]), ("leased", &[3, 4])]);
    }
}
