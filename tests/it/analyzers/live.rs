//! Analyzers that come, change and go while a client is connected.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Place, description, speaker};
use crate::support::example;
use crate::wire::{Dialog, answer};

/// A client and a server that knows the place.
struct Session<'a> {
    dialog: Dialog,
    place: &'a Place,
    asked: u64,
}

impl<'a> Session<'a> {
    fn begin(place: &'a Place) -> Self {
        Self { dialog: Dialog::with("2025-11-25", &place.arguments()), place, asked: 0 }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let said = self.dialog.ask(self.asked, method, params);
        answer(&said, self.asked).clone()
    }

    /// Names of the tools of others.
    fn foreign(&mut self) -> Vec<String> {
        let answer = self.ask("tools/list", json!({}));
        let tools = answer["result"]["tools"].as_array().unwrap();
        let names = tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
        names.filter(|name| name.ends_with("_count")).collect()
    }

    /// Waits until it is said that all lists changed.
    fn hear_of_change(&mut self) {
        for list in ["tools", "prompts", "resources"] {
            assert_eq!(self.dialog.hear()["method"], format!("notifications/{list}/list_changed"));
        }
    }

    fn put(&mut self, file: &str, name: &str, version: &str) {
        let mut text = description(name);
        text["version"] = version.into();
        self.place.put(file, &speaker(&text));
    }
}

