//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/quic.rs"]
mod comparison;

use std::path::Path;

use mcpcap_analyzer::harness::{self, agreement::Agreement};
use serde_json::{Value, json};

use crate::tool::Quic;

fn agreement() -> Agreement {
    Agreement {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        arguments: comparison::arguments(),
        fields: &["quic "],
        compare: |report, facts, mut note| comparison::quic(report, facts, &mut note),
    }
}

#[test]
fn the_projects_own_captures_agree_with_tshark() {
    agreement().own::<Quic>(0);
}

#[test]
fn the_corpus_agrees_with_tshark() {
    agreement().corpus::<Quic>(100);
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
        if !expected.starts_with('q') {
            continue;
        }
        let capture = std::fs::read(folder.join(value["file"].as_str().unwrap())).unwrap();
        let report = harness::run::<Quic>(&capture, &json!({ "page": { "limit": 1000 } })).unwrap();
        let all = report["connections"].as_array().unwrap();
        let fits = |one: &&Value| one["client_hello_frame"] == value["frame"];
        let ours: Vec<(&Value, &Value)> =
            all.iter().filter(fits).map(|one| (&one["ja4"], &one["server_name"])).collect();
        assert_eq!(ours, [(&json!(expected), &value["sni"])], "{value}");
        compared += 1;
    }
    assert_eq!(compared, 12);
}
