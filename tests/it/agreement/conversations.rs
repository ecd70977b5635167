//! Conversations, endpoints, the protocol hierarchy and Community IDs. Only what differs is noted.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Arguments that list all that the oracle lists.
pub fn arguments() -> Value {
    json!({ "order": "time", "limit": 1000 })
}

/// Packets and bytes each way, from the end that sorts first.
type Ways = BTreeMap<String, [u64; 4]>;

/// Compares a report of `analyze_conversations` with the oracle's facts.
pub fn conversations(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let packets = &facts["tshark_frames"]["packets"];
    if packets.as_u64().is_none_or(|packets| packets == 0) {
        return;
    }
    note("conversations packets", report["totals"]["packets"].clone(), packets.clone());
    note("conversations bytes", report["totals"]["bytes"].clone(), facts["tshark_frames"]["wire_bytes"].clone());
    hierarchy(report, facts, note);
    let flows = report["flows"].as_array().map_or(&[][..], Vec::as_slice);
    if flows.len() as u64 != number(&report["totals"]["flows"]) {
        return;
    }
    for version in ["ip", "ipv6"] {
        hosts(version, flows, report, facts, note);
    }
    for protocol in ["tcp", "udp"] {
        let mut ours = Ways::new();
        flows.iter().filter(|flow| flow["protocol"] == protocol).for_each(|flow| {
            let (client, server) = (text(&flow["client"]), text(&flow["server"]));
            // Fragments of datagrams that are never whole have no ports.
            if flow["client"].as_str().is_some_and(|end| end.contains("]:") || end.matches(':').count() == 1) {
                add(&mut ours, &client, &server, flow_ways(flow));
            }
        });
        let theirs = listed(&facts[protocol], |end| {
            let (address, port) = end.split_once('|').unwrap_or((end, ""));
            if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
        });
        if let Some(theirs) = theirs {
            differing(&format!("conversations {protocol}"), ours, theirs, note);
        }
    }
    community_ids(flows, facts, note);
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn flow_ways(flow: &Value) -> [u64; 4] {
    ["client_packets", "server_packets", "client_bytes", "server_bytes"].map(|field| number(&flow[field]))
}

fn add(ways: &mut Ways, one: &str, other: &str, [ab, ba, bytes_ab, bytes_ba]: [u64; 4]) {
    // tshark does not tell the two ways of a host with itself apart.
    if one == other {
        let sum = ways.entry(format!("{one} {other}")).or_default();
        *sum = [sum[0] + ab + ba, 0, sum[2] + bytes_ab + bytes_ba, 0];
        return;
    }
    let (key, found) = if one <= other {
        (format!("{one} {other}"), [ab, ba, bytes_ab, bytes_ba])
    } else {
        (format!("{other} {one}"), [ba, ab, bytes_ba, bytes_ab])
    };
    ways.entry(key).or_default().iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
}

/// The oracle's conversations, when it lists all of them.
fn listed(facts: &Value, name: impl Fn(&str) -> String) -> Option<Ways> {
    let all = facts["conversations"].as_array()?;
    let total = facts["conversations_total"].as_u64().or(facts["streams"].as_u64());
    if total.is_some_and(|total| total != all.len() as u64) || facts["conversations_left_out"].is_u64() {
        return None;
    }
    let mut ways = Ways::new();
    for one in all {
        let fields = ["packets_ab", "packets_ba", "bytes_ab", "bytes_ba"].map(|field| number(&one[field]));
        add(&mut ways, &name(&text(&one["a"])), &name(&text(&one["b"])), fields);
    }
    Some(ways)
}

/// Notes the entries that differ.
fn differing<T: PartialEq + serde::Serialize>(
    field: &str,
    mut ours: BTreeMap<String, T>,
    mut theirs: BTreeMap<String, T>,
    note: &mut impl FnMut(&str, Value, Value),
) {
    let same: Vec<String> =
        ours.iter().filter(|(key, value)| theirs.get(*key) == Some(value)).map(|(key, _)| key.clone()).collect();
    for key in same {
        ours.remove(&key);
        theirs.remove(&key);
    }
    note(field, json!(ours), json!(theirs));
}

/// Pairs of hosts, and what each host sent and got. tshark counts every layer of IP; here a packet within a tunnel is one of its own ends.
fn hosts(version: &str, flows: &[Value], report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let facts = &facts[version];
    let is_of = |address: &str| (version == "ipv6") == address.contains(':');
    let mut ours = Ways::new();
    for flow in flows.iter().filter(|flow| flow["community_id"].is_string()) {
        let has_ports = ["tcp", "udp", "sctp", "dccp", "udplite"].iter().any(|name| flow["protocol"] == *name);
        let address = |end: &Value| {
            let end = text(end);
            let is_port = has_ports && (end.contains("]:") || end.matches(':').count() == 1);
            let address = if is_port { end.rsplit_once(':').map_or("", |(address, _)| address) } else { &end };
            address.trim_matches(['[', ']']).to_owned()
        };
        let (client, server) = (address(&flow["client"]), address(&flow["server"]));
        if is_of(&client) {
            add(&mut ours, &client, &server, flow_ways(flow));
        }
    }
    if let Some(theirs) = listed(facts, str::to_owned) {
        differing(&format!("conversations {version}"), ours, theirs, note);
    }
    let Some(theirs) = facts["endpoints"].as_object() else { return };
    let wanted = ["packets_sent", "packets_received", "bytes_sent", "bytes_received"];
    let listed: BTreeMap<String, [u64; 4]> = report["endpoints"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|end| (text(&end["address"]), wanted.map(|field| number(&end[field]))))
        .filter(|(address, _)| theirs.contains_key(address))
        .collect();
    let theirs = listed.keys().filter_map(|address| {
        let end = theirs.get(address)?;
        Some((address.clone(), ["tx_packets", "rx_packets", "tx_bytes", "rx_bytes"].map(|field| number(&end[field]))))
    });
    differing(&format!("endpoints {version}"), listed.clone(), theirs.collect(), note);
}

/// Layers that both name alike.
const LAYERS: [&str; 19] = [
    "eth", "vlan", "llc", "sll", "null", "ppp", "pppoes", "chdlc", "mpls", "gre", "vxlan", "arp", "ip", "ipv6", "udp",
    "tcp", "icmp", "icmpv6", "igmp",
];

/// Packets and bytes of each path of layers.
fn hierarchy(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    if facts["protocol_hierarchy"].is_null() {
        return;
    }
    let is_known = |path: &str| path.split(':').all(|layer| LAYERS.contains(&layer));
    let mut ours: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for row in report["protocol_hierarchy"]["rows"].as_array().into_iter().flatten() {
        // tshark has no level for the extension headers of IPv6.
        let path: Vec<&str> = row["path"]
            .as_str()
            .unwrap_or_default()
            .split(':')
            .filter(|layer| !layer.starts_with("ipv6.") && *layer != "raw")
            .collect();
        let is_extension = text(&row["path"]).rsplit(':').next().is_some_and(|layer| layer.starts_with("ipv6."));
        let path = path.join(":");
        if is_known(&path) && !is_extension {
            let sum = ours.entry(path).or_default();
            *sum = [sum[0] + number(&row["packets"]), sum[1] + number(&row["bytes"])];
        }
    }
    let mut theirs: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for row in facts["protocol_hierarchy"].as_array().into_iter().flatten() {
        // What an ICMP error quotes is no layer here.
        let path = text(&row[0]).replace("frame:", "").replace("ieee8021ad", "vlan");
        let path = path.strip_prefix("raw:").unwrap_or(&path).to_owned();
        let quoted = ["icmp:ip", "icmpv6:ip"].iter().any(|part| path.contains(part));
        if is_known(&path) && !quoted {
            let sum = theirs.entry(path).or_default();
            *sum = [sum[0] + number(&row[1]), sum[1] + number(&row[2])];
        }
    }
    differing("conversations hierarchy", ours, theirs, note);
}

/// Packets of each Community ID, where tshark's list is whole.
fn community_ids(flows: &[Value], facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let Some(theirs) = facts["community_ids"].as_object() else { return };
    if facts["community_ids_distinct"] != theirs.len() {
        return;
    }
    let mut ours: BTreeMap<String, u64> = BTreeMap::new();
    for flow in flows.iter().filter(|flow| flow["community_id"].is_string()) {
        *ours.entry(text(&flow["community_id"])).or_default() += number(&flow["packets"]);
    }
    let theirs: BTreeMap<String, u64> = theirs.iter().map(|(id, count)| (id.clone(), number(count))).collect();
    let known: BTreeSet<&String> = theirs.keys().collect();
    ours.retain(|id, _| known.contains(id) || !facts["ip"].is_null());
    differing("conversations community ids", ours, theirs, note);
}
