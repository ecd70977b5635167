//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::Conversations;

/// Fields with text from the capture.
const CAPTURED: [&str; 2] = ["copies.interfaces", "findings[].subject"];

#[test]
fn every_field_has_a_description() {
    is_described::<Conversations>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<Conversations>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<Conversations>();
}

/// What a list of tools shows of the arguments of this one alone.
#[test]
fn arguments_cost_little() {
    let arguments = &mcpcap_analyzer::describe::tool::<Conversations>()["arguments"]["properties"];
    assert!(arguments.to_string().len() <= 560, "{}: {arguments}", arguments.to_string().len());
}
