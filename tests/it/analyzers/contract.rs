//! The contract: what was published of it stays, and components that were made for it keep working.

use serde_json::Value;

use super::{Place, text};
use crate::support::{example, root};

/// Every version that was published, oldest first.
const PUBLISHED: [&str; 1] = ["0.1.0"];

#[test]
fn a_component_of_each_published_contract_runs() {
    for version in PUBLISHED {
        let place = Place::new();
        let file = root().join(format!("tests/components/contract-{version}.wasm"));
        let capture = example("icmp.pcap");
        let output = place.run(&["analyzer", "run", file.to_str().unwrap(), capture.to_str().unwrap()]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
        // What tshark 4.0.17 counts with `-Y arp`.
        let counts = ["arp_packets_found", "requests", "replies"].map(|count| report[count].as_u64().unwrap());
        assert_eq!(counts, [7, 4, 3], "{version}");
    }
}

#[test]
fn what_was_published_is_as_it_was() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let current = read("wit/mcpcap.wit");
    let version = current.split_once("package mcpcap:analysis@").unwrap().1.split(';').next().unwrap();
    for published in PUBLISHED {
        let frozen = read(&format!("wit/released/{published}/mcpcap.wit"));
        assert!(frozen.contains(&format!("package mcpcap:analysis@{published};")));
        if published == version {
            assert!(current == frozen, "the contract {published} is published: give the new one a new version");
        }
    }
    let numbers = |version: &str| version.split('.').map(|n| n.parse::<u32>().unwrap()).collect::<Vec<_>>();
    let newest = PUBLISHED.last().unwrap();
    assert!(numbers(version) >= numbers(newest), "{version} comes before {newest}");
    let output = Place::new().run(&["wit"]);
    assert!(output.stdout == current.as_bytes(), "`mcpcap wit` prints the contract");
}
