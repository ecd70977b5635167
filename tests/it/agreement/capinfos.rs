//! The file as a whole: packets, times, sizes, encapsulation, hash.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// Compares a report of `analyze_capinfos` with the oracle's facts.
pub fn capinfos(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let frames = &facts["tshark_frames"];
    note("packets", report["packet_count"].clone(), frames["packets"].clone());
    note("data size", report["data_size_bytes"].clone(), frames["wire_bytes"].clone());
    note("captured size", report["captured_size_bytes"].clone(), frames["captured_bytes"].clone());
    note("earliest", nanoseconds(&report["first_packet_epoch"]), frames["earliest_ns"].clone());
    note("latest", nanoseconds(&report["last_packet_epoch"]), frames["latest_ns"].clone());
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

/// A decimal number of seconds as nanoseconds.
fn nanoseconds(epoch: &Value) -> Value {
    let Some((seconds, fraction)) = epoch.as_str().and_then(|text| text.split_once('.')) else { return Value::Null };
    json!(format!("{seconds}{fraction:0<9}").parse::<u64>().expect("digits"))
}
