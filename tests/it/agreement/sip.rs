//! SIP: messages by method, code, Call-ID and transport.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Compares a report of `analyze_sip_packets` with the oracle's facts.
pub fn sip(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let statistics = &report["statistics"];
    let theirs = &facts["sip"];
    let number = |value: &Value| json!(value.as_u64().unwrap_or(0));
    note("sip messages", number(&report["sip_packets_found"]), number(&theirs["messages"]));
    note("sip call ids", number(&statistics["unique_call_ids"]), number(&theirs["call_ids_distinct"]));
    for (list, key, other) in [
        ("methods", "name", "methods"),
        ("status_codes", "code", "status_codes"),
        ("call_ids", "name", "call_ids"),
        ("cseq_methods", "name", "cseq_methods"),
        ("user_agents", "name", "user_agents"),
    ] {
        // Both sides list the most frequent ones only.
        let expected = theirs[other].as_object().cloned().unwrap_or_default();
        let mine: BTreeMap<String, u64> = counts(&statistics[list], key)
            .filter(|(name, _)| list != "call_ids" || expected.contains_key(name))
            .collect();
        note(&format!("sip {list}"), json!(mine), Value::Object(sorted(expected)));
    }
    // The oracle counts what WebSockets carry as TCP.
    let mut transports: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in counts(&statistics["transports"], "transport") {
        *transports.entry(if name == "UDP" { "udp" } else { "tcp" }).or_default() += count;
    }
    let expected = theirs["by_transport"].as_object().cloned().unwrap_or_default();
    note("sip transports", json!(transports), Value::Object(sorted(expected)));
}

/// Names, or numbers as text, and how often each came.
fn counts<'a>(list: &'a Value, key: &'a str) -> impl Iterator<Item = (String, u64)> + 'a {
    list.as_array().into_iter().flatten().map(move |entry| {
        let name = entry[key].as_str().map_or_else(|| entry[key].to_string(), str::to_owned);
        (name, entry["count"].as_u64().expect("a count"))
    })
}

/// In the order of keys, so that equal objects look equal.
fn sorted(object: serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let sorted: BTreeMap<String, Value> = object.into_iter().collect();
    sorted.into_iter().collect()
}
