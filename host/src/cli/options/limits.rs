//! The limits that an operator sets, by what they limit; `settings` has the reasons. Names of variables of the environment come from `config`.

use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::service::Options;
use crate::settings::{HttpLimits, Limits, RegistryLimits};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Seconds of a limit: at most a day.
fn seconds() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=86_400)
}

/// KiB or MiB of one: as many bytes as can be counted.
fn sizes() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=1 << 40)
}

/// A number of anything else.
fn counts() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=1 << 32)
}

fn time(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn bytes(number: u64, unit: u64) -> usize {
    usize::try_from(number.saturating_mul(unit)).unwrap_or(usize::MAX)
}

fn count(number: u64) -> usize {
    bytes(number, 1)
}

/// Made once: some depend on the number of processors, for which files of the system are read.
fn usual() -> &'static Limits {
    static USUAL: LazyLock<Limits> = LazyLock::new(Limits::default);
    &USUAL
}

fn usual_http() -> HttpLimits {
    HttpLimits::default()
}

/// A size as it is typed.
fn units(bytes: usize, unit: u64) -> u64 {
    (bytes as u64).checked_div(unit).unwrap_or_default()
}

/// What a run of the sandbox may take.
#[derive(Debug, Clone, Args)]
pub struct Running {
    /// How long reading one capture may take; the report is about what was read by then
    #[arg(long, help_heading = "Limits of a run", value_name = "SECONDS", default_value_t = usual().run.as_secs(), value_parser = seconds())]
    run_time: u64,

    /// How long one call into a component may work; six times that in all, where the processor is taken by others
    #[arg(long, help_heading = "Limits of a run", value_name = "SECONDS", default_value_t = usual().call.as_secs(), value_parser = seconds())]
    call_time: u64,

    /// MiB that a compressed capture may become
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = usual().inflated_max / MIB, value_parser = sizes())]
    inflated_size: u64,

    /// MiB that any compressed capture may become, whatever the ratio
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = usual().inflated_free / MIB, value_parser = sizes(), hide_short_help = true)]
    inflated_free: u64,

    /// How many times larger than its compressed form a capture may become beyond that
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = usual().inflate_ratio, value_parser = counts(), hide_short_help = true)]
    inflate_ratio: u64,

    /// MiB of memory of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = units(usual().memory, MIB), value_parser = RangedU64ValueParser::<u64>::new().range(1..=4096), hide_short_help = true)]
    component_memory: u64,

    /// Elements of all tables of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = units(usual().table_elements, 1), value_parser = counts(), hide_short_help = true)]
    component_table_elements: u64,

    /// Tables of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = units(usual().tables, 1), value_parser = counts(), hide_short_help = true)]
    component_tables: u64,

    /// Memories of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = units(usual().memories, 1), value_parser = counts(), hide_short_help = true)]
    component_memories: u64,

    /// Core instances of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = units(usual().instances, 1), value_parser = counts(), hide_short_help = true)]
    component_instances: u64,

    /// Live handles of a component
    #[arg(long, help_heading = "Limits of a run", value_name = "N", default_value_t = units(usual().handles, 1), value_parser = counts(), hide_short_help = true)]
    component_handles: u64,

    /// KiB of a component's standard error that are kept for the log
    #[arg(long, help_heading = "Limits of a run", value_name = "KIB", default_value_t = units(usual().stderr, KIB), value_parser = sizes(), hide_short_help = true)]
    component_stderr: u64,

    /// MiB of a report, or of what else a component returns from one call
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = units(usual().answer, MIB), value_parser = sizes(), hide_short_help = true)]
    report_size: u64,

    /// KiB of a capture that are read at first; what follows doubles, up to --read-size
    #[arg(long, help_heading = "Limits of a run", value_name = "KIB", default_value_t = units(usual().first_window, KIB), value_parser = sizes(), hide_short_help = true)]
    first_read_size: u64,

    /// KiB of a capture that are read at once
    #[arg(long, help_heading = "Limits of a run", value_name = "KIB", default_value_t = units(usual().window, KIB), value_parser = sizes(), hide_short_help = true)]
    read_size: u64,

    /// MiB of the rows that a query reads, on disk
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = usual().rows.size / MIB, value_parser = sizes(), hide_short_help = true)]
    rows_size: u64,

    /// How long SQL over them may take
    #[arg(long, help_heading = "Limits of a run", value_name = "SECONDS", default_value_t = usual().rows.time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    query_time: u64,

    /// MiB of a TLS key log, and of those that a capture holds
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = units(usual().key_log, MIB), value_parser = sizes(), hide_short_help = true)]
    key_log_size: u64,

    /// MiB that are read at once for a large block of a capture
    #[arg(long, help_heading = "Limits of a run", value_name = "MIB", default_value_t = units(usual().window_max, MIB), value_parser = sizes(), hide_short_help = true)]
    block_size: u64,
}

