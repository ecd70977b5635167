//! For tests: the content of the fixtures, and a driver that cuts input and output to any size.

use crate::{Decoder, Problem};

/// What the fixtures are compressed from: see `fixtures/README.md`.
pub(crate) fn content() -> Vec<u8> {
    let mut state = 1_u32;
    let mut octets: Vec<u8> = Vec::new();
    for _ in 0..2_000 {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
        octets.push((state >> 16) as u8);
    }
    for i in 0..14_000_u64 {
        octets.extend(format!("frame {} of a capture\n", i * i % 97).bytes());
    }
    octets
}

/// What came out, and how it ended.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    pub data: Vec<u8>,
    pub problem: Option<Problem>,
    /// Octets of the input that were used.
    pub consumed: usize,
}

impl Outcome {
    pub fn reason(&self) -> &str {
        match self.problem.as_ref().expect("a problem") {
            Problem::Input { reason, .. } | Problem::Limit { reason, .. } | Problem::UnknownFormat(reason) => reason,
        }
    }
}

/// Decodes all of it at once.
pub(crate) fn decode(input: &[u8]) -> Outcome {
    decode_in(input, usize::MAX, usize::MAX)
}

/// Decodes input that arrives in pieces of `step` octets, with room for `room` each time.
pub(crate) fn decode_in(input: &[u8], step: usize, room: usize) -> Outcome {
    let mut decoder = Decoder::new();
    let mut outcome = Outcome { data: Vec::new(), problem: None, consumed: 0 };
    loop {
        let end = input.len().min(outcome.consumed.saturating_add(step));
        let last = end == input.len();
        let piece = &input[outcome.consumed..end];
        match decoder.decompress(piece, last, room) {
            Err(problem) => {
                if let Problem::Input { offset, .. } = &problem {
                    assert_eq!(*offset, outcome.data.len() as u64, "the offset is what has been returned");
                }
                assert_eq!(decoder.decompress(piece, last, room), Err(problem.clone()), "a problem stays");
                outcome.problem = Some(problem);
                return outcome;
            }
            Ok(answer) => {
                assert!(answer.data.len() <= room);
                assert!(answer.consumed <= piece.len());
                let idle = answer.consumed == 0 && answer.data.is_empty();
                assert!(answer.done || !idle, "progress in each call");
                outcome.data.extend(answer.data);
                outcome.consumed += answer.consumed;
                if answer.done {
                    return outcome;
                }
            }
        }
    }
}
