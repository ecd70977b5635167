//! `mcpcap analyze`: one report, for people and scripts.

use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::catalog::Tool;
use crate::contract::arguments::MAX_CHARS;
use crate::service::Service;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of the tool, as `mcpcap tools` lists it
    tool: String,
    /// Path or URL of the capture
    capture: String,
    /// An argument of the tool
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair)]
    arguments: Vec<(String, String)>,
}

impl Arguments {
    /// For a tool that was found otherwise.
    pub(super) fn new(tool: &str, capture: String, arguments: Vec<(String, String)>) -> Self {
        Self { tool: tool.into(), capture, arguments }
    }
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("expected NAME=VALUE".into()),
    }
}

/// Prints the report on standard output. Progress is shown on standard error when that is a terminal.
pub async fn run(service: &Arc<Service>, typed: Arguments) -> Result<(), String> {
    service.settled_for(|catalog| catalog.tool(&typed.tool).is_some()).await;
    let catalog = service.catalog();
    let tool = catalog.tool(&typed.tool).map(AsRef::as_ref);
    let mut arguments: Map<String, Value> =
        typed.arguments.into_iter().map(|(name, value)| (name.clone(), typed_value(tool, &name, value))).collect();
    arguments.insert("pcap_file".into(), typed.capture.into());
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
        answer = service.answer(&typed.tool, arguments, cancel.clone(), progress) => answer,
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
