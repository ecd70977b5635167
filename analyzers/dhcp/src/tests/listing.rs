//! Arguments and pages.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use super::build::{V4, every, option6, v6};
use super::{file, run};
use crate::tool::DhcpPackets;

fn recording(arguments: Value) -> Value {
    run(&file("examples/captures/dhcp.pcap"), &arguments)
}

#[test]
fn pages_joined_are_everything() {
    let all = recording(json!({ "page": { "limit": 1000 } }));
    let (mut packets, mut transactions) = (Vec::new(), Vec::new());
    for at in 0..6 {
        let page = recording(json!({ "page": { "limit": 10, "offset": at * 10 } }));
        assert_eq!(page["pages"][0]["total"], 59);
        packets.extend(page["packets"].as_array().unwrap().clone());
        transactions.extend(page["transactions"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(packets), all["packets"]);
    assert_eq!(Value::Array(transactions), all["transactions"]);
    assert_eq!(all["pages"][1]["list"], "transactions");
}

#[test]
fn filters_choose_what_is_listed_and_leave_the_statistics() {
    let naks = recording(json!({ "message_type": "nak" }));
    let frames: Vec<_> =
        naks["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()).collect();
    assert_eq!(frames, [11, 34, 40]);
    assert_eq!(naks["dhcp_packets_found"], 59);
    let client = recording(json!({ "client": "02:00:00:00:00:31" }));
    let packets = client["packets"].as_array().unwrap();
    // Its DHCPv6 messages too, whose DUID holds the same address.
    let is_client = |packet: &Value| packet["client"].as_str().unwrap().contains("02:00:00:00:00:31");
    assert!(!packets.is_empty() && packets.iter().all(is_client));
}

#[test]
fn max_packets_ends_reading() {
    let report = recording(json!({ "max_packets": 4 }));
    assert_eq!((&report["dhcp_packets_found"], &report["statistics"]["exchanges"]["complete"]), (&4.into(), &1.into()));
    assert!(report["note"].as_str().unwrap().contains("first 4"));
    assert!(recording(json!({ "max_packets": 1000 }))["note"].is_null());
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "client": "" }), "client"),
        (json!({ "message_type": "" }), "message_type"),
        (json!({ "mac": "x" }), "mac"),
    ] {
        let error =
            harness::run::<DhcpPackets>(&file("examples/captures/dhcp.pcap"), &arguments).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn clients_are_counted_once_though_they_made_room() {
    // 3,000 clients, twice each, in a table of 2,048.
    let frames = every(100, (0..6000).map(|n| V4::new(1, n, 1).hardware(n % 3000).frame()));
    let report = run(&harness::build::pcap(&frames), &json!({}));
    assert_eq!(report["statistics"]["unique_clients_count"], 3000);
    assert!(report["limits"]["parties_evicted"].as_u64().unwrap() > 0);
    // Those that made room are on further pages.
    let told = report["pages"].as_array().unwrap().iter().find(|page| page["list"] == "statistics.clients");
    assert_eq!(told.unwrap()["total"], 3000);
}

#[test]
fn values_beyond_what_is_kept_are_told() {
    let asks = |many: u16| {
        let frames = (0..many).map(|n| {
            let [high, low] = n.to_be_bytes();
            let name = format!("host-{n}");
            V4::new(1, n.into(), 1).option(50, &[192, 0, high, low]).option(12, name.as_bytes()).frame()
        });
        run(&harness::build::pcap(&every(100, frames)), &json!({}))["statistics"]["clients"][0].clone()
    };
    let client = asks(120);
    for list in ["requested", "hostnames"] {
        assert_eq!((client[list].as_array().unwrap().len(), client.get(format!("{list}_total"))), (120, None));
    }
    assert!(client.get("totals_are_estimates").is_none());
    let client = asks(1100);
    assert_eq!((client["hostnames"].as_array().unwrap().len(), &client["totals_are_estimates"]), (1024, &true.into()));
    assert!(client["hostnames_total"].as_u64().unwrap().abs_diff(1100) < 100);
    // DUIDs of IPv6 that name themselves in many ways (RFC 4704: flags, then labels).
    let names = (0..120).map(|n| {
        let label = format!("h{n}");
        let fqdn = [&[0, label.len() as u8], label.as_bytes(), &[0]].concat();
        v6(1, n, 9, None, &option6(39, &fqdn))
    });
    let report = run(&harness::build::pcap(&every(100, names)), &json!({}));
    assert_eq!(report["statistics"]["clients"][0]["hostnames"].as_array().unwrap().len(), 120);
    // The values of one option: 70 name servers, in two parts (RFC 3396).
    let servers = [192, 0, 2, 53].repeat(35);
    let offer = V4::new(2, 1, 1).server(53).address(9).option(6, &servers).option(6, &servers);
    let report = run(&harness::build::pcap(&every(100, [offer.frame()])), &json!({}));
    let options = report["packets"][0]["options"].as_array().unwrap();
    let option = options.iter().find(|option| option["code"] == 6).unwrap();
    assert_eq!((option["values"].as_array().unwrap().len(), option.get("values_total")), (70, None));
    // More options than are read.
    let many = v6(1, 1, 9, None, &option6(99, &[]).repeat(300));
    let report = run(&harness::build::pcap(&every(100, [many])), &json!({}));
    assert_eq!(report["statistics"]["malformed"][0]["reason"], "more options than any message has");
}
