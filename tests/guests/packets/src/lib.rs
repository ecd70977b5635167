//! An analyzer of packets whose tools want different things, or misbehave.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::hint::black_box;

wit_bindgen::generate!({ path: "../../../wit", world: "analyzer" });

use exports::mcpcap::analysis::analyze::{Batch, Guest, Packets, Problem};

/// Its tools, with what they say of themselves besides their schemas.
const TOOLS: [(&str, &str); 7] = [
    ("all", r#""ends": false"#),
    ("udp", r#""ends": false, "wants": { "transports": ["udp"] }"#),
    ("domain", r#""ends": false, "wants": { "transports": ["udp", "tcp"], "ports": [53] }"#),
    ("sated", r#""ends": false"#),
    ("ends", r#""ends": ["at"]"#),
    ("panic_in_feed", r#""ends": false"#),
    ("spin_in_feed", r#""ends": false"#),
];
const REPORT: &str = r#"{"type":"object","properties":{"frames":{"type":"array","items":{"type":"integer"}},
    "seen":{"type":"object"}}}"#;

struct Counting;

export!(Counting);

thread_local! {
    static TOOL: RefCell<String> = const { RefCell::new(String::new()) };
    static FRAMES: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Guest for Counting {
    fn describe() -> String {
        let tools: Vec<String> = TOOLS
            .iter()
            .map(|(name, more)| {
                format!(
                    r#"{{"name":"{name}","title":"t","description":"d","arguments":{{"type":"object","properties":
                    {{"at":{{"type":"integer"}}}}}},"report":{REPORT},{more}}}"#
                )
            })
            .collect();
        format!(r#"{{"name":"packets","version":"0.2.0","tools":[{}]}}"#, tools.join(","))
    }

    fn prompt(_: String, _: String) -> Result<String, Problem> {
        Ok(String::new())
    }

    fn open(tool: String, _: String) -> Result<(), Problem> {
        TOOL.set(tool);
        Ok(())
    }

    fn feed(batch: Batch, packets: Packets) -> Result<bool, Problem> {
        let tool = TOOL.with_borrow(String::clone);
        // What is handed over belongs together.
        assert!(packets.row.iter().copied().eq(0..batch.frames.number.len() as u32));
        for (place, captured) in packets.payload.iter().zip(&packets.captured) {
            black_box(&batch.data[*place as usize..][..*captured as usize]);
        }
        FRAMES.with_borrow_mut(|frames| frames.extend(&batch.frames.number));
        match tool.as_str() {
            "panic_in_feed" => panic!("the analyzer gives up on a batch"),
            "spin_in_feed" => loop {
                black_box(0);
            },
            "sated" | "ends" => return Ok(false),
            _ => {}
        }
        Ok(true)
    }

    fn finish(capture: String) -> Result<String, Problem> {
        let frames: Vec<String> = FRAMES.take().iter().map(u64::to_string).collect();
        Ok(format!(r#"{{"frames":[{}],"seen":{capture}}}"#, frames.join(",")))
    }
}
