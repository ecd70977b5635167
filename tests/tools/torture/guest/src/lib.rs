//! An analyzer that misbehaves in the export, and in the way, that somebody wrote into the compiled component: `feed spin`.
#![cfg(target_arch = "wasm32")]

use std::hint::black_box;

wit_bindgen::generate!({ path: "../../../../wit", world: "analyzer" });

use exports::mcpcap::analysis::analyze::{Batch, Guest, Packets, Problem};

/// Found by its mark, and replaced.
static BEHAVIOUR: [u8; 64] = *b"@behaviour@                                                     ";

struct Torture;

export!(Torture);

/// Misbehaves if it is this export's turn. What it returns is too long, if anything.
fn misbehave(export: &str) -> Option<String> {
    // What the compiler knows of the text is not what is there.
    let text = String::from_utf8_lossy(black_box(&BEHAVIOUR)).into_owned();
    let way = text.trim().strip_prefix(export)?.trim_start();
    match way {
        "spin" => spin(),
        "panic" => panic!("in {export}"),
        "recurse" => _ = black_box(recurse(black_box(1))),
        "memory" => grow(),
        "words" => (0..10_000_000_u64).for_each(|n| eprintln!("line {n} \u{1b}[31m")),
        "flood" => return Some("x".repeat(60 << 20)),
        _ => {}
    }
    schema(way)
}

/// Descriptions that are much work.
fn schema(way: &str) -> Option<String> {
    let one = |report: &str| description(&tool("torture_run", "d", report));
    match way {
        "subschemas" => Some(one(&with_items(&format!(r#"{{"allOf":[{}]}}"#, vec!["{}"; 13_000].join(","))))),
        "deep" => Some(one(&with_items(&format!("{}{{}}{}", r#"{"not":"#.repeat(4_000), "}".repeat(4_000))))),
        "pattern" => {
            Some(one(&with_items(&format!(r#"{{"type":"string","pattern":"^({}a)*$"}}"#, "a?".repeat(5_000)))))
        }
        "texts" => Some(description(&tool("torture_run", &"words ".repeat(1 << 21), "{}"))),
        "tools" => {
            let tools: Vec<String> =
                (0..50_000).map(|n| tool(&format!("torture_{n}"), "d", r#"{"type":"object"}"#)).collect();
            Some(description(&tools.join(",")))
        }
        _ => None,
    }
}

fn with_items(items: &str) -> String {
    format!(r#"{{"type":"object","properties":{{"packets":{{"type":"array","items":{items}}}}}}}"#)
}

fn tool(name: &str, text: &str, report: &str) -> String {
    format!(r#"{{"name":"{name}","title":"t","description":"{text}","arguments":{{}},"report":{report}}}"#)
}

fn description(tools: &str) -> String {
    let prompts = r#"[{"name":"torture_prompt","title":"t","description":"d","arguments":[]}]"#;
    format!(r#"{{"name":"torture","version":"0.1.0","tools":[{tools}],"prompts":{prompts}}}"#)
}

impl Guest for Torture {
    fn describe() -> String {
        let report = r#"{"type":"object","properties":{"packets":{"type":"array"}}}"#;
        misbehave("describe").unwrap_or_else(|| description(&tool("torture_run", "d", report)))
    }

    fn prompt(_: String, _: String) -> Result<String, Problem> {
        Ok(misbehave("prompt").unwrap_or_else(|| "a prompt".into()))
    }

    fn open(_: String, _: String) -> Result<(), Problem> {
        misbehave("open");
        Ok(())
    }

    fn feed(_: Batch, _: Packets) -> Result<bool, Problem> {
        misbehave("feed");
        Ok(true)
    }

    fn finish(_: String) -> Result<String, Problem> {
        Ok(misbehave("finish").unwrap_or_else(|| r#"{"packets":[]}"#.into()))
    }
}

fn spin() {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

fn recurse(n: u64) -> u64 {
    let frame = black_box([n; 64]);
    if black_box(true) { recurse(n + 1) + frame[5] } else { 0 }
}

/// Takes memory until there is no more, and keeps it.
fn grow() {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}
