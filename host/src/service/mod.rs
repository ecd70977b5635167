//! Answers questions about captures, whoever asks: an MCP client or a person at a terminal.

mod ask;
mod digests;
mod extract;
mod found;
mod inquiry;
mod kept;
mod query;
mod rows;
mod run;
mod start;
mod wanted;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use extract::{Extracted, Opened, Tables};
pub use inquiry::{Asking, Inquiry};
pub use start::{StartError, loader};

use crate::analyzers::{self, Entry, Published};
use crate::answer::{AnswerError, Code};
use crate::capture::{CaptureFile, Digests, Fetch, Identity, Remote, Root, Roots};
use crate::catalog::Catalog;
use crate::contract::{self, Tool};
use crate::effort::after;
use crate::library::{self, Library};
use crate::pipeline::Line;
use crate::recent::Recent;
use crate::sandbox::Sandbox;
use crate::settings::Limits;
use crate::tables::kept::TableCache;
use crate::watch::{self as watched, Audit, Call, Caller, Metrics, Refusal};
use kept::Kept;
use start::offer;

/// Characters of a report, unless something else is asked for: what a language model reads at once without losing sight of the rest.
pub const MAX_CHARS: usize = 12_000;

/// How long calls that were cancelled get to say so.
const CANCELLED: Duration = Duration::from_secs(5);
/// Captures whose digests are known.
const DIGESTS: u64 = 1024;

/// The name of the capture that came through standard input, where one did.
pub const STANDARD_INPUT: &str = "-";

/// What the command line decides.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Names of the analyzers, separated by commas; empty: all.
    pub modules: String,
    /// The most packets of its protocol that an analyzer looks at.
    pub max_packets: Option<u64>,
    /// Characters of a report, unless a call asks for another number; 0 stands for the usual.
    pub max_chars: usize,
    /// Whether reports are given as text alone, without structured content and schemas.
    pub text_only: bool,
    /// Whether lists of tools have the complete schemas of their answers.
    pub full_schemas: bool,
    /// Folders whose files may be read; none: all that the server's user may read.
    pub roots: Vec<PathBuf>,
    /// What may be fetched.
    pub remote: Remote,
    /// Where the audit log goes; `-` is standard error.
    pub audit: Option<PathBuf>,
    /// Analyzers that others made.
    pub analyzers: analyzers::Options,
    /// Where tables of captures are kept, if anywhere.
    pub tables: Option<PathBuf>,
    /// Limits of each run.
    pub limits: Limits,
}

/// The tools and prompts, and what they run on.
pub struct Service {
    /// What there is at this moment.
    offered: watch::Receiver<Published>,
    /// Captures that clients can find.
    pub library: Library,
    /// What operators see of the calls.
    pub metrics: Metrics,
    audit: Option<Audit>,
    line: Line,
    roots: Arc<Roots>,
    fetch: Fetch,
    max_packets: Option<u64>,
    max_chars: usize,
    /// Whether reports are given as text alone.
    pub text_only: bool,
    /// Where tables of captures are kept.
    table_cache: Option<TableCache>,
    /// The digests of captures that nobody writes to.
    digests: Recent<Identity, Digests>,
    /// What came through standard input, which is named [`STANDARD_INPUT`].
    standard_input: OnceLock<CaptureFile>,
    /// Whether lists of tools have the complete schemas of answers.
    pub full_schemas: bool,
    /// What analyzers returned.
    kept: Kept,
    /// Held while a large report is worked on.
    large: Mutex<()>,
    /// One run keeps two cores busy at most; more at once would only share the same cores and multiply the memory.
    runs: Arc<Semaphore>,
    /// Places for calls that run or wait.
    places: Semaphore,
    calls: TaskTracker,
    /// Ends all calls.
    stop: CancellationToken,
}

/// An answer to a question.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The report.
    pub report: Value,
    /// What it rests on.
    pub receipt: Value,
    /// How long it took, without waiting for its turn: all that differs from one run to the next.
    pub time: Duration,
}

