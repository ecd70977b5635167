//! Hidden characters in names of files, options, methods and arguments: none leaves the program as it is, over whichever way.

use std::process::{Command, Output};

use mcpcap::text::is_hidden;
use serde_json::{Value, json};

use crate::http::{call, sent};
use crate::support::http::Http;
use crate::support::{crafted, example};
use crate::wire::{Dialog, answer};

/// A name that commands a terminal, turns text round, and has letters that nobody sees.
const NAME: &str = "a\u{1b}[2J\u{202e}fdp\u{200b}\u{e0041}.pcap";
const SHOWN: &str = "a\\u{1b}[2J\\u{202e}fdp\\u{200b}\\u{e0041}.pcap";

fn harmless(text: &str, what: &str) {
    let hidden = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t'));
    assert_eq!(hidden, None, "{what}: {text:?}");
}

fn strings(value: &Value, what: &str) {
    match value {
        Value::String(text) => harmless(text, what),
        Value::Array(values) => values.iter().for_each(|value| strings(value, what)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            harmless(name, what);
            strings(value, what);
        }),
        _ => {}
    }
}

#[test]
fn names_of_captures_are_shown_harmless_and_lead_back() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(example("dns.pcap"), folder.path().join(NAME)).unwrap();
    let root = folder.path().as_os_str();
    let mut server = Dialog::with("2025-11-25", &["--root".as_ref(), root]);
    let listed = server.ask(1, "resources/list", json!({}));
    let resources = answer(&listed, 1)["result"]["resources"].clone();
    let is_capture = |resource: &&Value| resource["uri"].as_str().unwrap().starts_with("mcpcap://capture/");
    let uri = resources.as_array().unwrap().iter().find(is_capture).unwrap()["uri"].clone();
    let read = server.ask(2, "resources/read", json!({ "uri": uri }));
    let about = answer(&read, 2)["result"]["contents"][0]["text"].as_str().unwrap();
    let about: Value = serde_json::from_str(about).expect("JSON");
    let path = about["pcap_file"].as_str().unwrap();
    assert!(path.ends_with(SHOWN) && about["report"]["packet_count"] == 282, "{about}");
    // As it was told, it is found again.
    let call = json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": path } });
    let said = server.ask(3, "tools/call", call);
    assert_eq!(answer(&said, 3)["result"]["structuredContent"]["packet_count"], 282);
    for (id, method) in [(4, NAME), (5, "tools/call"), (6, "prompts/get"), (7, "resources/read")] {
        let said = server.ask(id, method, json!({ "name": NAME, "uri": NAME, "arguments": { NAME: NAME } }));
        assert!(answer(&said, id).to_string().contains("\\\\u{202e}"), "{said:?}");
        said.iter().for_each(|message| strings(message, method));
    }
    listed.iter().chain(&read).chain(&said).for_each(|message| strings(message, "captures"));
}

fn mcpcap(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcpcap")).args(arguments).output().expect("it starts")
}

#[test]
fn a_terminal_gets_nothing_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let (capture, audit) = (crafted("dns_two.pcap").display().to_string(), inside(NAME));
    std::fs::write(inside(&format!("{NAME}.wasm")), "no component").unwrap();
    let folder = folder.path().to_str().unwrap();
    for arguments in [
        &[NAME][..],
        &["--transport", NAME],
        &["--max-packets", NAME],
        &["tools", "--modules", NAME],
        &["doctor", "--root", NAME],
        &["analyzer", "list", "--lock-file", NAME, "--analyzers", folder],
        &["analyzer", "list", "--analyzers", folder],
        &["tools", "--analyzer", NAME],
        &["--auth-token-file", NAME, "--transport", "http"],
        &["analyze", "analyze_capinfos", &capture, "--audit-log", "/proc/self/\u{202e}\u{1b}"],
        &["analyze", "analyze_capinfos", &capture, "--audit-log", &audit],
        &["analyze", NAME, &capture],
        &["analyze", "analyze_capinfos", NAME],
        &["analyze", "analyze_capinfos", &capture, "--arg", &format!("{NAME}=1")],
        &["analyze", "analyze_dns_packets", &capture, "--arg", &format!("section=[\"{NAME}\"]")],
        &["analyzer", "check", NAME],
        &["analyzer", "approve", NAME, "--yes"],
        &["analyzer", "new", NAME],
        &["completions", NAME],
        &["doctor", NAME],
    ] {
        let output = mcpcap(arguments);
        for text in [&output.stdout, &output.stderr] {
            harmless(&String::from_utf8_lossy(text), &arguments.join(" "));
        }
    }
}

#[tokio::test]
async fn over_http_and_in_the_audit_log_nothing_is_hidden_or_endless() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.log");
    let http = Http::start(&["--audit-log", log.to_str().unwrap()]).await;
    let long = "x".repeat(30_000);
    for arguments in [
        json!({ "pcap_file": NAME }),
        json!({ "pcap_file": " http://user:secret@127.0.0.1:1/x" }),
        json!({ "pcap_file": "x", NAME: NAME }),
        json!({ "pcap_file": "x", "name": long }),
    ] {
        let (status, body) = sent(&http, call("analyze_dns_packets", &arguments)).await;
        harmless(&body.replace('\r', ""), "HTTP");
        assert!(status == 200 && !body.contains("secret"), "{status} {body}");
    }
    drop(http);
    let log = std::fs::read_to_string(log).unwrap();
    harmless(&log, "audit");
    assert!(!log.contains("secret") && log.len() < 12_000 && log.lines().count() == 4, "{log}");
    for line in log.lines() {
        strings(&serde_json::from_str(line).unwrap(), "audit");
    }
}
