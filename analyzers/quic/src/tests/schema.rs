//! What the schema of the report says.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::Quic;

/// Fields with text from the capture.
const CAPTURED: [&str; 7] = [
    "connections[].closed.reason",
    "connections[].offered_alpn",
    "connections[].server_name",
    "copies.interfaces",
    "findings[].subject",
    "statistics.alpn[].name",
    "statistics.server_names[].name",
];

#[test]
fn every_field_has_a_description() {
    is_described::<Quic>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<Quic>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<Quic>();
}
