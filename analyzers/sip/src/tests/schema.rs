//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::SipPackets;

/// Fields with text from the capture.
const CAPTURED: [&str; 62] = [
    "calls[].call_id",
    "calls[].callee",
    "calls[].callee_agent",
    "calls[].caller",
    "calls[].caller_agent",
    "calls[].end_reason",
    "calls[].final_reason",
    "calls[].ladder[].message",
    "calls[].media[].address",
    "calls[].media[].candidates",
    "calls[].media[].codecs[].codec",
    "calls[].media[].codecs[].payload_type",
    "calls[].media[].crypto_suites",
    "calls[].media[].kind",
    "calls[].media[].protocol",
    "calls[].request_uri",
    "copies.interfaces",
    "findings[].subject",
    "packets[].call_id",
    "packets[].contact",
    "packets[].content_type",
    "packets[].cseq",
    "packets[].from",
    "packets[].headers[].name",
    "packets[].headers[].value",
    "packets[].media[].address",
    "packets[].media[].candidates",
    "packets[].media[].codecs[].codec",
    "packets[].media[].codecs[].payload_type",
    "packets[].media[].crypto_suites",
    "packets[].media[].kind",
    "packets[].media[].protocol",
    "packets[].method",
    "packets[].reason_phrase",
    "packets[].request_uri",
    "packets[].server",
    "packets[].start_line",
    "packets[].to",
    "packets[].user_agent",
    "packets[].via",
    "registrations[].account",
    "registrations[].contacts[].uri",
    "registrations[].user_agent",
    "registrations[].usernames",
    "statistics.authentication.challenges[].algorithm",
    "statistics.authentication.challenges[].qop",
    "statistics.authentication.challenges[].realm",
    "statistics.authentication.challenges[].scheme",
    "statistics.authentication.credentials[].algorithm",
    "statistics.authentication.credentials[].qop",
    "statistics.authentication.credentials[].realm",
    "statistics.authentication.credentials[].scheme",
    "statistics.authentication.credentials[].username",
    "statistics.call_ids[].name",
    "statistics.cseq_methods[].name",
    "statistics.dialled_prefixes[].name",
    "statistics.endpoints[].agents",
    "statistics.methods[].name",
    "statistics.servers[].name",
    "statistics.transactions[].method",
    "statistics.unanswered_requests[].method",
    "statistics.user_agents[].name",
];

#[test]
fn every_field_has_a_description() {
    is_described::<SipPackets>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<SipPackets>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<SipPackets>();
}
