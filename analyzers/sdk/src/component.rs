//! The glue between a [`Tool`](crate::Tool) and the exported functions of the contract. Only [`component!`](crate::component!) uses it.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::columns;
use crate::feed;
use crate::links::Links;
use crate::table;
use crate::{Capture, Flow, Link, Problem, Prompt, PromptArguments, Run, ToolEntry};

#[allow(unsafe_code, missing_docs, clippy::all, reason = "generated from wit/mcpcap.wit")]
pub mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "decrypting-analyzer",
        pub_export_macro: true,
        export_macro_name: "export_decrypting_analyzer",
        default_bindings_module: "mcpcap_analyzer::component::bindings",
    });
}

use bindings::exports::mcpcap::analysis::analyze::{Batch, Guest, Packets, Streams};
use bindings::exports::mcpcap::analysis::{key_log, tables};
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

    fn feed(batch: Batch, packets: Packets, streams: Streams) -> Result<bool, types::Problem> {
        SESSION.with_borrow_mut(|session| {
            let session = session.as_mut().ok_or_else(not_open)?;
            let Session { run, links } = session;
            links.extend(batch.links.into_iter().map(Link::from));
            let fed = feed::Batch {
                position: batch.position,
                data: &batch.data,
                frames: &batch.frames.into(),
                packets: &packets.into(),
                streams: &streams.into(),
            };
            let flow = fed.feed(&mut **run, |position| links.get(position))?;
            links.forget();
            Ok(flow == Flow::More)
        })
    }

    fn finish(capture: String) -> Result<String, types::Problem> {
        let session = SESSION.with_borrow_mut(Option::take).ok_or_else(not_open)?;
        Ok(session.run.finish(&Capture::from_json(&capture)?)?)
    }
}

impl<S: Source> key_log::Guest for Exports<S> {
    fn add(part: Vec<u8>, ends: bool) {
        SESSION.with_borrow_mut(|session| {
            if let Some(session) = session {
                session.run.key_log(&part, ends);
            }
        });
    }
}

impl<S: Source> tables::Guest for Exports<S> {
    fn want(names: Vec<String>) -> Result<(), types::Problem> {
        let known: Vec<_> = S::TOOLS.iter().flat_map(|tool| tool.tables).copied().collect();
        Ok(table::want(&names, &known)?)
    }

    fn take() -> Vec<tables::Rows> {
        let rows = table::take().map(|(table, columns)| tables::Rows {
            table,
            columns: columns.into_iter().map(tables::Column::from).collect(),
        });
        rows.into_iter().collect()
    }
}

impl From<table::Column> for tables::Column {
    fn from(column: table::Column) -> Self {
        let texts = |texts: table::Texts| tables::Texts { text: texts.text, ends: texts.ends };
        let cells = match column.cells {
            table::Cells::Integers(values) => tables::Cells::Integers(values),
            table::Cells::Times(values) => tables::Cells::Times(values),
            table::Cells::Floats(values) => tables::Cells::Floats(values),
            table::Cells::Truths(values) => tables::Cells::Truths(values),
            table::Cells::Texts(all) => tables::Cells::Texts(texts(all)),
            table::Cells::Addresses(table::Addresses { versions, high, low }) => {
                tables::Cells::Addresses(tables::Addresses { versions, high, low })
            }
            table::Cells::IntegerLists(values, ends) => {
                tables::Cells::IntegerLists(tables::IntegerLists { values, ends })
            }
            table::Cells::TextLists(all, ends) => {
                tables::Cells::TextLists(tables::TextLists { texts: texts(all), ends })
            }
        };
        Self { cells, absent: column.absent }
    }
}

// A defect of the host.
fn not_open() -> types::Problem {
    Problem::Input { offset: None, frame: None, reason: "the run has not been opened".into() }.into()
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

/// Both forms have the same columns.
macro_rules! columns {
    ($record:ident: $($column:ident)+) => {
        impl From<types::$record> for columns::$record {
            fn from(record: types::$record) -> Self {
                Self { $($column: record.$column),+ }
            }
        }

        impl From<columns::$record> for types::$record {
            fn from(record: columns::$record) -> Self {
                Self { $($column: record.$column),+ }
            }
        }
    };
}

columns! {
    Frames: number timestamp offset captured original link flags
}

columns! {
    Streams: arrival connection kind event_flags frame timestamp position offset length id number version client_high client_low client_port server_high server_low server_port client_known first_frame vlan joined
}

columns! {
    Packets: row stack version source_high source_low destination_high destination_low hop_limit protocol identification ip_flags traffic_class transport source_port destination_port header header_length payload captured length stop unread copy_of flow community layers layer_ends tunnels tunnel_versions tunnel_ends fragment_packet fragment_frame header_packet header_layer header_offset header_octets joined
}
