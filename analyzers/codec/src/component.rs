//! The crate as a component: conversions between its types and those generated from the contract.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::arithmetic_side_effects, clippy::unwrap_used)]

use crate::Decoder;
use std::cell::RefCell;

wit_bindgen::generate!({ path: "../../wit", world: "codec" });

use exports::mcpcap::analysis::inflate::{Guest, Step};
use mcpcap::analysis::types::{BadInput, LimitReached, Problem};

thread_local! {
    // One instance decompresses one file, so its decoder is the instance's only state.
    static DECODER: RefCell<Decoder> = RefCell::new(Decoder::new());
}

struct Component;

export!(Component);

impl Guest for Component {
    fn detect(start: Vec<u8>) -> Option<String> {
        crate::detect(&start).map(|compression| compression.name().to_owned())
    }

    fn decompress(input: Vec<u8>, last: bool, room: u32) -> Result<Step, Problem> {
        let step = DECODER.with_borrow_mut(|decoder| decoder.decompress(&input, last, room as usize))?;
        Ok(Step { consumed: step.consumed as u32, data: step.data, done: step.done })
    }
}

impl From<crate::Problem> for Problem {
    fn from(problem: crate::Problem) -> Self {
        match problem {
            crate::Problem::UnknownFormat(reason) => Self::UnknownFormat(reason),
            crate::Problem::Input { offset, reason } => {
                Self::Input(BadInput { offset: Some(offset), frame: None, reason })
            }
            crate::Problem::Limit { limit, reason } => Self::Limit(LimitReached { limit: limit.to_owned(), reason }),
        }
    }
}
