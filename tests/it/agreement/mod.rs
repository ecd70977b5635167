//! Agreement with independent facts: what tshark and capinfos say of a folder of captures, in its `oracle.json`.
//!
//! The project's own captures are always compared; `MCPCAP_CORPUS` names a further folder. Where we differ, `differences.json` says so and
//! why; a difference that is not listed fails, and so does a listed one that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mcpcap::answer::Code;
use serde_json::{Value, json};

use crate::support::{ask, root};

/// What we say and what tshark says, by file and field.
type Differences = BTreeMap<(String, String), (Value, Value)>;

#[tokio::test]
async fn the_projects_own_captures_agree_with_tshark() {
    for folder in ["tests/captures/crafted", "examples/captures"] {
        compare(&root().join(folder), folder).await;
    }
}

#[tokio::test]
async fn the_corpus_agrees_with_tshark() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    compare(Path::new(&folder), "corpus").await;
}

async fn compare(folder: &Path, name: &str) {
    let oracle = std::fs::read(folder.join("oracle.json")).expect("an oracle");
    let oracle: Value = serde_json::from_slice(&oracle).expect("JSON");
    let mut found = Differences::new();
    let mut compared = 0;
    for (file, facts) in oracle["files"].as_object().expect("files") {
        let path = folder.join(file);
        if !is_capture(&path) {
            continue;
        }
        compared += 1;
        let mut note = |field: &str, ours: Value, theirs: Value| {
            if ours != theirs {
                found.insert((file.clone(), field.to_owned()), (ours, theirs));
            }
        };
        match ask("analyze_capinfos", &path, json!({})).await {
            Ok(report) => capinfos(&report, facts, &mut note),
            Err(error) => {
                // No report is fine where tshark has no packets either, and the reason is the capture.
                assert!(matches!(error.code, Code::NotACapture | Code::Damaged), "{file}: {error}");
                note("packets", json!(0), facts["tshark_frames"]["packets"].clone());
                continue;
            }
        }
        let report = ask("analyze_dns_packets", &path, json!({})).await.unwrap_or_else(|e| panic!("{file}: {e}"));
        for service in ["dns", "mdns", "llmnr"] {
            dns(service, &report, facts, &mut note);
        }
    }
    assert!(compared > 0, "no captures in {}", folder.display());
    judge(name, found);
}

fn is_capture(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".pcap", ".pcapng", ".cap", ".pcap.gz"].iter().any(|ending| name.ends_with(ending))
}

fn capinfos(report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
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

fn dns(service: &str, report: &Value, facts: &Value, note: &mut impl FnMut(&str, Value, Value)) {
    let services = report["statistics"]["services"].as_array().expect("services");
    let none = json!({});
    let ours = services.iter().find(|entry| entry["service"] == service).unwrap_or(&none);
    let theirs = &facts[service];
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
        note(&format!("{service} {list}"), json!(mine), json!(other));
    }
}

/// Compares what differs with what is known to differ.
fn judge(folder: &str, found: Differences) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/it/agreement/differences.json");
    let known: Value = serde_json::from_slice(&std::fs::read(file).expect("the list")).expect("JSON");
    let mut known: Differences = known[folder]
        .as_array()
        .expect("a list for the folder")
        .iter()
        .map(|entry| {
            assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{entry} needs its reason");
            let text = |field: &str| entry[field].as_str().expect("text").to_owned();
            ((text("file"), text("field")), (entry["ours"].clone(), entry["tshark"].clone()))
        })
        .collect();
    let mut wrong = Vec::new();
    for ((file, field), (ours, theirs)) in found {
        let entry = known.remove(&(file.clone(), field.clone()));
        if entry.as_ref() != Some(&(ours.clone(), theirs.clone())) {
            wrong.push(json!({ "file": file, "field": field, "ours": ours, "tshark": theirs }).to_string());
        }
    }
    wrong.extend(known.keys().map(|(file, field)| format!("listed, and gone: {field} of {file}")));
    assert!(wrong.is_empty(), "{folder}:\n{}", wrong.join(",\n"));
}
