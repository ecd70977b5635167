//! An analyzer of packets whose tools want different things, or misbehave.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::hint::black_box;

wit_bindgen::generate!({ path: "../../../wit", world: "tabled-analyzer" });

use exports::mcpcap::analysis::analyze::{Batch, Guest, Packets, Problem, Streams};
use exports::mcpcap::analysis::tables::{self, Cells, Column, Rows, Texts};

/// Its tools, with what they say of themselves besides their schemas.
const TOOLS: [(&str, &str); 9] = [
    ("all", r#""ends": false"#),
    ("finds", r#""ends": false"#),
    ("udp", r#""ends": false, "wants": { "transports": ["udp"] }"#),
    ("domain", r#""ends": false, "wants": { "transports": ["udp", "tcp"], "ports": [53] }"#),
    ("streams", r#""ends": false, "streams": true, "wants": { "transports": [] }"#),
    ("sated", r#""ends": false"#),
    ("ends", r#""ends": ["at"]"#),
    ("panic_in_feed", r#""ends": false"#),
    ("spin_in_feed", r#""ends": false"#),
];
/// Its tables, by what is wrong with their rows.
const TABLES: [&str; 14] = [
    "honest",
    "uncited",
    "future",
    "lengths",
    "columns",
    "kind",
    "ends",
    "character",
    "unicode",
    "absent",
    "unwanted",
    "empty",
    "endless",
    "spin",
];
const REPORT: &str = r#"{"type":"object","properties":{"frames":{"type":"array","items":{"type":"integer"}},
    "seen":{"type":"object"},"sent":{"type":"integer"},"findings":{"type":"array","items":{"type":"object","properties":
    {"frames":{"type":"array","items":{"type":"integer"}}}}}}}"#;

struct Counting;

export!(Counting);

thread_local! {
    static TOOL: RefCell<String> = const { RefCell::new(String::new()) };
    /// Bytes that streams carried.
    static SENT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
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
        let tables: Vec<String> = TABLES
            .iter()
            .map(|name| {
                format!(
                    r#"{{"name":"{name}","row":"a frame","tool":"all","columns":[
                    {{"name":"frame","kind":"integer","meaning":"its number"}},
                    {{"name":"word","kind":"text","meaning":"a word","captured":true}}]}}"#
                )
            })
            .collect();
        format!(
            r#"{{"name":"packets","version":"0.2.0","tools":[{}],"tables":[{}]}}"#,
            tools.join(","),
            tables.join(",")
        )
    }

    fn prompt(_: String, _: String) -> Result<String, Problem> {
        Ok(String::new())
    }

    fn open(tool: String, _: String) -> Result<(), Problem> {
        TOOL.set(tool);
        Ok(())
    }

    fn feed(batch: Batch, packets: Packets, streams: Streams) -> Result<bool, Problem> {
        let tool = TOOL.with_borrow(String::clone);
        // What is handed over belongs together.
        assert!(packets.row.iter().copied().eq(0..batch.frames.number.len() as u32));
        for (place, captured) in packets.payload.iter().zip(&packets.captured) {
            black_box(&batch.data[*place as usize..][..*captured as usize]);
        }
        for ((kind, offset), length) in streams.kind.iter().zip(&streams.offset).zip(&streams.length) {
            let size = batch.data.len();
            if *kind <= 2 {
                let (of, at) = match (*offset as usize).checked_sub(size) {
                    None => (&batch.data, *offset as usize),
                    Some(at) => (&streams.joined, at),
                };
                SENT.set(SENT.get() + of[at..][..*length as usize].len());
            }
        }
        FRAMES.with_borrow_mut(|frames| frames.extend(batch.frames.number.iter().chain(&streams.frame)));
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
        let frames = FRAMES.take();
        if TOOL.with_borrow(|tool| tool == "finds") {
            // The frame behind the last one.
            return Ok(format!(r#"{{"findings":[{{"frames":[1,{}]}}]}}"#, frames.len() + 1));
        }
        let frames: Vec<String> = frames.iter().map(u64::to_string).collect();
        Ok(format!(r#"{{"frames":[{}],"seen":{capture},"sent":{}}}"#, frames.join(","), SENT.get()))
    }
}

thread_local! {
    static WANTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static GIVEN: RefCell<usize> = const { RefCell::new(0) };
}

impl tables::Guest for Counting {
    fn want(tables: Vec<String>) -> Result<(), Problem> {
        WANTED.set(tables);
        Ok(())
    }

    fn take() -> Vec<Rows> {
        let Some(wanted) = WANTED.with_borrow(|wanted| wanted.first().cloned()) else { return Vec::new() };
        let frames: Vec<i64> = FRAMES.with_borrow(|frames| frames.iter().map(|frame| *frame as i64).collect());
        let new = frames[GIVEN.replace(frames.len()).min(frames.len())..].to_vec();
        if new.is_empty() && wanted != "endless" {
            return Vec::new();
        }
        vec![lie(&wanted, if new.is_empty() { vec![1] } else { new })]
    }
}

/// Rows for frames, with what is wrong with them.
fn lie(wanted: &str, frames: Vec<i64>) -> Rows {
    let ends: Vec<u32> = (1..=frames.len() as u32).map(|n| 2 * n).collect();
    let mut texts = Texts { text: "ä".repeat(frames.len()), ends };
    let (mut cells, mut table, mut absent) = (Cells::Integers(frames.clone()), 0, Vec::new());
    let column = |cells| Column { cells, absent: Vec::new() };
    match wanted {
        // Frames that nobody gave to it: none has the number 0, and the next one did not come yet.
        "uncited" => cells = Cells::Integers(frames.iter().map(|frame| frame - 1).collect()),
        "future" => cells = Cells::Integers(frames.iter().map(|frame| frame + 1).collect()),
        "lengths" => drop(texts.ends.pop()),
        "columns" => return Rows { table, columns: vec![column(cells)] },
        "kind" => cells = Cells::Times(frames),
        "ends" => texts.ends[0] = u32::MAX,
        "character" => texts.ends[0] = 1,
        // Not what a compiler of this language lets out by itself.
        "unicode" => texts.text = unsafe { String::from_utf8_unchecked(vec![0xff; texts.text.len()]) },
        "absent" => absent.push(frames.len() as u32),
        "unwanted" => table = 1,
        "empty" => {
            (cells, texts) = (Cells::Integers(Vec::new()), Texts { text: String::new(), ends: Vec::new() });
        }
        "spin" => loop {
            black_box(0);
        },
        _ => {}
    }
    Rows { table, columns: vec![Column { cells, absent }, column(Cells::Texts(texts))] }
}
