//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/tls.rs"]
mod comparison;

use std::collections::BTreeMap;
use std::path::Path;

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use super::file;
use crate::tool::Tls;

type Differences = BTreeMap<(String, String), (Value, Value)>;

/// What differs in a folder with an `oracle.json`, and how many comparisons were equal.
fn differences(folder: &Path) -> (Differences, u64) {
    let oracle: Value = serde_json::from_slice(&std::fs::read(folder.join("oracle.json")).unwrap()).unwrap();
    let (mut found, mut equal) = (Differences::new(), 0);
    for (name, facts) in oracle["files"].as_object().unwrap() {
        let Ok(capture) = std::fs::read(folder.join(name)) else { continue };
        let mut arguments = comparison::arguments();
        let limit = arguments.as_object_mut().unwrap().remove("limit");
        arguments["page"] = json!({ "limit": limit });
        arguments["count_copies"] = json!(true);
        let Ok(report) = harness::run::<Tls>(&capture, &arguments) else { continue };
        comparison::tls(&report, facts, &mut |field, ours, theirs| {
            if ours == theirs {
                equal += 1;
            } else {
                found.insert((name.clone(), field.to_owned()), (ours, theirs));
            }
        });
    }
    (found, equal)
}

/// The differences that are known of a folder, with their reasons.
fn known(folder: &str) -> Differences {
    let all: Value = serde_json::from_slice(&file("tests/it/agreement/differences.json")).unwrap();
    let mut known = Differences::new();
    for entry in all[folder].as_array().into_iter().flatten() {
        for (field, both) in entry["fields"].as_object().unwrap() {
            if field.starts_with("tls ") || field.starts_with("dtls ") {
                let key = (entry["file"].as_str().unwrap().to_owned(), field.clone());
                known.insert(key, (both[0].clone(), both[1].clone()));
            }
        }
    }
    known
}

#[track_caller]
fn check(folder: &Path, name: &str, least: u64) {
    let (mut found, equal) = differences(folder);
    let mut wrong: Vec<String> = Vec::new();
    for (key, both) in known(name) {
        if found.remove(&key).as_ref() != Some(&both) {
            wrong.push(format!("listed, and gone or other: {key:?}"));
        }
    }
    wrong.extend(found.iter().map(|((file, field), (ours, theirs))| {
        json!({ "file": file, "field": field, "ours": ours, "tshark": theirs }).to_string()
    }));
    assert!(wrong.is_empty() && equal >= least, "{equal} equal; {}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_projects_own_captures_agree_with_tshark() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["tests/captures/crafted", "examples/captures"] {
        check(&root.join(folder), folder, 10);
    }
}

#[test]
fn the_corpus_agrees_with_tshark() {
    if let Some(folder) = std::env::var_os("MCPCAP_CORPUS") {
        check(Path::new(&folder), "corpus", 500);
    }
}

/// Fingerprints that others published.
#[test]
fn ja4_is_what_others_published() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    let folder = Path::new(&folder);
    let published: Value = serde_json::from_slice(&std::fs::read(folder.join("ja4.json")).unwrap()).unwrap();
    let mut compared = 0;
    for value in published["values"].as_array().unwrap() {
        let expected = value["ja4"].as_str().unwrap();
        if expected.starts_with('q') {
            continue;
        }
        let capture = std::fs::read(folder.join(value["file"].as_str().unwrap())).unwrap();
        let report = harness::run::<Tls>(&capture, &json!({ "page": { "limit": 1000 } })).unwrap();
        let all = report["connections"].as_array().unwrap();
        let fits = |one: &&Value| one["client_hello_frame"] == value["frame"];
        let ours: Vec<&Value> = all.iter().filter(fits).map(|one| &one["ja4"]).collect();
        assert_eq!(ours, [expected], "{value}");
        compared += 1;
    }
    assert!(compared >= 7, "{compared}");
}
