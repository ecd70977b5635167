//! `mcpcap query`: SQL over a capture, for people and scripts.

use std::io::IsTerminal;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::analyze::captures;
use super::exit::{self, Failure};
use super::options::{Audit, Captures, Hardening, Loaded};
use super::progress::Shown;
use super::report;
use crate::answer::{AnswerError, Code};
use crate::service::{Options, Service};
use crate::tables::tool::MOST;
use crate::text::terminal::{complain, print};
use crate::watch::Caller;

/// Characters of the rows that are asked for at once with --all.
const ALL: usize = 1_000_000;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, for people
    Table,
    /// The answer as an object
    Json,
    /// A line of JSON for each row
    Ndjson,
    /// Comma-separated values
    Csv,
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// The capture: a file, an http or https URL; - is standard input
    #[arg(value_name = "CAPTURE")]
    capture: String,

    /// One SELECT; \"SELECT * FROM tables_and_columns\" tells what there is
    #[arg(value_name = "SQL")]
    sql: String,

    /// How rows are printed [default: table on a terminal, otherwise json]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// Rows at most [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST))]
    limit: Option<u64>,

    /// Print all rows
    #[arg(long, conflicts_with = "limit")]
    all: bool,

    #[command(flatten)]
    sources: Captures,

    #[command(flatten)]
    analyzers: Loaded,

    #[command(flatten)]
    audit: Audit,

    #[command(flatten)]
    pub(super) hardening: Hardening,
}

impl Arguments {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options { audit: self.audit.audit_log.clone(), ..Options::default() };
        self.sources.apply(&mut options)?;
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }

    fn format(&self) -> Format {
        let usual = || if std::io::stdout().is_terminal() { Format::Table } else { Format::Json };
        self.format.unwrap_or_else(usual)
    }
}

/// Starts the service, asks, and prints the rows.
///
/// # Errors
/// With the code that the program ends with.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), Failure> {
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled().await;
    let work = async {
        let chosen = captures::chosen(std::slice::from_ref(&typed.capture))?;
        let [capture] = chosen.captures.as_slice() else {
            return Err(Failure::Wrong(format!("{} is several captures: name one", typed.capture)));
        };
        captures::take_standard_input(&service, &chosen).await?;
        pages(&service, typed, capture).await
    };
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Said(exit::INTERRUPTED)),
    }
}

/// Prints a page, and with --all those that follow.
async fn pages(service: &Arc<Service>, typed: &Arguments, capture: &str) -> Result<(), Failure> {
    let mut arguments = Map::new();
    arguments.insert("pcap_file".into(), capture.into());
    arguments.insert("sql".into(), typed.sql.as_str().into());
    if let Some(limit) = typed.limit.or(typed.all.then_some(MOST)) {
        arguments.insert("limit".into(), limit.into());
    }
    if typed.all || typed.limit.is_some() {
        arguments.insert("max_chars".into(), ALL.into());
    }
    let (mut is_first, mut damage) = (true, None);
    loop {
        let shown = Shown::begin()?;
        let cancel = CancellationToken::new();
        let _ends_with_this = cancel.clone().drop_guard();
        let answer = service.query(&Caller::default(), arguments.clone(), cancel, shown.told()).await;
        drop(shown);
        let answer = answer.map_err(failed)?.report;
        damage = damage.or_else(|| report::damage(&answer));
        print(&printed(&answer, typed.format(), is_first)?)?;
        is_first = false;
        let page = answer.pointer("/shown/lists/0").unwrap_or(&Value::Null);
        match page.get("next") {
            Some(next) if typed.all => {
                arguments.insert("cursor".into(), next.clone());
            }
            Some(_) => {
                let returned = page.get("returned").and_then(Value::as_u64).unwrap_or_default();
                let total = page.get("total").map_or_else(|| "many".into(), Value::to_string);
                complain(&format!("Note: {returned} of {total} rows; --all prints all\n"));
                break;
            }
            None => break,
        }
    }
    match damage {
        None => Ok(()),
        Some(damage) => {
            complain(&format!("Warning: {capture} is {damage}\n"));
            Err(Failure::Said(exit::DAMAGED))
        }
    }
}

fn failed(error: AnswerError) -> Failure {
    match error.code {
        Code::BadArgument => Failure::Wrong(error.message),
        _ => Failure::Failed(error.message),
    }
}

fn printed(answer: &Value, format: Format, is_first: bool) -> Result<String, String> {
    if format == Format::Json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(answer).map_err(|error| error.to_string())?));
    }
    let list = |name: &str| answer.get(name).and_then(Value::as_array).into_iter().flatten();
    let names = names(list("columns").filter_map(Value::as_str));
    let cells = list("rows").filter_map(Value::as_array);
    let row = |cells: &Vec<Value>| -> report::lists::Row { names.iter().cloned().zip(cells.iter().cloned()).collect() };
    Ok(match format {
        Format::Csv => {
            let head: Vec<Value> = names.iter().map(|name| name.as_str().into()).collect();
            let head = is_first.then(|| report::csv_line(head.iter().map(Some)));
            let cell = |value| if matches!(value, &Value::Null) { None } else { Some(value) };
            head.into_iter().chain(cells.map(|cells| report::csv_line(cells.iter().map(cell)))).collect()
        }
        Format::Ndjson => cells.map(|cells| report::json_line(&row(cells))).collect(),
        Format::Table | Format::Json => {
            let rows: Vec<report::lists::Row> = cells.map(row).collect();
            let total = rows.len() as u64;
            let list = report::lists::List { name: "rows".into(), rows, total, next: None, matched: None };
            let drawn = report::draw(&list, usize::MAX, report::width());
            let same =
                if drawn.same.is_empty() { String::new() } else { format!("in all rows: {}\n", drawn.same.join(", ")) };
            format!("{same}{}", drawn.text)
        }
    })
}

/// Names of columns, each once: two columns of a query may have the same.
fn names<'n>(given: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in given {
        let mut own = name.to_owned();
        let mut count = 1_u32;
        while names.contains(&own) {
            count = count.saturating_add(1);
            own = format!("{name}_{count}");
        }
        names.push(own);
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_printed_in_each_form() {
        let answer = json!({ "columns": ["name", "n", "n"], "rows": [["a,b", 1, null], ["=x", 2, [3]]], "shown": {} });
        let of = |format| printed(&answer, format, true).unwrap();
        assert_eq!(of(Format::Csv), "name,n,n_2\n\"a,b\",1,\n'=x,2,3\n");
        assert_eq!(
            of(Format::Ndjson),
            "{\"name\":\"a,b\",\"n\":1,\"n_2\":null}\n{\"name\":\"=x\",\"n\":2,\"n_2\":[3]}\n"
        );
        assert!(of(Format::Table).contains("name") && of(Format::Json).contains("columns"));
        assert!(!printed(&answer, Format::Csv, false).unwrap().contains("name"));
    }
}
