//! Messages as they stand on the wire over stdio, written by hand: what a client library would hide.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{example, root};

/// A server over stdio in the project's folder, after the handshake of a revision.
fn server(revision: &str, arguments: &[&std::ffi::OsStr]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } });
    say(&mut child, &hello);
    say(&mut child, &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
    child
}

fn say(child: &mut Child, message: &Value) {
    writeln!(child.stdin.as_mut().unwrap(), "{message}").unwrap();
}

/// Sends requests, numbered from 1, and then nothing more: all that the server says before it ends by itself.
fn exchange(requests: &[(&str, Value)]) -> Vec<Value> {
    let mut child = server("2025-11-25", &[]);
    for (id, (method, params)) in requests.iter().enumerate() {
        say(&mut child, &json!({ "jsonrpc": "2.0", "id": id + 1, "method": method, "params": params }));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("nothing but JSON")).collect()
}

/// A server that is asked one thing after the other.
pub struct Dialog {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
}

impl Dialog {
    fn begin(revision: &str) -> Self {
        Self::with(revision, &[])
    }

    /// With arguments of the command line.
    pub fn with(revision: &str, arguments: &[&std::ffi::OsStr]) -> Self {
        let mut child = server(revision, arguments);
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, out }
    }

    /// All that is said up to the answer, and that.
    pub fn ask(&mut self, id: u64, method: &str, params: Value) -> Vec<Value> {
        say(&mut self.child, &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let mut said = Vec::new();
        for line in &mut self.out {
            said.push(serde_json::from_str::<Value>(&line.unwrap()).unwrap());
            if said.last().is_some_and(|message| message["id"] == id) {
                break;
            }
        }
        said
    }
}

