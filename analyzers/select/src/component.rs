//! The crate as a component.
#![allow(unsafe_code, missing_docs, clippy::all, reason = "generated from the contract")]

use std::cell::RefCell;

use mcpcap_analyzer::component::{Links, bindings, each_frame};
use mcpcap_analyzer::{Flow, Link, Problem};

use crate::Choice;

wit_bindgen::generate!({
    path: "../../wit",
    world: "selector",
    with: { "mcpcap:analysis/types@0.1.0": bindings::mcpcap::analysis::types },
});

use bindings::mcpcap::analysis::types;
use exports::mcpcap::analysis::choose::{Batch, Guest};

struct Session {
    choice: Choice,
    links: Links,
}

thread_local! {
    // One instance serves one run.
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

struct Component;

export!(Component);

impl Guest for Component {
    fn open(host: Option<String>, port: Option<u16>) -> Result<(), types::Problem> {
        let choice = Choice::new(host.as_deref(), port)?;
        SESSION.set(Some(Session { choice, links: Links::default() }));
        Ok(())
    }

    fn rows(batch: Batch) -> Result<Vec<u32>, types::Problem> {
        SESSION.with_borrow_mut(|session| {
            let session = session.as_mut().ok_or_else(|| {
                types::Problem::from(Problem::Input {
                    offset: None,
                    frame: None,
                    reason: "the run has not been opened".into(),
                })
            })?;
            session.links.extend(batch.links.into_iter().map(Link::from));
            let (mut row, mut rows) = (0_u32, Vec::new());
            each_frame(&session.links, &batch.frames, batch.position, &batch.data, |frame| {
                if session.choice.takes(frame) {
                    rows.push(row);
                }
                row = row.saturating_add(1);
                Ok(Flow::More)
            })?;
            session.links.forget();
            Ok(rows)
        })
    }
}
