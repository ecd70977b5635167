//! Each rule: a capture on which it fires, and one on which it must not.

use mcpcap_analyzer::harness::schema::is_at_least;
use serde_json::{Value, json};

use super::build::{V4, every, lease, tagged, v6};
use super::{report, rules};

#[track_caller]
fn finding<'a>(report: &'a Value, rule: &str) -> &'a Value {
    let all = report["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["rule"] == rule).unwrap_or_else(|| panic!("{rule} in {:?}", rules(report)))
}

#[test]
fn one_server_is_as_it_should_be() {
    let frames = [lease(1, 1, 53, 100), lease(2, 2, 53, 101)].concat();
    assert_eq!(rules(&report(&every(100, frames))), [""; 0]);
}

#[test]
fn two_servers_on_one_segment() {
    let found = report(&every(100, [lease(1, 1, 53, 100), lease(2, 2, 54, 101)].concat()));
    assert_eq!(rules(&found), ["dhcp_several_servers"]);
    assert_eq!(found["findings"][0]["subject"], "192.0.2.53, 192.0.2.54");
    assert_eq!(found["findings"][0]["frames"], json!([2, 4, 6, 8]));
    // Behind different relays they serve different segments.
    let offer = |xid: u32, server: u8, relay: u8| {
        V4::new(2, xid, 1).server(server).address(9).relay([198, 51, relay, 1]).frame()
    };
    assert_eq!(rules(&report(&every(100, [offer(1, 53, 1), offer(2, 54, 2)]))), [""; 0]);
}

#[test]
fn servers_that_disagree_are_worse() {
    let offer = |xid: u32, server: u8, router: u8| {
        V4::new(2, xid, 1).server(server).address(9).option(3, &[192, 0, 2, router]).option(6, &[192, 0, 2, 53]).frame()
    };
    let found = report(&every(100, [offer(1, 53, 1), offer(1, 66, 66)]));
    assert_eq!(rules(&found), ["dhcp_servers_disagree"]);
    assert_eq!(found["findings"][0]["severity"], "high");
    assert_eq!(found["findings"][0]["measures"][1], json!({ "name": "different_routers", "value": 1.0 }));
    assert_eq!(found["findings"][0]["measures"][2]["value"], 0.0);
    assert_eq!(rules(&report(&every(100, [offer(1, 53, 1), offer(1, 66, 1)]))), ["dhcp_several_servers"]);
}

#[test]
fn starvation_is_a_crowd_of_clients() {
    let crowd = |clients: u8, pause: u64| {
        report(&every(pause, (1..=clients).map(|client| V4::new(1, client.into(), client).frame())))
    };
    let found = crowd(60, 100);
    assert_eq!(finding(&found, "dhcp_starvation")["measures"][0]["value"], 60.0);
    assert_eq!(finding(&found, "dhcp_starvation")["subject"], "on the captured link");
    assert!(!rules(&crowd(40, 100)).contains(&"dhcp_starvation"));
    // The same clients over an hour.
    assert!(!rules(&crowd(60, 60_000)).contains(&"dhcp_starvation"));
    // One client, many times.
    let patient = report(&every(100, (0..60).map(|xid| V4::new(1, xid, 1).frame())));
    assert!(!rules(&patient).contains(&"dhcp_starvation"));
}

#[test]
fn refusals_in_a_burst() {
    let burst = |pause: u64| report(&every(pause, (0..6).map(|n| V4::new(6, n, n as u8).server(53).frame())));
    let found = burst(1000);
    assert_eq!(rules(&found), ["dhcp_refusals"]);
    assert_eq!(found["findings"][0]["subject"], "192.0.2.53");
    assert_eq!(rules(&burst(30_000)), [""; 0]);
}

