//! QUIC: packets, hellos, names, fingerprints, connection ids.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What is asked for.
pub fn arguments() -> Value {
    json!({ "limit": 1000 })
}

/// Compares a report of `analyze_quic` with the oracle's facts. Google's own QUIC is another protocol there.
pub fn quic(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let theirs = &facts["quic"];
    let is_google = |one: &&Value| one["version"].as_str().is_some_and(|version| version.starts_with("Google Q"));
    let connections = || report["connections"].as_array().into_iter().flatten().filter(|one| !is_google(one));
    let counted = |fields: [&str; 2]| {
        let of = |one: &Value, field: &str| one[field].as_u64().unwrap_or_default();
        connections().map(|one| fields.iter().map(|field| of(one, field)).sum::<u64>()).sum::<u64>()
    };
    note(
        "quic datagrams",
        json!(counted(["client_datagrams", "server_datagrams"])),
        json!(theirs["frames"].as_u64().unwrap_or(0)),
    );
    note("quic connections", json!(connections().count()), json!(theirs["connections"].as_u64().unwrap_or(0)));
    kinds(report, theirs, note);
    hellos(report, theirs, note);
    let mine: BTreeSet<&str> = connections().filter_map(|one| one["ja4"].as_str()).collect();
    note("quic ja4", json!(mine), json!(names(&theirs["ja4_computed_here"])));
    let alpn = connections().filter_map(|one| one["offered_alpn"].as_array()).flatten().filter_map(Value::as_str);
    note("quic alpn", json!(alpn.collect::<BTreeSet<_>>()), json!(names(&theirs["alpn"])));
    let suites: BTreeSet<&str> = connections().filter_map(|one| one["cipher_suite"].as_str()).collect();
    let other: BTreeSet<&str> = names(&theirs["ciphers_chosen"])
        .into_iter()
        .map(|code| match code {
            "0x1301" => "TLS_AES_128_GCM_SHA256",
            "0x1302" => "TLS_AES_256_GCM_SHA384",
            "0x1303" => "TLS_CHACHA20_POLY1305_SHA256",
            other => other,
        })
        .collect();
    note("quic suites", json!(suites), json!(other));
    let ids = |one: &'_ Value| {
        let of = |side: &str| one[side].as_array().cloned().unwrap_or_default();
        [of("client_ids"), of("server_ids")].concat()
    };
    let mine: BTreeSet<String> = connections().flat_map(ids).filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let missing: Vec<&str> =
        names(&theirs["source_connection_ids"]).into_iter().filter(|id| !mine.contains(*id)).collect();
    note("quic source ids", json!(missing), json!([]));
}

/// Packets with long headers by their kind. Of version 2 tshark shows none there.
fn kinds(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let versions = names(&theirs["versions"]);
    if versions.contains("0x6b3343cf") {
        return;
    }
    for (number, kind) in [("0", "initial"), ("1", "zero_rtt"), ("2", "handshake"), ("3", "retry")] {
        let of = |side: &str| report["totals"][side][kind].as_u64().unwrap_or_default();
        let other = theirs["long_packet_types"][number].as_u64().unwrap_or_default();
        note(&format!("quic {kind} packets"), json!(of("client_packets") + of("server_packets")), json!(other));
    }
}

fn hellos(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let connections = || report["connections"].as_array().into_iter().flatten();
    let hellos = || theirs["hellos"].as_array().into_iter().flatten();
    for (kind, of) in [("client", "client_hello_frame"), ("server", "server_hello_frame")] {
        let mine: BTreeSet<u64> = connections().filter_map(|one| one[of].as_u64()).collect();
        let other: BTreeSet<u64> =
            hellos().filter(|hello| hello["kind"] == kind).filter_map(|hello| hello["frame"].as_u64()).collect();
        note(&format!("quic {kind} hellos"), json!(mine), json!(other));
    }
    for hello in hellos() {
        let (client, frame) = (hello["kind"] == "client", &hello["frame"]);
        let of = if client { "client_hello_frame" } else { "server_hello_frame" };
        let Some(mine) = connections().find(|one| one[of] == *frame) else { continue };
        let fields: &[(&str, &str)] = if client {
            &[("server_name", "sni"), ("ja3", "ja3"), ("offered_alpn", "alpn")]
        } else {
            &[("ja3s", "ja3s")]
        };
        for (ours, other) in fields {
            note(&format!("quic {other} of frame {frame}"), mine[*ours].clone(), hello[*other].clone());
        }
    }
}

/// The names in a map of counts.
fn names(counts: &Value) -> BTreeSet<&str> {
    counts.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}