#[test]
fn a_server_notices_what_comes_changes_and_goes() {
    let place = Place::new();
    let mut session = Session::begin(&place);
    let hello = session.dialog.hear();
    let capabilities = &hello["result"]["capabilities"];
    assert_eq!(
        (&capabilities["tools"]["listChanged"], &capabilities["prompts"]["listChanged"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(session.foreign(), [""; 0]);
    session.put("a.wasm", "alpha", "1.0.0");
    session.hear_of_change();
    assert_eq!(session.foreign(), ["alpha_count"]);
    session.put("b.wasm", "beta", "1.0.0");
    session.hear_of_change();
    assert_eq!(session.foreign(), ["alpha_count", "beta_count"]);
    let capture = example("dns.pcap");
    let call = session.ask("tools/call", json!({ "name": "beta_count", "arguments": { "pcap_file": capture } }));
    let result = &call["result"];
    assert_eq!(result["structuredContent"]["frames"], result["structuredContent"]["total_packets"], "{result}");
    assert_eq!(result["_meta"]["mcpcap/receipt"]["component"]["version"], "1.0.0", "{result}");
    session.put("b.wasm", "beta", "2.0.0");
    session.hear_of_change();
    let call = session.ask("tools/call", json!({ "name": "beta_count", "arguments": { "pcap_file": capture } }));
    assert_eq!(call["result"]["_meta"]["mcpcap/receipt"]["component"]["version"], "2.0.0");
    std::fs::remove_file(place.path().join("a.wasm")).unwrap();
    session.hear_of_change();
    assert_eq!(session.foreign(), ["beta_count"]);
    let gone = session.ask("tools/call", json!({ "name": "alpha_count", "arguments": { "pcap_file": capture } }));
    assert!(gone["error"]["message"].as_str().unwrap().contains("Unknown tool"), "{gone}");
}

#[test]
fn nobody_is_told_of_a_change_that_is_in_no_list() {
    let place = Place::new();
    let mut session = Session::begin(&place);
    session.dialog.hear();
    // It is found, looked at twice and refused.
    place.put("no-component.wasm", b"nothing that could run");
    std::thread::sleep(Duration::from_secs(4));
    let said = session.dialog.ask(1, "tools/list", json!({}));
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn what_is_kept_from_before_is_in_the_first_list_and_nobody_waits_for_what_is_not() {
    let place = Place::new();
    for name in ["alpha", "beta"] {
        place.put(&format!("{name}.wasm"), &speaker(&description(name)));
    }
    // Compiling takes a while; a call waits for the tool that it names.
    let mut session = Session::begin(&place);
    session.dialog.hear();
    for name in ["alpha_count", "beta_count"] {
        let call = json!({ "name": name, "arguments": { "pcap_file": example("dns.pcap") } });
        let answer = session.ask("tools/call", call);
        assert_eq!(answer["result"]["isError"], json!(false), "{answer}");
    }
    drop(session);
    let mut session = Session::begin(&place);
    session.dialog.hear();
    assert_eq!(session.foreign(), ["alpha_count", "beta_count"]);
    let guide = session.ask("resources/read", json!({ "uri": "mcpcap://guide/beta_count" }));
    assert!(guide["result"]["contents"][0]["text"].as_str().unwrap().contains("of a third party"), "{guide}");
}

#[test]
fn an_analyzer_that_takes_long_to_compile_holds_up_no_tool_of_ours() {
    let place = Place::new();
    // Much code in one component.
    place.put("slow.wasm", &slow("slow", &module(100)));
    let mut session = Session::begin(&place);
    session.dialog.hear();
    assert_eq!(session.foreign(), [""; 0]);
    let call = json!({ "name": "analyze_dns_packets", "arguments": { "pcap_file": example("dns.pcap") } });
    assert!(session.ask("tools/call", call)["result"]["structuredContent"]["dns_packets_found"].is_u64());
    let mut there = session.foreign();
    while there.is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(50));
        there = session.foreign();
    }
    assert_eq!(there, ["slow_count"]);
}

#[test]
fn a_slow_analyzer_delays_no_other() {
    let place = Place::new();
    // It would be the first.
    place.put("a.wasm", &slow("slow", &module(300)));
    place.put("b.wasm", &speaker(&description("quick")));
    let mut session = Session::begin(&place);
    session.dialog.hear();
    let call = json!({ "name": "quick_count", "arguments": { "pcap_file": example("dns.pcap") } });
    // Without waiting for the slow one.
    assert_eq!(session.ask("tools/call", call)["result"]["isError"], json!(false));
    assert_eq!(session.foreign(), ["quick_count"]);
    let mut there = session.foreign();
    while there.len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        there = session.foreign();
    }
    assert_eq!(there, ["slow_count", "quick_count"]);
}

#[test]
fn loading_all_together_has_a_limit() {
    let place = Place::new();
    let module = module(300);
    for n in 0..6 {
        place.put(&format!("{n}.wasm"), &slow(&format!("slow{n}"), &module));
    }
    let said = place.list(&["--load-time", "1"]);
    assert!(said.contains("all analyzers of others together may take 1 s to load (--load-time)"), "{said}");
    // None is lost, and no compiler goes on.
    assert_eq!(said.matches("sha256").count(), 6, "{said}");
}

/// A module with so many large functions, which takes a while to compile.
fn module(functions: usize) -> Vec<u8> {
    let body = "(local.set 0 (i32.mul (local.get 0) (i32.const 3)))".repeat(2000);
    wat::parse_str(format!("(module {})", format!("(func (local i32) {body})").repeat(functions))).unwrap()
}

/// An analyzer that has a module which is never run.
fn slow(name: &str, module: &[u8]) -> Vec<u8> {
    let mut wasm = speaker(&description(name));
    // A core module section of the component, which nothing instantiates.
    wasm.push(1);
    let mut length = module.len();
    while length >= 0x80 {
        wasm.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    wasm.push(length as u8);
    wasm.extend_from_slice(module);
    wasm
}

#[test]
fn without_analyzers_of_others_nothing_is_said_to_change() {
    let mut dialog = Dialog::with("2025-11-25", &[]);
    let hello = dialog.hear();
    assert_eq!(hello["result"]["capabilities"]["tools"].get("listChanged"), None);
}

#[test]
fn a_client_without_handshake_listens() {
    let place = Place::new();
    let mut dialog = Dialog::with("2025-11-25", &place.arguments());
    dialog.hear();
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" }, "io.modelcontextprotocol/clientCapabilities": {} });
    let params = json!({ "notifications": { "toolsListChanged": true }, "_meta": meta });
    dialog.tell(7, "subscriptions/listen", params);
    assert_eq!(dialog.hear()["method"], "notifications/subscriptions/acknowledged");
    place.put("a.wasm", &speaker(&description("alpha")));
    assert_eq!(dialog.hear()["method"], "notifications/tools/list_changed");
}
