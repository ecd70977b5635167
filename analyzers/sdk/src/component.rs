//! The glue between a [`Tool`](crate::Tool) and the exported functions of the contract. Only [`component!`](crate::component!) uses it.

use std::cell::RefCell;
use std::marker::PhantomData;

pub use crate::links::Links;
use crate::{Capture, Flow, Frame, Link, Problem, Prompt, PromptArguments, Run, ToolEntry};

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/mcpcap.wit")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "analyzer",
        pub_export_macro: true,
        export_macro_name: "export_analyzer",
        default_bindings_module: "mcpcap_analyzer::component::bindings",
    });
}

use bindings::exports::mcpcap::analysis::analyze::{Batch, Guest};
use bindings::mcpcap::analysis::types;

/// What `component!` knows about a component.
pub trait Source {
    const NAME: &'static str;
    const VERSION: &'static str;
    const TOOLS: &'static [ToolEntry];
    const PROMPTS: &'static [Prompt];
}

struct Session {
    run: Box<dyn Run>,
    links: Links,
}

thread_local! {
    // An instance serves one run, so this is the run.
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// The component's exports.
pub struct Exports<S>(PhantomData<S>);

impl<S: Source> Guest for Exports<S> {
    fn describe() -> String {
        crate::describe::component(S::NAME, S::VERSION, S::TOOLS, S::PROMPTS).to_string()
    }

    fn prompt(name: String, arguments: String) -> Result<String, types::Problem> {
        let prompt = S::PROMPTS
            .iter()
            .find(|prompt| prompt.name == name)
            .ok_or_else(|| Problem::argument("name", format!("no prompt is called {name}")))?;
        Ok((prompt.text)(&PromptArguments::from_json(&arguments)?))
    }

    fn open(tool: String, arguments: String) -> Result<(), types::Problem> {
        let entry = S::TOOLS
            .iter()
            .find(|entry| entry.name == tool)
            .ok_or_else(|| Problem::argument("tool", format!("no tool is called {tool}")))?;
        let run = (entry.open)(&arguments)?;
        SESSION.with_borrow_mut(|session| *session = Some(Session { run, links: Links::default() }));
        Ok(())
    }

    fn feed(batch: Batch) -> Result<bool, types::Problem> {
        SESSION.with_borrow_mut(|session| {
            let session = session.as_mut().ok_or_else(not_open)?;
            session.links.extend(batch.links.into_iter().map(Link::from));
            let Session { run, links } = session;
            let more = each_frame(links, &batch.frames, batch.position, &batch.data, |frame| run.frame(frame));
            links.forget();
            more
        })
    }

    fn finish(capture: String) -> Result<String, types::Problem> {
        let session = SESSION.with_borrow_mut(Option::take).ok_or_else(not_open)?;
        Ok(session.run.finish(&Capture::from_json(&capture)?)?)
    }
}

/// Gives each frame of a batch to a function, until it has enough. Whether it wants more.
pub fn each_frame(
    links: &Links,
    frames: &types::Frames,
    position: u64,
    data: &[u8],
    mut each: impl FnMut(&Frame<'_>) -> Result<Flow, Problem>,
) -> Result<bool, types::Problem> {
    let columns = frames
        .number
        .iter()
        .zip(&frames.timestamp)
        .zip(&frames.offset)
        .zip(&frames.captured)
        .zip(&frames.original)
        .zip(&frames.link)
        .zip(&frames.flags);
    for ((((((number, timestamp), offset), captured), original), link), flags) in columns {
        let start = *offset as usize;
        let bytes = start.checked_add(*captured as usize).and_then(|end| data.get(start..end));
        let (Some(bytes), Some(source)) = (bytes, links.get(*link)) else {
            return Err(out_of_range(*number));
        };
        let frame = Frame {
            number: *number,
            timestamp: (*timestamp != u64::MAX).then_some(*timestamp),
            original: *original,
            data: bytes,
            link: source,
            link_index: *link,
            flags: *flags,
            offset: position.saturating_add(u64::from(*offset)),
        };
        if each(&frame)? == Flow::Enough {
            return Ok(false);
        }
    }
    Ok(true)
}

// The host checks both before it hands a batch over, so these are defects of the host.
fn not_open() -> types::Problem {
    Problem::Input { offset: None, frame: None, reason: "the run has not been opened".into() }.into()
}

fn out_of_range(frame: u64) -> types::Problem {
    Problem::Input { offset: None, frame: Some(frame), reason: "the frame is outside its batch".into() }.into()
}

impl From<types::Link> for Link {
    fn from(link: types::Link) -> Self {
        Self {
            link_type: link.link_type,
            fcs_length: link.fcs_length,
            snap_length: link.snap_length,
            section: link.section,
            interface_id: link.interface_id,
            name: link.name,
        }
    }
}

impl From<Problem> for types::Problem {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Arguments { argument, reason } => Self::Arguments(types::BadArgument { argument, reason }),
            Problem::Input { offset, frame, reason } => Self::Input(types::BadInput { offset, frame, reason }),
            Problem::Limit { limit, reason } => Self::Limit(types::LimitReached { limit, reason }),
        }
    }
}
