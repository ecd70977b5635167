//! Files that are not in the order of time.

use serde_json::Value;

use super::build::{V4, association, every, lease, v6};
use super::report;

fn summary(report: &Value) -> (u64, u64) {
    let summary = &report["statistics"]["exchanges"];
    (summary["total"].as_u64().unwrap(), summary["complete"].as_u64().unwrap())
}

fn four(xid: u32) -> Vec<Vec<u8>> {
    let held = association("2001:db8::9");
    vec![
        v6(1, xid, 9, None, &held),
        v6(2, xid, 9, Some(5), &held),
        v6(3, xid + 1, 9, Some(5), &held),
        v6(7, xid + 1, 9, Some(5), &held),
    ]
}

#[test]
fn answers_that_stand_before_their_questions_are_put_in_order() {
    for exchange in [lease(7, 1, 53, 100), four(1)] {
        let frames = every(100, exchange);
        for order in [[1, 0, 3, 2], [3, 2, 1, 0], [2, 3, 0, 1], [0, 3, 1, 2]] {
            let found = report(&order.map(|nth| frames[nth].clone()));
            assert_eq!(summary(&found), (1, 1), "{order:?}");
            let exchange = &found["transactions"][0];
            assert_eq!(exchange["outcome"], "leased");
            assert_eq!((&exchange["offer_ms"], &exchange["grant_ms"]), (&100.0.into(), &100.0.into()), "{order:?}");
            let after: Vec<_> = exchange["messages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|step| step["after_ms"].as_f64().unwrap())
                .collect();
            assert_eq!(after, [0.0, 100.0, 200.0, 300.0]);
            assert!(found["limits"]["out_of_order_messages"].as_u64().unwrap() > 0);
            assert_eq!(found["limits"].get("too_late_messages"), None);
        }
    }
}

#[test]
fn a_release_behind_its_renewal_in_the_file_ends_the_lease() {
    let mut release = V4::new(7, 9, 1).frame();
    // ciaddr, behind Ethernet, IPv4 and UDP headers.
    release[42 + 12..42 + 16].copy_from_slice(&[192, 0, 2, 100]);
    let mut frames = every(100, [lease(7, 1, 53, 100), vec![release]].concat());
    frames.swap(3, 4);
    let found = report(&frames);
    assert_eq!(found["statistics"]["leases"][0]["ended"], "released");
    assert_eq!(
        (&found["statistics"]["leases"][0]["first_frame"], &found["statistics"]["leases"][0]["last_frame"]),
        (&4.into(), &5.into())
    );
}

#[test]
fn messages_that_come_too_late_are_told() {
    let mut frames = every(100, (0..200).flat_map(|n| lease(n, n as u8, 53, n as u8)));
    let first = frames.remove(0);
    frames.push(first);
    let found = report(&frames);
    assert_eq!((summary(&found).0, &found["limits"]["too_late_messages"]), (200, &1.into()));
    assert_eq!(found["limits"]["out_of_order_messages"], 1);
    let in_order = report(&every(100, (0..200).flat_map(|n| lease(n, n as u8, 53, n as u8))));
    assert_eq!(summary(&in_order), (200, 200));
    assert_eq!(in_order.get("limits"), None);
}