#[test]
fn an_address_for_two_clients_is_a_conflict() {
    let mut frames = [lease(1, 1, 53, 100), lease(2, 2, 53, 100)].concat();
    let found = report(&every(100, frames.clone()));
    assert_eq!(rules(&found), ["dhcp_address_conflict"]);
    assert_eq!(found["findings"][0]["frames"], json!([4, 8]));
    // Given back before.
    let mut release = V4::new(7, 9, 1).frame();
    release[42 + 12..42 + 16].copy_from_slice(&[192, 0, 2, 100]);
    frames.insert(4, release);
    assert_eq!(rules(&report(&every(100, frames))), [""; 0]);
    // After an hour and more, the first lease is over.
    assert_eq!(rules(&report(&every(1_000_000, [lease(1, 1, 53, 100), lease(2, 2, 53, 100)].concat()))), [""; 0]);
}

#[test]
fn the_same_address_in_two_vlans_is_no_conflict() {
    let on = |vlans: [u16; 2], frames: Vec<Vec<u8>>| -> Vec<Vec<u8>> {
        frames.iter().zip(vlans.iter().cycle()).map(|(frame, vlan)| tagged(frame, &[*vlan])).collect()
    };
    let (one, other) = (lease(1, 1, 53, 100), lease(2, 2, 53, 100));
    let of = |frames: [Vec<Vec<u8>>; 2]| report(&every(100, frames.concat()));
    assert_eq!(rules(&of([on([5, 5], one.clone()), on([6, 6], other.clone())])), [""; 0]);
    assert_eq!(rules(&of([on([5, 5], one.clone()), on([5, 5], other.clone())])), ["dhcp_address_conflict"]);
    // A tag for each direction: clients on 5, servers on 6. Given back before.
    let mut release = V4::new(7, 9, 1).frame();
    release[42 + 12..42 + 16].copy_from_slice(&[192, 0, 2, 100]);
    let given_back = [on([5, 6], one.clone()), vec![tagged(&release, &[5])]].concat();
    assert_eq!(rules(&of([given_back, on([5, 6], other.clone())])), [""; 0]);
    assert_eq!(rules(&of([on([5, 6], one), on([5, 6], other)])), ["dhcp_address_conflict"]);
}

#[test]
fn a_declined_address_is_a_conflict() {
    let mut frames = lease(1, 1, 53, 100);
    frames.push(V4::new(4, 1, 1).option(50, &[192, 0, 2, 100]).frame());
    let found = report(&every(100, frames));
    assert_eq!(rules(&found), ["dhcp_address_conflict"]);
    assert_eq!(
        (&found["findings"][0]["subject"], &found["findings"][0]["frames"]),
        (&"192.0.2.100".into(), &json!([5]))
    );
}

#[test]
fn a_client_that_nobody_answers() {
    let discover = || V4::new(1, 7, 1).frame();
    let found = report(&every(1000, [discover(), discover()]));
    assert_eq!(rules(&found), ["dhcp_unanswered"]);
    assert_eq!(found["findings"][0]["subject"], "02:00:00:00:00:01");
    assert_eq!(rules(&report(&every(1000, [discover()]))), [""; 0]);
    assert_eq!(
        rules(&report(&every(1000, [discover(), discover(), V4::new(2, 7, 1).server(53).address(9).frame()]))),
        [""; 0]
    );
    let solicit = report(&every(1000, [v6(1, 1, 9, None, &[]), v6(1, 1, 9, None, &[])]));
    assert_eq!(rules(&solicit), ["dhcp_unanswered"]);
}

