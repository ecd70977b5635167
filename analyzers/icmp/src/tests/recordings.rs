//! The recording of real programs; its README says what is in it by frame.

use serde_json::{Value, json};

use super::{file, rules, run};

fn recording(arguments: Value) -> Value {
    run(&file("examples/captures/icmp.pcap"), &arguments)
}

#[test]
fn errors_are_as_the_readme_says() {
    let report = recording(json!({}));
    assert_eq!(report["icmp_packets_found"], 105);
    let statistics = &report["statistics"];
    let by_frame = |frame: u64| {
        let list = statistics["unreachable_destinations"].as_array().unwrap();
        list.iter().find(|entry| entry["frames"].as_array().unwrap().contains(&frame.into())).cloned().unwrap()
    };
    assert_eq!(by_frame(44)["code_name"], "Communication Administratively Prohibited");
    assert_eq!(by_frame(42)["code_name"], "Host Unreachable");
    assert_eq!(statistics["path_mtus"][0]["frames"], json!([28]));
    assert_eq!(statistics["path_mtus"][0]["reported_by"], "198.51.100.2");
    assert_eq!(statistics["path_mtus"][1]["frames"], json!([30]));
    assert_eq!(statistics["redirects"][0]["frames"], json!([48, 54]));
    assert_eq!(statistics["redirects"][0]["gateway"], "192.0.2.2");
    assert!(rules(&report).contains(&"icmp_redirect"));
}

#[test]
fn paths_are_as_the_readme_says() {
    let report = recording(json!({}));
    let paths = report["statistics"]["paths"].as_array().unwrap();
    let found: Vec<_> =
        paths.iter().map(|path| (path["protocol"].as_str().unwrap(), path["first_frame"].as_u64().unwrap())).collect();
    assert_eq!(found, [("UDP", 56), ("ICMP", 82), ("UDP", 118)]);
    for path in paths {
        assert_eq!(path["reached"], true);
        assert_eq!(path["hops"].as_array().unwrap().len(), 3, "{path}");
    }
    assert_eq!(paths[0]["hops"][0]["frames"], json!([57, 59]));
    assert_eq!(paths[0]["hops"][1]["addresses"], json!(["198.51.100.2"]));
    assert_eq!(paths[0]["hops"][2]["end"], "port unreachable");
    assert_eq!(paths[1]["hops"][2]["end"], "echo reply");
    assert_eq!(paths[2]["hops"][1]["addresses"], json!(["2001:db8:1::2"]));
}

#[test]
fn fragments_are_one_message() {
    let report = recording(json!({ "page": { "limit": 1000 } }));
    let large =
        report["packets"].as_array().unwrap().iter().find(|packet| packet["payload_size"] == 3000).unwrap().clone();
    assert_eq!(large["frame"], 23);
    assert!(rules(&report).contains(&"icmp_large_payloads"));
}
