//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::DnsPackets;

/// Fields with text from the capture.
const CAPTURED: [&str; 14] = [
    "copies.interfaces",
    "findings[].subject",
    "packets[].additional[].data",
    "packets[].additional[].name",
    "packets[].answers[].data",
    "packets[].answers[].name",
    "packets[].authority[].data",
    "packets[].authority[].name",
    "packets[].edns.options[].data",
    "packets[].questions[].name",
    "statistics.domains[].domain",
    "statistics.top_names[].name",
    "statistics.transactions.unanswered_queries[].name",
    "statistics.unique_domains",
];

#[test]
fn every_field_has_a_description() {
    is_described::<DnsPackets>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<DnsPackets>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<DnsPackets>();
}
