//! The output contract over the real binary: budgets, pages, choice, order, receipts.

mod captures;
mod digests;
mod figures;
mod kept;
mod keylog;
mod large;
mod pages;
mod within;

use std::path::{Path, PathBuf};
use std::process::Stdio;

use mcpcap::text::is_hidden;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::transport::TokioChildProcess;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::support::{complete_schema, example, root};

type Client = RunningService<RoleClient, ()>;

async fn client() -> Client {
    let command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session")
}

async fn call(client: &Client, tool: &str, capture: &Path, arguments: &Value) -> CallToolResult {
    let mut arguments = arguments.as_object().cloned().unwrap_or_default();
    arguments.insert("pcap_file".into(), json!(capture));
    let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
    client.call_tool(request).await.expect("an answer")
}

/// A report with lists as objects, unless the arguments say otherwise.
async fn report(client: &Client, tool: &str, capture: &Path, arguments: &Value) -> Value {
    let mut arguments = arguments.clone();
    if let Some(arguments) = arguments.as_object_mut() {
        arguments.entry("as_objects").or_insert(true.into());
    }
    let result = call(client, tool, capture, &arguments).await;
    let text = text(&result);
    result.structured_content.unwrap_or_else(|| panic!("{tool} {}: {arguments}: {text}", capture.display()))
}

async fn refusal(client: &Client, tool: &str, capture: &Path, arguments: &Value) -> Value {
    let result = call(client, tool, capture, arguments).await;
    assert_eq!(result.is_error, Some(true), "{arguments}");
    serde_json::from_str(&text(&result)).expect("JSON")
}

fn text(result: &CallToolResult) -> String {
    result.content.first().and_then(|content| content.as_text()).expect("text").text.clone()
}

fn characters(value: &Value) -> usize {
    value.to_string().chars().count()
}

/// The tools that analyse a capture.
async fn analyses(client: &Client) -> Vec<rmcp::model::Tool> {
    let mut tools = client.list_all_tools().await.expect("the tools");
    tools.retain(|tool| !["query_capture", "list_captures"].contains(&tool.name.as_ref()));
    tools
}

/// Every capture that comes with the project.
fn captures() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["examples/captures", "tests/captures/crafted", "tests/captures/hostile"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root().join(folder)).expect("the folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension().is_some_and(|ending| ["pcap", "pcapng", "gz", "cap"].iter().any(|e| ending == *e))
        })
        .collect();
    found.sort();
    assert!(found.len() > 50);
    found
}

#[tokio::test]
async fn hostile_text_in_every_field_comes_out_harmless() {
    let client = client().await;
    let mut escaped = 0;
    for entry in std::fs::read_dir(root().join("tests/captures/hostile")).unwrap() {
        let capture = entry.unwrap().path();
        for tool in analyses(&client).await {
            let mut arguments = json!({ "max_chars": 1_000_000, "as_objects": true });
            match tool.name.as_ref() {
                "analyze_traffic_flow" => arguments["server_ip"] = "198.51.100.20".into(),
                "analyze_sip_packets" => arguments["headers"] = true.into(),
                "get_frames" => arguments["frames"] = json!([1, 2, 3, 4]),
                _ => {}
            }
            let result = call(&client, &tool.name, &capture, &arguments).await;
            let place = format!("{} {}", tool.name, capture.display());
            let whole = serde_json::to_string(&result).unwrap();
            let report = result.structured_content.unwrap_or_else(|| panic!("{place}: {whole}"));
            // In the text block everything is escaped once more, as JSON is in JSON.
            for text in strings(&report) {
                assert!(!text.chars().any(is_hidden), "{place}: {text:?}");
            }
            assert!(!whole.chars().any(is_hidden), "{place}");
            escaped += usize::from(strings(&report).iter().any(|text| text.contains("Ignore")));
            let captured = report["shown"]["captured_text"].as_array().cloned().unwrap_or_default();
            for (name, text) in named(&report, "") {
                let is_captured = captured.iter().any(|known| *known == name.as_str());
                assert!(is_captured || !text.contains("Ignore"), "{place}: {name} is not named in captured_text");
            }
        }
    }
    // DNS, DHCP, SIP, the comments of a pcapng file, and frames as hexadecimal digits with ASCII.
    assert!(escaped >= 5, "{escaped} reports hold captured text");
    let names = ["/tmp/\u{202e}\u{1b}[31m.pcap", "http://127.0.0.1:9/\u{200b}x\u{e0041}"];
    for name in names {
        let result = call(&client, "analyze_dns_packets", Path::new(name), &json!({})).await;
        assert!(result.is_error == Some(true) && !text(&result).chars().any(is_hidden));
        let error: Value = serde_json::from_str(&text(&result)).unwrap();
        assert!(strings(&error).iter().all(|text| !text.chars().any(is_hidden)), "{error}");
    }
    let arguments = json!({ "pcap_file": names[0], "call_id": "\u{202e}\u{7}" });
    let prompt = rmcp::model::GetPromptRequestParams::new("sip_security_analysis")
        .with_arguments(arguments.as_object().cloned().unwrap());
    let written = json!(client.get_prompt(prompt).await.unwrap());
    let text = written["messages"][0]["content"]["text"].as_str().unwrap();
    assert!(!text.chars().any(|c| is_hidden(c) && c != '\n'), "{text:?}");
    client.cancel().await.unwrap();
}

