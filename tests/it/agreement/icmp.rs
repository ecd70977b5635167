//! ICMP and ICMPv6: types and codes, echo pairs, redirects.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Compares a report of `analyze_icmp_packets` with the oracle's facts.
pub fn icmp(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let statistics = &report["statistics"];
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    for (name, version) in [("icmp", 4), ("icmpv6", 6)] {
        let types: BTreeMap<String, u64> = statistics["icmp_type_counts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| entry["ip_version"] == version)
            .map(|entry| (format!("{}/{}", entry["type"], entry["code"]), number(&entry["count"])))
            .collect();
        note(&format!("{name} packets"), json!(types.values().sum::<u64>()), json!(number(&facts[name]["packets"])));
        let theirs = facts[name]["type_code"].as_object().cloned().unwrap_or_default();
        note(&format!("{name} types"), json!(types), Value::Object(theirs));
    }
    // Requests with the same numbers count each, and a reply answers one of them.
    let echo = &statistics["echo"];
    let both = |field: &str| json!(number(&facts["icmp"][field]) + number(&facts["icmpv6"][field]));
    note("icmp echo requests", json!(number(&echo["requests"])), both("echo_requests"));
    note("icmp echo replies", json!(number(&echo["replies"])), both("echo_replies"));
    note("icmp echo answered", json!(number(&echo["answered"])), both("echo_paired"));
    note("icmp echo unanswered", json!(number(&echo["unanswered"])), both("echo_unanswered"));
    let orphans = ["duplicate_replies", "replies_to_broadcast", "replies_without_request"];
    let orphans: u64 = orphans.iter().map(|field| number(&echo[field])).sum();
    note("icmp echo orphan replies", json!(orphans), both("echo_orphan_replies"));
    // The oracle has the gateways of ICMP only.
    let mut gateways: BTreeMap<String, u64> = BTreeMap::new();
    for redirect in statistics["redirects"].as_array().into_iter().flatten() {
        let gateway = redirect["gateway"].as_str().expect("an address");
        if !gateway.contains(':') {
            *gateways.entry(gateway.to_owned()).or_default() += number(&redirect["count"]);
        }
    }
    let theirs = facts["icmp"]["redirect_gateways"].as_object().cloned().unwrap_or_default();
    note("icmp redirect gateways", json!(gateways), Value::Object(theirs));
}
