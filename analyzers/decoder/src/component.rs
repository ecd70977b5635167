//! The crate as a component.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated from the contract")]

use std::cell::RefCell;

use mcpcap_analyzer::columns::Frames;
use mcpcap_analyzer::component::bindings;
use mcpcap_analyzer::{Link, Problem};

use crate::Decoding;

wit_bindgen::generate!({
    path: "../../wit",
    world: "decoder",
    with: { "mcpcap:analysis/types@0.2.0": bindings::mcpcap::analysis::types },
});

use bindings::mcpcap::analysis::types;
use exports::mcpcap::analysis::decode::{Batch, Guest, Packets, Streams, Taken};

thread_local! {
    // One instance serves one run.
    static DECODING: RefCell<Option<Decoding>> = const { RefCell::new(None) };
}

struct Component;

export!(Component);

impl Guest for Component {
    fn open(options: String) -> Result<(), types::Problem> {
        DECODING.set(Some(Decoding::open(&options)?));
        Ok(())
    }

    fn take(batch: Batch) -> Result<Taken, types::Problem> {
        with(|decoding| {
            decoding.links(batch.links.into_iter().map(Link::from));
            let (packets, streams) = decoding.take(&Frames::from(batch.frames), batch.position, &batch.data)?;
            Ok(Taken { packets: Packets::from(packets), streams: Streams::from(streams) })
        })
    }

    fn end() -> Result<Streams, types::Problem> {
        with(|decoding| Ok(Streams::from(decoding.end())))
    }

    fn summary() -> Result<String, types::Problem> {
        with(|decoding| Ok(decoding.summary()?))
    }
}

fn with<T>(of: impl FnOnce(&mut Decoding) -> Result<T, types::Problem>) -> Result<T, types::Problem> {
    DECODING.with_borrow_mut(|decoding| {
        let reason = "the run has not been opened".to_owned();
        let decoding = decoding.as_mut().ok_or(Problem::Input { offset: None, frame: None, reason })?;
        of(decoding)
    })
}