impl Dialog {
    /// Asks without waiting for an answer.
    pub fn tell(&mut self, id: u64, method: &str, params: Value) {
        say(&mut self.child, &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
    }

    /// The next thing that is said.
    pub fn hear(&mut self) -> Value {
        serde_json::from_str(&self.out.next().expect("the server lives").unwrap()).unwrap()
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub fn answer(said: &[Value], id: u64) -> &Value {
    said.iter().find(|message| message["id"] == id && message.get("method").is_none()).expect("an answer")
}

#[test]
fn what_was_asked_before_the_end_is_answered() {
    let call = json!({ "name": "analyze_dns_packets", "arguments": { "pcap_file": "examples/captures/dns.pcap" } });
    let requests: Vec<(&str, Value)> = (0..8).map(|_| ("tools/call", call.clone())).collect();
    let said = exchange(&requests);
    assert!((1..=8).all(|id| answer(&said, id)["result"]["isError"] == false));
}

#[test]
fn arguments_are_completed() {
    let complete = |kind: &str, field: &str, name: &str, argument: &str, typed: &str| {
        let params = json!({ "ref": { "type": kind, field: name }, "argument": { "name": argument, "value": typed } });
        ("completion/complete", params)
    };
    let said = exchange(&[
        complete("ref/prompt", "name", "triage", "pcap_file", "dns.p"),
        complete("ref/prompt", "name", "analyze_capinfos", "section", "comm"),
        complete("ref/resource", "uri", "mcpcap://guide/{tool}", "tool", "ANALYZE_TCP"),
        complete("ref/resource", "uri", "mcpcap://capture/{+path}", "path", "examples/captures/sip"),
        complete("ref/prompt", "name", "nothing", "pcap_file", ""),
        complete("ref/prompt", "name", "triage", "nothing", ""),
    ]);
    let values = |id: u64| answer(&said, id)["result"]["completion"]["values"].clone();
    let whole = std::fs::canonicalize(example("dns.pcap")).unwrap();
    assert!(values(1).as_array().unwrap().contains(&json!(whole)), "{}", values(1));
    assert_eq!(values(2), json!(["comments", "comments.texts"]));
    assert_eq!(values(3), json!(["analyze_tcp_connections", "analyze_tcp_anomalies", "analyze_tcp_retransmissions"]));
    assert_eq!(values(4), json!(["examples/captures/sip.pcap"]));
    assert!((5..=6).all(|id| answer(&said, id)["error"]["code"] == -32602));
}

#[test]
fn a_client_is_told_what_it_wants_to_know_and_no_more() {
    let good = json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": "examples/captures/dns.pcap" } });
    let bad = json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": "nowhere.pcap" } });
    let told = |said: &[Value]| -> Vec<(String, String)> {
        let notes = said.iter().filter(|message| message["method"] == "notifications/message");
        notes.map(|note| (note["params"]["level"].to_string(), note["params"]["data"]["tool"].to_string())).collect()
    };
    assert_eq!(told(&exchange(&[("tools/call", bad.clone())])), [], "nobody asked");
    let mut dialog = Dialog::begin("2025-06-18");
    let tool = "\"analyze_capinfos\"".to_owned();
    dialog.ask(1, "logging/setLevel", json!({ "level": "warning" }));
    assert_eq!(told(&dialog.ask(2, "tools/call", good.clone())), []);
    assert_eq!(told(&dialog.ask(3, "tools/call", bad)), [("\"error\"".into(), tool.clone())]);
    dialog.ask(4, "logging/setLevel", json!({ "level": "debug" }));
    assert_eq!(told(&dialog.ask(5, "tools/call", good)), [("\"info\"".into(), tool)]);
}

#[test]
fn a_cursor_that_is_none_of_ours_is_refused_by_every_list() {
    let lists = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"];
    let wrong = lists.map(|method| (method, json!({ "cursor": "nonsense" })));
    let said = exchange(&wrong);
    assert!((1..=4).all(|id| answer(&said, id)["error"]["code"] == -32602));
}

#[test]
fn progress_rises_and_only_who_asks_is_told() {
    let call = |meta: Value| {
        let arguments = json!({ "pcap_file": "examples/captures/dns.pcap" });
        json!({ "name": "analyze_capinfos", "arguments": arguments, "_meta": meta })
    };
    let mut dialog = Dialog::begin("2025-11-25");
    let quiet = dialog.ask(1, "tools/call", call(json!({})));
    assert!(!quiet.iter().any(|message| message["method"] == "notifications/progress"));
    let said = dialog.ask(2, "tools/call", call(json!({ "progressToken": "mine" })));
    let notes: Vec<&Value> = said.iter().filter(|note| note["method"] == "notifications/progress").collect();
    assert!(!notes.is_empty() && notes.iter().all(|note| note["params"]["progressToken"] == "mine"));
    for note in &notes {
        let message = note["params"]["message"].as_str().unwrap();
        assert!(message.contains(" %, ") && message.ends_with(" packets"), "{message}");
    }
    let done: Vec<f64> = notes.iter().map(|note| note["params"]["progress"].as_f64().unwrap()).collect();
    assert!(done.is_sorted_by(|a, b| a < b), "{done:?}");
}

/// Of a compressed capture the file's bytes count, not what they become.
#[test]
fn progress_of_a_compressed_capture_is_that_of_its_file() {
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    let frame = |number: u32| [[number, 0, 60, 60].map(u32::to_le_bytes).concat(), vec![0; 60]].concat();
    let capture: Vec<u8> = head.into_iter().chain((0..100_000).flat_map(frame)).collect();
    let gzip =
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), miniz_oxide::deflate::compress_to_vec(&capture, 6), vec![0; 8]]
            .concat();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &gzip).unwrap();
    let mut dialog = Dialog::with("2025-11-25", &[]);
    let call = json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": file.path() }, "_meta": { "progressToken": 1 } });
    let said = dialog.ask(1, "tools/call", call);
    let notes: Vec<&Value> = said.iter().filter(|note| note["method"] == "notifications/progress").collect();
    let last = notes.last().expect("a note");
    for note in &notes {
        assert_eq!(note["params"]["total"], gzip.len() as f64, "{note}");
        assert!(note["params"]["progress"].as_f64().unwrap() <= gzip.len() as f64, "{note}");
    }
    assert!(last["params"]["message"].as_str().unwrap().ends_with(" packets"), "{last}");
}

/// A capture of one long run of empty frames.
fn long_capture() -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    file.write_all(&head).unwrap();
    let frame = [[0_u32, 0, 60, 60].map(u32::to_le_bytes).concat(), vec![0; 60]].concat().repeat(10_000);
    for _ in 0..400 {
        file.write_all(&frame).unwrap();
    }
    file
}

#[test]
fn a_cancelled_call_is_never_answered_and_makes_room() {
    let long = long_capture();
    let mut child = server("2025-11-25", &[]);
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    out.next().unwrap().unwrap();
    let call = |id: u64, file: &std::path::Path| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": "analyze_dns_packets", "arguments": { "pcap_file": file }, "_meta": { "progressToken": id } } })
    };
    // More than there are places, so that the next one waits until these are gone.
    let many = u64::try_from(std::thread::available_parallelism().unwrap().get()).unwrap() + 2;
    for id in 1..=many {
        say(&mut child, &call(id, long.path()));
    }
    // One has begun.
    while !out.next().unwrap().unwrap().contains("notifications/progress") {}
    for id in 1..=many {
        say(
            &mut child,
            &json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id } }),
        );
    }
    say(&mut child, &call(100, &example("dns.pcap")));
    let answered = out.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let first = answered.into_iter().find(|message| message.get("method").is_none()).unwrap();
    assert_eq!(first["id"], 100, "the others are not answered");
    drop(child.stdin.take());
    child.wait().unwrap();
}
