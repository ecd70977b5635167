//! What shells and manuals want to know of the command line.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};
use clap_complete::Shell;

use super::analyze::words;
use super::named::short;
use super::options::Loaded;
use super::{manual, tools};
use crate::catalog::Catalog;
use crate::service::Options;

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    shell: Shell,

    #[command(flatten)]
    analyzers: Loaded,
}

impl Completions {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }
}

#[derive(Debug, Args)]
pub struct Man {
    /// Write mcpcap.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints a script that completes the command line: with the tools that are loaded, and their arguments.
///
/// # Errors
/// When the tools cannot be loaded, or standard output fails.
pub async fn completions(typed: &Completions, options: &Options, command: Command) -> Result<(), String> {
    let catalog = tools::loaded(options).await?;
    let mut command = with_tools(command, &catalog);
    let mut script = Vec::new();
    clap_complete::generate(typed.shell, &mut command, "mcpcap", &mut script);
    super::print(&String::from_utf8_lossy(&script))
}

/// For completion each tool is a command of its own, with its own options.
fn with_tools(command: Command, catalog: &Catalog) -> Command {
    let names = catalog.tools.iter().flat_map(|tool| [short(&tool.name).to_owned(), tool.name.clone()]);
    let mut names: Vec<String> = names.collect();
    names.dedup();
    let command = command.mut_subcommand("tools", |tools| {
        tools.mut_arg("tools", |argument| argument.value_parser(clap::builder::PossibleValuesParser::new(names)))
    });
    command.mut_subcommand("analyze", |analyze| {
        let each = catalog.tools.iter().map(|tool| {
            let captures = |argument: clap::Arg| argument.value_hint(ValueHint::AnyPath);
            let of_tool = words::for_tool(analyze.clone(), tool).about(tool.title.clone());
            let of_tool = of_tool.name(short(&tool.name).to_owned()).mut_arg("captures", captures);
            let of_tool = without(of_tool, "tool");
            if short(&tool.name) == tool.name { of_tool } else { of_tool.visible_alias(tool.name.clone()) }
        });
        let each: Vec<Command> = each.collect();
        Command::new("analyze").about(analyze.get_about().cloned().unwrap_or_default()).subcommands(each)
    })
}

/// A command without one of its arguments.
fn without(command: Command, id: &str) -> Command {
    let rest: Vec<clap::Arg> = command.get_arguments().filter(|argument| argument.get_id() != id).cloned().collect();
    Command::new(command.get_name().to_owned()).about(command.get_about().cloned().unwrap_or_default()).args(rest)
}

/// Prints the manual page, or writes all of them into a folder.
///
/// # Errors
/// When they cannot be written.
pub fn man(typed: &Man, mut command: Command) -> Result<(), String> {
    command.build();
    match &typed.dir {
        Some(folder) => pages(folder, &command, "mcpcap"),
        None => super::print(&manual::page(&command, "mcpcap").map_err(failed)?),
    }
}

fn pages(folder: &Path, command: &Command, name: &str) -> Result<(), String> {
    let page = manual::page(command, name).map_err(failed)?;
    std::fs::write(folder.join(format!("{name}.1")), page).map_err(failed)?;
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    shown.into_iter().try_for_each(|inner| pages(folder, inner, &format!("{name}-{}", inner.get_name())))
}

fn failed(error: io::Error) -> String {
    format!("the manual cannot be written: {error}")
}
