//! An analyzer that says of itself what a test wrote into it: the tests replace two texts in the compiled component.
#![cfg(target_arch = "wasm32")]

use std::cell::Cell;
use std::hint::black_box;

wit_bindgen::generate!({ path: "../../../wit/released/0.1.0", world: "analyzer" });

use exports::mcpcap::analysis::analyze::{Batch, Guest, Problem};

/// A text of a fixed size that begins with a mark by which it is found in the component.
const fn place<const SIZE: usize>(mark: &[u8]) -> [u8; SIZE] {
    let mut text = [b' '; SIZE];
    let mut at = 0;
    while at < mark.len() {
        text[at] = mark[at];
        at += 1;
    }
    text
}

static DESCRIPTION: [u8; 32768] = place(b"@description@");
static PROMPT: [u8; 4096] = place(b"@prompt@");

thread_local! {
    static FRAMES: Cell<usize> = const { Cell::new(0) };
}

struct Speaker;

export!(Speaker);

fn text(place: &'static [u8]) -> String {
    // What the compiler knows of it is not what is there.
    String::from_utf8_lossy(black_box(place)).trim().to_owned()
}

impl Guest for Speaker {
    fn describe() -> String {
        text(&DESCRIPTION)
    }

    /// `@arguments@` stands for them; what stands behind `@path@` is only said to whoever names a path; `@spin@` never ends.
    fn prompt(_: String, arguments: String) -> Result<String, Problem> {
        let text = text(&PROMPT);
        if text.contains("@spin@") {
            loop {
                black_box(&text);
            }
        }
        let (plain, other) = text.split_once("@path@").unwrap_or((&text, &text));
        Ok(if arguments.contains('/') { other } else { plain }.replace("@arguments@", &arguments))
    }

    fn open(_: String, _: String) -> Result<(), Problem> {
        Ok(())
    }

    fn feed(batch: Batch) -> Result<bool, Problem> {
        FRAMES.set(FRAMES.get() + batch.frames.number.len());
        Ok(true)
    }

    fn finish(_: String) -> Result<String, Problem> {
        Ok(format!("{{\"frames\":{}}}", FRAMES.get()))
    }
}
