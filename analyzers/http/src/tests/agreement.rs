//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/http.rs"]
mod comparison;

use std::path::Path;

use mcpcap_analyzer::harness::agreement::Agreement;

use crate::tool::Http;

fn agreement() -> Agreement {
    Agreement {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        arguments: comparison::arguments(),
        fields: &["http"],
        compare: |report, facts, mut note| comparison::http(report, facts, &mut note),
    }
}

#[test]
fn the_projects_own_captures_agree_with_tshark() {
    agreement().own::<Http>(10);
}

#[test]
fn the_corpus_agrees_with_tshark() {
    agreement().corpus::<Http>(1_000);
}
