//! The command line: what was typed, and what it means.

mod analyze;
mod analyzer;
mod config;
mod doctor;
mod exit;
mod export;
mod hardening;
mod healthcheck;
mod logs;
mod manual;
mod named;
mod options;
mod progress;
mod query;
mod report;
mod serve;
mod share;
mod shell;
mod tools;

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use self::config::Config;
use self::exit::Failure;
use crate::harden;
use crate::service::Options;
use crate::text::terminal::print;

/// Analyses packet captures for language models over MCP, every parser in a WebAssembly sandbox.
///
/// Without a command it serves MCP: on standard input and output, or with --transport http at http://HOST:PORT/mcp.
#[derive(Debug, Parser)]
#[command(name = "mcpcap", version, infer_long_args = true, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    serve: serve::Arguments,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP, as without a command
    Serve(serve::Arguments),
    /// Run a tool on captures and print its report
    Analyze(analyze::Arguments),
    /// Ask the tables of captures in SQL, and print the rows
    Query(query::Arguments),
    /// Write the tables of captures as a data set: Parquet, CSV or JSON lines, in a folder or an object store
    Export(export::Arguments),
    /// List the tools that are loaded, or tell all of one
    Tools(tools::Arguments),
    /// Make, check and approve analyzers of your own or of others
    #[command(subcommand)]
    Analyzer(analyzer::Command),
    /// Print the contract between mcpcap and analyzers (WIT)
    Wit,
    /// Check what a server with these options would need, and say how to mend what is wrong
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
        /// Bytes of address space
        memory: u64,
        /// Seconds of processor time
        cpu: u64,
    },
}

/// The tool that tells what is in a capture.
const OVERVIEW: &str = "analyze_capinfos";

/// All that can be typed.
fn command() -> clap::Command {
    config::offered(Cli::command())
}

