//! Reports as they are printed: for people, or as data.

mod columns;
pub mod lists;
mod people;
mod rows;
mod table;

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use serde_json::Value;

pub use people::{Asked, ENTRIES, FINDINGS, has_findings, page};
pub use rows::{csv_line, json_line};
pub use table::{beside, draw};

use crate::contract::Tool;
use crate::progress::grouped;

/// The width where none is known.
const WIDTH: usize = 100;
/// The least width that is drawn for.
const NARROW: usize = 40;

/// How a report is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// What was found, a summary and tables, for people
    Report,
    /// The report as an object, lists as objects
    Json,
    /// The entries of a list, a line of JSON for each
    Ndjson,
    /// The entries of a list as comma-separated values
    Csv,
    /// The entries of a list as a table
    Table,
}

impl Format {
    /// Whether names are wanted beside each value. Tables take less of a report's room.
    pub fn has_names(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson | Self::Csv)
    }

    /// Whether it prints the entries of one list.
    pub fn is_of_rows(self) -> bool {
        matches!(self, Self::Ndjson | Self::Csv | Self::Table)
    }
}

/// How much is printed, and how.
#[derive(Debug, Clone, Args)]
pub struct Output {
    /// How the report is printed [default: report on a terminal, otherwise json]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Print all that a report can hold, whatever its size
    #[arg(long)]
    pub all: bool,
}

impl Output {
    /// The format, chosen or by where standard output leads.
    pub fn format(&self) -> Format {
        let usual = || if std::io::stdout().is_terminal() { Format::Report } else { Format::Json };
        self.format.unwrap_or_else(usual)
    }
}

/// The width that there is: the terminal's, else what `COLUMNS` says.
pub fn width() -> usize {
    let terminal = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    let named = || std::env::var("COLUMNS").ok()?.parse().ok();
    let width = terminal().filter(|width| *width > 0).or_else(named).unwrap_or(WIDTH);
    width.max(NARROW)
}

/// The list of a tool's report that it is for: one that the component gives in pages, or any other, whose entries name frames; else the first.
pub fn main_list(tool: &Tool) -> Option<String> {
    let sections = tool.sections();
    let lists: Vec<(&String, Vec<String>)> = tool
        .paged
        .iter()
        .chain(&sections)
        .filter(|name| *name != "findings")
        .map(|name| (name, lists::columns(tool.report(), name)))
        .filter(|(_, columns)| !columns.is_empty())
        .collect();
    let names_frames = |columns: &[String]| columns.iter().any(|column| column == "frame" || column == "first_frame");
    let of_frames = lists.iter().find(|(_, columns)| names_frames(columns));
    of_frames.or_else(|| lists.first()).map(|(name, _)| (*name).clone())
}

/// Why the capture was not read to its end by its own fault, in a line; nothing when it was, or when no more was asked for.
pub fn damage(report: &Value) -> Option<String> {
    let ended = report.pointer("/capture/ended")?;
    let field = |name: &str| ended.get(name).map(lists::cell).unwrap_or_default();
    let reason = field("reason");
    let at = ended.get("offset").and_then(Value::as_u64).unwrap_or_default();
    (reason != "enough").then(|| format!("{reason} at byte {}: {}", grouped(at), field("message")))
}
