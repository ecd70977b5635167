//! `mcpcap analyzer run`: an analyzer on a capture.

use clap::Args;

use crate::cli::analyze;
use crate::cli::options::{Building, Captures, place};
use crate::service::Options;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The analyzer: a file, or a pinned reference
    file: String,
    /// Path or URL of the capture
    capture: String,
    /// Name of the tool, with or without the analyzer's prefix [default: its first]
    #[arg(long)]
    tool: Option<String>,
    /// An argument of the tool
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = analyze::pair)]
    arguments: Vec<(String, String)>,

    #[command(flatten)]
    captures: Captures,

    #[command(flatten)]
    building: Building,
}

impl Arguments {
    /// Into the options of the service.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn apply(&self, options: &mut Options) -> Result<(), String> {
        self.building.apply(options);
        self.captures.apply(options)
    }
}

/// Prints the report.
pub async fn run(typed: Arguments, options: Options) -> Result<(), String> {
    let (service, entry) = super::with(place(&typed.file)?, options).await?;
    let offer = entry.offer.map_err(|error| format!("{}: {error}", entry.place))?;
    let names: Vec<&str> = offer.tools.iter().map(|tool| tool.name.as_str()).collect();
    let wanted = typed.tool.as_deref().or(names.first().copied()).unwrap_or_default();
    let known = offer.tools.iter().find(|tool| tool.name == wanted || tool.own_name == wanted);
    let tool = known.ok_or_else(|| format!("it has no tool {wanted}; its tools are {}", names.join(", ")))?;
    analyze::answer(&service, &tool.name, typed.capture, typed.arguments).await
}
