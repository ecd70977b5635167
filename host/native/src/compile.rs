//! Compiling a stranger's component: in a process of its own, because the compiler cannot be interrupted and a component can be made
//! to cost it minutes and gigabytes.
//!
//! The process is a barrier for resources. It is none for privileges, since what it writes is run: it must do nothing but compile.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// The program's hidden command that compiles.
pub const COMMAND: &str = "compile-component";
/// How often the process is looked at.
const POLL: Duration = Duration::from_millis(2);
/// Octets of its standard error that are read.
const WORDS: u64 = 4096;

/// What compiling one component may cost.
#[derive(Debug, Clone)]
pub struct CompileLimits {
    /// Address space of the process, in octets.
    pub memory: u64,
    /// Processor time.
    pub cpu: Duration,
    /// Time on the clock, for machines that are busy with something else.
    pub time: Duration,
    /// Octets of native code.
    pub code: u64,
    /// Bytes of native code of any component, however small.
    pub code_free: u64,
    /// Bytes of native code for each byte of a component, once it is above `code_free`.
    pub code_ratio: u64,
    /// Threads that compile.
    pub threads: usize,
}

/// Starts compilers.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program itself: its command [`COMMAND`] calls [`compile_in_this_process`].
    pub program: PathBuf,
    /// What one may cost.
    pub limits: CompileLimits,
}

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler's words about it.
    #[error("it is not a valid component: {0}")]
    Invalid(String),
    /// It costs too much.
    #[error("compiling it reached the limit of {0} and was stopped")]
    Limit(String),
    /// The compiler ended by itself, on this component.
    #[error("the compiler failed on it ({0})")]
    Crashed(String),
    /// Whoever wanted it does not any more.
    #[error("compiling was cancelled")]
    Cancelled,
    /// The machine cannot run a compiler.
    #[error("the compiler cannot be run: {0}")]
    Start(#[from] io::Error),
}

/// A component as native code of this program's own making.
pub struct Compiled(pub(crate) Vec<u8>);

impl Compiled {
    /// Makes it runnable in an engine made from [`config`](crate::config()).
    ///
    /// # Errors
    /// When the engine's configuration is another one.
    pub fn load(&self, engine: &Engine) -> Result<Component> {
        crate::load::load(engine, &self.0)
    }

    /// Octets of native code.
    pub fn size(&self) -> usize {
        self.0.len()
    }
}

impl CompileLimits {
    /// Bytes of native code that so many bytes of a component may become.
    fn code_of(&self, size: usize) -> u64 {
        (size as u64).saturating_mul(self.code_ratio).max(self.code_free).min(self.code)
    }
}

impl Compiler {
    /// Compiles a component. `is_cancelled` is asked all the time.
    ///
    /// # Errors
    /// When it is no valid component, or costs more than is allowed.
    pub fn compile(&self, wasm: &[u8], is_cancelled: &dyn Fn() -> bool) -> Result<Compiled, CompileError> {
        let started = Instant::now();
        let limits = &self.limits;
        let most = limits.code_of(wasm.len());
        let mut child = Command::new(&self.program)
            .arg(COMMAND)
            .args([limits.memory, limits.cpu.as_secs().max(1)].map(|number| number.to_string()))
            .env_clear()
            .env("RAYON_NUM_THREADS", limits.threads.max(1).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let (Some(mut stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        };
        let ended = std::thread::scope(|scope| {
            // A compiler that ends early does not read all of it; its status says why.
            scope.spawn(move || {
                let _ = stdin.write_all(wasm);
            });
            let code = scope.spawn(move || read(stdout, most.saturating_add(1)));
            let words = scope.spawn(move || read(stderr, WORDS));
            let status = wait(&mut child, started, limits.time, is_cancelled);
            if status.is_err() {
                // Its pipes close with it, so that the threads end.
                let _ = child.kill();
                let _ = child.wait();
            }
            (status, code.join().unwrap_or_default(), words.join().unwrap_or_default())
        });
        let (status, code, words) = ended;
        let status = status?;
        if code.len() as u64 > most {
            let size = wasm.len();
            return Err(CompileError::Limit(format!("{} KiB of native code for its {size} bytes", most >> 10)));
        }
        match status.code() {
            Some(0) => Ok(Compiled(code)),
            Some(1) => Err(CompileError::Invalid(line(&words))),
            _ => Err(self.killed(status, &words)),
        }
    }

    /// Why the system ended it.
    fn killed(&self, status: ExitStatus, words: &[u8]) -> CompileError {
        use std::os::unix::process::ExitStatusExt;
        let limits = &self.limits;
        let is = |signal: Signal| status.signal() == Some(signal.as_raw());
        let words = line(words);
        // Rust aborts when there is no memory; what the compiler maps itself, and threads, fail with other words.
        if is(Signal::XCPU) || is(Signal::KILL) {
            CompileError::Limit(format!("{} s of processor time", limits.cpu.as_secs()))
        } else if [
            "memory allocation",
            "annot allocate memory",
            "out of memory",
            "thread creation failed",
            "thread pool",
            "os error 11",
        ]
        .iter()
        .any(|sign| words.contains(sign))
        {
            CompileError::Limit(format!("{} MiB of memory", limits.memory >> 20))
        } else {
            CompileError::Crashed(if words.is_empty() { status.to_string() } else { format!("{status}: {words}") })
        }
    }
}

fn wait(
    child: &mut Child,
    started: Instant,
    time: Duration,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<ExitStatus, CompileError> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if is_cancelled() {
            return Err(CompileError::Cancelled);
        }
        if started.elapsed() > time {
            return Err(CompileError::Limit(format!("{} s", time.as_secs())));
        }
        std::thread::sleep(POLL);
    }
}

/// Reads to the end, and keeps as much as is wanted: a pipe that is not emptied would hold the process up.
fn read(mut from: impl Read, most: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    let _ = from.by_ref().take(most).read_to_end(&mut kept);
    let _ = io::copy(&mut from, &mut io::sink());
    kept
}

fn line(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    // A panic begins with an empty line, and says what it is in the third.
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).take(2).collect();
    lines.join(" ").chars().take(300).collect()
}

/// What the hidden command does: limits itself, reads a component from standard input, writes native code to standard output. Gives the
/// exit code: 0, or 1 when it is no component, with the reason on standard error.
pub fn compile_in_this_process(memory: u64, cpu_seconds: u64) -> i32 {
    match confine(memory, cpu_seconds).map_err(|error| error.to_string()).and_then(|()| compile()) {
        Ok(()) => 0,
        Err(reason) => {
            let _ = writeln!(io::stderr(), "{reason}");
            1
        }
    }
}

fn confine(memory: u64, cpu_seconds: u64) -> io::Result<()> {
    let most = |limit: u64| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::As, most(memory))?;
    setrlimit(Resource::Cpu, most(cpu_seconds))?;
    setrlimit(Resource::Fsize, most(0))?;
    setrlimit(Resource::Core, most(0))?;
    // Nobody would read what it writes.
    #[cfg(target_os = "linux")]
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

fn compile() -> Result<(), String> {
    let mut wasm = Vec::new();
    io::stdin().lock().read_to_end(&mut wasm).map_err(|error| error.to_string())?;
    let engine = Engine::new(&crate::config()).map_err(|error| format!("{error:#}"))?;
    let native = engine.precompile_component(&wasm).map_err(|error| format!("{error:#}"))?;
    let mut out = io::stdout().lock();
    out.write_all(&native).and_then(|()| out.flush()).map_err(|error| error.to_string())
}
