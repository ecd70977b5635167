//! Arguments and pages.

use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use super::build::{echo, every, icmp, packet};
use super::{file, run};
use crate::tool::IcmpPackets;

fn recording(arguments: Value) -> Value {
    run(&file("examples/captures/icmp.pcap"), &arguments)
}

#[test]
fn pages_joined_are_all_messages() {
    let all = recording(json!({ "page": { "limit": 1000 } }));
    let mut frames = Vec::new();
    for offset in (0..105).step_by(40) {
        let page = recording(json!({ "page": { "limit": 40, "offset": offset } }));
        assert_eq!(page["pages"][0]["total"], 105);
        frames.extend(page["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].clone()));
    }
    let expected: Vec<Value> =
        all["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].clone()).collect();
    assert_eq!(frames, expected);
}

#[test]
fn filters_choose_what_is_listed_and_leave_the_statistics() {
    let report = recording(json!({ "icmp_type": 3, "ip_version": 4 }));
    assert_eq!(report["icmp_packets_found"], 105);
    // 3/1 twice, 3/3 six times, 3/4, 3/13 once.
    assert_eq!(report["pages"][0]["total"], 10);
}

#[test]
fn max_packets_ends_reading() {
    let report = recording(json!({ "max_packets": 10 }));
    assert_eq!(report["icmp_packets_found"], 10);
    assert!(report["note"].as_str().unwrap().contains("first 10"));
    assert!(recording(json!({ "max_packets": 1000 }))["note"].is_null());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "ip_version": 5 }), "ip_version"),
        (json!({ "icmp_type": 256 }), "icmp_type"),
        (json!({ "type": 3 }), "type"),
        (json!({ "list_entries": 0 }), "list_entries"),
        (json!({ "list_entries": 2049 }), "list_entries"),
    ] {
        let error =
            harness::run::<IcmpPackets>(&file("examples/captures/icmp.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn lists_state_their_totals_and_an_argument_gets_the_rest() {
    let target = |n: u16| format!("198.51.100.{n}");
    let frames: Vec<Vec<u8>> = (1..=30)
        .flat_map(|n| {
            let probe = build::udp(("192.0.2.1", 4000), (&target(n), 53), b"");
            let quote = &packet(&probe)[..28];
            [
                echo("192.0.2.1", &target(n), false, (1, n), b"x"),
                icmp("192.0.2.9", "192.0.2.1", 3, 1, &[&[0; 4], quote].concat()),
                icmp("192.0.2.9", "192.0.2.1", 3, 4, &[&[0, 0, 5, 0], quote].concat()),
                icmp("192.0.2.9", "192.0.2.1", 5, 1, &[&[192, 0, 2, 7], quote].concat()),
            ]
        })
        .collect();
    let capture = harness::build::pcap(&every(1000, frames));
    for (arguments, listed) in
        [(json!({}), 20), (json!({ "list_entries": 25 }), 25), (json!({ "list_entries": 500 }), 30)]
    {
        let report = run(&capture, &arguments);
        for list in ["echo_pairs", "unreachable_destinations", "path_mtus", "redirects"] {
            let entries = report["statistics"][list].as_array().unwrap();
            assert_eq!((entries.len(), &report["statistics"][format!("{list}_total")]), (listed, &30.into()), "{list}");
        }
        let redirects = report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "icmp_redirect");
        assert_eq!(redirects.count(), listed);
        assert_eq!(report["findings_total"], 31);
        // Of addresses there are 100 without the argument: 30 targets, and the one that is told.
        let addresses = report["statistics"]["unique_destinations"].as_array().unwrap().len();
        assert_eq!(addresses, if listed == 25 { 25 } else { 31 });
    }
}