/// All texts in a value, names of fields among them.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| std::iter::once(name.clone()).chain(strings(value))).collect()
        }
        _ => Vec::new(),
    }
}

/// All texts in a value with the names of their fields.
fn named(value: &Value, name: &str) -> Vec<(String, String)> {
    match value {
        Value::String(text) => vec![(name.to_owned(), text.clone())],
        Value::Array(values) => values.iter().flat_map(|value| named(value, name)).collect(),
        Value::Object(fields) => fields.iter().flat_map(|(name, value)| named(value, name)).collect(),
        _ => Vec::new(),
    }
}

/// Numbers that look random and are the same each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[tokio::test]
async fn every_report_on_every_capture_fits_its_budget_and_its_schema_and_shows_nothing_hidden() {
    let client = client().await;
    let tools = analyses(&client).await;
    let mut checked = Vec::new();
    for tool in &tools {
        let complete = complete_schema(&client, &tool.name).await;
        let shallow = jsonschema::validator_for(&json!(tool.output_schema)).unwrap();
        checked.push((tool, jsonschema::validator_for(&complete).unwrap(), shallow));
    }
    let mut random = Random(42);
    let mut answered = 0;
    for capture in captures() {
        for (tool, schema, shallow) in &checked {
            for max_chars in [2_000, 2_000 + random.below(10_000), 2_000 + random.below(198_000)] {
                let mut arguments = json!({ "max_chars": max_chars });
                match tool.name.as_ref() {
                    "analyze_traffic_flow" => arguments["server_ip"] = "192.0.2.53".into(),
                    "analyze_tcp_connections" => arguments["detailed"] = true.into(),
                    "get_frames" => arguments["frames"] = json!([1, 2, 3, 10, 17, 24]),
                    _ => {}
                }
                let result = call(&client, &tool.name, &capture, &arguments).await;
                let text = text(&result);
                assert!(!text.chars().any(is_hidden), "{} {}", tool.name, capture.display());
                let Some(report) = result.structured_content else { continue };
                answered += 1;
                let place = format!("{} {} {max_chars}", tool.name, capture.display());
                assert!(text.chars().count() as u64 <= max_chars, "{place}: {}", text.chars().count());
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), report, "{place}");
                if let Some(error) = schema.iter_errors(&report).chain(shallow.iter_errors(&report)).next() {
                    panic!("{place}: {error} at {}", error.instance_path());
                }
                assert!(report.get("warning").is_none(), "{place}: {report}");
            }
        }
    }
    assert!(answered > 1_000, "{answered}");
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn frames_and_times_choose_what_is_analysed() {
    let client = client().await;
    let (tool, capture) = ("analyze_dns_packets", example("dns.pcap"));
    let whole = report(&client, tool, &capture, &json!({ "max_chars": 1_000_000 })).await;
    let packets = whole["packets"].as_array().unwrap();
    let frames = |report: &Value| -> Vec<u64> {
        report["packets"].as_array().unwrap().iter().map(|packet| packet["frame"].as_u64().unwrap()).collect()
    };
    let all = frames(&whole);
    let (from, to) = (all[20], all[40]);
    let chosen =
        report(&client, tool, &capture, &json!({ "first_frame": from, "last_frame": to, "max_chars": 1_000_000 }))
            .await;
    assert_eq!(frames(&chosen), all[20..=40]);
    assert_eq!(chosen["matched_packets"], to - from + 1);
    assert_eq!((&chosen["capture"]["read_to_frame"], chosen.get("total_packets")), (&json!(to), None));
    assert!(chosen["capture"].get("complete").is_none());
    let (start, end) = (&packets[20]["timestamp"], &packets[40]["timestamp"]);
    let timed =
        report(&client, tool, &capture, &json!({ "start_time": start, "end_time": end, "max_chars": 1_000_000 })).await;
    assert_eq!(frames(&timed), all[20..=40]);
    assert_eq!(timed["capture"]["complete"], true);
    for (arguments, words) in [
        (json!({ "first_frame": 9, "last_frame": 8 }), "last_frame"),
        (json!({ "start_time": "soon" }), "start_time"),
        (json!({ "first_frame": 0 }), "first_frame"),
        (json!({ "max_chars": 1999 }), "max_chars"),
        (json!({ "limit": 1001 }), "limit"),
    ] {
        let error = refusal(&client, tool, &capture, &arguments).await;
        assert!(error["error"].as_str().unwrap().contains(words), "{error}");
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn host_and_port_choose_what_is_analysed_alike_for_all_tools() {
    let client = client().await;
    // Frames 45 and 46: a request to the host and the error about it (tshark: ip.addr == 198.18.2.1).
    let arguments = json!({ "host": "198.18.2.1" });
    let icmp = report(&client, "analyze_icmp_packets", &example("icmp.pcap"), &arguments).await;
    let frames: Vec<&Value> = icmp["packets"].as_array().unwrap().iter().map(|packet| &packet["frame"]).collect();
    assert_eq!(frames, [45, 46]);
    assert_eq!((&icmp["matched_packets"], &icmp["icmp_packets_found"]), (&json!(2), &json!(2)));
    let other = report(&client, "analyze_tcp_connections", &example("icmp.pcap"), &arguments).await;
    assert_eq!(other["matched_packets"], 2);
    // tshark -Y 'udp.port == 5353': mDNS alone.
    let mdns = report(&client, "analyze_dns_packets", &example("dns.pcap"), &json!({ "port": 5353 })).await;
    let services = mdns["statistics"]["services"].as_array().unwrap();
    assert!(services.len() == 1 && services[0]["service"] == "mdns", "{services:?}");
    let network = report(&client, "analyze_dns_packets", &example("dns.pcap"), &json!({ "host": "0.0.0.0/0" })).await;
    assert!(network["dns_packets_found"].as_u64().unwrap() > 100);
    for (arguments, name) in [(json!({ "host": "router" }), "host"), (json!({ "port": 0 }), "port")] {
        let error = refusal(&client, "analyze_dns_packets", &example("dns.pcap"), &arguments).await;
        assert_eq!(error["code"], "bad_argument");
        assert!(error["error"].as_str().unwrap().contains(&format!("argument {name}")), "{error}");
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn frames_that_a_report_cites_can_be_looked_at() {
    let client = client().await;
    let capture = example("dns.pcap");
    let findings = report(&client, "analyze_dns_packets", &capture, &json!({ "section": ["findings"] })).await;
    let cited = &findings["findings"][0]["frames"];
    let shown =
        report(&client, "get_frames", &capture, &json!({ "frames": cited, "detail": true, "max_chars": 200_000 }))
            .await;
    assert_eq!(shown["packets"].as_array().unwrap().len(), cited.as_array().unwrap().len());
    assert_eq!(shown["packets"][0]["frame"], cited[0]);
    assert!(shown["packets"][0]["protocols"].as_str().unwrap().starts_with("eth:ip"));
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn two_processes_give_the_same_octets_and_the_same_receipt() {
    let (one, other) = (client().await, client().await);
    for tool in ["analyze_dns_packets", "analyze_capinfos"] {
        let (a, b) = (
            call(&one, tool, &example("dns.pcap"), &json!({})).await,
            call(&other, tool, &example("dns.pcap"), &json!({})).await,
        );
        let timeless = |result: &CallToolResult| {
            let mut result = json!(result);
            let meta = result["_meta"].as_object_mut().unwrap();
            assert!(meta.remove("mcpcap/seconds").unwrap().as_f64().unwrap() > 0.0);
            result.to_string()
        };
        assert_eq!(timeless(&a), timeless(&b));
        let receipt = json!(a.meta)["mcpcap/receipt"].clone();
        let hash = mcpcap::digest::hex_sha256(&std::fs::read(example("dns.pcap")).unwrap());
        assert_eq!(receipt["capture"]["sha256"], hash);
        assert_eq!(receipt["capture"]["size"], std::fs::metadata(example("dns.pcap")).unwrap().len());
        assert_eq!(receipt["component"]["sha256"].as_str().unwrap().len(), 64);
        assert!(receipt["used"]["memory_octets"].as_u64().unwrap() > 1 << 16, "{receipt}");
        assert_eq!(receipt["stopped_early"], Value::Null);
        let findings = a.structured_content.unwrap()["findings"].as_array().unwrap().clone();
        let ids: std::collections::BTreeSet<&str> =
            findings.iter().filter_map(|finding| finding["id"].as_str()).collect();
        assert_eq!(ids.len(), findings.iter().filter(|finding| finding.is_object()).count());
    }
    one.cancel().await.unwrap();
    other.cancel().await.unwrap();
}

#[tokio::test]
async fn the_servers_flag_sets_the_usual_budget() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.args(["--max-report-chars", "5000"]);
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    let report = report(&client, "analyze_dns_packets", &example("dns.pcap"), &json!({})).await;
    assert!((4_000..=5_000).contains(&characters(&report)), "{}", characters(&report));
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn text_alone_has_no_schemas() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.arg("--text-only");
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    assert!(analyses(&client).await.iter().all(|tool| tool.output_schema.is_none()));
    let result = call(&client, "analyze_dns_packets", &example("dns.pcap"), &json!({})).await;
    assert!(result.structured_content.is_none());
    assert_eq!(serde_json::from_str::<Value>(&text(&result)).unwrap()["dns_packets_found"], 227);
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn no_schema_leaves_an_object_open() {
    let client = client().await;
    for tool in analyses(&client).await {
        let complete = complete_schema(&client, &tool.name).await;
        closed(&complete, &tool.name);
        let title = complete["title"].as_str().unwrap().to_owned();
        assert!(title.starts_with(tool.name.as_ref()) && title.ends_with(env!("CARGO_PKG_VERSION")), "{title}");
    }
    client.cancel().await.unwrap();
}

fn closed(schema: &Value, place: &str) {
    match schema {
        Value::Object(object) => {
            assert!(!object.keys().any(|key| key.starts_with("x-")), "{place}");
            if object.get("type").is_some_and(|kind| kind == "object") {
                assert!(object.contains_key("properties"), "{place}: {schema}");
                assert_eq!(object.get("additionalProperties"), Some(&json!(false)), "{place}: {schema}");
            }
            object.iter().for_each(|(name, inner)| closed(inner, &format!("{place}.{name}")));
        }
        Value::Array(schemas) => schemas.iter().for_each(|schema| closed(schema, place)),
        _ => {}
    }
}

#[tokio::test]
async fn a_client_that_does_not_know_structured_content_gets_the_report_once() {
    for (version, structured) in
        [("2024-11-05", false), ("2025-03-26", false), ("2025-06-18", true), ("2025-11-25", true)]
    {
        let lines = [
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } }),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
                "name": "analyze_dns_packets", "arguments": { "pcap_file": example("dns.pcap") } } }),
        ];
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let output = converse(&input, 2).await;
        let result = output.iter().find(|message| message["id"] == 2).expect("an answer")["result"].clone();
        assert_eq!(result["structuredContent"].is_object(), structured, "{version}");
        let report: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(report["dns_packets_found"], 227);
    }
}

/// Sends lines to a server and reads until it has given so many answers.
async fn converse(input: &str, answers: usize) -> Vec<Value> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the server starts");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut messages = Vec::new();
    while messages.len() < answers {
        let line = lines.next_line().await.unwrap().expect("an answer");
        messages.push(serde_json::from_str(&line).expect("JSON"));
    }
    messages
}
