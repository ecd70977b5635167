//! The file as a whole: packets, times, sizes, encapsulation, hash.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Compares a report of `analyze_capinfos` with the oracle's facts.
pub fn capinfos(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let frames = &facts["tshark_frames"];
    note("packets", report["packet_count"].clone(), frames["packets"].clone());
    note("data size", report["data_size_bytes"].clone(), frames["wire_bytes"].clone());
    note("captured size", report["captured_size_bytes"].clone(), frames["captured_bytes"].clone());
    note("earliest", nanoseconds(&report["first_packet_epoch"]), frames["earliest_ns"].clone());
    note("latest", nanoseconds(&report["last_packet_epoch"]), frames["latest_ns"].clone());
    note(
        "without time",
        json!(report["packets_without_time"].as_u64().unwrap_or(0)),
        frames["frames_without_timestamp"].clone(),
    );
    if frames["ip_fragments"].is_u64() {
        note(
            "ip fragments",
            json!(report["decoding"]["fragments"]["frames"].as_u64().unwrap_or(0)),
            frames["ip_fragments"].clone(),
        );
    }
    layers(report, facts, note);
    if frames["packets"].as_u64().unwrap_or(0) > 0 {
        let ours: BTreeSet<&str> =
            report["encapsulations"].as_array().unwrap().iter().filter_map(|e| e["name"].as_str()).collect();
        // capinfos lists the encapsulations of interfaces without packets too.
        let theirs: BTreeSet<&str> = facts["capinfos"]["encapsulations"]
            .as_object()
            .into_iter()
            .flat_map(|known| known.keys())
            .map(|key| key.split_once(" (").map_or(key.as_str(), |(name, _)| name))
            .filter(|name| ours.len() == 1 || ours.contains(name))
            .collect();
        if !theirs.is_empty() {
            note("encapsulation", json!(ours), json!(theirs));
        }
    }
    let theirs = &facts["capinfos"]["sha256"];
    if theirs.is_string() {
        note("sha256", report["sha256"].clone(), theirs.clone());
    }
}

/// Protocols up to the transport layer, that both name alike.
const LAYERS: [&str; 24] = [
    "eth", "vlan", "llc", "sll", "null", "ppp", "pppoes", "chdlc", "radiotap", "wlan", "mpls", "gre", "vxlan",
    "geneve", "erspan", "arp", "ip", "ipv6", "udp", "tcp", "icmp", "icmpv6", "sctp", "igmp",
];

/// Frames that hold each protocol.
fn layers(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let mut ours: BTreeMap<&str, u64> = BTreeMap::new();
    for row in report["protocol_hierarchy"]["rows"].as_array().expect("rows") {
        let path: Vec<&str> = row["path"].as_str().expect("a path").split(':').collect();
        let (protocol, around) = path.split_last().expect("a protocol");
        // A frame that has a protocol twice, as in a tunnel, has it.
        if LAYERS.contains(protocol) && !around.contains(protocol) {
            *ours.entry(*protocol).or_default() += row["packets"].as_u64().expect("packets");
        }
    }
    let count = |name: &str| facts["protocol_frames"][name].as_u64();
    // tshark has a name of its own for tags with the EtherType 0x88a8.
    let of = |name| if name == "vlan" { count(name).max(count("ieee8021ad")) } else { count(name) };
    let theirs: BTreeMap<&str, u64> = LAYERS.into_iter().filter_map(|name| Some((name, of(name)?))).collect();
    note("layers", json!(ours), json!(theirs));
}

/// A decimal number of seconds as nanoseconds.
fn nanoseconds(epoch: &Value) -> Value {
    let Some((seconds, fraction)) = epoch.as_str().and_then(|text| text.split_once('.')) else { return Value::Null };
    json!(format!("{seconds}{fraction:0<9}").parse::<u64>().expect("digits"))
}
