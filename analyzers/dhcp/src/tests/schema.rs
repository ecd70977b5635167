//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::DhcpPackets;

/// Fields with text from the capture.
const CAPTURED: [&str; 13] = [
    "copies.interfaces",
    "findings[].subject",
    "packets[].bootp.boot_file",
    "packets[].bootp.server_name",
    "packets[].options[].values",
    "packets[].relays[].options[].values",
    "statistics.clients[].client_ids",
    "statistics.clients[].hostnames",
    "statistics.clients[].vendor_classes",
    "statistics.hostnames[].text",
    "statistics.relays[].identifiers",
    "statistics.vendor_classes[].text",
    "transactions[].reason",
];

#[test]
fn every_field_has_a_description() {
    is_described::<DhcpPackets>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<DhcpPackets>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<DhcpPackets>();
}
