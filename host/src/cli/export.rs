//! `mcpcap export`: captures as a data set, for other programs.

use std::sync::Arc;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::analyze::captures::{self, Chosen};
use super::exit::{self, Failure};
use super::hardening::Process;
use super::options::{Audit, Captures, Hardening, Keeping, Loaded, Naming};
use super::progress::Shown;
use super::share::Share;
use crate::export::{self, Done, ExportError, Format, Job, Place};
use crate::progress::grouped;
use crate::service::{Options, STANDARD_INPUT, Service};
use crate::text::neutral;
use crate::text::terminal::{complain, print};
use crate::text::url;

/// Characters of a capture's name that are shown.
const NAME: usize = 1000;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Captures: files, all below a folder, patterns as 'day-*.pcap', http and https URLs; - is standard input
    #[arg(value_name = "CAPTURE", required = true, num_args = 1..)]
    captures: Vec<String>,

    /// Where the data set is: a folder, s3://BUCKET/..., gs://BUCKET/... or az://CONTAINER/... What is there already is not made again
    #[arg(long, value_name = "PLACE")]
    to: String,

    /// In which form
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    format: Format,

    /// Tables to export, or logs of Zeek, with commas between [default: all]; `mcpcap query CAPTURE "SELECT * FROM tables_and_columns"` lists tables
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tables: Vec<String>,

    /// Export one of N shares of the captures, as one of N machines: I is from 0 to N - 1. The name of a capture decides whose it is
    #[arg(long, value_name = "I/N")]
    share: Option<Share>,

    /// TLS key log, by which what TLS carries is decrypted
    #[arg(long, value_name = "FILE")]
    keylog_file: Option<String>,

    #[command(flatten)]
    naming: Naming,

    #[command(flatten)]
    sources: Captures,

    #[command(flatten)]
    keeping: Keeping,

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
        self.sources.apply(&mut options)?;
        self.keeping.apply(&mut options);
        self.analyzers.apply(&mut options, false)?;
        Ok(options)
    }

    /// What it writes and asks besides: the folder is made here, since who cannot see it cannot be allowed to write it.
    pub fn process(&self) -> Process {
        if export::is_url(&self.to) {
            return Process { connects: true, reads: export::secrets(), ..Process::default() };
        }
        // Why it cannot be made is said when it is needed.
        let _ = std::fs::create_dir_all(&self.to);
        Process { writes: vec![self.to.clone().into()], ..Process::default() }
    }
}

/// Exports captures, one after the other.
///
/// # Errors
/// With the code that the program ends with.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), Failure> {
    let place = Place::open(&typed.to).map_err(|error| Failure::Failed(error.to_string()))?;
    let service = Service::start(options).map(Arc::new).map_err(|error| error.to_string())?;
    let chosen = captures::chosen(&typed.captures)?;
    let names = chosen.names(typed.naming.base.as_deref())?;
    let key_log = typed.keylog_file.as_ref().map(|path| service.key_log(path)).transpose();
    let key_log = key_log.map_err(|error| Failure::Wrong(error.message))?;
    let job = Job::new(&service, place, (typed.format, key_log), &typed.tables).await;
    let job = job.map(Arc::new).map_err(Failure::Wrong)?;
    captures::take_standard_input(&service, &chosen).await?;
    let cancel = CancellationToken::new();
    let work = all(&service, &job, (&chosen, names.as_slice(), typed.share), &cancel);
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => done,
        code = interrupted() => {
            // What was begun is taken away.
            cancel.cancel();
            let _ = work.as_mut().await;
            Err(Failure::Said(code))
        }
    }
}

/// Waits until somebody ends the program; how it ends then.
async fn interrupted() -> i32 {
    use tokio::signal::unix::{SignalKind, signal};

    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => exit::INTERRUPTED,
            _ = terminate.recv() => exit::TERMINATED,
        },
        Err(_) => {
            let _ = interrupt.await;
            exit::INTERRUPTED
        }
    }
}

/// What became of all.
#[derive(Debug, Default)]
struct Sum {
    captures: u64,
    made: u64,
    rows: u64,
    bytes: u64,
    failed: u64,
}

async fn all(
    service: &Arc<Service>,
    job: &Arc<Job>,
    (chosen, names, share): (&Chosen, &[String], Option<Share>),
    cancel: &CancellationToken,
) -> Result<(), Failure> {
    let (mut sum, mut code) = (Sum::default(), 0);
    let is_ours = |name: &str| share.is_none_or(|share| share.has(name));
    for (capture, name) in chosen.captures.iter().zip(names).filter(|(_, name)| is_ours(name)) {
        let shown = Shown::begin()?;
        let done = job.export(service, (capture, name), cancel.child_token(), shown.told()).await;
        drop(shown);
        let typed = if capture == STANDARD_INPUT { "standard input".into() } else { url::shown(capture) };
        let typed = neutral(&typed, NAME);
        match done {
            Ok(done) => {
                print(&line(name, &done))?;
                sum.add(&done);
                if let Some(ended) = done.capture.ended.filter(|ended| ended.reason != "enough") {
                    let at = grouped(ended.offset);
                    complain(&format!("Warning: {typed} is {} at byte {at}: {}\n", ended.reason, ended.message));
                    code = if code == 0 { exit::DAMAGED } else { code };
                }
            }
            Err(error) if cancel.is_cancelled() || error.is_cancelled() => return Err(told(&error)),
            // It is no better for the others.
            Err(error) if error.is_of_place() || !chosen.is_set => return Err(told(&error)),
            Err(error) => {
                complain(&format!("Error: {typed}: {error}\n"));
                sum.failed = sum.failed.saturating_add(1);
                code = exit::FAILED;
            }
        }
    }
    if chosen.is_set {
        print(&sum.line())?;
    }
    if code == 0 { Ok(()) } else { Err(Failure::Said(code)) }
}

fn told(error: &ExportError) -> Failure {
    match error {
        ExportError::Format { .. } => Failure::Wrong(error.to_string()),
        _ => Failure::Failed(error.to_string()),
    }
}

impl Sum {
    fn add(&mut self, done: &Done) {
        let total =
            |of: fn(&export::Made) -> u64| done.made.iter().fold(0_u64, |sum, made| sum.saturating_add(of(made)));
        self.captures = self.captures.saturating_add(1);
        self.made = self.made.saturating_add(done.made.len() as u64);
        self.rows = self.rows.saturating_add(total(|made| made.rows));
        self.bytes = self.bytes.saturating_add(total(|made| made.bytes));
    }

    fn line(&self) -> String {
        let failed = if self.failed > 0 { format!(", {} left out", grouped(self.failed)) } else { String::new() };
        format!(
            "{} captures{failed}: {} files, {} rows, {} bytes\n",
            grouped(self.captures),
            grouped(self.made),
            grouped(self.rows),
            grouped(self.bytes)
        )
    }
}

/// What became of a capture.
fn line(name: &str, done: &Done) -> String {
    let name = neutral(name, NAME);
    let there = if done.kept > 0 { format!(", {} were there", done.kept) } else { String::new() };
    if done.made.is_empty() {
        return format!("{name}: {} files were there\n", done.kept);
    }
    let mut sum = Sum::default();
    sum.add(done);
    let (files, rows, bytes) = (grouped(sum.made), grouped(sum.rows), grouped(sum.bytes));
    format!("{name}: {files} files, {rows} rows, {bytes} bytes{there}\n")
}
