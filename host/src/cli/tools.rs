//! `mcpcap tools`: what is loaded.

use std::sync::Arc;

use clap::Args;

use super::options::{Loaded, Modules};
use crate::service::{Options, Service};

#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    modules: Modules,

    #[command(flatten)]
    analyzers: Loaded,
}

impl Arguments {
    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options::default();
        self.modules.apply(&mut options);
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }
}

/// Prints a line for each tool and its arguments.
pub async fn run(options: &Options) -> Result<(), String> {
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    service.settled().await;
    let catalog = service.catalog();
    let mut text = String::new();
    for tool in &catalog.tools {
        let module = &tool.module;
        let digest = module.sha256.get(..12).unwrap_or_default();
        text.push_str(&format!("{}\n    {}\n", tool.name, tool.title));
        text.push_str(&format!("    component {} {} (sha256 {digest}…)\n", module.name, module.version));
        let arguments: Vec<&str> = tool.properties().map(|(name, _)| name).collect();
        text.push_str(&format!("    arguments {}\n", arguments.join(", ")));
    }
    super::print(&text)
}