impl Running {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.run = time(self.run_time);
        limits.call = time(self.call_time);
        limits.inflated_max = self.inflated_size.saturating_mul(MIB);
        limits.inflated_free = self.inflated_free.saturating_mul(MIB);
        limits.inflate_ratio = self.inflate_ratio;
        limits.memory = bytes(self.component_memory, MIB);
        limits.table_elements = count(self.component_table_elements);
        limits.tables = count(self.component_tables);
        limits.memories = count(self.component_memories);
        limits.instances = count(self.component_instances);
        limits.handles = count(self.component_handles);
        limits.stderr = bytes(self.component_stderr, KIB);
        limits.answer = bytes(self.report_size, MIB);
        limits.first_window = bytes(self.first_read_size, KIB);
        limits.window = bytes(self.read_size, KIB);
        limits.window_max = bytes(self.block_size, MIB);
        limits.key_log = bytes(self.key_log_size, MIB);
        limits.rows.size = self.rows_size.saturating_mul(MIB);
        limits.rows.time = time(self.query_time);
    }
}

/// What fetching a capture may take.
#[derive(Debug, Clone, Args)]
pub struct Fetching {
    /// MiB of a download, or of a capture from standard input
    #[arg(long, help_heading = "Limits of downloads", value_name = "MIB", default_value_t = usual().download / MIB, value_parser = sizes())]
    download_size: u64,

    /// How long a download may take
    #[arg(long, help_heading = "Limits of downloads", value_name = "SECONDS", default_value_t = usual().download_time.as_secs(), value_parser = seconds())]
    download_time: u64,

    /// How long making a connection for a download may take
    #[arg(long, help_heading = "Limits of downloads", value_name = "SECONDS", default_value_t = usual().connect_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    connect_time: u64,

    /// How long the other side of a download may be silent
    #[arg(long, help_heading = "Limits of downloads", value_name = "SECONDS", default_value_t = usual().silence.as_secs(), value_parser = seconds(), hide_short_help = true)]
    silence_time: u64,

    /// MiB of downloads that are kept for the next question about the same URL
    #[arg(long, help_heading = "Limits of downloads", value_name = "MIB", default_value_t = usual().kept / MIB, value_parser = sizes(), hide_short_help = true)]
    kept_size: u64,
}

impl Fetching {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.download = self.download_size.saturating_mul(MIB);
        limits.download_time = time(self.download_time);
        limits.connect_time = time(self.connect_time);
        limits.silence = time(self.silence_time);
        limits.kept = self.kept_size.saturating_mul(MIB);
    }
}

/// What loading analyzers of others may take.
#[derive(Debug, Clone, Args)]
pub struct Loading {
    /// How long loading all of them together may take; those that were not loaded by then are refused
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().load.as_secs(), value_parser = seconds())]
    load_time: u64,

    /// How long one may take to say what it offers
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().describe.as_secs(), value_parser = seconds(), hide_short_help = true)]
    describe_time: u64,

    /// How long lists wait at the start for those that are kept from before
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().ready.as_secs(), value_parser = seconds(), hide_short_help = true)]
    ready_time: u64,

    /// How long a call of a tool that is not there yet waits for those that are compiled
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().settle.as_secs(), value_parser = seconds(), hide_short_help = true)]
    settle_time: u64,

    /// Compilers that run at once
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "N", default_value_t = units(usual().compilers, 1), value_parser = counts(), hide_short_help = true)]
    compilers: u64,

    /// MiB of address space of a compiler
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "MIB", default_value_t = usual().compile.memory / MIB, value_parser = sizes(), hide_short_help = true)]
    compile_memory: u64,

    /// Processor time of a compiler
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().compile.cpu.as_secs(), value_parser = seconds(), hide_short_help = true)]
    compile_cpu_time: u64,

    /// How long a compiler may take
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().compile.time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    compile_time: u64,

    /// Threads of a compiler
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "N", default_value_t = units(usual().compile.threads, 1), value_parser = counts(), hide_short_help = true)]
    compile_threads: u64,

    /// MiB of native code of one analyzer
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "MIB", default_value_t = usual().compile.code / MIB, value_parser = sizes(), hide_short_help = true)]
    code_size: u64,

    /// MiB of native code that any may have, however small it is
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "MIB", default_value_t = usual().compile.code_free / MIB, value_parser = sizes(), hide_short_help = true)]
    code_free: u64,

    /// Bytes of native code for each of its own, beyond that
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "N", default_value_t = usual().compile.code_ratio, value_parser = counts(), hide_short_help = true)]
    code_ratio: u64,

    /// KiB of a registry's manifest
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "KIB", default_value_t = units(usual().registry.manifest, KIB), value_parser = sizes(), hide_short_help = true)]
    registry_manifest_size: u64,

    /// KiB of what a registry's realm answers
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "KIB", default_value_t = units(usual().registry.token, KIB), value_parser = sizes(), hide_short_help = true)]
    registry_token_size: u64,

    /// How long making a connection to a registry may take
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().registry.connect_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    registry_connect_time: u64,

    /// How long a registry may be silent
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().registry.silence.as_secs(), value_parser = seconds(), hide_short_help = true)]
    registry_silence_time: u64,

    /// How long fetching an analyzer from a registry may take
    #[arg(long, help_heading = "Limits of analyzers of others", value_name = "SECONDS", default_value_t = usual().registry.time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    registry_time: u64,
}

