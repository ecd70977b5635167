//! DHCPv4, BOOTP and DHCPv6: types, options, exchanges, servers, names, leases.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Arguments that list all that the oracle lists.
pub fn arguments() -> Value {
    json!({ "limit": 1000 })
}

/// Compares a report of `analyze_dhcp_packets` with the oracle's facts.
pub fn dhcp(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    v4(report, &facts["dhcp"], note);
    v6(report, &facts["dhcpv6"], note);
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// Counts by code, from `{"1 DISCOVER": 2}`.
fn by_code(counts: &Value) -> BTreeMap<u64, u64> {
    let all = counts.as_object().into_iter().flatten();
    all.filter_map(|(key, count)| Some((key.split(' ').next()?.parse().ok()?, count.as_u64()?))).collect()
}

fn types(list: &Value, version: u64) -> BTreeMap<u64, u64> {
    let all = list.as_array().into_iter().flatten().filter(|entry| entry["ip_version"] == version);
    all.filter_map(|entry| Some((entry["code"].as_u64()?, number(&entry["count"])))).collect()
}

fn v4(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let statistics = &report["statistics"];
    let list = statistics["message_type_counts"].as_array().into_iter().flatten();
    let of_v4 = list.filter(|entry| entry["ip_version"] == 4);
    let (with, without): (Vec<&Value>, Vec<&Value>) = of_v4.partition(|entry| entry["code"].is_u64());
    let sum = |list: &[&Value]| list.iter().map(|entry| number(&entry["count"])).sum::<u64>();
    note("dhcp messages", json!(sum(&with) + sum(&without)), json!(number(&theirs["messages"])));
    note("dhcp without type", json!(sum(&without)), json!(number(&theirs["bootp_without_message_type"])));
    note("dhcp types", json!(types(&statistics["message_type_counts"], 4)), json!(by_code(&theirs["types"])));
    for (field, op) in [("bootp_requests", "1"), ("bootp_replies", "2")] {
        note(&format!("dhcp {field}"), json!(number(&statistics[field])), json!(number(&theirs["op"][op])));
    }
    // tshark's option 0 is the end mark and the padding behind it.
    let options: BTreeMap<u64, u64> = statistics["option_counts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["ip_version"] == 4)
        .map(|entry| (number(&entry["code"]), number(&entry["count"])))
        .collect();
    let mut others = by_code(&theirs["option_counts"]);
    others.remove(&0);
    note("dhcp options", json!(options), json!(others));
    for field in ["hostnames", "vendor_classes"] {
        let texts = statistics[field].as_array().into_iter().flatten();
        let texts: BTreeMap<&str, u64> =
            texts.map(|entry| (entry["text"].as_str().expect("text"), number(&entry["count"]))).collect();
        let others = theirs[field].as_object().cloned().unwrap_or_default();
        note(&format!("dhcp {field}"), json!(texts), Value::Object(others));
    }
    let servers: BTreeMap<&str, u64> = statistics["servers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|server| server["ip_version"] == 4)
        .map(|server| {
            let answers = ["offers", "grants", "refusals"].iter().map(|field| number(&server[*field])).sum();
            (server["server"].as_str().expect("an address"), answers)
        })
        .filter(|(_, answers)| *answers > 0)
        .collect();
    note("dhcp servers", json!(servers), Value::Object(theirs["servers"].as_object().cloned().unwrap_or_default()));
    exchanges(report, theirs, note);
    let leases: BTreeSet<(String, String, u64)> = statistics["leases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|lease| lease["ip_version"] == 4)
        .map(|lease| (text(&lease["client"]), text(&lease["address"]), number(&lease["lease_seconds"])))
        .collect();
    let others: BTreeSet<(String, String, u64)> = theirs["leases"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|lease| (text(&lease["client"]), text(&lease["ip"]), number(&lease["lease_s"])))
        .collect();
    note("dhcp leases", json!(leases), json!(others));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn of_version(report: &Value, version: u64) -> impl Iterator<Item = &Value> {
    let all = report["transactions"].as_array().into_iter().flatten();
    all.filter(move |exchange| exchange["ip_version"] == version)
}

/// The transaction ids of an exchange.
fn ids(exchange: &Value) -> Vec<String> {
    let further = exchange["further_transaction_ids"].as_array().into_iter().flatten();
    std::iter::once(&exchange["transaction_id"]).chain(further).map(text).collect()
}

fn exchanges(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    // The oracle groups by transaction id; an exchange may have several.
    let mut ours: Vec<(Vec<String>, String, Vec<&str>)> = Vec::new();
    for exchange in of_version(report, 4) {
        let messages = exchange["messages"].as_array().expect("messages").iter().take(20);
        let sequence = messages.map(|step| step["message_type"].as_str().expect("a type")).collect();
        ours.push((ids(exchange), text(&exchange["client"]), sequence));
    }
    let all: usize = ours.iter().map(|(ids, ..)| ids.len()).sum();
    note("dhcp transactions", json!(all), json!(number(&theirs["transactions"])));
    let full = ["DISCOVER", "OFFER", "REQUEST", "ACK"];
    let of_one_id = ours.iter().filter(|(ids, ..)| ids.len() == 1);
    let complete = of_one_id.filter(|(.., sequence)| full.iter().all(|kind| sequence.contains(kind))).count();
    note("dhcp complete exchanges", json!(complete), json!(number(&theirs["full_dora"])));
    // Without a header that could be read there is nothing to group by.
    let list = theirs["transaction_list"].as_array().into_iter().flatten().filter(|other| other["xid"].is_string());
    let theirs: Vec<&Value> = list.collect();
    for (ids, client, sequence) in &ours {
        let of = theirs.iter().filter(|other| other["client"] == *client && ids.contains(&text(&other["xid"])));
        let steps: Vec<&Value> = of.flat_map(|other| other["sequence"].as_array().expect("a sequence")).collect();
        if !steps.is_empty() {
            note(&format!("dhcp transaction {}", ids.join(" ")), json!(sequence), json!(steps));
        }
    }
    for other in theirs {
        let known =
            ours.iter().any(|(ids, client, _)| other["client"] == *client && ids.contains(&text(&other["xid"])));
        if !known {
            note(&format!("dhcp transaction {}", text(&other["xid"])), Value::Null, other["sequence"].clone());
        }
    }
}

fn v6(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let statistics = &report["statistics"];
    let list = statistics["message_type_counts"].as_array().into_iter().flatten();
    let messages: u64 = list.filter(|entry| entry["ip_version"] == 6).map(|entry| number(&entry["count"])).sum();
    note("dhcpv6 messages", json!(messages), json!(number(&theirs["messages"])));
    let relayed = types(&statistics["message_types_with_relayed"], 6);
    note("dhcpv6 types with relayed", json!(relayed), json!(by_code(&theirs["types_incl_relayed"])));
    let ids: BTreeSet<String> = of_version(report, 6).flat_map(ids).filter(|id| id != "0x000000").collect();
    note("dhcpv6 transactions", json!(ids.len()), json!(number(&theirs["transaction_ids"])));
    let addresses: BTreeSet<String> = statistics["leases"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|lease| lease["ip_version"] == 6 && !text(&lease["address"]).contains('/'))
        .map(|lease| text(&lease["address"]))
        .collect();
    let others = theirs["addresses_in_replies"].as_object().into_iter().flatten();
    note("dhcpv6 addresses", json!(addresses), json!(others.map(|(address, _)| address).collect::<BTreeSet<_>>()));
}
