//! The same analyzers as native code: the same bytes read and hashed, the same reader, the same frames, no sandbox.

use std::fs::File;
use std::io::Read;

use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::{Flow, harness};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::tools::Subject;

/// What a native run took, in nanoseconds of processor time, as a line of JSON: reading and hashing the file, and the analysis. `what` is a
/// tool, or `reader` or `decoder` for that part of the line alone.
///
/// # Errors
/// As reading or the analysis fails, in words.
pub fn run(what: &str, subjects: &[Subject], path: &str) -> Result<Value, String> {
    let begun = now();
    hash(path)?;
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

/// Reads a file and makes both digests, as the program does for its receipt.
fn hash(path: &str) -> Result<(), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let (mut sha256, mut sha1, mut part) = (Sha256::new(), Sha1::new(), vec![0; 512 << 10]);
    loop {
        let read = file.read(&mut part).map_err(|error| error.to_string())?;
        let Some(bytes) = part.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        sha256.update(bytes);
        sha1.update(bytes);
    }
    std::hint::black_box((sha256.finalize(), sha1.finalize()));
    Ok(())
}

/// Processor time of this process in nanoseconds.
fn now() -> i64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec * 1_000_000_000 + time.tv_nsec
}
