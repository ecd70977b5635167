//! Where captures come from, and what reading them may cost.

use std::path::PathBuf;

use clap::Args;

use super::Packets;
use super::limits::{Fetching, Running};
use crate::service::Options;

/// Variable of the environment. It is no option, as it holds several values.
const ROOTS: &str = "MCPCAP_ROOTS";

/// Whether addresses may be asked that others cannot reach.
#[derive(Debug, Clone, Args)]
pub struct Private {
    /// Fetch URLs of loopback, private and link-local addresses too, and ask registries there
    #[arg(long)]
    pub(in crate::cli) allow_private_urls: bool,
}

/// What may be asked of the network.
#[derive(Debug, Clone, Args)]
pub struct Network {
    /// Fetch nothing: no captures from URLs, and no analyzers from registries
    #[arg(long)]
    no_remote: bool,

    #[command(flatten)]
    private: Private,
}

impl Network {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        options.remote.enabled = !self.no_remote;
        options.remote.private = self.private.allow_private_urls;
        options.analyzers.may_fetch = options.remote.enabled;
        options.analyzers.private_registries = options.remote.private;
    }
}

/// Captures, and what a run over one may take.
#[derive(Debug, Clone, Args)]
pub struct Captures {
    /// Read captures below this folder only; may be given several times, or as MCPCAP_ROOTS with colons between
    /// [default: all that the user may read; over HTTP, the working directory]
    #[arg(long = "root", value_name = "DIR")]
    roots: Vec<PathBuf>,

    /// Fetch from this host only, or from all below it as *.example.com; may be given several times [default: all]
    #[arg(long = "allow-url-host", value_name = "HOST")]
    url_hosts: Vec<String>,

    /// Do not keep downloads for the next question about the same URL
    #[arg(long)]
    no_url_cache: bool,

    #[command(flatten)]
    pub(in crate::cli) packets: Packets,

    #[command(flatten)]
    running: Running,

    #[command(flatten)]
    fetching: Fetching,
}

impl Captures {
    /// Into the options of the service.
    ///
    /// # Errors
    /// As [`Packets::apply`].
    pub fn apply(&self, options: &mut Options) -> Result<(), String> {
        options.roots = self.roots();
        options.remote.hosts.clone_from(&self.url_hosts);
        options.remote.keep = !self.no_url_cache;
        self.running.apply(&mut options.limits);
        self.fetching.apply(&mut options.limits);
        self.packets.apply(options)
    }

    /// The folders that may be read; none: all.
    fn roots(&self) -> Vec<PathBuf> {
        let mut roots = self.roots.clone();
        if roots.is_empty() {
            let named = std::env::var_os(ROOTS).unwrap_or_default();
            roots.extend(std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()));
        }
        roots
    }
}

/// How captures are called where several are told apart.
#[derive(Debug, Clone, Args)]
pub struct Naming {
    /// Call captures by their path from this folder on [default: the folder that all of them are in]
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) base: Option<PathBuf>,
}
