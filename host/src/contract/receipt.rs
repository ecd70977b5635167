//! What an answer rests on: which capture, which component, under which limits, at what cost.

use serde_json::{Map, Value, json};

use super::{Common, Tool};
use crate::pipeline::Outcome;
use crate::settings::Limits;

/// What a receipt says of the capture.
pub fn of_capture(outcome: &Outcome) -> Map<String, Value> {
    let mut capture = Map::new();
    capture.insert("size".into(), outcome.size.into());
    capture.insert("frames_read".into(), outcome.frames.into());
    // A capture that was not read to its end is known by the hash of what was read.
    let name = if outcome.identity_is_whole { "sha256" } else { "sha256_of_what_was_read" };
    capture.insert(name.into(), outcome.identity.as_str().into());
    if outcome.identity_is_kept {
        capture.insert("digest_kept".into(), true.into());
    }
    capture
}

/// The receipt of an answer. The same capture, component and arguments give the same one, but for what tells what had been kept: `kept` that
/// the capture was not read again, and the capture's `digest_kept` that its digest, known of the unchanged file, was not computed again.
pub fn receipt(
    outcome: &Outcome,
    answer: &Value,
    evicted: u64,
    kept: bool,
    tool: &Tool,
    common: &Common,
    limits: &Limits,
) -> Value {
    let shown = |field: &str| answer.get("shown").and_then(|shown| shown.get(field)).is_some();
    let paged = answer.get("shown").and_then(|shown| shown.get("lists")).and_then(Value::as_array);
    let paged = paged.is_some_and(|lists| lists.iter().any(|list| list.get("next").is_some()));
    let mut capture = of_capture(outcome);
    capture.insert("frames_delivered".into(), outcome.delivered.count().into());
    json!({
        "capture": capture,
        "component": {
            "name": tool.module.name,
            "version": tool.module.version,
            "sha256": tool.module.sha256,
        },
        "limits": {
            "memory_octets": limits.memory,
            "call_seconds": limits.call.as_secs(),
            "run_seconds": limits.run.as_secs(),
            "answer_octets": limits.answer,
            "max_chars": common.max_chars,
        },
        "used": {
            "memory_octets": outcome.memory,
            "capture_octets": outcome.octets,
        },
        "cut": shown("shortened") || shown("left_out") || paged,
        "evicted": evicted,
        "stopped_early": outcome.end.as_ref().map(|end| end.reason),
        "kept": kept,
    })
}
