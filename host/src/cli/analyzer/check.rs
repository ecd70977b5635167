//! `mcpcap analyzer check`: what would happen to an analyzer in the server, before it is there.

mod captures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use self::captures::Sample;
use crate::analyzers::Entry;
use crate::answer::{AnswerError, Code};
use crate::catalog::Offer;
use crate::cli::analyze;
use crate::cli::options::{Building, Packets, Running, place};
use crate::contract::Tool;
use crate::service::{Answer, Options, Service};
use crate::settings::Limits;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The analyzer: a file, or a pinned reference
    file: String,
    /// Run it on this capture too; may be given several times
    #[arg(long = "capture", value_name = "FILE")]
    captures: Vec<PathBuf>,
    /// An argument for all tools that take it, as NAME=VALUE; may be given several times
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = analyze::pair)]
    arguments: Vec<(String, String)>,

    #[command(flatten)]
    packets: Packets,

    #[command(flatten)]
    running: Running,

    #[command(flatten)]
    building: Building,
}

impl Arguments {
    /// Into the options of the service.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn apply(&self, options: &mut Options) -> Result<(), String> {
        self.running.apply(&mut options.limits);
        self.building.apply(options);
        self.packets.apply(options)
    }
}

/// Captures on which a tool may fail before it is not run any more.
const FAILURES: usize = 5;

/// What was found; a line for each, at once.
#[derive(Default)]
struct Results {
    failed: usize,
    warned: usize,
}

impl Results {
    fn ok(&mut self, what: &str, found: &str) {
        self.line("ok   ", what, found);
    }

    fn line(&mut self, state: &str, what: &str, found: &str) {
        // A reader that has gone away still learns the exit code.
        let _ = crate::cli::print(&format!("{state} {what}: {found}\n"));
    }

    fn warn(&mut self, what: &str, found: &str) {
        self.warned = self.warned.saturating_add(1);
        self.line("warn ", what, found);
    }

    fn fail(&mut self, what: &str, found: &str) {
        self.failed = self.failed.saturating_add(1);
        self.line("FAIL ", what, found);
    }
}

/// Prints a line for each check; fails when one fails.
pub async fn run(typed: &Arguments, options: Options) -> Result<(), String> {
    let place = place(&typed.file)?;
    let mut results = Results::default();
    let begun = Instant::now();
    let (service, entry) = super::with(place.clone(), options.clone()).await?;
    let took = begun.elapsed();
    if let Some(offer) = described(&entry, took, &mut results) {
        // The same analyzer given the same captures in small pieces.
        let limits = Limits { first_window: 512, window: 4096, ..options.limits.clone() };
        let (pieces, _) = super::with(place, Options { limits, ..options }).await?;
        let samples = captures::samples(&typed.captures)?;
        for tool in &offer.tools {
            match arguments(tool, &typed.arguments) {
                Ok(arguments) => {
                    let run = Runs { service: &service, pieces: &pieces, tool, arguments };
                    run.all(&samples, &mut results).await;
                }
                Err(missing) => results.warn(
                    &tool.name,
                    &format!("was not run: it needs the argument {missing}; give it with --arg {missing}=VALUE, or give its schema an example"),
                ),
            }
        }
    }
    match (results.failed, results.warned) {
        (0, 0) => Ok(()),
        (0, warned) => super::super::print(&format!("no failure, {warned} to look at\n")),
        (failed, _) => Err(format!("{failed} checks failed")),
    }
}

/// What it is, and what it says about itself.
fn described(entry: &Entry, took: Duration, results: &mut Results) -> Option<Arc<Offer>> {
    let offer = match &entry.offer {
        Ok(offer) => Arc::clone(offer),
        Err(error) => {
            results.fail("load", &error.to_string());
            return None;
        }
    };
    let module = &offer.module;
    results.ok(
        "load",
        &format!("{} {}, sha256 {}, in {:.1} s", module.name, module.version, module.sha256, took.as_secs_f64()),
    );
    for tool in &offer.tools {
        let fields = tool.report().get("properties").and_then(Value::as_object).map_or(0, Map::len);
        results.ok("tool", &format!("{}, {fields} fields in its report", tool.name));
        if tool.name != tool.own_name {
            let (own, name) = (&tool.own_name, &tool.name);
            results.warn("tool", &format!("{own} is offered as {name}; call it so in the component, or prompts that mention {own} name nothing"));
        }
        if tool.description.trim().is_empty() || fields == 0 {
            results.warn(
                "tool",
                &format!(
                    "{} has no description or no schema of its report, so a model cannot know when to use it",
                    tool.name
                ),
            );
        }
    }
    for prompt in &offer.prompts {
        results.ok("prompt", &prompt.name);
        if prompt.templates().is_empty() {
            let name = &prompt.name;
            results.warn("prompt", &format!("{name} has no text: it is written once, with a marker such as {{{{pcap_file}}}} in place of each argument, so it must not look into them"));
        }
        if prompt.name != prompt.own_name {
            results.warn("prompt", &format!("{} is offered as {}", prompt.own_name, prompt.name));
        }
    }
    for remark in &offer.remarks {
        results.warn("text", &format!("{remark}; whoever loads it is asked to approve it first"));
    }
    Some(offer)
}