#[test]
fn servers_that_answer_years_apart_do_not_disagree() {
    let offer = |xid: u32, server: u8, router: u8| {
        V4::new(2, xid, 1).server(server).address(9).option(3, &[192, 0, 2, router]).frame()
    };
    let at = |seconds: u64, frame: Vec<u8>| (1_400_000_000_000_000 + seconds * 1_000_000, frame);
    let years = 7 * 365 * 86_400;
    assert_eq!(rules(&report(&[at(0, offer(1, 53, 1)), at(years, offer(2, 66, 66))])), [""; 0]);
    assert_eq!(rules(&report(&[at(0, offer(1, 53, 1)), at(3601, offer(2, 66, 66))])), [""; 0]);
    assert_eq!(rules(&report(&[at(0, offer(1, 53, 1)), at(3600, offer(2, 66, 66))])), ["dhcp_servers_disagree"]);
    // Files are not always in the order of time.
    assert_eq!(rules(&report(&[at(years, offer(1, 53, 1)), at(0, offer(2, 66, 66))])), [""; 0]);
    // The first server had the second one's settings when both answered, and others years before.
    let found = report(&[
        at(0, offer(1, 53, 1)),
        at(years, offer(2, 53, 66)),
        at(years + 60, offer(3, 66, 66)),
        at(2 * years, offer(4, 53, 2)),
    ]);
    assert_eq!(rules(&found), ["dhcp_several_servers"]);
    assert_eq!(found["findings"][0]["frames"], json!([2, 3]));
    let v6_offer = |xid: u32, server: u8| v6(2, xid, 9, Some(server), &super::build::association("2001:db8::9"));
    assert_eq!(rules(&report(&[at(0, v6_offer(1, 5)), at(years, v6_offer(2, 6))])), [""; 0]);
    assert_eq!(rules(&report(&[at(0, v6_offer(1, 5)), at(60, v6_offer(2, 6))])), ["dhcp_several_servers"]);
}

#[test]
fn what_is_sent_again_within_moments_is_one_attempt() {
    let discover = |xid: u32| V4::new(1, xid, 1).frame();
    let solicit = || v6(1, 1, 9, None, &[]);
    for frames in [vec![discover(7), discover(7)], vec![discover(7), discover(8)], vec![solicit(), solicit()]] {
        assert_eq!(rules(&report(&every(400, frames.clone()))), [""; 0]);
        assert_eq!(rules(&report(&every(0, frames.clone()))), [""; 0]);
        let found = report(&every(500, frames));
        assert_eq!(rules(&found), ["dhcp_unanswered"]);
        assert_eq!(found["findings"][0]["measures"][0], json!({ "name": "attempts", "value": 2.0 }));
    }
}

#[test]
fn servers_and_refusals_beyond_what_is_kept_are_lower_bounds() {
    let offers = (0..20).map(|n| V4::new(2, n, 1).server(n as u8 + 50).address(9).frame());
    let found = report(&every(100, offers));
    let several = finding(&found, "dhcp_several_servers");
    assert_eq!(several["measures"][0], json!({ "name": "servers_at_least", "value": 16.0 }));
    assert!(several["observation"].as_str().unwrap().contains(" answered by at least 16 servers"));
    assert_eq!(found["statistics"]["unique_servers_count"], 20);
    let refusals = (0..300).map(|n| V4::new(6, n, 1).server(53).frame());
    let refused = report(&every(10, refusals));
    assert_eq!(
        refused["findings"][0]["measures"][0],
        json!({ "name": "refusals_in_60_seconds_at_least", "value": 256.0 })
    );
}

#[test]
fn findings_say_at_least_where_their_tables_were_too_small() {
    let crowd = |clients: std::ops::Range<u32>, vlan: u16| {
        clients.map(move |n| tagged(&V4::new(1, n, 1).hardware(n).frame(), &[vlan]))
    };
    let refuse = |n: u32, server: [u8; 4]| V4::new(6, n, 1).hardware(n).option(54, &server).frame();
    let refusals = |xids: std::ops::Range<u32>| xids.map(move |n| refuse(n, [192, 0, 2, 53]));
    let others = (0..2_100_u32).map(|n| refuse(9_000 + n, (0x0a00_0000 + n).to_be_bytes()));
    let frames: Vec<Vec<u8>> = crowd(0..100, 7)
        .chain(refusals(0..20))
        .chain((100..200).flat_map(|vlan| crowd(5_000 + u32::from(vlan)..5_001 + u32::from(vlan), vlan)))
        .chain(others)
        .chain(crowd(100..160, 7))
        .chain(refusals(100..109))
        .collect();
    let found = report(&every(1, frames));
    is_at_least(&found, "dhcp_starvation", "on VLAN 7", "clients_in_60_seconds", 60);
    is_at_least(&found, "dhcp_refusals", "192.0.2.53", "refusals", 9);
}
