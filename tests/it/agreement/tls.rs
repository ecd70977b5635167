//! TLS over TCP: hellos, names, fingerprints, certificates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What is asked for.
pub fn arguments() -> Value {
    json!({ "limit": 1000 })
}

/// Compares a report of `analyze_tls` with the oracle's facts. What tshark shows of TLS within QUIC stands apart there.
pub fn tls(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let statistics = &report["statistics"];
    let theirs = &facts["tls"];
    let connections = || report["connections"].as_array().into_iter().flatten().filter(|one| one["transport"] == "tcp");
    // A connection is one here, a hello one there: those that were asked to ask again have two.
    let hellos = || theirs["hellos"].as_array().into_iter().flatten();
    let retried: BTreeSet<u64> =
        connections().filter(|one| !one["retry_frame"].is_null()).filter_map(|one| one["frame"].as_u64()).collect();
    if theirs["hellos_left_out"].as_u64().unwrap_or(0) == 0 {
        let frames = |hello: &&Value| hello["kind"] == "client" && !retried.contains(&hello["frame"].as_u64().unwrap());
        let other: BTreeSet<u64> = hellos().filter(frames).filter_map(|hello| hello["frame"].as_u64()).collect();
        let mine: BTreeSet<u64> = connections().filter_map(|one| one["client_hello_frame"].as_u64()).collect();
        note("tls client hellos", json!(mine), json!(other));
        // tshark reads a message where its record ends, we where it ends itself. That of a retry stands for itself there.
        let retries: BTreeSet<u64> = connections().filter_map(|one| one["retry_frame"].as_u64()).collect();
        let answers =
            |hello: &&Value| hello["kind"] == "server" && !retries.contains(&hello["frame"].as_u64().unwrap());
        let mut other: Vec<&str> = hellos().filter(answers).filter_map(|hello| hello["ja3s"].as_str()).collect();
        let mut mine: Vec<&str> = connections().filter_map(|one| one["ja3s"].as_str()).collect();
        mine.sort_unstable();
        other.sort_unstable();
        note("tls server hellos", json!(mine), json!(other));
    }
    for hello in hellos() {
        let (client, frame) = (hello["kind"] == "client", &hello["frame"]);
        let of = if client { "client_hello_frame" } else { "server_hello_frame" };
        let Some(mine) = connections().find(|one| one[of] == *frame) else { continue };
        let fields: &[(&str, &str)] =
            if client { &[("server_name", "sni"), ("ja3", "ja3")] } else { &[("ja3s", "ja3s")] };
        for (ours, other) in fields {
            note(&format!("tls {other} of frame {frame}"), mine[*ours].clone(), hello[*other].clone());
        }
        if !client && hello["alpn"].as_array().is_some_and(|all| !all.is_empty()) {
            note(&format!("tls alpn of frame {frame}"), mine["alpn"].clone(), hello["alpn"][0].clone());
        }
    }
    let alerts: u64 =
        statistics["alerts"].as_array().into_iter().flatten().filter_map(|one| one["count"].as_u64()).sum();
    let other: u64 = theirs["alerts"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    note("tls alerts in the clear", json!(alerts), json!(other));
    if let Some(expected) = theirs["ja4_computed_here"].as_object() {
        let mine: BTreeSet<&str> = connections().filter_map(|one| one["ja4"].as_str()).collect();
        // Of hellos of SSL 2.0 tshark shows no lists.
        let has_lists = |ja4: &&String| !ja4.ends_with("i000000_000000000000_000000000000");
        let missing: Vec<&String> =
            expected.keys().filter(has_lists).filter(|ja4| !mine.contains(ja4.as_str())).collect();
        note("tls ja4", json!(missing), json!([]));
    }
    certificates(report, theirs, note);
    dtls(report, &facts["dtls"], note);
}

/// DTLS: of hellos that were sent again tshark counts each one.
fn dtls(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let connections = || report["connections"].as_array().into_iter().flatten().filter(|one| one["transport"] == "udp");
    for print in ["ja3", "ja3s"] {
        let mine: BTreeSet<&str> = connections().filter_map(|one| one[print].as_str()).collect();
        let other: BTreeSet<&str> =
            theirs[print].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        note(&format!("dtls {print}"), json!(mine), json!(other));
    }
}

/// Certificates by their fingerprints.
fn certificates(report: &Value, theirs: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let all = || report["certificates"].as_array().into_iter().flatten();
    // Those of DTLS stand apart there.
    let over_tcp = report["connections"].as_array().into_iter().flatten().filter(|one| one["transport"] == "tcp");
    let chains = over_tcp.flat_map(|one| [&one["certificate"]["sha256"], &one["client_certificate"]["sha256"]]);
    let mine: BTreeSet<&str> = chains.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
    let known = || theirs["certificates"].as_array().into_iter().flatten();
    let other: BTreeSet<&str> = known().filter_map(|one| one["sha256"].as_str()).collect();
    if theirs["certificates_distinct"].as_u64().unwrap_or(0) == other.len() as u64 {
        note("tls certificates", json!(mine), json!(other));
    }
    for (number, expected) in known().enumerate() {
        let Some(ours) = all().find(|one| one["sha256"] == expected["sha256"]) else { continue };
        let digits = |date: &Value| {
            let text = date.as_str().unwrap_or_default();
            text.chars().filter(char::is_ascii_digit).take(14).collect::<String>()
        };
        let mine = json!([
            ours["common_name"],
            ours["serial"],
            digits(&ours["not_before"]),
            digits(&ours["not_after"]),
            ours["self_signed"].as_bool().unwrap_or(false),
        ]);
        let other = json!([
            expected["subject_cn"],
            expected["serial"],
            digits(&expected["not_before"]),
            digits(&expected["not_after"]),
            expected["self_signed"],
        ]);
        note(&format!("tls certificate {number}"), mine, other);
    }
}
