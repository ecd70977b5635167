//! DNS, mDNS and LLMNR: messages by kind, code and type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Compares a report of `analyze_dns_packets` with the oracle's facts.
pub fn dns(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    for service in ["dns", "mdns", "llmnr"] {
        messages(service, report, facts, note);
    }
}

fn messages(service: &str, report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    // A report without messages has no lists.
    let mut services = report["statistics"]["services"].as_array().into_iter().flatten();
    let none = json!({});
    let ours = services.find(|entry| entry["service"] == service).unwrap_or(&none);
    let theirs = &facts[service];
    // tshark takes each payload on the port for a message; those that are none are told here by their number.
    let malformed = ours["malformed"].as_array().into_iter().flatten();
    let others: u64 = malformed.filter(|of| of["reason"] == "not_dns").filter_map(|of| of["count"].as_u64()).sum();
    let (mine, all) = (ours["messages"].as_u64().unwrap_or(0), theirs["messages"].as_u64().unwrap_or(0));
    if others > 0 && mine + others == all {
        note(&format!("{service} messages with other payloads"), json!(mine + others), json!(all));
        return;
    }
    for (mine, other) in [
        ("messages", "messages"),
        ("queries", "queries"),
        ("responses", "responses"),
        ("over_tcp", "over_tcp"),
        ("truncated", "truncated"),
        ("edns", "edns"),
        ("dnssec_ok", "do"),
        ("authentic_data", "ad"),
    ] {
        let number = |value: &Value| json!(value.as_u64().unwrap_or(0));
        note(&format!("{service} {mine}"), number(&ours[mine]), number(&theirs[other]));
    }
    for list in ["opcodes", "rcodes", "query_types", "response_question_types", "record_types"] {
        let mine: BTreeMap<u64, u64> = ours[list]
            .as_array()
            .into_iter()
            .flatten()
            .map(|entry| (entry["code"].as_u64().unwrap(), entry["count"].as_u64().unwrap()))
            .collect();
        let other: BTreeMap<u64, u64> = theirs[list]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, count)| {
                let code = key.split(' ').next()?.parse().ok()?;
                Some((code, count.as_u64()?))
            })
            .collect();
        // The oracle counts the types that NSEC and NSEC3 records name in their bit maps as records.
        let bit_maps = list == "record_types" && (mine.contains_key(&47) || mine.contains_key(&50));
        let other = if bit_maps {
            mine.iter().map(|(code, count)| (*code, *other.get(code).unwrap_or(&0).min(count))).collect()
        } else {
            other
        };
        note(&format!("{service} {list}"), json!(mine), json!(other));
    }
}
