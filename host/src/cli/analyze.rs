//! `mcpcap analyze`: one report, for people and scripts.

use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::options::{Audit, Captures, Hardening, Loaded};
use crate::catalog::Tool;
use crate::contract::arguments::MAX_CHARS;
use crate::service::{Options, Service};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the tool, as `mcpcap tools` lists it
    tool: String,
    /// Path or URL of the capture
    capture: String,
    /// An argument of the tool
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair)]
    arguments: Vec<(String, String)>,

    #[command(flatten)]
    captures: Captures,

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
        self.captures.apply(&mut options)?;
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
pub async fn run(typed: Arguments, options: &Options) -> Result<(), String> {
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled_for(|catalog| catalog.tool(&typed.tool).is_some()).await;
    answer(&service, &typed.tool, typed.capture, typed.arguments).await
}

/// Prints the report on standard output. Progress is shown on standard error when that is a terminal.
pub async fn answer(
    service: &Arc<Service>,
    tool: &str,
    capture: String,
    typed: Vec<(String, String)>,
) -> Result<(), String> {
    let catalog = service.catalog();
    let known = catalog.tool(tool).map(AsRef::as_ref);
    let mut arguments: Map<String, Value> =
        typed.into_iter().map(|(name, value)| (name.clone(), typed_value(known, &name, value))).collect();
    arguments.insert("pcap_file".into(), capture.into());
    // A terminal has room.
    arguments.entry("max_chars").or_insert_with(|| MAX_CHARS.1.into());
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}");
    bar.set_style(style.map_err(|error| error.to_string())?);
    let shown = bar.clone();
    let progress = Arc::new(move |done: u64, total: Option<u64>| {
        if let Some(total) = total {
            shown.set_length(total);
        }
        shown.set_position(done);
    });
    let cancel = CancellationToken::new();
    let answer = tokio::select! {
        answer = service.answer(tool, arguments, cancel.clone(), progress) => answer,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            return Err("interrupted".into());
        }
    };
    bar.finish_and_clear();
    let answer = answer.map_err(|error| error.message)?;
    let text = serde_json::to_string_pretty(&answer.report).map_err(|error| error.to_string())?;
    super::print(&format!("{text}\n"))
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
