//! The recording of real programs; its README says what is in it by frame.

use serde_json::{Value, json};

use super::{file, rules, run};

fn recording() -> Value {
    run(&file("examples/captures/dhcp.pcap"), &json!({ "page": { "limit": 1000 } }))
}

fn with_frame(report: &Value, frame: u64) -> Value {
    let all = report["transactions"].as_array().unwrap();
    let has = |exchange: &&Value| exchange["messages"].as_array().unwrap().iter().any(|step| step["frame"] == frame);
    all.iter().find(has).unwrap().clone()
}

#[test]
fn exchanges_are_as_the_readme_says() {
    let report = recording();
    assert_eq!(report["dhcp_packets_found"], 59);
    let first = with_frame(&report, 1);
    assert_eq!((&first["outcome"], &first["messages_total"]), (&"leased".into(), &8.into()));
    assert_eq!(with_frame(&report, 9)["outcome"], "released");
    let nak = with_frame(&report, 11);
    assert_eq!(nak["outcome"], "refused");
    assert_eq!(with_frame(&report, 22)["outcome"], "declined");
    assert_eq!(with_frame(&report, 54)["outcome"], "unanswered");
    let rogue = with_frame(&report, 35);
    assert_eq!(rogue["servers"].as_array().unwrap().len(), 2, "{rogue}");
    let v6 = with_frame(&report, 59);
    assert_eq!(
        (&v6["ip_version"], &v6["outcome"], &v6["address"]),
        (&6.into(), &"leased".into(), &"2001:db8::1a4".into())
    );
}

#[test]
fn the_server_that_nobody_wants_is_found() {
    let report = recording();
    assert!(rules(&report).contains(&"dhcp_servers_disagree"), "{:?}", rules(&report));
    assert_eq!(report["findings"][0]["subject"], "192.0.2.53, 192.0.2.66");
    let servers = report["statistics"]["servers"].as_array().unwrap();
    let rogue = servers.iter().find(|server| server["server"] == "192.0.2.66").unwrap();
    assert_eq!((&rogue["routers"], &rogue["dns_servers"]), (&json!(["192.0.2.66"]), &json!(["192.0.2.66"])));
}

#[test]
fn the_declined_address_is_found() {
    let report = recording();
    let conflict = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|finding| finding["rule"] == "dhcp_address_conflict")
        .unwrap();
    assert_eq!(conflict["frames"], json!([22]));
}
