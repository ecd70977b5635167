//! Exchanges with their timing and outcome.

use serde_json::{Value, json};

use super::build::{V4, association, every, lease, option6, v6};
use super::report;

fn outcome(frames: Vec<Vec<u8>>) -> Value {
    report(&every(100, frames))["transactions"][0].clone()
}

#[test]
fn a_whole_exchange_is_a_lease_with_its_times() {
    let exchange = outcome(lease(7, 1, 53, 100));
    assert_eq!(exchange["outcome"], "leased");
    assert_eq!((&exchange["transaction_id"], &exchange["client"]), (&"0x00000007".into(), &"02:00:00:00:00:01".into()));
    assert_eq!((&exchange["address"], &exchange["lease_seconds"]), (&"192.0.2.100".into(), &3600.into()));
    assert_eq!((&exchange["offer_ms"], &exchange["grant_ms"]), (&100.0.into(), &100.0.into()));
    let kinds: Vec<_> =
        exchange["messages"].as_array().unwrap().iter().map(|step| step["message_type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["DISCOVER", "OFFER", "REQUEST", "ACK"]);
    assert_eq!(exchange["messages"][3]["after_ms"], 300.0);
}

#[test]
fn each_outcome_has_its_name() {
    let request = || V4::new(3, 7, 1).option(50, &[192, 0, 2, 9]);
    let check = |frames: Vec<Vec<u8>>, expected: &str| assert_eq!(outcome(frames)["outcome"], expected);
    check(vec![V4::new(1, 7, 1).frame()], "unanswered");
    check(vec![V4::new(1, 7, 1).frame(), V4::new(2, 7, 1).server(53).address(9).frame()], "offered");
    check(vec![request().frame()], "unanswered");
    check(vec![request().frame(), V4::new(6, 7, 1).server(53).option(56, b"wrong network").frame()], "refused");
    check(vec![V4::new(8, 7, 1).frame(), V4::new(5, 7, 1).server(53).frame()], "configured");
    check(vec![V4::new(7, 7, 1).frame()], "released");
    // LEASEQUERY (RFC 4388 §5): unassigned, unknown, active; LEASEQUERY of DHCPv6 (RFC 5007 §4.1).
    check(vec![V4::new(10, 7, 1).frame()], "unanswered");
    for kind in [11, 12, 13] {
        check(vec![V4::new(10, 7, 1).frame(), V4::new(kind, 7, 1).server(53).frame()], "answered");
    }
    check(vec![v6(14, 7, 1, None, &[])], "unanswered");
    check(vec![v6(14, 7, 1, None, &[]), v6(15, 7, 1, Some(5), &[])], "answered");
    let mut declined = lease(7, 1, 53, 100);
    declined.push(V4::new(4, 7, 1).option(50, &[192, 0, 2, 100]).frame());
    check(declined, "declined");
}

#[test]
fn a_refusal_keeps_the_server_s_words() {
    let refused = vec![V4::new(3, 7, 1).frame(), V4::new(6, 7, 1).server(53).option(56, b"wrong\nnetwork").frame()];
    assert_eq!(outcome(refused)["reason"], "wrong\\x0anetwork");
}

#[test]
fn leases_have_all_their_times_and_count_renewals() {
    let mut frames = lease(7, 1, 53, 100);
    frames.push(V4::new(3, 8, 1).frame());
    frames.push(
        V4::new(5, 8, 1)
            .server(53)
            .address(100)
            .option(58, &1800_u32.to_be_bytes())
            .option(59, &3150_u32.to_be_bytes())
            .frame(),
    );
    let report = report(&every(100, frames));
    let lease = &report["statistics"]["leases"][0];
    assert_eq!((&lease["renewals"], &lease["first_frame"], &lease["last_frame"]), (&1.into(), &4.into(), &6.into()));
    assert_eq!((&lease["renewal_seconds"], &lease["rebinding_seconds"]), (&1800.into(), &3150.into()));
    assert_eq!(lease["granted"], "2023-11-14T22:13:20.500000Z");
    assert_eq!(lease["expires"], "2023-11-14T23:13:20.500000Z");
    assert_eq!(report["statistics"]["leases_total"], 1);
}

#[test]
fn a_release_ends_a_lease() {
    let mut frames = lease(7, 1, 53, 100);
    let mut release = V4::new(7, 9, 1).frame();
    // ciaddr, behind Ethernet, IPv4 and UDP headers.
    release[42 + 12..42 + 16].copy_from_slice(&[192, 0, 2, 100]);
    frames.push(release);
    let report = report(&every(100, frames));
    assert_eq!(report["statistics"]["leases"][0]["ended"], "released");
    assert_eq!(report["statistics"]["leases"][0]["last_frame"], 5);
}

#[test]
fn clients_are_known_by_all_that_they_say() {
    let discover = V4::new(1, 7, 1)
        .option(61, &[1, 2, 0, 0, 0, 0, 1])
        .option(12, b"notebook")
        .option(60, b"MSFT 5.0")
        .option(55, &[1, 3, 6, 15])
        .option(50, &[198, 51, 100, 7]);
    let report = report(&every(100, [discover.frame()]));
    let client = &report["statistics"]["clients"][0];
    assert_eq!(client["client"], "02:00:00:00:00:01");
    assert_eq!(client["client_ids"], json!(["02:00:00:00:00:01"]));
    assert_eq!(client["hostnames"], json!(["notebook"]));
    assert_eq!(client["vendor_classes"], json!(["MSFT 5.0"]));
    assert_eq!(client["fingerprints"], json!(["1,3,6,15"]));
    assert_eq!(client["requested"], json!(["198.51.100.7"]));
}

#[test]
fn relays_are_known_with_their_circuits() {
    let discover = V4::new(1, 7, 1).relay([198, 51, 100, 1]).option(82, b"\x01\x04eth1\x02\x03\x00\x01\x02");
    let report = report(&every(100, [discover.frame()]));
    let relay = &report["statistics"]["relays"][0];
    assert_eq!(relay["relay"], "198.51.100.1");
    assert_eq!(relay["identifiers"], json!(["circuit_id eth1", "remote_id 000102"]));
    assert_eq!(report["statistics"]["via_relay"], 1);
    assert_eq!(report["transactions"][0]["relay"], "198.51.100.1");
}

#[test]
fn dhcpv6_exchanges_are_told_alike() {
    let frames = vec![
        v6(1, 1, 9, None, &option6(6, &[0, 23, 0, 24])),
        v6(2, 1, 9, Some(5), &association("2001:db8::9")),
        v6(3, 2, 9, Some(5), &association("2001:db8::9")),
        v6(7, 2, 9, Some(5), &association("2001:db8::9")),
    ];
    let report = report(&every(100, frames));
    assert_eq!(report["statistics"]["exchanges"]["total"], 1);
    assert_eq!(report["transactions"][0]["outcome"], "leased");
    let lease = &report["statistics"]["leases"][0];
    assert_eq!((&lease["address"], &lease["client"]), (&"2001:db8::9".into(), &"LL 02:00:00:00:00:09".into()));
    assert_eq!(
        (&lease["lease_seconds"], &lease["preferred_seconds"], &lease["renewal_seconds"]),
        (&120.into(), &60.into(), &30.into())
    );
    assert_eq!(report["statistics"]["clients"][0]["fingerprints"], json!(["23,24"]));
    assert_eq!(report["statistics"]["servers"][0]["server"], "LL 02:00:00:00:00:05");
}

#[test]
fn dhcpv6_refusals_and_rapid_commit() {
    let none = option6(3, &[&[0; 12][..], &option6(13, b"\x00\x02none left")].concat());
    let refused = vec![v6(1, 1, 9, None, &[]), v6(7, 1, 9, Some(5), &none)];
    let exchange = outcome(refused);
    assert_eq!((&exchange["outcome"], &exchange["reason"]), (&"refused".into(), &"NoAddrsAvail none left".into()));
    let rapid = vec![
        v6(1, 1, 9, None, &option6(14, &[])),
        v6(7, 1, 9, Some(5), &[option6(14, &[]), association("2001:db8::9")].concat()),
    ];
    let exchange = outcome(rapid);
    assert_eq!((&exchange["outcome"], &exchange["grant_ms"]), (&"leased".into(), &100.0.into()));
}
