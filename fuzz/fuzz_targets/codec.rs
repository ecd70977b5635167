#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpcap_codec::{Decoder, Problem, detect};

/// A bomb would only take time.
const MOST: usize = 4 << 20;

/// Inflates in steps; `None` when it became too much.
fn inflate(data: &[u8], step: usize, room: usize) -> Option<(Vec<u8>, Option<Problem>)> {
    let (mut decoder, mut content, mut at) = (Decoder::new(), Vec::new(), 0_usize);
    loop {
        let end = data.len().min(at.saturating_add(step));
        let last = end == data.len();
        let answer = match decoder.decompress(&data[at..end], last, room) {
            Ok(answer) => answer,
            Err(problem) => return Some((content, Some(problem))),
        };
        assert!(answer.data.len() <= room && answer.consumed <= end - at);
        assert!(answer.done || answer.consumed > 0 || !answer.data.is_empty(), "no progress");
        at += answer.consumed;
        content.extend(answer.data);
        if content.len() > MOST {
            return None;
        }
        if answer.done {
            return Some((content, None));
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = detect(data);
    let Some(whole) = inflate(data, usize::MAX, 1 << 20) else { return };
    let step = 1 + usize::from(data.last().copied().unwrap_or_default()) * 3;
    if let Some(steps) = inflate(data, step, 4_099) {
        assert_eq!(steps.1, whole.1, "in steps of {step}");
        assert!(steps.0 == whole.0, "in steps of {step}");
    }
});