impl Loading {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.load = time(self.load_time);
        limits.describe = time(self.describe_time);
        limits.ready = time(self.ready_time);
        limits.settle = time(self.settle_time);
        limits.compilers = count(self.compilers);
        limits.compile.memory = self.compile_memory.saturating_mul(MIB);
        limits.compile.cpu = time(self.compile_cpu_time);
        limits.compile.time = time(self.compile_time);
        limits.compile.threads = count(self.compile_threads);
        limits.compile.code = self.code_size.saturating_mul(MIB);
        limits.compile.code_free = self.code_free.saturating_mul(MIB);
        limits.compile.code_ratio = self.code_ratio;
        limits.registry = RegistryLimits {
            manifest: bytes(self.registry_manifest_size, KIB),
            token: bytes(self.registry_token_size, KIB),
            connect_time: time(self.registry_connect_time),
            silence: time(self.registry_silence_time),
            time: time(self.registry_time),
        };
    }
}

/// What is kept on disk for further questions about a capture.
#[derive(Debug, Clone, Args)]
pub struct Keeping {
    /// Where tables are kept for further questions in SQL, and digests of captures [default: tables in mcpcap's folder of the user's cache folder]
    #[arg(long, help_heading = "Tables that are kept", value_name = "DIR")]
    tables_dir: Option<PathBuf>,

    /// MiB that are kept there; 0: nothing is kept
    #[arg(long, help_heading = "Tables that are kept", value_name = "MIB", default_value_t = usual().rows.kept / MIB, value_parser = RangedU64ValueParser::<u64>::new().range(0..=1 << 40))]
    kept_tables: u64,
}

impl Keeping {
    /// Into the options of the service.
    pub fn apply(&self, options: &mut Options) {
        options.limits.rows.kept = self.kept_tables.saturating_mul(MIB);
        let usual = || super::analyzers::cache_folder().map(|folder| folder.join("tables"));
        options.tables = self.tables_dir.clone().or_else(usual).filter(|_| self.kept_tables > 0);
    }
}

/// What calls may take, of all together.
#[derive(Debug, Clone, Args)]
pub struct Calls {
    /// Calls that may wait for their turn; further ones are told that the server is busy
    #[arg(long, help_heading = "Limits of calls", value_name = "N", default_value_t = units(usual().waiting, 1), value_parser = counts())]
    max_waiting: u64,

    /// MiB of answers that are kept for the next page, order or section of the same question; 0: none is kept
    #[arg(long, help_heading = "Limits of calls", value_name = "MIB", default_value_t = units(usual().answers, MIB), value_parser = RangedU64ValueParser::<u64>::new().range(0..=1 << 20))]
    kept_answers: u64,

    /// How long an answer is kept
    #[arg(long, help_heading = "Limits of calls", value_name = "SECONDS", default_value_t = usual().answers_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    kept_answers_time: u64,
}

impl Calls {
    /// Into the limits.
    pub fn apply(&self, limits: &mut Limits) {
        limits.waiting = count(self.max_waiting);
        limits.answers = bytes(self.kept_answers, MIB);
        limits.answers_time = time(self.kept_answers_time);
    }
}

/// What clients over HTTP may take.
#[derive(Debug, Clone, Args)]
pub struct Serving {
    /// Connections at once
    #[arg(long, help_heading = "Limits of HTTP", value_name = "N", default_value_t = units(usual_http().connections, 1), value_parser = counts())]
    max_connections: u64,

