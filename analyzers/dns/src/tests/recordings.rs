//! Recordings of real programs, in `examples/captures`; its README says what there is to find in them.

use serde_json::{Value, json};

use super::{rules, run};

fn recording(name: &str) -> Value {
    let path = format!("{}/../../examples/captures/{name}", env!("CARGO_MANIFEST_DIR"));
    run(&std::fs::read(path).unwrap(), &json!({}))
}

#[test]
fn a_short_session_of_iodine_is_a_tunnel() {
    let report = recording("dns-tunnel.pcap");
    assert_eq!(rules(&report), ["dns_tunnel"]);
    assert_eq!(report["findings"][0]["subject"], "example.com");
}

#[test]
fn generated_names_and_zone_transfers_are_found_among_ordinary_questions() {
    let report = recording("dns.pcap");
    let found = rules(&report);
    for rule in ["dns_generated_names", "dns_nxdomain_burst", "dns_zone_transfer"] {
        assert!(found.contains(&rule), "{rule} in {found:?}");
    }
}

#[test]
fn loss_and_delay_are_retries_and_not_attacks() {
    let report = recording("dns-netem.pcapng");
    assert!(rules(&report).is_empty(), "{:?}", rules(&report));
    assert!(report["statistics"]["transactions"]["retransmitted"].as_u64().unwrap() > 0);
}
