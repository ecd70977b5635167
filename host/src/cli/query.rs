//! `mcpcap query`: SQL over captures, for people and scripts.

use std::io::IsTerminal;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::analyze::captures::{self, Chosen};
use super::exit::{self, Failure};
use super::options::{Audit, Captures, Hardening, Keeping, Loaded, Naming};
use super::progress::Shown;
use super::report;
use crate::answer::{AnswerError, Code};
use crate::capture::KEY_LOG;
use crate::service::{Asking, Options, STANDARD_INPUT, Service};
use crate::tables::tool::MOST;
use crate::text::terminal::{complain, print};
use crate::text::url;

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
    /// Captures: files, all below a folder, patterns as 'day-*.pcap', http and https URLs; - is standard input. Of several, the column `capture` names
    /// the one that a row is of
    #[arg(value_name = "CAPTURE", required = true, num_args = 1..)]
    captures: Vec<String>,

    /// One SELECT; \"SELECT * FROM tables_and_columns\" tells what there is
    #[arg(value_name = "SQL", required = true)]
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

    /// TLS key log, by which what TLS carries is decrypted
    #[arg(long, value_name = "FILE")]
    keylog_file: Option<String>,

    #[command(flatten)]
    naming: Naming,

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

    /// As the tool takes them.
    fn given(&self, chosen: &Chosen) -> Map<String, Value> {
        let mut given = Map::new();
        given.insert("pcap_file".into(), chosen.captures.first().map_or("", String::as_str).into());
        given.insert("sql".into(), self.sql.as_str().into());
        if let Some(path) = &self.keylog_file {
            given.insert(KEY_LOG.into(), path.as_str().into());
        }
        if let Some(limit) = self.limit.or(self.all.then_some(MOST)) {
            given.insert("limit".into(), limit.into());
        }
        if self.all || self.limit.is_some() {
            given.insert("max_chars".into(), ALL.into());
        }
        given
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
        let chosen = captures::chosen(&typed.captures)?;
        captures::take_standard_input(&service, &chosen).await?;
        answer(&service, typed, &chosen).await
    };
    tokio::select! {
        done = work => done,
        _ = tokio::signal::ctrl_c() => Err(Failure::Said(exit::INTERRUPTED)),
    }
}

/// Reads the captures, and prints the rows. What one of several fails at is said, and the others answer.
async fn answer(service: &Arc<Service>, typed: &Arguments, chosen: &Chosen) -> Result<(), Failure> {
    let names = chosen.names(typed.naming.base.as_deref())?;
    let mut inquiry = service.inquire(typed.given(chosen), chosen.is_set).await.map_err(failed)?;
    let (mut code, mut left_out) = (0, 0_usize);
    for (capture, name) in chosen.captures.iter().zip(&names) {
        let shown = Shown::begin()?;
        let cancel = CancellationToken::new();
        let _ends_with_this = cancel.clone().drop_guard();
        let read = inquiry.read((capture, name), cancel, shown.told()).await;
        drop(shown);
        let name = if capture == STANDARD_INPUT { "standard input".to_owned() } else { url::shown(capture) };
        match read {
            Ok(head) => {
                if let Some(damage) = report::damage(&head.into()) {
                    complain(&format!("Warning: {name} is {damage}\n"));
                    code = if code == 0 { exit::DAMAGED } else { code };
                }
            }
            // It is no better for the others.
            Err(error) if !chosen.is_set || error.code == Code::BadArgument || inquiry.is_full() => {
                return Err(failed(error));
            }
            Err(error) => {
                complain(&format!("Error: {name}: {}\n", error.message));
                (code, left_out) = (exit::FAILED, left_out.saturating_add(1));
            }
        }
    }
    // Rows of nothing would say that there is nothing.
    if left_out < chosen.captures.len() {
        pages(inquiry.finish(left_out).map_err(failed)?, typed).await?;
    }
    if code == 0 { Ok(()) } else { Err(Failure::Said(code)) }
}

/// Prints a page, and with --all those that follow.
async fn pages(mut asking: Asking, typed: &Arguments) -> Result<(), Failure> {
    let mut offset = 0;
    loop {
        let cancel = CancellationToken::new();
        let _ends_with_this = cancel.clone().drop_guard();
        let (answer, next) = asking.page(offset, cancel).await.map_err(failed)?;
        print(&printed(&answer, typed.format(), offset == 0)?)?;
        match next {
            Some(next) if typed.all => offset = next,
            Some(_) => {
                let page = answer.pointer("/shown/lists/0").unwrap_or(&Value::Null);
                let returned = page.get("returned").and_then(Value::as_u64).unwrap_or_default();
                let total = page.get("total").map_or_else(|| "many".into(), Value::to_string);
                complain(&format!("Note: {returned} of {total} rows; --all prints all\n"));
                return Ok(());
            }
            None => return Ok(()),
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