/// What was typed, with all that could have been, or why it cannot be.
fn read(words: impl IntoIterator<Item = OsString>) -> Result<(Command, clap::Command), clap::Error> {
    let mut command = command();
    let all = of_a_file(&mut command, words.into_iter().collect())?;
    let known = analyze::words::known(&command, &all);
    let (words, own) = known.map_or_else(|| (all.clone(), Vec::new()), |known| (known.words, known.own));
    let config = Config::named(&command, &words)?;
    let settings = config::known(&command);
    if let Some(config) = &config {
        command = config.apply(command);
    }
    // Who adds to it later needs it as it is now: clap completes what it has read with.
    let offered = command.clone();
    let typed = command.try_get_matches_from_mut(words).map_err(behind_the_command)?;
    let cli = Cli::from_arg_matches(&typed).map_err(|error| error.format(&mut command))?;
    let serving = match typed.subcommand() {
        None => Some((&command, &typed)),
        Some(("serve", typed)) => command.find_subcommand("serve").map(|command| (command, typed)),
        Some(_) => None,
    };
    if let Some(idle) = serving.and_then(|(command, typed)| serve::idle_option(command, typed)) {
        let message = format!("--{idle} does nothing without --transport http");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    let doctor = typed.subcommand().and_then(|(name, typed)| Some((command.find_subcommand(name)?, typed)));
    let mut chosen = cli.command.unwrap_or(Command::Serve(cli.serve));
    match (&mut chosen, doctor) {
        (Command::Analyze(typed), _) => (typed.words, typed.own) = (all, own),
        (Command::Doctor(arguments), Some((command, typed))) => {
            arguments.settings = config::settings(command, typed, &settings, config.as_ref());
        }
        _ => {}
    }
    Ok((chosen, offered))
}

/// `mcpcap FILE` is the overview of a file.
fn of_a_file(command: &mut clap::Command, mut words: Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let Some(word) = words.get(1).filter(|word| !is_option(word) && command.find_subcommand(word).is_none()) else {
        return Ok(words);
    };
    if Path::new(word).exists() {
        words.splice(1..1, ["analyze".into(), OVERVIEW.into()]);
    } else if words.get(2).is_some_and(|behind| Path::new(behind).exists()) {
        // Tools stand behind a command.
        let (tool, file) = (word.display(), words.get(2).map(|file| file.display().to_string()).unwrap_or_default());
        let message = format!("there is no command {tool}; a tool is run as mcpcap analyze {tool} {file}");
        return Err(command.error(ErrorKind::InvalidSubcommand, message));
    } else if word.as_encoded_bytes().iter().any(|byte| matches!(byte, b'.' | b'/')) {
        let message = format!("there is no file {}, and no command of that name", word.display());
        return Err(command.error(ErrorKind::InvalidSubcommand, message));
    }
    Ok(words)
}

/// Options in front of a command are the server's, and clap only says that they do not go together.
fn behind_the_command(mut error: clap::Error) -> clap::Error {
    let is_of_command = error.get(ContextKind::InvalidSubcommand).is_some();
    if error.kind() == ErrorKind::ArgumentConflict && is_of_command {
        let tip = "options of a command stand behind it, as in mcpcap tools --modules dns";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// Does what the command line says; the result is the exit code, as `exit` has them.
pub fn main() -> i32 {
    let (command, offered) = match read(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => return Failure::Typed(error).code(logs::Format::Text),
    };
    if let Command::CompileComponent { memory, cpu } = command {
        // Who started it has told what the system does not have.
        let _ = harden::compiler();
        return mcpcap_native::compile_in_this_process(memory, cpu);
    }
    let format = log(&command);
    if let Command::Serve(typed) = &command {
        typed.hide_token();
    }
    run(command, offered).map_or_else(|failure| failure.code(format), |()| 0)
}

/// What the log tells of a command, unless `MCPCAP_LOG` says otherwise, and how.
fn log(command: &Command) -> logs::Format {
    // rmcp tells of each request, in the client's words.
    let (format, usual) = match command {
        Command::Serve(typed) if typed.speaks_http() => (typed.log_format(), "warn,rmcp=error,mcpcap=info"),
        Command::Serve(typed) => (typed.log_format(), "warn,rmcp=error"),
        // These tell of it themselves.
        Command::Analyzer(_) => (logs::Format::Text, "warn,rmcp=error,mcpcap::analyzers=off"),
        _ => (logs::Format::Text, "warn,rmcp=error"),
    };
    logs::begin(format, usual);
    format
}

fn run(command: Command, offered: clap::Command) -> Result<(), Failure> {
    let options = options(&command)?;
    let hardened = match &command {
        Command::Serve(typed) => Some((&typed.hardening, typed.process())),
        Command::Analyze(typed) => Some((&typed.hardening, hardening::Process::default())),
        Command::Query(typed) => Some((&typed.hardening, hardening::Process::default())),
        Command::Export(typed) => Some((&typed.hardening, typed.process())),
        _ => None,
    };
    if let Some((_, process)) = hardened.filter(|(hardening, _)| !hardening.no_hardening) {
        // Before there is a second thread.
        hardening::harden(&options, &process);
    }
    // A run takes one of these threads, and there is a run for each core; the rest open files. Each thread keeps memory for good.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(cores.saturating_add(8))
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let done = runtime.block_on(async {
        match command {
            Command::Serve(typed) => Ok(serve::run(&typed, &options).await?),
            Command::Analyze(typed) => analyze::run(typed, &options, offered).await,
            Command::Query(typed) => query::run(&typed, &options).await,
            Command::Export(typed) => export::run(&typed, &options).await,
            Command::Tools(typed) => tools::run(&typed, &options).await,
            Command::Analyzer(command) => analyzer::run(command, options).await,
            Command::Wit => Ok(print(analyzer::WIT)?),
            // Done before anything else was.
            Command::CompileComponent { .. } => Ok(()),
            Command::Doctor(typed) => Ok(doctor::run(&typed, &options).await?),
            Command::Healthcheck(typed) => Ok(healthcheck::run(&typed).await?),
            Command::Completions(typed) => Ok(shell::completions(&typed, &options, offered).await?),
            Command::Man(typed) => Ok(shell::man(&typed, offered)?),
        }
    });
    // Whatever still runs on another thread has nobody left to tell.
    runtime.shutdown_background();
    done
}

/// What a command says of the service that it starts.
fn options(command: &Command) -> Result<Options, String> {
    match command {
        Command::Serve(typed) => typed.options(),
        Command::Doctor(typed) => typed.serve.options(),
        Command::Analyze(typed) => typed.options(),
        Command::Query(typed) => typed.options(),
        Command::Export(typed) => typed.options(),
        Command::Tools(typed) => typed.options(),
        Command::Completions(typed) => typed.options(),
        Command::Analyzer(command) => command.options(),
        _ => Ok(Options::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> Result<Command, clap::Error> {
        read(std::iter::once("mcpcap").chain(words.iter().copied()).map(OsString::from)).map(|(command, _)| command)
    }

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn flags_may_be_shortened_as_in_the_reference() {
        for words in [&["--max", "5", "--transport", "http"][..], &["serve", "--max", "5", "--transport", "http"]] {
            let Ok(Command::Serve(read)) = typed(words) else { panic!("{words:?}") };
            assert_eq!((read.captures.packets.max_packets, read.transport), (Some(5), serve::Transport::Http));
        }
    }

    /// Each command refuses the options that would do nothing there.
    #[test]
    fn options_that_do_nothing_are_refused() {
        for words in [
            &["--port", "9000"][..],
            &["--max-sessions", "5"],
            &["tools", "--drain-time", "5"],
            &["serve", "--allow-origin", "https://example.com"],
            &["--modules", "dns", "tools"],
            &["wit", "--modules", "dns"],
            &["tools", "--max-packets", "5"],
            &["tools", "--root", "/"],
            &["analyzer", "pack", "x", "-o", "y", "--locked"],
            &["analyzer", "new", "x", "--cache-dir", "y"],
            &["analyzer", "list", "--root", "/"],
            &["tools", "--base", "/"],
            &["analyzer", "check", "x.wasm", "--locked"],
            &["analyzer", "pin", "oci://x/y:1", "--no-remote"],
            &["healthcheck", "--no-remote"],
        ] {
            let error = typed(words).expect_err(&words.join(" "));
            assert_eq!(error.exit_code(), 2, "{words:?}");
        }
    }

    /// What runs the sandbox can be limited.
    #[test]
    fn limits_are_where_the_sandbox_runs() {
        for words in [
            &["--run-time", "5"][..],
            &["serve", "--run-time", "5"],
            &["doctor", "--run-time", "5"],
            &["analyze", "dns", "x.pcap", "--run-time", "5"],
            &["query", "x.pcap", "SELECT 1", "--run-time", "5"],
            &["export", "x.pcap", "--to", "y", "--run-time", "5"],
            &["analyzer", "run", "x.wasm", "x.pcap", "--run-time", "5"],
            &["analyzer", "check", "x.wasm", "--run-time", "5"],
        ] {
            let command = typed(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            assert_eq!(options(&command).unwrap().limits.run.as_secs(), 5, "{words:?}");
        }
    }
}
