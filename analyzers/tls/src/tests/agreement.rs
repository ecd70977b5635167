//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/tls.rs"]
mod comparison;

use std::path::Path;

use mcpcap_analyzer::harness::{self, agreement::Agreement};
use mcpcap_tls_hello::published;
use serde_json::json;

use crate::tool::Tls;

fn agreement() -> Agreement {
    Agreement {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        arguments: comparison::arguments(),
        fields: &["tls ", "dtls "],
        compare: |report, facts, mut note| comparison::tls(report, facts, &mut note),
    }
}

#[test]
fn the_projects_own_captures_agree_with_tshark() {
    agreement().own::<Tls>(10);
}

#[test]
fn the_corpus_agrees_with_tshark() {
    agreement().corpus::<Tls>(500);
}

/// Fingerprints that others published.
#[test]
fn ja4_is_what_others_published() {
    let report = |capture: &[u8]| harness::run::<Tls>(capture, &json!({ "page": { "limit": 1000 } })).unwrap();
    if let Some(compared) = published::ja4(false, report) {
        assert!(compared >= 7, "{compared}");
    }
}
