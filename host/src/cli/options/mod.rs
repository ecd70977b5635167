//! Groups of options. A command takes the groups that do something there, and refuses the others.

mod analyzers;
mod http;
mod limits;
mod sources;

use std::path::PathBuf;

use clap::Args;

pub use analyzers::{Building, Loaded, LockFile, place};
pub use http::Http;
pub use limits::{Calls, Keeping, Running, Serving};
pub use sources::{Captures, Naming, Private};

use crate::cli::logs::Format;
use crate::service::Options;

/// Which of the built-in analyzers there are.
#[derive(Debug, Clone, Args)]
pub struct Modules {
    /// Built-in analyzers to offer, separated by commas [default: all of them]
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true)]
    modules: String,
}

impl Modules {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        options.modules.clone_from(&self.modules);
    }
}

/// How far analyzers look.
#[derive(Debug, Clone, Args)]
pub struct Packets {
    /// The most packets of its protocol that an analyzer looks at [default: no limit]
    // The aliases are what the reference takes for it.
    #[arg(long, value_name = "N", allow_negative_numbers = true, aliases = ["ma", "max", "max-"])]
    pub(super) max_packets: Option<i64>,
}

impl Packets {
    /// Into the options of the service.
    ///
    /// # Errors
    /// When it is no number of packets.
    pub fn apply(&self, options: &mut Options) -> Result<(), String> {
        options.max_packets = match self.max_packets {
            None => None,
            Some(n) => {
                Some(u64::try_from(n).ok().filter(|n| *n > 0).ok_or("--max-packets must be a positive integer")?)
            }
        };
        Ok(())
    }
}

/// Who is told of the calls.
#[derive(Debug, Clone, Args)]
pub struct Audit {
    /// Append a line of JSON for each call to this file; - is standard error, which is the default over HTTP
    #[arg(long, value_name = "FILE", env = "MCPCAP_AUDIT_LOG")]
    pub(super) audit_log: Option<PathBuf>,
}

/// How the log is written.
#[derive(Debug, Clone, Args)]
pub struct Logs {
    /// What a line of the log is, on standard error
    #[arg(long, value_enum, value_name = "FORMAT", env = "MCPCAP_LOG_FORMAT", default_value_t = Format::Text)]
    pub(super) log_format: Format,
}

/// What the process gives up.
#[derive(Debug, Clone, Args)]
pub struct Hardening {
    /// Keep what Linux lets a process do beyond what it needs: files, system calls, core dumps. For debugging
    #[arg(long)]
    pub(super) no_hardening: bool,
}
