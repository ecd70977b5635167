//! The command line: what was typed, and what it means.

mod analyze;
mod analyzer;
mod doctor;
mod hardening;
mod healthcheck;
mod serve;
mod shell;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use self::serve::Transport;
use crate::contract::arguments;
use crate::service::{MAX_CHARS, Options, Service};
use crate::text::terminal::{self, print};
use crate::{harden, mcp};

/// Analyses packet captures for language models over MCP, every parser in a WebAssembly sandbox.
///
/// Without a command it serves MCP: on standard input and output, or with --transport http at http://HOST:PORT/mcp.
#[derive(Debug, Parser)]
#[command(name = "mcpcap", version, infer_long_args = true, args_conflicts_with_subcommands = false)]
struct Cli {
    /// Analyzers to offer, separated by commas [default: all of them]
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true, global = true)]
    modules: String,

    /// The most packets of its protocol that an analyzer looks at [default: no limit]
    // The aliases are what the reference takes for it.
    #[arg(long, value_name = "N", allow_negative_numbers = true, global = true, aliases = ["ma", "max", "max-"])]
    max_packets: Option<i64>,

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
    transport: Transport,

    #[command(flatten)]
    http: serve::Http,

    #[command(flatten)]
    sources: serve::Sources,

    #[command(flatten)]
    analyzers: serve::Analyzers,

    /// Keep what Linux lets a process do beyond what it needs: files, system calls, core dumps. For debugging
    #[arg(long, global = true)]
    no_hardening: bool,

    /// Append a line of JSON for each call to this file; - is standard error, which is the default over HTTP
    #[arg(long, value_name = "FILE", env = "MCPCAP_AUDIT_LOG")]
    audit_log: Option<PathBuf>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a tool on a capture and print its report as JSON
    Analyze(analyze::Arguments),
    /// List the tools that are loaded
    Tools,
    /// Make, check and approve analyzers of your own or of others
    #[command(subcommand)]
    Analyzer(analyzer::Command),
    /// Print the contract between mcpcap and analyzers (WIT)
    Wit,
    /// Check the installation, and say how to mend what is wrong
    Doctor(doctor::Arguments),
    /// Ask a server over HTTP whether it lives
    Healthcheck(healthcheck::Arguments),
    /// Print a script that completes the command line
    Completions(shell::Completions),
    /// Print the manual page
    Man(shell::Man),
    /// Compile a component from standard input to standard output: what this program calls for analyzers of others
    #[command(name = mcpcap_native::COMMAND, hide = true)]
    CompileComponent {
        /// Octets of address space
        memory: u64,
        /// Seconds of processor time
        cpu: u64,
    },
}

fn report_chars(text: &str) -> Result<usize, String> {
    let (least, most) = arguments::MAX_CHARS;
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| format!("must be a number from {least} to {most}"))
}

/// Does what the command line says; the result is the exit code: 0, 1 for a failure, 2 for a wrong command line.
pub fn main() -> i32 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help is this program's own text; a complaint repeats what was typed.
            if error.use_stderr() {
                terminal::complain(&error.render().to_string());
            } else if let Err(message) = print(&error.render().to_string()) {
                terminal::complain(&format!("Error: {message}\n"));
            }
            return error.exit_code();
        }
    };
    if let Some(Command::CompileComponent { memory, cpu }) = cli.command {
        if !cli.no_hardening {
            // Who started it has told what the system does not have.
            let _ = harden::compiler();
        }
        return mcpcap_native::compile_in_this_process(memory, cpu);
    }
    log(&cli);
    if cli.command.is_none() && cli.transport == Transport::Http {
        cli.http.hide_token();
    }
    match run(cli) {
        Ok(()) => 0,
        Err(message) => {
            terminal::complain(&format!("Error: {message}\n"));
            1
        }
    }
}

/// Logs go to standard error only. `MCPCAP_LOG` says what of it: `debug`, `mcpcap=trace` and so on.
fn log(cli: &Cli) {
    let serves_http = cli.command.is_none() && cli.transport == Transport::Http;
    // rmcp tells of each request, in the client's words.
    let default = match &cli.command {
        None if serves_http => "warn,rmcp=error,mcpcap=info",
        // These tell of it themselves.
        Some(Command::Analyzer(_)) => "warn,rmcp=error,mcpcap::analyzers=off",
        _ => "warn,rmcp=error",
    };
    let filter = EnvFilter::try_from_env("MCPCAP_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| terminal::Log)
        // Colours are commands to the terminal, of which no other may pass.
        .with_ansi(false)
        .init();
}

fn run(cli: Cli) -> Result<(), String> {
    let max_packets = match cli.max_packets {
        None => None,
        Some(n) => Some(u64::try_from(n).ok().filter(|n| *n > 0).ok_or("--max-packets must be a positive integer")?),
    };
    cli.http.port()?;
    let speaks_http = cli.transport == Transport::Http;
    let serves_http = cli.command.is_none() && cli.transport == Transport::Http;
    let options = Options {
        modules: cli.modules,
        max_packets,
        max_chars: cli.max_report_chars,
        text_only: cli.text_only,
        full_schemas: cli.full_schemas,
        roots: cli.sources.roots(speaks_http && !matches!(cli.command, Some(Command::Analyze(_)))),
        remote: cli.sources.remote(),
        analyzers: cli.analyzers.options(serves_http, &cli.sources.remote())?,
        limits: cli.analyzers.limits(),
        audit: cli.audit_log.or_else(|| serves_http.then(|| PathBuf::from("-"))),
    };
    if !cli.no_hardening && matches!(cli.command, None | Some(Command::Analyze(_))) {
        // Before there is a second thread.
        hardening::harden(&options, serves_http);
    }
    // A run takes one of these threads, and there is a run for each core; the rest open files. Each thread keeps memory for good.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(cores.saturating_add(8))
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let start = || Service::start(&options).map(Arc::new).map_err(|error| error.to_string());
    let done = runtime.block_on(async {
        match cli.command {
            Some(Command::Analyze(arguments)) => analyze::run(&start()?, arguments).await,
            Some(Command::Tools) => {
                let service = start()?;
                service.settled().await;
                tools::list(&service.catalog())
            }
            Some(Command::Analyzer(command)) => analyzer::run(command, options.clone()).await,
            Some(Command::Wit) => print(analyzer::WIT),
            // Done before anything else was.
            Some(Command::CompileComponent { .. }) => Ok(()),
            Some(Command::Doctor(arguments)) => {
                doctor::run(&arguments, &options, speaks_http.then(|| cli.http.options()), !cli.no_hardening).await
            }
            Some(Command::Healthcheck(arguments)) => healthcheck::run(&arguments).await,
            Some(Command::Completions(arguments)) => shell::completions(&arguments, Cli::command()),
            Some(Command::Man(arguments)) => shell::man(&arguments, Cli::command()),
            None if !speaks_http => mcp::stdio(start()?).await.map_err(|error| error.to_string()),
            None => {
                let http = mcp::Http::bind(cli.http.options()?).await.map_err(|error| error.to_string())?;
                let service = start()?;
                tracing::info!("listening on http://{}/mcp", http.address());
                http.serve(service).await;
                Ok(())
            }
        }
    });
    // Whatever still runs on another thread has nobody left to tell.
    runtime.shutdown_background();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_may_be_shortened_as_in_the_reference() {
        let cli = Cli::try_parse_from(["mcpcap", "--max", "5", "--transport", "http"]).unwrap();
        assert_eq!((cli.max_packets, cli.transport), (Some(5), Transport::Http));
    }
}
