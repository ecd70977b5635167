//! The same analyzers as native code: the same bytes read and hashed, the same reader, the same frames, no sandbox.

use std::fs::File;
use std::io::Read;

use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::{Flow, harness};
use ring::digest::{Context, SHA256};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::tools::Subject;

/// What a native run took, in nanoseconds of processor time, as a line of JSON: reading and hashing the file, and the analysis. `what` is a
/// tool, or `reader` or `decoder` for that part of the line alone.
///
/// # Errors
/// As reading or the analysis fails, in words.
pub fn run(what: &str, subjects: &[Subject], path: &str) -> Result<Value, String> {
    let begun = now();
    hash(path, what == "capinfos")?;
    let hashed = now();
    // Held whole, so that the pages it takes are not part of the figures.
    let capture = std::fs::read(path).map_err(|error| error.to_string())?;
    let loaded = now();
    let frames = match what {
        "reader" => harness::frames(&capture, |_| Ok(Flow::More)),
        "decoder" => {
            let mut decoder = Decoder::new();
            harness::frames(&capture, |frame| {
                std::hint::black_box(decoder.decode(frame));
                Ok(Flow::More)
            })
        }
        _ => {
            let subject = subjects.iter().find(|subject| subject.short == what).ok_or("no such tool")?;
            harness::run_tool(&subject.entry, &capture, &subject.json(), &[]).map(|(report, frames)| {
                std::hint::black_box(report);
                (frames, Value::Null, None)
            })
        }
    };
    let (frames, ..) = frames.map_err(|problem| format!("{problem:?}"))?;
    Ok(json!({ "hash_ns": hashed - begun, "analysis_ns": now() - loaded, "frames": frames }))
}

/// Reads a file and makes the digest of its receipt, and SHA-1 where a report shows it, as the program does.
fn hash(path: &str, with_sha1: bool) -> Result<(), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let (mut sha256, mut sha1, mut part) = (Context::new(&SHA256), with_sha1.then(Sha1::new), vec![0; 512 << 10]);
    loop {
        let read = file.read(&mut part).map_err(|error| error.to_string())?;
        let Some(bytes) = part.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sha256.update(bytes);
        if let Some(sha1) = &mut sha1 {
            sha1.update(bytes);
        }
    }
    std::hint::black_box((sha256.finish(), sha1.map(Digest::finalize)));
    Ok(())
}

/// Processor time of this process in nanoseconds.
fn now() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
