//! `mcpcap analyzer run`: an analyzer on a capture.

use clap::Args;

use crate::cli::analyze;
use crate::cli::exit::Failure;
use crate::cli::options::{Building, Captures, place};
use crate::cli::report::Output;
use crate::service::Options;

#[derive(Debug, Args)]
pub struct Arguments {
    /// The analyzer: a file, or a pinned reference
    file: String,
    /// Captures: files, all below a folder, patterns as 'day-*.pcap', http and https URLs; - is standard input
    #[arg(value_name = "CAPTURE", required = true)]
    captures: Vec<String>,
    /// Name of the tool, with or without the analyzer's prefix [default: its first]
    #[arg(long)]
    tool: Option<String>,
    /// An argument of the tool
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = analyze::pair)]
    arguments: Vec<(String, String)>,

    #[command(flatten)]
    output: Output,

    #[command(flatten)]
    sources: Captures,

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
        self.sources.apply(options)
    }
}

/// Prints the report.
pub async fn run(typed: Arguments, options: Options) -> Result<(), Failure> {
    let (service, entry) = super::with(place(&typed.file)?, options).await?;
    let offer = entry.offer.map_err(|error| format!("{}: {error}", entry.place))?;
    let names: Vec<&str> = offer.tools.iter().map(|tool| tool.name.as_str()).collect();
    let wanted = typed.tool.as_deref().or(names.first().copied()).unwrap_or_default();
    let known = offer.tools.iter().find(|tool| tool.name == wanted || tool.own_name == wanted);
    let tool = known.ok_or_else(|| format!("it has no tool {wanted}; its tools are {}", names.join(", ")))?;
    let arguments = typed.arguments.into_iter().map(|(name, value)| {
        let value = analyze::typed_value(Some(tool), &name, value);
        (name, value)
    });
    analyze::answer(&service, std::slice::from_ref(tool), &typed.captures, arguments.collect(), &typed.output).await
}
