//! `mcpcap tools`: what is loaded, and what each tool takes and gives.

use std::fmt::Write;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::exit::Failure;
use super::named::{self, short};
use super::options::{Loaded, Modules};
use super::report::lists::cell;
use super::report::{beside, width};
use crate::catalog::Catalog;
use crate::contract::Tool;
use crate::service::{Options, Service};
use crate::text::neutral;
use crate::text::terminal::print;

/// Characters of what a tool answers, at least, in the list of all.
const LEAST: usize = 30;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Tell all of this tool, or of these, by name or a part of it that no other has [default: a line for each tool]
    #[arg(value_name = "TOOL")]
    tools: Vec<String>,

    /// Print everything as JSON, arguments with their schemas
    #[arg(long)]
    json: bool,

    /// Print the complete schema of the tool's report
    #[arg(long, requires = "tools", conflicts_with = "json")]
    schema: bool,

    #[command(flatten)]
    modules: Modules,

    #[command(flatten)]
    analyzers: Loaded,
}

impl Arguments {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        self.modules.apply(&mut options);
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }
}

/// Prints what was asked for.
///
/// # Errors
/// When a tool is not there.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), Failure> {
    let catalog = loaded(options).await?;
    let chosen: Vec<&Arc<Tool>> = if typed.tools.is_empty() {
        catalog.tools.iter().collect()
    } else {
        let found = typed.tools.iter().map(|name| named::find(&catalog, name).map_err(Failure::Wrong));
        found.collect::<Result<_, _>>()?
    };
    let text = if typed.json {
        format!("{:#}\n", chosen.iter().map(|tool| whole(tool)).collect::<Value>())
    } else if typed.schema {
        chosen.iter().map(|tool| format!("{:#}\n", Value::Object((**tool.output()).clone()))).collect()
    } else if typed.tools.is_empty() {
        lines(&chosen)
    } else {
        chosen.iter().map(|tool| described(tool)).collect::<Vec<_>>().join("\n")
    };
    Ok(print(&text)?)
}

/// The tools that these options load, when all of them have been.
///
/// # Errors
/// When the service does not start.
pub async fn loaded(options: &Options) -> Result<Arc<Catalog>, String> {
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled().await;
    Ok(service.catalog())
}

/// What a tool answers: the beginning of its description, in so many characters.
fn beginning(description: &str, most: usize) -> String {
    let end = description.find(". ").unwrap_or(description.len());
    neutral(description.get(..end).unwrap_or(description), most.saturating_sub(1)).into_owned()
}

/// A line for each: what to type, and what it answers.
fn lines(tools: &[&Arc<Tool>]) -> String {
    let names = tools.iter().map(|tool| short(&tool.name).chars().count()).max().unwrap_or_default();
    let room = width().saturating_sub(names.saturating_add(4)).max(LEAST);
    let lines = tools.iter().map(|tool| {
        let of = if tool.module.is_foreign { " (of a third party)" } else { "" };
        vec![
            short(&tool.name).to_owned(),
            format!("{}{of}", beginning(&tool.description, room.saturating_sub(of.len()))),
        ]
    });
    beside(lines.collect(), width())
}

/// Everything of a tool but the schema of its report.
fn whole(tool: &Tool) -> Value {
    let module = &tool.module;
    json!({
        "name": tool.name, "short": short(&tool.name), "title": tool.title, "description": tool.description,
        "module": { "name": module.name, "version": module.version, "sha256": module.sha256, "is_foreign": module.is_foreign },
        "arguments": *tool.input, "sections": tool.sections(),
    })
}

fn described(tool: &Tool) -> String {
    let (module, width) = (&tool.module, width());
    let mut text =
        format!("{}: {}\n\n{}\n", tool.name, tool.title, beside(vec![vec![tool.description.clone()]], width));
    let required = tool.input.get("required").and_then(Value::as_array);
    let arguments = tool.properties().map(|(name, schema)| {
        let is_required = required.is_some_and(|names| names.iter().any(|required| required == name));
        vec![name.to_owned(), kind(schema, is_required), schema.get("description").map(cell).unwrap_or_default()]
    });
    let _ = write!(text, "ARGUMENTS\n{}", beside(arguments.collect(), width));
    let _ = write!(text, "\nPARTS OF THE REPORT\n{}", beside(vec![vec![tool.sections().join(", ")]], width));
    let _ = write!(text, "\ncomponent {} {}, sha256 {}\n", module.name, module.version, module.sha256);
    text
}

/// What an argument is, in a few words.
fn kind(schema: &Value, is_required: bool) -> String {
    let mut kind = schema.get("type").map(cell).unwrap_or_default();
    let bound = |name: &str| schema.get(name).map(cell);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => kind = format!("{kind} {least} to {most}"),
        (Some(least), None) => kind = format!("{kind} from {least}"),
        (None, Some(most)) => kind = format!("{kind} up to {most}"),
        (None, None) => {}
    }
    if is_required { format!("{kind}, required") } else { kind }
}
