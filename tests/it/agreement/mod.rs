//! Agreement with independent facts: what tshark and capinfos say of a folder of captures, in its `oracle.json`.
//!
//! The project's own captures are always compared; `MCPCAP_CORPUS` names a further folder. Where we differ, `differences.json` says so and
//! why; a difference that is not listed fails, and so does a listed one that is gone.

mod capinfos;
mod conversations;
mod dhcp;
mod dns;
mod http;
mod icmp;
mod quic;
mod sip;
mod tcp;
mod tls;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use mcpcap::answer::Code;
use serde_json::{Value, json};

use crate::support::{ask, root};

/// What we say and what tshark says, by file and field.
type Differences = BTreeMap<(String, String), (Value, Value)>;

/// How many comparisons were equal and how many were not, by field.
type Table = BTreeMap<String, (u64, u64)>;

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
    let mut table = Table::new();
    let mut compared = 0;
    for (file, facts) in oracle["files"].as_object().expect("files") {
        let path = folder.join(file);
        if !is_capture(&path) {
            continue;
        }
        compared += 1;
        let mut note = |field: &str, ours: Value, theirs: Value| {
            let counts = table.entry(general(field)).or_default();
            if ours == theirs {
                counts.0 += 1;
            } else {
                counts.1 += 1;
                found.insert((file.clone(), field.to_owned()), (ours, theirs));
            }
        };
        match ask("analyze_capinfos", &path, json!({})).await {
            Ok(report) => capinfos::capinfos(&report, facts, &mut note),
            Err(error) => {
                // No report is fine where tshark has no packets either, and the reason is the capture.
                assert!(matches!(error.code, Code::NotACapture | Code::Damaged), "{file}: {error}");
                note("packets", json!(0), facts["tshark_frames"]["packets"].clone());
                continue;
            }
        }
        // tshark counts packets that were captured twice each time.
        let report = |tool, mut arguments: Value| {
            arguments["count_copies"] = json!(true);
            ask(tool, &path, arguments)
        };
        let failed = |error| panic!("{file}: {error}");
        dns::dns(&report("analyze_dns_packets", json!({})).await.unwrap_or_else(failed), facts, &mut note);
        dhcp::dhcp(&report("analyze_dhcp_packets", dhcp::arguments()).await.unwrap_or_else(failed), facts, &mut note);
        icmp::icmp(&report("analyze_icmp_packets", json!({})).await.unwrap_or_else(failed), facts, &mut note);
        tcp::tcp(&report("analyze_tcp_connections", tcp::arguments()).await.unwrap_or_else(failed), facts, &mut note);
        let ours = report("analyze_conversations", conversations::arguments()).await.unwrap_or_else(failed);
        conversations::conversations(&ours, facts, &mut note);
        http::http(&report("analyze_http", http::arguments()).await.unwrap_or_else(failed), facts, &mut note);
        tls::tls(&report("analyze_tls", tls::arguments()).await.unwrap_or_else(failed), facts, &mut note);
        quic::quic(&report("analyze_quic", quic::arguments()).await.unwrap_or_else(failed), facts, &mut note);
        sip::sip(&report("analyze_sip_packets", json!({})).await.unwrap_or_else(failed), facts, &mut note);
    }
    assert!(compared > 0, "no captures in {}", folder.display());
    print(name, compared, &table);
    judge(name, found);
}

/// A field's name without what differs from conversation to conversation.
fn general(field: &str) -> String {
    field.split(' ').filter(|word| word.parse::<u64>().is_err()).collect::<Vec<_>>().join(" ")
}

/// Writes how often each field was equal. Not with `print!`, which tests that pass keep to themselves.
fn print(folder: &str, captures: usize, table: &Table) {
    let mut text = format!("\nagreement with tshark: {folder}, {captures} captures\n");
    text += &format!("{:<44}{:>8}{:>10}\n", "field", "equal", "different");
    for (field, (equal, different)) in table {
        text += &format!("{field:<44}{equal:>8}{different:>10}\n");
    }
    std::io::stdout().lock().write_all(text.as_bytes()).expect("standard output");
}

fn is_capture(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".pcap", ".pcapng", ".cap", ".pcap.gz"].iter().any(|ending| name.ends_with(ending))
}

/// Compares what differs with what is known to differ.
fn judge(folder: &str, found: Differences) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/it/agreement/differences.json");
    let known: Value = serde_json::from_slice(&std::fs::read(file).expect("the list")).expect("JSON");
    let mut known: Differences = known[folder]
        .as_array()
        .expect("a list for the folder")
        .iter()
        .flat_map(|entry| {
            assert!(entry["reason"].as_str().is_some_and(|reason| reason.len() > 10), "{entry} needs its reason");
            let file = entry["file"].as_str().expect("text").to_owned();
            // Ours and tshark's, by field.
            let fields = entry["fields"].as_object().expect("fields").iter();
            fields.map(move |(field, both)| ((file.clone(), field.clone()), (both[0].clone(), both[1].clone())))
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
