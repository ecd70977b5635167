//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::analysis::Capinfos;

/// Fields with text from the capture.
const CAPTURED: [&str; 11] = [
    "comments.texts[].text",
    "copies.interfaces",
    "findings[].subject",
    "interfaces[].description",
    "interfaces[].filter",
    "interfaces[].hardware",
    "interfaces[].name",
    "interfaces[].operating_system",
    "sections[].application",
    "sections[].hardware",
    "sections[].operating_system",
];

#[test]
fn every_field_has_a_description() {
    is_described::<Capinfos>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<Capinfos>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<Capinfos>();
}
