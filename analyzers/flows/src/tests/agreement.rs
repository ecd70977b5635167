//! Agreement with tshark, natively: the comparison of `tests/it/agreement`, over the project's own captures, and over a folder that `MCPCAP_CORPUS` names.

#[path = "../../../../tests/it/agreement/conversations.rs"]
mod comparison;

use std::path::Path;

use mcpcap_analyzer::harness::agreement::Agreement;

use crate::tool::Conversations;

fn agreement() -> Agreement {
    Agreement {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        arguments: comparison::arguments(),
        fields: &["conversations ", "endpoints "],
        compare: |report, facts, mut note| comparison::conversations(report, facts, &mut note),
    }
}

#[test]
fn the_projects_own_captures_agree_with_tshark() {
    agreement().own::<Conversations>(10);
}

#[test]
fn the_corpus_agrees_with_tshark() {
    agreement().corpus::<Conversations>(1_000);
}