    /// Connections that one address may have at once, streams that stand open included; a proxy in front of this server is one address
    #[arg(long, help_heading = "Limits of HTTP", value_name = "N", default_value_t = units(usual_http().of_address, 1), value_parser = counts())]
    max_connections_per_address: u64,

    /// Connections beyond those, and at --health-listen, on which health is answered
    #[arg(long, help_heading = "Limits of HTTP", value_name = "N", default_value_t = units(usual_http().spare, 1), value_parser = counts(), hide_short_help = true)]
    health_connections: u64,

    /// How long the head of a request may take, and how long a connection may be idle
    #[arg(long, help_heading = "Limits of HTTP", value_name = "SECONDS", default_value_t = usual_http().head_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    head_time: u64,

    /// KiB of the head of a request
    // hyper takes no less.
    #[arg(long, help_heading = "Limits of HTTP", value_name = "KIB", default_value_t = units(usual_http().head, KIB), value_parser = RangedU64ValueParser::<u64>::new().range(8..=1024), hide_short_help = true)]
    head_size: u64,

    /// KiB of the body of a request
    #[arg(long, help_heading = "Limits of HTTP", value_name = "KIB", default_value_t = units(usual_http().body, KIB), value_parser = RangedU64ValueParser::<u64>::new().range(1..=1 << 16), hide_short_help = true)]
    body_size: u64,

    /// How long the body of a request may take
    #[arg(long, help_heading = "Limits of HTTP", value_name = "SECONDS", default_value_t = usual_http().body_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    body_time: u64,

    /// Sessions at once; for a further one that ends which was silent longest
    #[arg(long, help_heading = "Limits of HTTP", value_name = "N", default_value_t = units(usual_http().sessions, 1), value_parser = counts())]
    max_sessions: u64,

    /// How long a session may be silent
    #[arg(long, help_heading = "Limits of HTTP", value_name = "SECONDS", default_value_t = usual_http().session_time.as_secs(), value_parser = seconds(), hide_short_help = true)]
    session_time: u64,

    /// How long calls that run may go on after SIGTERM or Ctrl-C; then they are cancelled
    #[arg(long, help_heading = "Limits of HTTP", value_name = "SECONDS", default_value_t = usual_http().drain.as_secs(), value_parser = RangedU64ValueParser::<u64>::new().range(0..=86_400))]
    drain_time: u64,
}

impl Serving {
    /// The limits.
    pub fn limits(&self) -> HttpLimits {
        HttpLimits {
            connections: count(self.max_connections),
            of_address: count(self.max_connections_per_address),
            spare: count(self.health_connections),
            head_time: time(self.head_time),
            head: bytes(self.head_size, KIB),
            body: bytes(self.body_size, KIB),
            body_time: time(self.body_time),
            sessions: count(self.max_sessions),
            session_time: time(self.session_time),
            drain: time(self.drain_time),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, FromArgMatches};

    use super::*;

    /// The values of a group with each of its options set to 9, which none is unasked.
    fn all_nine<T: Args + FromArgMatches>() -> T {
        let command = T::augment_args(clap::Command::new("test"));
        let names: Vec<String> =
            command.get_arguments().filter_map(Arg::get_long).map(|name| format!("--{name}=9")).collect();
        let typed = command.get_matches_from(std::iter::once("test".to_owned()).chain(names));
        T::from_arg_matches(&typed).unwrap()
    }

    /// Lines of what two values say of themselves that are the same and name a field.
    fn same(one: &str, other: &str) -> Vec<String> {
        let lines =
            one.lines().zip(other.lines()).filter(|(one, other)| one == other && !one.ends_with(['{', '}', '(']));
        lines.map(|(one, _)| one.to_owned()).filter(|line| line.contains(": ")).collect()
    }

    #[test]
    fn each_limit_has_an_option() {
        let mut limits = Limits::default();
        all_nine::<Running>().apply(&mut limits);
        all_nine::<Fetching>().apply(&mut limits);
        all_nine::<Loading>().apply(&mut limits);
        all_nine::<Calls>().apply(&mut limits);
        let mut options = Options { limits, ..Options::default() };
        all_nine::<Keeping>().apply(&mut options);
        let limits = options.limits;
        assert_eq!(same(&format!("{limits:#?}"), &format!("{:#?}", Limits::default())), Vec::<String>::new());
        let http = all_nine::<Serving>().limits();
        assert_eq!(same(&format!("{http:#?}"), &format!("{:#?}", HttpLimits::default())), Vec::<String>::new());
    }
}
