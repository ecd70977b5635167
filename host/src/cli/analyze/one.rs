//! One question about one capture after the other.

use std::sync::Arc;

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::answer::{AnswerError, Code};
use crate::cli::exit::{self, Failure};
use crate::cli::progress::Shown;
use crate::cli::report::{self, Format, Output};
use crate::contract::Tool;
use crate::service::{Answer, STANDARD_INPUT, Service};
use crate::text::terminal::{complain, print};
use crate::text::url;
use crate::watch::Caller;

/// Characters of the report that a page is made of.
const FOR_A_PAGE: usize = 200_000;

/// A question, and how its answers are printed.
pub struct Asking<'a> {
    service: &'a Arc<Service>,
    /// The tools: one, or several that read each capture in one pass.
    tools: &'a [Arc<Tool>],
    /// The first of them.
    tool: &'a Arc<Tool>,
    arguments: Map<String, Value>,
    format: Format,
    all: bool,
    is_set: bool,
    /// Whether parts of the report were asked for.
    parts: bool,
}

/// What became of a capture.
struct Answered {
    /// Why it was not read to its end.
    damage: Option<String>,
    /// Whether one of several tools failed, which was said.
    failed: bool,
}

impl<'a> Asking<'a> {
    pub fn new(
        service: &'a Arc<Service>,
        tools: &'a [Arc<Tool>],
        mut arguments: Map<String, Value>,
        output: &Output,
        is_set: bool,
    ) -> Option<Self> {
        let tool = tools.first()?;
        arguments.entry("as_objects").or_insert(output.format().has_names().into());
        let parts = arguments.contains_key("section") || arguments.contains_key("cursor");
        if output.format() == Format::Report && !parts && !output.all {
            // A page has few entries of each list, and so is far below the budget of a report; but it has some of each.
            let entries = if report::has_findings(tool) { report::FINDINGS } else { report::ENTRIES };
            arguments.entry("limit").or_insert_with(|| entries.into());
            arguments.entry("max_chars").or_insert_with(|| FOR_A_PAGE.into());
        }
        Some(Self { service, tools, tool, arguments, format: output.format(), all: output.all, is_set, parts })
    }

    /// Asks about each capture; what fails does not keep the others from being read.
    ///
    /// # Errors
    /// When one failed, or was damaged.
    pub async fn all(&self, captures: &[String]) -> Result<(), Failure> {
        let (mut code, mut is_first) = (0, true);
        let is_list = self.is_set && self.format == Format::Json;
        for capture in captures {
            let answered = self.one(capture, is_first, is_list).await;
            let shown = if capture == STANDARD_INPUT { "standard input".to_owned() } else { url::shown(capture) };
            match answered {
                Ok(Answered { failed: true, .. }) => (is_first, code) = (false, exit::FAILED),
                Ok(Answered { damage: None, .. }) => is_first = false,
                Ok(Answered { damage: Some(damage), .. }) => {
                    is_first = false;
                    complain(&format!("Warning: {shown} is {damage}\n"));
                    code = if code == 0 { exit::DAMAGED } else { code };
                }
                Err(Failed::Answer(error)) => {
                    let about = if self.is_set { format!("{shown}: ") } else { String::new() };
                    complain(&format!("Error: {about}{}\n", error.message));
                    if error.code == Code::BadArgument {
                        // It is no better for the others.
                        code = exit::USAGE;
                        break;
                    }
                    code = exit::FAILED;
                }
                Err(Failed::Output(message)) => return Err(Failure::Failed(message)),
            }
        }
        if is_list {
            print(if is_first { "[]\n" } else { "\n]\n" })?;
        }
        if code == 0 { Ok(()) } else { Err(Failure::Said(code)) }
    }

    async fn one(&self, capture: &str, is_first: bool, is_list: bool) -> Result<Answered, Failed> {
        if self.format.is_of_rows() && self.tools.len() > 1 {
            let reason = "csv, ndjson and table print a list of one tool: name one".to_owned();
            return Err(Failed::Answer(AnswerError::new(Code::BadArgument, reason)));
        }
        if self.format.is_of_rows() {
            return self.rows(capture, is_first).await;
        }
        let mut reports = Vec::new();
        // What one tool fails at does not keep the others' reports from being printed.
        let mut failed: Vec<(&str, AnswerError)> = Vec::new();
        for (tool, answer) in self.tools.iter().zip(self.ask(capture, self.arguments.clone()).await?) {
            match answer {
                Ok(answer) => reports.push((tool, answer.report)),
                Err(error) => failed.push((&tool.name, error)),
            }
        }
        // What all of them fail at alike is about the capture or the arguments, and said once.
        if let [(_, first), others @ ..] = failed.as_slice()
            && reports.is_empty()
            && others.iter().all(|(_, other)| other == first)
        {
            return Err(first.clone().into());
        }
        for (tool, error) in &failed {
            complain(&format!("Error: {tool}: {}\n", error.message));
        }
        let damage = reports.iter().find_map(|(_, report)| report::damage(report));
        print(&if self.format == Format::Json {
            self.json(reports, is_first, is_list)?
        } else {
            self.pages(&reports, is_first)
        })?;
        Ok(Answered { damage, failed: !failed.is_empty() })
    }

