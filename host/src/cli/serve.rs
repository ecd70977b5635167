//! `mcpcap serve`, and `mcpcap` alone: the server, over what, and for whom.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgMatches, Args, Command, ValueEnum, parser::ValueSource};

use super::hardening::Process;
use super::logs::Format;
use super::options::{Audit, Calls, Captures, Hardening, Http, Keeping, Loaded, Logs, Modules, Serving};
use crate::contract::arguments;
use crate::mcp::{self, HttpOptions};
use crate::service::{MAX_CHARS, Options, Service};
use crate::text::terminal::complain;

/// For who starts it by hand.
const WAITING: &str = "mcpcap waits for an MCP client on this terminal (Ctrl-C ends it); for a report run: mcpcap FILE, or: mcpcap --help\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    Stdio,
    Http,
}

/// What the server can be told.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    #[command(flatten)]
    modules: Modules,

    /// The most characters of a report, unless a call asks for another number with max_chars
    #[arg(long, value_name = "N", default_value_t = MAX_CHARS, value_parser = report_chars)]
    max_report_chars: usize,

    /// Give reports as text alone, without structured content and output schemas: half the characters for clients that show both
    #[arg(long)]
    text_only: bool,

    /// Put the complete schemas of answers into the list of tools, which takes ten times the characters
    #[arg(long)]
    full_schemas: bool,

    /// How clients connect
    #[arg(long, value_enum, default_value_t = Transport::Stdio)]
    pub(super) transport: Transport,

    #[command(flatten)]
    http: Http,

    #[command(flatten)]
    pub(super) captures: Captures,

    #[command(flatten)]
    keeping: Keeping,

    #[command(flatten)]
    analyzers: Loaded,

    // Not in the other group: clap leaves a group empty that has another in it.
    #[command(flatten)]
    serving: Serving,

    #[command(flatten)]
    calls: Calls,

    #[command(flatten)]
    audit: Audit,

    #[command(flatten)]
    logs: Logs,

    #[command(flatten)]
    pub(super) hardening: Hardening,
}

fn report_chars(text: &str) -> Result<usize, String> {
    let (least, most) = arguments::MAX_CHARS;
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("must be a number from {least} to {most}"))
}

impl Arguments {
    /// Whether clients come over HTTP.
    pub fn speaks_http(&self) -> bool {
        self.transport == Transport::Http
    }

    /// How the log is written.
    pub fn log_format(&self) -> Format {
        self.logs.log_format
    }

    /// What the server does besides what the service does.
    pub fn process(&self) -> Process {
        let tokens = self.http.token_file().filter(|_| self.speaks_http());
        let reads = tokens.map(Into::into).into_iter().collect();
        Process { listens: self.speaks_http(), reads, ..Process::default() }
    }

    /// As the service takes them.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn options(&self) -> Result<Options, String> {
        let mut options = Options {
            max_chars: self.max_report_chars,
            text_only: self.text_only,
            full_schemas: self.full_schemas,
            ..Options::default()
        };
        self.modules.apply(&mut options);
        self.captures.apply(&mut options)?;
        self.keeping.apply(&mut options);
        self.calls.apply(&mut options.limits);
        self.http.port()?;
        self.analyzers.apply(&mut options, self.speaks_http())?;
        options.audit = self.audit.audit_log.clone();
        if self.speaks_http() {
            if options.roots.is_empty() {
                options.roots.push(PathBuf::from("."));
            }
            options.audit.get_or_insert_with(|| PathBuf::from("-"));
        }
        Ok(options)
    }

    /// As the server over HTTP takes them; nothing over stdio.
    pub fn http(&self) -> Option<Result<HttpOptions, String>> {
        self.speaks_http().then(|| self.http.options(&self.serving))
    }

    /// Takes a secret out of the environment, where there is one.
    pub fn hide_token(&self) {
        if self.speaks_http() {
            self.http.hide_token();
        }
    }
}

/// An option that was typed and does nothing over stdio, as it is HTTP's.
pub fn idle_option(command: &Command, typed: &ArgMatches) -> Option<String> {
    let is_stdio = typed.get_one::<Transport>("transport") == Some(&Transport::Stdio);
    let groups =
        command.get_groups().filter(|group| is_stdio && ["Http", "Serving"].contains(&group.get_id().as_str()));
    let mut ids = groups.flat_map(|group| group.get_args());
    let id = ids.find(|id| typed.value_source(id.as_str()) == Some(ValueSource::CommandLine))?;
    let argument = command.get_arguments().find(|argument| argument.get_id() == id)?;
    argument.get_long().map(str::to_owned)
}

/// Serves until it is told to end.
///
/// # Errors
/// When it cannot begin.
pub async fn run(typed: &Arguments, options: &Options) -> Result<(), String> {
    // Before anything takes time: the signal asks a server to read again, and ends none.
    mcp::outlive_hangup().map_err(|error| error.to_string())?;
    let start = || Service::start(options).map(Arc::new).map_err(|error| error.to_string());
    let Some(http) = typed.http() else {
        if std::io::stdin().is_terminal() {
            complain(WAITING);
        }
        return mcp::stdio(start()?).await.map_err(|error| error.to_string());
    };
    let http = mcp::Http::bind(http?).await.map_err(|error| error.to_string())?;
    let service = start()?;
    tracing::info!("listening on http://{}/mcp", http.address());
    http.serve(service).await;
    Ok(())
}
