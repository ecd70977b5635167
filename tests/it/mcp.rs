//! The real binary over real stdio and HTTP, with rmcp's client.

use std::path::Path;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult, GetPromptRequestParams};
use rmcp::service::RunningService;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::http::{Http, provide_tls, reqwest_client};
use crate::support::{crafted, example};

const BINARY: &str = env!("CARGO_BIN_EXE_mcpcap");

type Client = RunningService<RoleClient, ()>;

/// The tools of the Python project, in its order but for the TCP tools, and those it has not; each with a recording and the arguments that it cannot do without.
const TOOLS: [(&str, &str, &str); 15] = [
    ("analyze_dns_packets", "dns.pcap", "{}"),
    ("analyze_dhcp_packets", "dhcp.pcap", "{}"),
    ("analyze_icmp_packets", "icmp.pcap", "{}"),
    ("analyze_capinfos", "dns-netem.pcapng", "{}"),
    ("analyze_conversations", "dns.pcap", "{}"),
    ("analyze_tcp_connections", "tcp.pcap", "{}"),
    ("analyze_tcp_anomalies", "tcp.pcap", "{}"),
    ("analyze_tcp_retransmissions", "tcp.pcap", "{}"),
    ("analyze_traffic_flow", "tcp.pcap", r#"{"server_ip": "192.0.2.53"}"#),
    ("analyze_http", "tcp.pcap", "{}"),
    ("analyze_sip_packets", "sip.pcap", "{}"),
    ("analyze_tls", "tcp.pcap", "{}"),
    ("analyze_quic", "tcp.pcap", "{}"),
    ("get_frames", "dns.pcap", r#"{"frames": [1, 2, 3]}"#),
    ("get_stream", "tcp.pcap", r#"{"connection": 0}"#),
];

/// The prompts of the Python project.
const PROMPTS: [&str; 14] = [
    "security_analysis",
    "network_troubleshooting",
    "forensic_investigation",
    "dhcp_network_analysis",
    "dhcp_security_analysis",
    "dhcp_forensic_investigation",
    "icmp_network_diagnostics",
    "icmp_security_analysis",
    "icmp_forensic_investigation",
    "tcp_connection_troubleshooting",
    "tcp_security_analysis",
    "sip_security_analysis",
    "sip_troubleshooting_analysis",
    "sip_forensic_investigation",
];

/// Arguments for a tool on a capture.
fn arguments(required: &str, capture: &Path) -> Value {
    let mut arguments: Value = serde_json::from_str(required).expect("JSON");
    arguments["pcap_file"] = json!(capture);
    arguments
}

async fn stdio(arguments: &[&str]) -> Client {
    let mut command = Command::new(BINARY);
    command.args(arguments);
    ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session")
}

/// A client of a server over HTTP.
async fn client(http: &Http) -> Client {
    provide_tls();
    ().serve(StreamableHttpClientTransport::from_uri(http.mcp())).await.expect("a session")
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> CallToolResult {
    let request = CallToolRequestParams::new(tool).with_arguments(arguments.as_object().cloned().unwrap());
    client.call_tool(request).await.expect("an answer")
}

fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(|block| block.as_text().map(|text| text.text.clone())).collect()
}

fn error(result: &CallToolResult) -> Value {
    assert_eq!(result.is_error, Some(true));
    assert!(result.structured_content.is_none(), "an error must not pretend to fit the output schema");
    serde_json::from_str(&text(result)).expect("JSON")
}

#[tokio::test]
async fn stdio_and_http_offer_the_same_and_answer_the_same() {
    let http = Http::start(&[]).await;
    let (one, two) = (stdio(&[]).await, client(&http).await);
    let tools = one.list_all_tools().await.unwrap();
    assert_eq!(json!(tools), json!(two.list_all_tools().await.unwrap()));
    assert_eq!(json!(one.list_all_prompts().await.unwrap()), json!(two.list_all_prompts().await.unwrap()));
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let expected: Vec<&str> = TOOLS.iter().map(|(name, ..)| *name).chain(["query_capture", "list_captures"]).collect();
    assert_eq!(names, expected);
    for (tool, capture, required) in TOOLS {
        let arguments = arguments(required, &example(capture));
        let (a, b) = (call(&one, tool, arguments.clone()).await, call(&two, tool, arguments).await);
        assert_eq!(a.structured_content, b.structured_content, "{tool}");
        assert!(a.structured_content.is_some());
        let read: Value = serde_json::from_str(&text(&a)).unwrap();
        assert_eq!(Some(read), a.structured_content, "text and structured content are the same");
    }
    for prompt in PROMPTS {
        let request = || GetPromptRequestParams::new(prompt);
        let (a, b) = (one.get_prompt(request()).await.unwrap(), two.get_prompt(request()).await.unwrap());
        assert_eq!(json!(a), json!(b), "{prompt}");
    }
    one.cancel().await.unwrap();
    two.cancel().await.unwrap();
}

#[tokio::test]
async fn every_tool_says_what_a_client_needs_to_know() {
    let client = stdio(&[]).await;
    for tool in client.list_all_tools().await.unwrap() {
        let name = &tool.name;
        assert!(tool.title.is_some() && tool.description.as_ref().is_some_and(|d| d.len() > 40), "{name}");
        let annotations = tool.annotations.expect("annotations");
        // The others have the values that they have when they are absent.
        assert_eq!((annotations.read_only_hint, annotations.open_world_hint), (Some(true), None), "{name}");
        let is_analysis = name != "list_captures";
        assert!(!is_analysis || tool.input_schema["required"][0] == "pcap_file", "{name}");
        for (argument, schema) in tool.input_schema["properties"].as_object().unwrap() {
            // These names say it themselves.
            let plain = ["end_time", "first_frame", "keylog_file", "last_frame", "limit", "max_chars", "port"];
            let is_plain = plain.contains(&argument.as_str());
            assert!(schema["description"].is_string() || is_plain, "{name}: {argument} is not described");
        }
        let output = tool.output_schema.expect("an output schema");
        assert!(output["properties"].as_object().unwrap().len() >= 2, "{name}");
    }
    let info = client.peer_info().unwrap();
    let implementation = json!(info)["serverInfo"].clone();
    assert_eq!(
        (&implementation["name"], &implementation["version"]),
        (&json!("mcpcap"), &json!(env!("CARGO_PKG_VERSION")))
    );
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn failures_are_errors_with_a_code_and_a_reason() {
    let client = stdio(&[]).await;
    let file = crafted("dns_two.pcap");
    for (arguments, code, words) in [
        (json!({ "pcap_file": "/nowhere/x.pcap" }), "not_found", "/nowhere/x.pcap"),
        (json!({ "pcap_file": "/" }), "not_a_capture", "a directory"),
        (json!({ "pcap_file": crafted("f_bad_magic.pcap") }), "not_a_capture", "f_bad_magic.pcap"),
        (json!({ "pcap_file": crafted("f_zero_bytes.pcap") }), "not_a_capture", "f_zero_bytes.pcap"),
        (json!({}), "bad_argument", "pcap_file"),
        (json!({ "pcap_file": 7 }), "bad_argument", "pcap_file"),
        (json!({ "pcap_file": file, "max_packets": 0 }), "bad_argument", "max_packets"),
        (json!({ "pcap_file": file, "max_packets": "many" }), "bad_argument", "max_packets"),
        (json!({ "pcap_file": file, "colour": "red" }), "bad_argument", "colour"),
        (json!({ "pcap_file": "http://127.0.0.1:1/x.pcap" }), "fetch_failed", "loopback"),
    ] {
        let error = error(&call(&client, "analyze_dns_packets", arguments.clone()).await);
        assert_eq!(error["code"], code, "{arguments}: {error}");
        assert!(error["error"].as_str().unwrap().contains(words), "{arguments}: {error}");
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_routed_is_a_protocol_error() {
    let client = stdio(&[]).await;
    let unknown = client.call_tool(CallToolRequestParams::new("analyze_nothing")).await.unwrap_err();
    assert!(unknown.to_string().contains("Unknown tool: analyze_nothing"), "{unknown}");
    let prompt = client.get_prompt(GetPromptRequestParams::new("nothing")).await.unwrap_err();
    assert!(prompt.to_string().contains("Unknown prompt: nothing"), "{prompt}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn prompts_speak_of_the_capture_that_is_named() {
    let client = stdio(&[]).await;
    let prompts = client.list_all_prompts().await.unwrap();
    for name in PROMPTS.into_iter().chain(["triage", "capture_overview", "tcp_forensic_investigation"]) {
        assert!(prompts.iter().any(|prompt| prompt.name == name), "{name}");
    }
    for prompt in prompts {
        let plain = client.get_prompt(GetPromptRequestParams::new(prompt.name.clone())).await.unwrap();
        let request = GetPromptRequestParams::new(prompt.name.clone())
            .with_arguments(json!({ "pcap_file": "/captures/case-17.pcap" }).as_object().cloned().unwrap());
        let named = client.get_prompt(request).await.unwrap();
        assert!(!json!(plain.messages).to_string().contains("case-17"), "{}", prompt.name);
        let text = json!(named.messages).to_string();
        assert!(text.contains("/captures/case-17.pcap") && text.contains("analyze_"), "{}", prompt.name);
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn many_calls_at_once_are_all_answered() {
    let http = Http::start(&[]).await;
    let client = client(&http).await;
    let arguments = json!({ "pcap_file": example("dns.pcap") });
    let calls = (0..20).map(|_| call(&client, "analyze_dns_packets", arguments.clone()));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|a| a.structured_content == answers[0].structured_content && a.is_error == Some(false)));
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn a_foreign_web_page_is_refused() {
    let http = Http::start(&[]).await;
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let client = reqwest_client();
    for (header, value) in [("origin", "http://attacker.example"), ("host", "attacker.example")] {
        let answer = client
            .post(http.mcp())
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header(header, value)
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{header}: {value}");
    }
}

#[tokio::test]
async fn the_server_ends_when_it_is_told_to() {
    let mut http = Http::start(&[]).await;
    let client = client(&http).await;
    let id = http.child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = tokio::time::timeout(Duration::from_secs(20), http.child.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
    drop(client);
}

#[tokio::test]
async fn max_packets_bounds_the_analysis_and_the_reading() {
    let client = stdio(&["--max-packets", "3"]).await;
    let unbounded = stdio(&[]).await;
    // No recording here has TLS or QUIC.
    let others = ["get_frames", "get_stream", "analyze_tls", "analyze_quic"];
    for (tool, capture, required) in TOOLS.into_iter().filter(|(tool, ..)| !others.contains(tool)) {
        let report = call(&client, tool, arguments(required, &example(capture))).await.structured_content.unwrap();
        if tool == "analyze_capinfos" {
            // What a file is cannot be said of a part of it.
            assert_eq!(report["capture"]["complete"], true);
            continue;
        }
        let counted = report.as_object().unwrap().iter().find(|(name, _)| name.ends_with("_packets_found"));
        let totals = if tool == "analyze_http" { "requests" } else { "packets" };
        let found = counted.map_or(&report["totals"][totals], |(_, found)| found);
        assert_eq!(found, 3, "{tool}");
        assert!(report["capture"]["read_to_frame"].is_u64(), "{tool}");
        assert!(report["note"].as_str().unwrap().contains('3'), "{tool}: {}", report["note"]);
        let whole = call(&unbounded, tool, arguments(required, &example(capture))).await.structured_content.unwrap();
        assert!(report.get("total_packets").is_none(), "{tool} cannot know how many there are");
        let (read, all) =
            (report["capture"]["read_to_frame"].as_u64().unwrap(), whole["total_packets"].as_u64().unwrap());
        // The third exchange of HTTP that is complete is so near the end.
        assert!(read < all / 2 || tool == "analyze_http", "{tool} read {read} frames of {all}");
    }
    unbounded.cancel().await.unwrap();
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn modules_select_the_tools() {
    for (modules, expected) in [
        ("capinfos", &["analyze_capinfos"][..]),
        ("sip,dns", &["analyze_dns_packets", "analyze_sip_packets"]),
        (
            "tcp",
            &[
                "analyze_tcp_connections",
                "analyze_tcp_anomalies",
                "analyze_tcp_retransmissions",
                "analyze_traffic_flow",
            ],
        ),
    ] {
        let client = stdio(&["--modules", modules]).await;
        let tools = client.list_all_tools().await.unwrap();
        let names = tools
            .iter()
            .map(|tool| tool.name.as_ref())
            .filter(|name| !["query_capture", "list_captures"].contains(name));
        assert_eq!(names.collect::<Vec<_>>(), expected, "{modules}");
        client.cancel().await.unwrap();
    }
}