impl Service {
    /// Starts the sandbox and loads the components.
    ///
    /// # Errors
    /// When a module is unknown or a component is defective.
    pub fn start(options: &Options) -> Result<Self, StartError> {
        let sandbox = Arc::new(Sandbox::new()?);
        let builtin = |name| mcpcap_native::Builtin::find(name).ok_or(StartError::Incomplete(name));
        let reader = sandbox.reader(sandbox.builtin(builtin("reader")?)?)?;
        let codec = sandbox.codec(sandbox.builtin(builtin("codec")?)?)?;
        let decoder = sandbox.decoder(sandbox.builtin(builtin("decoder")?)?)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let open = |path: &PathBuf| Root::open(path).map_err(|reason| StartError::Root { path: path.clone(), reason });
        let roots: Vec<Root> = options.roots.iter().map(open).collect::<Result<_, _>>()?;
        let roots = Arc::new(if roots.is_empty() { Roots::Everything } else { Roots::Below(roots) });
        let stop = CancellationToken::new();
        let builtin = Catalog::builtin(&sandbox, &options.modules)?;
        Ok(Self {
            offered: offer(builtin, &sandbox, options, &stop)?,
            library: Library::of(Arc::clone(&roots)),
            metrics: Metrics::default(),
            audit: options.audit.as_deref().map(Audit::open).transpose()?,
            roots,
            line: Line { reader, codec, decoder, limits: options.limits.clone() },
            fetch: Fetch::new(&options.limits, &options.remote),
            max_packets: options.max_packets,
            text_only: options.text_only,
            full_schemas: options.full_schemas,
            max_chars: if options.max_chars == 0 { MAX_CHARS } else { options.max_chars },
            table_cache: start::table_cache(options)?,
            digests: Recent::new(if options.limits.answers > 0 { DIGESTS } else { 0 }),
            standard_input: OnceLock::new(),
            runs: Arc::new(Semaphore::new(cores)),
            kept: Kept::new(options.limits.answers, options.limits.answers_time),
            large: Mutex::new(()),
            places: Semaphore::new(cores.saturating_add(options.limits.waiting)),
            calls: TaskTracker::new(),
            stop,
        })
    }

