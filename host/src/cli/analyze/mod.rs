//! `mcpcap analyze`: reports on captures, for people and scripts.

pub(super) mod captures;
mod one;
pub mod words;

use std::ffi::OsString;
use std::sync::Arc;

use clap::Args;
use serde_json::{Map, Value};

use self::one::Asking;
use super::exit::{self, Failure};
use super::named;
use super::options::{Audit, Captures, Hardening, Keeping, Loaded};
use super::report::Output;
use crate::catalog::Catalog;
use crate::contract::Tool;
use crate::contract::arguments::MAX_CHARS;
use crate::service::{Options, Service};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The tool, by its name or a part of it that no other has, as dns; several with commas between, as dns,tcp, read the capture in one pass.
    /// `mcpcap tools` lists them, and behind a tool --help tells its options
    tool: String,

    /// Captures: files, all below a folder, patterns as 'day-*.pcap', http and https URLs; - is standard input
    #[arg(value_name = "CAPTURE", required = true)]
    captures: Vec<String>,

    #[command(flatten)]
    output: Output,

    /// An argument of the tool, the same as --NAME VALUE; may be given several times
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair)]
    arguments: Vec<(String, String)>,

    #[command(flatten)]
    sources: Captures,

    #[command(flatten)]
    keeping: Keeping,

    #[command(flatten)]
    analyzers: Loaded,

    #[command(flatten)]
    audit: Audit,

    #[command(flatten)]
    pub(super) hardening: Hardening,

    /// All words, which are read again when the tool is known.
    #[arg(skip)]
    pub(super) words: Vec<OsString>,

    /// The options among them that are not this program's.
    #[arg(skip)]
    pub(super) own: Vec<String>,
}

impl Arguments {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options { audit: self.audit.audit_log.clone(), ..Options::default() };
        self.sources.apply(&mut options)?;
        self.keeping.apply(&mut options);
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

/// Starts the service, and answers.
///
/// # Errors
/// With the code that the program ends with.
pub async fn run(typed: Arguments, options: &Options, command: clap::Command) -> Result<(), Failure> {
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    // Others may come that a part of a name fits too.
    let is_there = |catalog: &Catalog| named::each(&typed.tool).all(|name| named::exact(catalog, name).is_some());
    service.settled_for(is_there).await;
    let catalog = service.catalog();
    let tools = named::all(&catalog, &typed.tool).map_err(Failure::Wrong)?;
    let Some(tool) = tools.first() else { return Err(Failure::Wrong("name a tool".into())) };
    let matches = words::read(command, &typed.words, &typed.own, tool)?;
    let again = words::shared(&matches)?;
    let mut arguments = words::arguments(&matches, tool);
    for (name, value) in again.arguments {
        let value = typed_value(Some(tool), &name, value);
        arguments.insert(name, value);
    }
    for other in tools.iter().skip(1) {
        if let Some(name) = arguments.keys().find(|name| other.properties().all(|(known, _)| known != *name)) {
            return Err(Failure::Wrong(format!("{} has no argument {name}: ask it by itself", other.name)));
        }
    }
    answer(&service, &tools, &again.captures, arguments, &again.output).await
}

/// Prints reports on captures. Progress is shown on standard error when that is a terminal.
///
/// # Errors
/// With the code that the program ends with.
pub async fn answer(
    service: &Arc<Service>,
    tools: &[Arc<Tool>],
    captures: &[String],
    mut arguments: Map<String, Value>,
    output: &Output,
) -> Result<(), Failure> {
    if output.all {
        arguments.entry("max_chars").or_insert_with(|| MAX_CHARS.1.into());
    }
    let work = async {
        let chosen = captures::chosen(captures)?;
        captures::take_standard_input(service, &chosen).await?;
        let Some(asking) = Asking::new(service, tools, arguments, output, chosen.is_set) else { return Ok(()) };
        asking.all(&chosen.captures).await
    };
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Said(exit::INTERRUPTED)),
    }
}

/// A value as the tool's schema wants it: text stays text where a string is expected, else it is read as JSON.
pub(super) fn typed_value(tool: Option<&Tool>, name: &str, value: String) -> Value {
    let schema = tool.and_then(|tool| tool.properties().find(|(known, _)| *known == name));
    let is_string = schema.is_none_or(|(_, schema)| schema.get("type").is_some_and(|kind| kind == "string"));
    match serde_json::from_str(&value) {
        Ok(read) if !is_string => read,
        _ => Value::String(value),
    }
}
