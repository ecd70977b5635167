//! TCP: totals, each conversation, and Wireshark's analysis flags.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Arguments that list all that the oracle lists.
pub fn arguments() -> Value {
    json!({ "detailed": true, "limit": 1000 })
}

/// Compares a report of `analyze_tcp_connections` with the oracle's facts.
pub fn tcp(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let (ours, theirs) = (&report["summary"], &facts["tcp"]);
    let number = |value: &Value| json!(value.as_u64().unwrap_or(0));
    note("tcp packets", number(&report["tcp_packets_found"]), number(&theirs["packets"]));
    for (mine, other) in [("total_connections", "streams"), ("successful_handshakes", "handshakes")] {
        note(&format!("tcp {mine}"), number(&ours[mine]), number(&theirs[other]));
    }
    for (mine, other) in [
        ("bytes", "bytes"),
        ("payload_bytes", "payload_bytes"),
        ("syn", "syn"),
        ("syn_ack", "synack"),
        ("fin", "fin"),
        ("rst", "rst"),
    ] {
        note(&format!("tcp {mine}"), number(&ours["packets"][mine]), number(&theirs[other]));
    }
    // The oracle counts the window of resets too, where it means nothing.
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let (zero, field) = (count(&ours["packets"]["zero_window"]), count(&theirs["zero_window_field"]));
    note("tcp zero_window", json!(zero), json!(zero.clamp(field.saturating_sub(count(&theirs["rst"])), field)));
    flags("tcp", &[&ours["analysis"]], &theirs["analysis"], note);
    let connections = report["connections"].as_array().map_or(&[][..], Vec::as_slice);
    community_ids(connections, facts, note);
    // Numbers differ where tshark makes streams of its own for what a proxy relays: connections are found by their ends, in order.
    let mut waiting: Vec<&Value> = connections.iter().collect();
    for other in theirs["conversations"].as_array().into_iter().flatten() {
        let stream = format!("tcp stream {}", other["stream"]);
        let found = waiting.iter().position(|connection| {
            let ends = [end(&connection["client"]), end(&connection["server"])];
            [&other["a"], &other["b"]].iter().all(|other| ends.iter().any(|end| *end == **other))
        });
        match found.map(|at| waiting.remove(at)) {
            Some(connection) => conversation(&stream, connection, other, note),
            None => note(&stream, Value::Null, other.clone()),
        }
    }
}

/// Each connection's id is one that tshark has too, where its list is whole.
fn community_ids(connections: &[Value], facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let Some(theirs) = facts["community_ids"].as_object() else { return };
    if facts["community_ids_distinct"] != theirs.len() {
        return;
    }
    let ours: BTreeSet<&str> =
        connections.iter().filter_map(|connection| connection["community_id"].as_str()).collect();
    let known: BTreeSet<&str> = ours.iter().copied().filter(|id| theirs.contains_key(*id)).collect();
    note("tcp community ids", json!(ours), json!(known));
}

/// An end as the oracle writes it.
fn end(text: &Value) -> String {
    let (address, port) = text.as_str().expect("an end").rsplit_once(':').expect("a port");
    format!("{}|{port}", address.trim_matches(['[', ']']))
}

fn conversation(name: &str, ours: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let client_first = json!(end(&ours["client"])) == theirs["a"];
    let (a, b) = if client_first { ("client", "server") } else { ("server", "client") };
    note(&format!("{name} ends"), json!([end(&ours[a]), end(&ours[b])]), json!([theirs["a"], theirs["b"]]));
    for (mine, other) in [("packets", "packets"), ("bytes", "bytes"), ("payload_bytes", "payload")] {
        let both = [&ours["details"][a][mine], &ours["details"][b][mine]];
        let others = [&theirs[&format!("{other}_ab")], &theirs[&format!("{other}_ba")]];
        note(&format!("{name} {mine}"), json!(both), json!(others));
    }
    for (mine, other) in [("syn_count", "syn"), ("syn_ack_count", "synack"), ("fin_count", "fin"), ("rst_count", "rst")]
    {
        note(&format!("{name} {mine}"), ours[mine].clone(), theirs[other].clone());
    }
    note(&format!("{name} handshake"), ours["handshake_completed"].clone(), theirs["handshake"].clone());
    // In one pass tshark shows the bits before it adds those of the frame, and none of the first frame unless it is a SYN.
    let (bits, others) = (ours["completeness"].as_u64().expect("bits"), theirs["completeness"].as_u64().unwrap_or(0));
    note(&format!("{name} completeness"), json!(bits & others), json!(others));
    let sides = [&ours["details"]["client"]["analysis"], &ours["details"]["server"]["analysis"]];
    flags(name, &sides, &theirs["analysis"], note);
}

/// tshark counts fast and spurious retransmissions as retransmissions too.
fn flags(name: &str, ours: &[&Value], theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in ours.iter().flat_map(|list| list.as_array().into_iter().flatten()) {
        let flag = match entry["name"].as_str().expect("a name") {
            "retransmission" => "retransmission_plain",
            other => other,
        };
        *counts.entry(flag).or_default() += entry["count"].as_u64().expect("a count");
    }
    let all = ["retransmission_plain", "fast_retransmission", "spurious_retransmission"];
    let resent: u64 = all.iter().filter_map(|flag| counts.get(flag)).sum();
    if resent > 0 {
        counts.insert("retransmission", resent);
    }
    let theirs = theirs.as_object().cloned().unwrap_or_default();
    let names: BTreeSet<&str> = counts.keys().copied().chain(theirs.keys().map(String::as_str)).collect();
    for flag in names {
        let mine = counts.get(flag).copied().unwrap_or(0);
        note(&format!("{name} {flag}"), json!(mine), json!(theirs.get(flag).and_then(Value::as_u64).unwrap_or(0)));
    }
}
