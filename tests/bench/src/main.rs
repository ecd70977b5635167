//! `make bench`: generates, measures, and writes docs/performance.md and its plot.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use mcpcap_bench::generate::{self, Flows, Kind, Options};
use mcpcap_bench::runner::{Extent, Runner};
use mcpcap_bench::{native, page, plot, tools};

/// Makes captures from a seed, and measures mcpcap beside others.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure, and write performance.md and performance.svg.
    Measure {
        /// The program.
        program: PathBuf,
        /// Where captures and the Python project are kept; captures are made again each time.
        folder: PathBuf,
        /// Where the page and the plot are written.
        docs: PathBuf,
        /// Small captures and few rounds, for trying. The page is written into the first folder.
        #[arg(long)]
        quick: bool,
        /// Up to ten million frames and 10 GB too.
        #[arg(long)]
        large: bool,
        /// Where chance begins.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Write a capture.
    Generate {
        /// What it is made of.
        kind: KindName,
        /// Frames.
        frames: u64,
        /// The file.
        file: PathBuf,
        /// 16 long conversations at a time, and not 4,096 short ones.
        #[arg(long)]
        few: bool,
        /// Where chance begins.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run an analyzer as native code, and print what it took.
    #[command(hide = true)]
    Native { what: String, capture: String },
}

#[derive(Clone, Copy, ValueEnum)]
enum KindName {
    Mixed,
    Dns,
    Tcp,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), String> {
    match task {
        Task::Measure { program, folder, docs, quick, large, seed } => {
            let extent = match (quick, large) {
                (true, _) => {
                    Extent { frames: 50_000, rounds: 3, sizes: &[10_000_000, 100_000_000], lengths: &[10_000, 100_000] }
                }
                (_, false) => Extent {
                    frames: 500_000,
                    rounds: 5,
                    sizes: &[10_000_000, 1_000_000_000],
                    lengths: &[10_000, 100_000, 1_000_000],
                },
                (_, true) => Extent {
                    frames: 500_000,
                    rounds: 5,
                    sizes: &[10_000_000, 1_000_000_000, 10_000_000_000],
                    lengths: &[10_000, 100_000, 1_000_000, 10_000_000],
                },
            };
            measure(&program, &folder, if quick { &folder } else { &docs }, extent, seed)
        }
        Task::Generate { kind, frames, file, few, seed } => {
            let kind = match kind {
                KindName::Mixed => Kind::Mixed,
                KindName::Dns => Kind::Dns,
                KindName::Tcp => Kind::Tcp,
            };
            let flows = if few { Flows::Few } else { Flows::Many };
            let mut out = BufWriter::with_capacity(1 << 20, File::create(&file).map_err(words)?);
            let counts = generate::write(Options { kind, frames, flows, seed }, &mut out).map_err(words)?;
            println!("{counts:#?}");
            Ok(())
        }
        Task::Native { what, capture } => {
            println!("{}", native::run(&what, &tools::subjects(), &capture)?);
            Ok(())
        }
    }
}

fn measure(program: &Path, folder: &Path, docs: &Path, extent: Extent, seed: u64) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(words)?;
    let folder = folder.canonicalize().map_err(words)?;
    let program = program.canonicalize().map_err(words)?.display().to_string();
    let itself = std::env::current_exe().map_err(words)?.display().to_string();
    let python = python(&folder);
    let runner =
        Runner { program: &program, itself: &itself, python: python.as_deref(), folder: &folder, seed, extent };
    let figures = runner.run()?;
    let file = docs.join("performance.md");
    let before = fs::read_to_string(&file).unwrap_or_default();
    fs::write(&file, page::page(&figures, &machine(), &before)).map_err(words)?;
    fs::write(docs.join("performance.svg"), plot::draw(&figures)?).map_err(words)
}

/// The server of Python mcpcap 0.10.0, installed where pip can.
fn python(folder: &Path) -> Option<String> {
    let venv = folder.join("venv");
    let server = venv.join("bin/mcpcap");
    if !server.exists() {
        let run = |program: &Path, arguments: &[&str]| {
            Command::new(program).args(arguments).status().is_ok_and(|status| status.success())
        };
        let made = run(Path::new("python3"), &["-m", "venv", venv.to_str()?]);
        if !made || !run(&venv.join("bin/pip"), &["install", "--quiet", "mcpcap==0.10.0"]) {
            return None;
        }
    }
    server.to_str().map(Into::into)
}

/// Processors and their model, and nothing else of this machine.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let said = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = said.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": "));
    let cores = if cores == 1 { "1 core".into() } else { format!("{cores} cores") };
    model.map_or_else(|| cores.clone(), |(_, model)| format!("{cores}, {model}"))
}

fn words(error: std::io::Error) -> String {
    error.to_string()
}
