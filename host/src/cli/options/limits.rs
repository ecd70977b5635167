//! The limits that an operator sets, by what they limit; `settings` has the rest and the reasons.

use std::time::Duration;

use clap::{Args, value_parser};

use crate::settings::Limits;

/// Seconds of a limit: at most a day.
const SECONDS: std::ops::RangeInclusive<u64> = 1..=86_400;
const MIB: u64 = 1 << 20;

/// What a run of the sandbox may take.
#[derive(Debug, Clone, Args)]
pub struct Running {
    /// How long reading one capture may take; the report is about what was read by then
    #[arg(long, value_name = "SECONDS", env = "MCPCAP_RUN_TIME", default_value_t = Limits::default().run.as_secs(), value_parser = value_parser!(u64).range(SECONDS))]
    run_time: u64,

    /// How long one call into a component may take
    #[arg(long, value_name = "SECONDS", env = "MCPCAP_CALL_TIME", default_value_t = Limits::default().call.as_secs(), value_parser = value_parser!(u64).range(SECONDS))]
    call_time: u64,

    /// MiB that a compressed capture may become
    #[arg(long, value_name = "MIB", env = "MCPCAP_INFLATED_SIZE", default_value_t = Limits::default().inflated_max / MIB, value_parser = value_parser!(u64).range(1..=1 << 40))]
    inflated_size: u64,
}

impl Running {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.run = Duration::from_secs(self.run_time);
        limits.call = Duration::from_secs(self.call_time);
        limits.inflated_max = self.inflated_size.saturating_mul(MIB);
    }
}

/// What fetching a capture may take.
#[derive(Debug, Clone, Args)]
pub struct Fetching {
    /// MiB of a download, or of a capture from standard input
    #[arg(long, value_name = "MIB", env = "MCPCAP_DOWNLOAD_SIZE", default_value_t = Limits::default().download / MIB, value_parser = value_parser!(u64).range(1..=1 << 40))]
    download_size: u64,

    /// How long a download may take
    #[arg(long, value_name = "SECONDS", env = "MCPCAP_DOWNLOAD_TIME", default_value_t = Limits::default().download_time.as_secs(), value_parser = value_parser!(u64).range(SECONDS))]
    download_time: u64,
}

impl Fetching {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.download = self.download_size.saturating_mul(MIB);
        limits.download_time = Duration::from_secs(self.download_time);
    }
}

/// What loading analyzers of others may take.
#[derive(Debug, Clone, Args)]
pub struct Loading {
    /// How long loading all of them together may take; those that were not loaded by then are refused
    #[arg(long, value_name = "SECONDS", default_value_t = Limits::default().load.as_secs(), value_parser = value_parser!(u64).range(SECONDS))]
    load_time: u64,
}

impl Loading {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.load = Duration::from_secs(self.load_time);
    }
}
