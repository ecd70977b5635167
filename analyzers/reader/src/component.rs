//! The crate as a component: conversions between its types and those generated from the contract.
#![allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]

use crate::{Reader, types};
use std::cell::RefCell;

wit_bindgen::generate!({ path: "wit", world: "reader" });

use exports::mcpcap::analysis::read::{Break, BreakKind, Guest, Progress, Range};
use mcpcap::analysis::types::{BadArgument, BadInput, Index, Link, Problem};

thread_local! {
    // One instance reads one file, so its reader is the instance's only state.
    static READER: RefCell<Reader> = RefCell::new(Reader::new());
}

struct Component;

export!(Component);

impl Guest for Component {
    fn open(options: String) -> Result<(), Problem> {
        READER.set(Reader::open(&options)?);
        Ok(())
    }

    fn index_window(window: Vec<u8>, last: bool) -> Result<Progress, Problem> {
        READER.with_borrow_mut(|reader| reader.index_window(&window, last)).map(Into::into).map_err(Into::into)
    }

    fn summary() -> Result<String, Problem> {
        READER
            .with_borrow(|reader| serde_json::to_string(&reader.summary()))
            .map_err(|error| Problem::Input(BadInput { offset: None, frame: None, reason: error.to_string() }))
    }
}

impl From<types::Progress> for Progress {
    fn from(progress: types::Progress) -> Self {
        let types::Index { timestamp, offset, captured, original, link, flags } = progress.frames;
        Self {
            consumed: progress.consumed,
            frames: Index { timestamp, offset, captured, original, link, flags },
            links: progress.links.into_iter().map(Into::into).collect(),
            key_logs: progress
                .key_logs
                .iter()
                .map(|range| Range { offset: range.offset, length: range.length })
                .collect(),
            wanted: progress.wanted,
            end: progress.end.map(Into::into),
        }
    }
}

impl From<types::Link> for Link {
    fn from(link: types::Link) -> Self {
        let types::Link { link_type, fcs_length, snap_length, section, interface_id, name } = link;
        Self { link_type, fcs_length, snap_length, section, interface_id, name }
    }
}

impl From<types::Break> for Break {
    fn from(end: types::Break) -> Self {
        let kind = match end.kind {
            types::BreakKind::CutShort => BreakKind::CutShort,
            types::BreakKind::Damaged => BreakKind::Damaged,
        };
        Self { offset: end.offset, kind, reason: end.reason }
    }
}

impl From<types::Problem> for Problem {
    fn from(problem: types::Problem) -> Self {
        match problem {
            types::Problem::Options(reason) => Self::Arguments(BadArgument { argument: "options".to_owned(), reason }),
            types::Problem::UnknownFormat(reason) => Self::UnknownFormat(reason),
            types::Problem::Input { offset, reason } => {
                Self::Input(BadInput { offset: Some(offset), frame: None, reason })
            }
        }
    }
}