    /// The tools and prompts that there are at this moment. What somebody holds of it stays usable.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.offered.borrow().catalog)
    }

    /// The analyzers of others that were found, offered or not.
    pub fn analyzers(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.offered.borrow().entries)
    }

    /// Whether what is offered may change while the server runs.
    pub fn is_changing(&self) -> bool {
        // The sender lives as long as somebody looks.
        self.offered.has_changed().is_ok()
    }

    /// Waits until the analyzers that were there at the start and are kept from before are offered: a moment. What has to be compiled first is not
    /// waited for; clients are told when it is there.
    pub async fn ready(&self) {
        let mut offered = self.offered.clone();
        let ready = offered.wait_for(|published| published.is_ready);
        if tokio::time::timeout(self.line.limits.ready, ready).await.is_err() {
            tracing::warn!("analyzers are still being looked at; clients are told when they are there");
        }
    }

    /// Waits until there is a tool or prompt that `has` looks for, or all analyzers that were there at the start have been loaded or refused. Those
    /// of this program are there from the beginning.
    pub async fn settled_for(&self, has: impl Fn(&Catalog) -> bool) {
        self.until(|published| published.is_settled || has(&published.catalog)).await;
    }

    /// Waits until the analyzers that were there at the start have been loaded or refused, for as long as clients may be kept waiting.
    pub async fn settled(&self) {
        self.until(|published| published.is_settled).await;
    }

    async fn until(&self, holds: impl Fn(&Published) -> bool) {
        let mut offered = self.offered.clone();
        let settled = offered.wait_for(|published| holds(published));
        if tokio::time::timeout(self.line.limits.settle, settled).await.is_err() {
            tracing::warn!("analyzers are still being compiled; clients are told when they are there");
        }
    }

    /// Tells whenever something else is offered, until nothing ever will be.
    pub(crate) fn offers(&self) -> watch::Receiver<Published> {
        self.offered.clone()
    }

    /// Whether captures can be named by URLs.
    pub fn fetches(&self) -> bool {
        self.fetch.is_allowed()
    }

    /// Offers a capture as [`STANDARD_INPUT`]; the first one that is offered stays.
    pub fn take_standard_input(&self, capture: CaptureFile) {
        let _ = self.standard_input.set(capture);
    }

    /// The arguments of a tool, as lists of tools show them.
    pub fn listed_input(&self, tool: &Tool) -> Arc<Map<String, Value>> {
        if self.fetches() {
            return Arc::clone(&tool.listed_input);
        }
        Arc::new(contract::without_urls(&tool.listed_input))
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.line.limits
    }

    /// Lists captures; see [`library::tool`].
    ///
    /// # Errors
    /// With a code and a message for the caller.
    pub async fn captures(
        self: &Arc<Self>,
        caller: &Caller,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
    ) -> Result<Value, AnswerError> {
        let _call = self.calls.token();
        let asked = watched::Asked { tool: library::tool::NAME, component: None };
        let call = Call::begin(self.audit.as_ref(), &self.metrics, caller, asked, &arguments);
        let cancel = cancel.child_token();
        let _ends_with_this = cancel.clone().drop_guard();
        let listed = tokio::select! {
            listed = self.captures_in_turn(arguments, cancel.clone()) => listed,
            () = self.stop.cancelled() => Err(AnswerError::new(Code::Cancelled, "the server is stopping")),
        };
        call.end(listed.as_ref().map(|_| &Value::Null));
        listed
    }

    async fn captures_in_turn(
        self: &Arc<Self>,
        arguments: Map<String, Value>,
        cancel: CancellationToken,
    ) -> Result<Value, AnswerError> {
        let Ok(_place) = self.places.try_acquire() else { return Err(busy()) };
        let permit = self.turn_of(library::tool::NAME, &cancel).await?;
        let (service, until) = (Arc::clone(self), after(self.line.limits.call));
        let run = move || {
            let _permit = permit;
            library::tool::answer(&service.library, &service.roots, &service.line, arguments, &cancel, until)
        };
        let listed = tokio::task::spawn_blocking(run).await;
        listed.map_err(|_| stopping())?
    }

    /// Waits for its turn.
    async fn turn_of(&self, tool: &str, cancel: &CancellationToken) -> Result<OwnedSemaphorePermit, AnswerError> {
        let _waiting = self.metrics.waits(tool);
        tokio::select! {
            permit = Arc::clone(&self.runs).acquire_owned() => {
                permit.map_err(|_| stopping())
            }
            () = cancel.cancelled() => Err(AnswerError::new(Code::Cancelled, "the request was cancelled")),
        }
    }

    /// Measures what is kept at this moment.
    pub(crate) fn count_kept(&self) {
        self.metrics.kept(self.kept.held());
        self.metrics.kept_tables(self.table_cache.as_ref().map(TableCache::held).unwrap_or_default());
    }

    /// Something was refused that is no call.
    pub(crate) fn refused(&self, caller: &Caller, refusal: Refusal<'_>) {
        watched::refused(self.audit.as_ref(), &self.metrics, caller, refusal);
    }

    /// Waits until no call is left, for so long at most; then ends those that are. New ones end at once.
    pub async fn stop(&self, grace: Duration) {
        self.calls.close();
        if tokio::time::timeout(grace, self.calls.wait()).await.is_err() {
            tracing::warn!(calls = self.calls.len(), "calls are cancelled");
        }
        self.stop.cancel();
        // Each call is told of it, and answers.
        let _ = tokio::time::timeout(CANCELLED, self.calls.wait()).await;
        watched::finish(self.audit.as_ref());
    }

    /// Whether a call would be refused at this moment.
    pub fn is_busy(&self) -> bool {
        self.places.available_permits() == 0
    }
}

fn stopping() -> AnswerError {
    AnswerError::new(Code::Internal, "the server is stopping")
}

fn busy() -> AnswerError {
    AnswerError::new(Code::Busy, "the server is busy: as many calls wait as it lets wait; ask again in a few seconds")
}