/// Arguments that a tool can be run with: those that were typed, and what its schema suggests for those that it cannot do without.
fn arguments(tool: &Tool, typed: &[(String, String)]) -> Result<Map<String, Value>, String> {
    let mut arguments = Map::new();
    for (name, value) in typed {
        if tool.properties().any(|(known, _)| known == name) {
            arguments.insert(name.clone(), analyze::typed_value(Some(tool), name, value.clone()));
        }
    }
    let required = tool.input.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    for name in required.filter(|name| *name != "pcap_file") {
        if arguments.contains_key(name) {
            continue;
        }
        let schema = tool.properties().find(|(known, _)| *known == name).map(|(_, schema)| schema);
        let first = |key: &str| schema.and_then(|schema| schema.get(key)).and_then(Value::as_array)?.first();
        let suggested =
            schema.and_then(|schema| schema.get("default")).or_else(|| first("examples")).or_else(|| first("enum"));
        arguments.insert(name.into(), suggested.ok_or(name)?.clone());
    }
    Ok(arguments)
}

/// What went wrong, and on which captures.
#[derive(Default)]
struct Problems {
    by_cause: BTreeMap<String, Vec<String>>,
    count: usize,
}

impl Problems {
    fn note(&mut self, what: String, sample: &Sample) {
        self.count = self.count.saturating_add(1);
        self.by_cause.entry(what).or_default().push(sample.name.clone());
    }
}

/// The runs of one tool.
struct Runs<'a> {
    service: &'a Arc<Service>,
    pieces: &'a Arc<Service>,
    tool: &'a Arc<Tool>,
    arguments: Map<String, Value>,
}

impl Runs<'_> {
    async fn all(&self, samples: &[Sample], results: &mut Results) {
        let name = &self.tool.name;
        let mut slowest = (Duration::ZERO, String::new());
        let mut problems = Problems::default();
        for sample in samples {
            if problems.count >= FAILURES {
                break;
            }
            let answer = match self.ask(self.service, &sample.path).await {
                Ok(answer) => answer,
                // What is not a capture any more is no fault of the analyzer.
                Err(error) if sample.is_damaged && matches!(error.code, Code::NotACapture | Code::Damaged) => continue,
                Err(error) => {
                    problems.note(format!("{} ({})", error.message, error.code.name()), sample);
                    continue;
                }
            };
            if answer.time > slowest.0 {
                slowest = (answer.time, sample.name.clone());
            }
            if let Some(warning) = answer.report.get("warning").and_then(Value::as_str) {
                problems.note(warning.to_owned(), sample);
            }
            match self.ask(self.service, &sample.path).await {
                Ok(again) if again.report == answer.report => {}
                _ => problems.note("the same capture gave another report the second time: no clock, no random numbers, no order of a hash map may show in it".into(), sample),
            }
            match self.ask(self.pieces, &sample.path).await {
                Ok(other) if other.report == answer.report => {}
                Ok(_) => problems.note("the capture in smaller batches gave another report: what is kept between frames must not depend on where a batch ends".into(), sample),
                Err(error) => problems.note(format!("the capture in smaller batches failed: {error}"), sample),
            }
        }
        for (what, names) in &problems.by_cause {
            let shown: Vec<&str> = names.iter().take(3).map(String::as_str).collect();
            let more = names.len().saturating_sub(shown.len());
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            results.fail(name, &format!("{what}; on {}{more}", shown.join(", ")));
        }
        if problems.count == 0 {
            let (time, of) = slowest;
            results.ok(
                name,
                &format!(
                    "{} captures, each twice and once in small batches: the same reports; slowest {:.3} s ({of})",
                    samples.len(),
                    time.as_secs_f64()
                ),
            );
        }
    }

    async fn ask(&self, service: &Arc<Service>, capture: &Path) -> Result<Answer, AnswerError> {
        let mut arguments = self.arguments.clone();
        arguments.insert("pcap_file".into(), capture.to_string_lossy().into_owned().into());
        service.answer(&self.tool.name, arguments, CancellationToken::new(), Arc::new(|_, _| {})).await
    }
}
