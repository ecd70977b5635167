//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/quic.rs"]
mod comparison;

use std::path::Path;

use mcpcap_analyzer::harness::{self, agreement::Agreement};
use mcpcap_tls_hello::published;
use serde_json::json;

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
    let report = |capture: &[u8]| harness::run::<Quic>(capture, &json!({ "page": { "limit": 1000 } })).unwrap();
    if let Some(compared) = published::ja4(true, report) {
        assert!(compared == 12, "{compared}");
    }
}
