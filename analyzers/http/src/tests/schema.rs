//! What the schemas of the reports say.

use mcpcap_analyzer::harness::schema::{captured_texts_are, is_described, is_short};

use crate::tool::Http;

/// Fields with text from the capture.
const CAPTURED: [&str; 37] = [
    "copies.interfaces",
    "exchanges[].authorization",
    "exchanges[].challenge",
    "exchanges[].cookies",
    "exchanges[].forwarded_for",
    "exchanges[].grpc_message",
    "exchanges[].host",
    "exchanges[].location",
    "exchanges[].method",
    "exchanges[].reason",
    "exchanges[].referer",
    "exchanges[].request_body.content_encoding",
    "exchanges[].request_body.content_range",
    "exchanges[].request_body.content_type",
    "exchanges[].request_body.file_name",
    "exchanges[].response_body.content_encoding",
    "exchanges[].response_body.content_range",
    "exchanges[].response_body.content_type",
    "exchanges[].response_body.file_name",
    "exchanges[].server",
    "exchanges[].set_cookies",
    "exchanges[].uri",
    "exchanges[].user",
    "exchanges[].user_agent",
    "exchanges[].via",
    "files[].content_type",
    "files[].name",
    "files[].url",
    "findings[].subject",
    "statistics.content_types[].name",
    "statistics.failed[].url",
    "statistics.hosts[].name",
    "statistics.methods[].name",
    "statistics.paths[].name",
    "statistics.servers[].name",
    "statistics.slowest[].url",
    "statistics.user_agents[].name",
];

#[test]
fn every_field_has_a_description() {
    is_described::<Http>();
}

#[test]
fn only_fields_with_captured_text_are_called_so() {
    captured_texts_are::<Http>(&CAPTURED);
}

#[test]
fn descriptions_are_short() {
    is_short::<Http>();
}

/// What a list of tools shows of this one.
#[test]
fn the_tool_costs_little() {
    let described = mcpcap_analyzer::describe::tool::<Http>();
    let shown = ["name", "title", "description", "arguments"].map(|field| described[field].to_string().len());
    assert!(shown.iter().sum::<usize>() <= 1_000, "{shown:?}");
}