    /// A report, or those of several tools by the names of these.
    fn json(&self, mut reports: Vec<(&Arc<Tool>, Value)>, is_first: bool, is_list: bool) -> Result<String, String> {
        let value = match (self.tools.len(), reports.len()) {
            (1, 1) => reports.pop().map(|(_, report)| report).unwrap_or_default(),
            _ => Value::Object(reports.into_iter().map(|(tool, report)| (tool.name.clone(), report)).collect()),
        };
        let text = serde_json::to_string_pretty(&value).map_err(|error| error.to_string())?;
        Ok(match (is_list, is_first) {
            (false, _) => format!("{text}\n"),
            (true, true) => format!("[\n{text}"),
            (true, false) => format!(",\n{text}"),
        })
    }

    fn pages(&self, reports: &[(&Arc<Tool>, Value)], is_first: bool) -> String {
        let asked = report::Asked { all: self.all, parts: self.parts, width: report::width() };
        let line = format!("\n{}\n", "=".repeat(asked.width));
        let pages: Vec<String> = reports.iter().map(|(tool, report)| report::page(report, tool, asked)).collect();
        let pages = pages.join(&line);
        if is_first { pages } else { format!("{line}{pages}") }
    }

    /// Prints the entries of one list, and with --all page after page.
    async fn rows(&self, capture: &str, is_first: bool) -> Result<Answered, Failed> {
        let wrong = |message: String| Failed::Answer(AnswerError::new(Code::BadArgument, message));
        let asked = self.arguments.get("section").map(|section| match section {
            Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            section => vec![section.as_str().unwrap_or_default().to_owned()],
        });
        let name = match asked.as_deref() {
            Some([one]) => one.clone(),
            Some(_) => return Err(wrong("csv, ndjson and table print one list: name one with --section".into())),
            None => {
                report::main_list(self.tool).ok_or_else(|| wrong(format!("{} has no list to print", self.tool.name)))?
            }
        };
        let mut arguments = self.arguments.clone();
        arguments.insert("section".into(), vec![name.as_str()].into());
        let columns = report::lists::columns(self.tool.report(), &name);
        if columns.is_empty() {
            return Err(wrong(format!("{name} is no list of entries: print it with --format json")));
        }
        if self.format == Format::Csv && is_first {
            let head: Vec<Value> = columns.iter().map(|column| column.as_str().into()).collect();
            let of_set = self.is_set.then(|| Value::from("capture"));
            print(&report::csv_line(of_set.iter().chain(&head).map(Some)))?;
        }
        let mut count = 0_u64;
        loop {
            let answer = self
                .ask(capture, arguments.clone())
                .await?
                .pop()
                .unwrap_or_else(|| Err(AnswerError::new(Code::Internal, "no answer")))?
                .report;
            let list = report::lists::list(&answer, &name);
            count = count.saturating_add(list.rows.len() as u64);
            print(&self.printed(capture, &list, &columns))?;
            match list.next.filter(|_| self.all && !list.rows.is_empty()) {
                Some(next) => {
                    arguments.shift_remove("section");
                    arguments.insert("cursor".into(), next.into());
                }
                None => {
                    let is_bounded = ["cursor", "limit"].iter().any(|name| self.arguments.contains_key(*name));
                    let wanted = list.matched.map_or(list.total, |(matched, _)| matched);
                    if count < wanted && !is_bounded {
                        complain(&format!("Note: {count} of {wanted} entries of {name}; --all prints all\n"));
                    }
                    return Ok(Answered { damage: report::damage(&answer), failed: false });
                }
            }
        }
    }

    fn printed(&self, capture: &str, list: &report::lists::List, columns: &[String]) -> String {
        let of_set = self.is_set.then(|| Value::from(url::shown(capture)));
        if self.format == Format::Table {
            let head = of_set.map(|name| format!("{}\n", report::lists::cell(&name))).unwrap_or_default();
            let drawn = report::draw(list, usize::MAX, report::width());
            let same =
                if drawn.same.is_empty() { String::new() } else { format!("in all rows: {}\n", drawn.same.join(", ")) };
            return format!("{head}{same}{}", drawn.text);
        }
        let lines = list.rows.iter().map(|row| match self.format {
            Format::Csv => {
                let cells = columns.iter().map(|column| row.get(column));
                report::csv_line(of_set.iter().map(Some).chain(cells))
            }
            _ => {
                let named = of_set.iter().map(|name| ("capture".to_owned(), name.clone()));
                report::json_line(&named.chain(row.clone()).collect())
            }
        });
        lines.collect()
    }

    /// Asks all tools in one pass.
    async fn ask(
        &self,
        capture: &str,
        mut arguments: Map<String, Value>,
    ) -> Result<Vec<Result<Answer, AnswerError>>, Failed> {
        arguments.insert("pcap_file".into(), capture.into());
        let shown = Shown::begin()?;
        let cancel = CancellationToken::new();
        let _ends_with_this = cancel.clone().drop_guard();
        let answers = self.service.answer_all(&Caller::default(), self.tools, &arguments, cancel, shown.told()).await;
        drop(shown);
        Ok(answers)
    }
}

/// Why there is no answer about a capture.
enum Failed {
    Answer(AnswerError),
    /// It cannot be printed.
    Output(String),
}

impl From<AnswerError> for Failed {
    fn from(error: AnswerError) -> Self {
        Self::Answer(error)
    }
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self::Output(message)
    }
}
